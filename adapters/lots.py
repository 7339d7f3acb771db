"""The clock of the lotteries: draws are made when they are due, and what was won becomes an appointment.

A seed is made of the server's secret and the draw's own name, when it is promised and again when it is told: nothing
stores it before.
"""

import hmac
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from adapters.timekeeping import Duty, Lists, Loop, attempt, keep_time
from domain import acts, slots
from domain.booking import Limits
from domain.handling import Act, Ask, Held
from domain.lottery import DrawLottery
from domain.message import Stamp
from domain.places import PlaceHeld
from domain.slots import ConfirmHold, ReleaseHold
from projections import lotteries

PAGE = 100


class Seeds:
    """The seed of every draw there will ever be, from a key of their own."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, hall: str, day: date, queue: str, nth: int) -> str:
        return hmac.digest(self._key, f"{hall}:{day}:{queue}:{nth}".encode(), "sha256").hex()


class Lots:
    """``run`` until cancelled. Every command id is made of the draw's or the request's name, so each happens once."""

    def __init__(
        self,
        duty: Duty,
        lists: Lists,
        loop: Loop,
        seeds: Seeds,
        limits_of: Callable[[str], Limits],
        clock: Callable[[], datetime],
        every_s: float = 2.0,
    ) -> None:
        self._duty = duty
        self._lists = lists
        self._loop = loop
        self._seeds = seeds
        self._limits_of = limits_of
        self._clock = clock
        self._every_s = every_s

    async def run(self) -> None:
        await keep_time(self.fire, self._duty, self._lists, (lotteries.NAME,), self._every_s)

    async def fire(self) -> int:
        """Make the draws that are due and book what was won; the position of the last event that came of it."""
        now = self._clock()
        due = await self._found({"due_at": ("<=", now)}, "due_at")
        drawn = [await self._draw(view, now) for view in due]
        # What a draw holds is held for a day: no longer ago than that is anything to be confirmed.
        recent = await self._found({"drawn_at": (">=", now - timedelta(days=1))}, "drawn_at")
        confirmed = [await self._confirm(view, now) for view in recent]
        return max([0, *drawn, *confirmed])

    async def _found(self, where: dict[str, Any], order: str) -> list[lotteries.View]:
        found: list[lotteries.View] = []
        cursor: str | None = None
        while True:
            page = await self._lists.find(lotteries.NAME, where, order, PAGE, cursor)
            found += (msgspec.json.decode(doc, type=lotteries.View) for doc in page.docs)
            if (cursor := page.cursor) is None:
                return found

    async def _draw(self, view: lotteries.View, now: datetime) -> int:
        nth = len(view.drawn)
        seed = self._seeds.of(view.hall, view.date, view.queue, nth)
        act = Act((Ask(view.stream, DrawLottery(view.queue, nth, seed)),))
        return await self._submit(act, f"draw:{view.stream}:{view.queue}:{nth}", view.draws[nth], now)

    async def _confirm(self, view: lotteries.View, now: datetime) -> int:
        won = {one.request for drawn in view.drawn for one in drawn.won}

        def held(found: Held) -> list[PlaceHeld]:
            state: slots.Slots = found.state
            return [hold for name, hold in state.holds.items() if name in won and now < hold.until]

        last = 0
        for one in await self._loop.peek(view.stream, held):
            confirm = ConfirmHold(one.hold, one.holder)
            limits = self._limits_of(view.hall)
            act = acts.confirm(view.hall, view.date, confirm, one.holder, limits=limits)
            position = await self._submit(act, f"drawn:{one.hold}", now, now)
            if not position:
                # Their own limits forbid it now: they are told, and the place goes to the next draw.
                release = ReleaseHold(one.hold, not_allowed=True)
                let_go = acts.let_go(view.hall, view.date, release, one.holder)
                position = await self._submit(let_go, f"drawn:{one.hold}:released", now, now)
            last = max(last, position)
        return last

    async def _submit(self, act: Act, command: str, at: datetime, now: datetime) -> int:
        """The act's position; 0 if it was refused."""
        stamp = Stamp(at=at, recorded_at=now, by="clock:lots", command=command)
        receipt = await attempt(self._loop.submit(act, stamp), "lots", command=command)
        return 0 if receipt is None else receipt.position
