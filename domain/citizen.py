"""One person across all halls: what they have booked, kept, given back and missed.

The stream ``citizen-{key}`` is where those limits of booking hold that no single hall can see. They stand against
hoarding and are about booking alone: a ticket at the hall is never refused for them.
"""

from datetime import date, datetime, timedelta
from typing import Literal, assert_never

import msgspec

from domain import personal
from domain.booking import DEFAULT_LIMITS, Channel, Instant, Limits
from domain.message import Command, Event, Id, Reference, Refused, Stamp, Words
from domain.personal import Personal
from domain.places import More
from domain.workdays import local_date

Status = Literal["booked", "released", "visited", "missed"]


# --- commands -----------------------------------------------------------------------------------------------


class RecordHold(Command, frozen=True):
    """Note that a place is held in the person's name, if they might book it: one place a day is held for one
    person, whatever the halls. Another hold in the same hall takes the place of the one before."""

    hold: Reference
    hall: Id
    item: Id
    starts_at: Instant
    ends_at: Instant
    until: Instant
    channel: Channel = "public"
    limits: Limits = DEFAULT_LIMITS
    more: More = ()


class DropHold(Command, frozen=True):
    """The hold came to nothing, or to somebody else's appointment. One that was never noted is no matter."""

    hold: Reference


class RecordBooking(Command, frozen=True):
    """Put an appointment on the person's record, if their limits allow it."""

    appointment: Reference
    hall: Id
    item: Id
    starts_at: Instant
    ends_at: Instant
    channel: Channel = "public"
    limits: Limits = DEFAULT_LIMITS
    more: More = ()


class MeanToBook(Command, frozen=True):
    """Say what somebody would book on a day if they get a place: they wait for one or take part in a draw. It does
    nothing, and refuses now what their limits would refuse then, when a place would be kept for nobody."""

    date: date
    item: Id
    channel: Channel = "public"
    limits: Limits = DEFAULT_LIMITS
    more: More = ()


class ReleaseBooking(Command, frozen=True):
    appointment: Reference
    reason: Words = "cancelled by the citizen"


class RestoreBooking(Command, frozen=True):
    """A hall that had closed by mistake keeps the appointment after all. Whoever has booked another for that time or
    that item since has chosen: theirs stays, and this one released."""

    appointment: Reference


class RecordVisit(Command, frozen=True):
    appointment: Reference


class UndoVisit(Command, frozen=True):
    """They had not come after all, or went again before they were called: the appointment is still to be kept."""

    appointment: Reference


class RecordNoShow(Command, frozen=True):
    appointment: Reference


class AppealSuspension(Command, frozen=True):
    """The person asks that their no-shows be looked at again."""

    reason: Words
    limits: Limits = DEFAULT_LIMITS


class LiftSuspension(Command, frozen=True):
    """A supervisor ends the suspension: no-shows up to now count no more."""

    reason: Words
    limits: Limits = DEFAULT_LIMITS


class UpholdSuspension(Command, frozen=True):
    """A supervisor answers an appeal with no."""

    reason: Words


AnyCommand = (
    RecordHold
    | DropHold
    | RecordBooking
    | MeanToBook
    | ReleaseBooking
    | RestoreBooking
    | RecordVisit
    | UndoVisit
    | RecordNoShow
    | AppealSuspension
    | LiftSuspension
    | UpholdSuspension
    | personal.AnyCommand
)


# --- events -------------------------------------------------------------------------------------------------


class HoldRecorded(Event, frozen=True, tag="hold-recorded"):
    hold: str
    hall: str
    starts_at: datetime
    until: datetime


class HoldDropped(Event, frozen=True, tag="hold-dropped"):
    hold: str


class BookingRecorded(Event, frozen=True, tag="booking-recorded"):
    appointment: str
    hall: str
    item: str
    starts_at: datetime
    ends_at: datetime
    more: tuple[str, ...] = ()


class BookingReleased(Event, frozen=True, tag="booking-released"):
    appointment: str
    reason: str


class BookingRestored(Event, frozen=True, tag="booking-restored"):
    appointment: str


class VisitRecorded(Event, frozen=True, tag="visit-recorded"):
    appointment: str


class VisitUndone(Event, frozen=True, tag="visit-undone"):
    appointment: str


class NoShowRecorded(Event, frozen=True, tag="no-show-recorded"):
    appointment: str


class SuspensionAppealed(Event, frozen=True, tag="suspension-appealed"):
    reason: str


class SuspensionLifted(Event, frozen=True, tag="suspension-lifted"):
    reason: str


class SuspensionUpheld(Event, frozen=True, tag="suspension-upheld"):
    reason: str


AnyEvent = (
    HoldRecorded
    | HoldDropped
    | BookingRecorded
    | BookingReleased
    | BookingRestored
    | VisitRecorded
    | VisitUndone
    | NoShowRecorded
    | SuspensionAppealed
    | SuspensionLifted
    | SuspensionUpheld
    | personal.AnyEvent
)


