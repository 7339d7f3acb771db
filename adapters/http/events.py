"""The log for auditors, as CloudEvents 1.0; and the door by which an admin writes down what happened elsewhere."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from msgspec import Meta

from adapters.cloudevents import structured
from adapters.envelope import UnreadableEvent
from adapters.http import errors
from adapters.http.access import API
from adapters.http.asking import KEY_CHARACTERS_MAX, Asking, Reply, asking, encode
from adapters.http.body import field_error
from adapters.http.case_opening import numbered
from adapters.http.commands import Command
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Problem, Rejected
from adapters.http.reading import listing, lists, shape
from adapters.log import Search
from adapters.loop import StoreUnavailable
from domain.catalogue import COMMANDS_OF, EVENTS
from domain.handling import Act, Ask, Follow
from domain.message import Command as DomainCommand
from domain.message import Key, Recorded, Refused, category, day_of, hall_of, place
from domain.numbers import TakeNumber, counted
from domain.queue import OpenDay

EVENTS_MAX = 1000
IMPORT_MAX = 500
IMPORT_BYTES_MAX = 4_000_000


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that happened: a command to a stream, when, and a key that makes telling it twice harmless."""

    stream: Annotated[str, Meta(pattern=r"^[a-z]+-[A-Za-z0-9._-]{1,150}$")]
    at: Annotated[datetime, Meta(tz=True)]
    key: Annotated[str, Meta(min_length=1, max_length=KEY_CHARACTERS_MAX)]
    command: dict[str, Any]


Telling = Annotated[list[Told], Meta(max_length=IMPORT_MAX)]


