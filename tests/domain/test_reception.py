"""The desk by the door: who leaves, and what was chosen wrongly put right, while nobody has called the ticket."""

import pytest

from domain import queue
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.line import why
from domain.message import Command, Event, Text
from domain.promises import broken
from domain.queue import (
    CallNext,
    ChangeTicket,
    DayClosed,
    DayOpened,
    IssueTicket,
    LeaveLine,
    ServiceStarted,
    TicketCalled,
    TicketChanged,
    TicketIssued,
    TicketLeft,
    TicketMissed,
    TicketTransferred,
    UndoLast,
    WindowOpened,
    ahead,
    next_in_line,
)
from tests.spec import NINE, given

NAME = Text("甲", "A")
PLAN = HallPlan(
    name=NAME,
    region="411328000000",
    queues=(QueuePlan("a", "A", NAME), QueuePlan("b", "B", NAME)),
    windows=tuple(WindowPlan(name, NAME, "general", ("a", "b")) for name in ("1", "2")),
    skills={"sign": NAME},
)
OPEN, W1, W2 = DayOpened(PLAN), WindowOpened("1", "li", ("a", "b")), WindowOpened("2", "wang", ("b",))
A1, A2 = TicketIssued("A001", "t1", "a", "card"), TicketIssued("A002", "t2", "a")
B1 = TicketIssued("B001", "t3", "b")
MOVED = TicketChanged("A001", "b", "deed", None, "ordinary", "corrected at the desk")


def test_a_wrong_queue_is_put_right_and_the_place_of_arrival_is_kept() -> None:
    day = given(queue, OPEN, W1, A1, A2, B1).when(ChangeTicket("A001", "b", "deed"))
    state = day.then(MOVED)
    assert [ahead(state, number, NINE) for number in ("A001", "B001", "A002")] == [0, 1, 0]
    assert list(broken("queue-tanghe-2026-03-02", state)) == []
    day.when(CallNext("1")).then(TicketCalled("A002", "1"))
    given(queue, OPEN, W2, A1, A2, B1, MOVED).when(CallNext("2")).then(TicketCalled("A001", "2"))


def test_whose_class_was_not_seen_at_the_kiosk_goes_first_once_it_is_said() -> None:
    elderly = TicketChanged("A002", "a", None, None, "elderly", "shown the card")
    asked = ChangeTicket("A002", priority="elderly", reason="shown the card")
    state = given(queue, OPEN, W1, A1, A2).when(asked).then(elderly)
    assert why(state, "A002", 0, NINE).en.startswith("Priority: elderly person")
    found = next_in_line(state, ("a",), NINE, "1")
    assert found is not None
    assert found.number == "A002"
    ordinary = given(queue, OPEN, W1, A1, A2, elderly).when(ChangeTicket("A002", priority="ordinary"))
    state = ordinary.then(TicketChanged("A002", "a", None, None, "ordinary", "corrected at the desk"))
    found = next_in_line(state, ("a",), NINE, "1")
    assert found is not None
    assert found.number == "A001"


def test_another_item_brings_its_own_need() -> None:
    asked = ChangeTicket("A001", item="interpreted", skill="sign")
    state = (
        given(queue, OPEN, W1, A1)
        .when(asked)
        .then(TicketChanged("A001", "a", "interpreted", "sign", "ordinary", "corrected at the desk"))
    )
    assert next_in_line(state, ("a",), NINE, "1") is None
    signed = TicketIssued("A001", "t1", "a", "interpreted", skill="sign")
    given(queue, OPEN, signed).when(ChangeTicket("A001", item="card", skill="welding")).then(
        TicketChanged("A001", "a", "card", None, "ordinary", "corrected at the desk")
    )
    given(queue, OPEN, signed).when(ChangeTicket("A001", "b")).then(
        TicketChanged("A001", "b", "interpreted", "sign", "ordinary", "corrected at the desk")
    )


def test_what_is_so_already_is_not_changed_again() -> None:
    given(queue, OPEN, A1).when(ChangeTicket("A001", "a", "card", priority="ordinary")).then()
    given(queue, OPEN, A1, MOVED).when(ChangeTicket("t1", "b", "deed")).then()


def test_only_who_waits_is_put_right_and_only_to_what_there_is() -> None:
    called = (OPEN, W1, A1, TicketCalled("A001", "1"))
    given(queue, *called).when(ChangeTicket("A001", "b")).refused("ticket-not-waiting", status="called")
    given(queue, *called, TicketMissed("A001", "1")).when(ChangeTicket("A001", "b")).refused(
        "ticket-not-waiting"
    )
    given(queue, OPEN, A1).when(ChangeTicket("A001", "moon")).refused("unknown-queue")
    given(queue, OPEN, A1).when(ChangeTicket("A009", "b")).refused("unknown-ticket")
    given(queue, OPEN, A1, DayClosed()).when(ChangeTicket("A001", "b")).refused("day-closed")


def test_who_is_put_right_is_kept_for_nobody_in_another_line() -> None:
    sent = TicketTransferred("A001", "1", "a", "there", to_window="2")
    kept = (OPEN, W1, WindowOpened("2", "wang", ("a", "b")), A1, TicketCalled("A001", "1"), sent)
    state = given(queue, *kept).when(ChangeTicket("A001", "b")).state
    assert state.tickets["A001"].kept_for is None
    state = given(queue, *kept).when(ChangeTicket("A001", priority="elderly")).state
    assert state.tickets["A001"].kept_for is not None
    given(queue, *kept, TicketChanged("A001", "b")).when(UndoLast("1")).refused("nothing-to-undo")


@pytest.mark.parametrize("number", ["A001", "t1"])
def test_who_gives_up_leaves_the_line_once_and_does_not_come_back(number: str) -> None:
    gone = given(queue, OPEN, W1, A1, A2).when(LeaveLine(number))
    gone.then(TicketLeft("A001"))
    gone.when(LeaveLine(number)).then()
    gone.when(CallNext("1")).then(TicketCalled("A002", "1"))
    gone.when(IssueTicket("t9", "a")).then(TicketIssued("A003", "t9", "a"))


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ((TicketCalled("A001", "1"),), "called"),
        ((TicketCalled("A001", "1"), ServiceStarted("A001", "1")), "serving"),
    ],
)
def test_nobody_leaves_out_of_a_windows_hands(history: tuple[Event, ...], status: str) -> None:
    commands: tuple[Command, ...] = (LeaveLine("A001"),)
    given(queue, OPEN, W1, A1, *history).when(*commands).refused("ticket-not-waiting", status=status)
