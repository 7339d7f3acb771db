"""Live boards: documents and stream come together without a gap, and every screen gets the newest, at its own pace."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from psycopg_pool import AsyncConnectionPool

from adapters import boards, envelope, sse, store
from adapters.boards import BoardBehind, LiveBoards, TooManyScreens
from adapters.cloudevents import Unreadable
from adapters.connection import connected
from adapters.embedded import Nats
from adapters.relay import Relay
from adapters.runner import ProjectionRunner
from adapters.store import Row
from adapters.stream import Current, EventStream, Item, StreamRewritten, at_windows, follow
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Document, Views
from domain.message import Recorded
from domain.queue import (
    AlarmCleared,
    AlarmRaised,
    DayOpened,
    TicketCalled,
    TicketRecalled,
    TicketUnparked,
    WindowOpened,
)
from projections import board
from tests.days import KEY, PLAN, STREAM, lived
from tests.histories import record, view_of
from tests.logs import Log, until

HALL, DAY = "tang-he", date(2026, 3, 2)
LOG = [recorded for recorded in lived(4, 300).log if recorded.stream == STREAM]
"""A day, of one stream only: its positions have gaps."""


def folded(log: Sequence[Recorded]) -> board.View:
    view: board.View = view_of(board, log).get(KEY) or board.initial(HALL, DAY)
    return view


def shown(log: Sequence[Recorded]) -> dict[str, Any]:
    """What everybody may read of the board after a log."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(board.present(folded(log))))
    return plain


def read(frame: bytes, kind: str = "board") -> dict[str, Any]:
    """The board of a server-sent event; the first of a subscription also tells when to come back."""
    event, position, data, *end = frame.removeprefix(sse.RETRY).decode().split("\n")
    assert (event, end) == (f"event: {kind}", ["", ""])
    told: dict[str, Any] = msgspec.json.decode(data.removeprefix("data: "))
    assert position == f"id: {told['position']}"
    return told


async def shown_next(screen: AsyncGenerator[bytes, None]) -> dict[str, Any]:
    """The next board that a screen is sent, whatever beats come before it."""
    async with asyncio.timeout(20):
        while b"event: board" not in (frame := await anext(screen)):
            pass
    return read(frame)


def facts(told: dict[str, Any]) -> dict[str, Any]:
    """A board without what the edge adds."""
    return {name: value for name, value in told.items() if name not in ("position", "as_of", "stale")}


class Shelf:
    """Documents as the views have them after some of the log."""

    def __init__(self, log: Sequence[Recorded] = ()) -> None:
        self.as_of = datetime.now(UTC)
        self.reads = 0
        self.broken = False
        self.put(log)

    def put(self, log: Sequence[Recorded]) -> None:
        self.doc = msgspec.json.encode(folded(log)) if log else None
        self.reached = log[-1].position if log else 0

    async def get(self, name: str, key: str) -> Document | None:
        self.reads += 1
        await asyncio.sleep(0.001)
        if self.broken:
            raise OSError("no database")
        assert name == "board"
        if key != KEY or self.doc is None:
            return None
        return Document(self.doc, self.reached, self.as_of)

    async def position(self, name: str) -> tuple[int, datetime]:
        return self.reached, self.as_of


class Wire:
    """A stream that says what it is told to."""

    def __init__(self) -> None:
        self.items: asyncio.Queue[Item | Exception] = asyncio.Queue()
        self.asked: list[int] = []
        self.halls: list[set[str]] = []

    def say(self, *items: Item | Exception) -> None:
        for item in items:
            self.items.put_nowait(item)

    def confirm(self, position: int = 0, at: datetime | None = None) -> None:
        self.say(Current(position, position, at or datetime.now(UTC)))

    async def __call__(self, after: int, halls: Collection[str]) -> AsyncGenerator[Item, None]:
        self.asked.append(after)
        self.halls.append(set(halls))
        while True:
            item = await self.items.get()
            if isinstance(item, Exception):
                raise item
            yield item


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "LOOK_S", 0.02)
    monkeypatch.setattr(boards, "RELOAD_S", 0.1)


