"""Live boards in a serving process: read once as documents, kept up by the stream, sent to every screen that listens.

How old a board may be is never guessed: ``as_of`` is the last moment
at which it was known to hold everything, told by the relay through the stream or by the views. While the stream is
silent, boards that somebody looks at are read from the views once a second, so a hall without NATS still calls.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol

import msgspec
import structlog

from adapters import sse
from adapters.cloudevents import Unreadable
from adapters.live_board import UNFED, LiveBoard
from adapters.stream import Current, Item, StreamRewritten
from domain.message import Recorded
from projections import board

log = structlog.get_logger()

STALE_AFTER = timedelta(seconds=3)
"""A board that was not confirmed for so long says so."""

SPACING_S = 0.1
"""The shortest time between two messages to a screen."""

RESUME_S = 3.0
BOARDS = 1_000
GATHER_S = 0.05
"""How long halls that are newly asked for are gathered before the stream is followed anew."""

IDLE_S = 60.0
"""A board that nobody looks at is let go of when it was not asked for during this time: its hall is not followed."""

LOOK_S = 0.2
RELOAD_S = 1.0
RELOAD_MAX_S = 4.0

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(board.View).decode


class Document(Protocol):
    """A board as it was saved: JSON, how far its projection has come, and until when that is true."""

    @property
    def doc(self) -> bytes: ...
    @property
    def position(self) -> int: ...
    @property
    def as_of(self) -> datetime: ...


class Documents(Protocol):
    """Where boards are read from."""

    async def get(self, name: str, key: str) -> Document | None: ...
    async def position(self, name: str) -> tuple[int, datetime]: ...


Feed = Callable[[int, Collection[str]], AsyncGenerator[Item, None]]
"""What happened at the windows of some halls behind a position, with ``Current`` between the events."""


def is_stale(as_of: datetime | None) -> bool:
    """Whether what was last confirmed then may be old."""
    return as_of is None or datetime.now(UTC) - as_of > STALE_AFTER


class TooManyScreens(Exception):
    """This process has as many subscribers as it takes. Another one, or a later try, may do."""


class BoardBehind(Exception):
    """The board has not come as far as was asked for in time. Safe to ask again."""


class _Tail(msgspec.Struct):
    position: int
    as_of: datetime | None
    stale: bool


class _Stir(msgspec.Struct):
    position: int
    halls: dict[str, int]


class Watch(NamedTuple):
    """What goes on in a hall on a day. ``changed`` is set when something has happened, at most ten times a second;
    ``known`` tells the version of the day's stream up to which everything is known, and when that was all there was."""

    changed: asyncio.Event
    known: Callable[[], tuple[int, datetime | None]]


