"""The composition root: settings → servers → adapters → the program, read from top to bottom.

Importing this opens nothing.
"""

import asyncio
import gc
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import structlog
import uvloop
from psycopg_pool import AsyncConnectionPool
from rich.console import Console
from rich.progress import Progress, TaskID

from adapters import check as checking
from adapters import cli, store
from adapters.demonstration import plans
from adapters.embedded import DataInUse, EmbeddedServers
from adapters.loop import CommandLoop
from adapters.reactor import Reactor, Scheduler
from adapters.relay import Relay
from adapters.runner import ProjectionRunner, rebuild
from adapters.settings import BadSetting, Settings, read
from adapters.stream import Current, EventStream, connected, follow
from adapters.tail import LogTail
from adapters.views import Views, ViewsRecorder
from adapters.worker import work
from domain.handling import Act
from domain.message import Recorded, Stamp
from projections import PROJECTIONS

log = structlog.get_logger()


def now() -> datetime:
    """The clock of the whole program."""
    return datetime.now(UTC)


# --- the servers behind the program -----------------------------------------------------------------------------


@contextmanager
def servers(settings: Settings) -> Iterator[Settings]:
    """The settings with both servers in reach: the deployment's own, or embedded ones that end with the block."""
    if settings.database_url and settings.nats_url:
        yield settings
        return
    if settings.database_url or settings.nats_url:
        raise BadSetting("MINGTING_DATABASE_URL and MINGTING_NATS_URL: set both or neither")
    data = Path(settings.data)
    with EmbeddedServers(data) as embedded:
        urls = {"database_url": embedded.database_url, "nats_url": embedded.nats_url}
        _write_private(_urls_file(data), json.dumps(urls))
        yield msgspec.structs.replace(settings, **urls)


@contextmanager
def reached(settings: Settings) -> Iterator[Settings]:
    """As ``servers``, but those of a program that already runs on the same data are used as they are."""
    try:
        with servers(settings) as found:
            yield found
    except DataInUse:
        urls = json.loads(_urls_file(Path(settings.data)).read_text())
        yield msgspec.structs.replace(settings, **urls)


def _urls_file(data: Path) -> Path:
    return data / "servers.json"


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def secret(settings: Settings) -> bytes:
    """What tokens and links are signed with: the deployment's own, or one made once under the data directory."""
    if settings.secret is not None:
        return settings.secret.encode()
    kept = Path(settings.data) / "secret"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        _write_private(kept, secrets.token_urlsafe(48))
    return kept.read_bytes()


def migrate(settings: Settings) -> None:
    """Create what is missing in the database; one process does this before any other starts."""
    assert settings.database_url is not None
    datastore = store.datastore(settings.database_url)
    try:
        store.migrate(store.GroupCommitRecorder(datastore))
        ViewsRecorder(datastore, PROJECTIONS).create_table()
    finally:
        datastore.close()


# --- parts ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def command_loop(settings: Settings) -> AsyncIterator[CommandLoop]:
    """A running command loop."""
    url = settings.database_url
    assert url is not None
    loop = CommandLoop(lambda: store.connect(url))
    running = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def pool(settings: Settings, size: int = 8) -> AsyncIterator[AsyncConnectionPool[Any]]:
    """Connections for reading views. None waits longer than 5 s for one."""
    assert settings.database_url is not None
    async with AsyncConnectionPool(
        settings.database_url,
        min_size=1,
        max_size=size,
        max_waiting=500,
        timeout=5,
        open=False,
        kwargs={"autocommit": True, "connect_timeout": 3, "options": "-c statement_timeout=5s"},
    ) as connections:
        yield connections


async def run_work(settings: Settings, parent: int | None = None) -> None:
    """Relay, projections, policies and deadlines, until a signal comes or the parent is gone."""
    url, nats_url = settings.database_url, settings.nats_url
    assert url is not None
    assert nats_url is not None
    recorder = store.GroupCommitRecorder(store.datastore(url))
    views_recorder = ViewsRecorder(store.datastore(url), PROJECTIONS)
    async with AsyncExitStack() as stack:
        loop = await stack.enter_async_context(command_loop(settings))
        views = Views(await stack.enter_async_context(pool(settings, 4)))
        nats = await stack.enter_async_context(connected(nats_url))
        relay = Relay(LogTail(url, alone_as="relay"), EventStream(nats))
        runner = ProjectionRunner(views_recorder, LogTail(url, alone_as="projections"), PROJECTIONS)
        reactor = Reactor(recorder, views_recorder, LogTail(url, alone_as="policies"), views, loop.submit)
        scheduler = Scheduler(LogTail(url, alone_as="deadlines"), views, loop.submit, now)
        parts = {
            "relay": relay.run,
            "projections": runner.run,
            "policies": reactor.run,
            "deadlines": scheduler.run,
        }
        settle_memory()
        await until_stopped(work(parts), parent)
    recorder.datastore.close()
    views_recorder.datastore.close()


async def seed(loop: CommandLoop) -> int:
    """Write the demonstration region; what is already there gives no event. Answers the last position."""
    position = 0
    for number, ask in enumerate(plans.asks()):
        stamp = Stamp(at=now(), by="admin:seed", command=f"seed-{secrets.token_hex(8)}-{number}")
        position = max(position, (await loop.submit(Act((ask,)), stamp)).position)
    return position


async def run_check(settings: Settings) -> checking.Report:
    """Everything that ``mingting check`` looks at."""
    assert settings.database_url is not None
    assert settings.nats_url is not None
    async with connected(settings.nats_url) as nats, await store.connect(settings.database_url) as connection:

        async def published() -> AsyncIterator[tuple[int, str]]:
            async for item in follow(nats):
                if isinstance(item, Current):
                    return
                yield item.position, item.id if isinstance(item, Recorded) else item.reason

        return await checking.check(connection, PROJECTIONS, published)


async def run_rebuild(settings: Settings, names: list[str]) -> dict[str, int]:
    """Rebuild the projections named, or all; how many documents of each had differed."""
    assert settings.database_url is not None
    recorder = ViewsRecorder(store.datastore(settings.database_url), PROJECTIONS)
    tail = LogTail(settings.database_url)
    differing: dict[str, int] = {}
    try:
        head = await tail.head()
        with Progress(console=Console(stderr=True)) as progress:
            for projection in PROJECTIONS:
                if not names or projection.NAME in names:
                    bar = progress.add_task(projection.NAME, total=head)
                    report = partial(_advance, progress, bar)
                    differing[projection.NAME] = await rebuild(recorder, tail, projection, report)
    finally:
        await tail.close()
        recorder.datastore.close()
    return differing


def _advance(progress: Progress, bar: TaskID, position: int) -> None:
    progress.update(bar, completed=position)


# --- running ----------------------------------------------------------------------------------------------------


def settle_memory() -> None:
    """What start-up made stays for good: the collector need not look at it again, nor so often at the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


async def until_stopped(work: Coroutine[Any, Any, Any], parent: int | None = None) -> None:
    """Run until SIGINT or SIGTERM, until ``work`` ends, or until the parent process is gone."""
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    waiting = [asyncio.ensure_future(work), asyncio.create_task(stopped.wait())]
    if parent is not None:
        waiting.append(asyncio.create_task(_until_gone(parent)))
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


async def _until_gone(parent: int) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(1)
