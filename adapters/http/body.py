"""Bodies are decoded by msgspec straight into their types, strictly, and in the same way on every route."""

from functools import cache
from typing import Any

import msgspec
from litestar import Request

from adapters.http.asking import Headers
from adapters.http.identity import Identity
from adapters.http.problems import FieldError, Rejected


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
    """The web framework's request, reading its body with ``read``: the framework's own way would first make dicts
    of it and then take ``"5"`` for 5."""

    async def json(self) -> Any:
        kind = self.route_handler.opt["body"]
        return read(await self.body(), kind, self.scope["headers"])
