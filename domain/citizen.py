"""One person across all halls: what they have booked, kept, given back and missed.

The stream ``citizen-{key}`` is where those limits of booking hold that no single hall can see. They stand against
hoarding and are about booking alone: a ticket at the hall is never refused for them.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Id, Reference, Refused, Stamp, Words
from domain.slots import Channel, Instant
from domain.workdays import SHANGHAI

Days = Annotated[int, Meta(ge=1, le=366)]

Status = Literal["booked", "released", "visited", "missed"]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much one person may book. Local practice only, no national rule was found: every region sets its own."""

    per_day: Annotated[int, Meta(ge=1, le=50)] = 3
    """Appointments on one day, whatever the halls."""
    no_shows: Annotated[int, Meta(ge=1, le=50)] = 2
    """So many missed appointments …"""
    within_days: Days = 30
    """… within so many days …"""
    suspended_days: Days = 30
    """… end online booking for so many days from the last of them."""


# --- commands -----------------------------------------------------------------------------------------------


class RecordBooking(Command, frozen=True):
    """Put an appointment on the person's record, if their limits allow it."""

    appointment: Reference
    hall: Id
    item: Id
    starts_at: Instant
    ends_at: Instant
    channel: Channel = "public"
    limits: Limits = Limits()


class ReleaseBooking(Command, frozen=True):
    appointment: Reference
    reason: Words = "cancelled by the citizen"


class RecordVisit(Command, frozen=True):
    appointment: Reference


class RecordNoShow(Command, frozen=True):
    appointment: Reference


AnyCommand = RecordBooking | ReleaseBooking | RecordVisit | RecordNoShow


# --- events -------------------------------------------------------------------------------------------------


class BookingRecorded(Event, frozen=True, tag="booking-recorded"):
    appointment: str
    hall: str
    item: str
    starts_at: datetime
    ends_at: datetime


class BookingReleased(Event, frozen=True, tag="booking-released"):
    appointment: str
    reason: str


class VisitRecorded(Event, frozen=True, tag="visit-recorded"):
    appointment: str


class NoShowRecorded(Event, frozen=True, tag="no-show-recorded"):
    appointment: str


AnyEvent = BookingRecorded | BookingReleased | VisitRecorded | NoShowRecorded


# --- state --------------------------------------------------------------------------------------------------


class Booking(msgspec.Struct, gc=False):
    item: str
    starts_at: datetime
    ends_at: datetime
    status: Status = "booked"


class Citizen(msgspec.Struct):
    bookings: dict[str, Booking] = {}


def stream(person: str) -> str:
    return f"citizen-{person}"


def initial() -> Citizen:
    return Citizen()


def decide(command: AnyCommand, citizen: Citizen, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case RecordBooking(appointment, hall, item, starts_at, ends_at):
            if appointment in citizen.bookings:
                return []
            _within_limits(citizen, command, stamp.at)
            return [BookingRecorded(appointment, hall, item, starts_at, ends_at)]
        case ReleaseBooking(appointment, reason):
            return [BookingReleased(appointment, reason)] if _ends(citizen, appointment, "released") else []
        case RecordVisit(appointment):
            return [VisitRecorded(appointment)] if _ends(citizen, appointment, "visited") else []
        case RecordNoShow(appointment):
            return [NoShowRecorded(appointment)] if _ends(citizen, appointment, "missed") else []
    assert_never(command)


def evolve(citizen: Citizen, event: AnyEvent, stamp: Stamp) -> Citizen:
    match event:
        case BookingRecorded(appointment, _, item, starts_at, ends_at):
            citizen.bookings[appointment] = Booking(item, starts_at, ends_at)
        case BookingReleased(appointment):
            citizen.bookings[appointment].status = "released"
        case VisitRecorded(appointment):
            citizen.bookings[appointment].status = "visited"
        case NoShowRecorded(appointment):
            citizen.bookings[appointment].status = "missed"
        case _:
            assert_never(event)
    return citizen


# --- questions to the state ---------------------------------------------------------------------------------


def suspended_until(citizen: Citizen, limits: Limits) -> datetime | None:
    """When the latest suspension of online booking ends or has ended; none if there never was one.

    A no-show counts at the beginning of the slot that was missed, whenever it was written down.
    """
    missed = sorted(b.starts_at for b in citizen.bookings.values() if b.status == "missed")
    within, lasts = timedelta(days=limits.within_days), timedelta(days=limits.suspended_days)
    runs = zip(missed, missed[limits.no_shows - 1 :], strict=False)
    return max((last + lasts for first, last in runs if last - first <= within), default=None)


def _within_limits(citizen: Citizen, asked: RecordBooking, at: datetime) -> None:
    """Raises:
    Refused: the person may not book this (now).
    """
    limits = asked.limits
    if asked.channel == "public" and (until := suspended_until(citizen, limits)) and at < until:
        raise Refused("booking-suspended", until=until)
    kept = {name: b for name, b in citizen.bookings.items() if b.status != "released"}
    day = _day(asked.starts_at)
    same_day = {name: b for name, b in kept.items() if _day(b.starts_at) == day}
    for name, other in same_day.items():
        if other.item == asked.item:
            raise Refused("item-booked-that-day", appointment=name, item=asked.item, date=day)
    for name, other in kept.items():
        if asked.starts_at < other.ends_at and other.starts_at < asked.ends_at:
            raise Refused("bookings-overlap", appointment=name, starts_at=other.starts_at)
    if len(same_day) >= limits.per_day:
        raise Refused("too-many-bookings", date=day, limit=limits.per_day)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _ends(citizen: Citizen, appointment: str, status: Status) -> bool:
    """Whether a booking comes to this end now; not if it already has.

    Raises:
        Refused: there is no such booking, or it has ended otherwise.
    """
    if appointment not in citizen.bookings:
        raise Refused("unknown-appointment", missing=True, appointment=appointment)
    booking = citizen.bookings[appointment]
    if booking.status not in ("booked", status):
        raise Refused("booking-ended", appointment=appointment, status=booking.status)
    return booking.status == "booked"
