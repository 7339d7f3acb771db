"""The composition root: settings → servers → adapters → the program, read from top to bottom.

Importing this opens nothing. A serving process is ``http`` around uvicorn; ``work`` is what goes on behind the
requests; everything else are tools that read the same log.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
import uvicorn
import uvloop
from eventsourcing.persistence import PersistenceError
from nats.aio.client import Client
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from adapters import check as checking
from adapters import cli, journal, store
from adapters import log as logged
from adapters.attendance import Attendance
from adapters.backup import backup, restore
from adapters.catalogue import CREATE_INDEX, Catalogue
from adapters.closing import Closing
from adapters.codes import Codes
from adapters.connection import connected
from adapters.demonstration import plans
from adapters.embedded import DataInUse, ServerFailed
from adapters.freezing import Freezing
from adapters.importing.records import Stopped
from adapters.log import LogReader
from adapters.loop import CommandLoop, VersionMovedOn
from adapters.lots import Lots, Seeds
from adapters.notices import config as notice_settings
from adapters.notices.config import Channels
from adapters.notices.outbox import Links, Outbox
from adapters.people import People
from adapters.process import (
    CannotListen,
    Rebuilds,
    Server,
    end,
    keep_worker,
    listen,
    settle_memory,
    stand_back,
    taken,
    until_stopped,
)
from adapters.reactor import Reactor, Scheduler
from adapters.relay import Relay
from adapters.runner import ProjectionRunner, rebuild
from adapters.seal import Seal, Veil, derive
from adapters.servers import reached, secret, servers
from adapters.settings import BadSetting, Settings, read, unknown
from adapters.stream import Current, EventStream, at_windows, declared, follow
from adapters.tail import PACE_S, LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Views
from adapters.webhooks.calling import Caller
from adapters.webhooks.delivering import Webhooks
from adapters.webhooks.hooks import Hooks
from adapters.webhooks.progress import Progress
from adapters.webhooks.signing import Secrets
from adapters.webhooks.targets import Targets
from adapters.worker import work
from domain.handling import Act
from domain.message import Recorded, Stamp
from projections import PROJECTIONS

if TYPE_CHECKING:
    # What only some commands use is imported where they begin: a worker or a tool starts without the web framework.
    from adapters.http.front import Door
    from adapters.http.identity import Tokens
    from adapters.http.oidc import CodeFlow
    from adapters.http.parts import Standing

VIEWS_PACE_S = (0.04, 0.2)
"""How far views and policies may lag in a stream of commands, short of a flood; boards come by the relay, which is
faster."""


def now() -> datetime:
    """The clock of the whole program."""
    return datetime.now(UTC)


# --- parts ------------------------------------------------------------------------------------------------------


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


# --- serving ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def http(settings: Settings) -> "AsyncIterator[tuple[Door, CommandLoop]]":
    """Everything a serving process holds, around the application that answers requests."""
    from adapters.boards import LiveBoards
    from adapters.forecasts import Forecasts
    from adapters.http.app import create_http
    from adapters.http.parts import Parts
    from adapters.http.proofs import Proofs
    from adapters.http.session import Sessions
    from adapters.live_lines import LiveLines
    from adapters.web.pages import pages

    assert settings.nats_url is not None
    async with AsyncExitStack() as stack:
        loop = await stack.enter_async_context(command_loop(settings))
        connections = await stack.enter_async_context(pool(settings))
        nats = await stack.enter_async_context(connected(settings.nats_url))
        views, catalogue, known = Views(connections), Catalogue(connections), people(settings, connections)
        boards = LiveBoards(
            views,
            lambda after, halls: follow(nats, after, at_windows(halls)),
            screens=settings.board_streams_max,
        )
        if settings.signs_tokens:
            await seed(loop)
        await catalogue.refresh()
        for duty in (catalogue.follow(), boards.run()):
            stack.push_async_callback(end, asyncio.create_task(duty))
        kept = secret(settings)
        seal, forecasts = Seal(kept), Forecasts(calendar=lambda: catalogue.calendar)
        checked, code_flow = await tokens(settings, known, stack)
        rebuilds = Rebuilds(urls(settings))
        parts = Parts(
            loop=loop,
            views=views,
            boards=boards,
            people=known,
            codes=codes(settings, connections),
            proofs=Proofs(derive(kept, "proofs of work"), settings.proof_cost),
            seeds=seeds(settings),
            catalogue=catalogue,
            clock=now,
            tokens=checked,
            sessions=Sessions(
                kept, secure=settings.https, admits=catalogue.admits, ended_at=catalogue.ended_at
            ),
            seal=seal,
            veil=Veil(kept, "calendar feeds"),
            log=LogReader(connections),
            health=partial(standing, connections, nats),
            settings=settings,
            regions=plans.plans().regions,
            forecasts=forecasts,
            lines=LiveLines(boards, loop.peek, forecasts, now, seal.invite, settings.follow_streams_max),
            rebuilds=rebuilds,
            webhooks=hooks(settings, connections),
        )
        stack.push_async_callback(rebuilds.stop)
        yield create_http(parts, pages=[pages(parts, code_flow, kept)]), loop


async def standing(connections: AsyncConnectionPool[Any], nats: Client) -> "Standing":
    """What ``/health/ready`` tells."""
    from adapters.http.parts import Standing

    stream = "up" if nats.is_connected else "away"
    try:
        views, _ = await Views(connections).progress([p.NAME for p in PROJECTIONS])
    except (psycopg.OperationalError, PoolTimeout):
        return Standing(False, stream, {})
    return Standing(True, stream, {view.view: view.lag_events for view in views})


async def run_serve(settings: Settings, address: socket.socket, *, with_worker: bool) -> None:
    """Requests and pages, until a signal comes; the worker beside them as a process of its own."""
    from adapters.http.wire import Protocol

    async with http(settings) as (application, _):
        listen(address)
        config = uvicorn.Config(
            application,
            loop="uvloop",
            http=Protocol,
            ws="none",
            lifespan="off",
            access_log=settings.access_log,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
        server = Server(config)
        serving = asyncio.create_task(server.serve([address]))
        duties: list[asyncio.Task[Any]] = [serving, asyncio.create_task(_welcome(server, settings))]
        if with_worker:
            told = {
                "MINGTING_DATABASE_URL": url_of(settings),
                "MINGTING_NATS_URL": settings.nats_url or "",
                "MINGTING_DATA": settings.data,
                "MINGTING_HOST": settings.host,
                "MINGTING_PORT": str(settings.port),
                "MINGTING_WEBHOOK_NETWORKS": ",".join(settings.callable_networks),
            }
            duties.append(asyncio.create_task(keep_worker(told)))
        try:
            await until_stopped(*duties)
        finally:
            server.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)


# --- working ----------------------------------------------------------------------------------------------------


async def run_work(settings: Settings, parent: int | None = None) -> None:
    """Relay, projections, policies, deadlines, notices and webhooks, until a signal comes or the parent is gone."""
    stand_back(parent)
    url = url_of(settings)
    assert settings.nats_url is not None
    views_recorder = ViewsRecorder(store.datastore(url), PROJECTIONS)
    async with AsyncExitStack() as stack:
        stack.callback(views_recorder.datastore.close)
        loop = await stack.enter_async_context(command_loop(settings))
        connections = await stack.enter_async_context(pool(settings, 4))
        views = Views(connections)
        nats = await stack.enter_async_context(connected(settings.nats_url))

        def tail(duty: str, pace_s: tuple[float, float] = PACE_S) -> LogTail:
            reader = LogTail(url, alone_as=duty, pace_s=pace_s)
            stack.push_async_callback(reader.close)
            return reader

        relay = Relay(tail("relay"), EventStream(nats))
        runner = ProjectionRunner(views_recorder, tail("projections", VIEWS_PACE_S), PROJECTIONS)
        reactor = Reactor(views_recorder, tail("policies", VIEWS_PACE_S), views, loop.submit)
        scheduler = Scheduler(tail("deadlines"), views, loop.submit, now)
        attendance = Attendance(tail("attendance"), views, loop.submit, now)
        closing = Closing(tail("closing"), views, loop, now)
        catalogue = Catalogue(connections)
        await catalogue.refresh()
        stack.push_async_callback(end, asyncio.create_task(catalogue.follow()))
        sending = notice_settings.read(
            settings.notices, settings.data, settings.public_url or f"http://{settings.host}:{settings.port}"
        )
        channels = Channels(sending)
        stack.push_async_callback(channels.close)
        outbox = Outbox(
            tail("outbox"),
            views,
            loop,
            people(settings, connections),
            catalogue,
            channels,
            links(settings, connections),
            sending,
            now,
        )
        freezing = Freezing(tail("figures"), views_recorder, views, LogReader(connections), loop.submit, now)
        lots = Lots(tail("lots"), views, loop, seeds(settings), lambda hall: catalogue.hall(hall).limits, now)
        hooked = hooks(settings, connections)
        caller = Caller(hooked.targets, settings.webhook_authorities)
        stack.push_async_callback(caller.close)
        webhooks = Webhooks(
            tail("webhooks"),
            connections,
            hooked.progress,
            catalogue,
            hooked.secrets,
            caller,
            loop.submit,
            now,
        )
        parts = {
            "relay": relay.run,
            "projections": runner.run,
            "policies": reactor.run,
            "deadlines": scheduler.run,
            "attendance": attendance.run,
            "closing": closing.run,
            "outbox": outbox.run,
            "lots": lots.run,
            "figures": freezing.run,
            "webhooks": webhooks.run,
        }
        settle_memory()
        await until_stopped(work(parts), parent=parent)


def links(settings: Settings, connections: AsyncConnectionPool[Any]) -> Links:
    """The secrets of notices, made as the serving processes make and check them."""
    seal = Seal(secret(settings))
    return Links(seal.seal, seal.invitations.seal, codes(settings, connections).code)


# --- tools ------------------------------------------------------------------------------------------------------


async def seed(loop: CommandLoop) -> int:
    """Write what is missing of the demonstration region; what is there stays as somebody has configured it since.
    Answers the last position written, 0 if nothing was missing."""
    position = 0
    for number, ask in enumerate(plans.asks()):
        stamp = Stamp(at=now(), by="admin:seed", command=f"seed-{secrets.token_hex(8)}-{number}")
        with contextlib.suppress(VersionMovedOn):
            position = max(position, (await loop.submit(Act((ask,)), stamp, if_match=0)).position)
    return position


async def run_seed(settings: Settings) -> dict[str, Any]:
    async with command_loop(settings) as loop:
        return {"position": await seed(loop)}


async def run_check(settings: Settings) -> checking.Report:
    """Everything that ``mingting check`` looks at."""
    assert settings.nats_url is not None
    async with connected(settings.nats_url) as nats, await store.connect(url_of(settings)) as connection:

        async def published() -> AsyncIterator[tuple[int, str]]:
            if not await declared(nats):
                return
            async for item in follow(nats):
                if isinstance(item, Current):
                    return
                yield item.position, item.id if isinstance(item, Recorded) else item.reason

        return await checking.check(connection, PROJECTIONS, published)


async def run_export(settings: Settings, options: Namespace) -> int:
    """Write what was asked for; the counts go to standard error, for the rows may go to standard output."""
    from adapters import exporting

    asked = exporting.Options(
        options.what,
        options.format,
        Path(options.output) if options.output else None,
        options.first,
        options.last,
        options.hall,
    )
    async with pool(settings, 2) as connections:
        catalogue = Catalogue(connections)
        await catalogue.refresh()
        sources = exporting.Sources(LogReader(connections), Views(connections), catalogue)
        told = await exporting.export(asked, sources)
    sys.stderr.write(msgspec.json.encode(told).decode() + "\n")
    return 0


def own_data(settings: Settings) -> Path | None:
    """The directory of the program's own data; ``None`` where the servers are the deployment's own."""
    return Path(settings.data) if settings.embedded else None


async def run_rebuild(settings: Settings, names: list[str]) -> dict[str, Any]:
    """Rebuild the projections named, or all; how many documents of each had differed.

    Raises:
        BadSetting: there is no such projection.
    """
    from rich.console import Console
    from rich.progress import Progress as ProgressBar

    known = {p.NAME: p for p in PROJECTIONS}
    if strange := sorted(set(names) - set(known)):
        raise BadSetting(f"{strange[0]} is not a projection; there are {', '.join(known)}")
    stand_back(None)
    recorder = ViewsRecorder(store.datastore(url_of(settings)), PROJECTIONS)
    tail = LogTail(url_of(settings), alone_as="rebuild")
    try:
        head = await tail.head()
        with ProgressBar(console=Console(stderr=True)) as progress:
            bar = progress.add_task("rebuild", total=head)
            differing = await rebuild(
                recorder,
                tail,
                [known[name] for name in names or known],
                lambda position: progress.update(bar, completed=position),
            )
    finally:
        await tail.close()
        recorder.datastore.close()
    return {"differing": differing}


# --- the command line -------------------------------------------------------------------------------------------


async def _welcome(server: Server, settings: Settings) -> None:
    """Say where everything is, once it is there."""
    while not server.started:  # noqa: ASYNC110  # uvicorn has a flag and no event
        await asyncio.sleep(0.02)
    settle_memory()
    sys.stdout.write(cli.welcome(settings.host, settings.port, demonstration=settings.signs_tokens))
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """``mingting COMMAND …``; see ``mingting --help``."""
    options = cli.parse()
    # Whoever is told to end before it listens for signals stops what it has started too, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(run(options))
    except (BadSetting, CannotListen, DataInUse, ServerFailed, Stopped) as error:
        sys.exit(f"mingting: {error}")
    except (psycopg.Error, PersistenceError) as error:
        sys.exit(f"mingting: PostgreSQL cannot be used: {error}")
    except OSError as error:
        if error.filename is None:  # no file that somebody named
            raise
        advice = "see to its rights, or name another place (make run DATA=…, --data, --output)"
        sys.exit(f"mingting: {error.filename} cannot be used: {error.strerror}; {advice}")
    except KeyboardInterrupt:
        sys.exit(130)


def run(options: Namespace) -> int:
    """Do what the command line says; the exit code."""
    told = vars(options)
    named = ("data", "database_url", "nats_url", "host", "port")
    settings = read(os.environ, **{name: told.get(name) for name in named})
    journal.configure(settings.log_level)
    for name in unknown(os.environ) if told.get("parent") is None else ():
        sys.stderr.write(f"mingting: {name} is no setting: it says nothing (see adapters/settings.py)\n")
    if options.command in cli.CLIENTS:
        return _print(uvloop.run(run_client(options.command, told)))
    if options.command == "serve":
        with taken(settings.host, settings.port) as address, servers(settings) as found:
            migrate(found)
            uvloop.run(run_serve(found, address, with_worker=not options.no_work))
        return 0
    if options.command == "restore":
        with servers(settings) as found:
            return _print(
                msgspec.to_builtins(restore(url_of(found), own_data(settings), Path(options.directory)))
            )
    with reached(settings) as found:
        match options.command:
            case "backup":
                made = backup(url_of(found), own_data(settings), Path(options.directory), now())
                return _print(msgspec.to_builtins(made))
            case "export":
                return uvloop.run(run_export(found, options))
            case "work":
                uvloop.run(run_work(found, options.parent))
            case "seed":
                migrate(found)
                return _print(uvloop.run(run_seed(found)))
            case "rebuild":
                return _print(uvloop.run(run_rebuild(found, options.projections)))
            case "check":
                report = uvloop.run(run_check(found))
                _print(msgspec.to_builtins(report))
                return 1 if report.broken else 0
    return 0


async def run_client(command: str, told: dict[str, Any]) -> dict[str, Any]:
    """What speaks to a running server as anybody else could."""
    from adapters.importing import courier

    courier.say_waits()
    match command:
        case "replay":
            from adapters.importing.replay import ReplayOptions, replay

            return await replay(_options(ReplayOptions, told))
        case "play":
            from adapters.demonstration.lively import LivelyOptions, play

            return await play(_options(LivelyOptions, told))
        case "import-cases":
            from adapters.importing.cases import CasesOptions, import_cases

            return await import_cases(_options(CasesOptions, told))
        case _:
            from adapters.importing.tables import TableOptions, import_table

            return await import_table(_options(TableOptions, told))


def _options(kind: type[Any], told: dict[str, Any]) -> Any:
    names = {field.name for field in msgspec.structs.fields(kind)}
    given = {name: value for name, value in told.items() if name in names and value is not None}
    if "file" in given:
        given["file"] = Path(given["file"])
    return kind(**given)


def _print(result: dict[str, Any]) -> int:
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    return 0


if __name__ == "__main__":
    main()
