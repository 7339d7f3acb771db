"""An application: what may be asked of it when, and what its clock and its decision are safe from."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given as hypothesis_given

from domain import case
from domain.case import (
    Accept,
    CaseAccepted,
    CaseClosed,
    CaseDecided,
    CaseOpened,
    CaseRefused,
    CaseWithdrawn,
    Close,
    Decide,
    OpenCase,
    Refuse,
    Withdraw,
)
from domain.deadlines import CaseClock, CaseDues, Stop
from domain.delivery import Archive, CaseArchived, CaseDelivered, Deliver
from domain.message import Command, Event
from domain.papers import (
    CaseCorrected,
    CaseSupplemented,
    Correct,
    CorrectionRequested,
    GuidePaper,
    HandedIn,
    HandIn,
    PapersHandedIn,
    RequestCorrection,
    Supplement,
)
from domain.respite import (
    AskExtension,
    CaseExtended,
    CaseResumed,
    CaseSuspended,
    Extend,
    ExtensionAsked,
    Resume,
    Suspend,
)
from domain.steps import RecordStep, StepRecorded
from domain.supervision import (
    CaseWarned,
    ClockStarted,
    DeadlineRecomputed,
    RecomputeDeadline,
    StartClock,
    Warn,
)
from tests.histories import World, worlds
from tests.spec import NINE, given

APPLICATION = OpenCase(
    item="food-licence",
    item_version=3,
    hall="tanghe",
    unit="market-office",
    applicant="p1",
    channel="window",
    kind="promised",
    promised_limit_workdays=8,
    statutory_limit_workdays=20,
    ticket="tanghe.20260302.abc",
)
OPENED = CaseOpened(**msgspec.structs.asdict(APPLICATION))
CLOCK = CaseClock(since=NINE, workdays=8, statutory=20)
ACCEPTED = CaseAccepted("受理2026-001", CLOCK)
HEARING = CaseSuspended("hearing", "要求听证", 5)
GRANTED = CaseDecided("granted")
CLOSED = CaseClosed("food-licence", "tanghe", "market-office", channel="window")


def at(day: int, hour: int = 9) -> datetime:
    """An hour of a day of March 2026; the 2nd is a Monday."""
    return NINE.replace(day=day, hour=hour)


DUES = CaseDues(warn_at=at(11, 0), yellow_at=at(12, 0), due_at=at(12, 23), statutory_at=at(30, 23))
LATER = CaseDues(warn_at=at(17, 0), yellow_at=at(19, 0), due_at=at(19, 23), statutory_at=at(30, 23))
STARTED = ClockStarted(DUES)


def changed(**fields: Any) -> OpenCase:
    return msgspec.structs.replace(APPLICATION, **fields)


# --- from the counter to the result ---------------------------------------------------------------------------


def test_an_application_is_taken_in() -> None:
    given(case).when(APPLICATION).then(OPENED)


def test_an_application_taken_in_twice_is_one_application() -> None:
    given(case, OPENED).when(APPLICATION).then()


@pytest.mark.parametrize(
    "command", [Accept(), RecordStep("审查", "li"), Close(), Warn("red"), StartClock(CLOCK, DUES)]
)
def test_nothing_can_be_done_to_what_was_never_taken_in(command: Command) -> None:
    given(case).when(command).refused("unknown-case")


def test_a_promised_case_needs_a_promise() -> None:
    given(case).when(changed(promised_limit_workdays=None)).refused("promise-missing")


def test_an_imported_record_may_name_its_promised_end_instead_of_a_limit() -> None:
    imported = changed(promised_limit_workdays=None, statutory_limit_workdays=None, promised_end=at(12))
    clock = CaseClock(since=NINE, ends_at=at(12))
    given(case).when(imported, Accept()).then(CaseAccepted(None, clock))


def test_a_promise_may_only_shorten_the_statutory_limit() -> None:
    given(case).when(changed(promised_limit_workdays=21)).refused("promise-longer-than-statute")


def test_acceptance_starts_from_the_promised_and_the_statutory_limit() -> None:
    given(case, OPENED).when(Accept("受理2026-001")).then(ACCEPTED)


def test_what_is_handled_on_the_spot_is_not_timed() -> None:
    given(case).when(changed(kind="on-the-spot"), Accept()).then(CaseAccepted(None, None))


def test_an_application_is_accepted_once() -> None:
    given(case, OPENED, ACCEPTED).when(Accept()).then()


def test_a_refusal_to_accept_says_why_and_where_to_go() -> None:
    refuse = Refuse("不属于本机关职权范围", "县住建局")
    given(case, OPENED).when(refuse).then(CaseRefused("不属于本机关职权范围", "县住建局"))
    given(case, OPENED).when(refuse, refuse).then()


def test_what_was_accepted_can_no_longer_be_refused_acceptance() -> None:
    given(case, OPENED, ACCEPTED).when(Refuse("late", "nowhere")).refused("already-accepted")


def test_an_accepted_case_is_decided_closed_and_delivered() -> None:
    told = given(case, OPENED, ACCEPTED, STARTED)
    told.when(Decide("granted")).then(GRANTED)
    told.when(Close()).then(msgspec.structs.replace(CLOSED, due_at=DUES.due_at, result="granted"))
    told.when(Deliver("post")).refused("tracking-missing")
    told.when(Deliver("post", "EMS1")).then(CaseDelivered("post", "EMS1"))
    told.when(Archive("卷1")).then(CaseArchived("卷1"))
    told.when(Archive()).then()


@pytest.mark.parametrize("command", [Decide("granted"), Close(), Deliver("window")])
def test_each_end_comes_once_however_often_it_is_asked(command: Command) -> None:
    told = given(case, OPENED, ACCEPTED, GRANTED)
    told.when(command, command).then()


@pytest.mark.parametrize("result", ["refused", "terminated"])
def test_a_decision_against_the_applicant_says_why(result: Any) -> None:
    told = given(case, OPENED, ACCEPTED)
    told.when(Decide(result)).refused("reason-missing")
    told.when(Decide(result, "材料虚假")).then(CaseDecided(result, "材料虚假"))


def test_a_decision_stands() -> None:
    given(case, OPENED, ACCEPTED, GRANTED).when(Decide("refused", "no")).refused("already-decided")


def test_nothing_is_decided_before_it_is_accepted() -> None:
    given(case, OPENED).when(Decide("granted")).refused("not-accepted")


def test_a_case_without_a_decision_is_closed_only_with_the_reason() -> None:
    told = given(case, OPENED, ACCEPTED)
    told.when(Close()).refused("not-decided")
    told.when(Close("原始记录没有决定")).then(msgspec.structs.replace(CLOSED, reason="原始记录没有决定"))


def test_a_closed_case_tells_the_deadline_of_an_imported_record_before_any_policy_could() -> None:
    imported = changed(promised_limit_workdays=None, promised_end=at(12))
    state = (
        given(case)
        .when(imported, Accept(), Close("imported"))
        .then(msgspec.structs.replace(CLOSED, due_at=at(12), reason="imported"))
    )
    assert state.status == "closed"


def test_without_a_decision_there_is_nothing_to_deliver() -> None:
    given(case, OPENED, ACCEPTED).when(Deliver("post")).refused("not-decided")


def test_a_result_is_delivered_once() -> None:
    told = given(case, OPENED, ACCEPTED, GRANTED, CaseDelivered("post"))
    told.when(Deliver("window")).refused("already-delivered", means="post")


@pytest.mark.parametrize("history", [(), (ACCEPTED,), (ACCEPTED, HEARING)])
def test_an_applicant_may_withdraw_until_the_decision(history: tuple[Event, ...]) -> None:
    told = given(case, OPENED, *history)
    told.when(Withdraw("不办了")).then(CaseWithdrawn("不办了"))
    told.when(Withdraw("不办了")).then()
    given(case, OPENED, ACCEPTED, GRANTED).when(Withdraw()).refused("already-decided")


@pytest.mark.parametrize("end", [CLOSED, CaseWithdrawn(), CaseRefused("no", "there")])
@pytest.mark.parametrize("command", [Accept(), Decide("refused", "no"), RequestCorrection(("照片",))])
def test_what_has_ended_stays_ended(end: Event, command: Command) -> None:
    given(case, OPENED, end).when(command).refused("case-ended")


# --- correction -----------------------------------------------------------------------------------------------


def test_what_is_missing_is_told_and_brought() -> None:
    told = given(case, OPENED)
    told.when(RequestCorrection(("照片",))).then(CorrectionRequested(("照片",)))
    told.when(RequestCorrection(("照片",))).then()
    told.when(Correct(("照片",))).then(CaseCorrected(("照片",)))
    told.when(Correct(("照片",))).then()


@pytest.mark.parametrize("history", [(), (CaseCorrected(("照片",)),)])
def test_what_is_missing_is_told_once_and_in_full(history: tuple[Event, ...]) -> None:
    told = given(case, OPENED, CorrectionRequested(("照片",)), *history)
    told.when(RequestCorrection(("合同",))).refused("correction-already-told", told=("照片",))


def test_nothing_is_accepted_while_something_is_missing() -> None:
    given(case, OPENED, CorrectionRequested(("照片",))).when(Accept()).refused("correction-outstanding")


def test_nothing_is_corrected_that_nobody_asked_for() -> None:
    given(case, OPENED).when(Correct(("照片",))).refused("no-correction-asked")


ASKED = CorrectionRequested(("照片", "合同"))
GUIDED = msgspec.structs.replace(OPENED, guide=(GuidePaper("照片"), GuidePaper("合同", pledgeable=True)))
LICENCE = HandedIn("照片", "licence", "1.2.156.3005.2.11100000000013127D001.0001")
PROMISE = HandedIn("合同", "pledge")


def test_what_is_asked_is_answered_from_afar_and_moves_nothing_until_the_office_has_received_it() -> None:
    told = given(case, GUIDED, ASKED)
    told.when(HandIn((LICENCE, PROMISE))).then(PapersHandedIn((LICENCE, PROMISE)))
    told.when(HandIn((LICENCE, PROMISE))).then()
    told.when(Accept()).refused("correction-outstanding")
    told.when(Correct(("照片", "合同"))).then(CaseCorrected(("照片", "合同")))
    told.when(HandIn((LICENCE, PROMISE))).then()


def test_an_answer_from_afar_may_be_given_in_parts_and_changed() -> None:
    told = given(case, GUIDED, ASKED)
    told.when(HandIn((LICENCE,))).then(PapersHandedIn((LICENCE,)))
    brought = HandedIn("照片", "visit")
    told.when(HandIn((brought, PROMISE))).then(PapersHandedIn((brought, PROMISE)))
    told.when(HandIn((brought, PROMISE))).then()


def test_what_may_come_later_can_be_handed_in_from_afar() -> None:
    accepted = CaseAccepted(None, CLOCK, ("照片",), 5)
    told = given(case, OPENED, accepted)
    told.when(HandIn((LICENCE,))).then(PapersHandedIn((LICENCE,)))
    told.when(Supplement(("照片",))).then(CaseSupplemented(("照片",), True))


@pytest.mark.parametrize(
    ("papers", "code"),
    [
        ((HandedIn("体检表", "visit"),), "not-asked-for"),
        ((LICENCE, HandedIn("照片", "visit")), "not-asked-for"),
        ((HandedIn("照片", "licence"),), "hand-in-empty"),
        ((HandedIn("照片", "statement"),), "hand-in-empty"),
        ((HandedIn("照片", "pledge"),), "paper-not-pledgeable"),
        ((HandedIn("照片", "licence", "110101199003070134"),), "personal-number-told"),
        ((HandedIn("照片", "statement", "请打13800138000"),), "personal-number-told"),
    ],
)
def test_an_answer_from_afar_holds_to_what_was_asked_and_names_nobody(
    papers: tuple[HandedIn, ...], code: str
) -> None:
    given(case, GUIDED, ASKED).when(HandIn(papers)).refused(code)


@pytest.mark.parametrize(
    ("history", "code"),
    [
        ((), "nothing-asked-for"),
        ((CaseAccepted(None, CLOCK),), "nothing-asked-for"),
        ((CaseWithdrawn(None),), "case-ended"),
    ],
)
def test_nothing_is_handed_in_that_nobody_asked_for(history: tuple[Event, ...], code: str) -> None:
    given(case, OPENED, *history).when(HandIn((LICENCE,))).refused(code)


def test_the_clock_runs_from_the_acceptance_after_the_correction() -> None:
    history = (OPENED, CorrectionRequested(("照片",)), CaseCorrected(("照片",)))
    later = msgspec.structs.replace(CLOCK, since=at(5))
    given(case, *history).at_time(at(5)).when(Accept()).then(CaseAccepted(None, later))


# --- steps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "history", [(), (ACCEPTED,), (ACCEPTED, HEARING), (ACCEPTED, GRANTED), (ACCEPTED, CLOSED)]
)
def test_a_step_is_written_down_whenever_it_was_done(history: tuple[Event, ...]) -> None:
    step = RecordStep(
        "Confirmation of receipt", "Resource21", "passed", "齐全", "Group 1", at(1), "task-42933"
    )
    told = given(case, OPENED, *history)
    told.when(step).then(StepRecorded(**msgspec.structs.asdict(step)))
    told.when(step).then()


def test_steps_without_a_reference_are_each_written_down() -> None:
    step = RecordStep("审查", "li")
    given(case, OPENED).when(step, step).then(StepRecorded("审查", "li"))


@pytest.mark.parametrize("end", [CaseWithdrawn(), CaseRefused("no", "there")])
def test_no_step_is_done_on_what_was_withdrawn_or_never_accepted(end: Event) -> None:
    given(case, OPENED, end).when(RecordStep("审查", "li")).refused("case-ended")


# --- special procedures and extension -------------------------------------------------------------------------


def test_a_special_procedure_stops_the_clock_and_its_end_tells_how_long() -> None:
    told = given(case, OPENED, ACCEPTED, STARTED).at_time(at(4))
    state = told.when(Suspend("hearing", "要求听证", 5)).then(HEARING)
    assert not state.watch.running
    told.when(Suspend("hearing", "要求听证", 5)).then()
    stopped = msgspec.structs.replace(CLOCK, stops=(Stop(at(4), at(11)),))
    told.at_time(at(11)).when(Resume("听证结束")).then(CaseResumed("听证结束", stopped))
    told.when(Resume()).then()


def test_one_special_procedure_at_a_time() -> None:
    told = given(case, OPENED, ACCEPTED, HEARING)
    told.when(Suspend("inspection", "检验", 3)).refused("case-suspended", kind="hearing")


@pytest.mark.parametrize("command", [Decide("granted"), Close("why")])
def test_nothing_is_decided_while_a_special_procedure_goes_on(command: Command) -> None:
    given(case, OPENED, ACCEPTED, HEARING).when(command).refused("case-suspended")


def test_only_what_was_accepted_is_suspended_resumed_or_extended() -> None:
    for command in (Suspend("hearing", "x", 1), Resume(), Extend(1, "x", "director")):
        given(case, OPENED).when(command).refused("not-accepted")


EXTENDED = CaseExtended(10, "案情复杂", "director", msgspec.structs.replace(CLOCK, extension=10))


def test_a_limit_is_extended_once_by_leave_of_another() -> None:
    told = given(case, OPENED, ACCEPTED)
    told.when(Extend(10, "案情复杂", "li")).refused("approver-is-asker")
    told.when(Extend(10, "案情复杂", "director")).then(EXTENDED)
    told.when(Extend(10, "案情复杂", "director")).then()
    told.when(Extend(5, "仍然复杂", "director")).refused("already-extended", workdays=10)


def test_what_is_not_timed_cannot_be_extended() -> None:
    given(case, OPENED, CaseAccepted()).when(Extend(1, "x", "director")).refused("case-not-timed")


@pytest.mark.parametrize("command", [Suspend("hearing", "x", 1), Extend(1, "x", "director")])
def test_a_limit_that_has_run_out_is_neither_stopped_nor_prolonged(command: Command) -> None:
    told = given(case, OPENED, ACCEPTED, STARTED)
    told.at_time(DUES.due_at + timedelta(seconds=1)).when(command).refused("deadline-passed")


@pytest.mark.parametrize(("joint", "most"), [(False, 10), (True, 15)])
def test_no_law_lets_a_case_be_extended_by_more(joint: bool, most: int) -> None:
    told = given(case, msgspec.structs.replace(OPENED, joint=joint), ACCEPTED)
    if most < 15:
        told.when(Extend(most + 1, "x", "director")).refused("extension-too-long", most=most)
        told.when(AskExtension(most + 1, "x")).refused("extension-too-long", most=most)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"workdays": 16, "reason": "x", "approved_by": "director"}, Extend)
    clock = msgspec.structs.replace(CLOCK, extension=most)
    told.when(Extend(most, "x", "director")).then(CaseExtended(most, "x", "director", clock))


def test_whoever_asked_for_more_days_does_not_grant_them() -> None:
    told = given(case, OPENED, ACCEPTED).when(AskExtension(5, "复杂")).then(ExtensionAsked(5, "复杂"))
    assert told.granted.asked_by == "li"
    asked = given(case, OPENED, ACCEPTED, ExtensionAsked(5, "复杂"))
    asked.when(AskExtension(5, "复杂")).then()
    asked.asked_by("supervisor:zhao").when(Extend(5, "复杂", "li")).refused("approver-is-asker")
    clock = msgspec.structs.replace(CLOCK, extension=5)
    asked.when(Extend(5, "复杂", "zhao")).then(CaseExtended(5, "复杂", "zhao", clock))
    asked.when(AskExtension(3, "仍然复杂")).refused("already-extended")


# --- the clock and its signals --------------------------------------------------------------------------------


def test_the_clock_starts_once() -> None:
    told = given(case, OPENED, ACCEPTED)
    told.when(StartClock(CLOCK, DUES)).then(STARTED)
    told.when(StartClock(CLOCK, LATER)).then()


def test_instants_of_a_clock_that_has_changed_since_are_left_aside() -> None:
    told = given(case, OPENED, ACCEPTED, STARTED, EXTENDED)
    told.when(RecomputeDeadline(CLOCK, LATER)).then()
    assert EXTENDED.clock
    told.when(RecomputeDeadline(EXTENDED.clock, LATER)).then(DeadlineRecomputed(LATER))
    told.when(RecomputeDeadline(EXTENDED.clock, LATER)).then()


def test_a_stopped_clock_runs_again_when_its_instants_are_computed_even_if_they_are_the_same() -> None:
    same_day = msgspec.structs.replace(CLOCK, stops=(Stop(NINE, NINE),))
    told = given(case, OPENED, ACCEPTED, STARTED, HEARING, CaseResumed(None, same_day))
    state = told.when(RecomputeDeadline(same_day, DUES)).then(DeadlineRecomputed(DUES))
    assert state.watch.running


def test_a_clock_that_was_stopped_before_it_could_start_starts_with_the_resumption() -> None:
    told = given(case, OPENED, ACCEPTED, HEARING)
    told.when(StartClock(CLOCK, DUES)).then()
    resumed = msgspec.structs.replace(CLOCK, stops=(Stop(NINE, at(4)),))
    told.at_time(at(4)).when(Resume(), RecomputeDeadline(resumed, LATER)).then(DeadlineRecomputed(LATER))


@pytest.mark.parametrize("end", [CLOSED, CaseWithdrawn()])
def test_the_clock_of_what_has_ended_is_left_alone(end: Event) -> None:
    told = given(case, OPENED, ACCEPTED, STARTED, end).at_time(at(30))
    for command in (StartClock(CLOCK, DUES), RecomputeDeadline(CLOCK, LATER), Warn("red")):
        told.when(command).then()


@pytest.mark.parametrize(
    ("signal", "instant"), [("warning", DUES.warn_at), ("yellow", DUES.yellow_at), ("red", DUES.due_at)]
)
def test_each_signal_is_raised_once_and_not_before_its_instant(signal: Any, instant: datetime) -> None:
    told = given(case, OPENED, ACCEPTED, STARTED)
    told.at_time(instant - timedelta(seconds=1)).when(Warn(signal)).refused("not-yet-due")
    told.at_time(instant).when(Warn(signal)).then(CaseWarned(signal))
    told.when(Warn(signal)).then()


def test_no_signal_comes_while_the_clock_stands_still() -> None:
    given(case, OPENED, ACCEPTED, STARTED, HEARING).at_time(at(30)).when(Warn("red")).then()


def test_signals_come_until_the_case_is_closed_not_only_until_it_is_decided() -> None:
    given(case, OPENED, ACCEPTED, STARTED, GRANTED).at_time(at(30)).when(Warn("red")).then(CaseWarned("red"))


def test_a_deadline_that_moved_may_be_warned_of_again() -> None:
    told = given(
        case, OPENED, ACCEPTED, STARTED, (at(11), CaseWarned("warning")), (at(11), DeadlineRecomputed(LATER))
    )
    told.at_time(at(16)).when(Warn("warning")).refused("not-yet-due")
    told.at_time(at(17)).when(Warn("warning")).then(CaseWarned("warning"))


# --- laws -----------------------------------------------------------------------------------------------------

ORDER = {
    status: rank
    for rank, group in enumerate(
        [
            {"unknown"},
            {"received", "correcting"},
            {"accepted", "suspended"},
            {"decided"},
            {"closed", "refused", "withdrawn"},
            {"archived"},
        ]
    )
    for status in group
}


@hypothesis_given(worlds("case-t1"))
def test_whatever_is_asked_a_case_only_moves_forward_and_is_decided_once(world: World) -> None:
    state, ranks, decisions = case.initial(), [0], set()
    for recorded in world.log:
        if recorded.stream == "case-t1":
            state = case.evolve(state, recorded.event, recorded.stamp)
            ranks.append(ORDER[state.status])
            decisions |= {state.decision} - {None}
    assert ranks == sorted(ranks)
    assert len(decisions) <= 1


@hypothesis_given(worlds("case-t1"))
def test_whatever_is_asked_what_is_told_once_is_told_once(world: World) -> None:
    told = [type(event) for event in world.events("case-t1")]
    once = (
        CaseOpened,
        CaseAccepted,
        CaseExtended,
        CaseDecided,
        CaseClosed,
        CaseDelivered,
        ClockStarted,
    )
    for kind in once:
        assert told.count(kind) <= 1
    assert told.count(CorrectionRequested) <= 2


@hypothesis_given(worlds("case-t1"))
def test_whatever_is_asked_a_signal_is_raised_once_for_each_deadline(world: World) -> None:
    raised: set[tuple[str, datetime | None]] = set()
    dues: CaseDues | None = None
    for event in world.events("case-t1"):
        match event:
            case ClockStarted(moved) | DeadlineRecomputed(moved):
                dues = moved
            case CaseWarned(signal):
                assert dues is not None
                assert (signal, dues.instant(signal)) not in raised
                raised.add((signal, dues.instant(signal)))


@hypothesis_given(worlds("case-t1"))
def test_whatever_is_asked_asking_the_same_again_at_once_changes_nothing(world: World) -> None:
    for command in (
        Accept(),
        Correct(("照片",)),
        Resume(),
        Decide("granted"),
        Close("x"),
        Deliver("post"),
        Withdraw(),
    ):
        first = world.ask("case-t1", command, at(30))
        if isinstance(first, list):
            assert world.ask("case-t1", command, at(30)) == []
