"""Lines as they change, for the phones of those who wait and for the clerks who call: one look a change for all.

A hall's day is looked at while somebody follows it, and not otherwise: when something has happened in it, and every
``ANEW_S`` seconds, for places and waits also change by the clock. What a look finds is written once for each ticket
that is followed and once for all clerks, however many read it; a reader hears of it only if it concerns them.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec
import structlog

from adapters import sse
from adapters.boards import TooManyScreens, Watch, is_stale
from adapters.forecasts import Forecasts
from adapters.lines import Line, Look, PlaceInLine
from domain import queue
from domain.experience import Wait
from domain.handling import Held

log = structlog.get_logger()

SPACING_S = 0.4
"""The shortest time between two looks at a day."""

ANEW_S = 15.0
"""A line in which nothing happens is looked at again after this time."""

AGAIN_S = 1.0
"""After a look that failed."""

WHOLE = ""
"""The topic of those who follow the whole line; the others are tickets' references."""

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


class Boards(Protocol):
    """Where is heard of what happens in halls."""

    def watching(self, hall: str, day: date) -> contextlib.AbstractAsyncContextManager[Watch]: ...


class Peek(Protocol):
    """Tells something of a stream as the log has it now."""

    async def __call__(self, stream: str, read: Callable[[Held], T]) -> T: ...


class _Topic:
    """What some readers follow, and what they were last told."""

    def __init__(self) -> None:
        self.readers: set[asyncio.Event] = set()
        self.told: Line | PlaceInLine | None = None
        self.position = 0
        self.frame = b""
        self.framed_at = 0.0


class _Day:
    """A day that is followed. ``version`` and ``at`` are those of the last look."""

    def __init__(self, hall: str, day: date) -> None:
        self.hall, self.day = hall, day
        self.topics: dict[str, _Topic] = {}
        self.version = -1
        self.at: datetime | None = None
        self.known: Callable[[], tuple[int, datetime | None]] = lambda: (0, None)
        self.keeping: asyncio.Task[None] | None = None

    @property
    def as_of(self) -> datetime | None:
        """Until when what was told is all there is to tell: the last look, or later if nothing has happened since."""
        version, confirmed = self.known()
        if version <= self.version and confirmed is not None and self.at is not None:
            return max(self.at, confirmed)
        return self.at

    def beat(self) -> bytes:
        return sse.beat(self.as_of, is_stale(self.as_of))


