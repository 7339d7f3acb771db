"""The smaller limits of a case, its papers, its steps and directives: what is asked when, and what comes too late."""

from datetime import datetime, timedelta

import msgspec
import pytest

from domain import case
from domain.case import (
    Accept,
    CaseAccepted,
    CaseClosed,
    CaseDecided,
    CaseNumbered,
    CaseRefused,
    CaseWithdrawn,
    Decide,
    NumberCase,
)
from domain.deadlines import CaseClock
from domain.delivery import Archive, CaseArchived, CaseDelivered, Deliver
from domain.directive import AnswerDirective, CaseDirected, Direct, DirectiveAnswered
from domain.limits import (
    LimitClock,
    LimitPassed,
    LimitSet,
    LimitSignalled,
    MarkPassed,
    RaiseSignal,
    SetLimit,
)
from domain.message import Event, Refused
from domain.papers import (
    CaseCorrected,
    CaseSupplemented,
    Correct,
    CorrectionRequested,
    GuidePaper,
    RequestCorrection,
    Supplement,
)
from domain.respite import (
    PAUSES,
    CasePaused,
    CaseResumed,
    CaseSuspended,
    PauseCase,
    PauseReason,
    Resume,
    pausing,
)
from domain.rules import RULES
from domain.steps import BeginStep, RecordStep, StepBegun, StepRecorded
from domain.supervision import RecomputeDeadline
from domain.workdays import Due
from tests.domain.test_case import ACCEPTED, CLOCK, CLOSED, DUES, GRANTED, HEARING, OPENED, at
from tests.spec import NINE, given

GUIDE = (
    GuidePaper("照片"),
    GuidePaper("合同", deferrable=True),
    GuidePaper("无犯罪证明", pledgeable=True),
    GuidePaper("营业执照", exempt=True),
)
GUIDED = msgspec.structs.replace(OPENED, guide=GUIDE)


def limit(name: str, due: datetime, since: datetime = NINE, accepts: bool = False) -> SetLimit:
    return SetLimit(limit=name, clock=LimitClock(since, 5), due=Due(due), accepts=accepts)


def was_set(command: SetLimit) -> LimitSet:
    return LimitSet(**msgspec.structs.asdict(command))


# --- papers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["体检表", "营业执照"])
def test_nothing_is_asked_for_that_the_frozen_guide_does_not_ask_for(asked: str) -> None:
    told = given(case, GUIDED)
    told.when(RequestCorrection(("照片", asked))).refused("not-in-guide", papers=[asked], field="missing")


def test_an_imported_record_is_held_to_no_guide() -> None:
    given(case, OPENED).when(RequestCorrection(("体检表",))).then(CorrectionRequested(("体检表",)))


TOLD = CorrectionRequested(("照片",), None, 15)
BROUGHT = CaseCorrected(("照片",))


def test_what_could_be_known_at_the_first_notice_is_not_told_at_a_second() -> None:
    told = given(case, GUIDED, TOLD, BROUGHT)
    told.when(RequestCorrection(("合同",), "漏看")).refused("correction-already-told", known=["合同"])


def test_what_only_the_answer_showed_is_told_once_more_with_the_reason() -> None:
    told = given(case, GUIDED, TOLD, BROUGHT)
    told.when(RequestCorrection(("照片",))).refused("reason-missing")
    again = RequestCorrection(("照片",), "照片模糊", 5)
    told.when(again).then(CorrectionRequested(("照片",), "照片模糊", 5))
    told.when(again).then()
    told.when(Correct(("照片",))).then(CaseCorrected(("照片",)))
    told.when(RequestCorrection(("照片",), "仍然模糊")).refused("correction-already-told")


def test_only_what_the_guide_lets_come_later_comes_later() -> None:
    told = given(case, GUIDED)
    told.when(Accept(outstanding=("照片",), supplement_workdays=20)).refused("paper-not-deferrable")
    told.when(Accept(pledged=("照片",))).refused("paper-not-pledgeable")
    told.when(Accept(outstanding=("合同",))).refused("supplement-limit-missing")
    asked = Accept("受1", ("合同",), 20, ("无犯罪证明",))
    told.when(asked).then(CaseAccepted("受1", CLOCK, ("合同",), 20, ("无犯罪证明",)))


