"""The list of rectifications: what each waits for, by when, and what is shown of it to whom."""

from datetime import datetime
from typing import Any

import msgspec
from hypothesis import given

from domain import review as deciding
from domain.catalogue import EVENTS
from domain.deadlines import RectificationClock, RectificationDues, RectificationLimits
from domain.message import Event, Recorded
from domain.rectification import (
    RectificationFedBack,
    RectificationOpened,
    RectificationOverdue,
    RectificationPlanned,
    RectificationRecomputed,
    ReviewAppealed,
    ReviewerCalledBack,
    ReviewerContacted,
    ReviewRectified,
    ReviewRuled,
    ReviewVerified,
)
from domain.review import ReviewAdded, ReviewGiven, ReviewInvited
from domain.workdays import Due
from projections import rectifications
from projections.rectifications import View, present
from tests.histories import CALENDAR, histories, record, view_of
from tests.spec import NINE


def at(day: int, hour: int = 9) -> datetime:
    return NINE.replace(day=day, hour=hour)


GIVEN = ReviewGiven(
    review="r1",
    grade="very-dissatisfied",
    tags=("113",),
    comment="跑了三个窗口",
    channel="mobile",
    anonymous=True,
    person="p1",
    hall="tanghe",
    unit="market-office",
    item="permit",
)
DUES = RectificationDues(
    Due(at(3, 23)), Due(at(9, 23)), Due(at(23, 23), provisional=True), simple_warn_at=at(6, 0)
)
OPENED = RectificationOpened(
    "case.t1", "market-office", RectificationClock(NINE, RectificationLimits()), DUES
)
CONTACTED = ReviewerContacted("reached")
TRUE = ReviewVerified("true", "属实")
RECTIFIED = ReviewRectified(remedy="measures", text="已合并窗口", due_at=at(9, 23))
FED_BACK = RectificationFedBack("已整改", "phone")


def seen(*happened: Event | tuple[datetime, Event]) -> View:
    view = view_of(rectifications, record("review-case.t1", *happened))["case.t1"]
    assert isinstance(view, View)
    return view


def test_a_bad_review_is_on_the_list_even_before_its_deadlines_are() -> None:
    view = seen(GIVEN)
    assert (view.status, view.step, view.due_at) == ("opening", "contact", None)
    assert (view.review, view.service, view.unit, view.grade) == (
        "r1",
        "case.t1",
        "market-office",
        "very-dissatisfied",
    )


def test_a_good_review_and_an_invitation_are_not() -> None:
    invited = ReviewInvited(channel="sms", hall="tanghe", unit="market-office")
    well = msgspec.structs.replace(GIVEN, grade="satisfied")
    assert view_of(rectifications, record("review-case.t1", invited, well)) == {}


def test_each_step_has_its_deadline_and_what_is_done_has_none() -> None:
    told: list[Event] = [GIVEN, OPENED]
    expected: list[tuple[Event, str, datetime | None, bool]] = [
        (CONTACTED, "verify", at(9, 23), False),
        (TRUE, "rectify", at(9, 23), False),
        (RectificationPlanned("下月"), "rectify", at(23, 23), True),
        (RECTIFIED, "feed-back", None, False),
        (FED_BACK, "call-back", None, False),
        (ReviewerCalledBack(True), "closed", None, False),
    ]
    assert (seen(*told).step, seen(*told).due_at, seen(*told).status) == ("contact", at(3, 23), "open")
    for event, step, due_at, provisional in expected:
        told.append(event)
        view = seen(*told)
        assert (view.step, view.due_at, view.provisional) == (step, due_at, provisional)


def test_a_closed_rectification_stays_on_the_list() -> None:
    history = (GIVEN, OPENED, CONTACTED, TRUE, RECTIFIED, FED_BACK)
    view = seen(*history, (at(9), ReviewerCalledBack(True)))
    assert (view.status, view.closed_at) == ("closed", at(9))
    added = ReviewAdded(review="r2", grade="satisfied", channel="mobile")
    later = seen(*history, (at(9), ReviewerCalledBack(True)), (at(10), added))
    assert (later.added_grade, later.closed_at) == ("satisfied", at(9))


def test_without_a_known_person_the_answer_closes_it() -> None:
    nameless = msgspec.structs.replace(GIVEN, person=None)
    assert seen(nameless, OPENED, CONTACTED, TRUE, RECTIFIED, FED_BACK).status == "closed"


