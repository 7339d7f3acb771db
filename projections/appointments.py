"""Every appointment as its citizen and the hall's staff read it, listed by person, by hall and by time."""

from datetime import datetime
from typing import Any

import msgspec

from domain.booking import Channel, OnBehalf
from domain.message import Recorded, hall_of
from domain.slots import (
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentRestored,
    CheckedIn,
    CheckInUndone,
    SlotBooked,
    Status,
)

NAME = "appointments"

MINE = frozenset(
    {SlotBooked, CheckedIn, CheckInUndone, AppointmentCancelled, AppointmentRestored, AppointmentMissed}
)

FACETS: dict[str, type] = {"person": str, "hall": str, "starts_at": datetime, "status": str}


class View(msgspec.Struct, kw_only=True):
    """``ticket`` is the reference of the ticket that the check-in gave; ``reason`` why it was cancelled or missed;
    ``ended_at`` when it was checked in, cancelled or missed; ``missed_at`` when it is missed if nobody comes, told
    while it is booked."""

    appointment: str
    hall: str
    slot: str
    queue: str
    item: str
    person: str
    channel: Channel
    slots: int
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    status: Status = "booked"
    ended_at: datetime | None = None
    ticket: str | None = None
    late: bool = False
    reason: str | None = None
    more: tuple[str, ...] = ()
    item_versions: tuple[int, ...] = ()
    """The versions of the guides it was booked by: of the item, then of the further ones."""
    on_behalf: OnBehalf | None = None
    moved_to: str | None = None
    missed_at: datetime | None = None


def key(recorded: Recorded) -> str | None:
    match recorded.event:
        case (
            SlotBooked(appointment)
            | CheckedIn(appointment)
            | CheckInUndone(appointment)
            | AppointmentCancelled(appointment)
            | AppointmentMissed(appointment)
            | AppointmentRestored(appointment)
        ):
            return appointment
        case _:
            return None


def facets(view: View) -> dict[str, Any]:
    return {name: getattr(view, name) for name in FACETS}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event, at = recorded.event, recorded.stamp.at
    if isinstance(event, SlotBooked):
        return _booked(hall_of(recorded.stream), event, at)
    if view is None:
        return None
    view.ended_at, view.missed_at = at, None
    match event:
        case CheckedIn(_, ticket, late):
            view.status, view.ticket, view.late = "checked-in", ticket, late
        case CheckInUndone(_, _, missed_at):
            view.status, view.ticket, view.late = "booked", None, False
            view.ended_at, view.missed_at = None, missed_at
        case AppointmentRestored(_, missed_at):
            view.status, view.reason = "booked", None
            view.ended_at, view.missed_at = None, missed_at
        case AppointmentCancelled(_, reason, moved_to):
            view.status, view.reason, view.moved_to = "cancelled", reason, moved_to
        case AppointmentMissed(_, reason):
            view.status, view.reason = "missed", reason
    return view


def _booked(hall: str, event: SlotBooked, at: datetime) -> View:
    return View(
        appointment=event.appointment,
        hall=hall,
        slot=event.slot,
        queue=event.queue,
        item=event.item,
        person=event.person,
        channel=event.channel,
        slots=event.slots,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        booked_at=at,
        more=event.more,
        item_versions=event.item_versions,
        on_behalf=event.on_behalf,
        missed_at=event.missed_at or event.ends_at,
    )