@asynccontextmanager
async def live(shelf: Shelf, wire: Wire, **settings: int) -> AsyncIterator[LiveBoards]:
    running = LiveBoards(shelf, wire, **settings)
    task = asyncio.create_task(running.run())
    try:
        await running.board(HALL, DAY - timedelta(days=1))  # the hall is followed
        await until(lambda: bool(wire.asked))
        shelf.reads = 0
        yield running
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def now(running: LiveBoards) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(await running.board(HALL, DAY))
    return told


async def eventually(running: LiveBoards, expected: dict[str, Any]) -> dict[str, Any]:
    """The board, once it shows this."""
    async with asyncio.timeout(20):
        while facts(told := await now(running)) != expected:  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0.01)
    return told


# --- what only staff see ---------------------------------------------------------------------------------------


async def test_an_alarm_reaches_the_staff_at_once_and_no_screen() -> None:
    happened = record(
        STREAM,
        DayOpened(PLAN),
        WindowOpened("w1", "li", ("a",)),
        AlarmRaised("w1", "threat"),
        AlarmCleared("w1"),
    )
    wire = Wire()
    async with live(Shelf(happened[:2]), wire) as running:
        staff = running.subscribe(HALL, DAY, staff=True)
        try:
            assert read(await anext(staff), "alarms")["alarms"] == []
            wire.say(happened[2])
            async with asyncio.timeout(20):
                while b"event: alarms" not in (frame := await anext(staff)):
                    pass
            (raised,) = read(frame, "alarms")["alarms"]
            assert (raised["window"], raised["kind"]) == ("w1", "threat")
            assert b"threat" not in await running.board(HALL, DAY)
            assert b"threat" in await running.board(HALL, DAY, staff=True)
            wire.say(happened[3])
            async with asyncio.timeout(20):
                while b"event: alarms" not in (frame := await anext(staff)):
                    pass
            assert read(frame, "alarms")["alarms"] == []
        finally:
            await staff.aclose()


# --- documents and stream ---------------------------------------------------------------------------------------


async def test_before_the_day_the_board_is_empty_and_then_it_begins() -> None:
    wire = Wire()
    async with live(Shelf(), wire) as running:
        assert facts(await now(running)) == shown([])
        wire.say(*LOG[:10])
        await eventually(running, shown(LOG[:10]))


async def test_a_board_is_its_document_and_what_the_stream_brings_behind_it() -> None:
    wire = Wire()
    async with live(Shelf(LOG[:50]), wire) as running:
        assert facts(await now(running)) == shown(LOG[:50])
        wire.say(*LOG[40:80])  # some of it again: the stream is followed from where the views were
        told = await eventually(running, shown(LOG[:80]))
        assert told["position"] == LOG[79].position
    assert wire.asked == [LOG[49].position]


async def test_a_board_asked_for_late_waits_for_the_document_that_has_what_the_stream_had_passed() -> None:
    shelf, wire = Shelf(LOG[:20]), Wire()
    async with live(shelf, wire) as running:
        wire.say(*LOG[20:60])
        await until(lambda: running.position == LOG[59].position)
        assert facts(await now(running)) == shown(LOG[:20])
        wire.say(*LOG[60:70])
        await asyncio.sleep(0.05)
        assert facts(await now(running)) == shown(LOG[:20])
        shelf.put(LOG[:55])
        await eventually(running, shown(LOG[:55]))
        shelf.put(LOG[:64])
        await eventually(running, shown(LOG[:70]))


async def test_a_board_that_finds_a_gap_stands_still_until_a_document_fills_it() -> None:
    shelf, wire = Shelf(LOG[:20]), Wire()
    async with live(shelf, wire) as running:
        await now(running)
        wire.say(*LOG[20:30], *LOG[33:40])
        await until(lambda: running.position == LOG[39].position)
        assert facts(await now(running)) == shown(LOG[:30])
        shelf.put(LOG[:35])
        await eventually(running, shown(LOG[:40]))


