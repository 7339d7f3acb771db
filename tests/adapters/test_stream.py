"""The stream on a real nats-server: whole pages or none, one writer, and followers that lose and repeat nothing."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from adapters import envelope
from adapters.cloudevents import Unreadable, message, recorded
from adapters.connection import connected
from adapters.embedded import Nats
from adapters.store import Row
from adapters.stream import (
    STREAM,
    Current,
    EventStream,
    Item,
    Last,
    StreamMovedOn,
    StreamRewritten,
    StreamUnavailable,
    follow,
)
from domain import queue
from domain.message import Event, Recorded, Stamp
from tests.logs import CONFIGURED, DAY, PLAN, until, visits
from tests.spec import NINE


def row(position: int, event: Event, stream: str = DAY, version: int | None = None, **stamp: str) -> Row:
    told = Stamp(at=NINE, by="clerk:li", command=f"c{position}", key="k1")
    state = envelope.write(event, msgspec.structs.replace(told, **stamp))
    return Row(stream, version or position, position, str(type(event).__struct_config__.tag), state)


ROWS = [row(n, event) for n, event in enumerate([queue.DayOpened(PLAN), *visits(1, 10)], 1)]


def restart(server: Nats, *, wipe: bool = False) -> None:
    """Kill the server where it stands and start it again, on its old store or on none."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    if wipe:
        shutil.rmtree(server.directory / "jetstream")
    server.start()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    nats = Nats(tmp_path_factory.mktemp("stream") / "nats")
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
def stream(client: Client) -> EventStream:
    return EventStream(client)


async def positions(client: Client) -> list[int]:
    """The positions that stand in the stream, from its first sequence to its last."""
    state = (await client.jetstream().stream_info(STREAM)).state
    found = [await client.jetstream().get_msg(STREAM, n) for n in range(1, state.last_seq + 1)]
    return [int((m.headers or {})["Mingting-Position"]) for m in found]


async def take(items: AsyncIterator[Item], number: int) -> list[Item]:
    async with asyncio.timeout(15):
        return [await anext(items) for _ in range(number)]


# --- an event as a message ------------------------------------------------------------------------------------


def test_an_event_comes_back_from_its_message_as_it_stands_in_the_log() -> None:
    for one in ROWS:
        _, headers, body = message(one, {})
        expected = envelope.read(*one)
        assert expected.stamp.key == "k1"
        stamp = msgspec.structs.replace(expected.stamp, key=None)
        assert recorded(headers, body) == msgspec.structs.replace(expected, stamp=stamp)


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_word_in_a_stamp_breaks_a_header(by: str, correlation: str) -> None:
    _, headers, body = message(row(1, visits(1, 1)[0], by=by, correlation=correlation), {})
    assert all(value.isascii() and value.isprintable() for value in headers.values())
    read = recorded(headers, body)
    assert isinstance(read, Recorded)
    assert (read.stamp.by, read.stamp.correlation) == (by, correlation)


def test_the_subject_names_region_hall_category_and_tag() -> None:
    event = visits(1, 1)[0]
    regions: dict[str, str] = {}
    subject = [
        message(one, regions)[0]
        for one in (
            row(1, event),
            row(2, CONFIGURED, "hall-tanghe"),
            row(3, event),
            row(4, event, "case-x", hall="tanghe"),
            row(5, event, "citizen-9"),
            row(6, event, "case-x", hall="not a.hall"),
        )
    ]
    assert subject == [
        "mingting.-.tanghe.queue.ticket-issued",
        "mingting.411328000000.tanghe.hall.hall-configured",
        "mingting.411328000000.tanghe.queue.ticket-issued",
        "mingting.411328000000.tanghe.case.ticket-issued",
        "mingting.-.-.citizen.ticket-issued",
        "mingting.-.-.case.ticket-issued",
    ]


def test_an_event_of_newer_code_is_not_guessed_at() -> None:
    one = row(1, visits(1, 1)[0])
    newer = one._replace(state=one.state.replace(b'{"at"', b'{"v":2,"at"', 1))
    _, headers, body = message(newer, {})
    assert headers["Mingting-Event-Version"] == "2"
    assert isinstance(recorded(headers, body), Unreadable)
    _, headers, body = message(one._replace(topic="ticket-framed"), {})
    assert isinstance(recorded(headers, body), Unreadable)


# --- writing --------------------------------------------------------------------------------------------------


