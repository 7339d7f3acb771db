"""A whole server in the test's own event loop, on a real PostgreSQL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from psycopg_pool import AsyncConnectionPool

from adapters import store
from adapters.boards import LiveBoards
from adapters.catalogue import Catalogue
from adapters.codes import Codes
from adapters.demonstration import plans
from adapters.forecasts import Forecasts
from adapters.http.app import create_http
from adapters.http.front import Door
from adapters.http.identity import DevelopmentTokens, Role, Tokens
from adapters.http.oidc import CodeFlow
from adapters.http.parts import Parts, Standing
from adapters.http.proofs import Proofs
from adapters.http.session import Sessions
from adapters.live_lines import LiveLines
from adapters.log import CREATE_PEOPLE_INDEXES, LogReader
from adapters.loop import CommandLoop
from adapters.lots import Seeds
from adapters.people import People
from adapters.process import Rebuilds
from adapters.runner import ProjectionRunner
from adapters.seal import Seal, Veil
from adapters.settings import Settings
from adapters.store import GroupCommitRecorder
from adapters.stream import Item
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Views
from adapters.web.pages import pages
from adapters.webhooks.hooks import Hooks
from adapters.webhooks.progress import Progress
from adapters.webhooks.signing import Secrets
from adapters.webhooks.targets import Targets
from domain.handling import Act
from domain.message import Stamp
from projections import PROJECTIONS

SECRET = b"a secret of the tests, and of nothing else"


class Clock:
    """The edge's clock, which a test may set."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def __call__(self) -> datetime:
        return self.at or datetime.now(UTC)


class Served:
    """A running server and a client that speaks to it over ASGI.

    ``client`` raises whatever the application lets out; ``tokens`` signs for any role.
    """

    def __init__(self, door: Door, parts: Parts, clock: Clock, url: str) -> None:
        self.door = door
        self.parts = parts
        self.clock = clock
        self.url = url
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://hall.test")

    def bearer(self, role: Role, subject: str = "somebody", **claims: str | None) -> dict[str, str]:
        assert isinstance(self.parts.tokens, DevelopmentTokens)
        return {"Authorization": f"Bearer {self.parts.tokens.sign(role, subject, **claims)}"}

    async def citizen(self, subject: str) -> dict[str, str]:
        """A citizen as the development route makes one."""
        answer = await self.client.post("/api/v1/dev/tokens", json={"role": "citizen", "subject": subject})
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    async def post(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: str
    ) -> httpx.Response:
        return await self.client.post(f"/api/v1{path}", json=body, headers=headers, params=query or None)

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", headers=headers, params=query or None)

    def stored(self) -> int:
        """How many events the log has."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT count(*) FROM stored_events").fetchone()
        assert row is not None
        return int(row[0])


@asynccontextmanager
async def serving(
    url: str,
    *,
    lean: bool = True,
    tokens: Tokens | None = None,
    settings: Settings | None = None,
    code_flow: CodeFlow | None = None,
) -> AsyncIterator[Served]:
    """A server on the database, with the demonstration region in it."""
    recorder = GroupCommitRecorder(store.datastore(url))
    views_recorder = ViewsRecorder(store.datastore(url), PROJECTIONS)
    store.migrate(recorder)
    with recorder.datastore.get_connection() as connection:
        connection.execute(CREATE_PEOPLE_INDEXES)
    views_recorder.create_table()
    async with contextlib.AsyncExitStack() as stack:
        pool = AsyncConnectionPool[Any](url, open=False, kwargs={"autocommit": True}, min_size=1, max_size=8)
        await stack.enter_async_context(pool)
        people = People(pool, pool, master=SECRET[:32], pepper=SECRET)
        await people.create_tables()
        codes = Codes(pool, SECRET)
        await codes.create_table()
        progress = Progress(pool)
        await progress.create_table()
        loop = CommandLoop(lambda: store.connect(url))
        views = Views(pool)
        boards = LiveBoards(views, silent)
        catalogue = Catalogue(pool)
        tail = LogTail(url)
        stack.push_async_callback(tail.close)
        runner = ProjectionRunner(views_recorder, tail, PROJECTIONS)
        for work in (loop.run(), boards.run(), runner.run()):
            await stack.enter_async_context(running(work))
        await _seed(loop)
        await catalogue.refresh()
        await stack.enter_async_context(running(catalogue.follow()))
        clock = Clock()

        async def health() -> Standing:
            return Standing(True, "off", {"board": 0})

        seal, forecasts = Seal(SECRET), Forecasts(calendar=lambda: catalogue.calendar)
        rebuilds = Rebuilds({"MINGTING_DATABASE_URL": url, "MINGTING_NATS_URL": "nats://127.0.0.1:1"})
        stack.push_async_callback(rebuilds.stop)
        parts = Parts(
            loop=loop,
            views=views,
            boards=boards,
            people=people,
            codes=codes,
            proofs=Proofs(SECRET, (settings or Settings(proof_cost=1)).proof_cost),
            seeds=Seeds(SECRET),
            catalogue=catalogue,
            clock=clock,
            tokens=tokens or DevelopmentTokens(SECRET),
            sessions=Sessions(SECRET, admits=catalogue.admits, ended_at=catalogue.ended_at),
            seal=seal,
            veil=Veil(SECRET, "calendar feeds"),
            log=LogReader(pool),
            health=health,
            settings=settings or Settings(),
            regions=plans.plans().regions,
            forecasts=forecasts,
            lines=LiveLines(boards, loop.peek, forecasts, clock, seal.invite),
            rebuilds=rebuilds,
            webhooks=Hooks(progress, Secrets(SECRET), Targets((settings or Settings()).callable_networks)),
        )
        door = create_http(parts, lean=lean, pages=[pages(parts, code_flow, SECRET)])
        served = Served(door, parts, clock, url)
        await stack.enter_async_context(served.client)
        yield served
    recorder.datastore.close()
    views_recorder.datastore.close()


async def silent(after: int, halls: Collection[str]) -> AsyncIterator[Item]:
    """A stream that says nothing: boards are read from their documents."""
    await asyncio.sleep(3600)
    yield  # type: ignore[misc]  # makes a generator of it


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something that goes on beside the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _seed(loop: CommandLoop) -> None:
    """Write the region, unless the database was made from one that has it."""
    asks = plans.asks()
    if await loop.peek(asks[-1].stream, lambda held: held.version):
        return
    at = datetime.now(UTC) - timedelta(days=1)
    for number, ask in enumerate(asks):
        await loop.submit(Act((ask,)), Stamp(at=at, by="admin:seed", command=f"seed-{number}"))
