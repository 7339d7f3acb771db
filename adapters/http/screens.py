"""Server-sent events to hall screens: one at a time, never more than a screen can take, never for ever.

A screen that stops reading would hold its messages in the server's buffers without end: no server puts a limit on
writing. So a message that is not taken within a deadline ends the connection, as does any age beyond the boards' own.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

import structlog
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from adapters.http import measures
from adapters.http.access import API
from adapters.http.body import StrictRequest
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.reading import WAIT_S, After, Day, Word, answers, shape
from adapters.http.session import Sessions
from projections import board

log = structlog.get_logger()

AlarmsNow = shape("AlarmsNow", board.StaffBoard, stale=bool)

TAKEN_WITHIN_S = 20.0
"""How long a screen may take for a message before it is given up."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Streams:
    """How many streams are open, from which addresses."""

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> None:
        """Raises:
        Rejected: 429, there are as many as may be.
        """
        if self._open.total() >= self._most or self._open[address] >= self._most_per_address:
            raise Rejected(429, "too-many-streams", headers={"Retry-After": "30"})
        self._open[address] += 1
        measures.BOARD_STREAMS.inc()

    def leave(self, address: str) -> None:
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]
        measures.BOARD_STREAMS.dec()


class EventStream:
    """An answer that goes on: what a generator yields, until it ends or the screen does."""

    def __init__(self, frames: AsyncGenerator[bytes], streams: Streams) -> None:
        self._frames = frames
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises:
        Rejected: 429, too many streams are open.
        """
        peer = scope.get("client")
        address = peer[0] if peer else "unknown"
        self._streams.enter(address)
        try:
            async with contextlib.aclosing(self._frames) as frames:
                # A board that cannot be read is still a problem with a status; behind this it is a broken stream.
                first = await anext(frames)
                await self._until_either_ends(self._send(first, frames, send), _left(receive))
        finally:
            self._streams.leave(address)

    async def _until_either_ends(self, *ends: Coroutine[Any, Any, None]) -> None:
        tasks = [asyncio.create_task(end) for end in ends]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception) and not isinstance(result, TimeoutError):
                    log.warning("board-stream-broken", error=f"{type(result).__name__}: {result}")

    async def _send(self, first: bytes, frames: AsyncGenerator[bytes], send: Send) -> None:
        """Raises:
        TimeoutError: the screen did not take a message. Without the last one the server ends the connection.
        """
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await self._message(first, send)
        async for frame in frames:
            await self._message(frame, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _message(self, frame: bytes, send: Send) -> None:
        async with asyncio.timeout(TAKEN_WITHIN_S):
            await send({"type": "http.response.body", "body": frame, "more_body": True})


async def _left(receive: Receive) -> None:
    """Return when the screen has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_signed_in(
    sessions: Sessions, identity: Identity | None, frames: AsyncGenerator[bytes]
) -> AsyncGenerator[bytes]:
    """What is sent to staff, until their sign-in is over: asked with every frame, and these come by the second."""
    async with contextlib.aclosing(frames):
        async for frame in frames:
            if identity is not None and not sessions.holds(identity):
                return
            yield frame


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    streams = Streams(parts.settings.board_streams_max, parts.settings.board_streams_per_address)

    @get(
        f"{API}/halls/{{hall:str}}/board/events",
        operation_id="board_events",
        summary="The board as server-sent events: a snapshot, then changes",
        media_type="text/event-stream",
        tags=["board"],
    )
    async def events(hall: FromPath[str], request: StrictRequest, date: Day = None) -> EventStream:
        parts.catalogue.hall(hall)
        day = date or parts.today()
        frames = parts.boards.subscribe(hall, day, last_event(request.headers.get("last-event-id")))
        return EventStream(frames, streams)

    @get(
        f"{API}/halls/{{hall:str}}/alarms/events",
        operation_id="alarm_events",
        summary="The alarms of a hall's windows as server-sent events, for its staff",
        media_type="text/event-stream",
        tags=["board"],
    )
    async def alarm_events(hall: FromPath[str], request: StrictRequest) -> EventStream:
        parts.catalogue.hall(hall)
        day = parts.today()
        last = last_event(request.headers.get("last-event-id"))
        frames = parts.boards.subscribe(hall, day, last, staff=True)
        return EventStream(while_signed_in(parts.sessions, request.user, frames), streams)

    @get(
        f"{API}/boards/events",
        operation_id="boards_events",
        summary="In which halls something happens, as server-sent events: all that the asker may see, or one",
        media_type="text/event-stream",
        tags=["board"],
    )
    async def boards_events(request: StrictRequest, hall: Word = None) -> EventStream:
        identity = request.user
        assert identity is not None
        if hall is not None and not identity.may_act_in(hall):
            raise Rejected(403, "other-hall", {"hall": hall})
        one = hall or identity.hall
        halls = [*parts.catalogue.halls] if one is None else [one]
        for name in halls:
            parts.catalogue.hall(name)
        day = parts.today()
        return EventStream(parts.boards.stirring(halls, day), streams)

    @get(
        f"{API}/halls/{{hall:str}}/alarms",
        operation_id="alarms",
        responses=answers(AlarmsNow),
        summary="The alarms of a hall's windows, for its staff",
        tags=["board"],
    )
    async def alarms(hall: FromPath[str], date: Day = None, after: After = 0) -> Response[bytes]:
        parts.catalogue.hall(hall)
        day = date or parts.today()
        shown = await parts.boards.board(hall, day, after=after, timeout=WAIT_S, staff=True)
        return Response(shown, media_type="application/json")

    return [events, boards_events, alarm_events, alarms]


def last_event(told: str | None) -> int | None:
    """The position a screen has come to; a word that is none means that it begins anew."""
    return int(told) if told is not None and told.isascii() and told.isdigit() and len(told) < 19 else None
