"""A hall on a day: what can be booked, what its board shows, what its figures are."""

from datetime import date, datetime

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API
from adapters.http.parts import Parts
from adapters.http.past import AsOf, of_stream
from adapters.http.reading import (
    WAIT_S,
    After,
    Day,
    Word,
    answers,
    caught_up,
    document,
    listing,
    lists,
    merged,
    shape,
)
from domain import offering, queue, slots
from domain.hall import HallPlan
from domain.handling import Held
from domain.message import Refused
from domain.offering import SlotsPlan
from projections import board as board_view
from projections import day as day_view

BoardNow = shape("BoardNow", board_view.Board, stale=bool)


class SlotOffered(msgspec.Struct, frozen=True):
    """An interval that can be booked; ``remaining`` places are the public's."""

    slot: str
    queue: str
    starts_at: datetime
    ends_at: datetime
    remaining: int


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/halls/{{hall:str}}/slots",
        operation_id="slots",
        responses=lists("slots", SlotOffered),
        summary="What can be booked on a day",
        tags=["appointments"],
    )
    async def offered(hall: FromPath[str], date: Day = None, item: Word = None) -> Response[bytes]:
        day = date or parts.today()
        now = parts.clock()
        plan = parts.catalogue.hall(hall)
        wanted = None if item is None else parts.catalogue.item(item).plan
        if why_not_offered(parts, plan, day) is not None or (wanted is not None and not wanted.bookable):
            return listing("slots", [], None, 0, now)

        def tell(held: Held) -> tuple[list[SlotOffered], int]:
            known = as_offered(parts, plan, day, held.state)
            intervals = 1 if wanted is None else wanted.slots
            return [
                SlotOffered(
                    name,
                    slot.plan.queue,
                    slot.plan.starts_at,
                    slot.plan.ends_at,
                    slots.remaining(known, name, "public", intervals, now)
                    if slot.plan.starts_at > now
                    else 0,
                )
                for name, slot in known.slots.items()
                if wanted is None or slot.plan.queue == wanted.queue
            ], held.position

        found, position = await parts.loop.peek(slots.stream(hall, day), tell)
        return listing("slots", found, None, position, now)

    @get(
        f"{API}/halls/{{hall:str}}/board",
        operation_id="board",
        responses=answers(BoardNow),
        summary="The board of a hall",
        tags=["board"],
    )
    async def board(
        hall: FromPath[str], date: Day = None, after: After = 0, as_of: AsOf = None
    ) -> Response[bytes]:
        parts.catalogue.hall(hall)
        if as_of is not None:
            day = date or parts.today()
            past = await of_stream(parts, board_view, queue.stream(hall, day), as_of)
            then = past.views.get(board_view.document_key(hall, day)) or board_view.initial(hall, day)
            shown_then = merged(board_view.present(then), {"stale": False})
            return document(shown_then, past.position, past.as_of)
        shown = await parts.boards.board(hall, date or parts.today(), after=after, timeout=WAIT_S)
        return Response(shown, media_type="application/json")

    @get(
        f"{API}/halls/{{hall:str}}/day",
        operation_id="day",
        responses=answers(day_view.DayFigures),
        summary="The figures of a day",
        tags=["figures"],
    )
    async def figures(
        hall: FromPath[str], date: Day = None, after: After = 0, as_of: AsOf = None
    ) -> Response[bytes]:
        parts.catalogue.hall(hall)
        view, position, moment = await day_of(parts, hall, date or parts.today(), after, as_of)
        return document(day_view.present(view), position, moment)

    return [offered, board, figures]


async def day_of(
    parts: Parts, hall: str, day: date, after: int, as_of: str | None
) -> tuple[day_view.View, int, datetime]:
    """A hall's day with the position and moment it is of: once the view has reached ``after``, or as the log stood at
    a moment or position."""
    key, empty = day_view.document_key(hall, day), day_view.initial(hall, day)
    if as_of is not None:
        past = await of_stream(parts, day_view, queue.stream(hall, day), as_of)
        return past.views.get(key) or empty, past.position, past.as_of
    await caught_up(parts.views, day_view.NAME, after)
    position, moment = await parts.views.position(day_view.NAME)
    if (found := await parts.views.get(day_view.NAME, key)) is None:
        return empty, position, moment
    return msgspec.json.decode(found.doc, type=day_view.View), found.position, found.as_of


def as_offered(parts: Parts, plan: HallPlan, day: date, known: slots.Slots) -> slots.Slots:
    """A hall's bookable day as it is; until anybody has booked, as it would be offered."""
    if known.offered:
        return known
    offered: SlotsPlan = offering.offer(plan, day, parts.catalogue.calendar)
    return slots.Slots(True, slots=slots.all_free(offered))


def why_not_offered(parts: Parts, plan: HallPlan, day: date) -> Refused | None:
    """Why nobody can book with a hall on a day, if so."""
    today = parts.today()
    return offering.why_not(plan, day, today, parts.catalogue.calendar)
