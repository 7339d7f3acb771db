"""How far each webhook has come, and how it goes. No events: each would be one more to deliver.

A position is moved only from where its mover found it. Of two processes that deliver the same webhook for a moment one
is refused, and learns that it is not alone; none sends a position backwards.
"""

from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from adapters.catalogue import Placed

CREATE = """
CREATE TABLE IF NOT EXISTS webhook_progress (
    webhook       text PRIMARY KEY,
    told_at       bigint NOT NULL,
    position      bigint NOT NULL,
    failures      integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    retry_at      timestamptz,
    error         text,
    delivered_at  timestamptz
)
"""

PLACE: LiteralString = """
    INSERT INTO webhook_progress AS w (webhook, told_at, position) VALUES (%s, %s, coalesce(%s, 0))
    ON CONFLICT (webhook) DO UPDATE SET told_at = excluded.told_at, position = coalesce(%s, w.position),
        failures = 0, failing_since = NULL, retry_at = NULL, error = NULL
    WHERE w.told_at < excluded.told_at"""

ADVANCE: LiteralString = """
    UPDATE webhook_progress SET position = %s, failures = 0, failing_since = NULL, retry_at = NULL, error = NULL,
        delivered_at = coalesce(%s, delivered_at)
    WHERE webhook = %s AND told_at = %s AND position = %s"""

FAIL: LiteralString = """
    UPDATE webhook_progress SET failures = failures + 1, failing_since = coalesce(failing_since, %s),
        retry_at = %s, error = %s
    WHERE webhook = %s AND told_at = %s AND position = %s AND failures = %s"""


class Standing(NamedTuple):
    """A webhook has been delivered up to ``position``. ``failures`` are of the event behind it."""

    webhook: str
    told_at: int
    position: int
    failures: int
    failing_since: datetime | None
    retry_at: datetime | None
    error: str | None
    delivered_at: datetime | None


class Progress:
    """The table, for the worker that moves it and the administrators who look at it."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def create_table(self) -> None:
        """Once, at migration."""
        async with self._pool.connection() as connection:
            await connection.execute(CREATE)

    async def all(self) -> dict[str, Standing]:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Standing)) as cursor,
        ):
            await cursor.execute(
                "SELECT webhook, told_at, position, failures, failing_since, retry_at, error, delivered_at"
                " FROM webhook_progress"
            )
            return {one.webhook: one for one in await cursor.fetchall()}

    async def place(self, webhook: str, placed: Placed) -> None:
        """Go on where an event told it to; nothing if it has been told since."""
        await self._changed(PLACE, webhook, placed.told_at, placed.after, placed.after)

    async def advance(self, of: Standing, position: int, delivered_at: datetime | None) -> bool:
        """Everything up to a position was delivered or is not wanted; whether it still stood where it was found."""
        return await self._changed(ADVANCE, position, delivered_at, of.webhook, of.told_at, of.position)

    async def fail(self, of: Standing, now: datetime, retry_at: datetime, error: str) -> bool:
        """The event behind its position was not taken; whether it still stood where it was found."""
        return await self._changed(
            FAIL, now, retry_at, error, of.webhook, of.told_at, of.position, of.failures
        )

    async def _changed(self, statement: LiteralString, *values: Any) -> bool:
        async with self._pool.connection() as connection:
            return (await connection.execute(statement, values)).rowcount == 1
