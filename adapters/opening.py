"""What a process opens by its settings: the database, the command loop, and everything that is sealed under keys made
of the deployment's secret. Each key is derived for one use, so what leaks from one opens nothing else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import uvloop
from psycopg_pool import AsyncConnectionPool

from adapters import log as logged
from adapters import store
from adapters.catalogue import CREATE_INDEX
from adapters.codes import Codes
from adapters.loop import CommandLoop
from adapters.lots import Seeds
from adapters.notices.outbox import Links
from adapters.people import People
from adapters.process import end
from adapters.seal import Seal, derive
from adapters.servers import secret
from adapters.settings import Settings
from adapters.view_tables import ViewsRecorder
from adapters.webhooks.hooks import Hooks
from adapters.webhooks.progress import Progress
from adapters.webhooks.signing import Secrets
from adapters.webhooks.targets import Targets
from projections import PROJECTIONS

if TYPE_CHECKING:
    # A worker or a tool starts without the web framework.
    from adapters.http.identity import Tokens
    from adapters.http.oidc import CodeFlow


def now() -> datetime:
    """The clock of the whole program."""
    return datetime.now(UTC)


def own_data(settings: Settings) -> Path | None:
    """The directory of the program's own data; ``None`` where the servers are the deployment's own."""
    return Path(settings.data) if settings.embedded else None


def migrate(settings: Settings) -> None:
    """Create what is missing in the database; one process does this before any other starts."""
    # A pool would only say how long it waited, not why in vain.
    psycopg.connect(url_of(settings), connect_timeout=5).close()
    datastore = store.datastore(url_of(settings))
    try:
        store.migrate(store.GroupCommitRecorder(datastore))
        with datastore.get_connection() as connection:
            connection.execute(CREATE_INDEX)
            connection.execute(logged.CREATE_INDEX)
            connection.execute(logged.CREATE_PEOPLE_INDEXES)
        ViewsRecorder(datastore, PROJECTIONS).create_table()
    finally:
        datastore.close()
    uvloop.run(_migrate_people(settings))


async def _migrate_people(settings: Settings) -> None:
    async with pool(settings, 1) as connections:
        await people(settings, connections).create_tables()
        await codes(settings, connections).create_table()
        await Progress(connections).create_table()


def url_of(settings: Settings) -> str:
    """The database's URL, known inside ``servers``."""
    assert settings.database_url is not None
    return settings.database_url


def urls(settings: Settings) -> dict[str, str]:
    """The servers, as the environment of a process beside this one."""
    return {"MINGTING_DATABASE_URL": url_of(settings), "MINGTING_NATS_URL": settings.nats_url or ""}


@asynccontextmanager
async def command_loop(settings: Settings) -> AsyncIterator[CommandLoop]:
    """A running command loop."""
    loop = CommandLoop(partial(store.connect, url_of(settings)))
    running = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        await end(running)


@asynccontextmanager
async def pool(settings: Settings, size: int = 8) -> AsyncIterator[AsyncConnectionPool[Any]]:
    """Connections for reading. Nobody waits longer than 5 s for one, nor for its answer."""
    async with AsyncConnectionPool(
        url_of(settings),
        min_size=1,
        max_size=size,
        max_waiting=500,
        timeout=5,
        open=False,
        kwargs={"autocommit": True, "connect_timeout": 3, "options": "-c statement_timeout=5s"},
    ) as connections:
        yield connections


def people(settings: Settings, connections: AsyncConnectionPool[Any]) -> People:
    """Names and numbers, sealed under keys that are derived from the secret: it can never be changed."""
    kept = secret(settings)
    return People(
        connections, connections, master=derive(kept, "personal data"), pepper=derive(kept, "personal lookup")
    )


def codes(settings: Settings, connections: AsyncConnectionPool[Any]) -> Codes:
    """One-time codes, made with a key of their own."""
    return Codes(connections, derive(secret(settings), "one-time codes"))


def hooks(settings: Settings, connections: AsyncConnectionPool[Any]) -> Hooks:
    """What webhooks need, their secrets made with a key of their own."""
    signed = Secrets(derive(secret(settings), "webhooks"))
    return Hooks(Progress(connections), signed, Targets(settings.callable_networks))


def seeds(settings: Settings) -> Seeds:
    """Seeds of lotteries, made with a key of their own."""
    return Seeds(derive(secret(settings), "lotteries"))


async def tokens(
    settings: Settings, known: People, stack: AsyncExitStack
) -> "tuple[Tokens, CodeFlow | None]":
    """Who says who somebody is, and how one signs in there: the identity provider that is configured, or this server
    for a demonstration."""
    import httpx

    from adapters.http.identity import DevelopmentTokens
    from adapters.http.oidc import ClaimNames, CodeFlow, OidcTokens

    if settings.oidc_issuer is None:
        return DevelopmentTokens(secret(settings)), None
    client = await stack.enter_async_context(httpx.AsyncClient(timeout=5, follow_redirects=False))
    checked = OidcTokens(
        settings.oidc_issuer,
        settings.oidc_audience,
        client,
        algorithms=settings.oidc_algorithms,
        claims=ClaimNames(
            settings.oidc_role_claim,
            settings.oidc_hall_claim,
            settings.oidc_window_claim,
            settings.oidc_name_claim,
            settings.oidc_id_number_claim,
            settings.oidc_phone_claim,
            settings.oidc_mail_claim,
        ),
        enrol=known.enrol,
    )
    flow = CodeFlow(
        settings.oidc_issuer,
        client,
        client_id=settings.oidc_client_id or settings.oidc_audience,
        client_secret=settings.oidc_client_secret,
        scope=settings.oidc_scope,
    )
    return checked, flow


def links(settings: Settings, connections: AsyncConnectionPool[Any]) -> Links:
    """The secrets of notices, made as the serving processes make and check them."""
    seal = Seal(secret(settings))
    return Links(seal.seal, seal.invitations.seal, codes(settings, connections).code)
