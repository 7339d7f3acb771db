"""What follows the log, timed: the relay into the stream, the views, and how far behind a view is while people work."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from adapters import store
from adapters.connection import connected
from adapters.relay import Relay
from adapters.runner import ProjectionRunner, rebuild
from adapters.stream import EventStream
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from loadtests.desk import Desk
from projections import PROJECTIONS

LIMIT_S = 120.0
"""How long anything here may take before it counts as broken."""


async def relay_everything(database_url: str, nats_url: str) -> float:
    """Events a second from the first event of a filled log until the stream is the whole log. The stream is
    dropped afterwards."""
    async with _tail(database_url, "relay") as tail, connected(nats_url) as nats:
        stream = EventStream(nats)
        await _until(lambda: _now(nats.is_connected), True)
        head = await tail.head()
        relay = Relay(tail, stream)
        began = time.perf_counter()
        async with _running(relay.run()):
            await _until(lambda: _now(relay.position), head)
            elapsed = time.perf_counter() - began
        await stream.drop()
    return head / elapsed


async def drop_stream(nats_url: str) -> None:
    """Leave NATS as it was."""
    async with connected(nats_url) as nats:
        await _until(lambda: _now(nats.is_connected), True)
        await EventStream(nats).drop()


async def fold_everything(database_url: str) -> float:
    """Events a second when every view is folded from the first event in one pass, as after a first start."""
    async with _tail(database_url, "projections") as tail:
        head = await tail.head()
        with _views(database_url) as recorder:
            runner = ProjectionRunner(recorder, tail, PROJECTIONS)
            began = time.perf_counter()
            async with _running(runner.run()):
                await _until(lambda: _now(runner.position), head)
            return head / (time.perf_counter() - began)


async def rebuild_everything(database_url: str) -> float:
    """Events a second when every view is rebuilt from the first event while the old ones serve.

    Raises:
        RuntimeError: a rebuilt view differs from the one that was folded before.
    """
    async with _tail(database_url) as tail:
        head = await tail.head()
        with _views(database_url) as recorder:
            began = time.perf_counter()
            differing = await rebuild(recorder, tail, PROJECTIONS, lambda position: None)
            seconds = time.perf_counter() - began
    if wrong := [name for name, documents in differing.items() if documents]:
        raise RuntimeError(f"{', '.join(wrong)}: other after the rebuild than before")
    return head / seconds


async def lag(database_url: str, desks: list[Desk], seconds: float, rate: float) -> tuple[list[float], float]:
    """How long the views lag behind a receipt, in milliseconds in order, and the commands a second meanwhile.

    All but one of the desks (their windows open) share the rate; the last one waits, after each of its commands,
    until every view has taken it in.
    """
    lags: list[float] = []
    until = time.perf_counter() + seconds
    *others, watched = desks

    async def at_ease(desk: Desk, nth: int) -> None:
        pause = len(others) / rate
        await asyncio.sleep(pause * nth / len(others))
        await desk.serve(lambda: time.perf_counter() < until, pause)

    async def watch(connection: AsyncConnection[TupleRow]) -> None:
        async for _ in watched.steps(lambda: time.perf_counter() < until):
            answered = time.perf_counter()
            await _until(lambda: _reached(connection), watched.position)
            lags.append((time.perf_counter() - answered) * 1000)

    async with await AsyncConnection.connect(database_url, autocommit=True) as connection:
        await asyncio.gather(watch(connection), *(at_ease(desk, nth) for nth, desk in enumerate(others)))
    return sorted(lags), sum(len(desk.latencies_ms) for desk in desks) / seconds


async def caught_up(database_url: str) -> None:
    """Wait until every view holds the whole log."""
    async with (
        await AsyncConnection.connect(database_url, autocommit=True) as connection,
        _tail(database_url) as tail,
    ):
        await _until(lambda: _reached(connection), await tail.head())


async def _reached(connection: AsyncConnection[TupleRow]) -> int:
    """The position that all views have passed."""
    names = [p.NAME for p in PROJECTIONS]
    found = await connection.execute(
        "SELECT count(*), coalesce(min(notification_id), 0) FROM notification_tracking"
        " WHERE application_name = ANY(%s)",
        (names,),
        prepare=True,
    )
    row = await found.fetchone()
    return row[1] if row is not None and row[0] == len(names) else 0


@contextlib.contextmanager
def _views(database_url: str) -> Iterator[ViewsRecorder]:
    recorder = ViewsRecorder(store.datastore(database_url), PROJECTIONS)
    try:
        yield recorder
    finally:
        recorder.datastore.close()


@contextlib.asynccontextmanager
async def _tail(database_url: str, alone_as: str | None = None) -> AsyncIterator[LogTail]:
    tail = LogTail(database_url, alone_as=alone_as)
    try:
        yield tail
    finally:
        await tail.close()


@contextlib.asynccontextmanager
async def _running(work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(reached: Callable[[], Awaitable[int]], position: int) -> None:
    """Raises:
    TimeoutError: the position is not reached within ``LIMIT_S``.
    """
    async with asyncio.timeout(LIMIT_S):
        while await reached() < position:  # noqa: ASYNC110  # what is asked is in another process or moves by itself
            await asyncio.sleep(0.001)


async def _now(value: int) -> int:
    return value
