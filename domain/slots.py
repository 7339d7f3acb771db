"""One hall's bookable day: places are offered, booked, given back, kept or missed.

The stream ``slots-{hall}-{date}`` begins with a frozen copy of what the hall offers that day, per slot and queue:
public places for citizens, internal ones for staff who book for people without a smartphone, and walk-in places
that nobody can book. No share eats another's places. An appointment is booked and then checked in, cancelled or
missed; it takes one slot or, for a long item, several in a row.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.hall import HallPlan, Places
from domain.message import Command, Event, Id, Key, Reference, Refused, Stamp, Words
from domain.workdays import SHANGHAI

Channel = Literal["public", "internal"]
"""Whose share of places a booking takes from: the citizens' own or the staff's."""

Status = Literal["booked", "checked-in", "cancelled", "missed"]

SlotId = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}-[0-9]{4}$", description="queue and start: a-0900")
]
Instant = Annotated[datetime, Meta(tz=True)]
Intervals = Annotated[int, Meta(ge=1, le=8)]
Minutes = Annotated[int, Meta(ge=0, le=240)]


class BookingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When an appointment is kept or may be given back. No national rule was found: every region sets its own."""

    early_minutes: Minutes = 15
    """How long before its slot begins an appointment may be checked in."""
    late_minutes: Minutes = 15
    """How long after the slot has begun a check-in still has the booking's precedence."""
    cancel_hours: Annotated[int, Meta(ge=0, le=168)] = 2
    """Until how long before its slot an appointment may be cancelled."""


DEFAULT_RULES = BookingRules()


class SlotPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An interval in which one queue takes appointments, and its places by share."""

    queue: Id
    starts_at: Instant
    ends_at: Instant
    public: Places
    internal: Places
    walk_in: Places

    @property
    def slot(self) -> str:
        return _slot_id(self.queue, self.starts_at)

    def places(self, channel: Channel) -> int:
        return self.public if channel == "public" else self.internal


class SlotsPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day's offer, each queue's slots in order of time, and the rules it is made under."""

    slots: Annotated[tuple[SlotPlan, ...], Meta(max_length=4000)]
    rules: BookingRules = DEFAULT_RULES


def offer(plan: HallPlan, day: date, rules: BookingRules = DEFAULT_RULES) -> SlotsPlan:
    """What a hall with this plan offers on a working day: its sessions cut into slots for each of its queues.

    What a session has left after its last whole slot is kept for those who walk in.
    """
    return SlotsPlan(tuple(_cut(plan, day)), rules)


# --- commands -----------------------------------------------------------------------------------------------


class OfferSlots(Command, frozen=True):
    """Open the day for booking. Asked before every first booking; a day that is offered stays as it is."""

    plan: SlotsPlan


class BookSlot(Command, frozen=True):
    """Take a place in ``slots`` intervals in a row, ``slot`` being the first.

    ``appointment`` is the asker's own reference: asking again with it takes no second place. ``queue`` is the
    item's, so that nobody is booked into a line that does not serve it.
    """

    appointment: Reference
    slot: SlotId
    queue: Id
    item: Id
    person: Key
    channel: Channel = "public"
    slots: Intervals = 1


class CancelAppointment(Command, frozen=True):
    appointment: Reference
    reason: Words = "cancelled by the citizen"


class CheckIn(Command, frozen=True):
    """The person has arrived. ``ticket`` is the reference of the ticket they get for it: no second 取号."""

    appointment: Reference
    ticket: Reference


class MissAppointment(Command, frozen=True):
    """The slot is over and nobody came (爽约)."""

    appointment: Reference
    reason: Words = "did not come"


AnyCommand = OfferSlots | BookSlot | CancelAppointment | CheckIn | MissAppointment


# --- events -------------------------------------------------------------------------------------------------


class SlotsOffered(Event, frozen=True, tag="slots-offered"):
    plan: SlotsPlan


class SlotBooked(Event, frozen=True, tag="slot-booked"):
    """Tells the whole appointment: who reads it alone knows who is expected where and when."""

    appointment: str
    slot: str
    queue: str
    item: str
    person: str
    starts_at: datetime
    ends_at: datetime
    channel: Channel = "public"
    slots: int = 1


class AppointmentCancelled(Event, frozen=True, tag="appointment-cancelled"):
    appointment: str
    reason: str


class CheckedIn(Event, frozen=True, tag="checked-in"):
    """``late``: the check-in window had passed, so the ticket stands in line as a walk-in's does."""

    appointment: str
    ticket: str
    late: bool = False


class AppointmentMissed(Event, frozen=True, tag="appointment-missed"):
    appointment: str
    reason: str


