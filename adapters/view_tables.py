"""The tables of the views: one a projection, saved with its position, rebuilt beside the one that serves.

The position of each projection stands in the library's tracking table and moves in the transaction that saves its
documents, only forward: a second runner on the same projection fails there instead of counting twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any, NamedTuple

import psycopg
from eventsourcing.persistence import IntegrityError
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composed, Identifier

SQL_TYPES: dict[type, str] = {str: "text", int: "bigint", bool: "boolean", datetime: "timestamptz"}

BEGIN_TRACKING = """
    INSERT INTO notification_tracking
    SELECT name, 0 FROM unnest(%s::text[], %s::bigint[]) AS s(name, since) WHERE since = 0
    ON CONFLICT DO NOTHING"""

ADVANCE = """
    UPDATE notification_tracking AS t SET notification_id = s.position
    FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS s(name, since, position)
    WHERE t.application_name = s.name AND t.notification_id = s.since"""


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
