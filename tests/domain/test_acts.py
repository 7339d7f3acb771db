"""Acts that touch several streams: all of it happens or nothing, and what the asker is told at once."""

from copy import deepcopy
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from domain import acts, citizen, queue, slots
from domain.booking import Limits, OnBehalf
from domain.citizen import (
    BookingRecorded,
    BookingReleased,
    HoldDropped,
    HoldRecorded,
    NoShowRecorded,
    VisitRecorded,
)
from domain.hall import HallPlan, QueuePlan, SessionPlan, WindowPlan
from domain.handling import Act, Ask, Held, Pending, fresh, perform
from domain.message import Event, Refused, Text
from domain.offering import offer
from domain.queue import (
    AddQueue,
    CallTicket,
    CloseDay,
    CloseWindow,
    DayOpened,
    FinishService,
    IssueTicket,
    LeaveLine,
    MarkNoShow,
    OpenWindow,
    ParkTicket,
    PauseWindow,
    Recall,
    ResumeWindow,
    StartService,
    TicketIssued,
    TransferTicket,
    UnparkTicket,
)
from domain.receipts import AppointmentReceipt, CallReceipt, QueueReceipt, TicketReceipt, WindowReceipt
from domain.slots import (
    AppointmentCancelled,
    AppointmentMissed,
    BookSlot,
    CancelAppointment,
    CheckedIn,
    CheckIn,
    ConfirmHold,
    HoldPlace,
    HoldReleased,
    MissAppointment,
    OfferSlots,
    PlaceHeld,
    ReleaseHold,
    SlotBooked,
    SlotsOffered,
)
from domain.wait import Wait
from tests.spec import SHANGHAI, stamp

DAY = date(2026, 3, 2)
NAME = Text("甲", "A")
PLAN = HallPlan(
    name=NAME,
    region="411328000000",
    queues=(QueuePlan("general", "A", NAME, 10), QueuePlan("estate", "B", NAME, 20)),
    windows=(WindowPlan("1", NAME, "general", ("general", "estate")),),
    sessions=(SessionPlan(time(9), time(12), 60, 1, 1, 4),),
)
OFFERED = offer(PLAN, DAY)
SLOTS, QUEUE = slots.stream("tanghe", DAY), queue.stream("tanghe", DAY)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(DAY, time(hour, minute), SHANGHAI)


