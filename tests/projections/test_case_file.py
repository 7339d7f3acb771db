"""The case file: where an application stands, by when it ends, and its timeline."""

from datetime import datetime

import msgspec
from hypothesis import given

from domain import case as deciding
from domain.case import (
    CaseAccepted,
    CaseClosed,
    CaseDecided,
    CaseNumbered,
    CaseOpened,
    CaseRefused,
    CaseWithdrawn,
)
from domain.catalogue import EVENTS
from domain.deadlines import CaseClock, CaseDues
from domain.delivery import CaseArchived, CaseDelivered
from domain.limits import LimitClock, LimitPassed, LimitSet, LimitSignalled
from domain.message import Event, Recorded
from domain.papers import CaseCorrected, CaseSupplemented, CorrectionRequested, HandedIn, PapersHandedIn
from domain.respite import CaseResumed, CaseSuspended
from domain.steps import StepBegun, StepRecorded
from domain.supervision import CaseWarned, ClockStarted, DeadlineRecomputed
from domain.workdays import Due
from projections import case_file
from projections.case_file import HAPPENINGS, View
from tests.histories import histories, record, view_of
from tests.spec import NINE


def at(day: int) -> datetime:
    return NINE.replace(day=day)


OPENED = CaseOpened(
    item="permit",
    item_version=2,
    hall="tanghe",
    unit="market-office",
    applicant="p1",
    channel="window",
    kind="promised",
    promised_limit_workdays=8,
)
CLOCK = CaseClock(since=NINE, workdays=8)
DUES = CaseDues(warn_at=at(11), yellow_at=at(12), due_at=at(13), statutory_at=at(30), provisional=True)
LATER = CaseDues(warn_at=at(18), yellow_at=at(19), due_at=at(20), statutory_at=at(30))
RUNNING = (OPENED, CaseAccepted("2026-001", CLOCK), ClockStarted(DUES))


def seen(*happened: Event | tuple[datetime, Event]) -> View:
    view = view_of(case_file, record("case-t1", *happened))["t1"]
    assert isinstance(view, View)
    return view


def test_a_new_case_stands_as_received() -> None:
    view = seen(OPENED)
    assert (view.case, view.status, view.item, view.item_version) == ("t1", "received", "permit", 2)
    assert (view.hall, view.unit, view.channel, view.opened_at) == ("tanghe", "market-office", "window", NINE)
    assert view.due_at is None


def test_an_imported_case_shows_its_promised_end_at_once() -> None:
    assert seen(msgspec.structs.replace(OPENED, promised_end=at(12))).due_at == at(12)


def test_what_is_missing_is_shown_until_it_is_brought() -> None:
    told = seen(OPENED, CorrectionRequested(("照片",)))
    assert (told.status, told.missing) == ("correcting", ("照片",))
    brought = seen(OPENED, CorrectionRequested(("照片",)), CaseCorrected(("照片",)))
    assert (brought.status, brought.missing) == ("received", ())


def test_what_was_handed_in_from_afar_is_shown_until_the_office_has_received_it() -> None:
    asked = (OPENED, CorrectionRequested(("照片", "合同")))
    photo, contract = HandedIn("照片", "visit"), HandedIn("合同", "statement", "已作废")
    other = HandedIn("照片", "licence", "1.2.156")
    told = seen(*asked, PapersHandedIn((photo, contract)), PapersHandedIn((other,)))
    assert (told.status, told.missing) == ("correcting", ("照片", "合同"))
    assert told.handed_in == [other, contract]
    assert seen(*asked, PapersHandedIn((photo,)), CaseCorrected(("照片",))).handed_in == []


def test_an_accepted_case_shows_its_deadlines_and_whether_they_are_provisional() -> None:
    view = seen(*RUNNING)
    assert (view.status, view.accepted_at) == ("accepted", NINE)
    assert (view.due_at, view.statutory_at, view.provisional) == (at(13), at(30), True)


