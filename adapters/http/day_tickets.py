"""A hall's day ticket by ticket, each with the events its figures are made of: what stands behind a chart's bar."""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from adapters.http.access import API
from adapters.http.parts import Parts
from adapters.http.past import AsOf, stream_until
from adapters.http.reading import LIMIT, Cursor, Day, Limit, answers, document, page_of
from domain import queue
from domain.message import Recorded, Text
from domain.workdays import SHANGHAI
from projections import day
from projections.day import BANDS_S
from projections.happenings import HAPPENINGS

Hour = Annotated[int | None, QueryParameter(ge=0, le=23, description="of the day, when they were issued")]
Served = Annotated[bool | None, QueryParameter(description="whether they were served")]
WaitBand = Annotated[
    int | None,
    QueryParameter(
        ge=0, le=len(BANDS_S), description="served after a wait in this band of the day's, from 0"
    ),
]


class TicketEvent(msgspec.Struct, frozen=True):
    """Whose ticket it is stands nowhere in it; staff are named."""

    position: int
    at: datetime
    by: str
    what: str
    name: Text
    window: str | None


class TicketOfDay(msgspec.Struct):
    """``wait_s`` is told of those served: from the issue to the first call, as the day's figures count it."""

    number: str
    queue: str
    issued_at: datetime
    served: bool = False
    wait_s: int | None = None
    events: list[TicketEvent] = []


class TicketsOfDay(msgspec.Struct, frozen=True):
    hall: str
    date: str
    count: int
    tickets: list[TicketOfDay]
    cursor: str | None


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/halls/{{hall:str}}/day/tickets",
        operation_id="day_tickets",
        responses=answers(TicketsOfDay),
        summary="The tickets of a day, each with the events its figures are made of",
        tags=["figures"],
    )
    async def tickets(
        hall: FromPath[str],
        date: Day = None,
        hour: Hour = None,
        band: WaitBand = None,
        served: Served = None,
        as_of: AsOf = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        parts.catalogue.hall(hall)
        on = date or parts.today()
        log, position, moment = await stream_until(parts, queue.stream(hall, on), as_of)
        found = [
            (f"{ticket.issued_at:%H%M%S} {ticket.number}", ticket)
            for ticket in told(log)
            if (hour is None or ticket.issued_at.astimezone(SHANGHAI).hour == hour)
            and (served is None or ticket.served == served)
            and (band is None or (ticket.wait_s is not None and bisect_left(BANDS_S, ticket.wait_s) == band))
        ]
        page, more = page_of(found, limit, cursor)
        return document(TicketsOfDay(hall, on.isoformat(), len(found), page, more), position, moment)

    return [tickets]


def told(log: Iterable[Recorded]) -> list[TicketOfDay]:
    """The day's tickets in the order of their issue, by the same fold as the day's figures."""
    view: day.View | None = None
    tickets: dict[str, TicketOfDay] = {}
    for recorded in log:
        event: Any = recorded.event
        number = getattr(event, "number", None)
        held = view.tickets.get(number) if view is not None and number is not None else None
        match event:
            case queue.TicketIssued(number=number, queue=line):
                tickets[number] = TicketOfDay(number, line, recorded.stamp.at)
            case queue.ServiceFinished(number=number) if held is not None and held.called_at is not None:
                waited = (held.called_at - held.issued_at).total_seconds()
                tickets[number].served, tickets[number].wait_s = True, round(waited)
            case queue.FinishUndone(number=number):
                tickets[number].served, tickets[number].wait_s = False, None
        if number in tickets:
            tickets[number].events.append(_event(recorded))
        if isinstance(event, queue.TicketLeft) and event.reason == queue.CHECK_IN_UNDONE:
            tickets.pop(event.number, None)
        view = day.evolve(view, recorded)
    return [*tickets.values()]


def _event(recorded: Recorded) -> TicketEvent:
    what = recorded.event.__struct_config__.tag
    assert isinstance(what, str)
    by, asker = recorded.stamp.by, recorded.stamp.by.partition(":")[0]
    return TicketEvent(
        recorded.position,
        recorded.stamp.at,
        asker if asker in ("citizen", "kiosk") else by,
        what,
        HAPPENINGS[what],
        getattr(recorded.event, "window", None),
    )
