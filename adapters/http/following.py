"""Following a line: a ticket on its holder's phone, the whole of it by the hall's staff, as documents and as events."""

from datetime import date as Date
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API
from adapters.http.asking import encode
from adapters.http.body import StrictRequest
from adapters.http.parts import Parts
from adapters.http.reading import After, Day, answers, caught_up, document, shape
from adapters.http.screens import EventStream, Streams, while_signed_in
from adapters.lines import Line, PlaceInLine
from domain.message import Refused, place
from projections import board

PlaceNow = shape("PlaceInLine", PlaceInLine, version=int)
HOLDERS = ("id", "review")
"""What only the holder of a ticket may know."""

NumberNow = shape("NumberInLine", PlaceInLine, without=HOLDERS, version=int)
LineNow = shape("Line", Line, version=int)


class HallCode(msgspec.Struct, frozen=True):
    """``code`` is missing where the hall asks for none."""

    hall: str
    date: Date
    code: str | None


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    streams = Streams(parts.settings.follow_streams_max, parts.settings.follow_streams_per_address)

    @get(
        f"{API}/tickets/{{follow:str}}",
        operation_id="tickets_follow",
        responses=answers(PlaceNow),
        summary="A ticket's place in line, why it is there, and the wait to expect",
        tags=["board"],
    )
    async def ticket(follow: FromPath[str], after: After = 0) -> Response[bytes]:
        hall, day, reference = opened(parts, follow)
        await caught_up(parts.views, board.NAME, after)
        found, version, position = await parts.lines.look(hall, day, lambda look: look.place(reference))
        return _document(parts, found, version, max(position, after))

    @get(
        f"{API}/tickets/{{follow:str}}/events",
        operation_id="ticket_events",
        summary="A ticket's place in line as server-sent events: once, then at each change",
        media_type="text/event-stream",
        tags=["board"],
    )
    async def ticket_events(follow: FromPath[str]) -> EventStream:
        return EventStream(parts.lines.follow(*opened(parts, follow)), streams)

    @get(
        f"{API}/halls/{{hall:str}}/numbers/{{number:str}}",
        operation_id="ticket_by_number",
        responses=answers(NumberNow),
        summary="The place of a ticket by its number, for a kiosk and the hall's staff",
        tags=["board"],
    )
    async def numbered(hall: FromPath[str], number: FromPath[str]) -> Response[bytes]:
        parts.catalogue.hall(hall)
        found, version, position = await parts.lines.look(
            hall, parts.today(), lambda look: look.numbered(number)
        )
        told = {name: value for name, value in msgspec.structs.asdict(found).items() if name not in HOLDERS}
        return _document(parts, told, version, position)

    @get(
        f"{API}/halls/{{hall:str}}/line",
        operation_id="line",
        responses=answers(LineNow),
        summary="Everybody in the hall who is not done, in the order of calling, with reasons and waits",
        tags=["board"],
    )
    async def line(hall: FromPath[str], date: Day = None, after: After = 0) -> Response[bytes]:
        parts.catalogue.hall(hall)
        await caught_up(parts.views, board.NAME, after)
        found, version, position = await parts.lines.look(
            hall, date or parts.today(), lambda look: look.line()
        )
        return _document(parts, found, version, max(position, after))

    @get(
        f"{API}/halls/{{hall:str}}/line/events",
        operation_id="line_events",
        summary="The line as server-sent events for the hall's staff: a snapshot, then at each change",
        media_type="text/event-stream",
        tags=["board"],
    )
    async def line_events(hall: FromPath[str], request: StrictRequest, date: Day = None) -> EventStream:
        parts.catalogue.hall(hall)
        frames = parts.lines.follow(hall, date or parts.today())
        return EventStream(while_signed_in(parts.sessions, request.user, frames), streams)

    @get(
        f"{API}/halls/{{hall:str}}/code",
        operation_id="hall_code",
        responses=answers(HallCode),
        summary="The code of the day, with which a citizen at the hall takes a ticket on the phone",
        tags=["board"],
    )
    async def code(hall: FromPath[str]) -> Response[bytes]:
        plan, day = parts.catalogue.hall(hall), parts.today()
        shown = (
            parts.seal.hall_code(hall, day)
            if plan.phone_tickets.allowed and plan.phone_tickets.code
            else None
        )
        return document(HallCode(hall, day, shown), parts.catalogue.position, parts.clock())

    return [ticket, ticket_events, numbered, line, line_events, code]


def opened(parts: Parts, link: str) -> tuple[str, Date, str]:
    """The hall, day and ticket of a follow link.

    Raises:
        Refused: it is none of ours.
    """
    reference = parts.seal.unseal(link)
    where = place(reference) if reference is not None else None
    if reference is None or where is None:
        raise Refused("unknown-ticket", missing=True)
    return *where, reference


def _document(parts: Parts, of: Any, version: int, position: int) -> Response[bytes]:
    tail = encode({"version": version, "position": position, "as_of": parts.clock()})
    return Response(encode(of)[:-1] + b"," + tail[1:], media_type="application/json")
