"""Delivers webhooks: each follows the log at its own pace, one event after the other, and waits where it is not heard.

Delivery is at least once and in order: the position moves when an event was taken, and nothing behind it is sent
before. After a crash the last one may be sent again, under the same id. Each webhook waits for its own receiver only.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from adapters import envelope, store
from adapters.catalogue import Catalogue
from adapters.cloudevents import hall_of, structured
from adapters.loop import StoreUnavailable
from adapters.store import Row
from adapters.webhooks.calling import Call, NotTaken
from adapters.webhooks.progress import Progress, Standing
from adapters.webhooks.signing import Secrets, message_id
from domain.handling import Act, Ask
from domain.message import Stamp, category
from domain.notice import PAUSES
from domain.webhook import SuspendWebhook, Suspension, WebhookRegistered, stream

log = structlog.get_logger()

PAGE = 200
FAILS_FOR = timedelta(days=3)
"""How long a webhook may fail before it is suspended (ours, no rule)."""
WAITS_MAX = timedelta(days=1)

Submit = Callable[[Act, Stamp], Awaitable[Any]]


class Duty(Protocol):
    """What only one process does; ``head`` answers whoever has it with the log's last position."""

    async def head(self) -> int: ...


class Webhooks:
    """``run`` until cancelled. Should two processes deliver for a moment, the one that comes second with a position
    stops (``Progress``)."""

    def __init__(
        self,
        duty: Duty,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        progress: Progress,
        catalogue: Catalogue,
        secrets: Secrets,
        call: Call,
        submit: Submit,
        clock: Callable[[], datetime],
        every_s: float = 0.5,
    ) -> None:
        self._duty = duty
        self._pool = pool
        self._progress = progress
        self._catalogue = catalogue
        self._secrets = secrets
        self._call = call
        self._submit = submit
        self._clock = clock
        self._every_s = every_s
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        try:
            while True:
                head = await self._duty.head()
                try:
                    await self.begin(head)
                except (psycopg.OperationalError, PoolTimeout, OSError) as error:
                    log.warning("webhooks-waiting", error=str(error))
                await asyncio.sleep(self._every_s)
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def begin(self, head: int) -> None:
        """Begin with every webhook that has something to deliver and is not at it."""
        standings = await self._progress.all()
        for name, hook in self._catalogue.webhooks.items():
            if hook.status != "active" or name in self._busy:
                continue
            placed, at = self._catalogue.placed[name], standings.get(name)
            if at is None or at.told_at < placed.told_at:
                await self._progress.place(name, placed)
            elif at.position < head and (at.retry_at is None or at.retry_at <= self._clock()):
                task = self._busy[name] = asyncio.create_task(self._guarded(at))
                task.add_done_callback(lambda _, name=name: self._busy.pop(name))  # type: ignore[misc]

    async def idle(self) -> None:
        """Wait until everything that was begun has come to its end."""
        await asyncio.gather(*self._busy.values())

    async def _guarded(self, at: Standing) -> None:
        try:
            await self._deliver(at)
        except (psycopg.OperationalError, PoolTimeout, StoreUnavailable, OSError) as error:
            log.warning("webhook-waiting", webhook=at.webhook, error=str(error))
        except Exception:
            # What is wrong with one webhook keeps no other from being delivered.
            log.exception("webhook-broken", webhook=at.webhook)

    async def _deliver(self, at: Standing) -> None:
        """Everything there is, until something is not taken or the webhook is told otherwise."""
        while rows := await self._page(at.position):
            for row in rows:
                if (registered := self._active(at)) is None:
                    return
                sealed = envelope.read_sealed(row.state)
                if not wanted(registered, row, hall_of(row.stream, sealed.stamp)):
                    continue
                try:
                    await self._send(at.webhook, registered.url, row, sealed)
                except NotTaken as not_taken:
                    await self._failed(at, not_taken)
                    return
                if not await self._progress.advance(at, row.position, self._clock()):
                    return
                at = at._replace(position=row.position, failures=0, failing_since=None)
            # What is not wanted is passed over without a word.
            last = rows[-1].position
            if last > at.position:
                if not await self._progress.advance(at, last, None):
                    return
                at = at._replace(position=last, failures=0, failing_since=None)

    def _active(self, at: Standing) -> WebhookRegistered | None:
        """What is asked for; nothing if the webhook was suspended, removed or placed elsewhere meanwhile."""
        hook, placed = self._catalogue.webhooks[at.webhook], self._catalogue.placed[at.webhook]
        return hook.registered if hook.status == "active" and placed.told_at == at.told_at else None

    async def _page(self, after: int) -> list[Row]:
        async with self._pool.connection() as connection:
            return await store.select_page(connection, after, PAGE)

    async def _send(self, name: str, url: str, row: Row, sealed: envelope.Sealed) -> None:
        event = structured(
            row.stream,
            row.version,
            row.position,
            row.topic,
            sealed.stamp,
            sealed.id,
            msgspec.Raw(sealed.event),
        )
        body = msgspec.json.encode(event)
        headers = self._secrets.headers(
            name,
            self._catalogue.webhooks[name],
            message_id(row, sealed.id),
            body.decode(),
            self._clock(),
        )
        await self._call(url, headers, body)

    async def _failed(self, at: Standing, why: NotTaken) -> None:
        now = self._clock()
        pause = max(PAUSES[min(at.failures, len(PAUSES) - 1)], timedelta(seconds=why.wait_s))
        if not await self._progress.fail(at, now, now + min(pause, WAITS_MAX), str(why)):
            return
        log.warning("webhook-not-taken", webhook=at.webhook, failures=at.failures + 1, why=str(why))
        since = at.failing_since or now
        if why.gone or now - since >= FAILS_FOR:
            await self._suspend(at, "gone" if why.gone else "failing", str(why), now)

    async def _suspend(self, at: Standing, cause: Suspension, reason: str, now: datetime) -> None:
        stamp = Stamp(
            at=now,
            by="clock:webhooks",
            command=f"webhook:{at.webhook}:{at.told_at}:{at.position}",
        )
        await self._submit(Act((Ask(stream(at.webhook), SuspendWebhook(cause, reason)),)), stamp)
        await self._catalogue.refresh()


def wanted(registered: WebhookRegistered, row: Row, hall: str) -> bool:
    """Whether a webhook asks for an event."""
    return (
        category(row.stream) in registered.subjects
        and (not registered.events or row.topic in registered.events)
        and registered.hall in (None, hall)
    )