def test_a_contested_review_waits_for_a_ruling_and_its_deadline_runs_on() -> None:
    appealed = (GIVEN, OPENED, CONTACTED, ReviewAppealed("不实"))
    assert (seen(*appealed).step, seen(*appealed).due_at) == ("ruling", at(9, 23))
    assert seen(*appealed, ReviewRuled("true", "x", "supervision")).step == "rectify"
    annulled = seen(*appealed, ReviewRuled("malicious", "x", "supervision"))
    assert (annulled.step, annulled.annulled, annulled.due_at) == ("feed-back", True, None)


def test_it_tells_which_steps_were_overdue_and_everything_that_was_done() -> None:
    view = seen(GIVEN, OPENED, (at(3, 23), RectificationOverdue("contact")), (at(4), CONTACTED))
    assert view.overdue == ["contact"]
    assert [done.what for done in view.steps] == [
        "rectification-opened",
        "rectification-overdue",
        "reviewer-contacted",
    ]
    assert view.steps[-1].at == at(4)


def test_other_instants_are_shown_when_they_are_computed() -> None:
    later = RectificationDues(Due(at(4, 23)), Due(at(10, 23)), Due(at(24, 23)))
    assert seen(GIVEN, OPENED, RectificationRecomputed(later)).due_at == at(4, 23)


def test_it_is_read_with_the_days_left_and_the_signal_of_that_moment() -> None:
    view = seen(GIVEN, OPENED, CONTACTED, TRUE)
    expected: list[tuple[datetime, int, str | None]] = [
        (at(2), 5, None),
        (at(6), 1, "warning"),
        (at(9), 0, "yellow"),
        (at(10), -1, "red"),
    ]
    for now, left, signal in expected:
        shown = present(view, CALENDAR, now)
        assert (shown["workdays_left"], shown["signal"]) == (left, signal)


def test_on_the_days_off_behind_a_deadline_it_is_late_without_a_working_day_more() -> None:
    friday = msgspec.structs.replace(seen(GIVEN, OPENED), due_at=at(6, 23))
    for now, late in ((at(6), False), (at(7), True), (at(8), True)):
        shown = present(friday, CALENDAR, now)
        assert (shown["workdays_left"], shown["late"]) == (0, late)


def test_it_is_read_without_the_reviewer() -> None:
    shown: dict[str, Any] = present(seen(GIVEN, OPENED), CALENDAR, NINE)
    assert shown["real_name"] is True
    assert "p1" not in msgspec.json.encode(shown).decode()
    outside = {
        "rectification",
        "review",
        "service",
        "unit",
        "step",
        "due_at",
        "workdays_left",
        "signal",
        "provisional",
    }
    assert outside <= shown.keys()


def test_what_is_due_no_more_has_no_signal() -> None:
    shown = present(seen(GIVEN, OPENED, CONTACTED, TRUE, RECTIFIED), CALENDAR, at(30))
    assert (shown["workdays_left"], shown["signal"]) == (None, None)


def test_every_step_has_a_name() -> None:
    steps = {"contact", "verify", "ruling", "rectify", "feed-back", "call-back", "closed"}
    assert rectifications.STEP_NAMES.keys() == steps
    assert {tag for tag in EVENTS if tag.startswith("rectification-")} <= EVENTS.keys()


@given(histories("case-t1", "review-case.t1"))
def test_the_list_stands_where_the_review_itself_stands(log: list[Recorded]) -> None:
    view = view_of(rectifications, log).get("case.t1")
    state = deciding.initial()
    for recorded in log:
        if recorded.category == "review":
            state = deciding.evolve(state, recorded.event, recorded.stamp)
    work = state.rectification
    if work is None or view is None:
        assert work is None
        return
    assert (view.step, view.planned, view.annulled) == (work.step, work.planned, work.annulled)
    assert view.overdue == work.overdue
    assert (view.clock, view.dues) == (work.clock, work.dues)
    assert (view.status == "closed") == (work.step == "closed")


@given(histories())
def test_no_history_of_the_halls_is_too_much_for_it(log: list[Recorded]) -> None:
    for view in view_of(rectifications, log).values():
        assert rectifications.facets(view).keys() == rectifications.FACETS.keys()
        msgspec.json.encode(present(view, CALENDAR, NINE))