async def test_a_page_is_written_in_order_with_the_headers_that_were_promised(
    client: Client, stream: EventStream
) -> None:
    assert await stream.resume() == Last()
    assert await stream.publish(ROWS[:20], 0) == 20
    assert await positions(client) == list(range(1, 21))
    second = await client.jetstream().get_msg(STREAM, 2)
    assert second.subject == "mingting.-.tanghe.queue.ticket-issued"
    assert msgspec.json.decode(second.data or b"")["type"] == "ticket-issued"
    assert {k: v for k, v in (second.headers or {}).items() if not k.startswith("Nats-Batch")} == {
        "ce-specversion": "1.0",
        "ce-id": "c2.0",
        "ce-type": "mingting.queue.ticket-issued",
        "ce-source": "/mingting",
        "ce-subject": DAY,
        "ce-time": "2026-03-02T09:00:00+08:00",
        "content-type": "application/json",
        "Nats-Msg-Id": "2",
        "Mingting-Position": "2",
        "Mingting-Version": "2",
        "Mingting-By": "clerk:li",
    }
    assert await stream.resume() == Last(20, 20, DAY, "c20.0")


async def test_of_two_writers_one_is_refused_and_its_whole_page_with_it(
    client: Client, stream: EventStream
) -> None:
    await stream.resume()
    await stream.publish(ROWS[:5], 0)
    with pytest.raises(StreamMovedOn):
        await stream.publish(ROWS[5:10], 0)
    with pytest.raises(StreamMovedOn):  # the right place, but one of the events is there already
        await stream.publish(ROWS[4:10], 5)
    assert await positions(client) == [1, 2, 3, 4, 5]
    assert await stream.publish(ROWS[5:10], 5) == 10


async def test_a_full_stream_takes_nothing_new_and_forgets_nothing_old(client: Client) -> None:
    small = EventStream(client, max_bytes=6_000)
    await small.resume()
    await small.publish(ROWS[:5], 0)
    with pytest.raises(StreamUnavailable):
        await small.publish(ROWS[5:], 5)
    assert await positions(client) == [1, 2, 3, 4, 5]
    larger = EventStream(client, max_bytes=1_000_000)
    assert (await larger.resume()).position == 5
    assert await larger.publish(ROWS[5:], 5) == len(ROWS)


async def test_a_writer_sees_that_the_stream_is_not_as_it_left_it(
    client: Client, stream: EventStream
) -> None:
    await stream.resume()
    await stream.publish(ROWS[:5], 0)
    await stream.check(5)
    with pytest.raises(StreamMovedOn):
        await stream.check(4)
    await stream.drop()
    with pytest.raises(StreamMovedOn):
        await stream.check(5)


async def test_a_resumed_writer_knows_where_halls_are_even_if_they_have_moved(
    client: Client, stream: EventStream
) -> None:
    moved = msgspec.structs.replace(CONFIGURED, plan=msgspec.structs.replace(PLAN, region="411322000000"))
    await stream.resume()
    await stream.publish([row(1, moved, "hall-tanghe", 1), row(2, CONFIGURED, "hall-tanghe", 2)], 0)
    again = EventStream(client)
    await again.resume()
    await again.publish([row(3, visits(1, 1)[0])], 2)
    assert (
        await client.jetstream().get_msg(STREAM, 3)
    ).subject == "mingting.411328000000.tanghe.queue.ticket-issued"


async def test_while_nats_is_away_writing_fails_at_once_and_nothing_is_sent_later(
    server: Nats, client: Client, stream: EventStream
) -> None:
    await stream.resume()
    server.stop()
    try:
        await until(lambda: not client.is_connected)
        with pytest.raises(StreamUnavailable):
            await stream.publish(ROWS[:5], 0)
    finally:
        server.start()
    await until(lambda: client.is_connected)
    assert await stream.resume() == Last()


# --- following ------------------------------------------------------------------------------------------------


async def test_following_from_any_position_brings_exactly_what_is_behind_it(
    client: Client, stream: EventStream
) -> None:
    gaps = [row(n, visits(1, 1)[0]) for n in (3, 4, 9, 10, 11, 40, 41, 42, 43, 90)]
    await stream.resume()
    await stream.publish(gaps, 0)
    for after in (0, 2, 3, 4, 5, 8, 9, 11, 12, 39, 40, 43, 60, 89):
        expected = [one.position for one in gaps if one.position > after]
        async with contextlib.aclosing(follow(client, after)) as items:
            found = await take(items, len(expected))
        assert [item.position for item in found] == expected, after


async def test_a_follower_is_told_when_it_has_everything(client: Client, stream: EventStream) -> None:
    await stream.resume()
    await stream.publish(ROWS[:5], 0)
    current = Current(5, 5, datetime(2026, 3, 2, 1, tzinfo=UTC))
    async with contextlib.aclosing(follow(client)) as items:
        assert [item.position for item in await take(items, 5)] == [1, 2, 3, 4, 5]
        waiting = asyncio.create_task(take(items, 1))
        await asyncio.sleep(0.05)
        await stream.confirm(current)
        assert await waiting == [current]


