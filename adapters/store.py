"""The log in PostgreSQL: the eventsourcing library's recorder with a batch append, and its tables.

Positions become visible in order, always: every append takes the library's table lock for its transaction, one
lock for a whole batch. The library's function path (``enable_db_functions``) leaves the lock out and a tailing
reader then skips events, so it is never used.
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import AsyncConnection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, TupleRow

LOCK_TIMEOUT_S = 3

REQUEST_KEYS: LiteralString = """
    CREATE TABLE IF NOT EXISTS request_keys (
        key text PRIMARY KEY,
        digest bytea NOT NULL,
        receipt bytea NOT NULL,
        stream text,
        version bigint
    )
"""
"""Idempotency keys, written with the events they brought about. ``stream`` and ``version`` name the last of these;
both are null when the command found everything already so. The key also stands in each event's envelope."""

INSERT_EVENTS: LiteralString = """
    WITH inserted AS (
        INSERT INTO stored_events (originator_id, originator_version, topic, state)
        SELECT * FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::bytea[])
        RETURNING notification_id
    )
    SELECT max(notification_id) AS last, count(*) AS rows FROM inserted
"""

APPEND_BATCH: LiteralString = """
    CREATE OR REPLACE FUNCTION append_batch(
        streams text[], versions bigint[], topics text[], states bytea[],
        keys text[], digests bytea[], receipts bytea[], key_streams text[], key_versions bigint[]
    ) RETURNS bigint LANGUAGE plpgsql SET lock_timeout = '3s' AS $$
    DECLARE
        last bigint := 0;
    BEGIN
        LOCK TABLE stored_events IN EXCLUSIVE MODE;
        NOTIFY stored_events;
        IF keys IS NOT NULL THEN
            INSERT INTO request_keys (key, digest, receipt, stream, version)
            SELECT * FROM unnest(keys, digests, receipts, key_streams, key_versions);
        END IF;
        IF streams IS NOT NULL THEN
            WITH inserted AS (
                INSERT INTO stored_events (originator_id, originator_version, topic, state)
                SELECT * FROM unnest(streams, versions, topics, states)
                RETURNING notification_id
            )
            SELECT max(notification_id) INTO last FROM inserted;
        END IF;
        RETURN last;
    END $$
"""
"""A batch in one question and one answer: PostgreSQL begins and commits around it by itself. The library has a function
of this kind without the lock; this one is another."""

SELECT_APPENDED: LiteralString = (
    "SELECT append_batch("
    "%b::text[], %b::bigint[], %b::text[], %b::bytea[], %b::text[], %b::bytea[], %b::bytea[], %b::text[], %b::bigint[])"
)

SELECT_KEYS: LiteralString = """
    SELECT k.key, k.digest, k.receipt, coalesce(e.notification_id, 0)
    FROM request_keys AS k
    LEFT JOIN stored_events AS e ON e.originator_id = k.stream AND e.originator_version = k.version
    WHERE k.key = ANY(%b)
"""

SELECT_SINCE: LiteralString = """
    SELECT e.* FROM unnest(%b::text[], %b::bigint[]) AS s(stream, version) CROSS JOIN LATERAL (
        SELECT originator_id, originator_version, notification_id, topic, state FROM stored_events
        WHERE originator_id = s.stream AND originator_version > s.version OFFSET 0
    ) AS e ORDER BY e.originator_id, e.originator_version
"""
"""``OFFSET 0`` keeps one look into the index per stream, whatever the planner believes of their lengths."""

SELECT_VERSIONS: LiteralString = """
    SELECT s.stream, v.newest FROM unnest(%b::text[]) AS s(stream) CROSS JOIN LATERAL (
        SELECT max(originator_version) AS newest FROM stored_events WHERE originator_id = s.stream
    ) AS v WHERE v.newest IS NOT NULL
"""

SELECT_EVENT: LiteralString = """
    SELECT originator_id, originator_version, notification_id, topic, state
    FROM stored_events WHERE originator_id = %b AND originator_version = %b
"""

SELECT_PAGE: LiteralString = """
    SELECT originator_id, originator_version, notification_id, topic, state
    FROM stored_events WHERE notification_id > %b
    ORDER BY notification_id LIMIT %b
"""


class Row(NamedTuple):
    """A stored event as the log gives it."""

    stream: str
    version: int
    position: int
    topic: str
    state: bytes


class KeyRow(NamedTuple):
    """An idempotency key with what was asked (a digest), what was answered and the last event it brought about."""

    key: str
    digest: bytes
    receipt: bytes
    stream: str | None
    version: int | None


class GroupCommitRecorder(PostgresApplicationRecorder):
    """The library's recorder, inserting any number of events of any number of streams in one statement."""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        # The function would append without the table lock: it is not even created.
        del self.sql_create_statements[self.create_insert_function_statement_index]

    def _insert_stored_events(
        self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **_: Any
    ) -> None:
        self._lock_table(curs)
        self._notify_channel(curs)
        curs.execute(
            INSERT_EVENTS,
            (
                [str(e.originator_id) for e in stored_events],
                [e.originator_version for e in stored_events],
                [e.topic for e in stored_events],
                [e.state for e in stored_events],
            ),
        )

    def _fetch_ids_after_insert_events(
        self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **_: Any
    ) -> Sequence[int]:
        row = curs.fetchone()
        if row is None or row["rows"] != len(stored_events):
            raise AssertionError(f"{len(stored_events)} events were sent, {row} came back")
        # Under the table lock nobody else draws from the sequence: a batch's positions are consecutive.
        return list(range(row["last"] - row["rows"] + 1, row["last"] + 1))


