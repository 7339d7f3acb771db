"""The log: the library's own contract for recorders, passed by its recorders and by ours, and what ours adds."""

import asyncio
from collections.abc import Callable, Iterator
from threading import Event, Thread

import psycopg
import pytest
from eventsourcing import popo
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from adapters import envelope, store
from adapters.envelope import EventMapper, UnreadableEvent
from adapters.store import GroupCommitRecorder, KeyRow, Row
from domain.message import Recorded, Stamp
from domain.queue import TicketCalled, TicketIssued
from tests.spec import NINE

Make = Callable[[], ApplicationRecorder]


def emptied(database_url: str, kind: type[PostgresApplicationRecorder]) -> PostgresApplicationRecorder:
    """A recorder on empty tables."""
    recorder = kind(store.datastore(database_url, pool_size=10))
    store.migrate(GroupCommitRecorder(recorder.datastore))
    recorder.create_table()
    with recorder.datastore.get_connection() as connection:
        connection.execute("TRUNCATE stored_events, request_keys RESTART IDENTITY")
    return recorder


@pytest.fixture(params=["in memory", "the library's", "ours"])
def make(request: pytest.FixtureRequest, database_url: str) -> Iterator[Make]:
    made: list[PostgresApplicationRecorder] = []

    def make() -> ApplicationRecorder:
        if request.param == "in memory":
            return popo.POPOApplicationRecorder()
        kind = GroupCommitRecorder if request.param == "ours" else PostgresApplicationRecorder
        made.append(emptied(database_url, kind))
        return made[-1]

    yield make
    for recorder in made:
        recorder.datastore.close()


class Contract(ApplicationRecorderTestCase[ApplicationRecorder]):  # type: ignore[type-var]
    """The library's published test case, asked test by test."""

    INITIAL_VERSION = 1
    EXPECT_CONTIGUOUS_NOTIFICATION_IDS = False
    make: Make

    def create_recorder(self) -> ApplicationRecorder:
        return self.make()

    def new_originator_id(self) -> str:
        return str(super().new_originator_id())


Contract.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("promise", ["test_insert_select", "test_concurrent_no_conflicts"])
def test_the_recorders_contract_is_kept(make: Make, promise: str) -> None:
    case = Contract(promise)
    case.make = make
    case.debug()


class NonInterleaving(NonInterleavingNotificationIDsBaseCase):
    __test__ = False
    insert_num = 200
    make: Make

    def create_recorder(self) -> ApplicationRecorder:
        return self.make()

    def new_originator_id(self) -> str:
        return str(super().new_originator_id())


def test_batches_written_at_once_do_not_interleave(make: Make) -> None:
    case = NonInterleaving("test")
    case.make = make
    case.debug()


def test_the_function_that_appends_without_the_lock_is_not_there(database_url: str) -> None:
    emptied(database_url, GroupCommitRecorder).datastore.close()
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'es_insert%'").fetchall()
    # The library's plain recorder, in the contract above, may have made it in this database: ours never calls it.
    assert [name for (name,) in found] in ([], ["es_insert_events_text"])
    assert not store.datastore(database_url).enable_db_functions


def rows(stream: str, first: int, number: int) -> list[Row]:
    events = [(n, TicketIssued(f"A{n:03d}", f"{stream}.{n}", "a")) for n in range(first, first + number)]
    stamp = Stamp(at=NINE, by="clerk:li", command="c")
    return [Row(stream, n, 0, "ticket-issued", envelope.write(event, stamp)) for n, event in events]


async def test_a_batch_is_appended_whole_or_not_at_all(database_url: str) -> None:
    emptied(database_url, GroupCommitRecorder).datastore.close()
    async with await store.connect(database_url) as connection:
        assert await store.append(connection, rows("s1", 1, 3) + rows("s2", 1, 2), []) == 5
        with pytest.raises(psycopg.errors.UniqueViolation):
            await store.append(connection, rows("s3", 1, 2) + rows("s1", 3, 1), [])
        await connection.rollback()
        assert [row.stream for row in await store.select_page(connection, 0, 10)] == ["s1"] * 3 + ["s2"] * 2
        assert [row.version for row in await store.select_since(connection, {"s2": 0})] == [1, 2]
        since = await store.select_since(connection, {"s1": 2, "s2": 1, "s4": 0})
        assert [(row.stream, row.version) for row in since] == [("s1", 3), ("s2", 2)]


async def test_a_key_and_its_events_are_written_together(database_url: str) -> None:
    emptied(database_url, GroupCommitRecorder).datastore.close()
    key = KeyRow("clerk:li:k1", b"digest", b"[1]", "s1", 2)
    async with await store.connect(database_url) as connection:
        await store.append(connection, rows("s1", 1, 2), [key])
        assert await store.select_keys(connection, ["clerk:li:k1", "other"]) == {
            "clerk:li:k1": (b"digest", b"[1]", 2)
        }
        with pytest.raises(psycopg.errors.UniqueViolation):
            await store.append(connection, rows("s1", 3, 1), [key])
        await connection.rollback()
        assert len(await store.select_page(connection, 0, 10)) == 2


