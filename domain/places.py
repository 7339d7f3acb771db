"""The words of a hall's bookable day (``domain.slots``): what is asked of it, what happens, and how it stands."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from domain import lottery, waiting
from domain.booking import (
    CHANNELS,
    DEFAULT_RULES,
    ITEMS_MAX,
    BookingRules,
    Channel,
    Intervals,
    OnBehalf,
    SlotId,
)
from domain.lottery import Lottery
from domain.message import Command, Event, Id, Key, Reference, Refused, Words
from domain.offering import SlotPlan, SlotsPlan, slot_id
from domain.waiting import Waiting

Status = Literal["booked", "checked-in", "cancelled", "missed"]

More = Annotated[tuple[Id, ...], Meta(max_length=ITEMS_MAX)]

Versions = Annotated[tuple[Annotated[int, Meta(ge=1)], ...], Meta(max_length=ITEMS_MAX + 1)]
"""Which published version of its guide each item is booked by: the item's, then those of the further ones."""

# --- commands -----------------------------------------------------------------------------------------------


class OfferSlots(Command, frozen=True):
    """Open the day for booking. Asked before every first booking; a day that is offered stays as it is."""

    plan: SlotsPlan


class ReviseOffer(Command, frozen=True):
    """Offer something else on a day that is offered already: other hours, other shares, or nothing (a closure).

    It strands nobody: whose place would be gone is cancelled in the same act before, by name, or it is refused.
    """

    plan: SlotsPlan


class EndOffer(Command, frozen=True):
    """The hall closes for the day: nothing of it can be booked any more.

    It strands nobody: who is still to come is cancelled in the same act before, by name, or it is refused.
    """


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
    item_versions: Versions = ()


class ConfirmHold(Command, frozen=True):
    """The form is filled in: the held place becomes this person's appointment."""

    hold: Reference
    person: Key
    on_behalf: OnBehalf | None = None


class ReleaseHold(Command, frozen=True):
    """Let a held place go. ``expired``: only if its time is over. ``not_allowed``: whoever was drawn for it may not
    have it any more, by the limits they are held to."""

    hold: Reference
    expired: bool = False
    not_allowed: bool = False


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
    item_versions: Versions = ()


class CancelAppointment(Command, frozen=True):
    """``by_hall``: the hall itself cannot keep it, so that it is never too late."""

    appointment: Reference
    reason: Words = "cancelled by the citizen"
    by_hall: bool = False
    day_closed: bool = False
    """Because the hall closes for the day, which may turn out to be a mistake."""


class RestoreAppointment(Command, frozen=True):
    """The hall had closed by mistake: the appointment that this cancelled is still to be kept."""

    appointment: Reference


class ResumeOffer(Command, frozen=True):
    """The hall had closed by mistake: what it offers that day can be booked again."""


class GiveUpForMove(Command, frozen=True):
    """Give the place back because another is taken in the same act. A cancelled appointment cannot be moved.
    ``by_hall``: the hall itself cannot keep it, so that it is never too late."""

    appointment: Reference
    moved_to: Reference
    by_hall: bool = False


class CheckIn(Command, frozen=True):
    """The person has arrived. ``ticket`` is the reference of the ticket they get for it: no second 取号. ``at_desk``:
    the hall's staff see them stand there, so that on its day it is never too early."""

    appointment: Reference
    ticket: Reference
    at_desk: bool = False


class UndoCheckIn(Command, frozen=True):
    """Take back the check-in that gave ``ticket``: the appointment is still to be kept."""

    appointment: Reference
    ticket: Reference


class MissAppointment(Command, frozen=True):
    """The slot is over and nobody came (未到). Who came and was not there when called (过号) has kept their
    appointment: it is their ticket that is missed, and it counts towards no suspension."""

    appointment: Reference
    reason: Words = "did not come"


AnyCommand = (
    lottery.AnyCommand
    | waiting.AnyCommand
    | OfferSlots
    | ReviseOffer
    | EndOffer
    | HoldPlace
    | ConfirmHold
    | ReleaseHold
    | BookSlot
    | CancelAppointment
    | RestoreAppointment
    | ResumeOffer
    | GiveUpForMove
    | CheckIn
    | UndoCheckIn
    | MissAppointment
)


# --- events -------------------------------------------------------------------------------------------------


class SlotsOffered(Event, frozen=True, tag="slots-offered"):
    plan: SlotsPlan


class SlotsRevised(Event, frozen=True, tag="slots-revised"):
    plan: SlotsPlan


class OfferEnded(Event, frozen=True, tag="offer-ended"):
    pass


class OfferResumed(Event, frozen=True, tag="offer-resumed"):
    pass


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
    item_versions: tuple[int, ...] = ()


