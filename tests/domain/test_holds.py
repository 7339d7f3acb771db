"""A place held while the form is filled in: it is nobody else's until its time is over, and then anybody's."""

from datetime import date, datetime, time, timedelta

import pytest

from domain import slots
from domain.booking import BookingRules, OnBehalf
from domain.offering import SlotPlan, SlotsPlan
from domain.promises import broken
from domain.slots import (
    BookSlot,
    ConfirmHold,
    HoldPlace,
    HoldReleased,
    PlaceHeld,
    ReleaseHold,
    SlotBooked,
    SlotsOffered,
    remaining,
)
from tests.spec import SHANGHAI, given

DAY = date(2026, 3, 2)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(DAY, time(hour, minute), SHANGHAI)


def slot(hour: int, public: int = 1) -> SlotPlan:
    return SlotPlan("a", at(hour), at(hour + 1), public, 1, 3)


OFFERED = SlotsOffered(SlotsPlan((slot(10), slot(11), slot(14))))


def hold(name: str, holder: str, place: str = "a-1000", **more: object) -> HoldPlace:
    return HoldPlace(name, place, "a", "deed", holder, **more)  # type: ignore[arg-type]


HELD = PlaceHeld("h1", "a-1000", "a", "deed", "li", at(10), at(11), at(8, 5))
BOOKED = SlotBooked("h1", "a-1000", "a", "deed", "li", at(10), at(11))


def test_a_place_is_held_for_five_minutes() -> None:
    given(slots, OFFERED).at_time(at(8)).when(hold("h1", "li")).then(HELD)


def test_a_hall_says_how_long_a_place_is_held_and_never_beyond_the_slots_beginning() -> None:
    rules = BookingRules(hold_minutes=3)
    brief = SlotsOffered(SlotsPlan(OFFERED.plan.slots, rules))
    state = given(slots, brief).at_time(at(8)).when(hold("h1", "li")).state
    assert state.holds["h1"].until == at(8, 3)
    state = given(slots, OFFERED).at_time(at(9, 58)).when(hold("h1", "li")).state
    assert state.holds["h1"].until == at(10)


def test_a_held_place_is_nobody_elses_until_its_time_is_over() -> None:
    other = hold("h2", "wang")
    given(slots, OFFERED, HELD).at_time(at(8, 4)).when(other).refused("slot-full")
    given(slots, OFFERED, HELD).at_time(at(8, 4)).when(BookSlot("p", "a-1000", "a", "deed", "wang")).refused(
        "slot-full"
    )
    held = PlaceHeld("h2", "a-1000", "a", "deed", "wang", at(10), at(11), at(8, 10))
    given(slots, OFFERED, HELD).at_time(at(8, 5)).when(other).then(HoldReleased("h1", "expired"), held)


def test_what_remains_is_told_for_the_moment() -> None:
    state = given(slots, OFFERED, HELD).state
    assert remaining(state, "a-1000", at=at(8, 4)) == 0
    assert remaining(state, "a-1000", at=at(8, 5)) == 1
    assert remaining(state, "a-1000", "internal", at=at(8)) == 1


def test_confirming_makes_the_appointment_of_the_same_reference() -> None:
    confirming = given(slots, OFFERED, HELD).at_time(at(8, 4)).when(ConfirmHold("h1", "li"))
    state = confirming.then(BOOKED)
    assert (state.holds, state.slots["a-1000"].held) == ({}, {})
    assert remaining(state, "a-1000") == 0
    confirming.when(ConfirmHold("h1", "li")).then()
    confirming.when(ConfirmHold("h1", "wang")).refused("reference-taken")


def test_whoever_holds_a_place_may_book_it_for_another_and_how_they_agreed_is_recorded() -> None:
    behalf = OnBehalf("guardian", "li", "by-law")
    booked = SlotBooked("h1", "a-1000", "a", "deed", "child", at(10), at(11), on_behalf=behalf)
    given(slots, OFFERED, HELD).at_time(at(8, 1)).when(ConfirmHold("h1", "child", behalf)).then(booked)


def test_a_hold_whose_time_is_over_is_not_confirmed_even_if_the_place_is_still_free() -> None:
    given(slots, OFFERED, HELD).at_time(at(8, 5)).when(ConfirmHold("h1", "li")).refused("hold-over")


def test_a_hold_that_gave_way_is_not_confirmed_whatever_the_time_that_is_told() -> None:
    sold = given(slots, OFFERED, HELD).at_time(at(8, 5)).when(BookSlot("p", "a-1000", "a", "deed", "wang"))
    sold.at_time(at(8, 1)).when(ConfirmHold("h1", "li")).refused("hold-over")
    assert list(broken("slots-tanghe-2026-03-02", sold.state)) == []


