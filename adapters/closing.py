"""The clock of the day at the windows: a hall that was forgotten open is closed."""

from collections.abc import Callable
from datetime import datetime

import msgspec
import structlog

from adapters.reactor import Duty, Lists, Submit, keep_time
from domain.handling import Act, Ask
from domain.message import Refused, Stamp
from domain.queue import CloseDay
from projections import open_days

log = structlog.get_logger()

PAGE = 100


class Closing:
    """Closes the days that nobody closed, over whatever is still at their windows. ``run`` until cancelled.

    The command id is made of the stream, and a closed day answers with nothing, so each is closed once through
    restarts. It is written as of now and not of when it was due: people may have been served since.
    """

    def __init__(
        self, duty: Duty, lists: Lists, submit: Submit, clock: Callable[[], datetime], every_s: float = 15.0
    ) -> None:
        self._duty = duty
        self._lists = lists
        self._submit = submit
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
            stream = msgspec.json.decode(doc, type=open_days.View).stream
            stamp = Stamp(at=now, by="clock:closing", command=f"day-over:{stream}")
            try:
                receipt = await self._submit(Act((Ask(stream, CloseDay(force=True)),)), stamp)
            except Refused as refused:
                log.warning("closing-refused", stream=stream, code=refused.code)
            else:
                positions.append(receipt.position)
        return max(positions)