async def test_an_event_that_cannot_be_read_is_left_to_the_views() -> None:
    shelf, wire = Shelf(LOG[:20]), Wire()
    async with live(shelf, wire) as running:
        await now(running)
        unreadable = Unreadable(STREAM, LOG[25].version, LOG[25].position, "newer than this code")
        wire.say(*LOG[20:25], unreadable, *LOG[26:28])
        await until(lambda: running.position == LOG[27].position)
        assert facts(await now(running)) == shown(LOG[:25])
        shelf.put(LOG[:27])
        await eventually(running, shown(LOG[:28]))


async def test_an_event_that_cannot_be_folded_is_left_to_the_views(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, wire = Shelf(LOG[:20]), Wire()
    views, expected = Shelf(LOG[:36]), shown(LOG[:40])
    fold = board.evolve

    def evolve(view: board.View | None, recorded: Recorded) -> board.View:
        seen = fold(view, recorded)
        if recorded.position == LOG[30].position:
            raise ValueError("half-way through")
        return seen

    async with live(shelf, wire) as running:
        await now(running)
        monkeypatch.setattr(board, "evolve", evolve)
        wire.say(*LOG[20:40])
        await until(lambda: running.position == LOG[39].position)
        told = await now(running)
        assert (told["stale"], facts(told)) != (False, shown([]))
        shelf.doc, shelf.reached = views.doc, views.reached
        await eventually(running, expected)


async def test_a_log_that_was_restored_to_an_earlier_moment_takes_the_boards_back_too() -> None:
    shelf, wire = Shelf(LOG[:50]), Wire()
    async with live(shelf, wire) as running:
        wire.say(*LOG[50:60])
        await now(running)
        await eventually(running, shown(LOG[:60]))
        shelf.put(LOG[:30])
        wire.say(StreamRewritten("gone"))
        await eventually(running, shown(LOG[:30]))
        await until(lambda: len(wire.asked) == 2)
        assert wire.asked[1] == LOG[29].position


async def test_a_stream_that_fails_is_followed_again_from_where_it_was() -> None:
    wire = Wire()
    async with live(Shelf(LOG[:20]), wire) as running:
        await now(running)
        wire.say(*LOG[20:25], OSError("a bug or the weather"), *LOG[25:40])
        await eventually(running, shown(LOG[:40]))
    assert wire.asked == [LOG[19].position, LOG[24].position]


async def test_who_asks_while_the_views_are_away_is_told_so_and_may_ask_again() -> None:
    shelf = Shelf(LOG[:20])
    async with live(shelf, Wire()) as running:
        shelf.broken = True
        with pytest.raises(OSError, match="no database"):
            await running.board(HALL, DAY)
        shelf.broken = False
        assert facts(await now(running)) == shown(LOG[:20])


async def test_a_board_is_read_once_for_all_who_ask_for_it_at_once() -> None:
    shelf = Shelf(LOG[:20])
    shelf.as_of += timedelta(hours=1)
    running = LiveBoards(shelf, Wire())
    told = await asyncio.gather(*(running.board(HALL, DAY) for _ in range(20)))
    assert len(set(told)) == 1
    assert shelf.reads == 1


async def test_only_halls_whose_boards_are_asked_for_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "IDLE_S", 0.3)
    shelf, wire = Shelf(LOG[:20]), Wire()
    running = LiveBoards(shelf, wire)
    task = asyncio.create_task(running.run())
    await asyncio.sleep(0.1)
    assert wire.asked == []
    async with contextlib.aclosing(running.subscribe(HALL, DAY)) as screen:
        await anext(screen)
        await until(lambda: wire.halls == [{HALL}])
        await running.board("elsewhere", DAY)
        await until(lambda: wire.halls == [{HALL}, {HALL, "elsewhere"}])
        # What happened while its hall was not followed is in the board all the same.
        shelf.put(LOG[:30])
        wire.say(*LOG[30:40])
        await eventually(running, shown(LOG[:40]))
    await until(lambda: not vars(running)["_boards"])
    await running.board("elsewhere", DAY)
    await until(lambda: wire.halls[-1] == {"elsewhere"})
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_boards_that_nobody_asks_for_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "BOARDS", 3)
    shelf = Shelf(LOG[:20])
    shelf.as_of += timedelta(hours=1)
    running = LiveBoards(shelf, Wire())  # not run: what runs reads boards too
    async with contextlib.aclosing(running.subscribe(HALL, DAY)) as screen:
        await anext(screen)
        for n in range(10):
            await running.board(f"h{n}", DAY)
        before = shelf.reads
        await running.board(HALL, DAY)
        await running.board("h9", DAY)
        assert shelf.reads == before
        await running.board("h0", DAY)
        assert shelf.reads == before + 1


