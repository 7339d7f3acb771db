"""What time alone brings about, recorded by one process at a time: whoever holds the duty looks at the clock."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

import structlog
from eventsourcing.persistence import PersistenceError

from adapters.loop import Receipt, StoreUnavailable
from adapters.views import Page, ViewBehind
from domain.handling import Act, Held
from domain.message import Refused, Stamp

log = structlog.get_logger()

T = TypeVar("T")

Submit = Callable[[Act, Stamp], Awaitable[Any]]

AWAY = (PersistenceError, StoreUnavailable, ViewBehind, OSError)
"""What passes by itself: it is waited for, and everything asked again."""


class Lists(Protocol):
    """Where view documents are listed."""

    async def find(
        self, name: str, where: dict[str, Any], order: str = ..., limit: int = ..., cursor: str | None = ...
    ) -> Page: ...
    async def wait(self, name: str, after: int, timeout: float = ...) -> None: ...


class Loop(Protocol):
    """The command loop, as far as clocks know it."""

    async def submit(self, act: Act, stamp: Stamp) -> Receipt: ...
    async def peek(self, stream: str, read: Callable[[Held], T]) -> T: ...


class Duty(Protocol):
    """What only one process may do: whoever gets an answer holds it."""

    async def head(self) -> int: ...


async def attempt(
    asked: Awaitable[T],
    what: str,
    *,
    usual: bool = False,
    waits: tuple[type[Exception], ...] = AWAY,
    **facts: str,
) -> T | None:
    """The receipt of what the program itself asks; ``None`` if it was refused, or could not be decided. What is wrong
    with one stream is told in the log, and holds up the policies and deadlines of no other.

    Args:
        usual: whether a refusal only means that somebody was faster.
        waits: what is raised, for then all of it is to be asked again.
    """
    try:
        return await asked
    except Refused as refused:
        (log.info if usual else log.warning)(f"{what}-refused", code=refused.code, **facts)
    except waits:
        raise
    except Exception:
        log.exception(f"{what}-failed", **facts)
    return None


async def keep_time(
    fire: Callable[[], Awaitable[int]], duty: Duty, lists: Lists, views: Sequence[str], every_s: float
) -> None:
    """Record what time alone brings about, every so many seconds while the duty is ours, until cancelled.

    Args:
        fire: records what is due and answers the last position, 0 if nothing was; then it is asked again at once.
        views: what ``fire`` looks in: they have taken in what it did before it looks again.
    """
    while True:
        try:
            await duty.head()
            if last := await fire():
                for name in views:
                    await lists.wait(name, last)
                continue
        except AWAY as error:
            log.warning("clock-waiting", views=list(views), error=str(error))
        await asyncio.sleep(every_s)
