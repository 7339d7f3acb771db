"""Reading the log for those who may: a page after a position, of everything or of one stream; and the past."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple

from msgspec.json import encode
from psycopg.sql import SQL, Composed, Literal
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
""",
    "case": """
    SELECT DISTINCT originator_id FROM stored_events
    WHERE originator_id LIKE 'case-%%' AND notification_id > %b
""",
}
"""By category the streams that something was appended to behind a position; ``CREATE_INDEX`` knows them apart."""

CREATE_INDEX: LiteralString = """
    CREATE INDEX IF NOT EXISTS stored_events_reviews ON stored_events (notification_id)
    WHERE originator_id LIKE 'review-%';
    CREATE INDEX IF NOT EXISTS stored_events_cases ON stored_events (notification_id)
    WHERE originator_id LIKE 'case-%'
"""
"""So that what has become of reviews and cases since is found without reading all that has happened in the halls."""

SELECT_AT: LiteralString = """
    SELECT notification_id, state FROM stored_events
    WHERE notification_id <= %b ORDER BY notification_id DESC LIMIT 1
"""

SELECT_FIRST: LiteralString = "SELECT state FROM stored_events ORDER BY notification_id LIMIT 1"

SELECT_LAST: LiteralString = "SELECT coalesce(max(notification_id), 0) FROM stored_events"


AT_THE_WINDOW = ("ticket-called", "ticket-recalled", "service-started", "service-finished", "ticket-missed")
"""What happens most often, is about a number and names nobody: it is in no index for auditors, and costs nothing."""

OFTEN = (*AT_THE_WINDOW, "ticket-issued")
"""What is so frequent that a search by tag finds enough of it by going through the log: no index by tag holds it."""


def _none_of(tags: Iterable[str]) -> Composed:
    return SQL("topic <> ALL (ARRAY[{}])").format(SQL(", ").join(map(Literal, tags)))


APART, SELDOM = _none_of(AT_THE_WINDOW), _none_of(OFTEN)

NAMING = SQL("(starts_with(originator_id, 'citizen-') OR {})").format(
    SQL(" OR ").join(
        SQL("position({} IN state) > 0").format(Literal(found))
        for found in (b'"person":"', b'"applicant":"', b'"holder":"', b'"by":"citizen:')
    )
)
"""What may name a citizen, seen at a tenth of the price of looking for the key: most tickets name nobody."""

CREATE_PEOPLE_INDEXES = SQL(
    """
    DROP INDEX IF EXISTS stored_events_people;
    DROP INDEX IF EXISTS stored_events_topics;
    CREATE OR REPLACE FUNCTION people_in(stream text, state bytea) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT coalesce(array_agg(found[1]), ARRAY[]::text[]) FROM regexp_matches(
            stream || ' ' || convert_from(state, 'UTF8'),
            '(?:^citizen-|"(?:person|applicant|holder)":"|"by":"citizen:)([A-Za-z0-9_-]+)', 'g'
        ) AS found
    $$;
    CREATE INDEX IF NOT EXISTS stored_events_citizens ON stored_events
        USING gin (people_in(originator_id, state)) WHERE {apart} AND {naming};
    CREATE INDEX IF NOT EXISTS stored_events_tags ON stored_events (topic, notification_id) WHERE {seldom}
    """
).format(apart=APART, naming=NAMING, seldom=SELDOM)
"""Whom an event is about and who asked for it, if they are citizens: by their keys, which are all the log has."""


class Search(NamedTuple):
    """Which events are wanted: those behind ``after`` up to ``until``, oldest or ``newest`` first.

    ``person`` is a citizen's key: the events about them, and what they asked for themselves.
    """

    after: int
    until: int
    newest: bool
    stream: str | None = None
    tag: str | None = None
    by: str | None = None
    person: str | None = None


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

    async def search(self, wanted: Search, limit: int) -> list[Recorded]:
        """The events that are wanted, at most so many."""
        conditions: list[SQL | Composed] = [SQL("notification_id > %s AND notification_id <= %s")]
        values: list[Any] = [wanted.after, wanted.until]
        if wanted.stream is not None:
            conditions.append(SQL("originator_id = %s"))
            values.append(wanted.stream)
        if wanted.tag is not None:
            conditions.append(SQL("topic = %s"))
            values.append(wanted.tag)
        if wanted.person is not None:
            conditions += [SQL("people_in(originator_id, state) @> ARRAY[%s]"), NAMING, APART]
            values.append(wanted.person)
        if wanted.by is not None:
            conditions.append(SQL("position(%s::bytea IN state) > 0"))
            values.append(b'"by":' + encode(wanted.by))
        if wanted.tag is not None and wanted.tag not in OFTEN:
            conditions.append(SELDOM)
        statement = SQL(
            "SELECT originator_id, originator_version, notification_id, topic, state FROM stored_events"
            " WHERE {} ORDER BY notification_id {} LIMIT %s"
        ).format(SQL(" AND ").join(conditions), SQL("DESC" if wanted.newest else "ASC"))
        async with self._pool.connection() as connection:
            found = await connection.execute(statement, [*values, limit])
            return [
                envelope.read(row[0], row[1], row[2], row[3], bytes(row[4])) for row in await found.fetchall()
            ]

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
