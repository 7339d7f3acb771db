"""Reading the log for those who may: a page after a position, of everything or of one stream; and the past."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

from psycopg_pool import AsyncConnectionPool

from adapters import envelope
from adapters.store import SELECT_PAGE
from domain.message import Recorded

SELECT_STREAM_PAGE: LiteralString = """
    SELECT originator_id, originator_version, notification_id, topic, state
    FROM stored_events WHERE originator_id = %b AND notification_id > %b
    ORDER BY originator_version LIMIT %b
"""

SELECT_STREAM_UNTIL: LiteralString = """
    SELECT originator_id, originator_version, notification_id, topic, state
    FROM stored_events WHERE originator_id = %b AND notification_id <= %b
    ORDER BY originator_version
"""

SELECT_TOPICS_UNTIL: LiteralString = """
    SELECT originator_id, originator_version, notification_id, topic, state
    FROM stored_events WHERE topic = ANY(%b) AND notification_id > %b AND notification_id <= %b
    ORDER BY notification_id
"""

SELECT_STREAMS_UNTIL: LiteralString = """
    SELECT originator_id, originator_version, notification_id, topic, state
    FROM stored_events WHERE originator_id = ANY(%b) AND notification_id <= %b
    ORDER BY notification_id
"""

SELECT_TOUCHED: dict[str, LiteralString] = {
    "review": """
    SELECT DISTINCT originator_id FROM stored_events
    WHERE originator_id LIKE 'review-%%' AND notification_id > %b
"""
}
"""By category the streams that something was appended to behind a position; ``CREATE_INDEX`` knows them apart."""

CREATE_INDEX: LiteralString = """
    CREATE INDEX IF NOT EXISTS stored_events_reviews ON stored_events (notification_id)
    WHERE originator_id LIKE 'review-%'
"""
"""So that what has become of reviews since is found without reading all that has happened in the halls."""

SELECT_AT: LiteralString = """
    SELECT notification_id, state FROM stored_events
    WHERE notification_id <= %b ORDER BY notification_id DESC LIMIT 1
"""

SELECT_FIRST: LiteralString = "SELECT state FROM stored_events ORDER BY notification_id LIMIT 1"

SELECT_LAST: LiteralString = "SELECT coalesce(max(notification_id), 0) FROM stored_events"


class LogReader:
    """``await log(after, limit, stream)``: events in order. Raises ``UnreadableEvent`` for one of newer code."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool

    async def __call__(self, after: int, limit: int, stream: str | None = None) -> list[Recorded]:
        async with self._pool.connection() as connection:
            if stream is None:
                found = await connection.execute(SELECT_PAGE, (after, limit), binary=True)
            else:
                found = await connection.execute(SELECT_STREAM_PAGE, (stream, after, limit), binary=True)
            return [envelope.read(*row) for row in await found.fetchall()]

    async def until(
        self, position: int, *, stream: str | None = None, topics: Sequence[str] = (), after: int = 0
    ) -> list[Recorded]:
        """Everything up to a position of one stream, or of some topics of all behind another position."""
        async with self._pool.connection() as connection:
            if stream is not None:
                found = await connection.execute(SELECT_STREAM_UNTIL, (stream, position), binary=True)
            else:
                found = await connection.execute(
                    SELECT_TOPICS_UNTIL, (list(topics), after, position), binary=True
                )
            return [envelope.read(*row) for row in await found.fetchall()]

    async def touched(self, category: str, after: int) -> list[str]:
        """The streams of a category that something was appended to behind a position."""
        async with self._pool.connection() as connection:
            found = await connection.execute(SELECT_TOUCHED[category], (after,), binary=True)
            return [row[0] for row in await found.fetchall()]

    async def streams(self, names: Sequence[str], until: int) -> list[Recorded]:
        """Everything of some streams up to a position, in the order of the log."""
        async with self._pool.connection() as connection:
            found = await connection.execute(SELECT_STREAMS_UNTIL, (list(names), until), binary=True)
            return [envelope.read(*row) for row in await found.fetchall()]

    async def begun(self) -> datetime | None:
        """When the first event was recorded; ``None`` while there is none."""
        async with self._pool.connection() as connection:
            found = await connection.execute(SELECT_FIRST, binary=True)
            row = await found.fetchone()
        if row is None:
            return None
        stamp = envelope.read_sealed(row[0]).stamp
        return stamp.recorded_at or stamp.at

    async def moment(self, position: int) -> tuple[int, datetime]:
        """The position of the last event up to here, and when it was recorded."""
        async with self._pool.connection() as connection:
            return await _at(connection, position)

    async def position_at(self, moment: datetime) -> int:
        """The position of the last event that was recorded up to a moment: positions follow the clock, so it is
        found by halving."""
        async with self._pool.connection() as connection:
            found = await connection.execute(SELECT_LAST, binary=True)
            row = await found.fetchone()
            low, high = 0, int(row[0]) if row else 0
            while low < high:
                middle = (low + high + 1) // 2
                position, recorded = await _at(connection, middle)
                if recorded <= moment:
                    low = middle
                else:
                    high = max(position - 1, 0)
            return (await _at(connection, low))[0]


async def _at(connection: Any, position: int) -> tuple[int, datetime]:
    found = await connection.execute(SELECT_AT, (position,), binary=True)
    row = await found.fetchone()
    if row is None:
        return 0, datetime.min.replace(tzinfo=UTC)
    stamp = envelope.read_sealed(row[1]).stamp
    return row[0], stamp.recorded_at or stamp.at
