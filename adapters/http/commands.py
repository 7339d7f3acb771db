"""A command's route as one line of a table: path, body, what is done, what is answered."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from litestar import Response, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from litestar.types import ASGIApp, Empty

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
    """What the receipt holds beside its place in the log; all it holds if it has ``receipts`` of its own."""
    status: int = 200
    hot: bool = False
    """Answered in the lean lane."""
    method: str = "POST"
    about: str = ""
    bare: bool = False
    """What it answers is no receipt: nothing was written under its name."""
    bytes_max: int | None = None
    """How large a body may be, where that is not the common limit."""


def typed(command: Command, clock: Callable[[], datetime]) -> HTTPRouteHandler:
    """The command as a route of the web framework, documented in its OpenAPI."""
    names = [part[1:-1] for part in command.path.split("/") if part.startswith("{")]
    body = command.body

    async def handle(request: StrictRequest, data: Any) -> ASGIApp:
        raw = await request.body()
        scope = request.scope
        asked = asking(request.user, scope["method"], scope["path"], scope["headers"], raw, clock())
        words = [request.path_params[name] for name in names]
        return (await command.do(asked, words, data, scope["query_string"])).asgi

    handle.__name__ = handle.__qualname__ = operation(command)
    handle.__doc__ = command.about
    handle.__annotations__["data"] = JSON_BODY[body]
    if (default := nothing(body)) is not None:
        handle.__defaults__ = (default,)
    register = put if command.method == "PUT" else post
    return register(
        litestar_path(command.path),
        status_code=command.status,
        opt={"body": body},
        request_max_body_size=Empty if command.bytes_max is None else command.bytes_max,
        operation_id=operation(command) if command.method == "POST" else f"put_{operation(command)}",
        summary=command.about or None,
        tags=[command.path.removeprefix(API).split("/")[1]],
        responses={command.status: ResponseSpec(answer_type(command), generate_examples=False)},
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


def answer_type(command: Command) -> type[msgspec.Struct]:
    """What the OpenAPI document says of the answer."""
    if command.bare and command.answer is not None:
        return command.answer
    return receipt_type(command.answer)


def receipt_type(answer: type[msgspec.Struct] | None) -> type[msgspec.Struct]:
    """The shape of a receipt with this answer in it: its place in the log and the answer's own fields."""
    if answer is None:
        return Placed
    if "receipts" in answer.__struct_fields__:
        return answer
    fields: list[Any] = [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(answer)
    ]
    return msgspec.defstruct(f"{answer.__name__}Stored", fields, bases=(Placed,), frozen=True, kw_only=True)


def litestar_path(path: str) -> str:
    return path.replace("}", ":str}")


def operation(command: Command) -> str:
    """``post_halls_hall_tickets``: the operation's name in the OpenAPI document."""
    words = command.path.removeprefix(API).replace("{", "").replace("}", "")
    return command.method.lower() + "".join(c if c.isalnum() else "_" for c in words)
