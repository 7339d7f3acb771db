"""Server-sent events on a real uvicorn, to screens that listen, that sleep and that are too many."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx_sse
import psycopg
import pytest
import uvicorn

from adapters.http import screens
from adapters.settings import Settings
from tests.adapters.http.serving import Served, serving

FEW = Settings(board_streams_max=3, board_streams_per_address=2)


@asynccontextmanager
async def listening(
    database_url: str, settings: Settings = FEW
) -> AsyncIterator[tuple[Served, httpx.AsyncClient]]:
    """The server behind a real socket."""
    async with serving(database_url, settings=settings) as served:
        config = uvicorn.Config(
            served.door, host="127.0.0.1", port=0, lifespan="off", log_level="critical", server_header=False
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
                yield served, client
        finally:
            server.should_exit = server.force_exit = True
            await task


PATH = "/api/v1/halls/tanghe/board/events"


async def until(wanted: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not wanted():  # noqa: ASYNC110  # nobody signals what is waited for
            await asyncio.sleep(0.01)


async def test_a_screen_gets_the_board_and_then_its_changes(database_url: str) -> None:
    async with listening(database_url) as (served, client):
        async with httpx_sse.aconnect_sse(client, "GET", PATH) as source:
            assert source.response.headers["content-type"].startswith("text/event-stream")
            assert source.response.headers["cache-control"] == "no-store"
            assert source.response.headers["x-accel-buffering"] == "no"
            assert source.response.headers["x-content-type-options"] == "nosniff"
            events = source.aiter_sse()
            first = await anext(events)
            assert first.event == "board"
            board = json.loads(first.data)
            assert board["hall"] == "tanghe"
            receipt = (
                await served.post("/halls/tanghe/tickets", {"queue": "a"}, served.bearer("kiosk"))
            ).json()
            async with asyncio.timeout(20):
                while True:
                    event = await anext(events)
                    if int(event.id) >= receipt["position"]:
                        break
            shown = json.loads(event.data)
            assert [queue["waiting"] for queue in shown["queues"] if queue["queue"] == "a"] == [1]
            assert shown["position"] == int(event.id)
        headers = {"Last-Event-ID": event.id}
        async with httpx_sse.aconnect_sse(client, "GET", PATH, headers=headers) as source:
            again = await anext(source.aiter_sse())
            assert int(again.id) >= int(event.id), "a screen that comes back sees nothing older"


async def test_whoever_surveys_halls_is_told_in_which_of_them_something_happens(database_url: str) -> None:
    async with listening(database_url) as (served, client):
        path, admin = "/api/v1/boards/events", served.bearer("admin")
        async with httpx_sse.aconnect_sse(client, "GET", path, headers=admin) as source:
            events = source.aiter_sse()
            first = await anext(events)
            before = json.loads(first.data)
            assert first.event == "halls"
            assert len(before["halls"]) == 7
            ticket = await served.post("/halls/yuantan/tickets", {"queue": "a"}, served.bearer("kiosk"))
            async with asyncio.timeout(20):
                # It comes too when the boards have become old, or are old no longer: nothing moved then.
                async for event in events:
                    after = json.loads(event.data)
                    if event.event == "halls" and after["halls"] != before["halls"]:
                        break
            moved = {hall for hall, version in after["halls"].items() if version != before["halls"][hall]}
            assert moved == {"yuantan"}
            assert after["position"] >= ticket.json()["position"]
        director = served.bearer("supervisor", "director", hall="tanghe")
        async with httpx_sse.aconnect_sse(client, "GET", path, headers=director) as source:
            own = await anext(source.aiter_sse())
            assert [*json.loads(own.data)["halls"]] == ["tanghe"]
        other = await client.get(path, headers=director, params={"hall": "yuantan"})
        assert (other.status_code, other.json()["code"]) == (403, "other-hall")
        nowhere = await client.get(path, headers=admin, params={"hall": "nowhere"})
        assert nowhere.status_code == 404


@pytest.mark.parametrize("told", ["x", "-1", "9" * 30, "１"])
async def test_a_last_event_id_that_is_none_begins_anew(told: str) -> None:
    assert screens.last_event(told) is None


async def test_a_board_of_no_hall_is_a_problem_and_no_stream(database_url: str) -> None:
    async with listening(database_url) as (_, client):
        answer = await client.get("/api/v1/halls/nowhere/board/events")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-hall")


@asynccontextmanager
async def watching(client: httpx.AsyncClient) -> AsyncIterator[AsyncIterator[httpx_sse.ServerSentEvent]]:
    """A screen that has its first board. Its iterator is kept: dropped, it would close the stream."""
    async with httpx_sse.aconnect_sse(client, "GET", PATH) as source:
        events = source.aiter_sse()
        await anext(events)
        yield events


async def test_one_address_opens_no_more_streams_than_it_may_and_closing_makes_room(
    database_url: str,
) -> None:
    async with listening(database_url) as (_, client):
        async with watching(client), watching(client):
            refused = await client.get(PATH)
            assert (refused.status_code, refused.json()["code"]) == (429, "too-many-streams")
            assert refused.headers["retry-after"] == "30"
        async with asyncio.timeout(20):
            while True:
                async with client.stream("GET", PATH) as answer:
                    if answer.status_code == 200:
                        break
                await asyncio.sleep(0.05)


def test_all_addresses_together_open_no_more_streams_than_the_server_takes() -> None:
    streams = screens.Streams(most=3, most_per_address=2)
    for address in ("a", "a", "b"):
        streams.enter(address)
    for address in ("a", "b", "c"):
        with pytest.raises(Exception, match="too-many-streams"):
            streams.enter(address)
    streams.leave("a")
    streams.enter("c")


async def test_a_screen_that_stops_reading_is_given_up(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screens, "TAKEN_WITHIN_S", 0.3)
    async with listening(database_url) as (served, client):
        flood = b"event: board\ndata: " + b"x" * 200_000 + b"\n\n"

        async def frames(*_: Any) -> AsyncIterator[bytes]:
            nonlocal ended
            try:
                while True:
                    yield flood
            finally:
                ended = True

        ended = False
        monkeypatch.setattr(served.parts.boards, "subscribe", frames)
        asleep = socket.socket()
        asleep.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asleep.setblocking(False)
        host, port = client.base_url.host, client.base_url.port
        await asyncio.get_running_loop().sock_connect(asleep, (host, port))
        await asyncio.get_running_loop().sock_sendall(
            asleep, f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        )
        await until(lambda: ended)
        assert (await client.get("/health/live")).status_code == 200
        asleep.close()


async def test_a_screen_that_leaves_is_noticed_at_once(database_url: str) -> None:
    async with listening(database_url) as (served, client):
        boards: Any = served.parts.boards
        async with watching(client):
            assert boards.screens == 1
        await until(lambda: boards.screens == 0)


async def test_a_board_that_cannot_be_read_is_a_problem_with_a_status(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(database_url) as (served, client):

        async def broken(*_: Any) -> AsyncIterator[bytes]:
            raise psycopg.OperationalError("away")
            yield b""

        monkeypatch.setattr(served.parts.boards, "subscribe", broken)
        answer = await client.get(PATH)
        assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
