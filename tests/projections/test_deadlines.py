"""The deadlines that run, and what is asked of a stream when one has passed."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given

from domain.case import CaseAccepted, CaseClosed, CaseDecided, CaseRefused, CaseWithdrawn
from domain.deadlines import CaseClock, CaseDues, RectificationClock, RectificationDues, RectificationLimits
from domain.delivery import CaseDelivered
from domain.handling import Ask
from domain.limits import LimitClock, LimitPassed, LimitSet, LimitSignalled, MarkPassed, RaiseSignal
from domain.message import Event
from domain.rectification import (
    MarkOverdue,
    RectificationExtended,
    RectificationOpened,
    RectificationOverdue,
    RectificationPlanned,
    RectificationRecomputed,
    ReviewerContacted,
    ReviewRectified,
    ReviewRuled,
)
from domain.respite import CaseExtended, CaseResumed, CaseSuspended
from domain.supervision import CaseWarned, ClockStarted, DeadlineRecomputed, Warn
from domain.workdays import Due
from projections import deadlines
from projections.deadlines import View, passed
from tests.histories import World, record, view_of, worlds
from tests.spec import NINE


def at(day: int) -> datetime:
    return NINE.replace(day=day)


CLOCK = CaseClock(since=NINE, workdays=8)
ACCEPTED = CaseAccepted(None, CLOCK)
STARTED = ClockStarted(CaseDues(warn_at=at(11), yellow_at=at(12), due_at=at(13), provisional=True))
LATER = DeadlineRecomputed(CaseDues(warn_at=at(18), yellow_at=at(19), due_at=at(20)))
CASE = (ACCEPTED, STARTED)

DUES = RectificationDues(Due(at(3)), Due(at(9)), Due(at(23)))
OPENED = RectificationOpened("case.t1", "office", RectificationClock(NINE, RectificationLimits()), DUES)


def of_case(*happened: Event | tuple[datetime, Event]) -> View | None:
    return view_of(deadlines, record("case-t1", *happened)).get("case-t1")


def of_review(*happened: Event | tuple[datetime, Event]) -> View | None:
    return view_of(deadlines, record("review-case.t1", *happened)).get("review-case.t1")


def due_at(view: View | None) -> Any:
    assert view is not None
    return deadlines.facets(view)["due_at"]


# --- cases ----------------------------------------------------------------------------------------------------


def test_the_first_signal_to_come_is_what_a_case_is_due_for() -> None:
    view = of_case(*CASE)
    assert view is not None
    assert deadlines.facets(view) == {"due_at": at(11), "provisional": True}
    assert passed(view, at(11) - timedelta(seconds=1)) == []
    assert passed(view, at(11)) == [(at(11), Ask("case-t1", Warn("warning")))]


def test_signals_that_passed_together_are_recorded_in_their_order() -> None:
    view = of_case(*CASE)
    assert view is not None
    assert [(when, ask.command) for when, ask in passed(view, at(30))] == [
        (at(11), Warn("warning")),
        (at(12), Warn("yellow")),
        (at(13), Warn("red")),
    ]


def test_a_signal_that_was_raised_is_due_no_more() -> None:
    assert due_at(of_case(*CASE, (at(11), CaseWarned("warning")))) == at(12)
    warned = [(at(30), CaseWarned(signal)) for signal in ("warning", "yellow", "red")]
    assert due_at(of_case(*CASE, *warned)) is None


def test_before_the_clock_is_set_and_while_it_stands_still_nothing_is_due() -> None:
    assert due_at(of_case(ACCEPTED)) is None
    stopped = (*CASE, CaseSuspended("hearing", "x", 5))
    assert due_at(of_case(*stopped)) is None
    resumed = msgspec.structs.replace(CLOCK, extension=1)
    view = of_case(*stopped, CaseResumed(None, resumed))
    assert due_at(view) is None
    assert view is not None
    assert view.clock == resumed
    assert due_at(of_case(*stopped, CaseResumed(None, resumed), LATER)) == at(18)


def test_a_deadline_that_moved_is_warned_of_again() -> None:
    warned = (*CASE, (at(11), CaseWarned("warning")))
    assert due_at(of_case(*warned, (at(12), LATER))) == at(18)
    assert due_at(of_case(*warned, (at(18), LATER))) == at(19)


def test_an_extension_is_kept_for_the_next_computation() -> None:
    extended = msgspec.structs.replace(CLOCK, extension=5)
    view = of_case(*CASE, CaseExtended(5, "x", "director", extended))
    assert view is not None
    assert view.clock == extended


def test_a_case_is_due_until_it_is_closed_or_withdrawn() -> None:
    assert of_case(*CASE, CaseDecided("granted")) is not None
    assert of_case(*CASE, CaseDecided("granted"), CaseClosed("permit", "tanghe", "office")) is None
    assert of_case(*CASE, CaseWithdrawn()) is None


def test_what_is_not_timed_is_never_due() -> None:
    assert of_case(CaseAccepted()) is None


# --- the smaller limits of a case -----------------------------------------------------------------------------

WAITING = LimitSet(limit="acceptance", clock=LimitClock(NINE, 5), due=Due(at(9)), accepts=True)
RESULT = LimitSet(limit="delivery", clock=LimitClock(NINE, 10), due=Due(at(16), provisional=True))


def test_a_case_is_due_for_its_acceptance_before_its_clock_starts() -> None:
    view = of_case(WAITING)
    assert due_at(view) == at(9)
    assert view is not None
    assert passed(view, at(9)) == [(at(9), Ask("case-t1", MarkPassed("acceptance")))]
    assert of_case(WAITING, (at(9), LimitPassed("acceptance"))) is None
    assert of_case(WAITING, CaseRefused("x", "y")) is None
    assert due_at(of_case(WAITING, *CASE)) == at(11)


def test_a_limit_and_a_signal_of_one_case_pass_in_their_order() -> None:
    step = LimitSet(limit="step.s1", clock=LimitClock(NINE, 8), due=Due(at(12)))
    view = of_case(*CASE, step)
    assert view is not None
    assert [ask.command for _, ask in passed(view, at(12))] == [
        Warn("warning"),
        MarkPassed("step.s1"),
        Warn("yellow"),
    ]


def test_a_result_is_due_at_its_applicant_after_the_case_is_closed() -> None:
    closed = (*CASE, CaseDecided("granted"), RESULT, CaseClosed("permit", "tanghe", "office"))
    view = of_case(*closed)
    assert view is not None
    assert deadlines.facets(view) == {"due_at": at(16), "provisional": True}
    assert of_case(*closed, CaseDelivered("window")) is None


# --- rectifications -------------------------------------------------------------------------------------------


def test_a_rectification_is_due_for_its_contact_and_then_for_its_deed() -> None:
    view = of_review(OPENED)
    assert view is not None
    assert [(when, ask.command) for when, ask in passed(view, at(30))] == [
        (at(3), MarkOverdue("contact")),
        (at(9), MarkOverdue("rectify")),
    ]
    assert due_at(of_review(OPENED, ReviewerContacted("unreachable"))) == at(9)


def test_a_plan_is_due_later() -> None:
    assert due_at(of_review(OPENED, ReviewerContacted("reached"), RectificationPlanned("x"))) == at(23)


def test_what_was_recorded_as_overdue_is_not_recorded_again() -> None:
    overdue = (OPENED, (at(3), RectificationOverdue("contact")))
    assert due_at(of_review(*overdue)) == at(9)
    later = RectificationRecomputed(RectificationDues(Due(at(4)), Due(at(10)), Due(at(24))))
    assert due_at(of_review(*overdue, later)) == at(10)


def test_an_extended_rectification_keeps_its_facts() -> None:
    clock = RectificationClock(NINE, RectificationLimits(), extension=5)
    view = of_review(OPENED, RectificationExtended(5, "x", "director", clock))
    assert view is not None
    assert view.clock == clock


def test_a_rectification_is_due_until_it_is_done_or_not_adopted() -> None:
    done = ReviewRectified(remedy="measures", text="x", due_at=at(9))
    assert of_review(OPENED, ReviewerContacted("reached"), done) is None
    assert of_review(OPENED, ReviewRuled("malicious", "x", "supervision")) is None
    assert of_review(OPENED, ReviewRuled("true", "x", "supervision")) is not None


# --- laws -----------------------------------------------------------------------------------------------------


@given(worlds("case-t1", "review-case.t1"))
def test_whatever_happens_every_deadline_that_runs_is_recorded_when_it_has_passed(world: World) -> None:
    """What passes may start a clock that has passed as well: silence accepts, and the promise is counted from it."""
    far = NINE + timedelta(days=4000)
    for _ in range(2):
        views = view_of(deadlines, world.log)
        running = [ask for view in views.values() for _, ask in passed(view, far)]
        for stream, command in running:
            assert isinstance(world.ask(stream, command, far, "clock:deadlines"), list)
    views = view_of(deadlines, world.log)
    assert [passed(view, far) for view in views.values()] == [[]] * len(views)
    assert world.refused == []


@given(worlds("case-t1", "review-case.t1"))
def test_no_two_deadlines_of_a_stream_that_pass_at_one_instant_ask_the_same(world: World) -> None:
    """Their commands are told apart by the stream, the instant and what is asked."""
    far = NINE + timedelta(days=4000)
    for view in world.running.values():
        asked = [(at, ask.command) for at, ask in passed(view, far)]
        assert len(set(asked)) == len(asked)


@given(worlds())
def test_no_history_of_the_halls_is_too_much_for_it(world: World) -> None:
    for view in view_of(deadlines, world.log).values():
        assert deadlines.facets(view).keys() == deadlines.FACETS.keys()


def test_every_signal_of_a_limit_is_to_come_until_it_has_come() -> None:
    watched = msgspec.structs.replace(WAITING, signals={"warning": at(6), "red": at(11)})
    view = of_case(watched)
    assert view is not None
    assert deadlines.facets(view)["due_at"] == at(6)
    assert passed(view, at(11)) == [
        (at(6), Ask("case-t1", RaiseSignal("acceptance", "warning"))),
        (at(9), Ask("case-t1", MarkPassed("acceptance"))),
        (at(11), Ask("case-t1", RaiseSignal("acceptance", "red"))),
    ]
    warned = (watched, (at(6), LimitSignalled("acceptance", "warning")))
    view = of_case(*warned, (at(9), LimitPassed("acceptance")))
    assert view is not None
    assert passed(view, at(11)) == [(at(11), Ask("case-t1", RaiseSignal("acceptance", "red")))]
    over = ((at(9), LimitPassed("acceptance")), (at(11), LimitSignalled("acceptance", "red")))
    assert of_case(*warned, *over) is None
