"""Answers on the wire: the same bytes, however many pieces they come in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from adapters.http import wire
from adapters.http.asking import Reply
from adapters.http.wire import HEAD_BYTES_MAX, Protocol

RECEIPT = Reply(201, b'{"position":7}', (("ETag", '"7"'),))
REFUSAL = Reply(409, b'{"code":"day-closed"}', (("Content-Type", "application/problem+json"),))

ASKED = b"POST /%b HTTP/1.1\r\nHost: hall.test\r\nContent-Length: 2\r\n%b\r\n{}"


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 80)})
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.pieces.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def answered(kind: type[HttpToolsProtocol], *packets: bytes) -> Transport:
    """What a connection says to requests, one packet after the other: receipts, and to ``/refused`` a refusal."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"] == b"{}"
        await (REFUSAL if scope["path"] == "/refused" else RECEIPT).send(scope, send)

    config = uvicorn.Config(application, http=kind, lifespan="off", access_log=False, log_config=None)
    config.load()
    state, transport = ServerState(), Transport()
    state.default_headers = [(b"date", b"Mon, 02 Mar 2026 01:00:00 GMT")]
    protocol = kind(config, state, {})
    protocol.connection_made(transport)
    for packet in packets:
        protocol.data_received(packet)
        while state.tasks:
            await asyncio.gather(*state.tasks)
    protocol.connection_lost(ConnectionResetError())
    protocol._unset_keepalive_if_required()
    return transport


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Protocol, Transport]]:
    """A connection on which nothing is ever answered."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    config = uvicorn.Config(application, lifespan="off", access_log=False, log_config=None)
    config.load()
    state, transport = ServerState(), Transport()
    protocol = Protocol(config, state, {})
    protocol.connection_made(transport)
    yield protocol, transport
    for task in state.tasks:
        task.cancel()
    protocol.connection_lost(ConnectionResetError())


async def test_a_head_that_does_not_end_is_refused() -> None:
    async with connected() as (protocol, transport):
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: hall.test\r\nX: ")
        for _ in range(HEAD_BYTES_MAX // 1000 + 1):
            assert not transport.closed
            protocol.data_received(b"x" * 1000)
        assert transport.closed
        assert transport.pieces[0].startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nHost:", b"\r\n\r\n"], ids=["nothing", "half", "blank"]
)
async def test_whoever_does_not_say_what_they_want_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(wire, "HEAD_S", 0.01)
    async with connected() as (protocol, transport):
        protocol.data_received(said) if said else None
        async with asyncio.timeout(10):
            while not transport.closed:  # noqa: ASYNC110 (a transport has no event)
                await asyncio.sleep(0.01)


async def test_a_whole_head_may_be_answered_when_there_is_an_answer() -> None:
    async with connected() as (protocol, transport):
        for packet in (b"GET /screen HTTP/1.1\r\n", b"Host: hall.test\r\n", b"\r\n"):
            assert protocol._giving_up is not None
            protocol.data_received(packet)
        assert protocol._giving_up is None
        assert not transport.closed


async def test_a_receipt_goes_out_in_one_piece_and_says_what_it_says_in_two() -> None:
    one = await answered(Protocol, ASKED % (b"", b""))
    two = await answered(HttpToolsProtocol, ASKED % (b"", b""))
    assert (len(one.pieces), len(two.pieces)) == (1, 2)
    assert one.pieces[0] == b"".join(two.pieces)
    assert one.pieces[0].startswith(b"HTTP/1.1 201 Created\r\ndate: Mon, 02 Mar 2026 01:00:00 GMT\r\netag: ")


@pytest.mark.parametrize(
    "requests",
    [
        (ASKED % (b"refused", b""),),
        (ASKED % (b"", b"Connection: close\r\n"),),
        (ASKED % (b"", b""), ASKED % (b"refused", b""), ASKED % (b"", b"")),
        (ASKED % (b"", b""), ASKED % (b"", b""), ASKED % (b"", b"Connection: close\r\n")),
        (ASKED % (b"", b"Expect: 100-continue\r\n"),),
    ],
    ids=["a refusal", "the last of a connection", "several behind each other", "and the last", "expecting"],
)
async def test_whatever_cannot_go_out_in_one_piece_is_said_as_ever(requests: tuple[bytes, ...]) -> None:
    together = b"".join(requests)
    ours, theirs = await answered(Protocol, together), await answered(HttpToolsProtocol, together)
    assert b"".join(ours.pieces) == b"".join(theirs.pieces)
    assert ours.closed == theirs.closed
    assert b"".join(ours.pieces).count(b"HTTP/1.1 ") >= len(requests)


async def test_a_connection_takes_one_request_after_the_other() -> None:
    transport = await answered(Protocol, *[ASKED % (b"", b"")] * 3)
    assert transport.pieces == [transport.pieces[0]] * 3
    assert not transport.closed
