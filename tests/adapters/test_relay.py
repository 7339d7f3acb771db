"""The relay between a real PostgreSQL and a real nats-server: what the log holds the stream holds, in order, once,
whatever is killed, cut or wiped meanwhile. And the tail it reads the log through."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from adapters import relay as relaying
from adapters.cloudevents import POSITION
from adapters.connection import connected
from adapters.embedded import Nats
from adapters.relay import Relay
from adapters.store import Row
from adapters.stream import STREAM, Current, EventStream, StreamUnavailable, follow
from adapters.tail import LogTail
from domain import queue
from domain.message import Recorded
from tests.cutting import CuttingProxy
from tests.logs import CONFIGURED, DAY, PLAN, Log, until, visits


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    nats = Nats(tmp_path_factory.mktemp("relay") / "nats")
    nats.start()
    yield nats
    nats.stop()


@pytest.fixture
async def client(server: Nats) -> AsyncIterator[Client]:
    async with connected(server.url) as client:
        await until(lambda: client.is_connected)
        with contextlib.suppress(NotFoundError):
            await client.jetstream().delete_stream(STREAM)
        yield client


@pytest.fixture
async def log(database_url: str) -> Log:
    log = Log(database_url)
    await log.append("hall-tanghe", CONFIGURED)
    await log.append(DAY, queue.DayOpened(PLAN))
    return log


@asynccontextmanager
async def relaying_from(
    url: str, client: Client, stream: EventStream | None = None, *, alone: bool = True
) -> AsyncIterator[Relay]:
    tail = LogTail(url, alone_as="relay" if alone else None)
    relay = Relay(tail, stream or EventStream(client))
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await tail.close()


async def until_current(relay: Relay, position: int) -> None:
    await until(lambda: relay.position >= position and relay.lag == 0)


async def in_stream(client: Client) -> list[tuple[int, str]]:
    """Position and id of every message, from the first sequence to the last."""
    js = client.jetstream()
    last = (await js.stream_info(STREAM)).state.last_seq
    reading = await js.subscribe(">", stream=STREAM, ordered_consumer=True)
    found = [(await reading.next_msg(5)).headers or {} for _ in range(last)]
    await reading.unsubscribe()
    return [(int(headers[POSITION]), headers["ce-id"]) for headers in found]


async def in_log(log: Log) -> list[tuple[int, str]]:
    return [(recorded.position, recorded.id) for recorded in await log.read()]


def kill(server: Nats, *, wipe: bool = False) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    if wipe:
        shutil.rmtree(server.directory / "jetstream")
    server.start()


def backends(url: str, name: str) -> list[int]:
    """The processes that serve connections of one kind."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()",
            (name,),
        )
        return [pid for (pid,) in found.fetchall()]


