"""What is open for booking on a day: the week's pattern, its exceptions, holidays, worked weekends, the horizon."""

from datetime import date, datetime, time
from typing import Any

import pytest

from domain import hall
from domain.booking import BookingRules
from domain.hall import ConfigureHall, DayException, HallConfigured, HallPlan, QueuePlan, SessionPlan
from domain.message import Text
from domain.offering import offer, opens_next, sessions_on, why_no_tickets, why_not
from domain.workdays import SHANGHAI, Calendar, Year
from tests.spec import given

NAME = Text("甲", "A")
MORNING = SessionPlan(time(9), time(12))
EVENING = SessionPlan(time(18), time(20), weekdays=(3,))
SATURDAY = SessionPlan(time(9), time(11), weekdays=(6,), queues=("a",))
FLOOD = DayException(date(2026, 3, 4), Text("防汛", "flood"))
SHIFTED = DayException(date(2026, 3, 8), Text("错时", "shifted hours"), (SessionPlan(time(14), time(15)),))

YEAR = Year(
    year=2026,
    title=NAME,
    issued=date(2025, 11, 4),
    rest_days=(date(2026, 3, 13), date(2026, 3, 14)),
    extra_workdays=(date(2026, 3, 15),),
)
CALENDAR = Calendar((YEAR,))


def plan(*sessions: SessionPlan, **more: Any) -> HallPlan:
    queues = (QueuePlan("a", "A", NAME), QueuePlan("b", "B", NAME))
    return HallPlan(name=NAME, region="411328000000", queues=queues, windows=(), sessions=sessions, **more)


PLAN = plan(MORNING, EVENING, SATURDAY, exceptions=(FLOOD, SHIFTED), tickets_within_hours=True)


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        (date(2026, 3, 2), [9]),
        (date(2026, 3, 4), []),
        (date(2026, 3, 7), [9]),
        (date(2026, 3, 8), [14]),
        (date(2026, 3, 11), [9, 18]),
        (date(2026, 3, 13), []),
        (date(2026, 3, 14), []),
        (date(2026, 3, 15), [9]),
        (date(2026, 3, 22), []),
    ],
    ids=[
        "weekday",
        "closed",
        "Saturday",
        "shifted",
        "evening",
        "holiday",
        "holiday-weekend",
        "调休",
        "Sunday",
    ],
)
def test_a_day_is_open_by_its_exception_or_by_pattern_and_calendar(day: date, opens: list[int]) -> None:
    assert [session.opens.hour for session in sessions_on(PLAN, day, CALENDAR)] == opens
    hours = {slot.starts_at.hour for slot in offer(PLAN, day, CALENDAR).slots}
    assert ({min(hours)} if hours else set()) == set(opens[:1])


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2026, 3, 2, 8, 0, tzinfo=SHANGHAI), datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)),
        (datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI), datetime(2026, 3, 3, 9, 0, tzinfo=SHANGHAI)),
        (datetime(2026, 3, 3, 12, 0, tzinfo=SHANGHAI), datetime(2026, 3, 5, 9, 0, tzinfo=SHANGHAI)),
        (datetime(2026, 3, 7, 12, 0, tzinfo=SHANGHAI), datetime(2026, 3, 8, 14, 0, tzinfo=SHANGHAI)),
    ],
    ids=["before", "begun", "over-a-closed-day", "at-shifted-hours"],
)
def test_a_hall_opens_next_when_the_next_session_begins(now: datetime, opens: datetime) -> None:
    assert opens_next(PLAN, now, CALENDAR) == opens


def test_a_hall_without_hours_never_opens_by_them() -> None:
    assert opens_next(plan(), datetime(2026, 3, 2, 8, 0, tzinfo=SHANGHAI), CALENDAR) is None


def test_a_session_may_be_for_some_queues_only() -> None:
    assert {slot.queue for slot in offer(PLAN, date(2026, 3, 7), CALENDAR).slots} == {"a"}
    assert {slot.queue for slot in offer(PLAN, date(2026, 3, 2), CALENDAR).slots} == {"a", "b"}


