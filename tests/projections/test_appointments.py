"""The list of appointments: one document each, with what its citizen and the hall need to read."""

from datetime import datetime, timedelta

import msgspec
import pytest

from domain.citizen import BookingRecorded
from domain.message import Event, Recorded
from domain.offering import SlotsPlan
from domain.slots import (
    AppointmentCancelled,
    AppointmentMissed,
    CheckedIn,
    CheckInUndone,
    SlotBooked,
    SlotsOffered,
)
from projections import appointments
from projections.appointments import View
from tests.spec import NINE, stamp

HOUR = timedelta(hours=1)
BOOKED = SlotBooked("p1", "a-0900", "a", "id-card", "li", NINE, NINE + HOUR, "internal", 2)
SEVEN, EIGHT = NINE - 2 * HOUR, NINE - HOUR


def recorded(event: Event, at: datetime, stream: str = "slots-tang-he-2026-03-02") -> Recorded:
    return Recorded(stream, 1, 1, stamp(at), event)


def view(*history: tuple[datetime, Event]) -> View | None:
    """The document these events leave, having gone through its stored form after each."""
    folded: View | None = None
    for at, event in history:
        assert appointments.key(recorded(event, at)) == "p1"
        folded = appointments.evolve(folded, recorded(event, at))
        folded = msgspec.json.decode(msgspec.json.encode(folded), type=View | None)
    return folded


def test_an_appointment_is_listed_with_who_where_and_when() -> None:
    assert view((SEVEN, BOOKED)) == View(
        appointment="p1",
        hall="tang-he",
        slot="a-0900",
        queue="a",
        item="id-card",
        person="li",
        channel="internal",
        slots=2,
        starts_at=NINE,
        ends_at=NINE + HOUR,
        booked_at=SEVEN,
        missed_at=NINE + HOUR,
    )


def test_a_check_in_taken_back_is_a_booking_again() -> None:
    came, midnight = (NINE, CheckedIn("p1", "t1", late=True)), NINE + 15 * HOUR
    seen, booked = (
        view((SEVEN, BOOKED), came, (NINE, CheckInUndone("p1", "t1", midnight))),
        view((SEVEN, BOOKED)),
    )
    assert seen is not None
    assert booked is not None
    assert seen == msgspec.structs.replace(booked, missed_at=midnight)


def test_a_check_in_shows_its_ticket() -> None:
    seen = view((SEVEN, BOOKED), (NINE, CheckedIn("p1", "t1", late=True)))
    assert seen is not None
    assert (seen.status, seen.ticket, seen.late, seen.ended_at) == ("checked-in", "t1", True, NINE)


@pytest.mark.parametrize(
    ("event", "status"),
    [(AppointmentCancelled("p1", "ill"), "cancelled"), (AppointmentMissed("p1", "ill"), "missed")],
)
def test_an_appointment_that_was_not_kept_shows_why(event: Event, status: str) -> None:
    seen = view((SEVEN, BOOKED), (EIGHT, event))
    assert seen is not None
    assert (seen.status, seen.reason, seen.ended_at) == (status, "ill", EIGHT)


def test_a_person_finds_their_appointments_by_time_and_status() -> None:
    seen = view((SEVEN, BOOKED))
    assert seen is not None
    facets = appointments.facets(seen)
    assert facets == {"person": "li", "hall": "tang-he", "starts_at": NINE, "status": "booked"}
    assert {name: type(value) for name, value in facets.items()} == appointments.FACETS


@pytest.mark.parametrize(
    "event", [SlotsOffered(SlotsPlan(())), BookingRecorded("p1", "tanghe", "id-card", NINE, NINE + HOUR)]
)
def test_an_offer_and_the_persons_own_record_are_no_appointments(event: Event) -> None:
    assert appointments.key(recorded(event, NINE)) is None
