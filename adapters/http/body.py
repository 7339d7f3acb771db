"""Bodies are decoded by msgspec straight into their types, strictly, and in the same way on every route."""

import asyncio
import math
from collections.abc import Awaitable
from functools import cache
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.types import Receive

from adapters.http.asking import Headers
from adapters.http.identity import Identity
from adapters.http.problems import FieldError, Rejected

CLOSE = {"Connection": "close"}
"""The rest of a body that was not read cannot be the next request."""


T = TypeVar("T")


class Arrivals:
    """Bodies on their way. One timer watches over all of them: most have come with their headers, and a timer for
    each would cost more than reading it does."""

    def __init__(self) -> None:
        self._until: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._looks_at = math.inf

    async def within(self, until: float, arrival: Awaitable[T]) -> T:
        """What is awaited, if it comes before a time of the event loop's clock.

        Raises:
            Rejected: 408, it takes longer.
        """
        task = asyncio.current_task()
        assert task is not None
        self._until[task] = until
        if until < self._looks_at:
            self._look_at(until)
        try:
            return await arrival
        except asyncio.CancelledError as error:
            if task in self._late and task.uncancel() == 0:
                raise Rejected(408, "body-too-slow", headers=CLOSE) from error
            raise
        finally:
            del self._until[task]
            self._late.discard(task)

    def _look_at(self, at: float) -> None:
        self._looks_at = at
        asyncio.get_running_loop().call_at(at, self._look, at)

    def _look(self, at: float) -> None:
        """Give up those that are late, and look again when the next may be."""
        for task in [task for task, until in self._until.items() if until <= at]:
            self._late.add(task)
            task.cancel()
        if at == self._looks_at:
            self._looks_at = math.inf
            if coming := [until for until in self._until.values() if until > at]:
                self._look_at(min(coming))


async def whole(receive: Receive, bytes_max: float) -> bytes:
    """The body of a request.

    Raises:
        Rejected: 413 it is too large, 408 it takes too long, 400 it ends halfway.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] != "http.request":
            raise Rejected(400, "bad-request")
        parts.append(message["body"])
        size += len(message["body"])
        if size > bytes_max:
            raise Rejected(413, "body-too-large", {"bytes": bytes_max}, headers=CLOSE)
        if not message.get("more_body"):
            return b"".join(parts)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def nothing(kind: Any) -> Any:
    """What an empty body means: the type with its defaults, or ``None`` where it must say something."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return None
    return None if any(field.required for field in msgspec.structs.fields(kind)) else kind()


def read(body: bytes, kind: Any, headers: Headers) -> Any:
    """The body as what it should be.

    Raises:
        Rejected: 415 not JSON by its own word, 400 not JSON in fact, 422 JSON of another shape.
    """
    if not body and (default := nothing(kind)) is not None:
        return default
    if not _declares_json(headers):
        raise Rejected(415, "not-json")
    try:
        try:
            decoded = _decoder(kind).decode(body)
        except msgspec.ValidationError as error:
            # Decoding stopped at the first field that is wrong: what follows may not even be JSON.
            msgspec.json.decode(body)
            raise Rejected(422, "invalid", errors=[field_error(error)]) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Rejected(400, "malformed-json") from error
    if b"\\u0000" in body:
        # JSON can write NUL, PostgreSQL's text and JSON cannot hold it, and no language needs it.
        raise Rejected(422, "invalid", errors=[FieldError("body", "text with the character NUL")])
    return decoded


def field_error(error: msgspec.ValidationError) -> FieldError:
    """Where a value is wrong, and how."""
    message, _, path = str(error).partition(" - at `")
    return FieldError(path.removesuffix("`").removeprefix("$").removeprefix(".") or "body", message)


def _declares_json(headers: Headers) -> bool:
    for name, value in headers:
        if name == b"content-type":
            return value.partition(b";")[0].strip().lower() == b"application/json"
    return False


class StrictRequest(Request[Identity | None, Any, Any]):
    """The web framework's request, reading its body with ``whole`` and ``read``: the framework's own way would look
    through all headers for a length that may not be true, then make dicts of the body and take ``"5"`` for 5."""

    async def body(self) -> bytes:
        if not isinstance(self._body, bytes):
            limit = self.route_handler.resolve_request_max_body_size()
            self._body = await whole(self.receive, math.inf if limit is None else limit)
        body: bytes = self._body
        return body

    async def json(self) -> Any:
        kind = self.route_handler.opt["body"]
        return read(await self.body(), kind, self.scope["headers"])
