"""What presses for a rectification: who answers for it, what stops its clock, what warns, and where it goes up."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given as hypothesis_given

from domain import review
from domain.deadlines import RectificationClock, RectificationLimits, Stop, rectification_dues
from domain.message import Event
from domain.rectification import (
    UNFOUNDED,
    Appeal,
    Contact,
    MarkOverdue,
    PauseRectification,
    RecomputeDues,
    RectificationOpened,
    RectificationOverdue,
    RectificationPaused,
    RectificationPlanned,
    RectificationRecomputed,
    RectificationResumed,
    RectificationWarned,
    Rectify,
    ResumeRectification,
    ReviewAppealed,
    ReviewerContacted,
    ReviewRectified,
    ReviewVerified,
    Rule,
    RulingAwaited,
    Verify,
    WarnRectification,
)
from domain.review import GiveReview, LookRecorded, RecordLook
from domain.unit import LagNoted
from domain.urging import (
    AnswerOrder,
    Assign,
    Escalate,
    OrderAnswered,
    OrderRecorded,
    RecordOrder,
    RectificationAssigned,
    RectificationEscalated,
    RectificationReminded,
    Remind,
)
from tests.domain.test_review import CALLED_BACK, FED_BACK, GIVEN_BADLY, NAMELESS, RECTIFIED, TRUE
from tests.histories import CALENDAR, World, worlds
from tests.spec import NINE, given

STREAM = "review-case.t1"


def at(day: int, hour: int = 9) -> datetime:
    return NINE.replace(day=day, hour=hour)


CLOCK = RectificationClock(NINE, RectificationLimits(), appeal=3, ruling=5, ladder=3)
DUES = rectification_dues(CLOCK, CALENDAR)
OPENED = RectificationOpened("case.t1", "market-office", CLOCK, DUES)
RATED = (GIVEN_BADLY, OPENED)
CONTACTED = ReviewerContacted("reached")
WORKED = (*RATED, CONTACTED, TRUE)
CLOSED = (*WORKED, RECTIFIED, FED_BACK, CALLED_BACK)


# --- whom it goes to ------------------------------------------------------------------------------------------


def test_a_clerk_is_named_and_another_may_be_named_later() -> None:
    told = given(review, *RATED)
    told.when(Assign("li")).then(RectificationAssigned("li"))
    told.when(Assign("li")).then()
    state = told.when(Assign("wang")).then(RectificationAssigned("wang"))
    assert state.rectification.urging.clerk == "wang"


def test_a_reminder_moves_neither_step_nor_deadline() -> None:
    told = given(review, *RATED)
    state = told.when(Remind("请尽快")).then(RectificationReminded("请尽快"))
    assert (state.rectification.step, state.rectification.dues) == ("contact", DUES)
    told.when(Remind("请尽快")).then()


def test_nobody_is_pressed_for_what_is_closed() -> None:
    told = given(review, *CLOSED)
    told.when(Assign("li")).refused("rectification-closed")
    told.when(Remind("请尽快")).refused("rectification-closed")
    told.when(Escalate("rectify")).then()


@pytest.mark.parametrize(
    ("about", "to"),
    [
        ("warning", "clerk"),
        ("contact", "head-of-section"),
        ("ruling", "head-of-section"),
        ("rectify", "head-of-section"),
        ("still-overdue", "leader"),
    ],
)
def test_what_is_near_or_late_goes_up_the_ladder_once(about: Any, to: Any) -> None:
    told = given(review, *RATED)
    told.when(Escalate(about)).then(RectificationEscalated(about, to))
    told.when(Escalate(about)).then()


def test_a_work_order_of_the_hotline_is_recorded_and_answered_once() -> None:
    told = given(review, *RATED)
    recorded = OrderRecorded("NY1", "in", "群众来电")
    told.when(AnswerOrder("NY1", "已整改")).refused("unknown-order")
    told.when(RecordOrder("NY1", "in", "群众来电")).then(recorded)
    told.when(RecordOrder("NY1", "in", "群众来电")).then()
    told.when(RecordOrder("NY1", "out", "转办")).refused("order-known")
    told.when(AnswerOrder("NY1", "已整改")).then(OrderAnswered("NY1", "已整改"))
    told.when(AnswerOrder("NY1", "已整改")).then()
    told.when(AnswerOrder("NY1", "另有说明")).refused("order-answered")


# --- what stops the clock -------------------------------------------------------------------------------------

PAUSE = PauseRectification("evidence-awaited", "等待鉴定")
PAUSED = RectificationPaused("evidence-awaited", "等待鉴定")
RESUMED = RectificationResumed(msgspec.structs.replace(CLOCK, stops=(Stop(NINE, at(4)),)))


def test_a_pause_has_a_reason_and_moves_the_deadlines_by_the_working_days_it_lasted() -> None:
    told = given(review, *RATED)
    told.when(PAUSE).then(PAUSED)
    told.when(PAUSE).then()
    told.when(Contact("reached")).refused("rectification-paused")
    told.at_time(at(4)).when(ResumeRectification()).then(RESUMED)
    told.when(ResumeRectification()).then()
    moved = rectification_dues(RESUMED.clock, CALENDAR)
    assert moved.simple.at - DUES.simple.at == timedelta(days=2)
    told.when(RecomputeDues(RESUMED.clock, moved)).then(RectificationRecomputed(moved))
    told.when(PAUSE).then(PAUSED)


def test_a_pause_within_a_day_is_told_its_old_deadlines_anew() -> None:
    told = given(review, *RATED).when(PAUSE)
    resumed = RectificationResumed(msgspec.structs.replace(CLOCK, stops=(Stop(NINE, NINE),)))
    told.when(ResumeRectification()).then(resumed)
    told.when(RecomputeDues(resumed.clock, DUES)).then(RectificationRecomputed(DUES))
    told.when(RecomputeDues(resumed.clock, DUES)).then()


def test_nothing_is_paused_after_its_deadline_or_its_deed() -> None:
    given(review, *RATED).at_time(at(10)).when(PAUSE).refused("deadline-passed")
    given(review, *WORKED, RECTIFIED).when(PAUSE).refused("step-out-of-order")


def test_what_stands_still_is_neither_warned_of_nor_late() -> None:
    told = given(review, *RATED, PAUSED).at_time(at(30))
    told.when(MarkOverdue("contact")).then()
    told.when(WarnRectification(DUES.simple.at)).then()


# --- what warns -----------------------------------------------------------------------------------------------


def test_a_deadline_is_warned_of_once_when_a_fifth_of_it_is_left() -> None:
    assert DUES.simple_warn_at == at(6, 0)
    told = given(review, *WORKED)
    told.at_time(at(5)).when(WarnRectification(DUES.simple.at)).refused("not-yet-due")
    told.at_time(at(6)).when(WarnRectification(DUES.simple.at)).then(RectificationWarned(DUES.simple.at))
    told.when(WarnRectification(DUES.simple.at)).then()


def test_a_plan_is_warned_of_for_its_own_deadline() -> None:
    told = given(review, *WORKED, RectificationPlanned("下月")).at_time(at(23))
    told.when(WarnRectification(DUES.simple.at)).then()
    told.when(WarnRectification(DUES.complex.at)).then(RectificationWarned(DUES.complex.at))


# --- what is contested ----------------------------------------------------------------------------------------

AWAITED = RulingAwaited(msgspec.structs.replace(CLOCK, contested_at=NINE))


def test_an_appeal_starts_the_time_in_which_it_is_ruled_upon() -> None:
    told = given(review, *WORKED)
    told.when(Appeal("不实")).then(ReviewAppealed("不实"), AWAITED)
    dues = rectification_dues(AWAITED.clock, CALENDAR)
    assert dues.ruling is not None
    assert dues.ruling.at.date() == at(9).date()
    told.when(MarkOverdue("ruling")).then()
    told.when(RecomputeDues(AWAITED.clock, dues)).then(RectificationRecomputed(dues))
    told.at_time(at(9)).when(MarkOverdue("ruling")).refused("not-yet-due")
    told.at_time(at(10)).when(MarkOverdue("ruling")).then(RectificationOverdue("ruling", "market-office"))
    told.when(Rule("true", "属实", "supervision-office"))
    told.when(MarkOverdue("ruling")).then()


@pytest.mark.parametrize("finding", UNFOUNDED)
def test_a_finding_against_the_reviewer_starts_it_too(finding: Any) -> None:
    told = given(review, *RATED, CONTACTED)
    told.when(Verify(finding, "误评")).then(ReviewVerified(finding, "误评"), AWAITED)


def test_an_appeal_comes_within_its_own_days() -> None:
    assert DUES.appeal is not None
    given(review, *WORKED).at_time(at(5, 23)).when(Appeal("不实")).then(
        ReviewAppealed("不实"), RulingAwaited(msgspec.structs.replace(CLOCK, contested_at=at(5, 23)))
    )
    given(review, *WORKED).at_time(at(6)).when(Appeal("不实")).refused(
        "deadline-passed", due_at=DUES.appeal.at
    )


# --- who looks at whom ----------------------------------------------------------------------------------------


def test_every_look_at_who_rated_is_recorded() -> None:
    told = given(review, *RATED)
    told.when(RecordLook("回访")).then(LookRecorded("回访"))
    told.when(RecordLook("回访")).then(LookRecorded("回访"))
    given(review, NAMELESS).when(RecordLook("回访")).refused("reviewer-unknown")


# --- laws -----------------------------------------------------------------------------------------------------


@hypothesis_given(worlds(STREAM))
def test_whatever_is_asked_what_was_late_went_up_the_ladder_unless_it_was_closed(world: World) -> None:
    late: set[str] = set()
    told: set[str] = set()
    for event in world.events(STREAM):
        if isinstance(event, RectificationOverdue):
            late.add(event.step)
        if isinstance(event, RectificationEscalated):
            told.add(event.about)
    assert late <= told


@hypothesis_given(worlds(STREAM))
def test_whatever_is_asked_nothing_is_late_while_it_stands_still(world: World) -> None:
    paused = False
    for event in world.events(STREAM):
        match event:
            case RectificationPaused():
                assert not paused
                paused = True
            case RectificationResumed():
                assert paused
                paused = False
            case RectificationOverdue() | RectificationWarned() | ReviewRectified():
                assert not paused


def test_what_is_rectified_at_last_goes_no_higher() -> None:
    told = given(review, *WORKED, RectificationOverdue("rectify")).at_time(at(30))
    told.when(Rectify("measures", "终于整改"), MarkOverdue("still-overdue")).then()


def test_a_plan_puts_off_the_last_rung_too() -> None:
    assert DUES.of("still-overdue", planned=True).at.date() == at(26).date()
    told = given(review, *WORKED, RectificationPlanned("下月合并窗口")).at_time(at(12, 23))
    told.when(MarkOverdue("still-overdue")).refused("not-yet-due")


def test_a_rectification_of_before_has_no_last_rung() -> None:
    old = msgspec.structs.replace(CLOCK, ladder=None)
    opened = RectificationOpened("case.t1", "market-office", old, rectification_dues(old, CALENDAR))
    told = given(review, GIVEN_BADLY, opened).at_time(at(30))
    told.when(MarkOverdue("still-overdue")).then()


def test_a_bad_review_goes_from_warning_to_the_leader_by_itself() -> None:
    world = World()
    badly = GiveReview(
        review="r1", grade="dissatisfied", channel="mobile", hall="tanghe", unit="u", person="p1"
    )
    world.ask(STREAM, badly, NINE)
    world.record_passed(NINE + timedelta(days=30))
    told: list[Event] = world.events(STREAM)[1:]
    dues = rectification_dues(CLOCK, CALENDAR)
    assert told == [
        RectificationOpened("case.t1", "u", CLOCK, dues),
        RectificationOverdue("contact", "u"),
        RectificationEscalated("contact", "head-of-section"),
        RectificationWarned(dues.simple.at),
        RectificationEscalated("warning", "clerk"),
        RectificationOverdue("rectify", "u"),
        RectificationEscalated("rectify", "head-of-section"),
        RectificationOverdue("still-overdue", "u"),
        RectificationEscalated("still-overdue", "leader"),
    ]
    assert dues.simple_ladder is not None
    assert dues.simple_ladder.at.date() == at(12).date()
    assert world.events("unit-u") == [LagNoted("case.t1", "contact"), LagNoted("case.t1", "rectify")]
    assert world.refused == []