class Log:
    """Streams in memory, moved by acts; a refused act moves none."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}

    def hold(self, name: str) -> Held:
        return self.held.setdefault(name, fresh(name))

    def do(self, act: Act, when: datetime) -> tuple[list[tuple[str, Event]], Any]:
        before = deepcopy(self.held)
        try:
            decided: list[Pending] = perform(act.asks, self.hold, stamp(when))
            return [(p.stream, p.event) for p in decided], act.answer(self.hold)
        except Refused:
            self.held = before
            raise


def booking(appointment: str = "p1", slot: str = "general-0900", person: str = "li") -> BookSlot:
    return BookSlot(appointment, slot, "general", "id-card", person)


def book(command: BookSlot) -> Act:
    return acts.book("tanghe", DAY, command, offered=OFFERED)


@pytest.fixture
def booked() -> Log:
    log = Log()
    log.do(book(booking()), at(6))
    return log


# --- booking ------------------------------------------------------------------------------------------------


def test_booking_takes_the_place_and_goes_on_the_persons_record() -> None:
    events, receipt = Log().do(book(booking()), at(6))
    assert events == [
        (SLOTS, SlotsOffered(OFFERED)),
        (SLOTS, SlotBooked("p1", "general-0900", "general", "id-card", "li", at(9), at(10))),
        ("citizen-li", BookingRecorded("p1", "tanghe", "id-card", at(9), at(10))),
    ]
    assert receipt == AppointmentReceipt(
        appointment="p1",
        status="booked",
        hall="tanghe",
        slot="general-0900",
        queue="general",
        item="id-card",
        starts_at=at(9),
        ends_at=at(10),
    )


def test_booking_again_changes_nothing_and_is_told_the_same(booked: Log) -> None:
    events, receipt = booked.do(book(booking()), at(7))
    assert events == []
    assert (receipt.appointment, receipt.status) == ("p1", "booked")


def test_who_is_at_a_limit_takes_no_place(booked: Log) -> None:
    with pytest.raises(Refused, match="item-booked-that-day"):
        booked.do(book(booking("p2", "general-1000")), at(6))
    assert slots.remaining(booked.hold(SLOTS).state, "general-1000") == 1


def test_a_full_slot_leaves_nothing_on_the_persons_record(booked: Log) -> None:
    with pytest.raises(Refused, match="slot-full"):
        booked.do(book(booking("p2", person="wang")), at(6))
    assert booked.hold("citizen-wang").version == 0


def test_a_day_that_is_not_offered_is_booked_only_with_what_the_hall_offers() -> None:
    with pytest.raises(Refused, match="slots-not-offered"):
        Log().do(acts.book("tanghe", DAY, booking()), at(6))


def test_the_limits_are_the_regions(booked: Log) -> None:
    other = BookSlot("p2", "general-1000", "general", "deed", "li")
    with pytest.raises(Refused, match="too-many-bookings"):
        booked.do(acts.book("tanghe", DAY, other, limits=Limits(per_day=1)), at(6))


def test_cancelling_gives_the_place_back_and_clears_the_record(booked: Log) -> None:
    events, receipt = booked.do(acts.cancel("tanghe", DAY, CancelAppointment("p1", "ill")), at(7))
    assert events == [
        (SLOTS, AppointmentCancelled("p1", "ill")),
        ("citizen-li", BookingReleased("p1", "ill")),
    ]
    assert receipt.status == "cancelled"
    events, _ = booked.do(acts.cancel("tanghe", DAY, CancelAppointment("p1", "ill")), at(7))
    assert events == []
    events, _ = booked.do(book(booking("p2")), at(7))
    assert len(events) == 2


def test_missing_is_told_to_the_hall_and_to_the_persons_record(booked: Log) -> None:
    events, receipt = booked.do(acts.miss("tanghe", DAY, MissAppointment("p1", "did not come")), at(10))
    assert events == [
        (SLOTS, AppointmentMissed("p1", "did not come")),
        ("citizen-li", NoShowRecorded("p1")),
    ]
    assert receipt.status == "missed"


# --- a place held, and another place ---


def holding(name: str = "h1", slot: str = "general-0900", holder: str = "li") -> HoldPlace:
    return HoldPlace(name, slot, "general", "id-card", holder)


def hold(log: Log, command: HoldPlace, when: datetime) -> tuple[list[tuple[str, Event]], Any]:
    return log.do(acts.hold_place("tanghe", DAY, command, offered=OFFERED), when)


def test_a_held_place_is_confirmed_on_both_records() -> None:
    log = Log()
    events, receipt = hold(log, holding(), at(6))
    assert [type(event) for _, event in events] == [SlotsOffered, PlaceHeld, HoldRecorded]
    assert (receipt.hold, receipt.until) == ("h1", at(6, 5))
    events, told = log.do(acts.confirm("tanghe", DAY, ConfirmHold("h1", "li"), "li"), at(6, 4))
    assert [event for _, event in events] == [
        SlotBooked("h1", "general-0900", "general", "id-card", "li", at(9), at(10)),
        BookingRecorded("h1", "tanghe", "id-card", at(9), at(10)),
    ]
    assert (told.appointment, told.status) == ("h1", "booked")
    assert log.do(acts.confirm("tanghe", DAY, ConfirmHold("h1", "li"), "li"), at(6, 4)) == ([], told)


def test_a_place_held_by_one_and_booked_for_another_leaves_no_hold_behind() -> None:
    log = Log()
    hold(log, holding(), at(6))
    behalf = OnBehalf("relative", "li", "spoken")
    events, _ = log.do(acts.confirm("tanghe", DAY, ConfirmHold("h1", "wang", behalf), "li"), at(6, 1))
    assert [stream for stream, _ in events] == [SLOTS, "citizen-wang", "citizen-li"]
    assert events[-1] == ("citizen-li", HoldDropped("h1"))


def test_letting_go_frees_the_place_and_the_person() -> None:
    log = Log()
    hold(log, holding(), at(6))
    events, _ = log.do(acts.let_go("tanghe", DAY, ReleaseHold("h1"), "li"), at(6, 1))
    assert events == [(SLOTS, HoldReleased("h1", "given-up")), ("citizen-li", HoldDropped("h1"))]


def test_the_limits_of_the_person_the_form_names_are_asked_at_the_confirmation(booked: Log) -> None:
    hold(booked, holding("h1", "general-1000", "wang"), at(6))
    with pytest.raises(Refused, match="item-booked-that-day"):
        booked.do(acts.confirm("tanghe", DAY, ConfirmHold("h1", "li"), "wang"), at(6, 1))
    assert "h1" in booked.hold(SLOTS).state.holds


NEXT = date(2026, 3, 3)


def moving(log: Log, to: str, slot: str, when: datetime, day: date = DAY, item: str = "id-card") -> Any:
    command = BookSlot(to, slot, "general", item, "li")
    there = acts.book("tanghe", day, command, offered=offer(PLAN, day))
    return log.do(acts.move("tanghe", DAY, "p1", there, to), when)


@pytest.mark.parametrize("day", [DAY, NEXT])
def test_moving_gives_one_place_for_another(booked: Log, day: date) -> None:
    events, receipt = moving(booked, "p2", "general-1000", at(6), day)
    named = [event for _, event in events if not isinstance(event, SlotsOffered)]
    assert named[:2] == [AppointmentCancelled("p1", "moved", "p2"), BookingReleased("p1", "moved")]
    assert [type(event) for event in named[2:]] == [SlotBooked, BookingRecorded]
    assert (receipt.appointment, receipt.starts_at.date()) == ("p2", day)
    assert moving(booked, "p2", "general-1000", at(6), day) == ([], receipt)


@pytest.mark.parametrize("day", [DAY, NEXT])
def test_nobody_loses_a_place_for_one_they_do_not_get(booked: Log, day: date) -> None:
    command = BookSlot("q1", "general-1000", "general", "id-card", "wang")
    booked.do(acts.book("tanghe", day, command, offered=offer(PLAN, day)), at(6))
    with pytest.raises(Refused, match="slot-full"):
        moving(booked, "p2", "general-1000", at(6), day)
    assert booked.hold(SLOTS).state.appointments["p1"].status == "booked"
    assert booked.hold("citizen-li").state.bookings["p1"].status == "booked"


def test_an_appointment_is_moved_once_and_never_becomes_two(booked: Log) -> None:
    moving(booked, "p2", "general-1000", at(6), NEXT)
    with pytest.raises(Refused, match="cancelled"):
        moving(booked, "p3", "general-1100", at(6))
    kept = [b for b in booked.hold("citizen-li").state.bookings.values() if b.status == "booked"]
    assert len(kept) == 1


def test_an_appointment_is_moved_as_long_as_it_can_be_cancelled(booked: Log) -> None:
    with pytest.raises(Refused, match="too-late-to-cancel"):
        moving(booked, "p2", "general-1000", at(7, 1))


def test_moving_within_a_full_day_is_no_further_appointment(booked: Log) -> None:
    strict = Limits(per_day=1)
    command = BookSlot("p2", "general-1000", "general", "id-card", "li")
    there = acts.book("tanghe", DAY, command, limits=strict)
    _, receipt = booked.do(acts.move("tanghe", DAY, "p1", there, "p2"), at(6))
    assert receipt.slot == "general-1000"


def test_a_long_appointment_moves_onto_a_part_of_its_own_place() -> None:
    log = Log()
    long = BookSlot("p1", "general-0900", "general", "deed", "li", slots=2)
    log.do(book(long), at(6))
    there = acts.book("tanghe", DAY, BookSlot("p2", "general-1000", "general", "deed", "li", slots=2))
    _, receipt = log.do(acts.move("tanghe", DAY, "p1", there, "p2"), at(6))
    assert receipt.starts_at == at(10)
    assert slots.remaining(log.hold(SLOTS).state, "general-0900") == 1


# --- arriving -----------------------------------------------------------------------------------------------


def arrive(log: Log, when: datetime, ticket: str = "t1") -> tuple[list[tuple[str, Event]], Any]:
    return log.do(acts.check_in("tanghe", DAY, PLAN, CheckIn("p1", ticket)), when)


def test_who_has_booked_in_a_queue_that_is_no_more_is_let_into_the_one_of_their_item(booked: Log) -> None:
    plan = msgspec.structs.replace(PLAN, queues=PLAN.queues[1:], windows=())
    arriving = acts.check_in("tanghe", DAY, plan, CheckIn("p1", "t1"), queue_of=lambda item: "estate")
    _, receipt = booked.do(arriving, at(8, 50))
    assert (receipt.ticket, receipt.queue) == ("B001", "estate")


def test_checking_in_is_the_taking_of_the_ticket(booked: Log) -> None:
    events, receipt = arrive(booked, at(8, 50))
    assert events == [
        (SLOTS, CheckedIn("p1", "t1")),
        (QUEUE, DayOpened(PLAN)),
        (QUEUE, TicketIssued("A001", "t1", "general", "id-card", "ordinary", "p1", at(9), "li")),
        ("citizen-li", VisitRecorded("p1")),
    ]
    assert receipt == TicketReceipt("t1", "A001", "general", 0, None)


def test_who_comes_late_stands_in_line_as_a_walk_in(booked: Log) -> None:
    events, _ = arrive(booked, at(9, 30))
    ticket = next(event for _, event in events if isinstance(event, TicketIssued))
    assert (ticket.appointment, ticket.due_at) == ("p1", None)


def test_who_is_in_time_stands_before_the_walk_ins(booked: Log) -> None:
    booked.do(acts.take_ticket("tanghe", DAY, PLAN, IssueTicket("t0", "general")), at(8, 30))
    _, receipt = arrive(booked, at(9, 5))
    assert (receipt.ticket, receipt.ahead) == ("A002", 0)


def test_an_elderly_person_with_an_appointment_keeps_their_priority(booked: Log) -> None:
    act = acts.check_in("tanghe", DAY, PLAN, CheckIn("p1", "t1"), priority="elderly")
    events, _ = booked.do(act, at(9))
    assert [e.priority for _, e in events if isinstance(e, TicketIssued)] == ["elderly"]


def test_checking_in_again_gives_the_same_ticket_even_after_hours(booked: Log) -> None:
    _, first = arrive(booked, at(9))
    events, again = arrive(booked, at(9, 1))
    assert (events, again) == ([], first)
    booked.do(Act((Ask(QUEUE, CloseDay()),)), at(18))
    events, again = arrive(booked, at(18, 1))
    assert (events, again.id, again.ticket, again.wait_s) == ([], "t1", "A001", Wait(0, 0))


def test_an_appointment_gives_no_second_ticket(booked: Log) -> None:
    arrive(booked, at(9))
    with pytest.raises(Refused, match="already-checked-in"):
        arrive(booked, at(9, 1), "t2")
    assert list(booked.hold(QUEUE).state.tickets) == ["A001"]


def test_whom_the_closed_hall_cannot_serve_is_not_checked_in(booked: Log) -> None:
    booked.do(acts.take_ticket("tanghe", DAY, PLAN, IssueTicket("t0", "general")), at(8))
    booked.do(Act((Ask(QUEUE, LeaveLine("A001")), Ask(QUEUE, CloseDay()))), at(8, 1))
    with pytest.raises(Refused, match="day-closed"):
        arrive(booked, at(9))
    appointment = booked.hold(SLOTS).state.appointments["p1"]
    assert appointment.status == "booked"
    assert booked.hold("citizen-li").state.bookings["p1"].status == "booked"


def test_a_suspended_person_still_takes_a_ticket() -> None:
    log = Log()
    for n in (1, 2):
        log.do(
            acts.book(
                "tanghe",
                DAY,
                BookSlot(f"p{n}", f"general-{8 + n:02}00", "general", f"i{n}", "li"),
                offered=OFFERED,
            ),
            at(6),
        )
        log.do(acts.miss("tanghe", DAY, MissAppointment(f"p{n}")), at(12))
    state = log.hold(citizen.stream("li")).state
    assert citizen.suspended_until(state, Limits()) == at(10) + timedelta(days=30)
    _, receipt = log.do(
        acts.take_ticket("tanghe", DAY, PLAN, IssueTicket("t1", "general", person="li")), at(12)
    )
    assert receipt.ticket == "A001"


# --- tickets and windows ------------------------------------------------------------------------------------


def test_the_first_ticket_opens_the_day() -> None:
    events, receipt = Log().do(acts.take_ticket("tanghe", DAY, PLAN, IssueTicket("t1", "estate")), at(9))
    assert events == [(QUEUE, DayOpened(PLAN)), (QUEUE, TicketIssued("B001", "t1", "estate"))]
    assert receipt == TicketReceipt("t1", "B001", "estate", 0, None)


def test_pressing_twice_is_told_the_same_ticket() -> None:
    log = Log()
    act = acts.take_ticket("tanghe", DAY, PLAN, IssueTicket("t1", "general"))
    _, first = log.do(act, at(9))
    log.do(acts.take_ticket("tanghe", DAY, PLAN, IssueTicket("t2", "general")), at(9))
    assert log.do(act, at(9, 5)) == ([], first)


def test_a_wait_is_told_while_a_window_calls() -> None:
    log = Log()
    log.do(acts.open_window("tanghe", DAY, PLAN, OpenWindow("1", "clerk:li")), at(8))
    receipts = [
        log.do(acts.take_ticket("tanghe", DAY, PLAN, IssueTicket(f"t{n}", "general")), at(9))[1]
        for n in range(3)
    ]
    assert [receipt.ahead for receipt in receipts] == [0, 1, 2]
    assert receipts[0].wait_s == Wait(0, 0)
    assert 0 < receipts[1].wait_s.p50 < receipts[2].wait_s.p50 < receipts[2].wait_s.p90


@pytest.fixture
def calling() -> Log:
    """Two tickets wait for window 1."""
    log = Log()
    log.do(acts.open_window("tanghe", DAY, PLAN, OpenWindow("1", "clerk:li")), at(8))
    for n in (1, 2):
        log.do(acts.take_ticket("tanghe", DAY, PLAN, IssueTicket(f"t{n}", "general", "id-card")), at(9))
    return log


def test_a_call_is_answered_with_the_ticket(calling: Log) -> None:
    _, receipt = calling.do(acts.call_next("tanghe", DAY, "1"), at(9))
    assert receipt == CallReceipt("t1", "A001", "1", "general", "called", "id-card")


def test_everything_a_window_does_is_answered_with_its_ticket(calling: Log) -> None:
    told = []
    for command in (
        CallTicket("1", "A002"),
        Recall("1"),
        StartService("1"),
        ParkTicket("1"),
        UnparkTicket("1", "A002"),
        MarkNoShow("1"),
        CallTicket("1", "A002"),
        StartService("1"),
        TransferTicket("1", "estate"),
        CallTicket("1", "A002"),
        StartService("1"),
        FinishService("1"),
    ):
        receipt = calling.do(acts.at_window("tanghe", DAY, command), at(9))[1]
        assert (receipt.id, receipt.ticket, receipt.window) == ("t2", "A002", "1")
        told.append((receipt.status, receipt.queue))
    assert told == [
        ("called", "general"),
        ("called", "general"),
        ("serving", "general"),
        ("parked", "general"),
        ("called", "general"),
        ("missed", "general"),
        ("called", "general"),
        ("serving", "general"),
        ("waiting", "estate"),
        ("called", "estate"),
        ("serving", "estate"),
        ("served", "estate"),
    ]


def test_a_window_is_told_how_it_stands() -> None:
    log = Log()
    opened = log.do(acts.open_window("tanghe", DAY, PLAN, OpenWindow("1", "clerk:li", ("estate",))), at(8))
    assert opened[1] == WindowReceipt("1", "open", ("estate",))
    states = [
        log.do(acts.turn_window("tanghe", DAY, command), at(8))[1].state
        for command in (PauseWindow("1"), ResumeWindow("1"), CloseWindow("1"))
    ]
    assert states == ["paused", "open", "closed"]


def test_a_queue_added_for_the_day_is_told_with_its_prefix() -> None:
    act = acts.add_queue("tanghe", DAY, PLAN, AddQueue("tax", Text("税务", "Tax")))
    log = Log()
    assert log.do(act, at(8))[1] == QueueReceipt("tax", "T", Text("税务", "Tax"))
    assert log.do(act, at(8)) == ([], QueueReceipt("tax", "T", Text("税务", "Tax")))


def test_offered_places_can_be_read_before_anybody_books() -> None:
    log = Log()
    log.do(Act((Ask(SLOTS, OfferSlots(OFFERED)),)), at(6))
    assert [slots.remaining(log.hold(SLOTS).state, s.slot) for s in OFFERED.slots] == [1] * 6
