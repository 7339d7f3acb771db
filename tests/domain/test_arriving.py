"""A check-in taken back: the appointment is still to be kept, its ticket is none any more, and nothing is counted."""

from datetime import datetime, timedelta

import pytest

from domain import acts, citizen, queue, slots
from domain.citizen import BookingRecorded, BookingReleased, UndoVisit, VisitRecorded, VisitUndone
from domain.closing import close_day
from domain.message import Event, Refused
from domain.personal import PersonErased
from domain.promises import broken, broken_between
from domain.queue import CallTicket, CloseDay, IssueTicket, LeaveLine, OpenWindow, TakeBackTicket, TicketLeft
from domain.receipts import AppointmentReceipt
from domain.slots import (
    AppointmentMissed,
    BookSlot,
    CancelAppointment,
    CheckedIn,
    CheckIn,
    CheckInUndone,
    MissAppointment,
    UndoCheckIn,
)
from tests.domain.test_acts import DAY, PLAN, QUEUE, SLOTS, Log, arrive, at, book, booking
from tests.domain.test_slots import ARRIVED, BOOKED, CANCELLED, OFFERED
from tests.spec import given

MIDNIGHT = at(0) + timedelta(days=1)
UNDONE = CheckInUndone("p1", "t1", MIDNIGHT)
UNDO = UndoCheckIn("p1", "t1")


def undo(log: Log, when: datetime, number: str = "A001") -> list[tuple[str, Event]]:
    events, _ = log.do(acts.undo_check_in("tanghe", DAY, number), when)
    return events


@pytest.fixture
def arrived() -> Log:
    log = Log()
    log.do(book(booking()), at(6))
    arrive(log, at(8, 50))
    return log


# --- one act --------------------------------------------------------------------------------------------------


def test_a_check_in_taken_back_is_an_appointment_still_to_be_kept(arrived: Log) -> None:
    events, receipt = arrived.do(acts.undo_check_in("tanghe", DAY, "A001"), at(8, 55))
    assert events == [
        (QUEUE, TicketLeft("A001", "check-in-undone")),
        (SLOTS, UNDONE),
        ("citizen-li", VisitUndone("p1")),
    ]
    assert isinstance(receipt, AppointmentReceipt)
    assert (receipt.appointment, receipt.status) == ("p1", "booked")


def test_taking_back_again_changes_nothing_also_when_they_have_come_again_or_cancelled(arrived: Log) -> None:
    assert undo(arrived, at(8, 55), "t1"), "by the reference as well as by the number"
    assert undo(arrived, at(8, 56)) == []
    arrive(arrived, at(9, 5), "t2")
    assert undo(arrived, at(9, 6)) == []
    assert arrived.hold(QUEUE).state.tickets["A002"].status == "waiting"
    assert undo(arrived, at(9, 7), "A002")
    arrived.do(acts.cancel("tanghe", DAY, CancelAppointment("p1", by_hall=True)), at(9, 8))
    assert undo(arrived, at(9, 9)) == []


def test_a_later_check_in_gives_a_new_ticket_and_no_number_is_missing_or_given_twice(arrived: Log) -> None:
    undo(arrived, at(8, 55))
    _, receipt = arrive(arrived, at(9, 5), "t2")
    assert receipt.ticket == "A002"
    assert list(arrived.hold(QUEUE).state.tickets) == ["A001", "A002"]
    for name in (QUEUE, SLOTS):
        assert list(broken(name, arrived.hold(name).state)) == []
    assert list(broken_between(arrived.held, 0)) == []


def test_the_check_in_that_was_taken_back_is_not_repeated_by_being_asked_late(arrived: Log) -> None:
    undo(arrived, at(8, 55))
    with pytest.raises(Refused, match="check-in-undone"):
        arrive(arrived, at(8, 56), "t1")


def test_who_was_called_is_not_sent_back_to_the_calendar(arrived: Log) -> None:
    arrived.do(acts.open_window("tanghe", DAY, PLAN, OpenWindow("1", "li")), at(9))
    arrived.do(acts.at_window("tanghe", DAY, CallTicket("1", "A001")), at(9))
    for again in (None, queue.ReturnToLine("1")):
        if again is not None:
            arrived.do(acts.at_window("tanghe", DAY, again), at(9, 1))
        with pytest.raises(Refused, match="ticket-called"):
            undo(arrived, at(9, 2))


def test_a_walk_ins_ticket_has_no_check_in(arrived: Log) -> None:
    arrived.do(acts.take_ticket("tanghe", DAY, PLAN, IssueTicket("t0", "general")), at(9))
    with pytest.raises(Refused, match="not-checked-in"):
        undo(arrived, at(9), "A002")
    with pytest.raises(Refused, match="unknown-ticket"):
        undo(arrived, at(9), "A009")


