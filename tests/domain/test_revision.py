"""A day's offer revised: nobody who has booked loses their place without being told."""

from datetime import date, datetime, time

import pytest

from domain import slots
from domain.offering import SlotPlan, SlotsPlan
from domain.promises import broken
from domain.slots import (
    AppointmentCancelled,
    BookSlot,
    CancelAppointment,
    CheckedIn,
    HoldReleased,
    PlaceHeld,
    ReviseOffer,
    SlotBooked,
    SlotsOffered,
    SlotsRevised,
    remaining,
    stranded,
)
from tests.spec import SHANGHAI, given

DAY = date(2026, 3, 2)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(DAY, time(hour, minute), SHANGHAI)


def slot(hour: int, public: int = 2, ends: datetime | None = None, walk_in: int = 3) -> SlotPlan:
    return SlotPlan("a", at(hour), ends or at(hour + 1), public, 1, walk_in)


def booked(name: str, hour: int, slots: int = 1) -> SlotBooked:
    return SlotBooked(name, f"a-{hour}00", "a", "deed", f"p-{name}", at(hour), at(hour + slots), slots=slots)


OFFERED = SlotsOffered(SlotsPlan((slot(10), slot(11))))
TWO = (OFFERED, booked("b1", 10), booked("b2", 10))


def test_more_hours_strand_nobody() -> None:
    wider = SlotsPlan((slot(10), slot(11), slot(14)))
    state = given(slots, *TWO).when(ReviseOffer(wider)).then(SlotsRevised(wider))
    assert [remaining(state, name) for name in ("a-1000", "a-1100", "a-1400")] == [0, 2, 2]
    given(slots, *TWO).when(ReviseOffer(OFFERED.plan)).then()
    given(slots).when(ReviseOffer(wider)).then()


def test_who_booked_last_has_no_place_where_there_are_fewer() -> None:
    fewer = SlotsPlan((slot(10, 1), slot(11)))
    day = given(slots, *TWO)
    assert stranded(day.state, fewer) == ["b2"]
    day.when(ReviseOffer(fewer)).refused("bookings-stranded", appointments=["b2"])


@pytest.mark.parametrize(
    "plan",
    [SlotsPlan(()), SlotsPlan((slot(11),)), SlotsPlan((slot(10, ends=at(10, 30)), slot(11)))],
    ids=["closed", "another hour", "another length"],
)
def test_a_place_that_is_gone_or_another_strands_everybody_in_it(plan: SlotsPlan) -> None:
    assert stranded(given(slots, *TWO).state, plan) == ["b1", "b2"]


def test_a_long_appointment_needs_all_of_its_slots() -> None:
    day = given(slots, OFFERED, booked("b1", 10, slots=2))
    assert stranded(day.state, SlotsPlan((slot(10),))) == ["b1"]


def test_the_hall_cancels_even_when_it_is_too_late_for_the_citizen_and_then_revises() -> None:
    day = given(slots, *TWO).at_time(at(9, 30))
    day.when(CancelAppointment("b1", "flood")).refused("too-late-to-cancel")
    day.when(CancelAppointment("b1", "flood", by_hall=True)).then(
        AppointmentCancelled("b1", "flood", by_hall=True)
    )
    closed = SlotsPlan(())
    day.when(CancelAppointment("b2", "flood", by_hall=True), ReviseOffer(closed)).then(SlotsRevised(closed))
    day.when(BookSlot("b3", "a-1000", "a", "deed", "li")).refused("unknown-slot")
    assert list(broken("slots-tanghe-2026-03-02", day.state)) == []


def test_what_is_held_is_let_go_first() -> None:
    held = PlaceHeld("h1", "a-1100", "a", "deed", "li", at(11), at(12), at(9, 5))
    shorter = SlotsPlan((slot(10),))
    revised = given(slots, *TWO, held).when(ReviseOffer(shorter))
    state = revised.then(HoldReleased("h1", "offer-revised"), SlotsRevised(shorter))
    assert state.holds == {}


def test_a_day_on_which_people_have_come_is_not_revised() -> None:
    given(slots, *TWO, CheckedIn("b1", "t1")).when(ReviseOffer(SlotsPlan((slot(10),)))).refused("day-begun")


def test_a_revised_offer_keeps_places_for_those_who_walk_in() -> None:
    greedy = SlotsPlan((slot(10, walk_in=0),))
    given(slots, OFFERED).when(ReviseOffer(greedy)).refused("walk-in-share-missing")
