"""View documents in PostgreSQL: one table per projection, saved with its position, read with how old it is.

The position of each projection stands in the library's tracking table and moves in the transaction that saves its
documents, only forward: a second runner on the same projection fails there instead of counting twice.
"""

import asyncio
import base64
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import psycopg
from eventsourcing.persistence import IntegrityError
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg.rows import DictRow, TupleRow
from psycopg.sql import SQL, Composed, Identifier
from psycopg_pool import AsyncConnectionPool

from adapters import envelope
from adapters.conditions import asked, counted

SQL_TYPES: dict[type, str] = {str: "text", int: "bigint", bool: "boolean", datetime: "timestamptz"}

HEAD = SQL("coalesce((SELECT max(notification_id) FROM stored_events), 0)")
"""How far the log has come."""

BEGIN_TRACKING = """
    INSERT INTO notification_tracking
    SELECT name, 0 FROM unnest(%s::text[], %s::bigint[]) AS s(name, since) WHERE since = 0
    ON CONFLICT DO NOTHING"""

ADVANCE = """
    UPDATE notification_tracking AS t SET notification_id = s.position
    FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS s(name, since, position)
    WHERE t.application_name = s.name AND t.notification_id = s.since"""


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


class Save(NamedTuple):
    """What one projection has to save: documents by key (``None`` deletes) with the values of its facets.

    ``since`` is the position of the documents it folded on; ``position`` the one they have now come to.
    """

    name: str
    since: int
    position: int
    docs: Mapping[str, bytes | None]
    facets: Mapping[str, Mapping[str, Any]]


class Poison(NamedTuple):
    """An event that a projection could not fold. Its stream waits, for this projection, until it is rebuilt."""

    projection: str
    stream: str
    position: int
    error: str


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


def table(name: str) -> str:
    return f"view_{name}"


def facets_of(projection: ModuleType) -> dict[str, type]:
    """The columns by which a projection's documents are listed; empty if they are only read one by one."""
    return getattr(projection, "FACETS", {})


def indexes_of(projection: ModuleType) -> list[tuple[str, ...]]:
    """The facets by which a projection's documents are found fast: each one, and the rows of ``INDEXES``."""
    return [*((facet,) for facet in facets_of(projection)), *getattr(projection, "INDEXES", ())]


def create_view(projection: ModuleType, name: str) -> list[Composed]:
    """The statements that make a projection's table: a document per key, a column per facet, and its indexes.

    A facet that a table of before lacks is added, empty until the projection is rebuilt.
    """
    facets = facets_of(projection)
    columns = SQL("").join(
        SQL(", {} {}").format(Identifier(facet), SQL(SQL_TYPES[kind])) for facet, kind in facets.items()
    )
    statements = [
        SQL("CREATE TABLE IF NOT EXISTS {} (key text PRIMARY KEY, doc bytea NOT NULL{})").format(
            Identifier(table(name)), columns
        )
    ]
    statements += [
        SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
            Identifier(table(name)), Identifier(facet), SQL(SQL_TYPES[kind])
        )
        for facet, kind in facets.items()
    ]
    return statements + [
        SQL("CREATE INDEX IF NOT EXISTS {} ON {} ({}, key)").format(
            Identifier(_index(name, index)), Identifier(table(name)), SQL(", ").join(map(Identifier, index))
        )
        for index in indexes_of(projection)
    ]


def _index(name: str, facets: Sequence[str]) -> str:
    return "_".join((table(name), *facets))