AnyEvent = SlotsOffered | SlotBooked | AppointmentCancelled | CheckedIn | AppointmentMissed


# --- state --------------------------------------------------------------------------------------------------


class Booked(msgspec.Struct, frozen=True, tag="booked"):
    status: ClassVar[Status] = "booked"
    booking: SlotBooked


class Arrived(msgspec.Struct, frozen=True, tag="checked-in"):
    status: ClassVar[Status] = "checked-in"
    booking: SlotBooked
    ticket: str
    late: bool


class Cancelled(msgspec.Struct, frozen=True, tag="cancelled"):
    status: ClassVar[Status] = "cancelled"
    booking: SlotBooked


class Missed(msgspec.Struct, frozen=True, tag="missed"):
    status: ClassVar[Status] = "missed"
    booking: SlotBooked


Appointment = Booked | Arrived | Cancelled | Missed


class Slot(msgspec.Struct):
    """A slot, and how many places of each share are taken."""

    plan: SlotPlan
    taken: dict[Channel, int]


class Slots(msgspec.Struct):
    """The day as it is offered and booked. ``rules`` count only once there is an offer."""

    offered: bool = False
    rules: BookingRules = DEFAULT_RULES
    slots: dict[str, Slot] = {}
    appointments: dict[str, Appointment] = {}


def stream(hall: str, day: date) -> str:
    return f"slots-{hall}-{day.isoformat()}"


def initial() -> Slots:
    return Slots()