def test_a_closed_day_says_why() -> None:
    def why(day: date) -> str | None:
        found = why_not(PLAN, day, date(2026, 3, 2), CALENDAR)
        return found and found.code

    assert why(date(2026, 3, 2)) is None
    assert why(date(2026, 3, 4)) == "hall-closed"
    assert why(date(2026, 3, 8)) is None
    assert why(date(2026, 3, 1)) == "slots-not-offered"
    assert why(date(9999, 12, 31)) == "slots-not-offered"


def test_so_many_working_days_ahead_are_open_whatever_holidays_lie_between() -> None:
    today = date(2026, 3, 12)
    nearer = plan(MORNING, booking=BookingRules(horizon_workdays=2))
    assert why_not(nearer, date(2026, 3, 16), today, CALENDAR) is None
    far = why_not(nearer, date(2026, 3, 17), today, CALENDAR)
    assert far is not None
    assert far.code == "slots-not-offered"
    rest = why_not(nearer, date(2026, 3, 13), today, CALENDAR)
    assert rest is not None
    assert rest.code == "not-a-working-day"


@pytest.mark.parametrize(
    ("day", "clock", "code"),
    [
        (3, time(8, 29), "tickets-not-yet"),
        (3, time(8, 30), None),
        (3, time(11, 59), None),
        (3, time(12), "tickets-over"),
        (4, time(10), "tickets-not-today"),  # closed by exception
        (7, time(10), None),  # a Saturday with an extended service
        (13, time(10), "tickets-not-today"),  # a gazetted holiday
        (15, time(10), None),  # a worked weekend
        (11, time(13), None),  # between two sessions
        (11, time(20), "tickets-over"),
    ],
)
def test_tickets_are_given_from_half_an_hour_before_the_first_session_to_the_end_of_the_last(
    day: int, clock: time, code: str | None
) -> None:
    now = datetime.combine(date(2026, 3, day), clock, SHANGHAI)
    found = why_no_tickets(PLAN, now, CALENDAR)
    assert (found and found.code) == code


def test_a_hall_that_does_not_say_so_or_has_no_sessions_keeps_no_hours() -> None:
    night = datetime(2026, 3, 7, 23, 0, tzinfo=SHANGHAI)
    assert why_no_tickets(plan(MORNING), night, CALENDAR) is None
    assert why_no_tickets(plan(tickets_within_hours=True), night, CALENDAR) is None


ALL_BOOKED = SessionPlan(time(9), time(12), walk_in=0)


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        (plan(ALL_BOOKED), "walk-in-share-missing", "sessions.walk_in"),
        (
            plan(SessionPlan(time(9), time(12), 60, 6, 2, 0, (6,))),
            "walk-in-share-missing",
            "sessions.walk_in",
        ),
        (
            plan(MORNING, exceptions=(DayException(date(2026, 3, 8), NAME, (ALL_BOOKED,)),)),
            "walk-in-share-missing",
            "exceptions.2026-03-08.sessions.walk_in",
        ),
        (plan(MORNING, SessionPlan(time(11), time(13), weekdays=(2,))), "sessions-overlap", "sessions"),
        (plan(SessionPlan(time(9), time(12), queues=("z",))), "unknown-queue", "sessions.queues"),
        (plan(MORNING, exceptions=(FLOOD, FLOOD)), "named-twice", "exceptions.date"),
    ],
)
def test_no_pattern_gives_everything_to_booking_nor_contradicts_itself(
    wrong: HallPlan, code: str, field: str
) -> None:
    given(hall).when(ConfigureHall(wrong)).refused(code, field=field)


def test_sessions_at_the_same_hour_are_for_other_days_or_other_queues() -> None:
    good = plan(
        SessionPlan(time(9), time(12), weekdays=(1,)),
        SessionPlan(time(9), time(12), 30, weekdays=(2,), queues=("a",)),
        SessionPlan(time(10), time(11), 30, weekdays=(2,), queues=("b",)),
    )
    given(hall).when(ConfigureHall(good)).then(HallConfigured(good))
