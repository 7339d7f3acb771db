"""A hall's bookable day: places by share, the windows of checking in and giving back, and what never changes."""

from datetime import date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given as everywhere
from hypothesis import settings
from hypothesis import strategies as st

from domain import slots
from domain.booking import CHANNELS, BookingRules, Channel
from domain.hall import HallPlan, QueuePlan, SessionPlan
from domain.message import Command, Event, Refused, Text
from domain.offering import SlotPlan, SlotsPlan, offer
from domain.slots import (
    AppointmentCancelled,
    AppointmentMissed,
    BookSlot,
    CancelAppointment,
    CheckedIn,
    CheckIn,
    MissAppointment,
    OfferSlots,
    SlotBooked,
    SlotsOffered,
    remaining,
)
from tests.spec import SHANGHAI, given

DAY = date(2026, 3, 2)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(DAY, time(hour, minute), SHANGHAI)


def slot(queue: str, hour: int, public: int = 2, internal: int = 1) -> SlotPlan:
    return SlotPlan(queue, at(hour), at(hour + 1), public, internal, 3)


PLAN = SlotsPlan((slot("a", 10), slot("b", 10), slot("a", 11), slot("a", 14)))
OFFERED = SlotsOffered(PLAN)
BOOK = BookSlot("p1", "a-1000", "a", "id-card", "li")
BOOKED = SlotBooked("p1", "a-1000", "a", "id-card", "li", at(10), at(11))
ARRIVED = CheckedIn("p1", "t1")
CANCELLED = AppointmentCancelled("p1", "ill")
MISSED = AppointmentMissed("p1", "did not come")


def book(appointment: str, place: str = "a-1000", channel: Channel = "public") -> BookSlot:
    return BookSlot(appointment, place, place[0], "id-card", f"person-{appointment}", channel)


# --- the offer ----------------------------------------------------------------------------------------------


def test_a_halls_sessions_are_cut_into_slots_for_each_queue() -> None:
    name = Text("甲", "A")
    hall = HallPlan(
        name=name,
        region="411328000000",
        queues=(QueuePlan("a", "A", name), QueuePlan("b-2", "B", name)),
        windows=(),
        sessions=(SessionPlan(time(9), time(11, 30), 60, 6, 2, 4), SessionPlan(time(15), time(15, 30), 30)),
    )
    plan = offer(hall, DAY)
    assert [s.slot for s in plan.slots] == ["a-0900", "b-2-0900", "a-1000", "b-2-1000", "a-1500", "b-2-1500"]
    assert plan.slots[2] == SlotPlan("a", at(10), at(11), 6, 2, 4)
    given(slots).when(OfferSlots(plan)).then(SlotsOffered(plan))


def test_a_day_that_is_offered_stays_as_it_is() -> None:
    given(slots, OFFERED).when(OfferSlots(SlotsPlan((slot("a", 16),)))).then()


def test_an_offer_without_walk_in_places_is_refused() -> None:
    full = SlotPlan("a", at(10), at(11), 9, 0, 0)
    given(slots).when(OfferSlots(SlotsPlan((full,)))).refused("walk-in-share-missing", slot="a-1000")


def test_an_empty_offer_is_refused() -> None:
    given(slots).when(OfferSlots(SlotsPlan(()))).refused("no-slots")


def test_the_slots_of_a_queue_do_not_overlap() -> None:
    late = SlotPlan("a", at(10, 30), at(11, 30), 1, 1, 1)
    given(slots).when(OfferSlots(SlotsPlan((slot("a", 10), late)))).refused("slots-overlap", slot="a-1030")
    given(slots).when(OfferSlots(SlotsPlan((SlotPlan("a", at(10), at(10), 1, 1, 1),)))).refused(
        "slots-overlap"
    )


def test_an_offer_is_one_days() -> None:
    tomorrow = SlotPlan("b", at(10) + timedelta(days=1), at(11) + timedelta(days=1), 1, 1, 1)
    given(slots).when(OfferSlots(SlotsPlan((slot("a", 10), tomorrow)))).refused("slots-of-several-days")


