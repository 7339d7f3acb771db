"""Projections on a real PostgreSQL: saved with their position, parked by poison, rebuilt while they serve."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import ModuleType
from typing import ClassVar

import msgspec
import pytest
from eventsourcing.persistence import IntegrityError
from psycopg_pool import AsyncConnectionPool

from adapters import envelope, store
from adapters.runner import Fold, ProjectionRunner, read_page, rebuild
from adapters.store import Row
from adapters.view_tables import Save, ViewsRecorder
from adapters.views import BadCursor, ViewBehind, Views
from domain.message import Recorded, Stamp
from domain.queue import DayClosed, TicketIssued, TicketLeft
from tests.spec import NINE


class Lines(ModuleType):
    """How many tickets each stream issued and lost; a projection like any other, small enough to see through."""

    NAME = "lines"
    MINE = frozenset({TicketIssued, TicketLeft})
    FACETS: ClassVar[dict[str, type]] = {"issued": int, "hall": str, "last_at": datetime}

    class View(msgspec.Struct):
        hall: str
        issued: int = 0
        left: list[str] = []
        last_at: datetime | None = None

    bad_number: str | None = None
    asked = 0

    def key(self, recorded: Recorded) -> str | None:
        self.asked += 1
        return recorded.stream if isinstance(recorded.event, TicketIssued | TicketLeft) else None

    def evolve(self, view: View | None, recorded: Recorded) -> View | None:
        view = view or self.View(recorded.subject[:-11])
        match recorded.event:
            case TicketIssued(number):
                view.issued += 1
                view.last_at = recorded.stamp.at
                if number == self.bad_number:
                    raise ValueError("cannot count this one")
            case TicketLeft(number, reason):
                if reason == "forget":
                    return None
                view.left.append(number)
        return view

    def facets(self, view: View) -> dict[str, object]:
        return {"issued": view.issued, "hall": view.hall, "last_at": view.last_at}


class LogTail:
    """The log read by polling; what the adapters offer adds a wake-up to it."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def page(self, after: int, limit: int) -> list[Row]:
        async with await store.connect(self.url) as connection:
            return await store.select_page(connection, after, limit)

    async def wait(self, after: int) -> None:
        await asyncio.sleep(0.02)


