"""A log for tests of what reads it: events appended as the command loop would, a command each."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count

import psycopg

from adapters import envelope, store
from adapters.store import Row
from domain import hall, queue
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.message import Event, Recorded, Stamp, Text
from tests.spec import NINE

A = Text("综合", "General")
PLAN = HallPlan(
    name=Text("唐河县政务服务中心", "Tanghe Government Service Centre"),
    region="411328000000",
    queues=(QueuePlan("a", "A", A), QueuePlan("b", "B", A)),
    windows=tuple(WindowPlan(f"w{n}", A, "general", ("a", "b")) for n in (1, 2, 3)),
)
CONFIGURED = hall.HallConfigured(PLAN)
DAY = "queue-tanghe-2026-03-02"


def visits(first: int, last: int) -> list[Event]:
    """What tickets A{first} to A{last} do at window 1: issued, called, served."""
    events: list[Event] = []
    for n in range(first, last + 1):
        number = f"A{n:03d}"
        events += [
            queue.TicketIssued(number, f"t{n}", "a"),
            queue.TicketCalled(number, "w1"),
            queue.ServiceStarted(number, "w1"),
            queue.ServiceFinished(number, "w1", f"t{n}", "a"),
        ]
    return events


async def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for what other tasks bring about; a test that waits in vain fails with a TimeoutError."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 (what is waited for has no event to set)
            await asyncio.sleep(0.01)


class Log:
    """The log of a database, emptied when this is made."""

    def __init__(self, database_url: str) -> None:
        self.url = database_url
        self.versions: dict[str, int] = {}
        self.numbers = count(1)
        recorder = store.GroupCommitRecorder(store.datastore(database_url))
        store.migrate(recorder)
        recorder.datastore.close()
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("TRUNCATE stored_events, request_keys RESTART IDENTITY")

    async def append(self, stream: str, *events: Event, at: datetime = NINE, hall: str | None = None) -> int:
        """Append some events in one transaction, a second apart; the position of the last."""
        rows = []
        for nth, event in enumerate(events):
            self.versions[stream] = version = self.versions.get(stream, 0) + 1
            stamp = Stamp(
                at=at + timedelta(seconds=nth), by="clerk:li", command=f"c{next(self.numbers)}", hall=hall
            )
            topic = str(type(event).__struct_config__.tag)
            rows.append(Row(stream, version, 0, topic, envelope.write(event, stamp)))
        return await self.append_rows(rows)

    async def append_rows(self, rows: Sequence[Row]) -> int:
        async with await store.connect(self.url) as connection:
            return await store.append(connection, rows, [])

    async def skip(self, positions: int = 1) -> None:
        """Let positions go unused, as a refused batch does."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT nextval('stored_events_notification_id_seq') FROM generate_series(1, %s)",
                (positions,),
            )

    async def rows(self) -> list[Row]:
        async with await store.connect(self.url) as connection:
            return await store.select_page(connection, 0, 1_000_000)

    async def read(self) -> list[Recorded]:
        return [envelope.read(*row) for row in await self.rows()]
