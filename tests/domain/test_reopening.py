"""A day that was closed by mistake: it is opened again, with everybody where they stood."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from domain import queue
from domain.day_end import over_whom, reopen_until
from domain.line import Keeper, Queue, standing
from domain.message import Event, Refused
from domain.promises import broken
from domain.queue import (
    CallNext,
    CloseDay,
    DayClosed,
    DayOpened,
    DayReopened,
    IssueTicket,
    OpenWindow,
    ReopenDay,
    TicketCalled,
    TicketIssued,
    TicketLeft,
    TicketMissed,
    TicketParked,
    TicketRestored,
    TicketReturned,
    UnparkTicket,
)
from tests.domain.test_queue import A1, A2, B1, IN_SERVICE, OPEN, PARKED, PLAN, W1, W2
from tests.spec import NINE, given

STREAM = "queue-tanghe-2026-03-02"
A3 = TicketIssued("A003", "ta3", "general", None, "elderly")
B2 = TicketIssued("B002", "tb2", "estate")
ASIDE = (TicketCalled("B001", "2"), TicketParked("B001", "2", "a copy", "window"))
MISSED = (TicketCalled("B002", "2"), TicketMissed("B002", "2"))
BUSY: tuple[Event, ...] = (*IN_SERVICE, W2, A2, A3, B1, B2, *ASIDE, *MISSED)
"""A001 is served at window 1, A002 and A003 wait, B001 was set aside by window 2, B002 did not come."""


def closed(*history: Event) -> Any:
    """The day a minute after it was closed over everybody."""
    return given(queue, *history).when(CloseDay(force=True)).at_time(NINE + timedelta(minutes=1))


def lines(state: Queue) -> dict[str, list[str]]:
    return {line: [ticket.number for ticket in standing(state, line, NINE)] for line in state.lines}


def test_whoever_the_closing_let_go_stands_where_they_stood() -> None:
    before = given(queue, *BUSY).state
    state = (
        closed(*BUSY)
        .when(ReopenDay())
        .then(
            DayReopened(),
            TicketRestored("A001", "general", "waiting", "1"),
            TicketRestored("A002", "general"),
            TicketRestored("A003", "general"),
            TicketRestored("B001", "estate", "parked"),
            TicketRestored("B002", "estate", "missed"),
        )
    )
    # Who was at the window is first by arrival among the ordinary; the class of the others counts as before.
    assert lines(before) == {"general": ["A003", "A002"], "estate": []}
    assert lines(state) == {"general": ["A003", "A001", "A002"], "estate": []}
    aside = state.tickets["B001"]
    assert (aside.pool, aside.window, aside.reason) == ("window", "2", "a copy")
    assert (state.experience.gone, state.experience.waited_s) == (0, before.experience.waited_s)
    assert not state.closed
    assert list(over_whom(state)) == []
    assert list(broken(STREAM, state)) == []


def test_the_window_that_had_somebody_in_hand_gets_them_again() -> None:
    day = closed(*BUSY).when(ReopenDay())
    assert day.state.tickets["A001"].kept_for == Keeper("1")
    # Somebody sits down elsewhere first: as long as the window is closed nobody waits for it.
    elsewhere = closed(*BUSY).when(ReopenDay(), OpenWindow("2", "clerk:wang", ("general",)))
    elsewhere.when(CallNext("2")).then(TicketCalled("A003", "2"))
    day.when(OpenWindow("1", "clerk:li"), OpenWindow("2", "clerk:wang", ("general",)))
    day.when(CallNext("2")).then(TicketCalled("A003", "2"))
    day.when(CallNext("1")).then(TicketCalled("A001", "1"))


def test_a_day_that_is_open_again_goes_on() -> None:
    day = closed(*BUSY).when(ReopenDay())
    day.when(IssueTicket("new", "general")).then(TicketIssued("A004", "new", "general"))
    day.when(OpenWindow("2", "clerk:wang")).when(UnparkTicket("2", "B001"))
    assert day.state.tickets["B001"].status == "called"
    day.when(CloseDay(), CloseDay(force=True), ReopenDay())
    assert lines(day.state)["general"] == ["A003", "A001", "A002", "A004"]
    assert list(broken(STREAM, day.state)) == []


def test_a_place_behind_others_after_a_missed_call_is_kept() -> None:
    plan = msgspec.structs.replace(PLAN, missed_return_after=1)
    back = (DayOpened(plan), W1, A1, TicketCalled("A001", "1"), TicketMissed("A001", "1"), A2)
    day = given(queue, *back, TicketReturned("A001", after=1)).when(CloseDay(), ReopenDay())
    assert lines(day.state)["general"] == ["A002", "A001"]


def test_opening_an_open_day_changes_nothing() -> None:
    given(queue, OPEN, W1, A1).when(ReopenDay()).then()
    given(queue).when(ReopenDay()).refused("day-not-open")
    closed(*BUSY).when(ReopenDay(), ReopenDay()).then()


@pytest.mark.parametrize(("minutes", "allowed"), [(0, 0), (15, 15), (60, 60)])
def test_a_day_is_opened_again_only_within_the_plans_time(minutes: int, allowed: int) -> None:
    opened = DayOpened(msgspec.structs.replace(PLAN, reopen_minutes=minutes))
    day = given(queue, opened, W1, A1).when(CloseDay())
    until = reopen_until(day.state)
    assert until == NINE + timedelta(minutes=allowed)
    late = day.at_time(NINE + timedelta(minutes=allowed, seconds=1)).when(ReopenDay())
    late.refused("too-late-to-reopen", minutes=minutes)
    late.at_time(until).when(ReopenDay())
    assert not isinstance(late.decided, Refused)


def test_a_plan_without_that_time_never_opens_a_day_again() -> None:
    never = DayOpened(msgspec.structs.replace(PLAN, reopen_minutes=0))
    day = given(queue, never).when(CloseDay()).at_time(NINE + timedelta(seconds=1))
    day.when(ReopenDay()).refused("too-late-to-reopen", minutes=0)


def test_who_had_left_before_the_closing_stays_away() -> None:
    gone = TicketLeft("A002")
    state = (
        closed(OPEN, W1, A1, A2, gone)
        .when(ReopenDay())
        .then(DayReopened(), TicketRestored("A001", "general"))
    )
    assert state.tickets["A002"].status == "left"


def test_it_is_a_broken_promise_when_somebody_stays_let_go_on_an_open_day() -> None:
    state = given(queue, OPEN, W1, A1, TicketLeft("A001", "day-closed"), DayClosed(), DayReopened()).state
    assert list(broken(STREAM, state)) == [f"{STREAM}: the day is open and A001 was let go by its closing"]


def test_a_visit_set_aside_by_a_window_is_as_it_was() -> None:
    day = closed(*IN_SERVICE, PARKED).when(ReopenDay())
    day.then(DayReopened(), TicketRestored("A001", "general", "parked"))
    assert day.state.tickets["A001"].reason == PARKED.reason
