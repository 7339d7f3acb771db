"""Tickets that do not end at their first window, wrong acts undone, alarms, a full hall, a day that is forgotten."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from domain import queue
from domain.detours import undoable
from domain.hall import HallPlan, SessionPlan
from domain.line import ahead, next_in_line, why
from domain.message import Command, Event, Text
from domain.nearing import TurnNeared
from domain.order import Ageing, Arrival, Ratio
from domain.promises import broken
from domain.queue import (
    AlarmCleared,
    AlarmRaised,
    CallNext,
    CallTicket,
    ChangeTicket,
    ClearAlarm,
    CloseDay,
    DayClosed,
    DayOpened,
    FinishService,
    FinishUndone,
    IssueTicket,
    MarkNoShow,
    MeanTicket,
    NoShowUndone,
    ParkTicket,
    PauseWindow,
    RaiseAlarm,
    Recall,
    ResumeWindow,
    ReturnToLine,
    ServiceFinished,
    ServiceStarted,
    SplitVisit,
    StartService,
    TicketCalled,
    TicketCutOff,
    TicketIssued,
    TicketLeft,
    TicketMissed,
    TicketParked,
    TicketRecalled,
    TicketReturned,
    TicketTransferred,
    TicketUnparked,
    TransferTicket,
    TransferUndone,
    UndoLast,
    UnparkTicket,
    VisitSplit,
    WindowClosed,
    WindowPaused,
    WindowResumed,
)
from tests.domain.test_queue import (
    A1,
    A2,
    B1,
    CALLED,
    IN_HAND,
    IN_SERVICE,
    MISSED,
    OPEN,
    PARKED,
    PLAN,
    W1,
    W2,
)
from tests.spec import NINE, given

DONE = ServiceFinished("A001", "1", "ta1", "general")
SENT = TicketTransferred("A001", "1", "estate", "wrong queue")
KEPT = TicketTransferred("A001", "1", "estate", "wrong queue", "2")


def opened(**changes: Any) -> DayOpened:
    plan: HallPlan = msgspec.structs.replace(PLAN, **changes)
    return DayOpened(plan)


def first(state: queue.Queue, line: str, window: str | None = None) -> str | None:
    found = next_in_line(state, (line,), NINE, window)
    return found and found.number


# --- the order of the plan ------------------------------------------------------------------------------------


def test_a_window_calls_in_the_order_the_plan_says() -> None:
    elderly = TicketIssued("A002", "ta2", "general", None, "elderly")
    given(queue, opened(order=Arrival()), W1, A1, elderly).when(CallNext("1")).then(CALLED)


def test_the_place_in_line_and_its_reason_follow_the_plan() -> None:
    elderly = TicketIssued("A002", "ta2", "general", None, "elderly")
    state = given(queue, opened(order=Ageing(30)), W1, A1, elderly).state
    late = NINE + timedelta(minutes=30)
    assert (ahead(state, "A001", NINE), ahead(state, "A001", late)) == (1, 0)
    assert why(state, "A001", 1, NINE).zh == "按取号先后排队；您前面还有1人。"
    assert why(state, "A001", 0, late).zh == "等候已满30分钟，优先办理；您前面还有0人。"


def test_a_ratio_is_kept_by_the_calls_of_the_day() -> None:
    old = [TicketIssued(f"A00{n}", f"t{n}", "general", None, "elderly") for n in (3, 4, 5)]
    day = given(queue, opened(order=Ratio(2, 1)), W1, A1, A2, *old)
    called = []
    for _ in range(5):
        day.when(CallNext("1"))
        called.append(day.decided[0].number)  # type: ignore[index]
        day.when(MarkNoShow("1"))
    assert called == ["A003", "A004", "A001", "A005", "A002"]


# --- recalls and no-shows -------------------------------------------------------------------------------------


def test_a_holder_is_given_time_to_answer_before_they_are_called_again() -> None:
    history = (opened(recall_gap_seconds=20), W1, A1, CALLED)
    given(queue, *history).at_time(NINE + timedelta(seconds=5)).when(Recall("1")).refused(
        "recall-too-soon", number="A001", seconds=15
    )
    later = NINE + timedelta(seconds=20)
    given(queue, *history).at_time(later).when(Recall("1")).then(TicketRecalled("A001", "1"))
    again = (*history, (later, TicketRecalled("A001", "1")))
    given(queue, *again).at_time(later + timedelta(seconds=1)).when(Recall("1")).refused("recall-too-soon")


def test_a_hall_may_want_every_recall_before_a_no_show() -> None:
    history = (opened(no_show_after_recalls=True, recalls=1), W1, A1, CALLED)
    given(queue, *history).when(MarkNoShow("1")).refused("recall-first", number="A001", recalls=1)
    given(queue, *history, TicketRecalled("A001", "1")).when(MarkNoShow("1")).then(MISSED)


def test_where_no_start_is_told_a_service_ends_from_the_call() -> None:
    history = (opened(starts_told=False), W1, A1, CALLED)
    ended = ServiceFinished("A001", "1", "ta1", "general")
    state = given(queue, *history).when(FinishService("1")).then(ended)
    given(queue, *history, ended).when(UndoLast("1")).then(FinishUndone("A001", "1", "general", "ta1"))
    assert state.tickets["A001"].status == "served"
    given(queue, OPEN, W1, A1, CALLED).when(FinishService("1")).refused("ticket-not-serving", status="called")
    given(queue, *history).when(MarkNoShow("1")).then(MISSED)
    given(queue, *history, ServiceStarted("A001", "1")).when(FinishService("1")).then(ended)


def test_who_missed_the_call_comes_back_last() -> None:
    booked = TicketIssued("A001", "ta1", "general", due_at=NINE)
    state = (
        given(queue, OPEN, W1, booked, CALLED, MISSED, A2)
        .when(ReturnToLine("1", "A001"))
        .then(TicketReturned("A001", last=True))
    )
    assert [ahead(state, number, NINE) for number in ("A002", "A001")] == [0, 1]
    assert first(state, "general") == "A002"


def test_who_missed_the_call_comes_back_after_as_many_as_the_plan_says() -> None:
    others = [TicketIssued(f"A00{n}", f"ta{n}", "general") for n in (2, 3)]
    day = given(queue, opened(missed_return_after=1), W1, A1, CALLED, MISSED, *others)
    state = day.when(ReturnToLine("1", "ta1")).then(TicketReturned("A001", after=1))
    assert [ahead(state, number, NINE) for number in ("A002", "A001", "A003")] == [0, 1, 2]
    day.when(CallNext("1")).then(TicketCalled("A002", "1"))
    day.when(MarkNoShow("1"), CallNext("1")).then(TicketCalled("A001", "1"))


def test_coming_back_twice_changes_nothing() -> None:
    given(queue, *IN_HAND, MISSED).when(ReturnToLine("1", "A001"), ReturnToLine("1", "A001")).then()


@pytest.mark.parametrize(("history", "status"), [(IN_HAND, "called"), ((*IN_SERVICE, DONE), "served")])
def test_only_who_is_aside_comes_back_by_number(history: tuple[Event, ...], status: str) -> None:
    given(queue, *history).when(ReturnToLine("1", "A001")).refused("ticket-not-aside", status=status)


@pytest.mark.parametrize("history", [IN_HAND, IN_SERVICE])
def test_the_ticket_in_hand_goes_back_to_its_old_place(history: tuple[Event, ...]) -> None:
    state = given(queue, *history, A2).when(ReturnToLine("1")).then(TicketReturned("A001", "1"))
    assert (first(state, "general"), state.windows["1"].serving) == ("A001", None)


def test_a_ticket_set_aside_goes_back_to_its_old_place() -> None:
    state = given(queue, *IN_HAND, PARKED, A2).when(ReturnToLine("1", "A001")).then(TicketReturned("A001"))
    assert first(state, "general") == "A001"


# --- set aside ------------------------------------------------------------------------------------------------


def test_a_ticket_in_a_windows_own_pool_is_taken_up_there_only() -> None:
    parked = TicketParked("A001", "1", "a copy", "window")
    given(queue, *IN_HAND).when(ParkTicket("1", "a copy", "window")).then(parked)
    for command in (UnparkTicket("2", "A001"), ReturnToLine("2", "A001")):
        given(queue, *IN_HAND, W2, parked).when(command).refused("ticket-kept", number="A001", window="1")
    given(queue, *IN_HAND, parked).when(UnparkTicket("1", "A001")).then(TicketUnparked("A001", "1"))


def test_a_closed_windows_pool_is_everybodys() -> None:
    history = (*IN_HAND, W2, TicketParked("A001", "1", "a copy", "window"), WindowClosed("1"))
    given(queue, *history).when(UnparkTicket("2", "A001")).then(TicketUnparked("A001", "2"))


# --- transferred ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (TransferTicket("1", to_window="2"), KEPT),
        (
            TransferTicket("1", "estate", "knows the case", to_clerk="clerk:wang"),
            TicketTransferred("A001", "1", "estate", "knows the case", None, "clerk:wang"),
        ),
    ],
)
def test_a_ticket_sent_to_a_window_or_clerk_is_called_there_only(command: Command, sent: Event) -> None:
    state = given(queue, *IN_SERVICE, W2, B1).when(command).then(sent)
    assert (first(state, "estate", "2"), first(state, "estate", "1")) == ("A001", "B001")
    assert (ahead(state, "A001", NINE), ahead(state, "B001", NINE)) == (0, 0)
    assert why(state, "A001", 0, NINE).en.startswith("Kept for Window 2.")
    given(queue, *IN_SERVICE, W2, B1, sent).when(CallTicket("1", "A001")).refused("ticket-kept", window="2")
    given(queue, *IN_SERVICE, W2, B1, sent).when(CallNext("2")).then(TicketCalled("A001", "2"))


def test_nobody_waits_for_a_window_that_has_closed() -> None:
    state = given(queue, *IN_SERVICE, W2, KEPT, WindowClosed("2")).state
    assert first(state, "estate", "1") == "A001"


def test_a_ticket_is_sent_to_somewhere_where_it_can_be_called() -> None:
    day = given(queue, *IN_SERVICE, W2)
    day.when(TransferTicket("1")).refused("transfer-to-nowhere")
    day.when(TransferTicket("1", "general", to_window="2")).refused("queue-not-served", window="2")
    day.when(TransferTicket("1", to_window="9")).refused("unknown-window", window="9")
    day.when(TransferTicket("1", to_clerk="clerk:zhao")).refused("clerk-not-here", clerk="clerk:zhao")
    given(queue, *IN_SERVICE).when(TransferTicket("1", to_window="2")).refused("window-not-open", window="2")


# --- another item after this one ------------------------------------------------------------------------------


def test_a_visit_goes_on_in_another_queue_with_the_same_number_and_place() -> None:
    split = SplitVisit("1", "estate", "deed", ("id-card",))
    told = VisitSplit("A001", "1", "ta1", "general", "estate", "deed", ("id-card",))
    later = NINE + timedelta(minutes=5)
    state = given(queue, *IN_SERVICE, W2, B1).at_time(later).when(split).then(told)
    assert (first(state, "estate"), state.tickets["A001"].item) == ("A001", "deed")
    assert state.windows["1"].serving is None
    assert state.experience.lines["general"].seconds == 300.0


def test_a_visit_goes_on_only_from_a_service_and_into_a_queue_of_the_day() -> None:
    given(queue, *IN_HAND).when(SplitVisit("1", "estate")).refused("ticket-not-serving")
    given(queue, *IN_SERVICE).when(SplitVisit("1", "visa")).refused("unknown-queue", queue="visa")


# --- undone ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "done", "undone", "status"),
    [
        (IN_SERVICE, FinishService("1"), FinishUndone("A001", "1", "general", "ta1"), "serving"),
        (IN_HAND, MarkNoShow("1"), NoShowUndone("A001", "1"), "called"),
        (IN_HAND, TransferTicket("1", "estate"), TransferUndone("A001", "1", "general"), "called"),
        (
            IN_SERVICE,
            TransferTicket("1", to_window="2"),
            TransferUndone("A001", "1", "general"),
            "serving",
        ),
    ],
)
def test_what_a_window_did_is_undone_as_if_it_had_not_been(
    history: tuple[Event, ...], done: Command, undone: Event, status: str
) -> None:
    before = given(queue, *history, W2).state
    day = given(queue, *history, W2).when(done)
    after = day.when(UndoLast("1")).then(undone)
    after.tickets["A001"].endings = 0  # it is remembered that there was one
    assert after.tickets == before.tickets
    assert (after.windows, after.lines) == (before.windows, before.lines)
    assert after.tickets["A001"].status == status
    assert sum(line.services for line in after.experience.lines.values()) == 0


@pytest.mark.parametrize("last", [DONE, SENT])
def test_it_is_undone_for_a_short_time_only(last: Event) -> None:
    history = (*IN_SERVICE, last)
    given(queue, *history).at_time(NINE + timedelta(seconds=61)).when(UndoLast("1")).refused(
        "too-late-to-undo", number="A001", seconds=60
    )


def test_nothing_is_undone_once_the_ticket_has_moved_on() -> None:
    moved = (*IN_SERVICE, W2, SENT, TicketCalled("A001", "2"), TicketMissed("A001", "2"))
    given(queue, *moved).when(UndoLast("1")).refused("called-elsewhere", number="A001", window="2")
    given(queue, *moved).when(UndoLast("2")).then(NoShowUndone("A001", "2"))
    for event in (TicketLeft("A001"), TicketReturned("A001", last=True)):
        given(queue, *IN_HAND, MISSED, event).when(UndoLast("1")).refused("nothing-to-undo")


def test_nothing_is_undone_over_a_ticket_in_hand_or_at_a_closed_window() -> None:
    history = (*IN_SERVICE, DONE, A2)
    given(queue, *history, TicketCalled("A002", "1")).when(UndoLast("1")).refused(
        "window-busy", number="A002"
    )
    given(queue, *history, WindowClosed("1")).when(UndoLast("1")).refused("window-not-open", window="1")
    given(queue, OPEN, W1).when(UndoLast("1")).refused("nothing-to-undo", window="1")
    given(queue, *IN_HAND, PARKED).when(UndoLast("1")).refused("nothing-to-undo")


def test_what_was_undone_can_be_done_again() -> None:
    again = msgspec.structs.replace(DONE, nth=1)
    given(queue, *IN_SERVICE).when(FinishService("1"), UndoLast("1"), FinishService("1")).then(again)


def test_a_window_tells_what_it_can_undo_and_until_when() -> None:
    day = given(queue, *IN_SERVICE).state
    assert undoable(day, "1") is None
    day = given(queue, *IN_SERVICE, DONE).state
    last = undoable(day, "1")
    assert last is not None
    assert (last[0].number, last[1].act, last[2]) == ("A001", "finish", last[1].at + timedelta(seconds=60))


# --- what is meant ---------------------------------------------------------------------------------------------


def test_what_is_meant_for_one_ticket_is_not_done_to_another() -> None:
    after_another = given(queue, *IN_SERVICE, DONE, A2, TicketCalled("A002", "1"))
    after_another.when(MeanTicket("1", "A001")).refused("another-in-hand", number="A002", meant="A001")
    after_another.when(MeanTicket("1", "A002")).then()
    given(queue, *IN_SERVICE, DONE).when(MeanTicket("1", "A001"), UndoLast("1")).then(
        FinishUndone("A001", "1", "general", "ta1")
    )
    given(queue, OPEN, W1).when(MeanTicket("1", "A001")).refused("window-idle")


# --- pauses ---------------------------------------------------------------------------------------------------


def test_a_window_pauses_for_what_the_plan_names() -> None:
    history = (opened(pauses={"lunch": Text("午餐", "Lunch")}), W1)
    given(queue, *history).when(PauseWindow("1", "lunch")).then(WindowPaused("1", "lunch"))
    given(queue, *history).when(PauseWindow("1", "errand")).refused("unknown-pause", names=["lunch"])


def test_a_window_that_pauses_may_do_so_for_another_reason() -> None:
    paused = given(queue, OPEN, W1, WindowPaused("1", "lunch"))
    assert paused.when(PauseWindow("1", "lunch")).then().windows["1"].pause == "lunch"
    paused.when(PauseWindow("1", "handover")).then(WindowPaused("1", "handover"))
    assert paused.when(ResumeWindow("1")).then(WindowResumed("1")).windows["1"].pause is None


# --- alarms ---------------------------------------------------------------------------------------------------


def test_a_window_calls_for_help_and_somebody_comes() -> None:
    raised = AlarmRaised("1", "threat")
    given(queue, OPEN).when(RaiseAlarm("1", "threat")).then(raised)
    given(queue, OPEN, raised).when(RaiseAlarm("1", "threat")).then()
    given(queue, OPEN, raised).when(RaiseAlarm("1", "fire")).then(AlarmRaised("1", "fire"))
    state = given(queue, OPEN, raised).when(ClearAlarm("1")).then(AlarmCleared("1"))
    assert state.windows["1"].alarm is None
    given(queue, OPEN).when(ClearAlarm("1")).then()
    given(queue, OPEN).when(RaiseAlarm("9")).refused("unknown-window", window="9")


def test_help_is_called_after_hours_too() -> None:
    given(queue, OPEN, DayClosed()).when(RaiseAlarm("1")).then(AlarmRaised("1", "help"))


# --- a full hall ----------------------------------------------------------------------------------------------


def test_a_full_hall_gives_no_tickets_to_those_who_have_not_booked() -> None:
    day = given(queue, opened(capacity=2), A1, B1)
    day.when(IssueTicket("t9", "general")).refused("hall-full", waiting=2, capacity=2)
    day.when(IssueTicket("ta1", "general")).then()
    day.when(IssueTicket("t9", "general", appointment="p1")).then(
        TicketIssued("A002", "t9", "general", appointment="p1")
    )


def test_tickets_end_when_the_service_would_end_after_closing_time() -> None:
    session = SessionPlan(NINE.time(), (NINE + timedelta(hours=3)).time())
    history = (opened(sessions=(session,), tickets_until="closing-time"), W1)
    for minutes, given_out in ((169, True), (171, False)):
        day = (
            given(queue, *history)
            .at_time(NINE + timedelta(minutes=minutes))
            .when(IssueTicket("t1", "general"))
        )
        if given_out:
            day.then(TicketIssued("A001", "t1", "general"))
        else:
            day.refused("closing-soon", closes="12:00")


def test_those_who_wait_already_bring_the_last_ticket_forward() -> None:
    session = SessionPlan(NINE.time(), (NINE + timedelta(hours=3)).time())
    waiting = [TicketIssued(f"A{n:03}", f"t{n}", "general") for n in range(1, 9)]
    history = (opened(sessions=(session,), tickets_until="closing-time"), W1, *waiting)
    day = given(queue, *history).at_time(NINE + timedelta(minutes=120))
    day.when(IssueTicket("t9", "general")).refused("closing-soon")
    day.when(IssueTicket("t9", "general", appointment="p1")).then(
        TicketIssued("A009", "t9", "general", appointment="p1")
    )


# --- a forgotten day ------------------------------------------------------------------------------------------


def test_a_day_closed_by_force_says_that_nobody_knows_what_became_of_the_ticket_at_the_window() -> None:
    state = (
        given(queue, *IN_SERVICE, A2)
        .when(CloseDay(force=True))
        .then(
            TicketCutOff("A001", "1"),
            TicketLeft("A002", "day-closed"),
            WindowClosed("1"),
            DayClosed(),
        )
    )
    assert {ticket.status for ticket in state.tickets.values()} == {"left"}
    assert state.windows["1"].serving is None
    assert sum(line.services for line in state.experience.lines.values()) == 0


def test_force_changes_nothing_where_nobody_is_at_a_window() -> None:
    given(queue, *IN_SERVICE, DONE).when(CloseDay(force=True)).then(WindowClosed("1"), DayClosed())
    given(queue, OPEN, DayClosed()).when(CloseDay(force=True)).then()


def test_service_goes_on_after_an_undone_no_show() -> None:
    given(queue, *IN_HAND).when(MarkNoShow("1"), UndoLast("1"), StartService("1")).then(
        ServiceStarted("A001", "1")
    )


# --- what is owed in one line is not owed in another ------------------------------------------------------------


def back_in_line(**changes: Any) -> Any:
    """A day on which A001 missed its call, came back and lets three others pass."""
    day = given(queue, opened(missed_return_after=3, **changes), W1, W2, A1, CALLED, MISSED)
    return day.when(ReturnToLine("1", "A001"))


def test_who_missed_a_call_and_is_sent_on_waits_in_the_other_line_like_everybody() -> None:
    day = back_in_line().when(CallNext("1"), TransferTicket("1", "estate"), IssueTicket("tb1", "estate"))
    first = next_in_line(day.state, ("estate",), NINE)
    assert first is not None
    assert first.number == "A001", "it keeps the place of its arrival"


def test_who_missed_a_call_lets_as_many_pass_in_the_line_they_are_corrected_to() -> None:
    estate = [IssueTicket(f"t{n}", "estate") for n in range(5)]
    served = (CallNext("2"), StartService("2"), FinishService("2"))
    day = back_in_line().when(*estate, *served, ChangeTicket("A001", queue="estate"))
    assert ahead(day.state, "A001", NINE) == 3, "four wait there, of whom three are called before"
    assert list(broken("queue-tanghe-2026-03-02", day.state)) == []


def test_more_than_the_hall_says_nobody_lets_pass() -> None:
    day = back_in_line()
    day.state.tickets["A001"].after += 1
    assert list(broken("queue-q", day.state)) == ["queue-q: A001 lets 4 others pass, of at most 3"]


def test_in_another_line_the_holder_is_told_anew_that_their_turn_is_near() -> None:
    mine = msgspec.structs.replace(A1, person="li")
    day = given(queue, opened(near_at=1), W1, W2, A2, mine)
    day.when(CallNext("1")).then(TicketCalled("A002", "1"), TurnNeared("A001", "ta1", "li", 0))
    day.when(StartService("1"), FinishService("1"), CallNext("1"), StartService("1"))
    day.when(IssueTicket("tb1", "estate"), IssueTicket("tb2", "estate", "id", "elderly"))
    day.when(SplitVisit("1", "estate"))
    day.when(CallNext("2")).then(TicketCalled("B002", "2"), TurnNeared("A001", "ta1", "li", 0))
