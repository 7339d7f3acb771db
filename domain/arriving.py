"""Whether whoever has booked comes: checked in, in time or late, and a check-in taken back.

Part of the subject ``slots``: these commands are asked of its streams. A check-in that was a mistake, or of somebody
who has to go once more before they are called, is taken back ("return to calendar"): the place was theirs all the time,
and they may check in again that day, for a new ticket. Until the day is over nobody counts them as missing.
"""

from datetime import datetime, timedelta

from domain.booking import BookingRules
from domain.message import Refused
from domain.places import (
    Arrived,
    Booked,
    CheckedIn,
    CheckIn,
    CheckInUndone,
    SlotBooked,
    Slots,
    UndoCheckIn,
    known,
    refusal,
)
from domain.workdays import SHANGHAI


def check_in(slots: Slots, asked: CheckIn, at: datetime) -> list[CheckedIn]:
    """Raises:
    Refused: it is too early, another day, done already, or the ticket is one of a check-in that was taken back.
    """
    if asked.ticket in slots.undone:
        raise Refused("check-in-undone", appointment=asked.appointment)
    match known(slots, asked.appointment):
        case Booked(booking):
            return [
                CheckedIn(asked.appointment, asked.ticket, _late(slots.rules, booking, at, asked.at_desk))
            ]
        case Arrived(_, same) if same == asked.ticket:
            return []
        case over:
            raise refusal(over)


def undo(slots: Slots, asked: UndoCheckIn, at: datetime) -> list[CheckInUndone]:
    """Raises:
    Refused: this was not the ticket of the appointment, or its day is over.
    """
    if slots.undone.get(asked.ticket) == asked.appointment:
        return []
    match known(slots, asked.appointment):
        case Arrived(booking, same) if same == asked.ticket:
            midnight = _midnight(booking)
            if at >= midnight:
                raise Refused("booking-day-over", appointment=asked.appointment)
            missed_at = max(midnight, booking.missed_at or booking.ends_at)
            return [CheckInUndone(asked.appointment, asked.ticket, missed_at)]
        case Booked():
            raise Refused("not-checked-in", number=asked.ticket)
        case over:
            raise refusal(over)


def _midnight(booking: SlotBooked) -> datetime:
    """When the day of an appointment ends where the halls are."""
    day = booking.starts_at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=1)


def _late(rules: BookingRules, booking: SlotBooked, at: datetime, at_desk: bool) -> bool:
    """Whether the window has passed. It is a matter of precedence only: who comes late is served all the same."""
    opens_at = booking.starts_at - timedelta(minutes=rules.early_minutes)
    if at_desk:
        opens_at = min(opens_at, _midnight(booking) - timedelta(days=1))
    if at < opens_at:
        raise Refused("too-early", appointment=booking.appointment, opens_at=opens_at)
    if at >= _midnight(booking):
        raise Refused("slot-over", slot=booking.slot, starts_at=booking.starts_at)
    return at > booking.starts_at + timedelta(minutes=rules.late_minutes)
