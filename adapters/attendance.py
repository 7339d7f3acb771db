"""The clock of the booked day: appointments nobody came to are missed, places held too long are free again."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import msgspec

from adapters.timekeeping import Duty, Lists, Submit, attempt, keep_time
from domain import acts
from domain.handling import Act
from domain.message import Stamp, day_of, hall_of
from domain.slots import MissAppointment, ReleaseHold
from domain.workdays import local_date
from projections import appointments, holds

PAGE = 100


class Attendance:
    """Records what time alone brings about in bookings. ``run`` until cancelled.

    The command id is made of the appointment or hold, and a stream that already knows answers with nothing, so
    each happens once through restarts and clock jumps. It is written as of the instant when it was due.
    """

    def __init__(
        self, duty: Duty, lists: Lists, submit: Submit, clock: Callable[[], datetime], every_s: float = 1.0
    ) -> None:
        self._duty = duty
        self._lists = lists
        self._submit = submit
        self._clock = clock
        self._every_s = every_s

    async def run(self) -> None:
        await keep_time(self.fire, self._duty, self._lists, (appointments.NAME, holds.NAME), self._every_s)

    async def fire(self) -> int:
        """Record everything that is due; the position of the last event that came of it."""
        now = self._clock()
        positions = [0]
        async for due_at, command, act in self._due(now):
            stamp = Stamp(at=due_at, recorded_at=now, by="clock:attendance", command=command)
            # Refused, if somebody was faster: they came, cancelled or confirmed and the list has not heard of it yet.
            receipt = await attempt(self._submit(act, stamp), "attendance", usual=True, command=command)
            if receipt is not None:
                positions.append(receipt.position)
        return max(positions)

    async def _due(self, now: datetime) -> AsyncIterator[tuple[datetime, str, Act]]:
        async for doc in self._all(holds.NAME, {"until": ("<=", now)}, "until"):
            held = msgspec.json.decode(doc, type=holds.View)
            hall, day = hall_of(held.stream), day_of(held.stream)
            act = acts.let_go(hall, day, ReleaseHold(held.hold, expired=True), held.holder)
            yield held.until, f"hold-over:{held.hold}", act
        begun = {"status": "booked", "starts_at": ("<=", now)}
        async for doc in self._all(appointments.NAME, begun, "starts_at"):
            booked = msgspec.json.decode(doc, type=appointments.View)
            due_at = booked.missed_at or booked.ends_at
            if due_at <= now:
                act = acts.miss(
                    booked.hall, local_date(booked.starts_at), MissAppointment(booked.appointment)
                )
                yield due_at, f"missed:{booked.appointment}", act

    async def _all(self, name: str, where: dict[str, Any], order: str) -> AsyncIterator[bytes]:
        cursor: str | None = None
        while True:
            page = await self._lists.find(name, where, order, PAGE, cursor)
            for doc in page.docs:
                yield doc
            if (cursor := page.cursor) is None:
                return
