"""What follows from what: invitations, rectifications and clocks, and how their days are counted."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from domain import policies
from domain.case import CaseAccepted, CaseClosed, CaseDecided, CaseOpened, OpenCase
from domain.deadlines import (
    CaseClock,
    CaseDues,
    RectificationClock,
    RectificationLimits,
    Signal,
    Stop,
    case_dues,
    rectification_dues,
    signal_now,
)
from domain.directive import CaseDirected
from domain.handling import Ask
from domain.limits import LimitClock, LimitSet, SetLimit, set_limit
from domain.message import Event, Recorded
from domain.notice import QueueNotice
from domain.papers import CaseCorrected, CorrectionRequested, GuidePaper
from domain.policies import react, recompute
from domain.queue import (
    CallNext,
    FinishService,
    IssueTicket,
    OpenDay,
    OpenWindow,
    ServiceFinished,
    StartService,
    VisitSplit,
)
from domain.rectification import OpenRectification, RecomputeDues, RectificationExtended
from domain.respite import CaseExtended, CaseResumed, CaseSuspended
from domain.review import InviteReview, ReviewGiven
from domain.rules import KINDS, Rule, Threshold, rule_of
from domain.steps import StepBegun
from domain.supervision import RecomputeDeadline, StartClock
from domain.terms import CaseTerms, Terms
from domain.workdays import Calendar, workdays_between
from tests.histories import CALENDAR, HALL, World, record, worlds
from tests.spec import NINE


def evening(month: int, day: int) -> datetime:
    return NINE.replace(month=month, day=day, hour=23, minute=59, second=59)


def morning(month: int, day: int) -> datetime:
    return NINE.replace(month=month, day=day, hour=0)


CLOCK = CaseClock(since=NINE, workdays=8, statutory=20)
DUES = CaseDues(
    warn_at=morning(3, 11), yellow_at=morning(3, 12), due_at=evening(3, 12), statutory_at=evening(3, 30)
)


def asked(stream: str, event: Event, calendar: Calendar = CALENDAR, **more: Any) -> list[Ask]:
    (recorded,) = record(stream, event)
    return react(recorded, calendar, **more)


# --- who is invited -------------------------------------------------------------------------------------------

THIRTY_DAYS_ON = NINE + timedelta(days=30)
FINISHED = ServiceFinished("A001", "w1", "tanghe.20260302.abc", "a", ("permit", "licence"))


def test_who_was_served_is_invited_to_rate_the_ticket() -> None:
    invitation = InviteReview(
        channel="qr-code",
        hall="tanghe",
        unit="tanghe",
        window="w1",
        item="permit",
        until=THIRTY_DAYS_ON,
        clerk="li",
    )
    ask = Ask("review-ticket.tanghe.20260302.abc", invitation)
    assert asked("queue-tanghe-2026-03-02", FINISHED) == [ask]


def test_the_responsible_unit_of_an_item_is_whoever_the_configuration_names() -> None:
    (ask,) = asked("queue-tanghe-2026-03-02", FINISHED, unit_of=lambda hall, item: f"{hall} {item}")
    assert isinstance(ask.command, InviteReview)
    assert ask.command.unit == "tanghe permit"


def test_whose_case_was_closed_is_invited_to_rate_the_case() -> None:
    invitation = InviteReview(
        channel="sms", hall="tanghe", unit="market-office", item="permit", until=THIRTY_DAYS_ON, clerk="li"
    )
    closed = CaseClosed("permit", "tanghe", "market-office")
    assert asked("case-t1", closed) == [Ask("review-case.t1", invitation)]


def test_how_long_a_service_may_be_rated_is_configuration() -> None:
    week = {"tanghe": Terms(review_days=7)}
    (ask,) = asked("queue-tanghe-2026-03-02", FINISHED, terms_of=week.__getitem__)
    assert isinstance(ask.command, InviteReview)
    assert ask.command.until == NINE + timedelta(days=7)


def test_nobody_is_invited_to_rate_a_test() -> None:
    assert asked("case-t1", CaseClosed("permit", "tanghe", "market-office", test=True)) == []


# --- bad reviews ----------------------------------------------------------------------------------------------


def review_given(**fields: Any) -> ReviewGiven:
    usual: dict[str, Any] = {
        "review": "r1",
        "grade": "dissatisfied",
        "channel": "mobile",
        "hall": "tanghe",
        "unit": "market-office",
    }
    return ReviewGiven(**(usual | fields))


def test_a_bad_review_opens_a_rectification_due_in_one_five_and_fifteen_working_days() -> None:
    (ask,) = asked("review-case.t1", review_given())
    assert ask.stream == "review-case.t1"
    assert isinstance(ask.command, OpenRectification)
    assert ask.command.rectification == "case.t1"
    assert ask.command.unit == "market-office"
    dues = ask.command.dues
    assert [dues.contact.at, dues.simple.at, dues.complex.at] == [
        evening(3, 3),
        evening(3, 9),
        evening(3, 23),
    ]
    assert not dues.provisional


def test_the_limits_of_a_rectification_are_configuration() -> None:
    terms = Terms(rectification=RectificationLimits(2, 10, 20))
    (ask,) = asked("review-case.t1", review_given(), terms_of=lambda hall: terms)
    assert isinstance(ask.command, OpenRectification)
    assert ask.command.dues.simple.at == evening(3, 16)


@pytest.mark.parametrize("limits", [(5, 5, 15), (1, 6, 5), (5, 1, 15)])
def test_limits_that_do_not_follow_each_other_are_no_configuration(limits: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="limits-not-rising"):
        RectificationLimits(*limits)


@pytest.mark.parametrize("grade", ["very-satisfied", "satisfied", "fairly-satisfied"])
def test_no_other_review_opens_one(grade: str) -> None:
    assert asked("review-case.t1", review_given(grade=grade)) == []


def test_a_test_opens_none() -> None:
    assert asked("review-case.t1", review_given(test=True)) == []


def test_an_extension_is_counted_from_the_review_on() -> None:
    clock = RectificationClock(NINE, RectificationLimits(), extension=3)
    (ask,) = asked("review-case.t1", RectificationExtended(3, "x", "director", clock))
    assert isinstance(ask.command, RecomputeDues)
    dues = ask.command.dues
    assert [dues.contact.at, dues.simple.at, dues.complex.at] == [
        evening(3, 3),
        evening(3, 12),
        evening(3, 26),
    ]


# --- the clock of a case --------------------------------------------------------------------------------------


def test_acceptance_starts_the_clock() -> None:
    assert asked("case-t1", CaseAccepted(None, CLOCK)) == [Ask("case-t1", StartClock(CLOCK, DUES))]


def test_what_is_not_timed_has_no_clock() -> None:
    assert asked("case-t1", CaseAccepted()) == []
    assert asked("case-t1", CaseResumed()) == []


def test_a_stop_of_five_working_days_ends_the_case_five_working_days_later() -> None:
    stopped = msgspec.structs.replace(CLOCK, stops=(Stop(NINE.replace(day=4), NINE.replace(day=11)),))
    (ask,) = asked("case-t1", CaseResumed("done", stopped))
    dues = CaseDues(
        warn_at=morning(3, 18), yellow_at=morning(3, 19), due_at=evening(3, 19), statutory_at=evening(4, 7)
    )
    assert ask == Ask("case-t1", RecomputeDeadline(stopped, dues))


def test_a_stop_within_a_day_changes_nothing() -> None:
    within = msgspec.structs.replace(CLOCK, stops=(Stop(NINE, NINE + timedelta(hours=8)),))
    assert case_dues(within, CALENDAR) == DUES


def test_an_extension_moves_both_limits() -> None:
    extended = msgspec.structs.replace(CLOCK, extension=10)
    ask, told = asked("case-t1", CaseExtended(10, "x", "director", extended))
    assert isinstance(told.command, QueueNotice)
    assert isinstance(ask.command, RecomputeDeadline)
    assert ask.command.dues.due_at == evening(3, 26)
    assert ask.command.dues.statutory_at == evening(4, 14)


def test_the_promised_end_of_an_imported_record_stands_as_it_is_written() -> None:
    end = NINE.replace(day=20, hour=13, minute=41)
    clock = CaseClock(since=NINE, ends_at=end)
    assert case_dues(clock, Calendar()) == CaseDues(
        warn_at=morning(3, 18), yellow_at=morning(3, 20), due_at=end
    )
    stopped = msgspec.structs.replace(clock, stops=(Stop(NINE, NINE.replace(day=4)),))
    assert case_dues(stopped, CALENDAR).due_at == evening(3, 24)


def test_a_day_that_ends_at_midnight_is_the_day_before() -> None:
    clock = CaseClock(since=NINE, ends_at=morning(3, 21))
    assert case_dues(clock, CALENDAR).yellow_at == morning(3, 20)


def test_a_limit_of_one_day_has_no_early_warning() -> None:
    dues = case_dues(CaseClock(since=NINE, workdays=1), CALENDAR)
    assert dues == CaseDues(yellow_at=morning(3, 3), due_at=evening(3, 3))


def test_a_fifth_of_a_long_limit_is_the_early_warning() -> None:
    dues = case_dues(CaseClock(since=NINE, workdays=20), CALENDAR)
    assert dues.warn_at is not None
    assert workdays_between(CALENDAR, dues.warn_at.date(), dues.due_at.date()) == 4


def test_a_signal_is_told_by_the_moment_it_is_looked_at() -> None:
    told: list[tuple[datetime, Signal | None]] = [
        (morning(3, 11) - timedelta(seconds=1), None),
        (morning(3, 11), "warning"),
        (morning(3, 12), "yellow"),
        (evening(3, 12), "yellow"),
        (evening(3, 12) + timedelta(seconds=1), "red"),
    ]
    for now, signal in told:
        assert signal_now(CALENDAR, NINE, DUES.due_at, now) == signal


# --- the smaller limits of a case -----------------------------------------------------------------------------

PAPERS = (GuidePaper("照片"), GuidePaper("合同", deferrable=True))
TAKEN_IN = CaseOpened(
    item="permit",
    item_version=1,
    hall="tanghe",
    unit="office",
    applicant="p1",
    channel="web",
    kind="promised",
    promised_limit_workdays=8,
    guide=PAPERS,
)


def proposed(limit: str) -> Rule:
    return KINDS[rule_of(limit)].default


@pytest.mark.parametrize(
    ("happened", "limit", "days"),
    [
        (TAKEN_IN, "acceptance", 5),
        (CaseCorrected(("照片",)), "acceptance", 5),
        (CorrectionRequested(("照片",), None, 15), "correction", 15),
        (CaseAccepted(outstanding=("合同",), supplement_workdays=20), "supplement", 20),
        (CaseSuspended("hearing", "x", 7), "procedure", 7),
        (StepBegun("s1", "审查", "li", 2), "step.s1", 2),
        (CaseDecided("granted"), "delivery", 10),
        (CaseDirected("d1", "请说明"), "directive.d1", 3),
        (CaseDirected("d1", "请说明", 5), "directive.d1", 5),
    ],
)
def test_a_fact_opens_its_limit(happened: Event, limit: str, days: int) -> None:
    told = [ask.command for ask in asked("case-t1", happened) if isinstance(ask.command, SetLimit)]
    accepts = limit == "acceptance"
    assert told == [set_limit(limit, LimitClock(NINE, days), CALENDAR, proposed(limit), accepts)]


@pytest.mark.parametrize(
    "happened",
    [
        msgspec.structs.replace(TAKEN_IN, guide=None),
        CorrectionRequested(("照片",)),
        CaseAccepted(),
        CaseDecided("refused", "x"),
    ],
)
def test_no_limit_is_made_up(happened: Event) -> None:
    assert [ask for ask in asked("case-t1", happened) if isinstance(ask.command, SetLimit)] == []


def test_what_was_not_done_at_a_window_becomes_a_case_with_a_limit_of_its_own() -> None:
    failed = msgspec.structs.replace(FINISHED, outcome="not-done")
    _, opened, accepted = asked("queue-tanghe-2026-03-02", failed)
    assert opened.stream == accepted.stream == f"case-{failed.ticket}.not-done"
    assert isinstance(opened.command, OpenCase)
    assert (opened.command.ticket, opened.command.hall) == (failed.ticket, "tanghe")
    assert opened.command.promised_limit_workdays == 5
    terms = Terms(cases=CaseTerms(not_done=2))
    _, opened, _ = asked("queue-tanghe-2026-03-02", failed, terms_of=lambda hall: terms)
    assert isinstance(opened.command, OpenCase)
    assert opened.command.promised_limit_workdays == 2
    assert len(asked("queue-tanghe-2026-03-02", FINISHED)) == 1


def test_what_was_not_done_before_a_visit_went_on_becomes_a_case_too() -> None:
    failed = VisitSplit("A001", "w1", "t1", "a", "b", "deed", ("card",), "not-done")
    opened, accepted = asked("queue-tanghe-2026-03-02", failed)
    assert opened.stream == accepted.stream == "case-t1.not-done"
    assert asked("queue-tanghe-2026-03-02", msgspec.structs.replace(failed, outcome="done")) == []


def test_a_ticket_that_failed_has_one_case_that_is_timed_from_then_on() -> None:
    world, line = World(), "queue-tanghe-2026-03-02"
    for command in (
        OpenDay(HALL),
        IssueTicket("t1", "a"),
        OpenWindow("w1", "li", ("a",)),
        CallNext("w1"),
        StartService("w1"),
        FinishService("w1", outcome="not-done"),
        FinishService("w1", outcome="not-done"),
    ):
        world.ask(line, command, NINE)
    state = world.state("case-t1.not-done")
    assert (state.status, state.opened.ticket) == ("accepted", "t1")
    assert state.watch.dues.due_at == evening(3, 9)
    assert [recorded.stream for recorded in world.log if isinstance(recorded.event, CaseOpened)] == [
        "case-t1.not-done"
    ]
    assert world.refused == []


def test_whether_silence_accepts_is_configuration() -> None:
    quick, slow = Rule(workdays=3, red=Threshold(over_workdays=2)), Rule(workdays=9)
    terms = Terms(cases=CaseTerms(silence_accepts=False), rules={"acceptance": quick, "correction": slow})
    (ask,) = asked("case-t1", TAKEN_IN, terms_of=lambda hall: terms)
    assert ask.command == set_limit("acceptance", LimitClock(NINE, 3), CALENDAR, quick)
    assert isinstance(ask.command, SetLimit)
    assert ask.command.signals == {"red": evening(3, 9)}
    (ask, _) = asked("case-t1", CorrectionRequested(("照片",)), terms_of=lambda hall: terms)
    assert ask.command == set_limit("correction", LimitClock(NINE, 9), CALENDAR, slow)


def test_a_limit_is_counted_anew_when_a_notice_is_there() -> None:
    clock = LimitClock(NINE.replace(month=12, day=30), 5)
    before = set_limit("delivery", clock, CALENDAR, proposed("delivery"))
    assert before.due.provisional
    running = {"delivery": LimitSet(**msgspec.structs.asdict(before))}
    year = msgspec.structs.replace(
        CALENDAR.years[0], year=2027, rest_days=(date(2027, 1, 1), date(2027, 1, 4))
    )
    gazetted = CALENDAR.with_year(year)
    (ask,) = recompute(Running("case-t1", limits=running), gazetted)
    assert ask.command == set_limit("delivery", clock, gazetted, proposed("delivery"))
    assert isinstance(ask.command, SetLimit)
    assert ask.command.due.at == before.due.at + timedelta(days=1)


def test_the_signals_of_a_promise_come_by_the_regions_rule() -> None:
    slow = Rule(warning=Threshold(left_workdays=5), red=Threshold(over_workdays=2))
    dues = case_dues(CaseClock(since=NINE, workdays=10), CALENDAR, slow)
    assert (dues.warn_at, dues.yellow_at) == (morning(3, 9), None)
    assert (dues.due_at, dues.red_at, dues.instant("red")) == (evening(3, 16), evening(3, 18), evening(3, 18))
    terms = Terms(rules={"promise": slow})
    accepted = CaseAccepted(clock=CaseClock(since=NINE, workdays=10))
    (ask,) = asked("case-t1", accepted, terms_of=lambda hall: terms)
    assert isinstance(ask.command, StartClock)
    assert ask.command.dues == dues


@pytest.mark.parametrize(
    "told", ['{"left_percent":20,"over_workdays":0}', "{}", '{"left_workdays":61}', '{"left_percent":0}']
)
def test_a_threshold_says_one_thing(told: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(told, type=Threshold)


def test_no_graver_signal_comes_before_a_lighter_one() -> None:
    with pytest.raises(ValueError, match="signals-not-rising"):
        Rule(yellow=Threshold(over_workdays=1), red=Threshold(over_workdays=0))
    Rule(warning=Threshold(left_workdays=3), yellow=Threshold(left_percent=1), red=Threshold(left_workdays=1))


# --- notices --------------------------------------------------------------------------------------------------


class Running(msgspec.Struct):
    stream: str
    hall: str | None = None
    clock: CaseClock | RectificationClock | None = None
    limits: dict[str, LimitSet] = {}


def test_what_was_counted_without_a_notice_is_counted_anew_when_it_is_there() -> None:
    december = NINE.replace(month=12, day=30)
    clock = CaseClock(since=december, workdays=5)
    assert case_dues(clock, CALENDAR).provisional
    gazetted = CALENDAR.with_year(
        msgspec.structs.replace(
            CALENDAR.years[0], year=2027, rest_days=(date(2027, 1, 1), date(2027, 1, 4), date(2027, 1, 5))
        )
    )
    (ask,) = recompute(Running("case-t1", clock=clock), gazetted)
    assert isinstance(ask.command, RecomputeDeadline)
    assert not ask.command.dues.provisional
    assert ask.command.dues.due_at.date() == date(2027, 1, 11)


def test_a_rectification_is_counted_anew_too() -> None:
    clock = RectificationClock(NINE, RectificationLimits())
    assert rectification_dues(clock, Calendar()).provisional
    ask = Ask("review-case.t1", RecomputeDues(clock, rectification_dues(clock, CALENDAR)))
    assert recompute(Running("review-case.t1", clock=clock), CALENDAR) == [ask]


# --- laws -----------------------------------------------------------------------------------------------------


@hypothesis_given(worlds())
def test_whatever_happens_neither_policies_nor_the_scheduler_are_ever_refused(world: World) -> None:
    assert world.refused == []


@hypothesis_given(worlds("case-t1", "review-case.t1"))
def test_whatever_happens_what_a_policy_asks_twice_changes_nothing(world: World) -> None:
    again = [ask for recorded in world.log for ask in react(recorded, world.calendar)]
    late = world.log[-1].stamp.at if world.log else NINE
    world.record_passed(late)
    known = len(world.log)
    for ask in again:
        assert world.ask(ask.stream, ask.command, late, "policy:reactor") == []
    assert len(world.log) == known


def times(least: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 60 * 24), min_size=least, max_size=6).map(sorted)


@hypothesis_given(times(2), st.integers(1, 30))
def test_stops_move_a_deadline_by_the_working_days_they_lasted(hours: list[int], limit: int) -> None:
    moments = [NINE + timedelta(hours=h) for h in hours[: len(hours) // 2 * 2]]
    stops = tuple(Stop(*pair) for pair in _pairs(moments))
    plain, stopped = CaseClock(since=NINE, workdays=limit), CaseClock(since=NINE, workdays=limit, stops=stops)
    before, after = case_dues(plain, CALENDAR).due_at, case_dues(stopped, CALENDAR).due_at
    lasted = sum(workdays_between(CALENDAR, stop.since.date(), stop.until.date()) for stop in stops)
    assert workdays_between(CALENDAR, before.date(), after.date()) == lasted


def _pairs(moments: list[datetime]) -> Iterable[tuple[datetime, datetime]]:
    return zip(moments[::2], moments[1::2], strict=True)


def test_a_policy_knows_only_the_event() -> None:
    """What no policy is about asks for nothing."""
    opened = CaseOpened(
        item="permit",
        item_version=1,
        hall="tanghe",
        unit="market-office",
        applicant="p1",
        channel="web",
        kind="promised",
    )
    (recorded,) = record("case-t1", opened)
    assert isinstance(recorded, Recorded)
    assert policies.react(recorded, CALENDAR) == []