def test_nothing_is_granted_while_papers_are_outstanding() -> None:
    accepted = CaseAccepted(None, CLOCK, ("合同", "照片"), 20)
    told = given(case, GUIDED, accepted)
    told.when(Decide("granted")).refused("papers-outstanding", papers=("合同", "照片"))
    told.when(Supplement(("别的",))).then()
    told.when(Supplement(("照片",))).then(CaseSupplemented(("照片",), False))
    told.when(Supplement(("合同",))).then(CaseSupplemented(("合同",), True))
    told.when(Decide("granted")).then(GRANTED)
    given(case, GUIDED, accepted).when(Decide("refused", "不符合")).then(CaseDecided("refused", "不符合"))


# --- limits ---------------------------------------------------------------------------------------------------

FACTS: list[tuple[str, tuple[Event, ...], Event]] = [
    ("acceptance", (), CaseAccepted(None, CLOCK)),
    ("acceptance", (), CaseRefused("x", "y")),
    ("acceptance", (), TOLD),
    ("acceptance", (), CaseWithdrawn()),
    ("correction", (TOLD,), BROUGHT),
    ("correction", (TOLD,), CaseRefused("x", "y")),
    ("supplement", (CaseAccepted(None, CLOCK, ("合同",), 5),), CaseSupplemented(("合同",), True)),
    ("procedure", (ACCEPTED, HEARING), CaseResumed(None, CLOCK)),
    ("pause", (ACCEPTED, CasePaused("payment", "x", 5)), CaseResumed(None, CLOCK)),
    ("step.s1", (ACCEPTED, StepBegun("s1", "审查", "li", 2)), StepRecorded("审查", "li", step="s1")),
    ("delivery", (ACCEPTED, GRANTED), CaseDelivered("window")),
    ("directive.d1", (CaseDirected("d1", "x", 3),), DirectiveAnswered("d1", "y")),
]


@pytest.mark.parametrize(("name", "history", "end"), FACTS)
def test_a_limit_runs_from_the_fact_that_opens_it_to_the_one_that_ends_it(
    name: str, history: tuple[Event, ...], end: Event
) -> None:
    asked = limit(name, at(9))
    told = given(case, GUIDED, *history)
    told.when(asked).then(was_set(asked))
    told.when(asked).then()
    told.when(MarkPassed(name)).refused("not-yet-due", due_at=at(9))
    told.at_time(at(9)).when(MarkPassed(name)).then(LimitPassed(name))
    told.when(MarkPassed(name), asked).then()
    ended = given(case, GUIDED, *history, was_set(asked), end).at_time(at(30))
    ended.when(MarkPassed(name)).then()
    ended.when(asked).then()


def test_instants_counted_from_an_earlier_fact_are_left_aside() -> None:
    told = given(case, GUIDED, TOLD, (at(5), BROUGHT)).at_time(at(5))
    told.when(limit("acceptance", at(9), accepts=True)).then()
    again = limit("acceptance", at(12), since=at(5), accepts=True)
    told.when(again).then(was_set(again))


@pytest.mark.parametrize("opened", [OPENED, msgspec.structs.replace(GUIDED, kind="on-the-spot")])
def test_what_is_handled_on_the_spot_or_told_afterwards_has_no_limits(opened: Event) -> None:
    given(case, opened).when(limit("acceptance", at(9))).then()


def test_a_limit_may_move_with_a_new_notice_until_it_has_passed() -> None:
    first, moved = limit("acceptance", at(9)), limit("acceptance", at(10))
    told = given(case, GUIDED, was_set(first))
    told.when(moved).then(was_set(moved))
    told.at_time(at(9)).when(MarkPassed("acceptance")).refused("not-yet-due")


def test_silence_accepts_from_the_receipt_on() -> None:
    told = given(case, GUIDED, was_set(limit("acceptance", at(9), accepts=True))).at_time(at(9))
    clock = CaseClock(since=NINE, workdays=8, statutory=20)
    state = told.when(MarkPassed("acceptance")).then(
        LimitPassed("acceptance"), CaseAccepted(clock=clock, by_silence=True)
    )
    assert state.status == "accepted"
    told.when(Accept("迟到的受理")).then()
    told.when(RequestCorrection(("照片",))).refused("already-accepted")


