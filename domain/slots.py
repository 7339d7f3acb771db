"""One hall's bookable day: places are offered, held, booked, given back, kept or missed.

The stream ``slots-{hall}-{date}`` begins with a frozen copy of what the hall offers that day, per slot and queue:
public places for citizens, internal ones for staff who book for people without a smartphone, and walk-in places
that nobody can book. No share eats another's places. An appointment is booked and then checked in, cancelled or
missed; it takes one slot or, for a long item, several in a row.

While somebody fills in the form their place may be held. A hold has the reference its appointment will have: a
``slot-booked`` with that reference confirms it. A hold counts as a taken place until it is released; one whose
time is over is released by whoever needs the place next, or by the clock, and can no longer be confirmed.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.booking import DEFAULT_RULES, ITEMS_MAX, BookingRules, Channel, Intervals, OnBehalf, SlotId
from domain.message import Command, Event, Id, Key, Reference, Refused, Stamp, Words
from domain.offering import SlotPlan, SlotsPlan, check, slot_id
from domain.workdays import SHANGHAI

Status = Literal["booked", "checked-in", "cancelled", "missed"]

More = Annotated[tuple[Id, ...], Meta(max_length=ITEMS_MAX)]

# --- commands -----------------------------------------------------------------------------------------------


class OfferSlots(Command, frozen=True):
    """Open the day for booking. Asked before every first booking; a day that is offered stays as it is."""

    plan: SlotsPlan


class ReviseOffer(Command, frozen=True):
    """Offer something else on a day that is offered already: other hours, other shares, or nothing (a closure).

    It strands nobody: whose place would be gone is cancelled in the same act before, by name, or it is refused.
    """

    plan: SlotsPlan


class HoldPlace(Command, frozen=True):
    """Keep a place while the form is filled in: nobody else can take it for some minutes.

    ``holder`` is who asks, and has one hold a day: another choice lets the one before go. ``hold`` is the
    reference the appointment will have.
    """

    hold: Reference
    slot: SlotId
    queue: Id
    item: Id
    holder: Key
    channel: Channel = "public"
    slots: Intervals = 1
    more: More = ()


class ConfirmHold(Command, frozen=True):
    """The form is filled in: the held place becomes this person's appointment."""

    hold: Reference
    person: Key
    on_behalf: OnBehalf | None = None


class ReleaseHold(Command, frozen=True):
    """Let a held place go. ``expired``: only if its time is over."""

    hold: Reference
    expired: bool = False


class BookSlot(Command, frozen=True):
    """Take a place in ``slots`` intervals in a row, ``slot`` being the first.

    ``appointment`` is the asker's own reference: asking again with it takes no second place. ``queue`` is the
    item's, so that nobody is booked into a line that does not serve it. ``more`` are further items that are
    handled in the same visit (一件事). ``instead_of`` is the appointment that is given up for it in the same act, and
    ``because`` the hall's reason if it is the hall that moves it.
    """

    appointment: Reference
    slot: SlotId
    queue: Id
    item: Id
    person: Key
    channel: Channel = "public"
    slots: Intervals = 1
    more: More = ()
    on_behalf: OnBehalf | None = None
    instead_of: Reference | None = None
    because: Words | None = None


class CancelAppointment(Command, frozen=True):
    """``by_hall``: the hall itself cannot keep it, so that it is never too late."""

    appointment: Reference
    reason: Words = "cancelled by the citizen"
    by_hall: bool = False


class GiveUpForMove(Command, frozen=True):
    """Give the place back because another is taken in the same act. A cancelled appointment cannot be moved."""

    appointment: Reference
    moved_to: Reference


class CheckIn(Command, frozen=True):
    """The person has arrived. ``ticket`` is the reference of the ticket they get for it: no second 取号."""

    appointment: Reference
    ticket: Reference


class MissAppointment(Command, frozen=True):
    """The slot is over and nobody came (未到). Who came and was not there when called (过号) has kept their
    appointment: it is their ticket that is missed, and it counts towards no suspension."""

    appointment: Reference
    reason: Words = "did not come"


