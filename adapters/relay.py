"""The relay: carries the log into the stream, page by page, in order, and says when the stream is the whole log.

It keeps nothing of its own. Where to go on it reads from the stream's last message, which hall is in which region from
the stream's subjects, and that it alone may write from the lock its tail holds (``LogTail(…, alone_as="relay")``). A
stream that was wiped is written anew from the first event; so is one whose end is not in the log, because the log was
restored to an earlier moment: the log is the truth, the stream its copy.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from adapters import envelope
from adapters.store import Row
from adapters.stream import Current, Last, StreamMovedOn, StreamUnavailable

log = structlog.get_logger()

PAGE = 1_000
"""As many messages as one atomic batch may have. Each batch costs NATS files of its own, some 2 ms."""

PAUSE_S = 2.0
"""The longest pause between two tries while NATS is away."""

CONFIRM_S = 0.1
"""The shortest time between two words that the stream is the whole log."""


class Tail(Protocol):
    """Where the log is read from, by the one relay that may."""

    async def page(self, after: int, limit: int) -> list[Row]: ...
    async def wait(self, after: int) -> None: ...
    async def head(self) -> int: ...


class Stream(Protocol):
    """Where it is written to."""

    async def resume(self) -> Last: ...
    async def publish(self, rows: Sequence[Row], after: int) -> int: ...
    async def check(self, sequence: int) -> None: ...
    async def confirm(self, current: Current) -> None: ...
    async def drop(self) -> None: ...


class Relay:
    """``run`` until cancelled; it heals itself, whichever of PostgreSQL and NATS goes away."""

    def __init__(self, tail: Tail, stream: Stream) -> None:
        self._tail = tail
        self._stream = stream
        self._sequence = 0
        self._confirmed = self._measured = 0.0
        self.position = 0
        """The last event known to be in the stream; 0 before the relay was ever elected."""
        self.lag: int | None = None
        """How many positions the log was ahead of the stream when it was last looked at; None before that."""
        self.last_ok: datetime | None = None
        """When the relay last put something into the stream or saw that nothing lacked. A relay that waits for its
        election, for PostgreSQL or for NATS lets it grow old: alarms belong here, not on the lag."""

    async def run(self) -> None:
        pause = 0.1
        while True:
            try:
                await self._resume()
                while True:
                    await self._forward()
                    pause = 0.1
            except StreamMovedOn as error:
                log.warning("relay-resumes", reason=str(error))
                await asyncio.sleep(0.1)
            except StreamUnavailable as error:
                log.warning("relay-waiting", reason=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_S)

    async def _resume(self) -> None:
        """Find where to go on. Nothing is read from the stream before the election is won."""
        await self._tail.head()
        last = await self._stream.resume()
        if last.position and not await self._in_log(last):
            log.error("stream-contradicts-log", position=last.position, stream=last.stream, id=last.id)
            await self._stream.drop()
            last = await self._stream.resume()
        self.position, self._sequence = last.position, last.sequence
        log.info("relay-begins", position=self.position, sequence=self._sequence)

    async def _in_log(self, last: Last) -> bool:
        for row in await self._tail.page(last.position - 1, 1):
            return (row.position, row.stream, envelope.read_sealed(row.state).id) == (
                last.position,
                last.stream,
                last.id,
            )
        return False

    async def _forward(self) -> None:
        """Carry over what there is; then say that this was all, and wait for more."""
        asked_at = datetime.now(UTC)
        rows = await self._tail.page(self.position, PAGE)
        while len(rows) == PAGE:
            asked_at = datetime.now(UTC)
            # The next page is read while this one is written: half again as fast where much has to be caught up with.
            reading = asyncio.create_task(self._tail.page(rows[-1].position, PAGE))
            try:
                await self._publish(rows)
            except BaseException:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
                raise
            rows = await reading
            await self._measure()
        if rows:
            await self._publish(rows)
        else:
            await self._stream.check(self._sequence)
        self.last_ok, self.lag = datetime.now(UTC), 0
        if time.monotonic() - self._confirmed > CONFIRM_S:
            self._confirmed = time.monotonic()
            await self._stream.confirm(Current(self.position, self._sequence, asked_at))
        if not rows:
            await self._tail.wait(self.position)

    async def _publish(self, rows: Sequence[Row]) -> None:
        self._sequence = await self._stream.publish(rows, self._sequence)
        self.position, self.last_ok = rows[-1].position, datetime.now(UTC)

    async def _measure(self) -> None:
        """See, once a second, how far there is to go."""
        if time.monotonic() - self._measured > 1:
            self._measured = time.monotonic()
            self.lag = await self._tail.head() - self.position
