"""What is counted by the calendar of before is counted anew by the notice that comes in the same breath."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from adapters.loop import StoreUnavailable
from adapters.reactor import Reactor
from adapters.scheduler import Scheduler
from adapters.views import Page
from domain.calendar import CalendarGazetted
from domain.case import CaseAccepted
from domain.deadlines import CaseClock
from domain.handling import Act
from domain.message import Recorded, Stamp
from domain.review import ReviewGiven
from domain.supervision import StartClock
from projections import deadlines
from tests.histories import YEAR_2026
from tests.spec import NINE


def recorded(stream: str, position: int, event: Any) -> Recorded:
    return Recorded(stream, 1, position, Stamp(at=NINE, by="clerk:li", command=f"c{position}"), event)


async def test_a_clock_started_just_before_a_notice_is_in_the_list_before_it_is_looked_through() -> None:
    told: list[str] = []

    class Lists:
        async def wait(self, name: str, after: int, timeout: float = 5) -> None:
            told.append(f"{name} has passed {after}")

        async def find(self, name: str, where: Any, *rest: Any) -> Page:
            told.append(f"{name} is looked through")
            return Page([], None, 3, NINE)

    async def submit(act: Act, stamp: Stamp) -> Any:
        (ask,) = act.asks
        assert not callable(ask)
        if isinstance(ask.command, StartClock):
            told.append("the clock is started")
        return SimpleNamespace(position=3)

    tools: Any = SimpleNamespace()
    reactor = Reactor(tools, tools, Lists(), submit)
    accepted = CaseAccepted(clock=CaseClock(since=NINE, workdays=3))
    await reactor._react(
        [recorded("case-t1", 1, accepted), recorded("calendar-2026", 2, CalendarGazetted(YEAR_2026))]
    )
    assert told == [
        "the clock is started",
        f"{deadlines.NAME} has passed 3",
        f"{deadlines.NAME} is looked through",
    ]


async def test_what_cannot_be_decided_for_one_stream_holds_up_no_other() -> None:
    """A bad review whose rectification fails, before one whose does not; and a deadline before another."""
    asked: list[str] = []

    async def submit(act: Act, stamp: Stamp) -> Any:
        (ask,) = act.asks
        assert not callable(ask)
        asked.append(ask.stream)
        if ask.stream.endswith("broken"):
            raise KeyError("a fault of ours")
        return SimpleNamespace(position=3)

    tools: Any = SimpleNamespace()
    bad = ReviewGiven(review="r", grade="dissatisfied", channel="mobile", hall="tanghe", unit="tanghe")
    reactor = Reactor(tools, tools, tools, submit)
    await reactor._react([recorded("review-broken", 1, bad), recorded("review-fine", 2, bad)])
    assert asked == ["review-broken", "review-fine"]

    class Due:
        async def find(self, name: str, where: Any, *rest: Any) -> Page:
            names = ("review-broken", "review-fine")
            views = [deadlines.View(stream=name, running={"contact": NINE}) for name in names]
            return Page([msgspec.json.encode(view) for view in views], None, 3, NINE)

    lists: Any = Due()
    assert await Scheduler(tools, lists, submit, lambda: NINE).fire() == 3
    assert asked[2:] == ["review-broken", "review-fine"]


async def test_what_is_away_is_waited_for() -> None:
    async def submit(act: Act, stamp: Stamp) -> Any:
        raise StoreUnavailable

    tools: Any = SimpleNamespace()
    bad = ReviewGiven(review="r", grade="dissatisfied", channel="mobile", hall="tanghe", unit="tanghe")
    with pytest.raises(StoreUnavailable):
        await Reactor(tools, tools, tools, submit)._react([recorded("review-fine", 1, bad)])