class HoldReleased(Event, frozen=True, tag="hold-released"):
    hold: str
    reason: Literal["given-up", "another-chosen", "expired", "offer-revised", "not-allowed"]


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
    item_versions: tuple[int, ...] = ()


class AppointmentCancelled(Event, frozen=True, tag="appointment-cancelled"):
    """``moved_to`` is the appointment that took its place in the same act, if one did; ``by_hall``: the hall itself
    could not keep it, ``day_closed`` because it closed for the day."""

    appointment: str
    reason: str
    moved_to: str | None = None
    by_hall: bool = False
    day_closed: bool = False


class AppointmentRestored(Event, frozen=True, tag="appointment-restored"):
    """The hall is open after all. ``missed_at`` is when the appointment counts as missed if nobody comes."""

    appointment: str
    missed_at: datetime


class CheckedIn(Event, frozen=True, tag="checked-in"):
    """``late``: the check-in window had passed, so the ticket stands in line as a walk-in's does."""

    appointment: str
    ticket: str
    late: bool = False


class CheckInUndone(Event, frozen=True, tag="check-in-undone"):
    """The appointment is booked again, and its ticket is none any more. ``missed_at`` is when it counts as missed if
    nobody comes again."""

    appointment: str
    ticket: str
    missed_at: datetime


class AppointmentMissed(Event, frozen=True, tag="appointment-missed"):
    appointment: str
    reason: str


AnyEvent = (
    lottery.AnyEvent
    | waiting.AnyEvent
    | SlotsOffered
    | SlotsRevised
    | OfferEnded
    | OfferResumed
    | PlaceHeld
    | HoldReleased
    | SlotBooked
    | AppointmentCancelled
    | AppointmentRestored
    | CheckedIn
    | CheckInUndone
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
    day_closed: bool = False


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
    undone: dict[str, str] = {}
    """By ticket: the appointments whose check-ins were taken back."""
    holds: dict[str, PlaceHeld] = {}
    past_holds: dict[str, PlaceHeld] = {}
    """The holds that are confirmed, given up or expired."""
    waiting: dict[str, Waiting] = {}
    """Those on the waiting list, and those who were, in the order in which places are offered."""
    lotteries: dict[str, Lottery] = {}
    """Those of the day, by line."""
    freed_at: datetime | None = None
    """When a place last became free."""
    ended_at: datetime | None = None
    """When the hall closed for the day."""


def known(slots: Slots, appointment: str) -> Appointment:
    """Raises:
    Refused: there is no such appointment.
    """
    if appointment not in slots.appointments:
        raise Refused("unknown-appointment", missing=True, appointment=appointment)
    return slots.appointments[appointment]


def refusal(over: Appointment) -> Refused:
    """Why nothing more can be done with an appointment that has come to its end."""
    appointment = over.booking.appointment
    match over:
        case Arrived(_, ticket):
            return Refused("already-checked-in", appointment=appointment, ticket=ticket)
        case Cancelled():
            return Refused("cancelled", appointment=appointment)
        case _:
            return Refused("missed", appointment=appointment)


def remaining(
    slots: Slots, slot: str, channel: Channel = "public", intervals: int = 1, at: datetime | None = None
) -> int:
    """How many more appointments of so many intervals may begin with a slot.

    Args:
        at: the moment that is asked about; a hold whose time is over then takes no place. Without it all do.

    Raises:
        Refused: ``unknown-slot``.
    """
    row = in_a_row(slots, slot, intervals)
    return min(s.free(channel, at) for s in row) if len(row) == intervals and slots.ended_at is None else 0


def in_a_row(slots: Slots, slot: str, intervals: int) -> list[Slot]:
    """The slot and those that follow it without a pause in the same queue; fewer than asked at a session's end."""
    found = slots.slots.get(slot)
    if found is None:
        raise Refused("unknown-slot", missing=True, slot=slot)
    row = [found]
    while len(row) < intervals and (found := slots.slots.get(slot_id(found.plan.queue, found.plan.ends_at))):
        row.append(found)
    return row


def let_go(slots: Slots, hold: str, *, by_hall: bool = False) -> None:
    """End a hold. Who waits and let an offer pass goes to the end of the list; one that the hall itself took back was
    none."""
    for name, one in slots.waiting.items():
        if one.hold == hold:
            one.hold = None
            if by_hall:
                one.offers -= 1
            else:
                slots.waiting[name] = slots.waiting.pop(name)
            break
    if (held := slots.holds.pop(hold, None)) is not None:
        slots.past_holds[hold] = held
        for slot in in_a_row(slots, held.slot, held.slots):
            del slot.held[hold]


def all_free(plan: SlotsPlan) -> dict[str, Slot]:
    return {p.slot: Slot(p, dict.fromkeys(CHANNELS, 0)) for p in plan.slots}