def test_an_offer_survives_the_log_with_its_rules() -> None:
    offered = SlotsOffered(SlotsPlan(PLAN.slots, BookingRules(early_minutes=30)))
    assert msgspec.json.decode(msgspec.json.encode(offered), type=SlotsOffered) == offered


# --- booking ------------------------------------------------------------------------------------------------


def test_a_booking_tells_who_is_expected_where_and_when() -> None:
    given(slots, OFFERED).when(BOOK).then(BOOKED)


def test_booking_twice_with_one_reference_takes_one_place() -> None:
    state = given(slots, OFFERED, BOOKED).when(BOOK).then()
    assert remaining(state, "a-1000") == 1


@pytest.mark.parametrize(
    "other",
    [BookSlot("p1", "a-1100", "a", "id-card", "li"), BookSlot("p1", "a-1000", "a", "id-card", "wang")],
)
def test_a_reference_names_one_appointment(other: BookSlot) -> None:
    given(slots, OFFERED, BOOKED).when(other).refused("reference-taken", appointment="p1")


def test_nothing_is_booked_on_a_day_that_is_not_offered() -> None:
    given(slots).when(BOOK).refused("slots-not-offered")


def test_nothing_is_booked_in_a_slot_that_is_not_there() -> None:
    given(slots, OFFERED).when(book("p1", "a-0300")).refused("unknown-slot", slot="a-0300")


def test_nobody_is_booked_into_a_line_that_does_not_serve_the_item() -> None:
    wrong = BookSlot("p1", "b-1000", "a", "id-card", "li")
    given(slots, OFFERED).when(wrong).refused("slot-of-another-queue", field="slot")


def test_a_slot_is_bookable_until_it_begins() -> None:
    given(slots, OFFERED).at_time(at(9, 59)).when(BOOK).then(BOOKED)
    given(slots, OFFERED).at_time(at(10)).when(BOOK).refused("slot-over", slot="a-1000")


def test_citizens_cannot_take_the_places_of_the_staff() -> None:
    full = given(slots, OFFERED).when(book("p1"), book("p2"), book("p3"))
    full.refused("slot-full", slot="a-1000", channel="public")
    assert remaining(full.state, "a-1000", "internal") == 1


def test_staff_cannot_take_the_places_of_citizens() -> None:
    full = given(slots, OFFERED).when(*(book(f"p{n}", channel="internal") for n in range(2)))
    full.refused("slot-full", channel="internal")
    assert remaining(full.state, "a-1000") == 2


def test_a_full_slot_leaves_its_neighbours_alone() -> None:
    given(slots, OFFERED).when(book("p1"), book("p2"), book("p3", "b-1000")).then(
        SlotBooked("p3", "b-1000", "b", "id-card", "person-p3", at(10), at(11))
    )


def test_a_long_item_takes_slots_in_a_row() -> None:
    long = BookSlot("p1", "a-1000", "a", "deed", "li", slots=2)
    booked = SlotBooked("p1", "a-1000", "a", "deed", "li", at(10), at(12), slots=2)
    state = given(slots, OFFERED).when(long).then(booked)
    assert (remaining(state, "a-1000"), remaining(state, "a-1100"), remaining(state, "a-1400")) == (1, 1, 2)


def test_slots_in_a_row_have_no_pause_between_them() -> None:
    long = BookSlot("p1", "a-1100", "a", "deed", "li", slots=2)
    given(slots, OFFERED).when(long).refused("too-few-slots", needed=2, in_a_row=1)


def test_a_long_item_needs_a_place_in_each_of_its_slots() -> None:
    long = BookSlot("p3", "a-1000", "a", "deed", "li", slots=2)
    given(slots, OFFERED).when(book("p1", "a-1100"), book("p2", "a-1100"), long).refused(
        "slot-full", slot="a-1100"
    )


def test_what_remains_counts_for_the_length_that_is_asked_for() -> None:
    state = given(slots, OFFERED).when(book("p1", "a-1100")).state
    assert remaining(state, "a-1000", intervals=2) == 1
    assert remaining(state, "a-1400", intervals=2) == 0
    with pytest.raises(Refused, match="unknown-slot"):
        remaining(state, "a-0300")