def test_a_special_procedure_shows_and_its_end_moves_the_deadline() -> None:
    suspended = (*RUNNING, CaseSuspended("hearing", "要求听证", 5))
    assert seen(*suspended).status == "suspended"
    view = seen(*suspended, CaseResumed("done", CLOCK), DeadlineRecomputed(LATER))
    assert (view.status, view.due_at, view.provisional) == ("accepted", at(20), False)


def test_the_latest_signal_shows_until_the_deadline_moves_away_from_it() -> None:
    warned = (*RUNNING, (at(11), CaseWarned("warning")), (at(12), CaseWarned("yellow")))
    assert seen(*warned).signal == "yellow"
    assert seen(*warned, (at(12), DeadlineRecomputed(LATER))).signal is None
    assert seen(*warned, (at(18), DeadlineRecomputed(LATER))).signal == "warning"


def test_a_closed_case_tells_its_decision_and_whether_it_came_in_time() -> None:
    closed = CaseClosed("permit", "tanghe", "market-office", at(13))
    red = (*RUNNING, (at(13), CaseWarned("red")))
    view = seen(*red, (at(14), CaseDecided("granted")), (at(14), closed), (at(15), CaseDelivered("post")))
    assert (view.status, view.decision, view.means) == ("closed", "granted", "post")
    assert (view.in_time, view.signal, view.closed_at) == (False, None, at(14))
    assert seen(*RUNNING, (at(13), closed)).in_time is True
    assert seen(OPENED, CaseClosed("permit", "tanghe", "market-office")).in_time is None


def test_what_was_refused_or_withdrawn_is_due_no_more() -> None:
    assert seen(OPENED, CaseRefused("no", "there")).status == "refused"
    view = seen(*RUNNING, (at(11), CaseWarned("warning")), (at(12), CaseWithdrawn()))
    assert (view.status, view.signal, view.closed_at) == ("withdrawn", None, at(12))


def test_the_timeline_has_everything_in_order_with_who_and_when_and_what() -> None:
    step = StepRecorded("审查", "wang", "passed", "齐全")
    view = seen(OPENED, (at(3), step))
    first, second = view.timeline
    assert (first.what, first.by) == ("case-opened", "clerk:li")
    assert first.detail["item"] == "permit"
    assert (second.at, second.what) == (at(3), "case-step-recorded")
    assert second.detail == {"name": "审查", "handler": "wang", "action": "passed", "opinion": "齐全"}


def test_every_line_of_a_timeline_has_a_name() -> None:
    assert {tag for tag in EVENTS if tag.startswith("case-")} == HAPPENINGS.keys()


def test_a_case_is_listed_by_where_it_is_and_when_it_ends() -> None:
    facets = case_file.facets(seen(*RUNNING, (at(11), CaseWarned("warning"))))
    assert facets.keys() == case_file.FACETS.keys()
    assert (facets["unit"], facets["status"]) == ("market-office", "accepted")
    assert (facets["signal"], facets["due_at"]) == ("warning", at(13))


def test_other_streams_are_none_of_its_business() -> None:
    (recorded,) = record("queue-tanghe-2026-03-02", OPENED)
    assert case_file.key(recorded) is None


@given(histories("case-t1", "review-case.t1"))
def test_the_file_stands_where_the_case_itself_stands(log: list[Recorded]) -> None:
    view = view_of(case_file, log).get("t1")
    state = deciding.initial()
    told = [recorded for recorded in log if recorded.stream == "case-t1"]
    for recorded in told:
        state = deciding.evolve(state, recorded.event, recorded.stamp)
    if view is None:
        assert not told
        return
    assert view.status == state.status
    assert view.decision == (state.decision and state.decision.result)
    assert len(view.timeline) == len(told)
    assert sorted(view.raised) == sorted(state.watch.raised)
    if state.watch.dues is not None:
        assert view.due_at == state.watch.dues.due_at


@given(histories())
def test_no_history_of_the_halls_is_too_much_for_it(log: list[Recorded]) -> None:
    for view in view_of(case_file, log).values():
        assert case_file.facets(view).keys() == case_file.FACETS.keys()


# --- the smaller limits -----------------------------------------------------------------------------------------


WAITING = LimitSet(limit="acceptance", clock=LimitClock(NINE, 5), due=Due(at(9)), accepts=True)