def test_a_hold_is_let_go_once() -> None:
    letting = given(slots, OFFERED, HELD).at_time(at(8, 1)).when(ReleaseHold("h1"))
    state = letting.then(HoldReleased("h1", "given-up"))
    assert remaining(state, "a-1000") == 1
    letting.when(ReleaseHold("h1")).then()
    letting.when(ConfirmHold("h1", "li")).refused("hold-over")
    letting.when(hold("h1", "li")).refused("hold-over")


def test_the_clock_lets_go_only_what_is_over() -> None:
    sweep = ReleaseHold("h1", expired=True)
    given(slots, OFFERED, HELD).at_time(at(8, 4)).when(sweep).refused("hold-not-over", until=at(8, 5))
    given(slots, OFFERED, HELD).at_time(at(8, 5)).when(sweep).then(HoldReleased("h1", "expired"))
    given(slots, OFFERED, HELD, BOOKED).at_time(at(8, 5)).when(sweep).then()


@pytest.mark.parametrize("command", [ConfirmHold("h1", "li"), ReleaseHold("h1")])
def test_what_was_never_held_is_unknown(command: ConfirmHold | ReleaseHold) -> None:
    given(slots, OFFERED).when(command).refused("unknown-hold", hold="h1")


def test_one_person_holds_one_place_a_day_and_another_choice_takes_its_place() -> None:
    chosen = PlaceHeld("h2", "a-1100", "a", "deed", "li", at(11), at(12), at(8, 7))
    again = given(slots, OFFERED, HELD).at_time(at(8, 2)).when(hold("h2", "li", "a-1100"))
    again.then(HoldReleased("h1", "another-chosen"), chosen)
    same = given(slots, OFFERED, HELD).at_time(at(8, 2)).when(hold("h2", "li"))
    assert [type(event) for event in same.decided or ()] == [HoldReleased, PlaceHeld]


def test_a_choice_that_is_full_leaves_the_held_place_as_it_is() -> None:
    full = SlotBooked("p", "a-1100", "a", "deed", "wang", at(11), at(12))
    given(slots, OFFERED, HELD, full).at_time(at(8)).when(hold("h2", "li", "a-1100")).refused("slot-full")


def test_booking_directly_lets_ones_own_hold_go() -> None:
    given(slots, OFFERED, HELD).at_time(at(8)).when(BookSlot("p", "a-1000", "a", "deed", "li")).then(
        HoldReleased("h1", "another-chosen"), SlotBooked("p", "a-1000", "a", "deed", "li", at(10), at(11))
    )


def test_a_long_item_is_held_in_all_its_slots() -> None:
    state = given(slots, OFFERED).at_time(at(8)).when(hold("h1", "li", slots=2)).state
    assert [remaining(state, name) for name in ("a-1000", "a-1100", "a-1400")] == [0, 0, 1]
    gone = given(slots, OFFERED).at_time(at(8)).when(hold("h1", "li", slots=2), ReleaseHold("h1")).state
    assert [remaining(gone, name) for name in ("a-1000", "a-1100")] == [1, 1]


def test_a_reference_holds_one_place() -> None:
    given(slots, OFFERED, HELD).at_time(at(8)).when(hold("h1", "li")).then()
    given(slots, OFFERED, HELD).at_time(at(8)).when(hold("h1", "li", "a-1100")).refused("reference-taken")
    given(slots, OFFERED, HELD).at_time(at(8)).when(BookSlot("h1", "a-1000", "a", "deed", "li")).refused(
        "reference-taken"
    )


def test_citizens_book_ahead_as_long_as_the_hall_asks_and_staff_until_the_slot_begins() -> None:
    ahead = SlotsOffered(SlotsPlan(OFFERED.plan.slots, BookingRules(lead_minutes=60)))
    given(slots, ahead).at_time(at(9, 1)).when(hold("h1", "li")).refused("too-late-to-book", until=at(9))
    staff = BookSlot("p", "a-1000", "a", "deed", "li", "internal")
    given(slots, ahead).at_time(at(9, 59)).when(staff).then(
        SlotBooked("p", "a-1000", "a", "deed", "li", at(10), at(11), "internal")
    )


def test_an_appointment_waits_for_somebody_late_as_long_as_the_hall_says() -> None:
    patient = SlotsOffered(SlotsPlan(OFFERED.plan.slots, BookingRules(missed_minutes=30)))
    booked = given(slots, patient).at_time(at(8)).when(BookSlot("p", "a-1000", "a", "deed", "li"))
    assert booked.state.appointments["p"].booking.missed_at == at(11, 30)
    missing = slots.MissAppointment("p")
    booked.at_time(at(11, 29)).when(missing).refused("slot-not-over", ends_at=at(11) + timedelta(minutes=30))
    booked.at_time(at(11, 30)).when(missing).then(slots.AppointmentMissed("p", "did not come"))