# --- how old it is ----------------------------------------------------------------------------------------------


async def test_a_board_says_until_when_it_holds_everything_and_when_it_no_longer_knows() -> None:
    shelf, wire = Shelf(LOG[:20]), Wire()
    shelf.as_of = datetime.now(UTC) - timedelta(minutes=5)
    async with live(shelf, wire) as running:
        told = await now(running)
        assert (told["stale"], datetime.fromisoformat(told["as_of"])) == (True, shelf.as_of)
        at = datetime.now(UTC) - timedelta(seconds=1)
        wire.confirm(LOG[19].position + 7, at)
        await until(lambda: running.position == LOG[19].position + 7)
        told = await now(running)
        assert (told["stale"], datetime.fromisoformat(told["as_of"])) == (False, at)
        assert told["position"] == LOG[19].position + 7


async def test_screens_hear_when_their_board_becomes_stale_and_when_it_is_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boards, "STALE_AFTER", timedelta(hours=1))
    shelf, wire = Shelf(LOG[:20]), Wire()
    shelf.as_of -= timedelta(minutes=40)
    async with live(shelf, wire) as running, contextlib.aclosing(running.subscribe(HALL, DAY)) as screen:
        told = [(await shown_next(screen))["stale"]]
        monkeypatch.setattr(boards, "STALE_AFTER", timedelta(minutes=30))
        told.append((await shown_next(screen))["stale"])
        wire.confirm()
        told.append((await shown_next(screen))["stale"])
    assert told == [False, True, False]


async def test_while_the_stream_is_silent_screens_are_fed_from_the_views(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boards, "STALE_AFTER", timedelta(seconds=0.2))
    shelf, wire = Shelf(LOG[:20]), Wire()
    async with live(shelf, wire) as running, contextlib.aclosing(running.subscribe(HALL, DAY)) as screen:
        await anext(screen)
        shelf.put(LOG[:30])
        shelf.as_of = datetime.now(UTC) + timedelta(seconds=60)
        async with asyncio.timeout(20):
            while facts(told := await shown_next(screen)) != shown(LOG[:30]):
                pass
        assert told["stale"] is False
        wire.say(*LOG[20:40])  # the stream is back, and begins with what is known
        async with asyncio.timeout(20):
            while facts(await shown_next(screen)) != shown(LOG[:40]):
                pass


async def test_who_only_asks_gets_what_the_views_have_while_the_stream_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boards, "STALE_AFTER", timedelta(seconds=0.1))
    shelf = Shelf(LOG[:20])
    async with live(shelf, Wire()) as running:
        await now(running)
        shelf.put(LOG[:30])
        await eventually(running, shown(LOG[:30]))


async def test_a_reader_may_wait_for_what_it_has_written() -> None:
    wire = Wire()
    async with live(Shelf(LOG[:20]), wire) as running:
        await now(running)
        with pytest.raises(BoardBehind):
            await running.board(HALL, DAY, after=LOG[29].position, timeout=0.05)
        asking = asyncio.create_task(running.board(HALL, DAY, after=LOG[29].position))
        await asyncio.sleep(0.02)
        wire.say(*LOG[20:30])
        told = msgspec.json.decode(await asking)
        assert told["position"] >= LOG[29].position
        assert facts(told) == shown(LOG[:30])


# --- screens ----------------------------------------------------------------------------------------------------


async def test_a_screen_gets_the_whole_board_first_and_then_each_change() -> None:
    wire = Wire()
    async with (
        live(Shelf(LOG[:20]), wire) as running,
        contextlib.aclosing(running.subscribe(HALL, DAY)) as screen,
    ):
        assert facts(await shown_next(screen)) == shown(LOG[:20])
        wire.say(*LOG[20:21])
        assert facts(await shown_next(screen)) == shown(LOG[:21])
        wire.say(*LOG[21:22])
        assert facts(await shown_next(screen)) == shown(LOG[:22])