# --- state --------------------------------------------------------------------------------------------------


class Booking(msgspec.Struct, gc=False):
    hall: str
    items: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    status: Status = "booked"


class Citizen(msgspec.Struct):
    """``holds`` are those neither confirmed nor dropped, also past their time; ``lifted_at`` is up to when
    no-shows are forgiven; ``appealed`` while an appeal waits for its answer."""

    bookings: dict[str, Booking] = {}
    holds: dict[str, HoldRecorded] = {}
    lifted_at: datetime | None = None
    appealed: bool = False
    personal: Personal = msgspec.field(default_factory=Personal)


def stream(person: str) -> str:
    return f"citizen-{person}"


def initial() -> Citizen:
    return Citizen()


def decide(command: AnyCommand, citizen: Citizen, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case RecordHold(hold, hall, _, starts_at, _, until):
            if hold in citizen.holds or hold in citizen.bookings:
                return []
            personal.refuse_erased(citizen.personal)
            _within_limits(citizen, command, stamp.at)
            _no_hold_elsewhere(citizen, command, stamp.at)
            return [HoldRecorded(hold, hall, starts_at, until)]
        case DropHold(hold):
            return [HoldDropped(hold)] if hold in citizen.holds else []
        case RecordBooking(appointment, hall, item, starts_at, ends_at, more=more):
            if appointment in citizen.bookings:
                return []
            personal.refuse_erased(citizen.personal)
            _within_limits(citizen, command, stamp.at)
            return [BookingRecorded(appointment, hall, item, starts_at, ends_at, more)]
        case MeanToBook():
            personal.refuse_erased(citizen.personal)
            _may_book(citizen, command, command.date, stamp.at)
            return []
        case ReleaseBooking(appointment, reason):
            return [BookingReleased(appointment, reason)] if _ends(citizen, appointment, "released") else []
        case RestoreBooking(appointment):
            return [BookingRestored(appointment)] if _may_be_kept(citizen, appointment) else []
        case RecordVisit(appointment):
            return [VisitRecorded(appointment)] if _ends(citizen, appointment, "visited") else []
        case UndoVisit(appointment):
            return _undo_visit(citizen, appointment)
        case RecordNoShow(appointment):
            return [NoShowRecorded(appointment)] if _ends(citizen, appointment, "missed") else []
        case AppealSuspension(reason, limits):
            _suspended(citizen, limits, stamp.at)
            return [] if citizen.appealed else [SuspensionAppealed(reason)]
        case LiftSuspension(reason, limits):
            _suspended(citizen, limits, stamp.at)
            return [SuspensionLifted(reason)]
        case UpholdSuspension(reason):
            if not citizen.appealed:
                raise Refused("no-appeal")
            return [SuspensionUpheld(reason)]
        case personal.CorrectPerson() | personal.ErasePerson():
            booked = [name for name, booking in citizen.bookings.items() if booking.status == "booked"]
            return [*personal.decide(command, citizen.personal, booked)]
    assert_never(command)


def evolve(citizen: Citizen, event: AnyEvent, stamp: Stamp) -> Citizen:
    match event:
        case HoldRecorded(hold):
            same_day = [
                n for n, h in citizen.holds.items() if local_date(h.starts_at) == local_date(event.starts_at)
            ]
            for replaced in same_day:
                del citizen.holds[replaced]
            citizen.holds[hold] = event
        case HoldDropped(hold):
            del citizen.holds[hold]
        case BookingRecorded(appointment, hall, item, starts_at, ends_at, more):
            citizen.holds.pop(appointment, None)
            citizen.bookings[appointment] = Booking(hall, (item, *more), starts_at, ends_at)
        case BookingReleased(appointment):
            citizen.bookings[appointment].status = "released"
        case VisitRecorded(appointment):
            citizen.bookings[appointment].status = "visited"
        case VisitUndone(appointment) | BookingRestored(appointment):
            citizen.bookings[appointment].status = "booked"
        case NoShowRecorded(appointment):
            citizen.bookings[appointment].status = "missed"
        case SuspensionAppealed():
            citizen.appealed = True
        case SuspensionLifted():
            citizen.lifted_at, citizen.appealed = stamp.at, False
        case SuspensionUpheld():
            citizen.appealed = False
        case personal.PersonCorrected() | personal.PersonErased():
            personal.evolve(citizen.personal, event)
        case _:
            assert_never(event)
    return citizen


# --- questions to the state ---------------------------------------------------------------------------------


def no_shows(citizen: Citizen) -> list[datetime]:
    """When the appointments began that were missed and are not forgiven, in order."""
    missed = sorted(b.starts_at for b in citizen.bookings.values() if b.status == "missed")
    return [at for at in missed if citizen.lifted_at is None or at > citizen.lifted_at]


def suspended_until(citizen: Citizen, limits: Limits) -> datetime | None:
    """When the latest suspension of online booking ends or has ended; none if there never was one.

    A no-show counts at the beginning of the slot that was missed, whenever it was written down.
    """
    missed = no_shows(citizen)
    within, lasts = timedelta(days=limits.within_days), timedelta(days=limits.suspended_days)
    runs = zip(missed, missed[limits.no_shows - 1 :], strict=False)
    return max((last + lasts for first, last in runs if last - first <= within), default=None)


def warned(citizen: Citizen, limits: Limits, at: datetime) -> bool:
    """Whether one more no-show within the time would end online booking: said after the first of two."""
    recent = [missed for missed in no_shows(citizen) if at - missed <= timedelta(days=limits.within_days)]
    return len(recent) == limits.no_shows - 1 > 0


def arriving(citizen: Citizen, hall: str, day: date) -> tuple[int, datetime, str, str] | None:
    """The appointment that somebody means who arrives at a hall on a day: the day's first one there that is still
    to be kept, else one elsewhere that day, else the one there that has had its end, else the next to come.

    Returns:
        How likely it is meant (least is likeliest), when it begins, its reference and its hall.
    """

    def rank(booking: Booking) -> int | None:
        today, here = local_date(booking.starts_at) == day, booking.hall == hall
        if booking.status == "booked":
            return (0 if here else 1) if today else 3 if local_date(booking.starts_at) > day else None
        return 2 if today and here and booking.status != "released" else None

    ranked = ((rank(b), b.starts_at, name, b.hall) for name, b in citizen.bookings.items())
    return min(((r, at, name, there) for r, at, name, there in ranked if r is not None), default=None)


def _suspended(citizen: Citizen, limits: Limits, at: datetime) -> None:
    """Raises:
    Refused: online booking is open to the person.
    """
    until = suspended_until(citizen, limits)
    if until is None or at >= until:
        raise Refused("not-suspended")


def _within_limits(citizen: Citizen, asked: RecordBooking | RecordHold, at: datetime) -> None:
    """Raises:
    Refused: the person may not book this (now).
    """
    _may_book(citizen, asked, local_date(asked.starts_at), at)
    for name, other in citizen.bookings.items():
        at_once = asked.starts_at < other.ends_at and other.starts_at < asked.ends_at
        if at_once and other.status != "released":
            raise Refused("bookings-overlap", appointment=name, starts_at=other.starts_at)


def _may_book(
    citizen: Citizen, asked: RecordBooking | RecordHold | MeanToBook, day: date, at: datetime
) -> None:
    """Raises:
    Refused: the person may not book this (now) at whatever time of the day.
    """
    limits = asked.limits
    if asked.channel != "internal" and (until := suspended_until(citizen, limits)) and at < until:
        raise Refused("booking-suspended", until=until)
    kept = {name: b for name, b in citizen.bookings.items() if b.status != "released"}
    same_day = {name: b for name, b in kept.items() if local_date(b.starts_at) == day}
    for name, other in same_day.items():
        for item in (asked.item, *asked.more):
            if item in other.items:
                raise Refused("item-booked-that-day", appointment=name, item=item, date=day)
    if len(same_day) >= limits.per_day:
        raise Refused("too-many-bookings", date=day, limit=limits.per_day)


def _no_hold_elsewhere(citizen: Citizen, asked: RecordHold, at: datetime) -> None:
    """Raises:
    Refused: a place is held for the person that day in another hall.
    """
    for held in citizen.holds.values():
        elsewhere = held.hall != asked.hall and local_date(held.starts_at) == local_date(asked.starts_at)
        if elsewhere and at < held.until:
            raise Refused("held-elsewhere", hall=held.hall, until=held.until)


def _may_be_kept(citizen: Citizen, appointment: str) -> bool:
    """Whether a released booking fits in beside what has been booked since."""
    mine = citizen.bookings.get(appointment)
    if mine is None or mine.status != "released" or citizen.personal.erased:
        return False
    kept = [other for other in citizen.bookings.values() if other.status != "released"]
    at_once = any(mine.starts_at < other.ends_at and other.starts_at < mine.ends_at for other in kept)
    same_day = (other for other in kept if local_date(other.starts_at) == local_date(mine.starts_at))
    return not at_once and not any({*mine.items} & {*other.items} for other in same_day)


def _undo_visit(citizen: Citizen, appointment: str) -> list[AnyEvent]:
    """Raises:
    Refused: there is no such booking, it has ended otherwise, or there is nobody any more who could come again.
    """
    if appointment not in citizen.bookings:
        raise Refused("unknown-appointment", missing=True, appointment=appointment)
    match citizen.bookings[appointment].status:
        case "booked":
            return []
        case "visited":
            personal.refuse_erased(citizen.personal)
            return [VisitUndone(appointment)]
        case status:
            raise Refused("booking-ended", appointment=appointment, status=status)


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
