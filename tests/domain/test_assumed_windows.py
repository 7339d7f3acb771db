"""Before the first window opens a hall may have waits told by the windows it plans, and only then."""

from datetime import date, datetime, time

import msgspec
import pytest

from adapters.forecasts import Forecasts
from domain import queue
from domain.experience import Wait
from domain.hall import DayException, HallPlan, QueuePlan, SessionPlan, WindowPlan
from domain.handling import Held
from domain.message import Event, Text
from domain.queue import (
    DayClosed,
    DayOpened,
    IssueTicket,
    TicketIssued,
    WindowClosed,
    WindowOpened,
    newcomer,
)
from domain.wait import assumed, expected, forecast
from domain.workdays import Calendar, Year
from tests.spec import SHANGHAI, given, stamp

DAY = date(2026, 3, 2)
NAME = Text("甲", "A")
PLAN = HallPlan(
    name=NAME,
    region="411328000000",
    queues=(
        QueuePlan("a", "A", NAME, 10, assumed_windows=3),
        QueuePlan("b", "B", NAME, 10),
        QueuePlan("c", "C", NAME, 10, skill="estate", assumed_windows=1),
    ),
    windows=(WindowPlan("w0", NAME, "general", ("a", "b")),),
    sessions=(SessionPlan(time(9), time(12)), SessionPlan(time(13), time(17))),
    skills={"estate": NAME, "sign": NAME},
)
STREAM, CALENDAR = "queue-tanghe-2026-03-02", Calendar()
HOLIDAY = Calendar((Year(year=2026, title=NAME, issued=date(2025, 11, 4), rest_days=(DAY,)),))


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI)


def issued(number: str, when: datetime, **more: str) -> tuple[datetime, Event]:
    return when, TicketIssued(number, f"t-{number}", number[0].lower(), **more)  # type: ignore[arg-type]


LINE = [issued(f"A{n:03}", at(9, 1)) for n in range(1, 9)]


def after(*history: Event | tuple[datetime, Event], plan: HallPlan = PLAN) -> Held:
    return Held(given(queue, DayOpened(plan), *history).state, len(history) + 1, 1)


def told(held: Held, number: str, when: datetime, calendar: Calendar | None = CALENDAR) -> Wait | None:
    forecasts = Forecasts(calendar=None if calendar is None else lambda: calendar)
    day: queue.Queue = held.state
    ticket = day.tickets[number]
    return forecasts.wait(STREAM, held, ticket, queue.ahead(day, number, when), when)


def test_a_wait_is_told_by_the_windows_that_are_planned_and_says_so() -> None:
    wait = told(after(*LINE), "A008", at(9, 2))
    assert wait is not None
    assert wait.assumed == 3
    real = [WindowOpened(f"w{n}", f"c{n}", ("a",)) for n in range(3)]
    called = told(after(*LINE, *((at(9, 2), event) for event in real)), "A008", at(9, 2))
    assert called is not None
    assert (called.assumed, abs(called.p50 - wait.p50) <= 0.2 * wait.p50) == (0, True), "as three real ones"


def test_a_queue_for_which_nothing_is_planned_is_told_nothing() -> None:
    held = after(*LINE, issued("B001", at(9, 1)))
    assert told(held, "B001", at(9, 2)) is None
    newcomers = Forecasts(calendar=lambda: CALENDAR).newcomers(STREAM, held, at(9, 2))
    assert {line: wait.assumed for line, wait in newcomers.items()} == {"a": 3, "c": 1}
    none = msgspec.structs.replace(PLAN, queues=(QueuePlan("a", "A", NAME),))
    assert told(after(*LINE, plan=none), "A001", at(9, 2)) is None, "nothing is assumed unless a hall says so"


def test_once_a_window_has_opened_nothing_is_assumed_any_more() -> None:
    opened = (at(9, 2), WindowOpened("w0", "li", ("b",)))
    assert told(after(*LINE, opened), "A008", at(9, 3)) is None, "though it calls from another queue"
    assert told(after(*LINE, opened, (at(9, 3), WindowClosed("w0"))), "A008", at(9, 4)) is None
    assert told(after(*LINE, (at(9, 3), DayClosed())), "A008", at(9, 4)) is None


@pytest.mark.parametrize("when", [at(8, 59), at(12), at(12, 59), at(17), at(9, 30, date(2026, 3, 8))])
def test_nothing_is_assumed_outside_the_hours_of_the_day(when: datetime) -> None:
    assert told(after(*LINE), "A001", when) is None


def test_a_day_that_the_calendar_or_the_hall_closes_has_no_hours() -> None:
    assert told(after(*LINE), "A001", at(9, 30), HOLIDAY) is None
    shut = msgspec.structs.replace(PLAN, exceptions=(DayException(DAY, NAME),))
    assert told(after(*LINE, plan=shut), "A001", at(9, 30)) is None
    assert told(after(*LINE), "A001", at(9, 30), None) is None


def test_who_needs_what_the_queue_does_not_is_promised_no_such_window() -> None:
    held = after(issued("A001", at(9, 1), skill="sign"), issued("C001", at(9, 1)))
    assert told(held, "A001", at(9, 2)) is None
    assert told(held, "C001", at(9, 2)) is not None
    coming = newcomer(held.state, IssueTicket("t9", "a", skill="sign"), at(9, 2))
    assert Forecasts(calendar=lambda: CALENDAR).wait(STREAM, held, coming, 1, at(9, 2)) is None


def test_the_later_they_are_the_longer_is_the_wait() -> None:
    early, late = told(after(*LINE), "A001", at(9, 2)), told(after(*LINE), "A001", at(9, 40))
    assert early is not None
    assert late is not None
    assert early.p90 < late.p90
    before_hours = after(issued("A001", at(8, 30)))
    prompt = told(before_hours, "A001", at(9))
    assert prompt is not None
    assert prompt.p90 <= 20, "who came before the hours waited for nobody who was late"


def test_the_day_itself_is_not_touched() -> None:
    held = after(*LINE)
    before = msgspec.json.encode(held.state)
    as_if = assumed(held.state, at(9, 2), CALENDAR)
    assert as_if is not None
    assert forecast(as_if, at(9, 2)).tickets.keys() == {f"A{n:03}" for n in range(1, 9)}
    assert expected(as_if, "a", 0) == Wait(0, 0)
    assert msgspec.json.encode(held.state) == before


def test_a_forecast_by_planned_windows_is_not_told_when_real_ones_have_opened() -> None:
    """The process has no time for another one, and falls back on the formula."""

    class Slow:
        at = 0.0

        def __call__(self) -> float:
            self.at += 10
            return self.at

    kept = Forecasts(Slow(), lambda: CALENDAR)
    held = after(*LINE)
    day: queue.Queue = held.state
    first = kept.wait(STREAM, held, day.tickets["A008"], 7, at(9, 2))
    assert first is not None
    assert first.assumed == 3
    queue.evolve(day, WindowOpened("w0", "li", ("a",)), stamp(at(9, 2)))
    wait = kept.wait(STREAM, Held(day, held.version + 1, 2), day.tickets["A008"], 7, at(9, 2))
    assert wait == expected(day, "a", 7)
    assert wait is not None
    assert wait.p50 > 2 * first.p50