async def test_a_subscriber_of_the_library_misses_nothing_whoever_writes(database_url: str) -> None:
    ours = emptied(database_url, GroupCommitRecorder)
    plain = PostgresApplicationRecorder(store.datastore(database_url, pool_size=6))
    plain.datastore.register_type_adapters()
    seen: list[int] = []
    done = Event()
    total = 6 * 40

    def listen() -> None:
        with ours.subscribe() as subscription:
            for notification in subscription:
                seen.append(int(notification.id))
                if len(seen) == total:
                    done.set()
                    return

    def write(recorder: PostgresApplicationRecorder, stream: str) -> None:
        for row in rows(stream, 1, 40):
            recorder.insert_events([StoredEvent(row.stream, row.version, row.topic, row.state)])

    async def write_batches(stream: str) -> None:
        async with await store.connect(database_url) as connection:
            for n in range(0, 40, 4):
                await store.append(connection, rows(stream, n + 1, 4), [])

    listener = Thread(target=listen, daemon=True)
    listener.start()
    await asyncio.gather(
        *(asyncio.to_thread(write, ours, f"ours{n}") for n in range(2)),
        *(asyncio.to_thread(write, plain, f"plain{n}") for n in range(2)),
        *(write_batches(f"batch{n}") for n in range(2)),
    )
    assert await asyncio.to_thread(done.wait, 10), f"{len(seen)} of {total}"
    assert seen == sorted(set(seen))
    listener.join(5)
    ours.datastore.close()
    plain.datastore.close()


def test_a_conflict_is_the_librarys_own_error(database_url: str) -> None:
    recorder = emptied(database_url, GroupCommitRecorder)
    stored = [StoredEvent(row.stream, row.version, row.topic, row.state) for row in rows("s1", 1, 2)]
    assert list(recorder.insert_events(stored) or ()) == [1, 2]
    with pytest.raises(IntegrityError):
        recorder.insert_events(stored[1:])
    recorder.datastore.close()


class TestTheEnvelope:
    STAMP = Stamp(
        at=NINE, by="clerk:li", command="c1", key="k", causation="c0.1", correlation="c0", hall="tanghe"
    )

    def test_keeps_the_event_and_everything_about_it(self) -> None:
        written = envelope.write(TicketCalled("A001", "w1"), self.STAMP, 3)
        read = envelope.read("queue-h-2026-03-02", 7, 42, "ticket-called", written)
        assert read == Recorded("queue-h-2026-03-02", 7, 42, self.STAMP, TicketCalled("A001", "w1"), 3)
        assert read.id == "c1.3"

    def test_gives_the_events_own_json_without_decoding_it(self) -> None:
        written = envelope.write(TicketCalled("A001", "w1"), self.STAMP, 3)
        assert envelope.read_sealed(written) == (
            self.STAMP,
            3,
            b'{"type":"ticket-called","number":"A001","window":"w1"}',
            1,
        )

    @pytest.mark.parametrize(
        ("topic", "written"),
        [
            (
                "ticket-forgotten",
                b'{"at":"2026-03-02T09:00:00Z","by":"x","command":"c","event":{"type":"x"}}',
            ),
            ("ticket-called", b'{"at":"2026-03-02T09:00:00Z","by":"x","command":"c","event":{"type":"x"}}'),
            (
                "ticket-called",
                b'{"at":"2026-03-02T09:00:00Z","by":"x","command":"c","v":2,'
                b'"event":{"type":"ticket-called","number":"A001","window":"w1"}}',
            ),
        ],
        ids=["an unknown tag", "an unknown shape", "a newer version"],
    )
    def test_refuses_what_newer_code_wrote(self, topic: str, written: bytes) -> None:
        with pytest.raises(UnreadableEvent, match="queue-h-2026-03-02 version 7"):
            envelope.read("queue-h-2026-03-02", 7, 42, topic, written)

    def test_a_field_that_newer_code_added_is_passed_over(self) -> None:
        written = (
            b'{"at":"2026-03-02T09:00:00Z","by":"x","command":"c",'
            b'"event":{"type":"ticket-called","number":"A001","window":"w1","since":"later"}}'
        )
        read = envelope.read("queue-h-2026-03-02", 7, 42, "ticket-called", written)
        assert read.event == TicketCalled("A001", "w1")

    def test_serves_the_library_as_its_mapper(self) -> None:
        recorded = Recorded("queue-h-2026-03-02", 7, 0, self.STAMP, TicketCalled("A001", "w1"), 3)
        stored = EventMapper().to_stored_event(recorded)
        assert (stored.originator_id, stored.originator_version, stored.topic) == (
            "queue-h-2026-03-02",
            7,
            "ticket-called",
        )
        assert EventMapper().to_domain_event(stored) == recorded
