"""The rating of a service, and the rectification that a bad one calls for."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given as hypothesis_given

from domain import review
from domain.deadlines import RectificationClock, RectificationDues, RectificationLimits
from domain.message import Command, Event
from domain.rectification import (
    Appeal,
    CallBack,
    Contact,
    ExtendRectification,
    FeedBack,
    MarkOverdue,
    OpenRectification,
    RecomputeDues,
    RectificationExtended,
    RectificationFedBack,
    RectificationOpened,
    RectificationOverdue,
    RectificationPlanned,
    RectificationRecomputed,
    Rectify,
    ReviewAppealed,
    ReviewerCalledBack,
    ReviewerContacted,
    ReviewRectified,
    ReviewRuled,
    ReviewVerified,
    Rule,
    Verify,
)
from domain.review import (
    BAD,
    AddReview,
    ConfirmPaper,
    EnterPaper,
    GiveReview,
    InvitationTakenBack,
    InviteReview,
    PaperReviewEntered,
    PaperReviewRejected,
    RejectPaper,
    ReviewAdded,
    ReviewGiven,
    ReviewInvited,
)
from domain.review_tags import GRADE_NAMES, INVITATION, TAGS
from domain.workdays import Due
from tests.histories import World, worlds
from tests.spec import NINE, given

SERVICE = "case.t1"
STREAM = review.stream(SERVICE)


def at(day: int, hour: int = 9) -> datetime:
    """An hour of a day of March 2026; the 2nd is a Monday."""
    return NINE.replace(day=day, hour=hour)


INVITE = InviteReview(channel="sms", hall="tanghe", unit="market-office", item="permit")
INVITED = ReviewInvited(channel="sms", hall="tanghe", unit="market-office", item="permit")
BADLY = GiveReview(
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
GIVEN_BADLY = ReviewGiven(**msgspec.structs.asdict(BADLY))
WELL = msgspec.structs.replace(BADLY, grade="satisfied", tags=("410",))
GIVEN_WELL = ReviewGiven(**msgspec.structs.asdict(WELL))
NAMELESS = msgspec.structs.replace(GIVEN_BADLY, person=None)

CLOCK = RectificationClock(NINE, RectificationLimits(1, 5, 15))
DUES = RectificationDues(Due(at(3, 23)), Due(at(9, 23)), Due(at(23, 23)))
LATER = RectificationDues(Due(at(4, 23)), Due(at(12, 23)), Due(at(26, 23)))
OPEN = OpenRectification(SERVICE, "market-office", CLOCK, DUES)
OPENED = RectificationOpened(SERVICE, "market-office", CLOCK, DUES)

CONTACTED = ReviewerContacted("reached", "已致电")
TRUE = ReviewVerified("true", "属实")
PLANNED = RectificationPlanned("下月合并窗口")
RECTIFIED = ReviewRectified(remedy="measures", text="已合并窗口", due_at=DUES.simple.at)
FED_BACK = RectificationFedBack("已整改", "phone")
CALLED_BACK = ReviewerCalledBack(True)

RATED = (GIVEN_BADLY, OPENED)


# --- the rating -----------------------------------------------------------------------------------------------


def test_a_service_is_invited_to_be_rated_once() -> None:
    given(review).when(INVITE).then(INVITED)
    given(review, INVITED).when(INVITE).then()


def test_who_has_rated_is_not_invited_any_more() -> None:
    given(review, GIVEN_WELL).when(INVITE).then()


def test_a_rating_tells_whether_it_came_before_the_invitation() -> None:
    given(review, INVITED).when(WELL).then(GIVEN_WELL)
    given(review).when(WELL).then(msgspec.structs.replace(GIVEN_WELL, uninvited=True))


def test_a_service_is_rated_once() -> None:
    given(review, GIVEN_WELL).when(WELL).then()
    second = msgspec.structs.replace(WELL, review="r2")
    given(review, GIVEN_WELL).when(second).refused("already-reviewed", review="r1")


def test_an_invitation_rates_nothing() -> None:
    assert given(review).when(INVITE).then(INVITED).given is None


@pytest.mark.parametrize("tags", [("510",), ("113", "214"), ("999",)])
def test_tags_are_those_of_the_grade(tags: tuple[str, ...]) -> None:
    given(review).when(msgspec.structs.replace(BADLY, tags=tags)).refused("tag-of-another-grade")


def test_a_tag_is_given_once() -> None:
    given(review).when(msgspec.structs.replace(BADLY, tags=("113", "113"))).refused("named-twice")


def test_every_grade_has_the_national_eight_tags_and_a_name() -> None:
    assert [len(tags) for tags in TAGS.values()] == [8] * 5
    assert TAGS.keys() == GRADE_NAMES.keys()
    for points, tags in zip("54321", TAGS.values(), strict=True):
        assert {code[0] for code in tags} == {points}


def test_a_service_is_rated_while_its_invitation_lasts() -> None:
    lasting = msgspec.structs.replace(INVITED, until=at(9))
    told = given(review, lasting)
    told.at_time(at(9, 10)).when(WELL).refused("review-window-over", until=at(9))
    told.when(ENTER).refused("review-window-over")
    told.at_time(at(9)).when(WELL).then(GIVEN_WELL)
    told.at_time(at(20)).when(WELL).then()


def test_nobody_is_asked_with_words_that_hint_at_a_grade() -> None:
    hints = [
        "满意",
        "好评",
        "五星",
        "5星",
        "满分",
        "务必",
        "必须",
        "帮忙",
        "礼",
        "satisf",
        "good",
        "star",
        "must",
        "please",
    ]
    told = (INVITATION.zh + INVITATION.en).lower()
    assert [word for word in hints if word in told] == []


# --- on paper -------------------------------------------------------------------------------------------------

ENTER = EnterPaper(
    review="r1", grade="satisfied", tags=("410",), hall="tanghe", unit="market-office", item="permit"
)
ENTERED = PaperReviewEntered(**msgspec.structs.asdict(ENTER))
FROM_PAPER = ReviewGiven(**msgspec.structs.asdict(ENTER), channel="paper")


def test_a_form_on_paper_rates_nothing_until_a_second_person_confirms_it() -> None:
    told = given(review, INVITED)
    assert told.when(ENTER).then(ENTERED).given is None
    told.when(ENTER).then()
    told.when(ConfirmPaper("r1")).refused("second-person-needed")
    told.when(RejectPaper("r1", "抄错")).refused("second-person-needed")
    told.asked_by("clerk:wang").when(ConfirmPaper("r1")).then(FROM_PAPER)
    told.when(ConfirmPaper("r1")).then()


def test_a_form_copied_wrongly_is_entered_anew() -> None:
    told = given(review, INVITED, ENTERED).asked_by("clerk:wang")
    told.when(RejectPaper("r1", "抄错")).then(PaperReviewRejected("r1", "抄错"))
    told.when(RejectPaper("r1", "抄错")).then()
    told.when(ConfirmPaper("r1")).refused("unknown-review")
    again = msgspec.structs.replace(ENTER, review="r2")
    told.when(again).then(msgspec.structs.replace(ENTERED, review="r2"))
    told.when(msgspec.structs.replace(ENTER, review="r3")).refused("paper-waiting", review="r2")


def test_who_rated_otherwise_meanwhile_is_not_rated_from_paper() -> None:
    told = given(review, INVITED, ENTERED, msgspec.structs.replace(GIVEN_WELL, review="r9"))
    told.asked_by("clerk:wang").when(ConfirmPaper("r1")).refused("already-reviewed", review="r9")


ADD = AddReview(review="r2", grade="satisfied", tags=("411",), channel="mobile", person="p1")
ADDED = ReviewAdded(review="r2", grade="satisfied", tags=("411",), channel="mobile")
ANSWERED = (*RATED, CONTACTED, TRUE, RECTIFIED, FED_BACK)


@pytest.mark.parametrize("history", [ANSWERED, (*ANSWERED, CALLED_BACK)])
def test_a_bad_review_that_was_answered_may_be_followed_by_one_more(history: tuple[Event, ...]) -> None:
    told = given(review, *history)
    told.when(ADD).then(ADDED)
    told.when(ADD).then()
    told.when(msgspec.structs.replace(ADD, review="r3")).refused("already-added")


@pytest.mark.parametrize("history", [(GIVEN_WELL,), RATED, ANSWERED[:-1]])
def test_no_more_is_added_before_the_answer(history: tuple[Event, ...]) -> None:
    given(review, *history).when(ADD).refused("not-rectified")


def test_only_the_same_person_adds_and_only_to_a_review() -> None:
    given(review, *ANSWERED).when(msgspec.structs.replace(ADD, person="p2")).refused("another-reviewer")
    given(review).when(ADD).refused("unknown-review")
    wrong = msgspec.structs.replace(ADD, tags=("113",))
    given(review, *ANSWERED).when(wrong).refused("tag-of-another-grade")


def test_nothing_is_added_to_a_review_that_was_not_adopted() -> None:
    ruled = ReviewRuled("malicious", "恶意", "supervision-office")
    history = (*RATED, CONTACTED, ReviewAppealed("不实"), ruled, FED_BACK)
    given(review, *history).when(ADD).refused("review-annulled")


# --- the rectification, step by step --------------------------------------------------------------------------


def test_a_bad_review_opens_one_rectification() -> None:
    given(review, GIVEN_BADLY).when(OPEN).then(OPENED)
    given(review, *RATED).when(OPEN).then()


@pytest.mark.parametrize("history", [(), (INVITED,), (GIVEN_WELL,)])
def test_only_a_bad_review_is_rectified(history: tuple[Event, ...]) -> None:
    told = given(review, *history)
    told.when(OPEN).refused("not-a-bad-review")
    told.when(Contact("reached")).refused("unknown-rectification")


def test_a_rectification_goes_from_contact_to_call_back() -> None:
    told = given(review, *RATED)
    told.when(Contact("reached", "已致电")).then(CONTACTED)
    told.when(Verify("true", "属实")).then(TRUE)
    told.when(Rectify("measures", "已合并窗口")).then(RECTIFIED)
    told.when(FeedBack("已整改", "phone")).then(FED_BACK)
    state = told.when(CallBack(True)).then(CALLED_BACK)
    assert state.rectification.step == "closed"


STEPS: tuple[tuple[Command, Event], ...] = (
    (Contact("reached", "已致电"), CONTACTED),
    (Verify("true", "属实"), TRUE),
    (Rectify("measures", "已合并窗口"), RECTIFIED),
    (FeedBack("已整改", "phone"), FED_BACK),
    (CallBack(True), CALLED_BACK),
)


@pytest.mark.parametrize("reached", range(len(STEPS)))
def test_a_step_is_taken_in_its_turn_and_may_be_asked_twice(reached: int) -> None:
    history = [event for _, event in STEPS[:reached]]
    for command, _ in STEPS[:reached]:
        given(review, *RATED, *history).when(command).then()
    for command, _ in STEPS[reached + 1 :]:
        given(review, *RATED, *history).when(command).refused("step-out-of-order")


def test_a_closed_rectification_stays_closed() -> None:
    told = given(review, *ANSWERED, CALLED_BACK)
    told.when(Verify("partly-true", "再查")).refused("rectification-closed")


def test_who_could_not_be_reached_may_be_tried_again() -> None:
    nobody = Contact("unreachable", "无人接听")
    told = given(review, *RATED).when(nobody)
    told.when(nobody).then(ReviewerContacted("unreachable", "无人接听"))
    told.when(Contact("reached")).then(ReviewerContacted("reached"))
    told.when(Contact("declined")).refused("step-out-of-order")


def test_who_is_not_known_is_not_called_back() -> None:
    history = (NAMELESS, OPENED, CONTACTED, TRUE, RECTIFIED)
    told = given(review, *history)
    assert (
        told.when(FeedBack("已整改", "notice"))
        .then(RectificationFedBack("已整改", "notice"))
        .rectification.step
        == "closed"
    )
    told.when(CallBack(True)).refused("rectification-closed")


def test_a_plan_gives_the_longer_deadline_once_and_is_followed_by_the_deed() -> None:
    told = given(review, *RATED, CONTACTED, TRUE)
    told.when(Rectify("plan", "下月合并窗口")).then(PLANNED)
    told.when(Rectify("plan", "下月合并窗口")).then()
    told.when(Rectify("plan", "再等等")).refused("already-planned")
    done = msgspec.structs.replace(RECTIFIED, due_at=DUES.complex.at)
    told.at_time(at(20)).when(Rectify("measures", "已合并窗口")).then(done)


def test_a_plan_comes_before_the_deadline_it_moves() -> None:
    told = given(review, *RATED, CONTACTED, TRUE).at_time(at(10))
    told.when(Rectify("plan", "下月合并窗口")).refused("deadline-passed")
    told.when(Rectify("explanation", "没有依据")).then(
        msgspec.structs.replace(RECTIFIED, remedy="explanation", text="没有依据")
    )


# --- contested reviews ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("finding", ["mis-rated", "malicious"])
def test_a_unit_cannot_do_away_with_its_own_bad_review(finding: Any) -> None:
    told = given(review, *RATED, CONTACTED)
    told.when(Verify(finding, "误评")).then(ReviewVerified(finding, "误评"))
    told.when(FeedBack("误评", "phone")).refused("step-out-of-order", step="ruling")
    told.when(Rule(finding, "同意", "market-office")).refused("ruled-by-rated-unit")
    state = told.when(Rule(finding, "同意", "supervision-office")).then(
        ReviewRuled(finding, "同意", "supervision-office")
    )
    assert state.rectification.annulled
    assert state.rectification.step == "feed-back"


@pytest.mark.parametrize("history", [(CONTACTED,), (CONTACTED, TRUE)])
def test_a_unit_may_appeal_once_and_rectifies_if_it_loses(history: tuple[Event, ...]) -> None:
    told = given(review, *RATED, *history)
    told.when(Appeal("不实")).then(ReviewAppealed("不实"))
    told.when(Appeal("不实")).then()
    told.when(Rule("true", "属实", "supervision-office")).then(
        ReviewRuled("true", "属实", "supervision-office")
    )
    told.when(Appeal("仍不服")).refused("already-ruled")
    told.when(Rectify("measures", "已合并窗口")).then(RECTIFIED)


def test_nothing_is_ruled_that_is_not_contested() -> None:
    given(review, *RATED, CONTACTED).when(Rule("true", "x", "supervision-office")).refused(
        "step-out-of-order"
    )


# --- deadlines ------------------------------------------------------------------------------------------------

EXTEND = ExtendRectification(5, "供应商延误", "director")
EXTENDED = RectificationExtended(5, "供应商延误", "director", msgspec.structs.replace(CLOCK, extension=5))


def test_a_rectification_is_extended_once_in_time_and_by_another() -> None:
    told = given(review, *RATED)
    told.when(msgspec.structs.replace(EXTEND, approved_by="li")).refused("approver-is-asker")
    told.when(EXTEND).then(EXTENDED)
    told.when(EXTEND).then()
    told.when(msgspec.structs.replace(EXTEND, workdays=2)).refused("already-extended", workdays=5)
    given(review, *RATED).at_time(at(10)).when(EXTEND).refused("deadline-passed")
    given(review, *ANSWERED).when(EXTEND).refused("step-out-of-order")


def test_instants_of_a_clock_that_has_changed_since_are_left_aside() -> None:
    told = given(review, *RATED, EXTENDED)
    told.when(RecomputeDues(CLOCK, LATER)).then()
    told.when(RecomputeDues(EXTENDED.clock, LATER)).then(RectificationRecomputed(LATER))
    told.when(RecomputeDues(EXTENDED.clock, LATER)).then()
    given(review, *ANSWERED).when(RecomputeDues(CLOCK, LATER)).then()


@pytest.mark.parametrize(
    ("step", "history", "due"),
    [
        ("contact", (), DUES.contact),
        ("rectify", (), DUES.simple),
        ("rectify", (CONTACTED, TRUE), DUES.simple),
        ("rectify", (CONTACTED, ReviewAppealed("不实")), DUES.simple),
        ("rectify", (CONTACTED, TRUE, PLANNED), DUES.complex),
    ],
)
def test_a_step_is_overdue_once_and_not_before_its_deadline(
    step: Any, history: tuple[Event, ...], due: Due
) -> None:
    told = given(review, *RATED, *history)
    told.at_time(due.at - timedelta(seconds=1)).when(MarkOverdue(step)).refused("not-yet-due")
    told.at_time(due.at).when(MarkOverdue(step)).then(RectificationOverdue(step, "market-office"))
    told.when(MarkOverdue(step)).then()


@pytest.mark.parametrize(
    ("step", "history"), [("contact", (CONTACTED,)), ("rectify", (CONTACTED, TRUE, RECTIFIED))]
)
def test_a_step_that_was_taken_is_not_overdue(step: Any, history: tuple[Event, ...]) -> None:
    given(review, *RATED, *history).at_time(at(30)).when(MarkOverdue(step)).then()


# --- laws -----------------------------------------------------------------------------------------------------


@hypothesis_given(worlds(STREAM))
def test_whatever_is_asked_a_service_has_one_review_one_more_and_one_rectification(world: World) -> None:
    told = [type(event) for event in world.events(STREAM)]
    assert told.count(ReviewInvited) <= 1 + told.count(InvitationTakenBack)
    for kind in (
        ReviewGiven,
        ReviewAdded,
        RectificationOpened,
        RectificationExtended,
        ReviewRuled,
    ):
        assert told.count(kind) <= 1


@hypothesis_given(worlds(STREAM))
def test_whatever_is_asked_a_bad_review_has_its_rectification_and_no_other_has(world: World) -> None:
    events = world.events(STREAM)
    bad = any(isinstance(e, ReviewGiven) and e.grade in BAD and not e.test for e in events)
    opened = any(isinstance(e, RectificationOpened) for e in events)
    assert opened or not bad
    assert not opened or any(isinstance(e, ReviewGiven) and e.grade in BAD for e in events)


@hypothesis_given(worlds(STREAM))
def test_whatever_is_asked_every_tag_belongs_to_its_grade(world: World) -> None:
    for event in world.events(STREAM):
        if isinstance(event, ReviewGiven | ReviewAdded):
            assert set(event.tags) <= TAGS[event.grade].keys()


@hypothesis_given(worlds(STREAM))
def test_whatever_is_asked_an_overdue_step_is_recorded_once(world: World) -> None:
    steps = [event.step for event in world.events(STREAM) if isinstance(event, RectificationOverdue)]
    assert len(steps) == len(set(steps))


STEP_ORDER = ["contact", "verify", "ruling", "rectify", "feed-back", "call-back", "closed"]


@hypothesis_given(worlds(STREAM))
def test_whatever_is_asked_steps_only_move_forward_but_for_the_one_appeal(world: World) -> None:
    state, reached, backward = review.initial(), [0], 0
    for recorded in world.log:
        if recorded.stream == STREAM:
            state = review.evolve(state, recorded.event, recorded.stamp)
            if state.rectification is not None:
                reached.append(STEP_ORDER.index(state.rectification.step))
                backward += reached[-1] < reached[-2]
    assert backward <= 1


@hypothesis_given(worlds(STREAM))
def test_whatever_is_asked_only_another_unit_takes_a_review_out_of_the_figures(world: World) -> None:
    work = world.state(STREAM).rectification
    if work is not None and work.annulled:
        ruling = next(event for event in world.events(STREAM) if isinstance(event, ReviewRuled))
        assert ruling.unit != work.opened.unit