def decide(command: AnyCommand, slots: Slots, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case OfferSlots(plan):
            if slots.offered:
                return []
            _check(plan)
            return [SlotsOffered(plan)]
        case BookSlot(appointment):
            known = slots.appointments.get(appointment)
            if known is None:
                return [_book(slots, command, stamp.at)]
            if not _same(command, known.booking):
                raise Refused("reference-taken", appointment=appointment)
            return []
        case CancelAppointment(appointment, reason):
            match _appointment(slots, appointment):
                case Booked(booking):
                    _still_cancellable(slots.rules, booking, stamp.at)
                    return [AppointmentCancelled(appointment, reason)]
                case Cancelled():
                    return []
                case over:
                    raise _refusal(over)
        case CheckIn(appointment, ticket):
            match _appointment(slots, appointment):
                case Booked(booking):
                    return [CheckedIn(appointment, ticket, _late(slots.rules, booking, stamp.at))]
                case Arrived(_, same) if same == ticket:
                    return []
                case over:
                    raise _refusal(over)
        case MissAppointment(appointment, reason):
            match _appointment(slots, appointment):
                case Booked(booking):
                    if stamp.at < booking.ends_at:
                        raise Refused("slot-not-over", appointment=appointment, ends_at=booking.ends_at)
                    return [AppointmentMissed(appointment, reason)]
                case Missed():
                    return []
                case over:
                    raise _refusal(over)
    assert_never(command)


def evolve(slots: Slots, event: AnyEvent, stamp: Stamp) -> Slots:
    match event:
        case SlotsOffered(plan):
            slots.offered, slots.rules = True, plan.rules
            slots.slots = {p.slot: Slot(p, {"public": 0, "internal": 0}) for p in plan.slots}
        case SlotBooked(appointment):
            slots.appointments[appointment] = Booked(event)
            for slot in _in_a_row(slots, event.slot, event.slots):
                slot.taken[event.channel] += 1
        case AppointmentCancelled(appointment):
            booking = slots.appointments[appointment].booking
            slots.appointments[appointment] = Cancelled(booking)
            for slot in _in_a_row(slots, booking.slot, booking.slots):
                slot.taken[booking.channel] -= 1
        case CheckedIn(appointment, ticket, late):
            slots.appointments[appointment] = Arrived(slots.appointments[appointment].booking, ticket, late)
        case AppointmentMissed(appointment):
            slots.appointments[appointment] = Missed(slots.appointments[appointment].booking)
        case _:
            assert_never(event)
    return slots


# --- questions to the state ---------------------------------------------------------------------------------


def remaining(slots: Slots, slot: str, channel: Channel = "public", intervals: int = 1) -> int:
    """How many more appointments of so many intervals may begin with a slot.

    Raises:
        Refused: ``unknown-slot``.
    """
    row = _in_a_row(slots, slot, intervals)
    if len(row) < intervals:
        return 0
    return min(s.plan.places(channel) - s.taken[channel] for s in row)


def _slot_id(queue: str, starts_at: datetime) -> str:
    return f"{queue}-{starts_at.astimezone(SHANGHAI):%H%M}"


def _in_a_row(slots: Slots, slot: str, intervals: int) -> list[Slot]:
    """The slot and those that follow it without a pause in the same queue; fewer than asked at a session's end."""
    found = slots.slots.get(slot)
    if found is None:
        raise Refused("unknown-slot", missing=True, slot=slot)
    row = [found]
    while len(row) < intervals and (found := slots.slots.get(_slot_id(found.plan.queue, found.plan.ends_at))):
        row.append(found)
    return row


def _appointment(slots: Slots, appointment: str) -> Appointment:
    if appointment not in slots.appointments:
        raise Refused("unknown-appointment", missing=True, appointment=appointment)
    return slots.appointments[appointment]


def _same(command: BookSlot, booking: SlotBooked) -> bool:
    return (command.slot, command.item, command.person) == (booking.slot, booking.item, booking.person)


def _book(slots: Slots, asked: BookSlot, at: datetime) -> SlotBooked:
    if not slots.offered:
        raise Refused("slots-not-offered")
    row = _in_a_row(slots, asked.slot, asked.slots)
    first, last = row[0].plan, row[-1].plan
    if first.queue != asked.queue:
        raise Refused("slot-of-another-queue", invalid=True, field="slot", queue=asked.queue)
    if at >= first.starts_at:
        raise Refused("slot-over", slot=asked.slot, starts_at=first.starts_at)
    if len(row) < asked.slots:
        raise Refused("too-few-slots", slot=asked.slot, needed=asked.slots, in_a_row=len(row))
    for slot in row:
        if slot.taken[asked.channel] >= slot.plan.places(asked.channel):
            raise Refused("slot-full", slot=slot.plan.slot, channel=asked.channel)
    return SlotBooked(
        asked.appointment,
        asked.slot,
        asked.queue,
        asked.item,
        asked.person,
        first.starts_at,
        last.ends_at,
        asked.channel,
        asked.slots,
    )


def _still_cancellable(rules: BookingRules, booking: SlotBooked, at: datetime) -> None:
    until = booking.starts_at - timedelta(hours=rules.cancel_hours)
    if at > until:
        raise Refused("too-late-to-cancel", appointment=booking.appointment, until=until)


def _late(rules: BookingRules, booking: SlotBooked, at: datetime) -> bool:
    """Whether the window has passed. It is a matter of precedence only: who comes late is served all the same."""
    opens_at = booking.starts_at - timedelta(minutes=rules.early_minutes)
    if at < opens_at:
        raise Refused("too-early", appointment=booking.appointment, opens_at=opens_at)
    if at.astimezone(SHANGHAI).date() > booking.starts_at.astimezone(SHANGHAI).date():
        raise Refused("slot-over", slot=booking.slot, starts_at=booking.starts_at)
    return at > booking.starts_at + timedelta(minutes=rules.late_minutes)


def _refusal(over: Booked | Arrived | Cancelled | Missed) -> Refused:
    """Why nothing more can be done with an appointment that has come to its end."""
    appointment = over.booking.appointment
    match over:
        case Arrived(_, ticket):
            return Refused("already-checked-in", appointment=appointment, ticket=ticket)
        case Cancelled():
            return Refused("cancelled", appointment=appointment)
        case _:
            return Refused("missed", appointment=appointment)


def _cut(plan: HallPlan, day: date) -> Iterator[SlotPlan]:
    for session in plan.sessions:
        starts_at = datetime.combine(day, session.opens, SHANGHAI)
        closes_at = datetime.combine(day, session.closes, SHANGHAI)
        length = timedelta(minutes=session.slot_minutes)
        while (ends_at := starts_at + length) <= closes_at:
            for queue in plan.queues:
                yield SlotPlan(
                    queue.queue, starts_at, ends_at, session.public, session.internal, session.walk_in
                )
            starts_at = ends_at


def _check(plan: SlotsPlan) -> None:
    """Raises:
    Refused: the offer contradicts itself, or leaves nothing to those who come without an appointment
        (琼府办〔2022〕49号: 不得强制要求申请人先到网上预约).
    """
    if not plan.slots:
        raise Refused("no-slots", invalid=True, field="slots")
    if len({slot.starts_at.astimezone(SHANGHAI).date() for slot in plan.slots}) > 1:
        raise Refused("slots-of-several-days", invalid=True, field="slots.starts_at")
    ends: dict[str, datetime] = {}
    for slot in plan.slots:
        if slot.walk_in == 0:
            raise Refused("walk-in-share-missing", invalid=True, field="slots.walk_in", slot=slot.slot)
        if not ends.get(slot.queue, slot.starts_at) <= slot.starts_at < slot.ends_at:
            raise Refused("slots-overlap", invalid=True, field="slots", slot=slot.slot)
        ends[slot.queue] = slot.ends_at
