"""``mingting check`` finds what is broken: each promise is broken on purpose, once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from itertools import count

import psycopg
import pytest

from adapters import envelope, store
from adapters.check import Report, check
from adapters.loop import CommandLoop, RequestKey
from adapters.store import GroupCommitRecorder, Row
from adapters.view_tables import ViewsRecorder
from domain import queue, review, slots
from domain.handling import Act, Ask
from domain.message import Command, Event, Stamp
from domain.offering import offer
from domain.queue import TicketCalled, TicketIssued
from domain.slots import CheckedIn
from projections import PROJECTIONS
from tests.histories import HALL
from tests.spec import NINE

DAY = queue.stream("tanghe", date(2026, 3, 2))

numbers = count()


class Log:
    """A log that honest commands or anything else may be written to."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def ask(self, *commands: Command, stream: str = DAY, key: str | None = None) -> None:
        loop = CommandLoop(lambda: store.connect(self.url))
        running = asyncio.create_task(loop.run())
        stamp = Stamp(at=NINE, by="clerk:li", command=f"c{next(numbers)}", key=key)
        act = Act(tuple(Ask(stream, command) for command in commands))
        await loop.submit(act, stamp, key=RequestKey(key, b"d") if key else None)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def write(self, stream: str, version: int, event: Event, command: str = "") -> None:
        stamp = Stamp(at=NINE, by="nobody", command=command or f"forged{version}")
        row = Row(stream, version, 0, str(type(event).__struct_config__.tag), envelope.write(event, stamp))
        async with await store.connect(self.url) as connection:
            await store.append(connection, [row], [])

    def damage(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    async def check(self, published: list[tuple[int, str]] | None = None) -> Report:
        async def messages() -> AsyncIterator[tuple[int, str]]:
            for message in published or []:
                yield message

        async with await store.connect(self.url) as connection:
            return await check(connection, PROJECTIONS, None if published is None else messages)

    async def found(self) -> str:
        return "\n".join((await self.check()).broken)


@pytest.fixture
async def log(database_url: str) -> Log:
    datastore = store.datastore(database_url)
    recorder = GroupCommitRecorder(datastore)
    store.migrate(recorder)
    ViewsRecorder(datastore, PROJECTIONS).create_table()
    tables = ["stored_events", "request_keys", "parked_streams"]
    tables += [f"view_{projection.NAME}" for projection in PROJECTIONS]
    with datastore.get_connection() as connection:
        connection.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        connection.execute("DELETE FROM notification_tracking WHERE application_name <> '__migration__'")
    datastore.close()
    log = Log(database_url)
    await log.ask(queue.OpenDay(HALL), queue.OpenWindow("w1", "li"))
    await log.ask(queue.IssueTicket("t1", "a"), queue.IssueTicket("t2", "a"))
    return log


async def test_an_honest_log_is_found_whole(log: Log) -> None:
    await log.ask(queue.CallNext("w1"), key="clerk:li:k1")
    report = await log.check([])
    assert report.broken == []
    assert (report.events, report.streams, report.keys, report.published) == (5, 1, 1, 0)


async def test_a_number_given_twice(log: Log) -> None:
    await log.write(DAY, 5, TicketIssued("A001", "t9", "a"))
    assert "A001 was given 2 times" in await log.found()


async def test_a_ticket_at_two_windows(log: Log) -> None:
    await log.ask(queue.OpenWindow("w2", "wang"), queue.CallNext("w1"))
    await log.write(DAY, 7, TicketCalled("A001", "w2"))
    assert "A001 is at 2 windows" in await log.found()


async def test_a_gap_in_a_stream(log: Log) -> None:
    await log.write(DAY, 6, TicketIssued("A003", "t3", "a"))
    assert f"{DAY}: version 6 follows 4" in await log.found()


async def test_an_event_of_newer_code(log: Log) -> None:
    log.damage("UPDATE stored_events SET topic = 'ticket-teleported' WHERE notification_id = 4")
    assert "position 4 cannot be folded" in await log.found()


async def test_an_event_id_that_occurs_twice(log: Log) -> None:
    await log.write(DAY, 5, TicketIssued("A003", "t3", "a"), command="same")
    await log.write(DAY, 6, TicketIssued("A004", "t4", "a"), command="same")
    assert "event id twice" in await log.found()


async def test_a_key_that_was_forgotten_or_leads_nowhere(log: Log) -> None:
    await log.ask(queue.CallNext("w1"), key="clerk:li:k1")
    log.damage("UPDATE request_keys SET key = 'other', version = 99")
    found = await log.found()
    assert "'clerk:li:k1' of an event is not remembered" in found
    assert "'other' names an event" in found


async def test_somebody_checked_in_without_a_ticket(log: Log) -> None:
    stream = slots.stream("tanghe", date(2026, 3, 2))
    await log.ask(slots.OfferSlots(offer(HALL, date(2026, 3, 2))), stream=stream)
    await log.ask(slots.BookSlot("b1", "a-1030", "a", "permit", "p1"), stream=stream)
    found = await log.found()
    assert "b1 is booked and on the person's record None" in found
    await log.write(stream, 3, CheckedIn("b1", "t9"))
    assert "b1 is checked in and has no ticket" in await log.found()


async def test_a_bad_review_that_nobody_rectifies(log: Log) -> None:
    bad = review.GiveReview(review="r1", grade="dissatisfied", channel="qr-code", hall="tanghe", unit="u")
    await log.ask(bad, stream="review-ticket.t1")
    assert await log.found() == "", "the policy has not had its turn"
    log.damage("INSERT INTO notification_tracking VALUES ('policies', 99)")
    assert "a bad review and no rectification" in await log.found()


async def test_a_view_that_is_not_what_the_log_says(log: Log) -> None:
    log.damage("INSERT INTO notification_tracking VALUES ('board', 4), ('rectifications', 4)")
    log.damage("INSERT INTO view_board (key, doc) VALUES ('tanghe-2026-03-02', '{}'), ('other', '{}')")
    found = await log.found()
    assert "view board: document other" in found
    assert found.count("view board") >= 2


async def test_a_stream_that_is_parked(log: Log) -> None:
    log.damage(
        "INSERT INTO parked_streams (projection, stream, position, error) VALUES ('board', 'queue-x', 1, 'oh')"
    )
    assert "view board: queue-x is parked: oh" in await log.found()


async def test_a_published_copy_that_differs(log: Log) -> None:
    async with await store.connect(log.url) as connection:
        page = await store.select_page(connection, 0, 10)
    ids = [(row.position, envelope.read(*row).id) for row in page]
    assert (await log.check(ids)).broken == []
    assert (await log.check(ids[:2])).broken == [], "the newest may still be on their way"
    assert "the stream holds" in (await log.check([ids[0], ids[2]])).broken[0]
    assert "the stream holds" in (await log.check([ids[0], ids[0]])).broken[0]
