"""A hall's day comes to its end, at the windows and for those who have booked, and may be opened again."""

from collections.abc import Callable, Sequence
from datetime import date

from domain import citizen, queue, slots
from domain.citizen import ReleaseBooking, RestoreBooking
from domain.handling import Act, Ask, Follow, Hold
from domain.message import Words
from domain.queue import CloseDay, ReopenDay
from domain.receipts import DayReceipt
from domain.slots import CancelAppointment, EndOffer, RestoreAppointment, ResumeOffer, SlotBooked

CLOSED_FOR_THE_DAY = "大厅当日提前结束服务"


def close_day(
    hall: str,
    day: date,
    command: CloseDay,
    to_come: Sequence[SlotBooked] = (),
    reason: Words = CLOSED_FOR_THE_DAY,
) -> Act:
    """End a hall's day, for those who walk in and those who have booked. Answers with a ``DayReceipt``.

    Args:
        to_come: the appointments that are still to be kept. The hall cancels them, and they are told: nobody is said
            to have missed what they could not have kept. If there is another by now, nothing happens.
        reason: why, as they are told.
    """
    line, days = queue.stream(hall, day), slots.stream(hall, day)

    cancelled = (
        ask
        for made in to_come
        for ask in (
            Ask(days, CancelAppointment(made.appointment, reason, by_hall=True, day_closed=True)),
            Ask(citizen.stream(made.person), ReleaseBooking(made.appointment, reason)),
        )
    )
    return Act((Ask(line, command), *cancelled, Ask(days, EndOffer())), _receipt(hall, day, len(to_come)))


def reopen_day(hall: str, day: date, cancelled: Sequence[SlotBooked] = ()) -> Act:
    """Take back a day's end. Answers with a ``DayReceipt``.

    Args:
        cancelled: the appointments that the closing has cancelled. Each is to be kept after all, and its holder is
            told, unless they have booked otherwise since.
    """
    line, days = queue.stream(hall, day), slots.stream(hall, day)
    restored = (ask for made in cancelled for ask in (_booking(made), _appointment(made, days)))
    asks = (Ask(line, ReopenDay()), *restored, Ask(days, ResumeOffer()))
    return Act(asks, _receipt(hall, day))


def _booking(made: SlotBooked) -> Ask:
    return Ask(citizen.stream(made.person), RestoreBooking(made.appointment))


def _appointment(made: SlotBooked, days: str) -> Follow:
    """Restored if it stands on its person's record again."""

    def restored(hold: Hold) -> Ask | None:
        known = hold(citizen.stream(made.person)).state.bookings[made.appointment]
        return Ask(days, RestoreAppointment(made.appointment)) if known.status == "booked" else None

    return restored


def _receipt(hall: str, day: date, cancelled: int = 0) -> Callable[[Hold], DayReceipt]:
    def tell(hold: Hold) -> DayReceipt:
        ended: queue.Queue = hold(queue.stream(hall, day)).state
        left = sum(ticket.status == "left" for ticket in ended.tickets.values())
        return DayReceipt(hall, day, ended.closed, left, cancelled)

    return tell