def datastore(database_url: str, *, pool_size: int = 2) -> PostgresDatastore:
    """The library's pool for a database given as a URL or as ``key=value`` pairs.

    What the library has no argument for (TLS, several hosts, keepalives) goes to the driver as it stands.
    """
    told = {name: str(value) for name, value in conninfo_to_dict(database_url).items() if value is not None}
    store = PostgresDatastore(
        dbname=told.pop("dbname", "postgres"),
        host=told.pop("host", ""),
        port=told.pop("port", ""),
        user=told.pop("user", ""),
        password=told.pop("password", ""),
        pool_size=pool_size,
        max_overflow=2,
        lock_timeout=LOCK_TIMEOUT_S,
        originator_id_type="text",
    )
    assert isinstance(store.pool.kwargs, dict)
    store.pool.kwargs.update(told)
    return store


def migrate(recorder: GroupCommitRecorder) -> None:
    """Create the log's tables where they are missing. One process does this, before any other starts: two at once
    fail in PostgreSQL with "tuple concurrently updated"."""
    recorder.create_table()
    with recorder.datastore.get_connection() as connection:
        connection.execute(REQUEST_KEYS)
        connection.execute(APPEND_BATCH)


async def connect(database_url: str) -> AsyncConnection[TupleRow]:
    """A connection for appending.

    Its planner never scans: a statement prepared while tables are empty would keep that plan as they grow.
    """
    connection = await AsyncConnection.connect(
        database_url,
        autocommit=True,
        connect_timeout=3,
        options="-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off "
        "-c synchronous_commit=on",
    )
    connection.prepare_threshold = 1
    return connection


async def append(connection: AsyncConnection[TupleRow], rows: Sequence[Row], keys: Sequence[KeyRow]) -> int:
    """Append a batch in one transaction; inside an open transaction, finish that one.

    Returns:
        The position of the last event; 0 if there were only keys.

    Raises:
        psycopg.errors.UniqueViolation: somebody else wrote one of the streams or used one of the keys first.
        psycopg.OperationalError: the connection broke; whether the batch is stored must be looked up.
    """
    streams, versions, _, topics, states = _columns(rows, Row)
    batch = (streams, versions, topics, states, *_columns(keys, KeyRow))
    found = await connection.execute(SELECT_APPENDED, batch)
    row = await found.fetchone()
    if connection.info.transaction_status:
        await connection.execute("COMMIT", prepare=False)
    assert row is not None
    return int(row[0])


def _columns(rows: Sequence[tuple[Any, ...]], kind: type[Row | KeyRow]) -> list[list[Any] | None]:
    """The rows by column, which is how they go into arrays; nothing in each where there are none."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [None] * len(kind._fields)


async def lock(connection: AsyncConnection[TupleRow]) -> None:
    """Begin a transaction that alone may append until it ends."""
    await connection.execute("BEGIN")
    await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
    await connection.execute("LOCK TABLE stored_events IN EXCLUSIVE MODE")


async def select_since(connection: AsyncConnection[TupleRow], versions: Mapping[str, int]) -> list[Row]:
    """What stands in some streams behind a version of each, stream by stream; everything, behind 0."""
    found = await connection.execute(SELECT_SINCE, (list(versions), list(versions.values())), binary=True)
    return [Row(*row) for row in await found.fetchall()]


async def select_versions(connection: AsyncConnection[TupleRow], streams: Sequence[str]) -> dict[str, int]:
    """The newest version of those streams that have any event."""
    if not streams:
        return {}
    found = await connection.execute(SELECT_VERSIONS, (list(streams),), binary=True)
    return dict(await found.fetchall())


async def select_event(connection: AsyncConnection[TupleRow], stream: str, version: int) -> Row | None:
    """One event of a stream."""
    found = await connection.execute(SELECT_EVENT, (stream, version), binary=True)
    row = await found.fetchone()
    return None if row is None else Row(*row)


async def select_page(connection: AsyncConnection[TupleRow], after: int, limit: int) -> list[Row]:
    """The log after a position, at most ``limit`` events of it."""
    found = await connection.execute(SELECT_PAGE, (after, limit), binary=True)
    return [Row(*row) for row in await found.fetchall()]


async def select_keys(
    connection: AsyncConnection[TupleRow], keys: Sequence[str]
) -> dict[str, tuple[bytes, bytes, int]]:
    """The digest, receipt and position of those keys that were used before."""
    found = await connection.execute(SELECT_KEYS, (list(keys),), binary=True)
    return {key: (digest, receipt, position) for key, digest, receipt, position in await found.fetchall()}