AnyCommand = (
    OfferSlots
    | ReviseOffer
    | HoldPlace
    | ConfirmHold
    | ReleaseHold
    | BookSlot
    | CancelAppointment
    | GiveUpForMove
    | CheckIn
    | MissAppointment
)


# --- events -------------------------------------------------------------------------------------------------


class SlotsOffered(Event, frozen=True, tag="slots-offered"):
    plan: SlotsPlan


class SlotsRevised(Event, frozen=True, tag="slots-revised"):
    plan: SlotsPlan


class PlaceHeld(Event, frozen=True, tag="place-held"):
    hold: str
    slot: str
    queue: str
    item: str
    holder: str
    starts_at: datetime
    ends_at: datetime
    until: datetime
    channel: Channel = "public"
    slots: int = 1
    more: tuple[str, ...] = ()


class HoldReleased(Event, frozen=True, tag="hold-released"):
    hold: str
    reason: Literal["given-up", "another-chosen", "expired", "offer-revised"]


class SlotBooked(Event, frozen=True, tag="slot-booked"):
    """Tells the whole appointment: who reads it alone knows who is expected where and when.

    If a place was held under this reference, this confirms it. ``missed_at`` is when the appointment counts as
    missed if nobody has come; without it that is when its slot is over. ``instead_of`` and ``because`` as in the
    command.
    """

    appointment: str
    slot: str
    queue: str
    item: str
    person: str
    starts_at: datetime
    ends_at: datetime
    channel: Channel = "public"
    slots: int = 1
    more: tuple[str, ...] = ()
    on_behalf: OnBehalf | None = None
    missed_at: datetime | None = None
    instead_of: str | None = None
    because: str | None = None


class AppointmentCancelled(Event, frozen=True, tag="appointment-cancelled"):
    """``moved_to`` is the appointment that took its place in the same act, if one did; ``by_hall``: the hall itself
    could not keep it."""

    appointment: str
    reason: str
    moved_to: str | None = None
    by_hall: bool = False


class CheckedIn(Event, frozen=True, tag="checked-in"):
    """``late``: the check-in window had passed, so the ticket stands in line as a walk-in's does."""

    appointment: str
    ticket: str
    late: bool = False


class AppointmentMissed(Event, frozen=True, tag="appointment-missed"):
    appointment: str
    reason: str


AnyEvent = (
    SlotsOffered
    | SlotsRevised
    | PlaceHeld
    | HoldReleased
    | SlotBooked
    | AppointmentCancelled
    | CheckedIn
    | AppointmentMissed
)


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
    moved_to: str | None = None


class Missed(msgspec.Struct, frozen=True, tag="missed"):
    status: ClassVar[Status] = "missed"
    booking: SlotBooked


Appointment = Booked | Arrived | Cancelled | Missed


class Slot(msgspec.Struct):
    """A slot, how many places of each share are booked, and the holds on others, also those past their time."""

    plan: SlotPlan
    taken: dict[Channel, int]
    held: dict[str, PlaceHeld] = {}

    def free(self, channel: Channel, at: datetime | None = None, without: Iterable[str] = ()) -> int:
        """Places left of a share; a hold counts unless its time is over ``at``, or it is one of ``without``."""
        holding = sum(
            hold.channel == channel and (at is None or at < hold.until) and name not in without
            for name, hold in self.held.items()
        )
        return self.plan.places(channel) - self.taken[channel] - holding


class Slots(msgspec.Struct):
    """The day as it is offered, held and booked. ``rules`` count only once there is an offer."""

    offered: bool = False
    rules: BookingRules = DEFAULT_RULES
    slots: dict[str, Slot] = {}
    appointments: dict[str, Appointment] = {}
    holds: dict[str, PlaceHeld] = {}
    past_holds: dict[str, PlaceHeld] = {}
    """The holds that are confirmed, given up or expired."""


