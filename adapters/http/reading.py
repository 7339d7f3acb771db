"""How views are read: not before they have passed what the reader has written, and always saying how old they are."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Response
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter

from adapters.http.asking import encode
from adapters.http.parts import Views
from adapters.views import BadCursor

WAIT_S = 5.0
LIMIT = 50
LIMIT_MAX = 100

After = Annotated[
    int, QueryParameter(ge=0, le=2**62, description="Wait (at most 5 s) until this position has been passed.")
]
Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX)]
Cursor = Annotated[str | None, QueryParameter(max_length=1000, description="From the page before.")]
Word = Annotated[str | None, QueryParameter(min_length=1, max_length=100)]
Day = Annotated[date | None, QueryParameter(description="YYYY-MM-DD; today without it.")]

T = TypeVar("T")


async def caught_up(views: Views, name: str, after: int) -> None:
    """Raises:
    ViewBehind: the view has not passed the position in time.
    """
    if after:
        await views.wait(name, after, WAIT_S)


def document(of: Any, position: int, as_of: datetime) -> Response[bytes]:
    """A document with ``position`` and ``as_of`` beside its own fields."""
    tail = encode({"position": position, "as_of": as_of})
    return Response(encode(of)[:-1] + b"," + tail[1:], media_type="application/json")


def listing(
    plural: str, of: Sequence[Any], cursor: str | None, position: int, as_of: datetime
) -> Response[bytes]:
    """``{"<plural>": […], "cursor", "position", "as_of"}``."""
    body = encode({plural: of, "cursor": cursor, "position": position, "as_of": as_of})
    return Response(body, media_type="application/json")


def page_of(named: Iterable[tuple[str, T]], limit: int, cursor: str | None) -> tuple[list[T], str | None]:
    """A page of what is held in memory, in the order of names.

    Raises:
        BadCursor: the cursor is none of ours.
    """
    after = "" if cursor is None else _name(cursor)
    rest = sorted((pair for pair in named if pair[0] > after), key=lambda pair: pair[0])
    more = base64.urlsafe_b64encode(rest[limit - 1][0].encode()).decode() if len(rest) > limit else None
    return [thing for _, thing in rest[:limit]], more


def _name(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise BadCursor(cursor) from error


def shape(
    title: str, /, *of: type[msgspec.Struct] | Mapping[str, Any], without: Sequence[str] = (), **more: Any
) -> type[msgspec.Struct]:
    """An answer as the OpenAPI document shows it: the fields of some Structs, some left out and some added."""
    fields: dict[str, Any] = {}
    for kind in of:
        fields |= (
            kind if isinstance(kind, Mapping) else {f.name: f.type for f in msgspec.structs.fields(kind)}
        )
    kept = [(name, kind) for name, kind in (fields | more).items() if name not in without]
    return msgspec.defstruct(title, kept, kw_only=True)


def answers(kind: type[msgspec.Struct]) -> dict[int, ResponseSpec]:
    """The document that a route answers with: ``kind`` with how old it is."""
    told = shape(f"{kind.__name__}Read", kind, position=int, as_of=datetime)
    return {200: ResponseSpec(told, generate_examples=False, description="As it stood at as_of")}


def lists(plural: str, kind: type[msgspec.Struct]) -> dict[int, ResponseSpec]:
    """The list that a route answers with."""
    return answers(shape(f"{kind.__name__}List", {plural: list[kind]}, cursor=str | None))  # type: ignore[valid-type]  # a type made at run time


def merged(*parts: Any) -> dict[str, Any]:
    """Several Structs or dicts as one object; what comes later wins."""
    together: dict[str, Any] = {}
    for part in parts:
        together |= part if isinstance(part, dict) else msgspec.structs.asdict(part)
    return together