# --- giving back --------------------------------------------------------------------------------------------


def test_a_cancelled_place_can_be_booked_again() -> None:
    given(slots, OFFERED).at_time(at(7)).when(
        book("p1"), book("p2"), CancelAppointment("p1", "ill"), book("p3")
    ).then(SlotBooked("p3", "a-1000", "a", "id-card", "person-p3", at(10), at(11)))


def test_an_appointment_may_be_cancelled_until_two_hours_before() -> None:
    given(slots, OFFERED, BOOKED).at_time(at(8)).when(CancelAppointment("p1", "ill")).then(CANCELLED)
    given(slots, OFFERED, BOOKED).at_time(at(8, 1)).when(CancelAppointment("p1", "ill")).refused(
        "too-late-to-cancel", until=at(8)
    )


def test_a_hall_may_set_its_own_hours_of_cancelling() -> None:
    lenient = SlotsOffered(SlotsPlan(PLAN.slots, BookingRules(cancel_hours=0)))
    given(slots, lenient, BOOKED).at_time(at(10)).when(CancelAppointment("p1", "ill")).then(CANCELLED)


def test_cancelling_twice_gives_one_place_back() -> None:
    state = given(slots, OFFERED, BOOKED, CANCELLED).at_time(at(23)).when(CancelAppointment("p1")).then()
    assert remaining(state, "a-1000") == 2


def test_booking_again_with_a_cancelled_reference_takes_no_place() -> None:
    state = given(slots, OFFERED, BOOKED, CANCELLED).when(BOOK).then()
    assert remaining(state, "a-1000") == 2


def test_a_cancelled_long_appointment_gives_all_its_places_back() -> None:
    long = SlotBooked("p1", "a-1000", "a", "deed", "li", at(10), at(12), slots=2)
    state = given(slots, OFFERED, long, CANCELLED).state
    assert (remaining(state, "a-1000"), remaining(state, "a-1100")) == (2, 2)


# --- arriving -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", [at(9, 45), at(10), at(10, 15)])
def test_who_comes_within_the_window_is_in_time(when: datetime) -> None:
    given(slots, OFFERED, BOOKED).at_time(when).when(CheckIn("p1", "t1")).then(ARRIVED)


def test_who_comes_too_early_is_told_from_when() -> None:
    given(slots, OFFERED, BOOKED).at_time(at(9, 44)).when(CheckIn("p1", "t1")).refused(
        "too-early", opens_at=at(9, 45)
    )


def test_at_the_desk_nobody_is_too_early_on_their_day() -> None:
    seen = CheckIn("p1", "t1", at_desk=True)
    given(slots, OFFERED, BOOKED).at_time(at(0)).when(seen).then(ARRIVED)
    given(slots, OFFERED, BOOKED).at_time(at(0) - timedelta(seconds=1)).when(seen).refused(
        "too-early", opens_at=at(0)
    )


@pytest.mark.parametrize("when", [at(10, 16), at(17)])
def test_who_comes_late_is_checked_in_all_the_same(when: datetime) -> None:
    given(slots, OFFERED, BOOKED).at_time(when).when(CheckIn("p1", "t1")).then(
        CheckedIn("p1", "t1", late=True)
    )


def test_nobody_checks_in_on_another_day() -> None:
    given(slots, OFFERED, BOOKED).at_time(at(10) + timedelta(days=1)).when(CheckIn("p1", "t1")).refused(
        "slot-over"
    )


def test_a_hall_may_set_its_own_window() -> None:
    wide = SlotsOffered(SlotsPlan(PLAN.slots, BookingRules(early_minutes=60, late_minutes=30)))
    given(slots, wide, BOOKED).at_time(at(9)).when(CheckIn("p1", "t1")).then(ARRIVED)
    given(slots, wide, BOOKED).at_time(at(10, 30)).when(CheckIn("p1", "t1")).then(ARRIVED)


def test_checking_in_again_for_the_same_ticket_changes_nothing() -> None:
    given(slots, OFFERED, BOOKED, ARRIVED).when(CheckIn("p1", "t1")).then()


