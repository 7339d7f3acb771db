"""A hall's day comes to its end: at the windows, and for those who have booked."""

from collections.abc import Sequence
from datetime import date

from domain import citizen, queue, slots
from domain.citizen import ReleaseBooking
from domain.handling import Act, Ask, Hold
from domain.message import Words
from domain.queue import CloseDay
from domain.receipts import DayReceipt
from domain.slots import CancelAppointment, EndOffer, SlotBooked

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

    def tell(hold: Hold) -> DayReceipt:
        ended: queue.Queue = hold(line).state
        left = sum(ticket.status == "left" for ticket in ended.tickets.values())
        return DayReceipt(hall, day, ended.closed, left, len(to_come))

    cancelled = (
        ask
        for made in to_come
        for ask in (
            Ask(days, CancelAppointment(made.appointment, reason, by_hall=True)),
            Ask(citizen.stream(made.person), ReleaseBooking(made.appointment, reason)),
        )
    )
    return Act((Ask(line, command), *cancelled, Ask(days, EndOffer())), tell)