def stream(hall: str, day: date) -> str:
    return f"slots-{hall}-{day.isoformat()}"


def initial() -> Slots:
    return Slots()


def decide(command: AnyCommand, slots: Slots, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case OfferSlots(plan):
            if slots.offered:
                return []
            check(plan)
            return [SlotsOffered(plan)]
        case ReviseOffer(plan):
            return _revise(slots, plan)
        case HoldPlace():
            return _hold(slots, command, stamp.at)
        case ConfirmHold():
            return _confirm(slots, command, stamp.at)
        case ReleaseHold(hold, expired):
            return _release(slots, hold, expired, stamp.at)
        case BookSlot(appointment):
            known = slots.appointments.get(appointment)
            if known is None:
                return _book(slots, command, stamp.at)
            if not _same(command, known.booking):
                raise Refused("reference-taken", appointment=appointment)
            return []
        case CancelAppointment(appointment, reason, by_hall):
            match _appointment(slots, appointment):
                case Booked(booking):
                    if not by_hall:
                        _still_cancellable(slots.rules, booking, stamp.at)
                    return [AppointmentCancelled(appointment, reason, by_hall=by_hall)]
                case Cancelled():
                    return []
                case over:
                    raise _refusal(over)
        case GiveUpForMove(appointment, moved_to):
            match _appointment(slots, appointment):
                case Booked(booking):
                    _still_cancellable(slots.rules, booking, stamp.at)
                    return [AppointmentCancelled(appointment, "moved", moved_to)]
                case Cancelled(_, same) if same == moved_to:
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
                    if stamp.at < (ends_at := booking.missed_at or booking.ends_at):
                        raise Refused("slot-not-over", appointment=appointment, ends_at=ends_at)
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
            slots.slots = _all_free(plan)
        case SlotsRevised(plan):
            slots.rules = plan.rules
            slots.slots, _ = _placed(slots, plan)
        case PlaceHeld(hold):
            slots.holds[hold] = event
            for slot in _in_a_row(slots, event.slot, event.slots):
                slot.held[hold] = event
        case HoldReleased(hold):
            _let_go(slots, hold)
        case SlotBooked(appointment):
            _let_go(slots, appointment)
            slots.appointments[appointment] = Booked(event)
            for slot in _in_a_row(slots, event.slot, event.slots):
                slot.taken[event.channel] += 1
        case AppointmentCancelled(appointment, _, moved_to):
            booking = slots.appointments[appointment].booking
            slots.appointments[appointment] = Cancelled(booking, moved_to)
            for slot in _in_a_row(slots, booking.slot, booking.slots):
                slot.taken[booking.channel] -= 1
        case CheckedIn(appointment, ticket, late):
            slots.appointments[appointment] = Arrived(slots.appointments[appointment].booking, ticket, late)
        case AppointmentMissed(appointment):
            slots.appointments[appointment] = Missed(slots.appointments[appointment].booking)
        case _:
            assert_never(event)
    return slots


def _let_go(slots: Slots, hold: str) -> None:
    if (held := slots.holds.pop(hold, None)) is not None:
        slots.past_holds[hold] = held
        for slot in _in_a_row(slots, held.slot, held.slots):
            del slot.held[hold]


# --- questions to the state ---------------------------------------------------------------------------------


def remaining(
    slots: Slots, slot: str, channel: Channel = "public", intervals: int = 1, at: datetime | None = None
) -> int:
    """How many more appointments of so many intervals may begin with a slot.

    Args:
        at: the moment that is asked about; a hold whose time is over then takes no place. Without it all do.

    Raises:
        Refused: ``unknown-slot``.
    """
    row = _in_a_row(slots, slot, intervals)
    return min(s.free(channel, at) for s in row) if len(row) == intervals else 0


def _in_a_row(slots: Slots, slot: str, intervals: int) -> list[Slot]:
    """The slot and those that follow it without a pause in the same queue; fewer than asked at a session's end."""
    found = slots.slots.get(slot)
    if found is None:
        raise Refused("unknown-slot", missing=True, slot=slot)
    row = [found]
    while len(row) < intervals and (found := slots.slots.get(slot_id(found.plan.queue, found.plan.ends_at))):
        row.append(found)
    return row


def _appointment(slots: Slots, appointment: str) -> Appointment:
    if appointment not in slots.appointments:
        raise Refused("unknown-appointment", missing=True, appointment=appointment)
    return slots.appointments[appointment]


def _same(command: BookSlot, booking: SlotBooked) -> bool:
    return (command.slot, command.item, command.person) == (booking.slot, booking.item, booking.person)


# --- the offer revised --------------------------------------------------------------------------------------


def stranded(slots: Slots, plan: SlotsPlan) -> list[str]:
    """The appointments that have no place in another offer; who booked first keeps theirs first."""
    return _placed(slots, plan)[1]


def _revise(slots: Slots, plan: SlotsPlan) -> list[AnyEvent]:
    """Raises:
    Refused: the plan cannot be, people have come or missed that day already, or somebody would be stranded.
    """
    if not slots.offered or plan == SlotsPlan(tuple(s.plan for s in slots.slots.values()), slots.rules):
        return []
    if plan.slots:
        check(plan)
    if any(isinstance(appointment, Arrived | Missed) for appointment in slots.appointments.values()):
        raise Refused("day-begun")
    if hit := stranded(slots, plan):
        raise Refused("bookings-stranded", appointments=hit)
    return [*(HoldReleased(hold, "offer-revised") for hold in slots.holds), SlotsRevised(plan)]


def _placed(slots: Slots, plan: SlotsPlan) -> tuple[dict[str, Slot], list[str]]:
    """Another offer with the booked appointments in it, and those for whom it has no place."""
    revised = Slots(True, plan.rules, _all_free(plan))
    left: list[str] = []
    for name, appointment in slots.appointments.items():
        if isinstance(appointment, Cancelled):
            continue
        made = appointment.booking
        row = _in_a_row(revised, made.slot, made.slots) if made.slot in revised.slots else []
        there = len(row) == made.slots and (row[0].plan.starts_at, row[-1].plan.ends_at) == (
            made.starts_at,
            made.ends_at,
        )
        if there and all(slot.free(made.channel) > 0 for slot in row):
            for slot in row:
                slot.taken[made.channel] += 1
        else:
            left.append(name)
    return revised.slots, left


def _all_free(plan: SlotsPlan) -> dict[str, Slot]:
    return {p.slot: Slot(p, {"public": 0, "internal": 0}) for p in plan.slots}


# --- taking a place -----------------------------------------------------------------------------------------


def _hold(slots: Slots, asked: HoldPlace, at: datetime) -> list[AnyEvent]:
    if (known := slots.holds.get(asked.hold)) is not None:
        if (known.slot, known.item, known.holder) != (asked.slot, asked.item, asked.holder):
            raise Refused("reference-taken", hold=asked.hold)
        return []
    if asked.hold in slots.past_holds or asked.hold in slots.appointments:
        raise Refused("hold-over", hold=asked.hold)
    row, freed = _places(slots, asked, asked.holder, at)
    first, last = row[0].plan, row[-1].plan
    until = min(at + timedelta(minutes=slots.rules.hold_minutes), first.starts_at)
    held = PlaceHeld(
        asked.hold,
        asked.slot,
        asked.queue,
        asked.item,
        asked.holder,
        first.starts_at,
        last.ends_at,
        until,
        asked.channel,
        asked.slots,
        asked.more,
    )
    return [*freed, held]


def _confirm(slots: Slots, asked: ConfirmHold, at: datetime) -> list[AnyEvent]:
    if (known := slots.appointments.get(asked.hold)) is not None:
        if known.booking.person != asked.person:
            raise Refused("reference-taken", hold=asked.hold)
        return []
    held = slots.holds.get(asked.hold)
    if held is None and asked.hold not in slots.past_holds:
        raise Refused("unknown-hold", missing=True, hold=asked.hold)
    if held is None or at >= held.until:
        raise Refused("hold-over", hold=asked.hold)
    booked = SlotBooked(
        held.hold,
        held.slot,
        held.queue,
        held.item,
        asked.person,
        held.starts_at,
        held.ends_at,
        held.channel,
        held.slots,
        held.more,
        asked.on_behalf,
        _missed_at(slots.rules, held.ends_at),
    )
    return [booked]


def _release(slots: Slots, hold: str, expired: bool, at: datetime) -> list[AnyEvent]:
    held = slots.holds.get(hold)
    if held is None:
        if hold in slots.past_holds:
            return []
        raise Refused("unknown-hold", missing=True, hold=hold)
    if at >= held.until:
        return [HoldReleased(hold, "expired")]
    if expired:
        raise Refused("hold-not-over", hold=hold, until=held.until)
    return [HoldReleased(hold, "given-up")]


def _book(slots: Slots, asked: BookSlot, at: datetime) -> list[AnyEvent]:
    if asked.appointment in slots.holds or asked.appointment in slots.past_holds:
        raise Refused("reference-taken", appointment=asked.appointment)
    row, freed = _places(slots, asked, asked.person, at)
    first, last = row[0].plan, row[-1].plan
    booked = SlotBooked(
        asked.appointment,
        asked.slot,
        asked.queue,
        asked.item,
        asked.person,
        first.starts_at,
        last.ends_at,
        asked.channel,
        asked.slots,
        asked.more,
        asked.on_behalf,
        _missed_at(slots.rules, last.ends_at),
        asked.instead_of,
        asked.because,
    )
    return [*freed, booked]


def _places(
    slots: Slots, asked: HoldPlace | BookSlot, holder: str, at: datetime
) -> tuple[list[Slot], list[AnyEvent]]:
    """The slots that are asked for, each with a free place, and the holds that go: those in them whose time is
    over, and the holder's own other one.

    Raises:
        Refused: there is no such place to be had.
    """
    if not slots.offered:
        raise Refused("slots-not-offered")
    row = _in_a_row(slots, asked.slot, asked.slots)
    first = row[0].plan
    if first.queue != asked.queue:
        raise Refused("slot-of-another-queue", invalid=True, field="slot", queue=asked.queue)
    if at >= first.starts_at:
        raise Refused("slot-over", slot=asked.slot, starts_at=first.starts_at)
    until = first.starts_at - timedelta(minutes=slots.rules.lead_minutes)
    if asked.channel == "public" and at > until:
        raise Refused("too-late-to-book", slot=asked.slot, until=until)
    if len(row) < asked.slots:
        raise Refused("too-few-slots", slot=asked.slot, needed=asked.slots, in_a_row=len(row))
    gone: dict[str, AnyEvent] = {
        name: HoldReleased(name, "expired")
        for slot in row
        for name, hold in slot.held.items()
        if at >= hold.until
    }
    for name, hold in slots.holds.items():
        if hold.holder == holder and name not in gone:
            gone[name] = HoldReleased(name, "another-chosen" if at < hold.until else "expired")
    for slot in row:
        if slot.free(asked.channel, without=gone) <= 0:
            raise Refused("slot-full", slot=slot.plan.slot, channel=asked.channel)
    return row, list(gone.values())


def _missed_at(rules: BookingRules, ends_at: datetime) -> datetime | None:
    return ends_at + timedelta(minutes=rules.missed_minutes) if rules.missed_minutes else None


# --- keeping it or not --------------------------------------------------------------------------------------


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


def _refusal(over: Appointment) -> Refused:
    """Why nothing more can be done with an appointment that has come to its end."""
    appointment = over.booking.appointment
    match over:
        case Arrived(_, ticket):
            return Refused("already-checked-in", appointment=appointment, ticket=ticket)
        case Cancelled():
            return Refused("cancelled", appointment=appointment)
        case _:
            return Refused("missed", appointment=appointment)
