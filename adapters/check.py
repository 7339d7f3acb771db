"""``mingting check``: reads the whole log, every view and the stream, and tells every promise that was broken.

The promises: the log's order has no event twice and each stream no gap; every event can be read and folded; what
the subjects promise holds in the states they come to; every idempotency key names an event; whoever was erased has no
key; every view equals a fold of the log up to its position; the stream is the log's copy, in its order.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from adapters import envelope, reactor, store
from adapters.view_tables import facets_of, table
from domain.citizen import Citizen
from domain.handling import Held, fold, fresh
from domain.message import Recorded
from domain.promises import broken, broken_between

PAGE = 5_000


class Report(msgspec.Struct):
    """What was read, and each broken promise as a sentence."""

    events: int = 0
    streams: int = 0
    documents: int = 0
    keys: int = 0
    published: int | None = None
    """Messages in the stream; ``None`` if it was not asked."""
    broken: list[str] = []


class Refolded:
    """A projection folded from the first event, until the position its table has reached."""

    def __init__(self, projection: ModuleType, position: int) -> None:
        self.projection = projection
        self.position = position
        self.views: dict[str, Any] = {}

    def take(self, recorded: Recorded) -> None:
        if recorded.position <= self.position and (key := self.projection.key(recorded)) is not None:
            self.views[key] = self.projection.evolve(self.views.get(key), recorded)

    def docs(self) -> dict[str, bytes]:
        return {key: msgspec.json.encode(view) for key, view in self.views.items() if view is not None}


async def check(
    connection: AsyncConnection[TupleRow],
    projections: Iterable[ModuleType],
    published: Callable[[], AsyncIterator[tuple[int, str]]] | None = None,
    progress: Callable[[int], None] = lambda position: None,
) -> Report:
    """Read everything, in one transaction's view of the database.

    Args:
        published: the stream's messages as (position, event id), in the stream's order.
        progress: told the position reached.
    """
    report = Report()
    await connection.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        refolded = [Refolded(p, await _position(connection, p.NAME)) for p in projections]
        parked = await _parked(connection)
        ids, keys = await _check_log(connection, refolded, parked, report, progress)
        await _check_keys(connection, keys, report)
        for projection in refolded:
            await _check_view(connection, projection, parked, report)
        if published is not None:
            await _check_published(published(), ids, report)
    finally:
        await connection.execute("ROLLBACK")
    return report


async def _check_log(
    connection: AsyncConnection[TupleRow],
    refolded: list[Refolded],
    parked: Mapping[tuple[str, str], str],
    report: Report,
    progress: Callable[[int], None],
) -> tuple[dict[int, str], set[str]]:
    streams: dict[str, Held] = {}
    ids: dict[int, str] = {}
    keys: set[str] = set()
    position = 0
    while rows := await store.select_page(connection, position, PAGE):
        for row in rows:
            if row.version != (held := streams.setdefault(row.stream, fresh(row.stream))).version + 1:
                report.broken.append(f"{row.stream}: version {row.version} follows {held.version}")
            try:
                recorded = envelope.read(*row)
                fold(held, row.stream, recorded.event, recorded.stamp, row.version, row.position)
            except Exception as error:
                held.version = row.version
                report.broken.append(f"{row.stream}: position {row.position} cannot be folded: {error!r}")
                continue
            ids[row.position] = recorded.id
            if recorded.stamp.key is not None:
                keys.add(recorded.stamp.key)
            for view in refolded:
                if (view.projection.NAME, row.stream) not in parked:
                    view.take(recorded)
        position = rows[-1].position
        report.events += len(rows)
        progress(position)
    if len(set(ids.values())) != len(ids):
        report.broken.append("the log holds an event id twice")
    report.streams = len(streams)
    for stream, held in streams.items():
        report.broken += broken(stream, held.state)
    report.broken += broken_between(streams, await _position(connection, reactor.NAME))
    await _check_erased(connection, streams, report)
    return ids, keys


async def _check_erased(
    connection: AsyncConnection[TupleRow], streams: Mapping[str, Held], report: Report
) -> None:
    """Of whom the log says that they were erased there is no key, and nobody was erased without its saying so. The
    keys are looked at where they lie in this database."""
    found = await connection.execute("SELECT to_regclass('person_keys') IS NULL")
    if await found.fetchone() == (True,):
        return
    told = {
        stream.removeprefix("citizen-")
        for stream, held in streams.items()
        if isinstance(held.state, Citizen) and held.state.personal.erased
    }
    keys = await connection.execute("SELECT key FROM person_keys WHERE key = ANY(%s)", (sorted(told),))
    report.broken += [
        f"citizen-{key}: was erased and the key is still there" for (key,) in await keys.fetchall()
    ]
    gone = await connection.execute("SELECT key FROM people WHERE erased_at IS NOT NULL")
    report.broken += [
        f"citizen-{key}: was erased and the log does not say so"
        for (key,) in await gone.fetchall()
        if key not in told
    ]


async def _check_keys(connection: AsyncConnection[TupleRow], told: set[str], report: Report) -> None:
    """Each key in an envelope stands in the table of keys, and each event that table names exists."""
    found = await connection.execute(
        "SELECT k.key, k.stream, e.originator_id IS NULL AND k.stream IS NOT NULL FROM request_keys AS k"
        " LEFT JOIN stored_events AS e ON e.originator_id = k.stream AND e.originator_version = k.version"
    )
    known = set()
    for key, stream, dangling in await found.fetchall():
        known.add(key)
        if dangling:
            report.broken.append(f"idempotency key {key!r} names an event of {stream} that is not there")
    report.keys = len(known)
    report.broken += (
        f"idempotency key {key!r} of an event is not remembered" for key in sorted(told - known)
    )


async def _check_view(
    connection: AsyncConnection[TupleRow],
    refolded: Refolded,
    parked: Mapping[tuple[str, str], str],
    report: Report,
) -> None:
    name = refolded.projection.NAME
    facets = facets_of(refolded.projection)
    columns = SQL("").join(SQL(", {}").format(Identifier(facet)) for facet in facets)
    found = await connection.execute(
        SQL("SELECT key, doc{} FROM {}").format(columns, Identifier(table(name)))
    )
    expected = refolded.docs()
    for key, doc, *values in await found.fetchall():
        report.documents += 1
        if expected.pop(key, None) != bytes(doc):
            report.broken.append(f"view {name}: document {key} is not what the log says")
        elif facets and (told := refolded.projection.facets(refolded.views[key])) != dict(
            zip(facets, values, strict=True)
        ):
            report.broken.append(f"view {name}: document {key} is listed under other facets than {told}")
    report.broken += (f"view {name}: document {key} is missing" for key in expected)
    report.broken += (
        f"view {projection}: {stream} is parked: {error}"
        for (projection, stream), error in parked.items()
        if projection == name
    )


async def _check_published(
    messages: AsyncIterator[tuple[int, str]], ids: Mapping[int, str], report: Report
) -> None:
    """The stream holds the beginning of the log, whole and in order; what it may lack is the newest."""
    expected: Iterator[tuple[int, str]] = iter(ids.items())
    report.published = 0
    async for message in messages:
        report.published += 1
        if message[0] > max(ids, default=0):
            return  # published after this check began
        if message != (wanted := next(expected, None)):
            report.broken.append(f"the stream holds {message} where the log has {wanted}")
            return


async def _position(connection: AsyncConnection[TupleRow], name: str) -> int:
    found = await connection.execute(
        "SELECT notification_id FROM notification_tracking WHERE application_name = %s", (name,)
    )
    row = await found.fetchone()
    return row[0] if row else 0


async def _parked(connection: AsyncConnection[TupleRow]) -> dict[tuple[str, str], str]:
    found = await connection.execute("SELECT projection, stream, error FROM parked_streams")
    return {(projection, stream): error for projection, stream, error in await found.fetchall()}
