"""One day at the windows: every command, every refusal, and the laws that hold whatever is asked in any order."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given as everywhere
from hypothesis import settings
from hypothesis import strategies as st

from domain import queue
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.message import Command, Event, Refused, Text
from domain.queue import (
    AddQueue,
    CallNext,
    CallTicket,
    CloseDay,
    CloseWindow,
    DayClosed,
    DayOpened,
    FinishService,
    IssueTicket,
    LeaveLine,
    MarkNoShow,
    OpenDay,
    OpenWindow,
    ParkTicket,
    PauseWindow,
    Queue,
    QueueAdded,
    Recall,
    ReopenDay,
    ResumeWindow,
    ReturnToLine,
    ServiceFinished,
    ServiceStarted,
    SplitVisit,
    StartService,
    TicketCalled,
    TicketIssued,
    TicketLeft,
    TicketMissed,
    TicketParked,
    TicketRecalled,
    TicketTransferred,
    TicketUnparked,
    TransferTicket,
    UndoLast,
    UnparkTicket,
    WindowClosed,
    WindowOpened,
    WindowPaused,
    WindowResumed,
    ahead,
    next_in_line,
)
from tests.spec import NINE, given, stamp

PLAN = HallPlan(
    name=Text("唐河县政务服务中心", "Tanghe Government Service Centre"),
    region="411328000000",
    queues=(
        QueuePlan("general", "A", Text("综合", "General")),
        QueuePlan("estate", "B", Text("不动产", "Real estate")),
    ),
    windows=(
        WindowPlan("1", Text("1号窗口", "Window 1"), "general", ("general", "estate")),
        WindowPlan("2", Text("2号窗口", "Window 2"), "specialist", ("estate",)),
    ),
    recalls=2,
)
OPEN = DayOpened(PLAN)
W1 = WindowOpened("1", "clerk:li", ("general", "estate"))
W2 = WindowOpened("2", "clerk:wang", ("estate",))
A1 = TicketIssued("A001", "ta1", "general", "id-card")
A2 = TicketIssued("A002", "ta2", "general")
B1 = TicketIssued("B001", "tb1", "estate")
CALLED = TicketCalled("A001", "1")
SERVING = ServiceStarted("A001", "1")
PARKED = TicketParked("A001", "1", "fetching a copy")
MISSED = TicketMissed("A001", "1")
TEN = NINE + timedelta(hours=1)

IN_HAND = (OPEN, W1, A1, CALLED)
IN_SERVICE = (*IN_HAND, SERVING)


# --- the day ------------------------------------------------------------------------------------------------


def test_a_day_begins_with_the_plan_the_hall_has_that_morning() -> None:
    given(queue).when(OpenDay(PLAN)).then(OPEN)


def test_a_day_that_is_open_keeps_the_plan_it_began_with() -> None:
    changed = HallPlan(name=PLAN.name, region=PLAN.region, queues=(), windows=())
    given(queue, OPEN).when(OpenDay(changed)).then()


def test_nothing_can_be_asked_of_a_day_that_has_not_begun() -> None:
    for command in (IssueTicket("t", "general"), CallNext("1"), OpenWindow("1", "clerk:li"), CloseDay()):
        given(queue).when(command).refused("day-not-open")


def test_closing_the_day_lets_go_of_everybody_who_waits_and_closes_the_windows() -> None:
    history = (*IN_SERVICE, ServiceFinished("A001", "1", "ta1", "general"), W2, A2, B1)
    given(queue, *history).when(CloseDay()).then(
        TicketLeft("A002", "day-closed"),
        TicketLeft("B001", "day-closed"),
        WindowClosed("1"),
        WindowClosed("2"),
        DayClosed(),
    )


def test_the_day_cannot_close_over_a_ticket_in_hand() -> None:
    given(queue, *IN_HAND).when(CloseDay()).refused("window-busy", window="1", number="A001")


def test_closing_a_closed_day_changes_nothing() -> None:
    given(queue, OPEN, DayClosed()).when(CloseDay()).then()


def test_nothing_new_happens_on_a_closed_day() -> None:
    for command in (
        IssueTicket("t9", "general"),
        CallNext("1"),
        LeaveLine("A001"),
        OpenWindow("1", "clerk:li"),
    ):
        given(queue, OPEN, A1, DayClosed()).when(command).refused("day-closed")


def test_a_queue_the_plan_lacks_is_added_with_a_free_prefix_of_its_own_letters() -> None:
    added = QueueAdded(QueuePlan("tax", "T", Text("税务", "Tax")))
    given(queue, OPEN).when(AddQueue("tax", Text("税务", "Tax"))).then(added)
    given(queue, OPEN, added).when(IssueTicket("t1", "tax")).then(TicketIssued("T001", "t1", "tax"))


def test_an_added_queue_never_shares_a_prefix() -> None:
    name = Text("甲", "A")
    state = given(queue, OPEN).when(*(AddQueue(f"a{n}", name) for n in range(60))).state
    prefixes = [plan.prefix for plan in state.queues.values()]
    assert len(set(prefixes)) == len(prefixes) == 62


def test_adding_a_queue_the_day_has_changes_nothing() -> None:
    given(queue, OPEN).when(AddQueue("general", Text("综合", "General"))).then()


def test_a_day_has_no_more_than_a_hundred_queues() -> None:
    commands = [AddQueue(f"q{n}", Text("甲", "A")) for n in range(99)]
    given(queue, OPEN).when(*commands).refused("queues-enough", queues=100)


# --- tickets ------------------------------------------------------------------------------------------------


def test_a_number_is_the_queues_prefix_and_the_next_of_its_own_count() -> None:
    given(queue, OPEN, A1, B1).when(IssueTicket("ta2", "general")).then(A2)


def test_a_ticket_keeps_what_it_was_taken_with() -> None:
    asked = IssueTicket("t1", "estate", "deed", "elderly", "appt-1", TEN, "person-1")
    given(queue, OPEN).when(asked).then(
        TicketIssued("B001", "t1", "estate", "deed", "elderly", "appt-1", TEN, "person-1")
    )


def test_the_thousandth_number_has_four_digits() -> None:
    issued = [IssueTicket(f"t{n}", "general") for n in range(1000)]
    given(queue, OPEN).when(*issued).then(TicketIssued("A1000", "t999", "general"))


def test_pressing_twice_gives_one_ticket() -> None:
    given(queue, OPEN, A1).when(IssueTicket("ta1", "general")).then()


def test_pressing_again_after_hours_still_gives_no_second_ticket() -> None:
    given(queue, OPEN, A1, DayClosed()).when(IssueTicket("ta1", "general")).then()


def test_there_is_no_ticket_for_a_queue_the_day_does_not_have() -> None:
    given(queue, OPEN).when(IssueTicket("t1", "visa")).refused("unknown-queue", queue="visa")


def test_whoever_waits_may_leave() -> None:
    given(queue, OPEN, A1).when(LeaveLine("A001")).then(TicketLeft("A001"))


def test_a_holder_may_leave_by_the_tickets_reference() -> None:
    given(queue, OPEN, A1).when(LeaveLine("ta1")).then(TicketLeft("A001"))


@pytest.mark.parametrize("aside", [PARKED, MISSED])
def test_whoever_was_set_aside_or_missed_may_leave(aside: Event) -> None:
    given(queue, *IN_HAND, aside).when(LeaveLine("A001")).then(TicketLeft("A001"))


def test_leaving_twice_changes_nothing() -> None:
    given(queue, OPEN, A1, TicketLeft("A001")).when(LeaveLine("A001")).then()


def test_nobody_leaves_from_a_window() -> None:
    given(queue, *IN_HAND).when(LeaveLine("A001")).refused("ticket-not-waiting", status="called")


def test_nobody_leaves_with_a_number_that_was_not_given() -> None:
    given(queue, OPEN).when(LeaveLine("A001")).refused("unknown-ticket", number="A001")


# --- calling ------------------------------------------------------------------------------------------------


def test_the_first_to_come_is_called_first() -> None:
    given(queue, OPEN, W1, A1, A2).when(CallNext("1")).then(CALLED)


def test_a_window_calls_from_its_first_queue_that_has_anybody() -> None:
    given(queue, OPEN, W1, B1, A1).when(CallNext("1")).then(CALLED)
    given(queue, OPEN, W1, B1).when(CallNext("1")).then(TicketCalled("B001", "1"))


def test_priority_people_are_called_before_the_rest() -> None:
    elderly = TicketIssued("A002", "ta2", "general", None, "elderly")
    given(queue, OPEN, W1, A1, elderly).when(CallNext("1")).then(TicketCalled("A002", "1"))


def test_a_booked_ticket_is_called_before_walk_ins_once_its_time_has_come() -> None:
    booked = TicketIssued("A002", "ta2", "general", appointment="appt-1", due_at=TEN)
    given(queue, OPEN, W1, A1, booked).at_time(TEN).when(CallNext("1")).then(TicketCalled("A002", "1"))


def test_a_booked_ticket_waits_with_the_others_until_its_time() -> None:
    booked = TicketIssued("A002", "ta2", "general", appointment="appt-1", due_at=TEN)
    given(queue, OPEN, W1, A1, booked).when(CallNext("1")).then(CALLED)


def test_nobody_can_be_called_from_an_empty_room() -> None:
    given(queue, OPEN, W1).when(CallNext("1")).refused("nobody-waiting", window="1")


def test_a_window_calls_nobody_from_a_queue_it_does_not_serve() -> None:
    given(queue, OPEN, W2, A1).when(CallNext("2")).refused("nobody-waiting")


@pytest.mark.parametrize("command", [CallNext("1"), CallTicket("1", "A002"), UnparkTicket("1", "A002")])
def test_a_window_has_one_ticket_in_hand_at_most(command: Command) -> None:
    given(queue, *IN_HAND, A2).when(command).refused("window-busy", window="1", number="A001")


@pytest.mark.parametrize("command", [CallNext("1"), CallTicket("1", "A001"), UnparkTicket("1", "A001")])
@pytest.mark.parametrize("state", ["closed", "paused"])
def test_only_an_open_window_calls(command: Command, state: str) -> None:
    history = (OPEN, A1) if state == "closed" else (OPEN, W1, A1, WindowPaused("1", "break"))
    given(queue, *history).when(command).refused("window-not-open", window="1", state=state)


def test_a_ticket_may_be_called_out_of_turn_with_a_reason() -> None:
    given(queue, OPEN, W1, A1, A2).when(CallTicket("1", "A002", "in pain")).then(
        TicketCalled("A002", "1", "in pain")
    )


def test_a_ticket_may_be_called_by_its_reference() -> None:
    given(queue, OPEN, W1, A1).when(CallTicket("1", "ta1")).then(TicketCalled("A001", "1", "called-by-clerk"))


def test_a_missed_ticket_may_be_called_when_its_holder_turns_up() -> None:
    given(queue, *IN_HAND, MISSED).when(CallTicket("1", "A001")).then(
        TicketCalled("A001", "1", "called-by-clerk")
    )


def test_a_ticket_that_left_is_not_called() -> None:
    given(queue, OPEN, W1, A1, TicketLeft("A001")).when(CallTicket("1", "A001")).refused(
        "ticket-not-waiting", number="A001", status="left"
    )


def test_a_number_that_was_not_given_is_not_called() -> None:
    given(queue, OPEN, W1).when(CallTicket("1", "A009")).refused("unknown-ticket", number="A009")


# --- the ticket in hand -------------------------------------------------------------------------------------


def test_a_called_ticket_is_called_again_as_often_as_the_hall_allows() -> None:
    again = TicketRecalled("A001", "1")
    given(queue, *IN_HAND).when(Recall("1")).then(again)
    given(queue, *IN_HAND, again, again).when(Recall("1")).refused("recalled-enough", recalls=2)


def test_a_missed_ticket_that_is_called_anew_may_be_recalled_anew() -> None:
    again = TicketRecalled("A001", "1")
    history = (*IN_HAND, again, again, MISSED, TicketCalled("A001", "1", "came back"))
    given(queue, *history).when(Recall("1")).then(again)


def test_service_starts_for_the_ticket_that_was_called() -> None:
    given(queue, *IN_HAND).when(StartService("1")).then(SERVING)


def test_starting_twice_changes_nothing() -> None:
    given(queue, *IN_SERVICE).when(StartService("1")).then()


def test_service_ends_with_what_was_really_handled() -> None:
    finish = FinishService("1", ("id-card", "residence"), "case-opened", "case-1")
    done = ServiceFinished("A001", "1", "ta1", "general", ("id-card", "residence"), "case-opened", "case-1")
    state = given(queue, *IN_SERVICE).when(finish).then(done)
    assert state.tickets["A001"].status == "served"
    assert state.windows["1"].serving is None


def test_a_service_that_has_not_started_cannot_end() -> None:
    given(queue, *IN_HAND).when(FinishService("1")).refused("ticket-not-serving", status="called")


def test_who_does_not_answer_the_call_is_passed_over() -> None:
    given(queue, *IN_HAND).when(MarkNoShow("1")).then(MISSED)


@pytest.mark.parametrize("command", [Recall("1"), MarkNoShow("1")])
def test_who_is_being_served_has_come(command: Command) -> None:
    given(queue, *IN_SERVICE).when(command).refused("ticket-not-called", number="A001", status="serving")


@pytest.mark.parametrize("history", [IN_HAND, IN_SERVICE])
def test_a_ticket_is_set_aside_and_its_window_is_free(history: tuple[Event, ...]) -> None:
    state = given(queue, *history).when(ParkTicket("1", "fetching a copy")).then(PARKED)
    assert state.windows["1"].serving is None


def test_a_ticket_set_aside_is_taken_up_at_any_window() -> None:
    given(queue, *IN_HAND, PARKED, W2).when(UnparkTicket("2", "A001")).then(TicketUnparked("A001", "2"))


def test_a_ticket_set_aside_is_taken_up_by_its_reference() -> None:
    given(queue, *IN_HAND, PARKED).when(UnparkTicket("1", "ta1")).then(TicketUnparked("A001", "1"))


def test_only_a_ticket_set_aside_is_taken_up() -> None:
    given(queue, OPEN, W1, A1).when(UnparkTicket("1", "A001")).refused("ticket-not-parked", status="waiting")
    given(queue, OPEN, W1).when(UnparkTicket("1", "A001")).refused("unknown-ticket")


def test_a_transferred_ticket_keeps_the_place_its_arrival_gave_it() -> None:
    state = (
        given(queue, *IN_SERVICE, W2, B1)
        .when(TransferTicket("1", "estate", "needs a deed"))
        .then(TicketTransferred("A001", "1", "estate", "needs a deed"))
    )
    first = next_in_line(state, ("estate",), NINE)
    assert first is not None
    assert (first.number, first.window) == ("A001", None)


def test_a_ticket_is_not_transferred_to_a_queue_the_day_does_not_have() -> None:
    given(queue, *IN_HAND).when(TransferTicket("1", "visa")).refused("unknown-queue", queue="visa")


@pytest.mark.parametrize(
    "command",
    [
        Recall("1"),
        StartService("1"),
        FinishService("1"),
        MarkNoShow("1"),
        ParkTicket("1"),
        TransferTicket("1", "estate"),
    ],
)
def test_a_window_without_a_ticket_has_nothing_to_do_it_with(command: Command) -> None:
    given(queue, OPEN, W1).when(command).refused("window-idle", window="1")


# --- windows ------------------------------------------------------------------------------------------------


def test_a_window_opens_for_the_queues_it_is_planned_for() -> None:
    given(queue, OPEN).when(OpenWindow("1", "clerk:li")).then(W1)


def test_a_window_may_serve_other_queues_for_the_day() -> None:
    given(queue, OPEN).when(OpenWindow("1", "clerk:li", ("estate",))).then(
        WindowOpened("1", "clerk:li", ("estate",))
    )


def test_a_window_the_plan_lacks_is_added_with_what_it_serves() -> None:
    extra = WindowOpened("9", "clerk:zhao", ("general",))
    given(queue, OPEN, A1).when(OpenWindow("9", "clerk:zhao", ("general",))).then(extra)
    given(queue, OPEN, A1, extra).when(CallNext("9")).then(TicketCalled("A001", "9"))


def test_a_window_the_plan_lacks_is_unknown_without_queues() -> None:
    given(queue, OPEN).when(OpenWindow("9", "clerk:li")).refused("unknown-window", window="9")


def test_a_window_serves_only_queues_of_the_day() -> None:
    given(queue, OPEN).when(OpenWindow("1", "clerk:li", ("visa",))).refused("unknown-queue", queue="visa")


def test_opening_an_open_window_again_changes_nothing() -> None:
    given(queue, OPEN, W1).when(OpenWindow("1", "clerk:li")).then()


def test_a_clerk_may_change_what_an_open_window_serves() -> None:
    given(queue, OPEN, W1).when(OpenWindow("1", "clerk:li", ("estate",))).then(
        WindowOpened("1", "clerk:li", ("estate",))
    )


def test_a_window_somebody_sits_at_is_taken() -> None:
    given(queue, OPEN, W1).when(OpenWindow("1", "clerk:wang")).refused("window-taken", clerk="clerk:li")


def test_a_clerk_sits_at_one_window() -> None:
    """Sitting down at another closes the first, so that nobody is locked out by a browser they left there."""
    sits_down = WindowOpened("2", "clerk:li", ("estate",))
    given(queue, OPEN, W1).when(OpenWindow("2", "clerk:li")).then(WindowClosed("1"), sits_down)
    given(queue, *IN_HAND).when(OpenWindow("2", "clerk:li")).refused("clerk-at-another-window", window="1")


def test_a_clerk_may_move_after_closing() -> None:
    given(queue, OPEN, W1, WindowClosed("1")).when(OpenWindow("2", "clerk:li")).then(
        WindowOpened("2", "clerk:li", ("estate",))
    )


def test_a_window_closes_once() -> None:
    given(queue, OPEN, W1).when(CloseWindow("1")).then(WindowClosed("1"))
    given(queue, OPEN, W1).when(CloseWindow("1"), CloseWindow("1")).then()


def test_a_window_does_not_close_over_a_ticket_in_hand() -> None:
    given(queue, *IN_HAND).when(CloseWindow("1")).refused("window-busy", number="A001")


def test_a_paused_window_calls_again_after_it_resumes() -> None:
    paused = WindowPaused("1", "lunch")
    given(queue, OPEN, W1).when(PauseWindow("1", "lunch")).then(paused)
    given(queue, OPEN, W1, A1, paused).when(ResumeWindow("1")).then(WindowResumed("1"))
    given(queue, OPEN, W1, A1, paused, WindowResumed("1")).when(CallNext("1")).then(CALLED)


def test_a_window_may_pause_with_a_ticket_in_hand_and_finish_it() -> None:
    given(queue, *IN_SERVICE, WindowPaused("1", "break")).when(FinishService("1")).then(
        ServiceFinished("A001", "1", "ta1", "general")
    )


def test_pausing_or_resuming_twice_changes_nothing() -> None:
    given(queue, OPEN, W1).when(PauseWindow("1"), PauseWindow("1")).then()
    given(queue, OPEN, W1).when(ResumeWindow("1")).then()


@pytest.mark.parametrize("command", [PauseWindow("1"), ResumeWindow("1")])
def test_a_closed_window_neither_pauses_nor_resumes(command: Command) -> None:
    given(queue, OPEN).when(command).refused("window-not-open", window="1", state="closed")


@pytest.mark.parametrize(
    "command",
    [
        CallNext("9"),
        CallTicket("9", "A001"),
        Recall("9"),
        StartService("9"),
        FinishService("9"),
        MarkNoShow("9"),
        ParkTicket("9"),
        UnparkTicket("9", "A001"),
        TransferTicket("9", "general"),
        CloseWindow("9"),
        PauseWindow("9"),
        ResumeWindow("9"),
    ],
)
def test_there_is_nothing_to_be_done_at_a_window_that_is_not_there(command: Command) -> None:
    given(queue, OPEN, A1).when(command).refused("unknown-window", window="9")


# --- the place in line --------------------------------------------------------------------------------------


def test_ahead_are_those_who_will_be_called_before() -> None:
    elderly = TicketIssued("A003", "ta3", "general", None, "elderly")
    state = given(queue, OPEN, A1, A2, B1, elderly).state
    assert [ahead(state, number, NINE) for number in ("A003", "A001", "A002", "B001")] == [0, 1, 2, 0]


def test_nobody_is_ahead_of_a_ticket_that_has_been_called() -> None:
    elderly = TicketIssued("A002", "ta2", "general", None, "elderly")
    assert ahead(given(queue, *IN_HAND, elderly).state, "A001", NINE) == 0


def test_the_day_keeps_how_long_its_services_held_a_window() -> None:
    later = NINE + timedelta(minutes=7)
    state = given(queue, *IN_SERVICE, (later, ServiceFinished("A001", "1", "ta1", "general"))).state
    assert (state.experience.lines["general"].services, state.experience.lines["general"].seconds) == (
        1,
        420.0,
    )


# --- laws ---------------------------------------------------------------------------------------------------

WINDOWS = st.sampled_from(["1", "2", "9"])
LINES = st.sampled_from(["general", "estate", "tax"])
NUMBERS = st.sampled_from(
    [*(f"{p}{n:03d}" for p in "ABT" for n in range(1, 5)), *(f"t{n}" for n in range(12))]
)
TICKETS = st.builds(
    IssueTicket,
    st.sampled_from([f"t{n}" for n in range(12)]),
    LINES,
    priority=st.sampled_from(["ordinary", "elderly", "veteran"]),
    due_at=st.none() | st.just(TEN),
)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    TICKETS,
    TICKETS,
    st.builds(
        OpenWindow, WINDOWS, st.sampled_from(["li", "wang"]), st.sampled_from([(), ("general", "tax")])
    ),
    st.builds(CallNext, WINDOWS),
    st.builds(CallNext, WINDOWS),
    st.builds(StartService, WINDOWS),
    st.builds(FinishService, WINDOWS),
    st.builds(CallTicket, WINDOWS, NUMBERS),
    st.builds(Recall, WINDOWS),
    st.builds(MarkNoShow, WINDOWS),
    st.builds(ParkTicket, WINDOWS),
    st.builds(UnparkTicket, WINDOWS, NUMBERS),
    st.builds(TransferTicket, WINDOWS, LINES),
    st.builds(TransferTicket, WINDOWS, to_window=WINDOWS),
    st.builds(ReturnToLine, WINDOWS, st.none() | NUMBERS),
    st.builds(SplitVisit, WINDOWS, LINES),
    st.builds(UndoLast, WINDOWS),
    st.builds(LeaveLine, NUMBERS),
    st.builds(CloseWindow, WINDOWS),
    st.builds(PauseWindow, WINDOWS),
    st.builds(ResumeWindow, WINDOWS),
    st.just(AddQueue("tax", Text("税务", "Tax"))),
    st.sampled_from([OpenDay(PLAN), OpenDay(PLAN), CloseDay(), CloseDay(force=True)]),
    st.sampled_from([ReopenDay(), ReopenDay()]),
)
DAYS = st.lists(COMMANDS, min_size=10, max_size=40)
LAW = settings(max_examples=80, deadline=None)


def play(commands: list[Command]) -> tuple[Queue, list[tuple[datetime, Event]]]:
    """A day on which this was asked, one thing a minute; refusals are part of it."""
    day, log = given(queue, OPEN, W1), []
    for minute, command in enumerate(commands):
        day.at_time(NINE + timedelta(minutes=minute)).when(command)
        if not isinstance(day.decided, Refused):
            log += [(day.at, event) for event in day.decided or ()]
    return day.state, log


@everywhere(DAYS)
@LAW
def test_numbers_have_no_gaps_and_no_repeats_whatever_is_asked(commands: list[Command]) -> None:
    _, log = play(commands)
    numbers: dict[str, list[str]] = {}
    for _, event in log:
        if isinstance(event, TicketIssued):
            numbers.setdefault(event.queue, []).append(event.number)
    for issued in numbers.values():
        assert issued == [f"{issued[0][:-3]}{n:03d}" for n in range(1, len(issued) + 1)]
    assert len({number[:-3] for issued in numbers.values() for number in issued}) == len(numbers)


@everywhere(DAYS)
@LAW
def test_a_ticket_is_in_hand_at_one_window_only(commands: list[Command]) -> None:
    day = given(queue, OPEN, W1)
    for command in commands:
        day.when(command)
        in_hand = [w.serving for w in day.state.windows.values() if w.serving]
        held = [t.number for t in day.state.tickets.values() if t.status in ("called", "serving")]
        assert sorted(in_hand) == sorted(held)


@everywhere(DAYS)
@LAW
def test_whoever_waits_stands_in_exactly_one_line(commands: list[Command]) -> None:
    state, _ = play(commands)
    in_line = [(line, number) for line, numbers in state.lines.items() for number in numbers]
    waiting = [(t.queue, t.number) for t in state.tickets.values() if t.status == "waiting"]
    assert sorted(in_line) == sorted(waiting)


@everywhere(DAYS)
@LAW
def test_asking_for_a_ticket_again_changes_nothing(commands: list[Command]) -> None:
    state, _ = play(commands)
    for reference in state.numbers:
        assert queue.decide(IssueTicket(reference, "general"), state, stamp()) == []


@everywhere(DAYS)
@LAW
def test_the_log_alone_tells_how_the_day_stands(commands: list[Command]) -> None:
    state, log = play(commands)
    assert given(queue, OPEN, W1, *log).state == state
