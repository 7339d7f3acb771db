"""How answers go onto the wire: what every one of them carries, and those that are there as a whole in one piece."""

from collections.abc import Callable, Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

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


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, which also takes a whole answer.

    As ASGI has it, an answer is two messages: uvicorn looks through each header of each answer for what none may hold,
    and writes head and body one after the other, two calls of the system and two packets for whoever reads them. For a
    receipt of some hundred bytes that is a tenth of its price.
    """

    def on_message_begin(self) -> None:
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
