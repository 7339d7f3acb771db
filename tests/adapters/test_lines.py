"""Followed lines: one look a change for everybody, nobody woken for nothing, nothing done while nobody follows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given

from adapters import live_lines, sse
from adapters.boards import Watch
from adapters.forecasts import Forecasts
from adapters.live_lines import LiveLines
from adapters.loop import StoreUnavailable
from domain.handling import Held
from domain.line import Queue, ahead, places
from domain.message import Command, Refused
from domain.queue import CallNext, IssueTicket, OpenDay, OpenWindow, ParkTicket, PauseWindow
from tests.days import PLAN, STREAM, days
from tests.histories import World
from tests.spec import NINE

HALL, DAY = "tang-he", date(2026, 3, 2)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_lines, "SPACING_S", 0.01)
    monkeypatch.setattr(live_lines, "AGAIN_S", 0.01)


class Place:
    """A hall of which everything is known at once: commands happen, and whoever watches hears of it."""

    def __init__(self) -> None:
        self.world = World()
        self.watching_now: set[asyncio.Event] = set()
        self.away = False
        self.peeks = 0
        self.lines = LiveLines(
            self, self.peek, Forecasts(), lambda: datetime.now(UTC), lambda t: f"rate {t}", most=5
        )
        self.ask(OpenDay(PLAN), OpenWindow("w1", "li"))

    def ask(self, *commands: Command) -> None:
        for command in commands:
            self.world.ask(STREAM, command, NINE)
        for changed in self.watching_now:
            changed.set()

    async def peek(self, stream: str, read: Callable[[Held], Any]) -> Any:
        assert stream == STREAM
        self.peeks += 1
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("away")
        version = len(self.world.log)
        return read(Held(self.world.state(STREAM), version, version))

    @asynccontextmanager
    async def watching(self, hall: str, day: date) -> AsyncIterator[Watch]:
        changed = asyncio.Event()
        self.watching_now.add(changed)
        try:
            yield Watch(changed, lambda: (len(self.world.log), datetime.now(UTC)))
        finally:
            self.watching_now.discard(changed)

    async def settled(self) -> None:
        """Everything that happened has been looked at."""
        async with asyncio.timeout(20):
            before = -1
            while before != self.peeks or not self.watching_now:
                before = self.peeks
                await asyncio.sleep(0.03)


def read(frame: bytes) -> tuple[str, dict[str, Any]]:
    event, position, data, *_ = frame.removeprefix(sse.RETRY).decode().split("\n")
    told: dict[str, Any] = msgspec.json.decode(data.removeprefix("data: "))
    assert position == f"id: {told['position']}"
    return event.removeprefix("event: "), told


async def test_a_phone_is_told_its_place_then_its_call() -> None:
    hall = Place()
    hall.ask(IssueTicket("t1", "a"), IssueTicket("t2", "a"))
    async with contextlib.aclosing(hall.lines.follow(HALL, DAY, "t2")) as phone:
        kind, told = read(await anext(phone))
        assert (kind, told["ticket"], told["ahead"], told["status"]) == ("place", "A002", 1, "waiting")
        assert told["why"]["zh"] == "按取号先后排队；您前面还有1人。"
        hall.ask(CallNext("w1"))
        assert read(await anext(phone))[1]["ahead"] == 0
        hall.ask(ParkTicket("w1"), CallNext("w1"))
        _, told = read(await anext(phone))
        assert (told["status"], told["window"], told["recalls"]) == ("called", "w1", 0)


async def test_a_phone_is_not_woken_by_what_does_not_concern_it() -> None:
    hall = Place()
    hall.ask(IssueTicket("t1", "a"), IssueTicket("t2", "a"))
    async with contextlib.aclosing(hall.lines.follow(HALL, DAY, "t1")) as phone:
        await anext(phone)
        await hall.settled()
        hall.ask(IssueTicket("t3", "b"), PauseWindow("w1", "lunch"), IssueTicket("t4", "a"))
        await hall.settled()
        (topic,) = (t for d in hall.lines._days.values() for t in d.topics.values())
        assert not any(reader.is_set() for reader in topic.readers if topic.told and topic.told.wait_s)
        hall.ask(OpenWindow("w1", "li"), CallNext("w1"))
        while (told := read(await anext(phone))[1])["status"] == "waiting":
            assert told["ahead"] == 0
        assert told["status"] == "called"


async def test_a_change_is_looked_at_once_however_many_follow_and_not_at_all_when_nobody_does() -> None:
    hall = Place()
    hall.ask(IssueTicket("t1", "a"), IssueTicket("t2", "a"))
    followers = [hall.lines.follow(HALL, DAY, name) for name in ("t1", "t2", "t2", "", "")]
    for follower in followers:
        await anext(follower)
    assert hall.lines.followers == 5
    with pytest.raises(live_lines.TooManyScreens):
        hall.lines.follow(HALL, DAY)
    await hall.settled()
    before = hall.peeks
    hall.ask(CallNext("w1"))
    await hall.settled()
    assert hall.peeks == before + 1
    for follower in followers:
        await follower.aclose()
    await asyncio.sleep(0)
    assert (hall.lines.followers, hall.lines._days) == (0, {})
    before = hall.peeks
    hall.ask(IssueTicket("t5", "a"))
    await asyncio.sleep(0.05)
    assert (hall.peeks, hall.watching_now) == (before, set())


async def test_clerks_see_everybody_who_is_not_done_in_the_order_of_calling_with_reasons() -> None:
    hall = Place()
    hall.ask(IssueTicket("t1", "a"), CallNext("w1"), ParkTicket("w1", "照片", "window"))
    hall.ask(IssueTicket("t2", "a"), IssueTicket("t3", "a", priority="elderly"), PauseWindow("w1", "lunch"))
    async with contextlib.aclosing(hall.lines.follow(HALL, DAY)) as clerk:
        kind, told = read(await anext(clerk))
    assert kind == "line"
    assert [(t["ticket"], t["status"], t["ahead"]) for t in told["tickets"]] == [
        ("A003", "waiting", 0),
        ("A002", "waiting", 1),
        ("A001", "parked", None),
    ]
    assert told["tickets"][0]["priority_name"]["zh"] == "老年人"
    assert told["tickets"][0]["why"]["en"].startswith("Priority: elderly")
    assert (told["tickets"][2]["reason"], told["tickets"][2]["pool"]) == ("照片", "window")
    assert [(q["queue"], q["waiting"]) for q in told["queues"]] == [("a", 2), ("b", 0)]
    assert (told["windows"][0]["clerk"], told["windows"][0]["pause"]["name"]["zh"]) == ("li", "午餐")


async def test_no_stream_is_opened_for_a_ticket_that_does_not_exist() -> None:
    hall = Place()
    with pytest.raises(Refused, match="unknown-ticket"):
        await anext(hall.lines.follow(HALL, DAY, "t9"))
    assert (hall.lines._days, hall.lines.followers) == ({}, 0)


async def test_a_line_that_cannot_be_read_says_how_old_it_is_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sse, "BEAT_S", 0.05)
    hall = Place()
    hall.ask(IssueTicket("t1", "a"))
    async with contextlib.aclosing(hall.lines.follow(HALL, DAY, "t1")) as phone:
        first = read(await anext(phone))[1]
        await hall.settled()
        hall.away = True
        hall.ask(CallNext("w1"))
        _, _, data, *_ = (await anext(phone)).decode().split("\n")
        beat = msgspec.json.decode(data.removeprefix("data: "))
        assert beat["as_of"] < beat["now"]
        assert datetime.fromisoformat(beat["as_of"]) >= datetime.fromisoformat(first["as_of"])
        hall.away = False
        while b"event: place" not in (frame := await anext(phone)):
            pass
        assert read(frame)[1]["status"] == "called"


@given(days(60))
def test_everybodys_place_at_once_is_the_place_each_is_told(lived: World) -> None:
    day: Queue = lived.state(STREAM)
    for line, numbers in day.lines.items():
        assert places(day, line, NINE) == {number: ahead(day, number, NINE) for number in numbers}