class LiveLines:
    """Followers of lines in this process.

    Args:
        boards, peek: where is heard that something happened, and where it is looked up.
        clock: the clock of the program.
        invite: makes the link that invites the holder of a served ticket to rate.
        most: the most followers this process takes.
    """

    def __init__(
        self,
        boards: Boards,
        peek: Peek,
        forecasts: Forecasts,
        clock: Callable[[], datetime],
        invite: Callable[[str], str],
        most: int = 15_000,
    ) -> None:
        self._boards = boards
        self._peek = peek
        self._forecasts = forecasts
        self._clock = clock
        self._invite = invite
        self._most = most
        self._days: dict[str, _Day] = {}
        self.followers = 0
        self.looks = 0
        """How often this process has looked at a day for its followers."""

    async def look(self, hall: str, day: date, tell: Callable[[Look], T]) -> tuple[T, int, int]:
        """Something of a day as the log has it now, with its stream's version and position.

        Raises:
            Refused: what ``tell`` raises.
            StoreUnavailable: the log cannot be read.
        """

        def read(held: Held) -> tuple[T, int, int]:
            found = Look(hall, day, held, self._clock(), self._forecasts, self._invite)
            return tell(found), held.version, held.position

        return await self._peek(queue.stream(hall, day), read)

    def follow(self, hall: str, day: date, ticket: str = WHOLE) -> AsyncGenerator[bytes, None]:
        """Server-sent events, ready to be written: ``event: line`` with ``lines.Line`` or, for a ticket's reference,
        ``event: place`` with ``lines.PlaceInLine``, once at the beginning and at each change, and ``event: beat`` in
        between as boards send it.

        ``id`` is the position of the day's last event. Each message is whole, read from the log itself, and the
        newest wins: who comes back with ``Last-Event-ID`` has missed nothing and never gets anything older.

        Raises:
            TooManyScreens: at once, not from the generator.
        """
        if self.followers >= self._most:
            raise TooManyScreens(f"{self.followers} are following")
        return self._frames(hall, day, ticket)

    async def _frames(self, hall: str, day: date, name: str) -> AsyncGenerator[bytes, None]:
        self.followers += 1
        try:
            async with self._reading(hall, day, name) as (followed, topic, changed):
                frame = partial(_frame, followed, topic)
                async for sent in sse.paced(changed, frame, followed.beat):
                    yield sent
        finally:
            self.followers -= 1

    @asynccontextmanager
    async def _reading(
        self, hall: str, day: date, name: str
    ) -> AsyncIterator[tuple[_Day, _Topic, asyncio.Event]]:
        """Join those who follow a topic, with a first look of one's own."""
        stream, changed = queue.stream(hall, day), asyncio.Event()
        followed = self._days.setdefault(stream, _Day(hall, day))
        topic = followed.topics.setdefault(name, _Topic())
        topic.readers.add(changed)
        try:
            if topic.told is None:
                await self._tell(followed, [name])
            if followed.keeping is None:
                followed.keeping = asyncio.create_task(self._keep(followed))
            yield followed, topic, changed
        finally:
            topic.readers.discard(changed)
            if not topic.readers and followed.topics.get(name) is topic:
                del followed.topics[name]
            if not followed.topics and self._days.get(stream) is followed:
                del self._days[stream]
                if followed.keeping is not None:
                    followed.keeping.cancel()

    async def _keep(self, followed: _Day) -> None:
        """Look at the day whenever something has happened in it, as long as somebody follows it."""
        while True:
            try:
                async with self._boards.watching(followed.hall, followed.day) as watch:
                    followed.known = watch.known
                    while True:
                        await self._tell(followed, [name for name, t in followed.topics.items() if t.told])
                        await asyncio.sleep(SPACING_S)
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(ANEW_S):
                                await watch.changed.wait()
                        watch.changed.clear()
            except Exception as error:
                log.warning("lines-waiting", error=str(error) or type(error).__name__)
            await asyncio.sleep(AGAIN_S)

    async def _tell(self, followed: _Day, names: list[str]) -> None:
        """Look once, and write anew what has changed of these topics."""
        now = self._clock()
        found, version, position = await self.look(
            followed.hall, followed.day, lambda look: [_told(look, name) for name in names]
        )
        self.looks += 1
        followed.version, followed.at = version, now
        for name, told in zip(names, found, strict=True):
            topic = followed.topics.get(name)
            if topic is not None and (topic.told is None or _gist(told) != _gist(topic.told)):
                topic.told, topic.position, topic.frame = told, position, b""
                for reader in topic.readers:
                    reader.set()


def _frame(followed: _Day, topic: _Topic) -> bytes:
    """What readers of a topic are sent: written once for all of them."""
    now = time.monotonic()
    if not topic.frame or now - topic.framed_at > SPACING_S:
        as_of = followed.as_of
        tail = {
            "version": followed.version,
            "position": topic.position,
            "as_of": as_of,
            "stale": is_stale(as_of),
        }
        event = "line" if isinstance(topic.told, Line) else "place"
        data = _encode(topic.told)[:-1] + b"," + _encode(tail)[1:]
        topic.frame, topic.framed_at = sse.message(event, topic.position, data), now
    return topic.frame


def _told(look: Look, name: str) -> Line | PlaceInLine:
    return look.line() if name == WHOLE else look.place(name)


def _gist(told: Line | PlaceInLine) -> Any:
    """What makes a difference to its readers: waits by the minute, for they are told in minutes."""
    if isinstance(told, Line):
        return [told.state, *told.queues, *told.windows, *map(_rounded, told.tickets)]
    return _rounded(told)


def _rounded(told: Any) -> Any:
    wait: Wait | None = told.wait_s
    if wait is None:
        return told
    return msgspec.structs.replace(
        told, wait_s=Wait(round(wait.p50 / 60), round(wait.p90 / 60), wait.assumed)
    )