def test_who_left_the_line_may_still_keep_the_appointment(arrived: Log) -> None:
    arrived.do(acts.Act((acts.Ask(QUEUE, LeaveLine("t1")),)), at(8, 52))
    assert undo(arrived, at(8, 55)) == [(SLOTS, UNDONE), ("citizen-li", VisitUndone("p1"))]
    assert undo(arrived, at(8, 56)) == []


def test_no_check_in_is_taken_back_when_the_hall_has_closed_its_day(arrived: Log) -> None:
    arrived.do(close_day("tanghe", DAY, CloseDay()), at(17))
    with pytest.raises(Refused, match="day-closed"):
        undo(arrived, at(17, 1))


def test_one_appointment_has_one_ticket_in_line(arrived: Log) -> None:
    """The promise is broken on purpose, once each way."""
    day = arrived.hold(QUEUE).state
    day.tickets["A001"].status, arrived.hold(SLOTS).state.undone["t1"] = "waiting", "p1"
    assert f"{SLOTS}: t1 is in line and its check-in was taken back" in set(broken_between(arrived.held, 0))
    arrived.do(acts.take_ticket("tanghe", DAY, PLAN, IssueTicket("t0", "general", appointment="p1")), at(9))
    assert f"{QUEUE}: 2 tickets are of p1" in set(broken(QUEUE, day))


# --- the bookable day -----------------------------------------------------------------------------------------


def test_until_its_day_is_over_it_is_not_missed() -> None:
    back = given(slots, OFFERED, BOOKED, ARRIVED).at_time(at(10)).when(UNDO)
    back.then(UNDONE)
    back.at_time(at(23, 59)).when(MissAppointment("p1")).refused("slot-not-over", ends_at=MIDNIGHT)
    back.when(CheckIn("p1", "t2")).then(CheckedIn("p1", "t2", late=True))
    back.when(UndoCheckIn("p1", "t2")).then(CheckInUndone("p1", "t2", MIDNIGHT))
    back.at_time(MIDNIGHT).when(MissAppointment("p1")).then(AppointmentMissed("p1", "did not come"))


def test_on_another_day_nothing_is_taken_back() -> None:
    given(slots, OFFERED, BOOKED, ARRIVED).at_time(MIDNIGHT).when(UNDO).refused("booking-day-over")


def test_only_the_check_in_that_is_meant_is_taken_back() -> None:
    given(slots, OFFERED, BOOKED, ARRIVED).when(UndoCheckIn("p1", "t9")).refused("already-checked-in")
    given(slots, OFFERED, BOOKED).when(UNDO).refused("not-checked-in")
    given(slots, OFFERED, BOOKED, CANCELLED).when(UNDO).refused("cancelled")
    given(slots, OFFERED).when(UNDO).refused("unknown-appointment")
    given(slots, OFFERED, BOOKED, ARRIVED, UNDONE).when(UNDO).then()


def test_its_place_stays_taken() -> None:
    day = given(slots, OFFERED, BOOKED, ARRIVED).at_time(at(9, 50)).when(UNDO).then(UNDONE)
    assert slots.remaining(day, "a-1000") == 1


# --- the line and the person ----------------------------------------------------------------------------------


def test_nobody_has_lost_patience_whose_check_in_was_taken_back(arrived: Log) -> None:
    undo(arrived, at(8, 55))
    day = arrived.hold(QUEUE).state
    assert (day.experience.gone, day.waiting) == (0, 0)


def test_a_visit_is_undone_once_and_only_what_was_one() -> None:
    booked = BookingRecorded("p1", "tanghe", "id-card", at(9), at(10))
    came = given(citizen, booked, VisitRecorded("p1"))
    came.when(UndoVisit("p1")).then(VisitUndone("p1"))
    came.when(UndoVisit("p1")).then()
    given(citizen, booked, BookingReleased("p1", "ill")).when(UndoVisit("p1")).refused(
        "booking-ended", status="released"
    )
    given(citizen).when(UndoVisit("p1")).refused("unknown-appointment")
    given(citizen, booked, VisitRecorded("p1"), PersonErased("asked")).when(UndoVisit("p1")).refused(
        "person-erased"
    )


def test_a_ticket_taken_back_needs_a_day(arrived: Log) -> None:
    given(queue).when(TakeBackTicket("A001")).refused("day-not-open")


def test_what_was_taken_back_counts_against_the_limits_as_any_appointment(arrived: Log) -> None:
    undo(arrived, at(8, 55))
    with pytest.raises(Refused, match="item-booked-that-day"):
        arrived.do(book(BookSlot("p2", "general-1000", "general", "id-card", "li")), at(8, 56))
