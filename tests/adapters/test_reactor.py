"""What is counted by the calendar of before is counted anew by the notice that comes in the same breath."""

from types import SimpleNamespace
from typing import Any

from adapters.reactor import Reactor
from adapters.views import Page
from domain.calendar import CalendarGazetted
from domain.case import CaseAccepted
from domain.deadlines import CaseClock
from domain.handling import Act
from domain.message import Recorded, Stamp
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
