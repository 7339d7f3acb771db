"""A day's offer changed under people who have booked: who is hit, and where each of them goes.

The rule: whoever booked first is settled first. They get the next free place of their own line and share, on the same
day at their time or later, else on the first following day that can be booked and has one; nobody is moved to where
they may not be (something else booked then, a limit reached). Who is to be moved and finds no place is cancelled like
those who are not to be moved at all. Everybody hit is told by notice.

It is rehearsed on copies with the very rules that will decide it, and then asked for as one act.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import NamedTuple

from domain import citizen, slots
from domain.acts import record_booking
from domain.booking import Limits
from domain.citizen import ReleaseBooking
from domain.handling import Act, Ask, Follow, Held, perform
from domain.message import Refused, Stamp, Words
from domain.offering import SlotsPlan
from domain.slots import BookSlot, CancelAppointment, GiveUpForMove, OfferSlots, ReviseOffer, SlotBooked


class Settled(NamedTuple):
    """What becomes of somebody who is hit: their other place, or none."""

    made: SlotBooked
    day: date | None = None
    booking: BookSlot | None = None
    starts_at: datetime | None = None


class Change(NamedTuple):
    """A hall's day as it shall be offered, and what the following days that can be booked offer."""

    hall: str
    day: date
    plan: SlotsPlan
    reason: Words
    following: Mapping[date, SlotsPlan]
    limits: Limits


def settle(
    change: Change,
    held: Mapping[str, Held],
    movable: Callable[[str], bool],
    name: Callable[[date], str],
    stamp: Stamp,
) -> list[Settled]:
    """What becomes of everybody who is hit, who booked first being the first.

    Args:
        held: copies of the streams concerned, which are changed here: this day's and the following ones', and the
            persons' of those who are hit.
        movable: whether an appointment is to be moved.
        name: a new reference for an appointment on a day.

    Raises:
        Refused: the day cannot be changed (any more).
    """
    day: slots.Slots = held[slots.stream(change.hall, change.day)].state
    hit = [day.appointments[one].booking for one in slots.stranded(day, change.plan)]
    gone = [ask for made in hit for ask in _cancel(change, made)]
    opened = [Ask(slots.stream(change.hall, d), OfferSlots(plan)) for d, plan in change.following.items()]
    revised = Ask(slots.stream(change.hall, change.day), ReviseOffer(change.plan))
    perform([*gone, revised, *opened], held.__getitem__, stamp)
    return [
        _settle(change, made, held, name, stamp) if movable(made.appointment) else Settled(made)
        for made in hit
    ]


def _settle(
    change: Change, made: SlotBooked, held: Mapping[str, Held], name: Callable[[date], str], stamp: Stamp
) -> Settled:
    person = held[citizen.stream(made.person)]
    for day in (change.day, *sorted(change.following)):
        there = held[slots.stream(change.hall, day)]
        for slot in sorted(there.state.slots.values(), key=lambda one: one.plan.starts_at):
            if slot.plan.queue != made.queue or slot.plan.starts_at < made.starts_at:
                continue
            if not slots.remaining(there.state, slot.plan.slot, made.channel, made.slots):
                continue
            booking = _booking(change, made, name(day), slot.plan.slot)
            try:
                decided = slots.decide(booking, there.state, stamp)
                booked = next(event for event in decided if isinstance(event, SlotBooked))
                recorded = citizen.decide(
                    record_booking(change.hall, booked, change.limits), person.state, stamp
                )
            except Refused:
                continue
            for told in decided:
                there.state = slots.evolve(there.state, told, stamp)
            for event in recorded:
                person.state = citizen.evolve(person.state, event, stamp)
            return Settled(made, day, booking, booked.starts_at)
    return Settled(made)


def act(change: Change, settled: Collection[Settled]) -> Act:
    """Everybody settled and the day changed, all of it or nothing. If somebody has booked since and would be
    stranded, or a place was taken, nothing happens."""
    asks: list[Ask | Follow] = []
    for one in settled:
        asks += _cancel(change, one.made) if one.booking is None else _give_up(change, one.made, one.booking)
    asks.append(Ask(slots.stream(change.hall, change.day), ReviseOffer(change.plan)))
    for one in settled:
        if one.booking is not None and one.day is not None:
            asks += _book(change, one.day, one.booking)
    return Act(tuple(asks))


def _cancel(change: Change, made: SlotBooked) -> list[Ask]:
    command = CancelAppointment(made.appointment, change.reason, by_hall=True)
    return [Ask(slots.stream(change.hall, change.day), command), _release(change, made)]


def _give_up(change: Change, made: SlotBooked, booking: BookSlot) -> list[Ask]:
    command = GiveUpForMove(made.appointment, booking.appointment, by_hall=True)
    return [Ask(slots.stream(change.hall, change.day), command), _release(change, made)]


def _release(change: Change, made: SlotBooked) -> Ask:
    return Ask(citizen.stream(made.person), ReleaseBooking(made.appointment, change.reason))


def _booking(change: Change, made: SlotBooked, appointment: str, slot: str) -> BookSlot:
    return BookSlot(
        appointment,
        slot,
        made.queue,
        made.item,
        made.person,
        made.channel,
        made.slots,
        made.more,
        made.on_behalf,
        made.appointment,
        change.reason,
        made.item_versions,
    )


def _book(change: Change, day: date, booking: BookSlot) -> list[Ask | Follow]:
    days = slots.stream(change.hall, day)
    opening = [Ask(days, OfferSlots(change.following[day]))] if day != change.day else []

    def record(hold: Callable[[str], Held]) -> Ask:
        made = hold(days).state.appointments[booking.appointment].booking
        return Ask(citizen.stream(made.person), record_booking(change.hall, made, change.limits))

    return [*opening, Ask(days, booking), record]
