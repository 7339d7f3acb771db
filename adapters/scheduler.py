"""The clock of deadlines: what has passed is recorded at its stream, once, as of the instant when it passed."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from adapters.timekeeping import Duty, Lists, Submit, attempt, keep_time
from domain.handling import Act
from domain.message import Command, Stamp
from projections import deadlines


class Scheduler:
    """Records that deadlines have passed: takes what is due from the deadline list and asks its stream to note it.

    The command id is made of the stream and the instant, and a step that is noted is not noted again, so each
    deadline fires once through restarts and clock jumps.
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
        await keep_time(self.fire, self._duty, self._lists, (deadlines.NAME,), self._every_s)

    async def fire(self) -> int:
        """Note every deadline that has passed, up to 100; the position of the last event that came of it."""
        now = self._clock()
        page = await self._lists.find(deadlines.NAME, {"due_at": ("<=", now)}, "due_at", 100)
        positions = [0]
        for doc in page.docs:
            view = msgspec.json.decode(doc, type=deadlines.View)
            for due_at, ask in deadlines.passed(view, now):
                stamp = Stamp(
                    at=due_at,
                    recorded_at=now,
                    by="clock:deadlines",
                    command=f"deadline:{ask.stream}:{due_at.isoformat()}:{_told(ask.command)}",
                    hall=view.hall,
                )
                receipt = await attempt(self._submit(Act((ask,)), stamp), "deadline", stream=ask.stream)
                if receipt is not None:
                    positions.append(receipt.position)
        return max(positions)


def _told(command: Command) -> str:
    """What a command asks, in a word: two steps of a stream may be due at the same instant."""
    return "-".join(map(str, msgspec.structs.astuple(command)))
