"""The clock of the day at the windows: a hall that was forgotten open is closed."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from adapters.timekeeping import Duty, Lists, Loop, attempt, keep_time
from domain import closing, slots
from domain.message import Stamp, day_of, hall_of
from domain.queue import CloseDay
from projections import open_days

PAGE = 100


class Closing:
    """Closes the days that nobody closed, over whatever is still at their windows. ``run`` until cancelled.

    The command id is made of the stream and of what opened the day, and a closed day answers with nothing, so each is
    closed once through restarts, and once more if it was opened again. It is written as of now and not of when it was
    due: people may have been served since.
    """

    def __init__(
        self, duty: Duty, lists: Lists, loop: Loop, clock: Callable[[], datetime], every_s: float = 15.0
    ) -> None:
        self._duty = duty
        self._lists = lists
        self._loop = loop
        self._clock = clock
        self._every_s = every_s

    async def run(self) -> None:
        await keep_time(self.fire, self._duty, self._lists, (open_days.NAME,), self._every_s)

    async def fire(self) -> int:
        """Close up to 100 forgotten days; the position of the last event that came of it."""
        now = self._clock()
        page = await self._lists.find(open_days.NAME, {"forgotten_at": ("<=", now)}, "forgotten_at", PAGE)
        positions = [0]
        for doc in page.docs:
            told = msgspec.json.decode(doc, type=open_days.View)
            stream, hall, day = told.stream, hall_of(told.stream), day_of(told.stream)
            stamp = Stamp(at=now, by="clock:closing", command=f"day-over:{stream}:{told.position}")
            to_come = await self._loop.peek(
                slots.stream(hall, day), lambda held: slots.still_to_come(held.state, now)
            )
            act = closing.close_day(hall, day, CloseDay(force=True), to_come)
            receipt = await attempt(self._loop.submit(act, stamp), "closing", stream=stream)
            if receipt is not None:
                positions.append(receipt.position)
        return max(positions)