def last_asked(url: str, question: str) -> list[str]:
    """The connections of ours whose last question was like this."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT application_name FROM pg_stat_activity WHERE query LIKE %s"
            " AND application_name LIKE 'mingting-%%' AND datname = current_database()",
            (question,),
        )
        return [name for (name,) in found.fetchall()]


def terminate(url: str, name: str) -> int:
    """End the connections of one kind, as a PostgreSQL that stops does; how many there were."""
    pids = backends(url, name)
    with psycopg.connect(url, autocommit=True) as connection:
        for pid in pids:
            connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
    return len(pids)


# --- the relay ------------------------------------------------------------------------------------------------


async def test_the_stream_becomes_the_log_with_gaps_in_positions_but_not_in_events(
    client: Client, log: Log
) -> None:
    for first in range(1, 400, 40):
        await log.append(DAY, *visits(first, first + 39))
        await log.skip(3)
    last = (await log.rows())[-1].position
    async with relaying_from(log.url, client) as relay:
        await until_current(relay, last)
        later = await log.append(DAY, *visits(500, 501))
        await until_current(relay, later)
    assert await in_stream(client) == await in_log(log)


async def test_nothing_is_lost_or_doubled_when_relay_nats_and_postgresql_go_and_come(
    server: Nats, client: Client, log: Log
) -> None:
    chance = random.Random(7)

    async def write() -> None:
        for first in range(1, 600, 10):
            await log.append(DAY, *visits(first, first + 9))
            await asyncio.sleep(0.03)

    async def follow_all(found: list[tuple[int, str]]) -> None:
        async for item in follow(client):
            found += [(item.position, item.id)] if isinstance(item, Recorded) else []

    followed: list[tuple[int, str]] = []
    writer, follower = asyncio.create_task(write()), asyncio.create_task(follow_all(followed))
    ended = killed = 0
    while not writer.done():
        async with relaying_from(log.url, client):
            await asyncio.sleep(chance.uniform(0.1, 0.4))
            ended += terminate(log.url, "mingting-relay")
            if ended % 3 == 2:
                await asyncio.to_thread(kill, server)
                killed += 1
            await asyncio.sleep(chance.uniform(0.0, 0.3))
    await writer
    expected = await in_log(log)
    async with relaying_from(log.url, client) as relay:
        await until_current(relay, expected[-1][0])
    await until(lambda: len(followed) >= len(expected))
    follower.cancel()
    await asyncio.gather(follower, return_exceptions=True)
    assert (ended > 2, killed > 0) == (True, True)
    assert await in_stream(client) == expected
    assert followed == expected


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
async def test_a_wiped_store_is_written_anew_from_the_log(
    server: Nats, client: Client, log: Log, running: bool
) -> None:
    last = await log.append(DAY, *visits(1, 300))
    async with relaying_from(log.url, client) as relay:
        await until_current(relay, last)
        if running:
            await asyncio.to_thread(kill, server, wipe=True)
            later = await log.append(DAY, *visits(301, 301))
            await until_current(relay, later)
    if not running:
        await asyncio.to_thread(kill, server, wipe=True)
        async with relaying_from(log.url, client) as relay:
            await until_current(relay, last)
    assert await in_stream(client) == await in_log(log)


async def test_of_two_relays_one_publishes_and_the_other_takes_over(client: Client, log: Log) -> None:
    async with relaying_from(log.url, client) as first:
        await until_current(first, 2)
        async with relaying_from(log.url, client) as second:
            third = await log.append(DAY, visits(1, 1)[0])
            await until_current(first, third)
            assert second.last_ok is None
            assert terminate(log.url, "mingting-relay") == 2
            fourth = await log.append(DAY, visits(1, 1)[1])
            await until(lambda: max(first.position, second.position) >= fourth)
    assert await in_stream(client) == await in_log(log)


async def test_two_relays_that_both_believe_to_be_the_only_one_double_nothing(
    client: Client, log: Log
) -> None:
    async with (
        relaying_from(log.url, client, alone=False) as first,
        relaying_from(log.url, client, alone=False) as second,
    ):
        for n in range(1, 40):
            last = await log.append(DAY, *visits(n, n))
        await until_current(first, last)
        await until_current(second, last)
    assert await in_stream(client) == await in_log(log)


async def test_a_page_whose_answer_was_lost_is_not_written_twice(client: Client, log: Log) -> None:
    class Forgetful(EventStream):
        async def publish(self, rows: Sequence[Row], after: int) -> int:
            await super().publish(rows, after)
            raise StreamUnavailable("the answer was lost")

    for n in range(1, 4):
        await log.append(DAY, *visits(n, n))
    async with relaying_from(log.url, client, Forgetful(client)) as relay:
        await until_current(relay, 14)
        last = await log.append(DAY, *visits(4, 4))
        await until_current(relay, last)
    assert await in_stream(client) == await in_log(log)


async def test_a_log_restored_to_an_earlier_moment_takes_back_what_the_stream_had_more(
    client: Client, log: Log
) -> None:
    last = await log.append(DAY, *visits(1, 10))
    async with relaying_from(log.url, client) as relay:
        await until_current(relay, last)
    with psycopg.connect(log.url, autocommit=True) as connection:
        connection.execute("DELETE FROM stored_events WHERE notification_id > 20")
    log.versions[DAY] = 19
    await log.append(DAY, *visits(90, 91))
    async with relaying_from(log.url, client) as relay:
        await until_current(relay, last + 1)
    assert await in_stream(client) == await in_log(log)


async def test_the_relay_waits_for_postgresql_and_says_how_long_it_has(client: Client, log: Log) -> None:
    async with CuttingProxy(log.url) as proxy, relaying_from(proxy.url, client) as relay:
        await until_current(relay, 2)
        proxy.refuse()
        last = await log.append(DAY, *visits(1, 5))
        await asyncio.sleep(0.7)
        assert relay.position == 2
        assert relay.last_ok is not None
        assert (datetime.now(UTC) - relay.last_ok).total_seconds() > 0.5
        proxy.accept()
        await until_current(relay, last)
    assert await in_stream(client) == await in_log(log)


async def test_the_relay_tells_how_far_it_is_behind(
    client: Client, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "PAGE", 10)
    last = await log.append(DAY, *visits(1, 500))
    lags: list[int] = []
    async with relaying_from(log.url, client) as relay:
        async with asyncio.timeout(30):
            while relay.lag != 0:
                if relay.lag is not None:
                    lags.append(relay.lag)
                await asyncio.sleep(0.001)
        assert relay.position == last
    assert max(lags) > 1_000


async def test_followers_are_told_once_and_again_that_they_have_everything(client: Client, log: Log) -> None:
    async with relaying_from(log.url, client), contextlib.aclosing(follow(client)) as items:
        told: list[Current] = []
        async with asyncio.timeout(30):
            async for item in items:
                if isinstance(item, Current):
                    told.append(item)
                if len(told) == 3:
                    break
    assert {(current.position, current.sequence) for current in told} == {(2, 2)}
    assert told[0].at < told[1].at < told[2].at <= datetime.now(UTC)


# --- the tail -------------------------------------------------------------------------------------------------


async def test_a_tail_is_woken_when_there_is_more(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.tail.POLL_S", 60)
    tail = LogTail(log.url)
    await tail.page(0, 10)
    waiting = asyncio.create_task(tail.wait(2))
    await until(lambda: last_asked(log.url, "LISTEN %") == ["mingting-tail"])
    await log.append(DAY, visits(1, 1)[0])
    async with asyncio.timeout(30):
        await waiting
    assert [row.position for row in await tail.page(2, 10)] == [3]
    await tail.close()


async def test_in_a_stream_of_events_pages_keep_their_distance_and_after_a_quiet_moment_none(
    log: Log,
) -> None:
    paced, behind = (LogTail(log.url, pace_s=(60, 60)) for _ in range(2))
    async with asyncio.timeout(30):
        assert len(await paced.page(0, 10)) == 2
        next_page = asyncio.create_task(paced.page(2, 10))
        await asyncio.sleep(0.3)
        assert not next_page.done()
        next_page.cancel()
        assert len(await behind.page(0, 2)) == 2  # a full page: there is more to catch up with
        assert await behind.page(2, 10) == []
    for tail in (paced, behind):
        await tail.close()


async def test_a_tail_that_never_waits_is_sent_no_wake_ups(log: Log) -> None:
    idle, awake = LogTail(log.url, alone_as="idle"), LogTail(log.url, alone_as="awake")
    for tail in (idle, awake):
        await tail.page(0, 10)
    await awake.wait(2)
    assert last_asked(log.url, "LISTEN %") == ["mingting-awake"]
    await idle.close()
    await awake.close()


async def test_in_a_stream_of_events_a_tail_is_sent_none_either(log: Log) -> None:
    tail = LogTail(log.url, pace_s=(0, 0))
    await tail.page(0, 10)
    await tail.page(2, 10)
    await tail.wait(2)
    assert len(await tail.page(0, 10)) == 2  # one page may come alone
    assert last_asked(log.url, "UNLISTEN %") == []
    assert len(await tail.page(0, 10)) == 2
    assert last_asked(log.url, "UNLISTEN %") == ["mingting-tail"]
    await tail.page(2, 10)
    await tail.wait(2)
    assert last_asked(log.url, "LISTEN %") == ["mingting-tail"]
    await tail.close()


async def test_a_tail_looks_by_itself_when_nobody_wakes_it(log: Log) -> None:
    tail = LogTail(log.url)
    await tail.page(0, 10)
    async with asyncio.timeout(20):
        await tail.wait(2)
    await tail.close()


async def test_a_tail_does_not_wait_when_it_has_seen_more(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.tail.POLL_S", 60)
    tail = LogTail(log.url)
    assert await tail.head() == 2
    async with asyncio.timeout(20):
        await tail.wait(1)
    await tail.close()


async def test_a_tail_answers_on_a_new_connection_when_its_own_was_ended(log: Log) -> None:
    tail = LogTail(log.url)
    await tail.page(0, 10)
    assert terminate(log.url, "mingting-tail") == 1
    await tail.wait(2)
    assert [row.position for row in await tail.page(0, 10)] == [1, 2]
    assert tail.connected
    await tail.close()


async def test_a_tail_gives_up_a_connection_that_does_not_answer(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.tail.ANSWER_S", 0.3)
    tail = LogTail(log.url)
    await tail.page(0, 10)
    (frozen,) = backends(log.url, "mingting-tail")
    os.kill(frozen, signal.SIGSTOP)
    try:
        asking = asyncio.create_task(tail.page(0, 10))
        await asyncio.sleep(0.6)
        assert not asking.done()
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert len(await asking) == 2
    assert frozen not in backends(log.url, "mingting-tail")
    await tail.close()


async def test_whoever_reads_alone_reads_while_the_other_waits(log: Log) -> None:
    first, second = (LogTail(log.url, alone_as="test") for _ in range(2))
    await first.page(0, 10)
    waiting = asyncio.create_task(second.page(0, 10))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    assert (first.connected, second.connected) == (True, False)
    await first.close()
    assert len(await waiting) == 2
    await second.close()
