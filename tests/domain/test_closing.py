"""A hall closes its day: nobody can book it any more, and nobody is said to have missed what they could not keep."""

from datetime import timedelta

import pytest

from domain import acts, slots
from domain.citizen import BookingReleased, BookingRestored, RecordBooking
from domain.closing import close_day, reopen_day
from domain.message import Refused
from domain.promises import broken, broken_between
from domain.queue import CloseDay, DayClosed
from domain.slots import (
    AppointmentCancelled,
    AppointmentRestored,
    EndOffer,
    HoldPlace,
    HoldReleased,
    MissAppointment,
    OfferEnded,
    OfferResumed,
)
from tests.domain.test_acts import DAY, OFFERED, PLAN, QUEUE, SLOTS, Log, arrive, at, book, booking

EARLY = at(8, 30)


@pytest.fixture
def log() -> Log:
    """Li has booked for nine; it is half past eight, and the day has begun."""
    log = Log()
    log.do(book(booking()), at(6))
    log.do(acts.open_window("tanghe", DAY, PLAN, acts.OpenWindow("1", "li")), at(8))
    return log


def to_come(log: Log) -> list[slots.SlotBooked]:
    return slots.still_to_come(log.hold(SLOTS).state, EARLY)


def test_who_has_booked_is_cancelled_by_the_hall_and_not_missed(log: Log) -> None:
    events, receipt = log.do(close_day("tanghe", DAY, CloseDay(), to_come(log), "停电"), EARLY)
    assert [(name, event) for name, event in events if name != QUEUE] == [
        (SLOTS, AppointmentCancelled("p1", "停电", by_hall=True, day_closed=True)),
        ("citizen-li", BookingReleased("p1", "停电")),
        (SLOTS, OfferEnded()),
    ]
    assert (QUEUE, DayClosed()) in events
    assert (receipt.closed, receipt.cancelled) == (True, 1)
    with pytest.raises(Refused, match="cancelled"):
        log.do(acts.miss("tanghe", DAY, MissAppointment("p1")), at(17))
    assert log.do(close_day("tanghe", DAY, CloseDay()), EARLY)[0] == []
    for name in (QUEUE, SLOTS):
        assert list(broken(name, log.hold(name).state)) == []
    assert list(broken_between(log.held, 0)) == []


def test_a_day_is_not_closed_over_somebody_who_has_booked_meanwhile(log: Log) -> None:
    with pytest.raises(Refused, match="bookings-stranded"):
        log.do(close_day("tanghe", DAY, CloseDay()), EARLY)


def test_whose_slot_is_over_has_missed_it_though_the_hall_closes(log: Log) -> None:
    log.do(close_day("tanghe", DAY, CloseDay()), at(17))
    assert log.do(acts.miss("tanghe", DAY, MissAppointment("p1")), at(17))[0]


def test_a_closed_day_is_neither_booked_nor_held_nor_waited_for_nor_drawn(log: Log) -> None:
    log.do(acts.hold_place("tanghe", DAY, HoldPlace("h1", "general-1000", "general", "id", "wang")), EARLY)
    events, _ = log.do(close_day("tanghe", DAY, CloseDay(), to_come(log)), EARLY)
    assert (SLOTS, HoldReleased("h1", "offer-revised")) in events
    day = log.hold(SLOTS).state
    assert {slots.remaining(day, name) for name in day.slots} == {0}
    for asked in (
        booking("p9", "general-1000", "zhao"),
        HoldPlace("h9", "general-1000", "general", "id", "zhao"),
        slots.JoinWaiting("w9", "general", "id", "zhao"),
        slots.ReviseOffer(OFFERED),
    ):
        with pytest.raises(Refused, match="day-closed"):
            log.do(acts.Act((acts.Ask(SLOTS, asked),)), EARLY)


def test_a_day_that_nobody_had_booked_cannot_be_booked_after_it_was_closed() -> None:
    log = Log()
    log.do(acts.Act((acts.Ask(SLOTS, EndOffer()),)), EARLY)
    with pytest.raises(Refused, match="day-closed"):
        log.do(book(booking()), EARLY)


def test_a_person_barred_by_a_hall_that_had_closed_is_noticed(log: Log) -> None:
    """The promise is broken on purpose."""
    log.hold(SLOTS).state.ended_at = EARLY
    assert list(broken(SLOTS, log.hold(SLOTS).state)) == [
        f"{SLOTS}: p1 is booked, and the hall had closed before it"
    ]


def test_who_came_before_the_hall_closed_is_not_cancelled(log: Log) -> None:
    arrive(log, at(8, 50))
    assert slots.still_to_come(log.hold(SLOTS).state, at(8, 50) + timedelta(minutes=1)) == []


# --- closed by mistake ----------------------------------------------------------------------------------------


def closed_over(log: Log) -> list[slots.SlotBooked]:
    return slots.closed_over(log.hold(SLOTS).state)


def test_a_day_opened_again_keeps_the_appointments_that_its_closing_cancelled(log: Log) -> None:
    log.do(close_day("tanghe", DAY, CloseDay(), to_come(log)), EARLY)
    before = log.hold(SLOTS).state.slots["general-0900"].taken["public"]
    events, receipt = log.do(reopen_day("tanghe", DAY, closed_over(log)), at(8, 40))
    assert [(name, event) for name, event in events if name != QUEUE] == [
        ("citizen-li", BookingRestored("p1")),
        (SLOTS, AppointmentRestored("p1", at(10, 10))),
        (SLOTS, OfferResumed()),
    ], "the ten minutes for which the hall was closed do not count against them"
    assert not receipt.closed
    day = log.hold(SLOTS).state
    assert day.slots["general-0900"].taken["public"] == before + 1
    arrive(log, at(8, 50))
    log.do(book(booking("p9", "general-1000", "zhao")), at(8, 50))
    assert log.do(reopen_day("tanghe", DAY, closed_over(log)), at(8, 50))[0] == []
    for name in (QUEUE, SLOTS, "citizen-li"):
        assert list(broken(name, log.hold(name).state)) == []
    assert list(broken_between(log.held, 0)) == []


def test_who_has_booked_otherwise_since_keeps_what_they_chose(log: Log) -> None:
    log.do(close_day("tanghe", DAY, CloseDay(), to_come(log)), EARLY)
    elsewhere = RecordBooking("other", "heilong", "id", at(9, 30), at(10, 30))
    log.do(acts.Act((acts.Ask("citizen-li", elsewhere),)), at(8, 35))
    events, _ = log.do(reopen_day("tanghe", DAY, closed_over(log)), at(8, 40))
    assert [event for name, event in events if name != QUEUE] == [OfferResumed()]
    with pytest.raises(Refused, match="cancelled"):
        arrive(log, at(8, 50))


def test_what_was_cancelled_before_the_closing_stays_cancelled(log: Log) -> None:
    log.do(acts.cancel("tanghe", DAY, slots.CancelAppointment("p1", by_hall=True)), at(8, 10))
    log.do(close_day("tanghe", DAY, CloseDay(), to_come(log)), EARLY)
    assert closed_over(log) == []


def test_too_late_nothing_is_taken_back(log: Log) -> None:
    log.do(close_day("tanghe", DAY, CloseDay(), to_come(log)), EARLY)
    with pytest.raises(Refused, match="too-late-to-reopen"):
        log.do(reopen_day("tanghe", DAY, closed_over(log)), at(8, 46))
    assert log.hold(SLOTS).state.ended_at == EARLY
