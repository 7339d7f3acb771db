"""A command's route as one line of a table: path, body, what is done, what is answered."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from litestar import Response, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from adapters.http.access import API
from adapters.http.asking import Asking, Reply, asking
from adapters.http.body import StrictRequest, nothing

Do = Callable[[Asking, list[str], Any, bytes], Awaitable[Reply]]
"""What a route does: with the asking, the words of the path in order, the decoded body and the query string."""


# A name that is only known here cannot be written as a type; the framework reads it at run time.
JSON_BODY: Any = JSONBody


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that says nothing; it may as well be left out."""


class Placed(msgspec.Struct, frozen=True):
    """What every receipt holds: the stream that was asked, its version, and the position in the one log."""

    stream: str
    version: int
    position: int


class Command(NamedTuple):
    """A route that asks for something to be done."""

    path: str
    """With ``{words}``, as the access table has it."""
    body: Any
    do: Do
    answer: type[msgspec.Struct] | None = None
    """What the receipt holds beside its place in the log."""
    status: int = 200
    hot: bool = False
    """Answered in the lean lane."""
    method: str = "POST"
    about: str = ""


def typed(command: Command, clock: Callable[[], datetime]) -> HTTPRouteHandler:
    """The command as a route of the web framework, documented in its OpenAPI."""
    names = [part[1:-1] for part in command.path.split("/") if part.startswith("{")]
    body = command.body

    async def handle(request: StrictRequest, data: Any) -> Response[bytes]:
        raw = await request.body()
        scope = request.scope
        asked = asking(request.user, scope["method"], scope["path"], scope["headers"], raw, clock())
        words = [request.path_params[name] for name in names]
        return response(await command.do(asked, words, data, scope["query_string"]))

    handle.__name__ = handle.__qualname__ = operation(command.path)
    handle.__doc__ = command.about
    handle.__annotations__["data"] = JSON_BODY[body]
    if (default := nothing(body)) is not None:
        handle.__defaults__ = (default,)
    register = put if command.method == "PUT" else post
    return register(
        litestar_path(command.path),
        status_code=command.status,
        opt={"body": body},
        operation_id=operation(command.path),
        summary=command.about or None,
        tags=[command.path.removeprefix(API).split("/")[1]],
        responses={command.status: ResponseSpec(receipt_type(command.answer), generate_examples=False)},
    )(handle)


def response(reply: Reply) -> Response[bytes]:
    """A ready answer as the web framework sends it."""
    headers = dict(reply.headers)
    return Response(
        reply.body,
        status_code=reply.status,
        media_type=headers.pop("Content-Type", "application/json"),
        headers=headers,
    )


def receipt_type(answer: type[msgspec.Struct] | None) -> type[msgspec.Struct]:
    """The shape of a receipt with this answer in it: its place in the log and the answer's own fields."""
    if answer is None:
        return Placed
    fields: list[Any] = [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(answer)
    ]
    return msgspec.defstruct(f"{answer.__name__}Stored", fields, bases=(Placed,), frozen=True, kw_only=True)


def litestar_path(path: str) -> str:
    return path.replace("}", ":str}")


def operation(path: str) -> str:
    """``/api/v1/halls/{hall}/windows/{window}/call-next`` is ``halls_hall_windows_window_call_next``."""
    words = path.removeprefix(API).strip("/")
    return "".join(c if c.isalnum() else "_" for c in words.replace("{", "").replace("}", ""))
