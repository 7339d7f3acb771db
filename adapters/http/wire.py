"""How answers go onto the wire: what every one of them carries, and those that are there as a whole in one piece."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    (b"x-content-type-options", b"nosniff"),
    # Other sites learn nothing. Our own must see where a form came from: with no-referrer its Origin would be "null".
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(self), microphone=()"),
)
NOT_KEPT = (b"cache-control", b"no-store")
"""Answers are about people and change by the second; a page that may be kept says so itself."""

PLAIN = (*SECURITY, NOT_KEPT)

Header = tuple[bytes, bytes]


def lines(headers: Iterable[Header]) -> bytes:
    """Headers as HTTP/1.1 has them. Whoever gives them answers for it that none holds a line's end."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


Whole = Callable[[int, bytes, bytes], bool]
"""Sends status, header lines and body at once; ``False`` if that cannot be, and nothing was sent."""

WHOLE = "mingting.whole"
"""Under this name an ASGI scope's ``extensions`` hold a ``Whole``, where the server is ours."""


HEAD_BYTES_MAX = 65_536
"""How long the head of a request may be: its first line and its headers."""

HEAD_S = 15.0
"""How long the head of a request may take to arrive, and who has connected may say nothing at all."""

TOO_LONG = b"connection: close\r\ncontent-length: 0\r\n\r\n"


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, which also takes a whole answer, and bounds the head of a request: uvicorn would keep reading
    a head that never ends, and wait for one that never comes.

    As ASGI has it, an answer is two messages: uvicorn looks through each header of each answer for what none may hold,
    and writes head and body one after the other, two calls of the system and two packets for whoever reads them. For a
    receipt of some hundred bytes that is a tenth of its price.
    """

    _head = 0  # bytes of it that have come in earlier packets
    _in_head = True
    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._giving_up = self.loop.call_later(HEAD_S, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        asked: RequestResponseCycle | None = self.cycle
        waiting = self._in_head or asked is None or asked.response_complete
        if not waiting or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > HEAD_BYTES_MAX:
            self.transport.write(STATUS_LINE[431] + TOO_LONG)
            self.transport.close()
        elif self._giving_up is None:
            self._giving_up = self.loop.call_later(HEAD_S, self.transport.close)

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()

    def _head_is_here(self) -> None:
        self._in_head, self._head = False, 0
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]  # uvicorn's type lacks extensions
        scope["extensions"] = {WHOLE: self.answer}

    def answer(self, status: int, head: bytes, body: bytes) -> bool:
        """A ``Whole`` for the request that is being answered, if the connection stays open and none waits behind it:
        then it is the last that was read."""
        cycle = self.cycle
        if self.pipeline or cycle.response_started or cycle.disconnected or not cycle.keep_alive:
            return False
        if self.flow.write_paused or self.access_log:
            return False
        cycle.response_started = cycle.response_complete = True
        common = lines(self.server_state.default_headers)
        self.transport.write(b"".join((STATUS_LINE[status], common, head, b"\r\n", body)))
        cycle.message_event.set()
        cycle.on_response()
        return True