class LiveBoards:
    """Boards of hall-days, each held from the first time somebody asks for it. ``run`` keeps them up.

    Args:
        screens: the most subscribers this process takes.
    """

    def __init__(self, documents: Documents, feed: Feed, *, screens: int = 15_000) -> None:
        self._documents = documents
        self._feed = feed
        self._screens_max = screens
        self._boards: OrderedDict[str, LiveBoard] = OrderedDict()
        self._loading: dict[str, asyncio.Future[None]] = {}
        self._confirmed: datetime | None = None
        self._wanted = asyncio.Event()
        """A hall is asked for that the feed does not bring."""
        self._fed: frozenset[str] = frozenset()
        self.position = 0
        """How far the stream has brought this process."""
        self.screens = 0
        """How many subscribers there are."""

    # --- reading ----------------------------------------------------------------------------------------------

    async def board(
        self, hall: str, day: date, *, after: int = 0, timeout: float = 5.0, staff: bool = False
    ) -> bytes:
        """The board as JSON: ``board.Board`` with ``position`` (it holds everything up to there), ``as_of`` (when that
        was known to be everything there was) and ``stale`` (that is more than three seconds ago).

        Args:
            staff: what only staff see instead, ``board.StaffBoard``.

        Raises:
            BoardBehind: it has not come to ``after`` within ``timeout`` seconds.
        """
        live = await self._live(hall, day)
        await self._renewed(live)
        if not await self._passed(live, after, timeout):
            raise BoardBehind(f"the board is at {self._position(live)}, not yet at {after}")
        return self._encoded(live, staff)

    def subscribe(
        self, hall: str, day: date, after: int | None = None, *, staff: bool = False
    ) -> AsyncGenerator[bytes, None]:
        """Server-sent events, ready to be written: ``event: board`` with the whole board, once at the beginning and at
        each change, at most ten times a second; ``id`` is its position. In between comes ``event: beat`` with
        ``{"as_of", "stale", "now"}`` at least every 1.5 s: nothing changed, and so late it is here.

        Every message is the whole board and the newest wins: a screen that reads slowly holds back one wake-up, no
        messages. What it must not miss are the calls. So the board lists those of the last 60 seconds, and never fewer
        than 20, each with its position: a screen that was away for a minute announces the ones behind the last it knew.

        Args:
            after: ``Last-Event-ID``. A resuming screen always gets the board again, for its day may have changed; it
                gets none older than what it had, unless no such board can be had within three seconds.
            staff: the board that only staff see, in ``event: alarms``.

        Raises:
            TooManyScreens: at once, not from the generator.
        """
        if self.screens >= self._screens_max:
            raise TooManyScreens(f"{self.screens} screens are listening")
        return self._frames(hall, day, after or 0, staff)

    async def _frames(self, hall: str, day: date, after: int, staff: bool) -> AsyncGenerator[bytes, None]:
        self.screens += 1
        try:
            async with self._looking(hall, day) as (live, screen):
                await self._passed(live, after, RESUME_S)
                frame = partial(self._alarms if staff else self._frame, live)
                async for sent in sse.paced(screen, frame, partial(self._beat, live)):
                    yield sent
        finally:
            self.screens -= 1

    @asynccontextmanager
    async def watching(self, hall: str, day: date) -> AsyncIterator["Watch"]:
        """Be told of what happens in a hall on a day, for showing something else of it than the board."""
        async with self._looking(hall, day) as (live, changed):
            yield Watch(changed, lambda: (live.view.version, self._as_of(live)))

    def stirring(self, halls: Collection[str], day: date) -> AsyncGenerator[bytes, None]:
        """Several halls together, for whoever surveys them: ``event: halls`` with a position and the version of each
        hall's day, once at the beginning and when something has happened in one, and beats as ``subscribe`` sends them.

        Raises:
            TooManyScreens: at once, not from the generator.
        """
        if self.screens >= self._screens_max:
            raise TooManyScreens(f"{self.screens} screens are listening")
        return self._stirring(halls, day)

    async def _stirring(self, halls: Collection[str], day: date) -> AsyncGenerator[bytes, None]:
        self.screens += 1
        try:
            async with contextlib.AsyncExitStack() as looking:
                changed = asyncio.Event()
                lives = [
                    (await looking.enter_async_context(self._looking(hall, day, changed)))[0]
                    for hall in halls
                ]

                def frame() -> bytes:
                    position = max(map(self._position, lives), default=0)
                    versions = {live.view.hall: live.view.version for live in lives}
                    return sse.message("halls", position, _encode(_Stir(position, versions)))

                def beat() -> bytes:
                    known = [self._as_of(live) for live in lives]
                    oldest = min((at for at in known if at is not None), default=None)
                    return sse.beat(oldest, None in known or is_stale(oldest))

                async for sent in sse.paced(changed, frame, beat):
                    yield sent
        finally:
            self.screens -= 1

    @asynccontextmanager
    async def _looking(
        self, hall: str, day: date, changed: asyncio.Event | None = None
    ) -> AsyncIterator[tuple[LiveBoard, asyncio.Event]]:
        changed = changed or asyncio.Event()
        live = await self._live(hall, day)
        live.screens.add(changed)
        try:
            yield live, changed
        finally:
            live.screens.discard(changed)

    # --- running ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the stream until cancelled."""
        beside = [asyncio.create_task(self._mend()), asyncio.create_task(self._watch())]
        try:
            while True:
                while not self._boards:
                    self._fed = frozenset()
                    self._wanted.clear()
                    await self._wanted.wait()
                await asyncio.sleep(GATHER_S)
                try:
                    await self._follow()
                except StreamRewritten as error:
                    log.error("boards-begin-anew", reason=str(error))
                    self._forget()
                except Exception as error:
                    log.warning("boards-waiting", error=str(error) or type(error).__name__)
                    await asyncio.sleep(RELOAD_S)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _follow(self) -> None:
        """Feed the boards that are held, until others are asked for or none is left."""
        if not self._fed:
            self.position = (await self._documents.position(board.NAME))[0]
        halls = frozenset(live.view.hall for live in self._boards.values())
        for live in self._boards.values():
            if live.view.hall not in self._fed:
                live.feed_from(self.position)
        self._fed = halls
        self._wanted.clear()
        feeding = asyncio.create_task(self._feed_on(halls))
        others = asyncio.create_task(self._wanted.wait())
        try:
            await asyncio.wait((feeding, others), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (feeding, others):
                task.cancel()
            told, _ = await asyncio.gather(feeding, others, return_exceptions=True)
        if isinstance(told, Exception):
            raise told

    async def _feed_on(self, halls: Collection[str]) -> None:
        async with contextlib.aclosing(self._feed(self.position, halls)) as items:
            async for item in items:
                self._take(item)

    def _take(self, item: Item) -> None:
        match item:
            case Recorded():
                self.position = item.position
                live = self._boards.get(board.key(item) or "")
                if live is not None and live.take(item):
                    self._announce(live)
            case Current():
                self.position = max(self.position, item.position)
                self._confirmed = min(item.at, datetime.now(UTC))
            case Unreadable():
                self.position = item.position
                log.error("event-unreadable", stream=item.stream, position=item.position, reason=item.reason)
                if (live := self._boards.get(item.stream.partition("-")[2])) is not None:
                    live.break_off(item.position)

    async def _watch(self) -> None:
        """Tell the screens when a board becomes stale, and when it is no longer; let go of what nobody wants."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._trim()
            for live in list(self._boards.values()):
                if (stale := is_stale(self._as_of(live))) != live.was_stale:
                    live.was_stale = stale
                    self._announce(live)

    async def _mend(self) -> None:
        """Read documents for boards that lack something, and for those somebody looks at while the stream is silent."""
        while True:
            await asyncio.sleep(LOOK_S)
            now, silent = time.monotonic(), is_stale(self._confirmed)
            await asyncio.gather(
                *(
                    self._try_reload(live)
                    for live in self._boards.values()
                    if now >= live.reload_at and (not live.whole or (silent and live.screens))
                )
            )

    async def _try_reload(self, live: LiveBoard) -> None:
        try:
            async with asyncio.timeout(RELOAD_MAX_S):
                await self._reload(live)
        except Exception as error:
            log.warning("boards-waiting", error=str(error) or type(error).__name__)
        live.reload_pause = RELOAD_S if live.whole else min(max(live.reload_pause * 2, LOOK_S), RELOAD_MAX_S)
        live.reload_at = time.monotonic() + live.reload_pause

    def _forget(self) -> None:
        """The log was restored to an earlier moment."""
        self._confirmed = None
        self._fed = frozenset()
        for live in self._boards.values():
            live.begin_anew()
            live.reached = 0

    # --- boards -----------------------------------------------------------------------------------------------

    async def _live(self, hall: str, day: date) -> LiveBoard:
        key = board.document_key(hall, day)
        if (live := self._boards.get(key)) is None:
            fed = hall in self._fed
            live = self._boards[key] = LiveBoard(board.initial(hall, day), self.position if fed else UNFED)
            if not fed:
                self._wanted.set()
            loading = self._loading[key] = asyncio.get_running_loop().create_future()
            try:
                await self._reload(live)
            except BaseException:
                self._boards.pop(key, None)
                raise
            finally:
                del self._loading[key]
                loading.set_result(None)
            self._trim()
        elif key in self._loading:
            await asyncio.shield(self._loading[key])
            return await self._live(hall, day)
        self._boards.move_to_end(key)
        live.asked_at = time.monotonic()
        return live

    async def _reload(self, live: LiveBoard) -> None:
        # The position is read first: if there is no document, there was none up to there.
        position, as_of = await self._documents.position(board.NAME)
        found = await self._documents.get(board.NAME, board.document_key(live.view.hall, live.view.date))
        if found is None:
            changed = live.adopt(live.view, position, as_of)
        else:
            changed = live.adopt(_decode(found.doc), found.position, found.as_of)
        if changed:
            self._announce(live)

    def _trim(self) -> None:
        """Let go of the boards that nobody looks at: those that were not asked for lately, and the oldest of too
        many."""
        idle = [key for key, live in self._boards.items() if not live.screens and key not in self._loading]
        before = time.monotonic() - IDLE_S
        for nth, key in enumerate(idle):
            if nth < len(self._boards) - BOARDS or self._boards[key].asked_at < before:
                del self._boards[key]
                if not self._boards:
                    self._wanted.set()

    def _position(self, live: LiveBoard) -> int:
        return max(live.reached, self.position) if live.whole else live.reached

    def _as_of(self, live: LiveBoard) -> datetime | None:
        if live.whole and self._confirmed is not None:
            return self._confirmed if live.as_of is None else max(live.as_of, self._confirmed)
        return live.as_of

    async def _passed(self, live: LiveBoard, position: int, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while self._position(live) < position:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.01)
            await self._renewed(live)
        return True

    async def _renewed(self, live: LiveBoard) -> None:
        """What the stream has been silent about for too long is read from its document."""
        if is_stale(self._as_of(live)) and time.monotonic() >= live.reload_at:
            await self._try_reload(live)

    # --- sending ----------------------------------------------------------------------------------------------

    def _announce(self, live: LiveBoard) -> None:
        """The board changed: its screens hear of it as soon as the spacing allows, once for all changes until then."""
        live.frame = b""
        if live.screens and live.sending is None:
            loop = asyncio.get_running_loop()
            live.sending = loop.call_later(
                max(0.0, live.sent_at + SPACING_S - time.monotonic()), self._send, live
            )

    def _send(self, live: LiveBoard) -> None:
        live.sending = None
        live.sent_at = time.monotonic()
        for screen in live.screens:
            screen.set()

    def _frame(self, live: LiveBoard) -> bytes:
        """The board as a server-sent event: encoded once for all screens, when the first of them wants it."""
        now = time.monotonic()
        if not live.frame or now - live.framed_at > SPACING_S:
            live.frame = sse.message("board", self._position(live), self._encoded(live))
            live.framed_at = now
        return live.frame

    def _alarms(self, live: LiveBoard) -> bytes:
        """What staff see, as a server-sent event: for few readers, encoded for each."""
        return sse.message("alarms", self._position(live), self._encoded(live, staff=True))

    def _beat(self, live: LiveBoard) -> bytes:
        as_of = self._as_of(live)
        return sse.beat(as_of, is_stale(as_of))

    def _encoded(self, live: LiveBoard, staff: bool = False) -> bytes:
        as_of = self._as_of(live)
        tail = _Tail(self._position(live), as_of, is_stale(as_of))
        face = board.staffed(live.view) if staff else board.present(live.view)
        return _encode(face)[:-1] + b"," + _encode(tail)[1:]