def test_a_limit_that_runs_shows_when_it_is_due_and_one_that_passed_is_a_finding() -> None:
    view = seen(OPENED, WAITING)
    assert (view.limits, view.findings, view.signal) == ({"acceptance": at(9)}, {}, None)
    view = seen(OPENED, WAITING, (at(9), LimitPassed("acceptance")))
    assert (view.limits, view.findings, view.signal) == ({}, {"acceptance": at(9)}, "red")
    view = seen(OPENED, WAITING, (at(9), LimitPassed("acceptance")), (at(10), CaseAccepted()))
    assert (view.findings, view.signal) == ({}, None)


def test_acceptance_by_silence_stays_a_finding_until_the_case_ends() -> None:
    silent = CaseAccepted(clock=CaseClock(since=NINE, workdays=8), by_silence=True)
    view = seen(OPENED, WAITING, (at(9), LimitPassed("acceptance")), (at(9), silent))
    assert (view.status, view.by_silence, view.signal) == ("accepted", True, "red")
    assert view.accepted_at == NINE
    closed = CaseClosed("permit", "tanghe", "office")
    view = seen(OPENED, WAITING, (at(9), LimitPassed("acceptance")), (at(9), silent), (at(10), closed))
    assert view.signal is None


def test_the_gravest_signal_shows() -> None:
    slow = (StepBegun("s1", "审查", "li", 1), (at(3), LimitPassed("step.s1")))
    view = seen(OPENED, CaseAccepted(), *slow)
    assert view.signal == "yellow"
    assert seen(OPENED, CaseAccepted(), *slow, (at(4), CaseWarned("red"))).signal == "red"
    assert seen(OPENED, CaseAccepted(), *slow, (at(4), CaseWarned("warning"))).signal == "yellow"
    recorded = StepRecorded("审查", "li", step="s1")
    assert seen(OPENED, CaseAccepted(), *slow, (at(4), recorded)).signal is None


def test_outstanding_papers_the_number_the_tracking_and_the_archive_show() -> None:
    accepted = CaseAccepted(None, None, ("合同", "照片"), 20)
    view = seen(OPENED, CaseNumbered("A1"), accepted, CaseSupplemented(("合同",)))
    assert (view.number, view.outstanding) == ("A1", ("照片",))
    sent = (CaseDecided("granted"), CaseDelivered("post", "EMS1"), CaseArchived())
    view = seen(OPENED, CaseAccepted(), *sent)
    assert (view.means, view.tracking, view.status) == ("post", "EMS1", "archived")


WATCHED = LimitSet(
    limit="acceptance",
    clock=LimitClock(NINE, 5),
    due=Due(at(9)),
    signals={"warning": at(6), "red": at(11)},
)


def test_a_limit_stands_at_the_signal_it_has_raised_and_under_its_rule() -> None:
    warned = (OPENED, WATCHED, (at(6), LimitSignalled("acceptance", "warning")))
    view = seen(*warned)
    assert (view.signal, view.findings, case_file.facets(view)["rules"]) == ("warning", {}, " acceptance ")
    view = seen(*warned, (at(9), LimitPassed("acceptance")))
    assert (view.signal, view.findings) == ("warning", {"acceptance": at(9)})
    view = seen(*warned, (at(9), LimitPassed("acceptance")), (at(11), LimitSignalled("acceptance", "red")))
    assert (view.signal, case_file.facets(view)["rules"]) == ("red", " acceptance ")
    view = seen(*warned, (at(10), CaseAccepted()))
    assert (view.signal, view.signals, case_file.facets(view)["rules"]) == (None, {}, None)


def test_a_limit_that_moves_on_keeps_only_what_has_come_of_its_new_instants() -> None:
    warned = (OPENED, WATCHED, (at(6), LimitSignalled("acceptance", "warning")))
    later = msgspec.structs.replace(WATCHED, signals={"warning": at(8), "red": at(12)})
    assert seen(*warned, (at(7), later)).signal is None
    later = msgspec.structs.replace(WATCHED, signals={"warning": at(5), "red": at(12)})
    assert seen(*warned, (at(7), later)).signal == "warning"