class Entered(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How one of them was answered: a receipt, or a problem."""

    stream: str
    version: int = 0
    position: int = 0
    replayed: bool = False
    result: Any = None
    problem: Problem | None = None


class ImportReceipt(msgspec.Struct, frozen=True):
    receipts: list[Entered]


CloudEvent = shape(
    "CloudEvent",
    specversion=Literal["1.0"],
    id=str,
    source=str,
    type=str,
    subject=str,
    time=datetime,
    datacontenttype=str,
    data=dict[str, Any],
    position=int,
    version=int,
    by=str,
    correlation=str | None,
    causation=str | None,
    recordedat=datetime | None,
    hall=str | None,
)

Moment = Annotated[
    datetime | None, QueryParameter(description="By when it was written down; RFC 3339 with offset.")
]

COMMANDS: dict[str, dict[str, type[DomainCommand]]] = {
    subject: {re.sub(r"(?<!^)(?=[A-Z])", "-", command.__name__).lower(): command for command in commands}
    for subject, commands in COMMANDS_OF.items()
}
"""Every command by its subject and name: ``issue-ticket`` of ``queue``."""


# --- the log --------------------------------------------------------------------------------------------------


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/events",
        operation_id="events",
        responses=lists("events", CloudEvent),
        summary="The log as CloudEvents 1.0",
        tags=["log"],
    )
    async def events(
        after: Annotated[int, QueryParameter(ge=0, le=2**62, description="Begin behind this position.")] = 0,
        before: Annotated[
            int | None,
            QueryParameter(ge=0, le=2**62, description="Newest first, beginning before this position."),
        ] = None,
        stream: Annotated[str | None, QueryParameter(min_length=1, max_length=200)] = None,
        tag: Annotated[
            str | None, QueryParameter(max_length=60, description="The event's name: look-recorded.")
        ] = None,
        by: Annotated[
            str | None, QueryParameter(max_length=120, description="Who asked: supervisor:li.")
        ] = None,
        person: Annotated[
            Key | None, QueryParameter(description="Whom it is about or who asked, by their key.")
        ] = None,
        since: Moment = None,
        until: Moment = None,
        limit: Annotated[int, QueryParameter(ge=1, le=EVENTS_MAX)] = 100,
    ) -> Response[bytes]:
        if tag is not None and tag not in EVENTS:
            raise Refused("unknown-event", missing=True, tag=tag)
        low, high = after, 2**62 if before is None else before - 1
        if since is not None:
            low = max(low, await parts.log.position_at(_aware("since", since) - timedelta(microseconds=1)))
        if until is not None:
            high = min(high, await parts.log.position_at(_aware("until", until)))
        wanted = Search(low, high, before is not None, stream, tag, by, person)
        found = await parts.log.search(wanted, limit)
        last = found[-1].position if found else after
        more = str(last) if len(found) == limit else None
        return listing("events", [cloud_event(recorded) for recorded in found], more, last, parts.clock())

    return [events]


def _aware(field: str, moment: datetime) -> datetime:
    """Raises:
    Rejected: 422, an instant without its offset.
    """
    if moment.tzinfo is None:
        raise Rejected(422, "invalid", errors=[FieldError(field, "a time with offset")])
    return moment


def cloud_event(recorded: Recorded) -> dict[str, Any]:
    """An event in CloudEvents' JSON format."""
    tag = str(recorded.event.__struct_config__.tag)
    return structured(
        recorded.stream,
        recorded.version,
        recorded.position,
        tag,
        recorded.stamp,
        recorded.id,
        recorded.event,
    )


# --- what happened elsewhere ----------------------------------------------------------------------------------


def commands(parts: Parts) -> list[Command]:
    async def enter_all(asked: Asking, words: list[str], body: list[Told], query: bytes) -> Reply:
        # Every command is put into the loop's queue before the first is awaited, and the loop keeps their order.
        receipts = await asyncio.gather(*(enter(parts, asked, told) for told in body))
        return Reply(200, encode(ImportReceipt(receipts)))

    return [
        Command(
            f"{API}/import",
            Telling,
            enter_all,
            ImportReceipt,
            about="Write down what happened elsewhere, strictly in order",
            bytes_max=IMPORT_BYTES_MAX,
        )
    ]


async def enter(parts: Parts, asked: Asking, told: Told) -> Entered:
    """Write down one thing that happened.

    Raises:
    StoreUnavailable: the log did not answer; all of it may be told again.
    """
    try:
        beside = [(b"idempotency-key", told.key.encode()), (b"mingting-at", told.at.isoformat().encode())]
        one = asking(
            asked.identity, "POST", f"{API}/import/{told.stream}", beside, encode(told), parts.clock()
        )
        command = _command(told)
        asks = (*_opening(parts, told.stream), Ask(told.stream, command))
        act = Act((*asks, *_numbering(parts, told.stream, command)))
        receipt = await _in_hall(one, told).submitted(parts.loop, act)
    except (StoreUnavailable, UnreadableEvent):
        raise
    except Exception as error:
        return Entered(stream=told.stream, problem=errors.told(error, ()))
    return Entered(
        stream=receipt.stream,
        version=receipt.version,
        position=receipt.position,
        replayed=receipt.replayed,
        result=receipt.result,
    )


def _opening(parts: Parts, stream: str) -> tuple[Ask, ...]:
    """A day at the windows begins with the hall's plan, as it does for whoever takes the first ticket.

    Raises:
        Rejected: the stream is not that of a hall and a day.
        Refused: there is no such hall.
    """
    if category(stream) != "queue":
        return ()
    try:
        day_of(stream)
    except ValueError as error:
        raise Rejected(422, "unknown-stream", {"stream": stream}) from error
    return (Ask(stream, OpenDay(parts.catalogue.hall(hall_of(stream)))),)


def _numbering(parts: Parts, stream: str, command: DomainCommand) -> tuple[Follow, ...]:
    """Whoever takes a number for a case that was opened elsewhere gives it to the case in the same act, as it is when a
    case is opened here.

    Raises:
        Rejected: the stream is not that of a code and a day.
    """
    if not isinstance(command, TakeNumber):
        return ()
    try:
        code, day = counted(stream)
    except ValueError as error:
        raise Rejected(422, "unknown-stream", {"stream": stream}) from error
    return (numbered(command.case, code, day, parts.settings.case_number),)


def _command(told: Told) -> DomainCommand:
    """Raises:
    Rejected: there is no such subject or command, or it cannot be like this.
    """
    named = COMMANDS.get(category(told.stream))
    if named is None:
        raise Rejected(422, "unknown-stream", {"stream": told.stream})
    fields = dict(told.command)
    name = fields.pop("type", None)
    if not isinstance(name, str) or name not in named:
        raise Rejected(422, "unknown-command", {"command": name})
    try:
        return msgspec.convert(fields, named[name])
    except msgspec.ValidationError as error:
        raise Rejected(422, "invalid", errors=[field_error(error)]) from error


def _in_hall(one: Asking, told: Told) -> Asking:
    """A case's or review's reference begins with its hall."""
    where = place(told.stream.partition("-")[2])
    return one if where is None or category(told.stream) not in ("case", "review") else one.in_hall(where[0])