class Log:
    """Appends tickets to streams, as the command loop would."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.versions: dict[str, int] = {}

    async def issue(self, stream: str, *numbers: str) -> int:
        return await self.append(stream, *(TicketIssued(n, f"{stream}.{n}", "a") for n in numbers))

    async def append(self, stream: str, *events: TicketIssued | TicketLeft | DayClosed) -> int:
        rows = []
        for event in events:
            self.versions[stream] = version = self.versions.get(stream, 0) + 1
            topic = str(type(event).__struct_config__.tag)
            stamp = Stamp(at=NINE, by="clerk:li", command=f"{stream}{version}")
            rows.append(Row(stream, version, 0, topic, envelope.write(event, stamp)))
        async with await store.connect(self.url) as connection:
            return await store.append(connection, rows, [])


@pytest.fixture
def projection() -> Lines:
    return Lines("lines")


@pytest.fixture
def recorder(database_url: str, projection: Lines) -> ViewsRecorder:
    datastore = store.datastore(database_url)
    log = store.GroupCommitRecorder(datastore)
    store.migrate(log)
    views = ViewsRecorder(datastore, [projection])
    with datastore.get_connection() as connection:
        for table in ("view_lines", "view_lines_next", "parked_streams", "view_generations"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute("DROP TABLE IF EXISTS notification_tracking")
        connection.execute("TRUNCATE stored_events RESTART IDENTITY")
    views.create_table()
    return views


@pytest.fixture
def log(database_url: str, recorder: ViewsRecorder) -> Log:
    return Log(database_url)


@pytest.fixture
async def views(database_url: str, recorder: ViewsRecorder) -> AsyncIterator[Views]:
    async with AsyncConnectionPool(database_url, min_size=1, max_size=2, open=False) as pool:
        yield Views(pool)


@asynccontextmanager
async def running(recorder: ViewsRecorder, url: str, projection: Lines) -> AsyncIterator[ProjectionRunner]:
    runner = ProjectionRunner(recorder, LogTail(url), [projection])
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def decoded(doc: bytes) -> Lines.View:
    return msgspec.json.decode(doc, type=Lines.View)


async def test_a_view_follows_the_log_and_says_how_far(
    log: Log, recorder: ViewsRecorder, views: Views, projection: Lines, database_url: str
) -> None:
    async with running(recorder, database_url, projection):
        last = await log.issue("queue-h1-2026-03-02", "A001", "A002")
        await views.wait("lines", last)
        found = await views.get("lines", "queue-h1-2026-03-02")
        assert found is not None
        assert (decoded(found.doc).issued, found.position) == (2, last)
        assert abs((datetime.now(UTC) - found.as_of).total_seconds()) < 60
        assert await views.get("lines", "queue-h9-2026-03-02") is None


async def test_a_view_that_lags_says_since_when(log: Log, views: Views) -> None:
    await log.issue("queue-h1-2026-03-02", "A001")
    position, as_of = await views.position("lines")
    assert (position, as_of) == (0, NINE)
    with pytest.raises(ViewBehind):
        await views.wait("lines", 1, timeout=0.05)


async def test_a_view_may_go(
    log: Log, recorder: ViewsRecorder, views: Views, projection: Lines, database_url: str
) -> None:
    async with running(recorder, database_url, projection):
        await log.issue("queue-h1-2026-03-02", "A001")
        await views.wait("lines", await log.append("queue-h1-2026-03-02", TicketLeft("A001", "forget")))
        assert await views.get("lines", "queue-h1-2026-03-02") is None


async def test_a_runner_goes_on_where_the_last_one_stopped(
    log: Log, recorder: ViewsRecorder, views: Views, projection: Lines, database_url: str
) -> None:
    for n in range(3):
        async with running(recorder, database_url, projection):
            await views.wait("lines", await log.issue("queue-h1-2026-03-02", f"A00{n + 1}"))
    found = await views.get("lines", "queue-h1-2026-03-02")
    assert found is not None
    assert decoded(found.doc).issued == 3


async def test_a_second_runner_cannot_count_twice(
    log: Log, recorder: ViewsRecorder, projection: Lines
) -> None:
    await log.issue("queue-h1-2026-03-02", "A001")
    page = read_page(await LogTail(log.url).page(0, 10))
    one, two = Fold(projection, "lines", recorder), Fold(projection, "lines", recorder)
    for fold in (one, two):
        fold.take(page, set())
    recorder.save([one.to_save()])
    with pytest.raises(IntegrityError):
        recorder.save([two.to_save()])


async def test_a_runner_that_was_given_up_and_saves_once_more_spoils_nothing_for_its_successor(
    log: Log, recorder: ViewsRecorder, projection: Lines
) -> None:
    await log.issue("queue-h1-2026-03-02", "A001")
    given_up = Fold(projection, "lines", recorder)
    given_up.take(read_page(await LogTail(log.url).page(0, 10)), set())
    successor = Fold(projection, "lines", recorder)
    recorder.save([given_up.to_save()])
    await log.issue("queue-h1-2026-03-02", "A002")
    successor.take(read_page(await LogTail(log.url).page(0, 10)), set())
    with pytest.raises(IntegrityError, match="another runner has saved since"):
        recorder.save([successor.to_save()])
    assert decoded(recorder.load("lines", ["queue-h1-2026-03-02"])["queue-h1-2026-03-02"]).issued == 1


async def test_a_poison_event_parks_its_own_stream_and_no_other(
    log: Log, recorder: ViewsRecorder, views: Views, projection: Lines, database_url: str
) -> None:
    projection.bad_number = "A002"
    await log.issue("queue-h1-2026-03-02", "A001", "A002", "A003")
    await log.issue("queue-h2-2026-03-02", "A001", "A003")
    async with running(recorder, database_url, projection):
        await views.wait("lines", await log.issue("queue-h1-2026-03-02", "A004"))
    broken, whole = [await views.get("lines", f"queue-h{n}-2026-03-02") for n in (1, 2)]
    assert broken is not None
    assert whole is not None
    # What the event had half done to the view is not kept.
    assert decoded(broken.doc).issued == 1
    assert decoded(whole.doc).issued == 2
    assert recorder.parked() == {("lines", "queue-h1-2026-03-02")}


async def test_an_event_from_newer_code_parks_its_stream(
    log: Log, recorder: ViewsRecorder, views: Views, projection: Lines, database_url: str
) -> None:
    async with await store.connect(database_url) as connection:
        newer = b'{"at":"2026-03-02T09:00:00Z","by":"x","command":"c","event":{"type":"ticket-issued"},"v":9}'
        await store.append(connection, [Row("queue-h1-2026-03-02", 1, 0, "ticket-issued", newer)], [])
    async with running(recorder, database_url, projection):
        await views.wait("lines", await log.issue("queue-h2-2026-03-02", "A001"))
    assert recorder.parked() == {("lines", "queue-h1-2026-03-02")}


async def test_a_page_that_does_not_concern_a_projection_is_not_looked_through(
    log: Log, recorder: ViewsRecorder, views: Views, projection: Lines, database_url: str
) -> None:
    async with running(recorder, database_url, projection):
        await views.wait("lines", await log.issue("queue-h1-2026-03-02", "A001"))
        await views.wait("lines", await log.append("queue-h1-2026-03-02", DayClosed()))
        assert projection.asked == 1
        await views.wait("lines", await log.issue("queue-h1-2026-03-02", "A002"))
    found = await views.get("lines", "queue-h1-2026-03-02")
    assert found is not None
    assert decoded(found.doc).issued == 2


async def test_a_rebuild_takes_over_while_events_keep_coming(
    log: Log, recorder: ViewsRecorder, views: Views, projection: Lines, database_url: str
) -> None:
    stream = "queue-h1-2026-03-02"
    async with running(recorder, database_url, projection):
        await views.wait("lines", await log.issue(stream, *(f"A{n:03d}" for n in range(1, 700))))

        async def keep_coming() -> int:
            last = 0
            for n in range(700, 760):
                last = await log.issue(stream, f"A{n:03d}")
                assert await views.get("lines", stream) is not None
            return last

        coming = asyncio.create_task(keep_coming())
        reached: list[int] = []
        differing = await rebuild(recorder, LogTail(database_url), [projection], reached.append)
        await views.wait("lines", await coming)
    found = await views.get("lines", stream)
    assert found is not None
    assert decoded(found.doc).issued == 759
    assert differing == {"lines": 0}
    assert reached == sorted(reached)


async def test_a_rebuild_mends_and_counts_what_was_damaged_and_frees_what_was_parked(
    log: Log, recorder: ViewsRecorder, views: Views, projection: Lines, database_url: str
) -> None:
    projection.bad_number = "A002"
    async with running(recorder, database_url, projection):
        await log.issue("queue-h1-2026-03-02", "A001", "A002")
        await views.wait("lines", await log.issue("queue-h2-2026-03-02", "A001"))
    recorder.datastore.pool.open()
    with recorder.datastore.get_connection() as connection:
        connection.execute("UPDATE view_lines SET doc = '{}' WHERE key LIKE '%%h2%%'")
    projection.bad_number = None
    differing = await rebuild(recorder, LogTail(database_url), [projection], lambda position: None)
    assert differing == {"lines": 2}
    assert recorder.parked() == set()
    # A second rebuild finds its names free again.
    again = await rebuild(recorder, LogTail(database_url), [projection], lambda position: None)
    assert again == {"lines": 0}


async def test_a_list_is_filtered_ordered_and_read_in_pages(
    log: Log, recorder: ViewsRecorder, views: Views, projection: Lines, database_url: str
) -> None:
    facets = [
        {"issued": n % 4, "hall": f"h{n % 2}", "last_at": None if n % 5 == 0 else NINE} for n in range(20)
    ]
    docs = {f"k{n:02d}": b"%d" % n for n in range(20)}
    recorder.save([Save("lines", 0, 1, docs, {f"k{n:02d}": facet for n, facet in enumerate(facets)})])

    async def every(**asked: object) -> list[int]:
        found: list[int] = []
        cursor: str | None = None
        while True:
            page = await views.find("lines", limit=3, cursor=cursor, **asked)  # type: ignore[arg-type]
            found += [int(doc) for doc in page.docs]
            cursor = page.cursor
            if cursor is None:
                return found

    assert await every() == list(range(20))
    assert await every(order="issued") == sorted(range(20), key=lambda n: (n % 4, n))
    assert await every(where={"hall": "h1"}, order="issued") == sorted(
        range(1, 20, 2), key=lambda n: (n % 4, n)
    )
    assert await every(where={"issued": ("<", 2)}) == [n for n in range(20) if n % 4 < 2]
    assert await every(order="last_at") == [n for n in range(20) if n % 5] + [0, 5, 10, 15]
    with pytest.raises(BadCursor):
        await views.find("lines", cursor="nonsense")


def test_deleting_and_saving_in_one_go(recorder: ViewsRecorder) -> None:
    first = {"a": b"1", "b": b"2"}
    recorder.save([Save("lines", 0, 1, first, {key: {} for key in first})])
    recorder.save([Save("lines", 1, 2, {"a": None, "b": b"3"}, {"a": {}, "b": {}})])
    assert recorder.load("lines", ["a", "b"]) == {"b": b"3"}
