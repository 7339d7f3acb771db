"""Reading the log for those who may: a page after a position, of everything or of one stream."""

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