class ViewsRecorder(PostgresTrackingRecorder):
    """The library's tracking recorder, saving view documents in the same transaction. Used by one runner."""

    def __init__(self, datastore: PostgresDatastore, projections: Iterable[ModuleType]) -> None:
        super().__init__(datastore)
        self.projections = {p.NAME: p for p in projections}
        for name, projection in self.projections.items():
            self.sql_create_statements += create_view(projection, name)
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS parked_streams (projection text, stream text, position bigint NOT NULL,"
                " error text NOT NULL, parked_at timestamptz NOT NULL DEFAULT now(),"
                " PRIMARY KEY (projection, stream))"
            ).format()
        )
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS view_generations (projection text PRIMARY KEY, generation bigint)"
            ).format()
        )

    def position(self, name: str) -> int:
        """How far a projection has come; 0 if it never ran."""
        return self.max_tracking_id(name) or 0

    def generation(self, name: str) -> int:
        """How often a projection has been rebuilt: a runner that held documents of an older one reads anew."""
        with self.datastore.get_connection() as connection:
            row = connection.execute(
                "SELECT generation FROM view_generations WHERE projection = %s", (name,)
            ).fetchone()
            return row["generation"] if row else 0

    def load(self, name: str, keys: Sequence[str]) -> dict[str, bytes]:
        """The documents that exist among some keys."""
        statement = SQL("SELECT key, doc FROM {} WHERE key = ANY(%s)").format(Identifier(table(name)))
        with self.datastore.get_connection() as connection:
            found = connection.execute(statement, (list(keys),), binary=True)
            return {row["key"]: bytes(row["doc"]) for row in found}

    def parked(self) -> set[tuple[str, str]]:
        """The streams that wait, as (projection, stream)."""
        with self.datastore.get_connection() as connection:
            found = connection.execute("SELECT projection, stream FROM parked_streams")
            return {(row["projection"], row["stream"]) for row in found}

    def save(
        self,
        saves: Sequence[Save],
        poisons: Sequence[Poison] = (),
        generations: Mapping[str, int] | None = None,
    ) -> None:
        """Save documents and positions of some projections in one transaction.

        Raises:
            IntegrityError: another runner has saved since, or a projection was rebuilt meanwhile.
        """
        with self.datastore.transaction(commit=True) as cursor:
            # What a crash takes of this, it takes with its position: it is folded anew.
            cursor.execute("SET LOCAL synchronous_commit = off")
            self._advance(cursor, saves)
            for save in saves:
                self._save_docs(cursor, save)
            for poison in poisons:
                cursor.execute(
                    "INSERT INTO parked_streams (projection, stream, position, error) VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    poison,
                )
            if generations:
                self._check_generations(cursor, generations)

    def _advance(self, cursor: psycopg.Cursor[DictRow], saves: Sequence[Save]) -> None:
        """That the position only grows is not enough: a runner that was given up may still save once, and whoever
        took over would fold on documents that are further than its position says."""
        columns = [
            list(column) for column in zip(*((s.name, s.since, s.position) for s in saves), strict=True)
        ]
        cursor.execute(BEGIN_TRACKING, columns[:2])
        cursor.execute(ADVANCE, columns)
        if cursor.rowcount != len(saves):
            raise IntegrityError("another runner has saved since")

    def begin_rebuild(self, projection: ModuleType) -> None:
        """Make an empty table beside the one that serves; what an earlier, unfinished rebuild left is dropped."""
        name = f"{projection.NAME}_next"
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(SQL("DROP TABLE IF EXISTS {}").format(Identifier(table(name))))
            cursor.execute("DELETE FROM notification_tracking WHERE application_name = %s", (name,))
            cursor.execute("DELETE FROM parked_streams WHERE projection = %s", (name,))
            for statement in create_view(projection, name):
                cursor.execute(statement)

    def switch(self, projection: ModuleType, reached: int, touched: Sequence[tuple[int, str]]) -> int | None:
        """Put the rebuilt table in the place of the one that serves, in one transaction.

        Args:
            reached: the position of the rebuilt table.
            touched: the keys of the last events it folded, with their positions: where the serving table has
                not folded these yet, a difference means nothing.

        Returns:
            How many documents differed; ``None`` if the serving table is ahead, and nothing was switched.
        """
        served, rebuilt = projection.NAME, f"{projection.NAME}_next"
        old, new = Identifier(table(served)), Identifier(table(rebuilt))
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("LOCK TABLE notification_tracking IN EXCLUSIVE MODE")
            position = self._max_tracking_id(served, cursor) or 0
            if position > reached:
                return None
            unsettled = [key for at, key in touched if at > position]
            cursor.execute(
                SQL(
                    "SELECT count(*) AS differing FROM {} AS a FULL JOIN {} AS b USING (key)"
                    " WHERE a.doc IS DISTINCT FROM b.doc AND NOT key = ANY(%s)"
                ).format(old, new),
                (unsettled,),
            )
            row = cursor.fetchone()
            cursor.execute(SQL("DROP TABLE {}").format(old))
            cursor.execute(SQL("ALTER TABLE {} RENAME TO {}").format(new, old))
            for index in indexes_of(projection):
                cursor.execute(
                    SQL("ALTER INDEX {} RENAME TO {}").format(
                        Identifier(_index(rebuilt, index)), Identifier(_index(served, index))
                    )
                )
            cursor.execute("DELETE FROM notification_tracking WHERE application_name = %s", (rebuilt,))
            cursor.execute(
                "INSERT INTO notification_tracking VALUES (%s, %s)"
                " ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id",
                (served, reached),
            )
            cursor.execute("DELETE FROM parked_streams WHERE projection = %s", (served,))
            cursor.execute(
                "UPDATE parked_streams SET projection = %s WHERE projection = %s", (served, rebuilt)
            )
            cursor.execute(
                "INSERT INTO view_generations VALUES (%s, 1) ON CONFLICT (projection)"
                " DO UPDATE SET generation = view_generations.generation + 1",
                (served,),
            )
            return int(row["differing"]) if row else 0

    def _check_generations(self, cursor: psycopg.Cursor[DictRow], expected: Mapping[str, int]) -> None:
        cursor.execute("SELECT projection, generation FROM view_generations")
        now = {row["projection"]: row["generation"] for row in cursor.fetchall()}
        for name, generation in expected.items():
            if now.get(name, 0) != generation:
                raise IntegrityError(f"{name} was rebuilt meanwhile")

    def _save_docs(self, cursor: psycopg.Cursor[DictRow], save: Save) -> None:
        gone = [key for key, doc in save.docs.items() if doc is None]
        kept = [key for key, doc in save.docs.items() if doc is not None]
        target = Identifier(table(save.name))
        if gone:
            cursor.execute(SQL("DELETE FROM {} WHERE key = ANY(%b)").format(target), (gone,))
        if kept:
            projection = self.projections[save.name.removesuffix("_next")]
            facets = facets_of(projection)
            names = ["key", "doc", *facets]
            kinds = ["text", "bytea", *(SQL_TYPES[kind] for kind in facets.values())]
            statement = SQL(
                "INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT (key) DO UPDATE SET {}"
            ).format(
                target,
                SQL(", ").join(map(Identifier, names)),
                SQL(", ").join(SQL("%b::{}[]").format(SQL(kind)) for kind in kinds),
                SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in names[1:]),
            )
            columns: list[list[Any]] = [kept, [save.docs[key] for key in kept]]
            columns += [[save.facets[key].get(facet) for key in kept] for facet in facets]
            cursor.execute(statement, columns, prepare=True)


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


async def lags(pool: AsyncConnectionPool[Any], names: Sequence[str]) -> dict[str, int]:
    """How many positions each projection is behind the log."""
    async with pool.connection() as connection:
        found = await connection.execute(
            SQL(
                "SELECT n.name, {} - coalesce(t.notification_id, 0) FROM unnest(%s::text[]) AS n(name)"
                " LEFT JOIN notification_tracking AS t ON t.application_name = n.name"
            ).format(HEAD),
            (list(names),),
        )
        return {name: max(lag, 0) for name, lag in await found.fetchall()}
