"""What the views hold, read by the serving processes: documents and lists, each with how old it is."""

import asyncio
import base64
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composed, Identifier
from psycopg_pool import AsyncConnectionPool

from adapters import envelope
from adapters.conditions import asked, counted
from adapters.view_tables import SQL_TYPES, table

HEAD = SQL("coalesce((SELECT max(notification_id) FROM stored_events), 0)")
"""How far the log has come."""


class Document(NamedTuple):
    """A view document as it was saved: JSON, the position its projection has reached, and until when that is true."""

    doc: bytes
    position: int
    as_of: datetime


class Page(NamedTuple):
    """Some documents of a list, and the cursor that asks for those after them."""

    docs: list[bytes]
    cursor: str | None
    position: int
    as_of: datetime


class Instead(NamedTuple):
    """Documents that a list shows in the place of its own: by key the document and its value of what the list is
    ordered by, which is of ``kind``; ``None`` where there is none to show."""

    kind: type
    docs: Mapping[str, tuple[bytes, Any] | None]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a view has come in a log of so many positions. ``rebuilt`` is how far the one has that will take its
    place, if one is being built; ``parked`` streams wait because an event of theirs could not be folded."""

    view: str
    position: int
    lag_events: int
    parked: int
    rebuilt: int | None


class ViewBehind(Exception):
    """The view has not passed the position that was asked for in time. Safe to ask again."""


class BadCursor(Exception):
    """The cursor was not made by this list."""


class Views:
    """What serving processes read: documents and lists, each with its position and until when it is true."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]) -> None:
        self._pool = pool

    async def get(self, name: str, key: str) -> Document | None:
        """One document; ``None`` if there is none by that key."""
        statement = SQL(
            "SELECT v.doc, coalesce(t.notification_id, 0), {}"
            " FROM {} AS v LEFT JOIN notification_tracking AS t ON t.application_name = %s WHERE v.key = %s"
        ).format(HEAD, Identifier(table(name)))
        async with self._pool.connection() as connection:
            found = await connection.execute(statement, (name, key), binary=True)
            row = await found.fetchone()
            if row is None:
                return None
            doc, position, head = row
            return Document(doc, position, await self._as_of(connection, position, head))

    async def find(
        self,
        name: str,
        where: Mapping[str, Any] | None = None,
        order: str = "key",
        limit: int = 50,
        cursor: str | None = None,
        instead: Instead | None = None,
    ) -> Page:
        """Some documents of a projection, filtered by facets and ordered by one of them.

        Args:
            where: facet → value, or facet → (comparison, value) with ``=``, ``<``, ``<=``, ``>=``, or several of
                these in a list.
            cursor: from the page before.
            instead: what stands in the place of some documents; it is not filtered.

        Raises:
            BadCursor: the cursor belongs to no list of this kind.
        """
        conditions, values = asked(where or {})
        if instead:
            conditions.append(SQL("NOT key = ANY(%s)"))
            values.append([*instead.docs])
        behind, place = _behind(order, cursor)
        statement = SQL("SELECT key, doc, {0} FROM {1} WHERE {2} AND {3} ORDER BY {0}, key LIMIT %s").format(
            Identifier(order), Identifier(table(name)), SQL(" AND ").join(conditions), behind
        )
        values += [*place, limit + 1]
        if instead:
            statement, given = _with_instead(statement, order, instead, behind)
            values += [*given, *place, limit + 1]
        async with self._pool.connection() as connection:
            position, head = await self._positions(connection, name)
            try:
                found = await connection.execute(statement, values)
            except (psycopg.DataError, psycopg.errors.UndefinedFunction) as error:
                if cursor is None:
                    raise
                # Its value is of another kind than what this list is ordered by.
                raise BadCursor(cursor) from error
            rows = await found.fetchall()
            more = rows[limit - 1] if len(rows) > limit else None
            return Page(
                [bytes(row[1]) for row in rows[:limit]],
                _encode_cursor(more[2], more[0]) if more else None,
                position,
                await self._as_of(connection, position, head),
            )

    async def tally(
        self,
        name: str,
        where: Mapping[str, Any],
        by: Sequence[str],
        of: Sequence[Mapping[str, Any]],
    ) -> list[tuple[Any, ...]]:
        """How many documents there are, by some facets and of what: see ``counted``."""
        statement, values = counted(Identifier(table(name)), where, by, of)
        async with self._pool.connection() as connection:
            found = await connection.execute(statement, values)
            return await found.fetchall()

    async def known(self, name: str, keys: Sequence[str]) -> list[str]:
        """Those among some keys that a document has."""
        statement = SQL("SELECT key FROM {} WHERE key = ANY(%s)").format(Identifier(table(name)))
        async with self._pool.connection() as connection:
            found = await connection.execute(statement, (list(keys),))
            return [row[0] for row in await found.fetchall()]

    async def position(self, name: str) -> tuple[int, datetime]:
        """How far a projection has come, and until when what it holds is true."""
        async with self._pool.connection() as connection:
            position, head = await self._positions(connection, name)
            return position, await self._as_of(connection, position, head)

    async def wait(self, name: str, after: int, timeout: float = 5.0) -> None:
        """Wait until a projection has passed a position.

        Raises:
            ViewBehind: it has not within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        pause = 0.002
        while (position := (await self.position(name))[0]) < after:
            if time.monotonic() > deadline:
                raise ViewBehind(f"{name} is at {position}, not yet at {after}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.1)

    async def progress(self, names: Sequence[str]) -> tuple[list[Progress], int]:
        """How far each of some projections has come, and the log itself."""
        statement = SQL(
            "SELECT n.name, coalesce(t.notification_id, 0), r.notification_id, {},"
            " (SELECT count(*) FROM parked_streams AS p WHERE p.projection = n.name)"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS n(name, nth)"
            " LEFT JOIN notification_tracking AS t ON t.application_name = n.name"
            " LEFT JOIN notification_tracking AS r ON r.application_name = n.name || '_next' ORDER BY n.nth"
        ).format(HEAD)
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(statement, (list(names),))).fetchall()
        found = [
            Progress(view=name, position=at, lag_events=max(head - at, 0), parked=parked, rebuilt=rebuilt)
            for name, at, rebuilt, head, parked in rows
        ]
        return found, max((row[3] for row in rows), default=0)

    async def _positions(self, connection: psycopg.AsyncConnection[TupleRow], name: str) -> tuple[int, int]:
        found = await connection.execute(
            SQL(
                "SELECT coalesce((SELECT notification_id FROM notification_tracking"
                " WHERE application_name = %s), 0), {}"
            ).format(HEAD),
            (name,),
        )
        row = await found.fetchone()
        assert row is not None
        return row[0], row[1]

    async def _as_of(
        self, connection: psycopg.AsyncConnection[TupleRow], position: int, head: int
    ) -> datetime:
        """Now, if the view holds everything; else the moment of the first event that it lacks. Never later than now,
        whatever clock told that moment."""
        now = datetime.now(UTC)
        if position < head:
            found = await connection.execute(
                "SELECT state FROM stored_events WHERE notification_id > %s ORDER BY notification_id LIMIT 1",
                (position,),
            )
            if row := await found.fetchone():
                stamp = envelope.read_sealed(row[0]).stamp
                return min(stamp.recorded_at or stamp.at, now)
        return now


def _behind(order: str, cursor: str | None) -> tuple[Composed, list[Any]]:
    """The condition that a cursor's list goes on with. Those without a value come last, so a cursor among them looks
    for nothing but them."""
    if cursor is None:
        return SQL("true").format(), []
    value, key = _decode_cursor(cursor)
    beyond = "{0} IS NULL AND key > %s" if value is None else "(({0}, key) > (%s, %s) OR {0} IS NULL)"
    return SQL(beyond).format(Identifier(order)), [key] if value is None else [value, key]


def _with_instead(
    statement: Composed, order: str, instead: Instead, behind: Composed
) -> tuple[Composed, list[Any]]:
    """The list with some documents in the place of others; the database orders them all alike."""
    given = {key: one for key, one in instead.docs.items() if one is not None}
    whole = SQL(
        "SELECT * FROM ({}) AS kept UNION ALL SELECT * FROM"
        " unnest(%s::text[], %s::bytea[], %s::{}[]) AS given(key, doc, {}) WHERE {} ORDER BY {}, key LIMIT %s"
    ).format(statement, SQL(SQL_TYPES[instead.kind]), Identifier(order), behind, Identifier(order))
    return whole, [[*given], [doc for doc, _ in given.values()], [value for _, value in given.values()]]


def _encode_cursor(value: Any, key: str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([value, key])).decode()


def _decode_cursor(cursor: str) -> tuple[Any, str]:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=tuple[str | int | None, str])
    except (ValueError, msgspec.DecodeError) as error:
        raise BadCursor(cursor) from error
