"""Server-sent events at a reader's own pace: the newest at each change, a sign of life in between, an end in time."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime

import msgspec

BEAT_S = 1.5
"""The longest silence towards a reader. One that hears nothing for longer says that its data may be old, so the sign
of life is an event: a comment alone keeps proxies awake, but no browser tells a page of it."""

AGE_S = (900.0, 1800.0)
"""A subscription ends by itself after a time drawn from here: the reader comes back, to today and perhaps to another
process, and not all readers at once."""

RETRY = b"retry: 1000\n"
"""Tells the reader to come back within a second, before it has to say that its data may be old."""

_encode = msgspec.json.Encoder().encode


class _Beat(msgspec.Struct):
    as_of: datetime | None
    stale: bool
    now: datetime


def beat(as_of: datetime | None, stale: bool) -> bytes:
    """Nothing changed, and so late it is here."""
    return b": beat\nevent: beat\ndata: %b\n\n" % _encode(_Beat(as_of, stale, datetime.now(UTC)))


def message(event: str, position: int, data: bytes) -> bytes:
    """An event whose id is a position."""
    return b"event: %b\nid: %d\ndata: %b\n\n" % (event.encode(), position, data)


async def paced(
    changed: asyncio.Event, frame: Callable[[], bytes], alive: Callable[[], bytes]
) -> AsyncGenerator[bytes, None]:
    """What a reader is sent, from now on until the subscription has its age.

    Every message is whole and the newest wins: a reader that reads slowly holds back one wake-up, no messages.

    Args:
        changed: set by whoever knows that there is something new.
        frame: the newest message, asked for at the beginning and after each change.
        alive: a sign of life, asked for when there was nothing for ``BEAT_S``.
    """
    changed.clear()
    yield RETRY + frame()
    ends_at = time.monotonic() + random.uniform(*AGE_S)  # noqa: S311 (spreads load, keeps no secret)
    while (left := ends_at - time.monotonic()) > 0:
        try:
            async with asyncio.timeout(min(left, BEAT_S)):
                await changed.wait()
        except TimeoutError:
            yield alive()
        else:
            changed.clear()
            yield frame()