def test_after_a_correction_silence_accepts_from_the_answer_on() -> None:
    asked = limit("acceptance", at(12), since=at(5), accepts=True)
    told = given(case, GUIDED, TOLD, (at(5), BROUGHT), was_set(asked)).at_time(at(12))
    clock = CaseClock(since=at(5), workdays=8, statutory=20)
    told.when(MarkPassed("acceptance")).then(
        LimitPassed("acceptance"), CaseAccepted(clock=clock, by_silence=True)
    )


def test_where_silence_does_not_accept_it_is_only_found() -> None:
    told = given(case, GUIDED, was_set(limit("acceptance", at(9)))).at_time(at(9))
    assert told.when(MarkPassed("acceptance")).then(LimitPassed("acceptance")).status == "received"


def test_every_limit_has_a_rule() -> None:
    names = {name.partition(".")[0] for name, _, _ in FACTS}
    elsewhere = {"promise", "forwarding", "taking-over"}  # test_policies, test_hand_over
    assert names | elsewhere == set(RULES)


# --- signals of a limit ---------------------------------------------------------------------------------------

THREE = msgspec.structs.replace(
    limit("acceptance", at(9), accepts=True), signals={"warning": at(6), "yellow": at(9), "red": at(11)}
)


def test_each_signal_of_a_limit_is_raised_once_when_its_instant_has_come() -> None:
    told = given(case, GUIDED, was_set(THREE)).at_time(at(5))
    told.when(RaiseSignal("acceptance", "warning")).refused("not-yet-due", due_at=at(6))
    told.at_time(at(6)).when(RaiseSignal("acceptance", "warning")).then(
        LimitSignalled("acceptance", "warning")
    )
    told.when(RaiseSignal("acceptance", "warning")).then()
    told.when(RaiseSignal("delivery", "red")).then()


def test_a_graver_signal_comes_after_a_limit_has_passed_and_not_after_its_answer() -> None:
    accepted = CaseAccepted(clock=CLOCK, by_silence=True)
    silent = given(case, GUIDED, was_set(THREE), LimitPassed("acceptance"), accepted).at_time(at(11))
    silent.when(RaiseSignal("acceptance", "red")).then(LimitSignalled("acceptance", "red"))
    silent.when(RaiseSignal("acceptance", "red"), MarkPassed("acceptance")).then()
    answered = given(case, GUIDED, was_set(THREE), LimitPassed("acceptance"), ACCEPTED).at_time(at(11))
    answered.when(RaiseSignal("acceptance", "red")).then()


def test_of_a_limit_that_has_raised_everything_nothing_is_kept() -> None:
    told = given(case, GUIDED, was_set(THREE)).at_time(at(11))
    told.when(*(RaiseSignal("acceptance", signal) for signal in THREE.signals), MarkPassed("acceptance"))
    limits = told.state.limits
    assert (limits.running, limits.raised, limits.open) == ({}, {}, {})


def test_a_limit_that_is_moved_on_raises_again_what_its_new_instants_have_not_reached() -> None:
    moved = msgspec.structs.replace(THREE, due=Due(at(12)), signals={"warning": at(9), "red": at(12)})
    told = given(case, GUIDED, was_set(THREE), LimitSignalled("acceptance", "warning")).at_time(at(7))
    told.when(moved).then(was_set(moved))
    told.at_time(at(9)).when(RaiseSignal("acceptance", "warning")).then(
        LimitSignalled("acceptance", "warning")
    )


# --- steps, directives, the end -------------------------------------------------------------------------------


def test_a_step_with_a_limit_is_begun_once_and_ends_when_it_is_recorded() -> None:
    told = given(case, GUIDED, ACCEPTED)
    told.when(BeginStep("s1", "审查", "li", 2)).then(StepBegun("s1", "审查", "li", 2))
    told.when(BeginStep("s1", "审查", "li", 2)).then()
    told.when(RecordStep("审查", "li", step="s1")).then(StepRecorded("审查", "li", step="s1"))
    told.when(BeginStep("s1", "审查", "li", 2)).then()
    given(case, GUIDED).when(BeginStep("s1", "审查", "li", 2)).refused("not-accepted")