async def test_changes_are_sent_together_at_most_ten_times_a_second() -> None:
    wire = Wire()
    async with (
        live(Shelf(LOG[:20]), wire) as running,
        contextlib.aclosing(running.subscribe(HALL, DAY)) as screen,
    ):
        await anext(screen)
        began = asyncio.get_running_loop().time()
        sending = asyncio.create_task(_slowly(wire, LOG[20:120], 0.005))
        frames = 0
        async with asyncio.timeout(20):
            while facts(await shown_next(screen)) != shown(LOG[:120]):
                frames += 1
        elapsed = asyncio.get_running_loop().time() - began
        await sending
    assert 1 <= frames <= elapsed / boards.SPACING_S + 1


async def _slowly(wire: Wire, items: Sequence[Item], seconds: float) -> None:
    for item in items:
        wire.say(item)
        await asyncio.sleep(seconds)


async def test_a_slow_screen_misses_what_came_between_and_gets_the_newest() -> None:
    wire = Wire()
    async with (
        live(Shelf(LOG[:20]), wire) as running,
        contextlib.aclosing(running.subscribe(HALL, DAY)) as slow,
        contextlib.aclosing(running.subscribe(HALL, DAY)) as quick,
    ):
        await anext(slow)
        await anext(quick)
        for n in range(20, 24):
            wire.say(LOG[n])
            assert facts(await shown_next(quick)) == shown(LOG[: n + 1])
        assert facts(read(await anext(slow))) == shown(LOG[:24])
        later = asyncio.create_task(anext(slow))
        await asyncio.sleep(0.15)
        assert not later.done()
        wire.say(LOG[24])
        assert facts(read(await later)) == shown(LOG[:25])


async def test_a_board_is_encoded_once_for_all_its_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "SPACING_S", 20)
    shelf, wire = Shelf(LOG[:20]), Wire()
    shelf.as_of += timedelta(hours=1)
    async with live(shelf, wire) as running:
        screens = [running.subscribe(HALL, DAY) for _ in range(50)]
        first = [await anext(screen) for screen in screens]
        wire.say(LOG[20])
        second = [await anext(screen) for screen in screens]
        for screen in screens:
            await screen.aclose()
    assert len(set(first)) == 1
    assert len({id(frame) for frame in second}) == 1
    assert facts(read(second[0])) == shown(LOG[:21])


async def test_a_screen_that_hears_of_no_change_hears_a_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "BEAT_S", 0.05)
    shelf = Shelf()
    async with live(shelf, Wire()) as running, contextlib.aclosing(running.subscribe(HALL, DAY)) as screen:
        await anext(screen)
        for _ in range(2):
            told = await anext(screen)
            while told.startswith(
                b"event: board"
            ):  # on a busy machine the board may have been stale for a moment
                told = await anext(screen)
            comment, event, data, *end = told.decode().split("\n")
            beat = msgspec.json.decode(data.removeprefix("data: "))
            assert (comment, event, end) == (": beat", "event: beat", ["", ""])
            assert (beat["stale"], datetime.fromisoformat(beat["as_of"])) == (False, shelf.as_of)


async def test_a_subscription_ends_after_a_while_so_that_screens_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sse, "AGE_S", (0.05, 0.1))
    async with live(Shelf(), Wire()) as running:
        frames = [frame async for frame in running.subscribe(HALL, DAY)]
        assert len(frames) >= 1
        assert running.screens == 0


async def test_a_process_takes_no_more_screens_than_it_was_told_to() -> None:
    async with live(Shelf(), Wire(), screens=2) as running:
        screens = [running.subscribe(HALL, DAY) for _ in range(2)]
        for screen in screens:
            await anext(screen)
        with pytest.raises(TooManyScreens):
            running.subscribe(HALL, DAY)
        await screens[0].aclose()
        async with contextlib.aclosing(running.subscribe(HALL, DAY)) as screen:
            assert facts(await shown_next(screen)) == shown([])
        await screens[1].aclose()
        assert running.screens == 0