async def test_news_that_the_stream_is_whole_waits_for_the_events_it_speaks_of(
    client: Client, stream: EventStream
) -> None:
    await stream.resume()
    await stream.publish(ROWS[:3], 0)
    async with contextlib.aclosing(follow(client)) as items:
        await take(items, 3)
        waiting = asyncio.create_task(take(items, 3))
        await asyncio.sleep(0.05)
        await stream.confirm(Current(5, 5, NINE))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await stream.publish(ROWS[3:5], 3)
        assert [type(item) for item in await waiting] == [Recorded, Recorded, Current]


async def test_who_follows_some_subjects_only_is_told_too(client: Client, stream: EventStream) -> None:
    await stream.resume()
    await stream.publish(ROWS[:3], 0)
    calls = ("mingting.*.tanghe.queue.ticket-called",)
    async with contextlib.aclosing(follow(client, 0, calls)) as items:
        assert [item.position for item in await take(items, 1)] == [3]
        waiting = asyncio.create_task(take(items, 3))
        await asyncio.sleep(0.05)
        await stream.publish(ROWS[3:6], 3)
        await stream.confirm(Current(6, 6, NINE))
        await asyncio.sleep(0.05)
        await stream.publish(ROWS[6:9], 6)
        await stream.confirm(Current(9, 9, NINE))
        found = await waiting
    assert [item.position for item in found] == [6, 7, 9]
    assert [type(item) for item in found] == [Current, Recorded, Current]


@pytest.mark.parametrize("wipe", [False, True], ids=["killed", "killed and wiped"])
async def test_a_follower_misses_and_repeats_nothing_when_nats_is(
    server: Nats, client: Client, stream: EventStream, wipe: bool
) -> None:
    await stream.resume()
    await stream.publish(ROWS[:10], 0)
    async with contextlib.aclosing(follow(client)) as items:
        await take(items, 7)
        waiting = asyncio.create_task(take(items, len(ROWS) - 7))
        await asyncio.to_thread(restart, server, wipe=wipe)
        await until(lambda: client.is_connected)
        last = await stream.resume()
        assert last.position == (0 if wipe else 10)
        await stream.publish(ROWS[last.position : 20], last.sequence)
        await asyncio.sleep(0.1)
        await stream.publish(ROWS[20:], 20)
        found = await waiting
    assert [item.position for item in found] == list(range(8, len(ROWS) + 1))


async def test_a_follower_says_so_when_what_it_had_seen_is_not_in_the_stream_any_more(
    client: Client, stream: EventStream
) -> None:
    await stream.resume()
    await stream.publish(ROWS[:10], 0)
    async with contextlib.aclosing(follow(client)) as items:
        await take(items, 10)
        await stream.drop()
        await stream.resume()
        other = [row(n, visits(1, 1)[0], command=f"other{n}") for n in range(1, 13)]
        await stream.publish([*ROWS[:8], *other[8:]], 0)
        with pytest.raises(StreamRewritten):
            await take(items, 1)


async def test_a_follower_says_so_when_the_log_ends_before_what_it_had_seen(
    client: Client, stream: EventStream
) -> None:
    await stream.resume()
    await stream.publish(ROWS[:10], 0)
    async with contextlib.aclosing(follow(client)) as items:
        await take(items, 10)
        await asyncio.sleep(1.1)
        waiting = asyncio.create_task(take(items, 1))
        await asyncio.sleep(0.05)
        await stream.confirm(Current(8, 8, NINE + timedelta(hours=1)))
        with pytest.raises(StreamRewritten):
            await waiting


async def test_following_goes_on_behind_an_event_that_cannot_be_read(
    client: Client, stream: EventStream
) -> None:
    await stream.resume()
    await stream.publish([ROWS[0], ROWS[1]._replace(topic="ticket-framed"), ROWS[2]], 0)
    async with contextlib.aclosing(follow(client)) as items:
        found = await take(items, 3)
    assert [type(item) for item in found] == [Recorded, Unreadable, Recorded]


async def test_a_client_is_handed_out_before_nats_is_there_and_finds_it_when_it_comes(server: Nats) -> None:
    server.stop()
    shutil.rmtree(server.directory / "jetstream")
    async with connected(server.url) as client:
        stream = EventStream(client)
        with pytest.raises(StreamUnavailable):
            await stream.resume()
        items = follow(client)
        waiting = asyncio.create_task(take(items, 3))
        await asyncio.sleep(0.1)
        server.start()
        await until(lambda: client.is_connected)
        await stream.resume()
        await stream.publish(ROWS[:3], 0)
        assert [item.position for item in await waiting] == [1, 2, 3]
        await items.aclose()
