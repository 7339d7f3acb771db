"""The next free booking of a queue, for whoever is told that no more tickets are given today."""

import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from adapters.http.hall_days import as_offered, why_not_offered
from adapters.http.parts import Parts
from domain import slots
from domain.handling import Held
from domain.message import Refused, Text
from domain.workdays import SHANGHAI, local_date

KEPT_FOR_S = 5.0
"""A hall that refuses a crowd looks its coming days through once in this time, not once a person."""

KEPT = 1_000

INSTEAD = ("hall-full", "closing-soon", "day-closed", "tickets-not-today", "tickets-not-yet", "tickets-over")
"""The refusals that say what can be booked instead."""


class Opening(msgspec.Struct, frozen=True):
    """A place that the public can book."""

    hall: str
    date: date
    slot: str
    starts_at: datetime


class _Kept(NamedTuple):
    until: float
    opening: Opening | None


Instead = Callable[[Refused, str, str, str | None], Awaitable[Refused]]
"""A refusal of a ticket with what can be booked instead: for a hall, a queue and the item, if one was named."""


def instead(parts: Parts) -> Instead:
    """Makes refusals that say what can be booked instead; others it leaves as they are."""
    kept: dict[tuple[str, str, int], _Kept] = {}

    async def with_opening(refused: Refused, hall: str, queue: str, item: str | None) -> Refused:
        if refused.code not in INSTEAD:
            return refused
        intervals = 1
        opening: Opening | None = None
        wanted = None if item is None else parts.catalogue.item(item).plan
        if wanted is None or wanted.bookable:
            intervals = 1 if wanted is None else wanted.slots
            known = kept.get((hall, queue, intervals))
            if known is None or known.until < time.monotonic():
                if len(kept) >= KEPT:
                    kept.clear()
                found = await _next_free(parts, hall, queue, intervals)
                known = kept[hall, queue, intervals] = _Kept(time.monotonic() + KEPT_FOR_S, found)
            opening = known.opening
        facts: dict[str, Any] = {"next": opening, "instead": _say(parts, opening)}
        return Refused(refused.code, **refused.facts, **facts)

    return with_opening


async def _next_free(parts: Parts, hall: str, queue: str, intervals: int) -> Opening | None:
    plan, now = parts.catalogue.hall(hall), parts.clock()
    earliest = now + timedelta(minutes=plan.booking.lead_minutes)
    today = local_date(now)
    for ahead in range(3 * plan.booking.horizon_workdays + 31):
        day = today + timedelta(days=ahead)
        why_not = why_not_offered(parts, plan, day)
        if why_not is not None and why_not.code == "slots-not-offered":
            return None

        def first(held: Held, day: date = day) -> Opening | None:
            offered = as_offered(parts, plan, day, held.state)
            free = (
                Opening(hall, day, name, slot.plan.starts_at)
                for name, slot in offered.slots.items()
                if slot.plan.queue == queue
                and slot.plan.starts_at > earliest
                and slots.remaining(offered, name, "public", intervals, now) > 0
            )
            return min(free, key=lambda opening: opening.starts_at, default=None)

        if why_not is None and (found := await parts.loop.peek(slots.stream(hall, day), first)) is not None:
            return found
    return None


def _say(parts: Parts, opening: Opening | None) -> Text:
    if opening is None:
        return Text("近期也没有可预约的号源。", "Nothing is free for booking in the coming days either.")
    name, at = parts.catalogue.hall(opening.hall).name, opening.starts_at.astimezone(SHANGHAI)
    return Text(
        f"最近可预约：{name.zh}，{at.month}月{at.day}日{at:%H:%M}。",
        f"The next free booking: {name.en}, {at:%Y-%m-%d %H:%M}.",
    )