def test_a_directive_is_answered_once_even_after_the_end() -> None:
    told = given(case, OPENED, ACCEPTED, CLOSED)
    told.when(Direct("d1", "请说明逾期原因")).then(CaseDirected("d1", "请说明逾期原因"))
    told.when(Direct("d1", "请说明逾期原因")).then()
    told.when(Direct("d1", "另一件事")).refused("directive-exists")
    told.when(AnswerDirective("d2", "x")).refused("unknown-directive")
    told.when(AnswerDirective("d1", "已整改")).then(DirectiveAnswered("d1", "已整改"))
    told.when(AnswerDirective("d1", "已整改")).then()
    told.when(AnswerDirective("d1", "别的")).refused("directive-answered")


@pytest.mark.parametrize("history", [(), (ACCEPTED,), (ACCEPTED, GRANTED)])
def test_what_goes_on_is_not_archived(history: tuple[Event, ...]) -> None:
    given(case, OPENED, *history).when(Archive()).refused("case-not-ended")


def test_a_granted_result_is_delivered_before_it_is_archived() -> None:
    told = given(case, OPENED, ACCEPTED, GRANTED, CLOSED)
    told.when(Archive()).refused("not-delivered")
    told.when(Deliver("electronic"), Archive()).then(CaseArchived())
    told.when(Deliver("electronic")).then()
    told.when(Accept()).refused("case-ended")


@pytest.mark.parametrize("end", [CaseWithdrawn(), CaseRefused("x", "y"), CaseClosed("i", "h", "u")])
def test_what_ended_otherwise_is_archived_as_it_is(end: Event) -> None:
    given(case, OPENED, end).when(Archive("卷")).then(CaseArchived("卷"))


def test_a_case_has_one_number() -> None:
    told = given(case, OPENED).when(NumberCase("A202603020001")).then(CaseNumbered("A202603020001"))
    assert told.number == "A202603020001"
    given(case, OPENED, CaseNumbered("A1")).when(NumberCase("A2")).then()


def test_a_procedure_that_takes_longer_is_found_and_its_time_still_does_not_count() -> None:
    asked = limit("procedure", at(9))
    told = given(case, GUIDED, ACCEPTED, CaseSuspended("hearing", "x", 5), was_set(asked))
    told.at_time(at(9) + timedelta(days=1)).when(MarkPassed("procedure")).then(LimitPassed("procedure"))


# --- pauses ---------------------------------------------------------------------------------------------------


def test_a_case_is_paused_once_and_only_for_what_the_region_has_named() -> None:
    payment = pausing(PAUSES, "payment", "待缴费", 5)
    assert payment == PauseCase("payment", "待缴费", 5)
    with pytest.raises(Refused, match="unknown-pause-reason"):
        pausing(PAUSES, "lunch", "x", 5)
    short = {"payment": PauseReason(PAUSES["payment"].name, 3, True)}
    with pytest.raises(Refused, match="pause-too-long"):
        pausing(short, "payment", "待缴费", 5)
    assert pausing(short, "payment", "待缴费", 3).statutory
    told = given(case, GUIDED, ACCEPTED)
    told.when(payment).then(CasePaused("payment", "待缴费", 5, False, told_clock(NINE)))
    assert told.state.status == "suspended"
    told.when(payment).then()
    told.when(PauseCase("applicant", "x", 5)).refused("case-suspended", kind="payment")
    told.at_time(at(4)).when(Decide("granted")).refused("case-suspended")
    (resumed,) = told.when(Resume("已缴费")).decided or ()  # type: ignore[union-attr]
    assert resumed.clock.paused_at is None
    assert [(stop.since, stop.until, stop.statutory) for stop in resumed.clock.stops] == [
        (NINE, at(4), False)
    ]


def test_what_was_withdrawn_while_it_paused_gets_no_deadline_any_more() -> None:
    paused = CasePaused("payment", "待缴费", 5, False, told_clock(NINE))
    told = given(case, GUIDED, ACCEPTED, paused, CaseWithdrawn())
    told.when(RecomputeDeadline(told_clock(NINE), DUES)).then()


def told_clock(paused_at: datetime) -> CaseClock:
    return msgspec.structs.replace(CLOCK, paused_at=paused_at)


def test_where_the_region_says_so_a_pause_stops_the_statutory_limit_too() -> None:
    told = given(case, GUIDED, ACCEPTED)
    told.when(PauseCase("payment", "x", 5, True)).then(CasePaused("payment", "x", 5, True))
