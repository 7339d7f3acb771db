"""What a command brings beside its body, and the receipt it gets: one way for every route, typed or lean."""

import contextlib
import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from litestar.types import Receive, Scope, Send

from adapters.http import measures
from adapters.http.identity import Identity
from adapters.http.parts import Loop
from adapters.http.problems import FieldError, Rejected
from adapters.http.wire import PLAIN, WHOLE, lines
from adapters.loop import Receipt, RequestKey
from domain.handling import Act
from domain.message import Stamp
from domain.workdays import local_date

KEY_CHARACTERS_MAX = 200
EARLIEST_YEAR = 1980

Headers = Iterable[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")

PLAIN_LINES = lines(PLAIN)

encode = msgspec.json.Encoder().encode


class Reply(NamedTuple):
    """An answer as it goes out: JSON, ready made."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application that answers with this, whatever is asked."""
        await self.send(scope, send)

    async def send(self, scope: Scope, send: Send) -> None:
        """Send it with the headers of every answer; a receipt in one piece, where the server can."""
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers]
        headers.append((b"content-length", b"%d" % len(self.body)))
        if not any(name == b"content-type" for name, _ in headers):
            headers.append(JSON)
        whole: Any = (scope.get("extensions") or {}).get(WHOLE)
        head = lines(headers) + PLAIN_LINES
        if whole is not None and self.status < HTTPStatus.BAD_REQUEST and whole(self.status, head, self.body):
            return
        headers += PLAIN
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


class Asking(NamedTuple):
    """Who asks for a command, when, under which key and expecting which version."""

    identity: Identity | None
    stamp: Stamp
    key: RequestKey | None
    if_match: int | None

    @property
    def day(self) -> date:
        """The day of the command where the halls are."""
        return local_date(self.stamp.at)

    def in_hall(self, hall: str) -> "Asking":
        """The asking of something that happens at a hall without being the hall's own: a case, a review."""
        return self._replace(stamp=msgspec.structs.replace(self.stamp, hall=hall))

    def part(self, name: object) -> "Asking":
        """The asking of one of several acts that a request asks for, each by itself. It has no idempotency key: the
        key answers for the whole, and what an event says of its key must be remembered."""
        stamp = msgspec.structs.replace(self.stamp, command=f"{self.stamp.command}.{name}", key=None)
        return self._replace(stamp=stamp, key=None, if_match=None)

    async def submit(
        self, loop: Loop, act: Act, status: int = 200, more: Callable[[Any], dict[str, Any]] | None = None
    ) -> Reply:
        """Have an act done and answer with its receipt.

        Args:
            more: what the receipt holds besides, made of its result (plain JSON values when it is replayed).

        Raises:
            Refused, VersionMovedOn, KeyReused, StoreUnavailable: as ``CommandLoop.submit``.
        """
        receipt = await self.submitted(loop, act)
        return accepted(receipt, status, {} if more is None else more(receipt.result))

    async def submitted(self, loop: Loop, act: Act) -> Receipt:
        """Have an act done, and count how it went.

        Raises:
            Refused, VersionMovedOn, KeyReused, StoreUnavailable: as ``CommandLoop.submit``.
        """
        began = time.perf_counter()
        outcome = "failed"
        try:
            receipt = await loop.submit(act, self.stamp, key=self.key, if_match=self.if_match)
            outcome = "replayed" if receipt.replayed else "accepted"
        except Exception as error:
            outcome = measures.outcome(error)
            raise
        finally:
            measures.command(outcome, time.perf_counter() - began)
        return receipt


def accepted(receipt: Receipt, status: int, more: Mapping[str, Any]) -> Reply:
    """``{"stream", "version", "position", …its own result}``."""
    placed = {"stream": receipt.stream, "version": receipt.version, "position": receipt.position, **more}
    body = encode(placed)
    if receipt.result is not None:
        body = body[:-1] + b"," + encode(receipt.result)[1:]
    headers: tuple[tuple[str, str], ...] = (("ETag", f'"{receipt.version}"'),)
    if receipt.replayed:
        headers += (("Idempotent-Replayed", "true"),)
    return Reply(status, body, headers)


def asking(
    identity: Identity | None,
    method: str,
    path: str,
    headers: Headers,
    body: bytes,
    now: datetime,
    *,
    anonymous: str = "anybody",
) -> Asking:
    """Read what stands beside a command's body.

    Args:
        now: the edge's clock.
        anonymous: what the log says of an asker without identity.

    Raises:
        Rejected: 403 for a time from anybody but an admin, 422 for a header that says nothing sensible.
    """
    key: bytes | None = None
    told: bytes | None = None
    if_match: int | None = None
    for name, value in headers:
        if name == b"idempotency-key":
            key = value
        elif name == b"if-match":
            if_match = _version(value)
        elif name == b"mingting-at":
            told = value
    by = identity.by if identity is not None else anonymous
    request_key = None if key is None else _request_key(key, by, method, path, body)
    stamp = Stamp(
        at=now if told is None else _time(told, identity, now),
        by=by,
        command=secrets.token_hex(16),
        key=None if request_key is None else request_key.key,
        recorded_at=None if told is None else now,
    )
    return Asking(identity, stamp, request_key, if_match)


def _request_key(key: bytes, by: str, method: str, path: str, body: bytes) -> RequestKey:
    """The key as this asker used it on this route. Only its digest is kept: what clients put into a key, a name
    perhaps, must not stand in the log for ever."""
    text = key.decode("utf-8", "replace")
    if not 0 < len(text) <= KEY_CHARACTERS_MAX:
        raise _wrong("idempotency-key-invalid", "Idempotency-Key", f"1 to {KEY_CHARACTERS_MAX} characters")
    scope = "\n".join((by, method, path)).encode() + b"\n" + key
    return RequestKey(
        hashlib.blake2b(scope, digest_size=20).hexdigest(), hashlib.blake2b(body, digest_size=20).digest()
    )


def _version(value: bytes) -> int:
    digits = value.strip().removeprefix(b'"').removesuffix(b'"')
    if not digits.isdigit() or len(digits) > 15:
        raise _wrong("if-match-invalid", "If-Match", 'the version as a receipt said it, in quotes: "7"')
    return int(digits)


def _time(value: bytes, identity: Identity | None, now: datetime) -> datetime:
    if identity is None or identity.role != "admin":
        raise Rejected(403, "time-not-yours")
    told = None
    with contextlib.suppress(ValueError):
        told = datetime.fromisoformat(value.decode("ascii"))
    if told is None or told.tzinfo is None or told.year < EARLIEST_YEAR:
        raise _wrong("time-invalid", "Mingting-At", "a time with offset: 2026-03-02T09:00:00+08:00")
    if told > now:
        raise _wrong("time-in-future", "Mingting-At", "not later than now")
    return told


def _wrong(code: str, header: str, what: str) -> Rejected:
    return Rejected(422, code, errors=[FieldError(header, what)])