def test_one_appointment_gives_one_ticket() -> None:
    given(slots, OFFERED, BOOKED, ARRIVED).at_time(at(10)).when(CheckIn("p1", "t2")).refused(
        "already-checked-in", ticket="t1"
    )


# --- not arriving -------------------------------------------------------------------------------------------


def test_who_has_not_come_when_the_slot_is_over_has_missed_it() -> None:
    given(slots, OFFERED, BOOKED).at_time(at(11)).when(MissAppointment("p1")).then(MISSED)
    given(slots, OFFERED, BOOKED).at_time(at(10, 59)).when(MissAppointment("p1")).refused(
        "slot-not-over", ends_at=at(11)
    )


def test_missing_twice_changes_nothing() -> None:
    given(slots, OFFERED, BOOKED, MISSED).when(MissAppointment("p1")).then()


# --- the ends of an appointment -----------------------------------------------------------------------------

CANCEL, CHECK_IN, MISS = CancelAppointment("p1"), CheckIn("p1", "t9"), MissAppointment("p1")


@pytest.mark.parametrize("command", [CANCEL, CHECK_IN, MISS])
def test_there_is_nothing_to_be_done_with_an_appointment_that_was_never_made(command: Command) -> None:
    given(slots, OFFERED).when(command).refused("unknown-appointment", appointment="p1")
    given(slots).when(command).refused("unknown-appointment")


@pytest.mark.parametrize(
    ("end", "command", "code"),
    [
        (ARRIVED, CANCEL, "already-checked-in"),
        (ARRIVED, MISS, "already-checked-in"),
        (CANCELLED, CHECK_IN, "cancelled"),
        (CANCELLED, MISS, "cancelled"),
        (MISSED, CANCEL, "missed"),
        (MISSED, CHECK_IN, "missed"),
    ],
)
def test_an_appointment_comes_to_one_end(end: Event, command: Command, code: str) -> None:
    given(slots, OFFERED, BOOKED, end).at_time(at(11)).when(command).refused(code, appointment="p1")


# --- laws ---------------------------------------------------------------------------------------------------

REFERENCES = st.sampled_from([f"p{n}" for n in range(8)])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        BookSlot,
        REFERENCES,
        st.sampled_from(["a-1000", "a-1100", "b-1000"]),
        st.sampled_from(["a", "b"]),
        st.just("id-card"),
        st.just("li"),
        st.sampled_from(["public", "internal"]),
        st.integers(1, 2),
    ),
    st.builds(CancelAppointment, REFERENCES),
    st.builds(CheckIn, REFERENCES, st.sampled_from(["t1", "t2"])),
    st.builds(MissAppointment, REFERENCES),
)


@everywhere(st.lists(st.tuples(COMMANDS, st.sampled_from([at(7), at(9, 50), at(12)])), max_size=40))
@settings(max_examples=80, deadline=None)
def test_no_share_is_ever_sold_twice_nor_a_place_lost(asked: list[tuple[Command, datetime]]) -> None:
    day = given(slots, OFFERED)
    for command, when in asked:
        day.at_time(when).when(command)
        for name, held in day.state.slots.items():
            taken = dict.fromkeys(CHANNELS, 0)
            for appointment in day.state.appointments.values():
                made = appointment.booking
                kept = appointment.status != "cancelled"
                if (
                    kept
                    and made.queue == held.plan.queue
                    and made.starts_at <= held.plan.starts_at < made.ends_at
                ):
                    taken[made.channel] += 1
            assert held.taken == taken
            for channel in CHANNELS:
                assert 0 <= remaining(day.state, name, channel) <= held.plan.places(channel)


def test_another_platform_takes_its_own_share_and_nobody_elses() -> None:
    shared = SlotsOffered(SlotsPlan((SlotPlan("a", at(9), at(10), 1, 1, 3, 1),)))
    day = given(slots, shared).at_time(at(8))
    day.when(BookSlot("b1", "a-0900", "a", "deed", "li", "partner"))
    assert [remaining(day.state, "a-0900", channel) for channel in CHANNELS] == [1, 1, 0]
    day.when(BookSlot("b2", "a-0900", "a", "deed", "wang", "partner")).refused("slot-full", channel="partner")