async def test_a_resuming_screen_is_never_sent_back_to_an_older_board() -> None:
    wire = Wire()
    async with live(Shelf(LOG[:20]), wire) as running:
        await now(running)
        async with contextlib.aclosing(running.subscribe(HALL, DAY, after=LOG[39].position)) as screen:
            waiting = asyncio.create_task(anext(screen))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            wire.say(*LOG[20:40])
            assert facts(read(await waiting)) == shown(LOG[:40])


async def test_a_resuming_screen_gets_an_older_board_rather_than_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boards, "RESUME_S", 0.1)
    async with (
        live(Shelf(LOG[:20]), Wire()) as running,
        contextlib.aclosing(running.subscribe(HALL, DAY, after=LOG[39].position)) as screen,
    ):
        assert facts(await shown_next(screen)) == shown(LOG[:20])


# --- all together -----------------------------------------------------------------------------------------------


async def test_boards_are_the_refolded_log_and_no_screen_misses_a_call_though_nats_is_killed(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: log → relay → stream → boards, log → views → boards; a screen that comes and goes all the while.
    A board keeps the calls of three seconds here instead of sixty."""
    monkeypatch.setattr(board, "CALLS_KEPT_FOR", timedelta(seconds=3))
    monkeypatch.setattr(board, "CALLS_KEPT", 5)
    log = Log(database_url)
    datastore = store.datastore(database_url)
    recorder = ViewsRecorder(datastore, [board])
    recorder.create_table()
    server = Nats(tmp_path_factory.mktemp("boards") / "nats")
    server.start()
    day = lived(39, 1500).log
    announced: set[int] = set()

    async def look(running: LiveBoards) -> None:
        """A screen that is torn away again and again, and announces what its board calls."""
        last: int | None = None
        while True:
            async with contextlib.aclosing(running.subscribe(HALL, DAY, last)) as screen:
                for _ in range(3):
                    frame = await anext(screen)
                    if b"event: board" in frame:
                        told = read(frame)
                        last = told["position"]
                        announced.update(call["position"] for call in told["calls"])
            await asyncio.sleep(0.05)

    async with (
        connected(server.url) as client,
        AsyncConnectionPool(
            database_url, min_size=1, max_size=4, open=False, kwargs={"autocommit": True}
        ) as pool,
    ):
        tails = [LogTail(database_url, alone_as="relay"), LogTail(database_url, alone_as="projections")]
        running = LiveBoards(Views(pool), lambda after, halls: follow(client, after, at_windows(halls)))
        parts = [
            Relay(tails[0], EventStream(client)).run(),
            ProjectionRunner(recorder, tails[1], [board]).run(),
            running.run(),
            look(running),
        ]
        tasks = [asyncio.create_task(part) for part in parts]
        for first in range(0, len(day), 5):
            await log.append_rows([_row(recorded, datetime.now(UTC)) for recorded in day[first : first + 5]])
            await asyncio.sleep(0.03)
            if first == len(day) // 15 * 5:
                assert server.pid is not None
                os.kill(server.pid, signal.SIGKILL)
                server.stop()
                await asyncio.to_thread(server.start)
        expected = folded(await log.read())
        told = msgspec.json.decode(await running.board(HALL, DAY, after=len(day), timeout=10))
        plain = msgspec.json.decode(msgspec.json.encode(board.present(expected)))
        calls = {
            r.position for r in day if isinstance(r.event, TicketCalled | TicketRecalled | TicketUnparked)
        }
        await until(lambda: calls <= announced)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for tail in tails:
            await tail.close()
    server.stop()
    datastore.close()
    assert facts(told) == plain
    assert len(calls) > len(told["calls"]) + 20


def _row(recorded: Recorded, at: datetime) -> Row:
    """The event as if it happened at another time."""
    topic = str(type(recorded.event).__struct_config__.tag)
    stamp = msgspec.structs.replace(recorded.stamp, at=at)
    return Row(
        recorded.stream, recorded.version, 0, topic, envelope.write(recorded.event, stamp, recorded.nth)
    )
