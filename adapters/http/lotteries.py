"""Lotteries (摇号): declared with a commitment before, asked for, drawn by the clock, and verified by whoever wants to.

How a draw is made is told in ``domain/lottery.py``; what ``GET …/lotteries`` answers is all that is needed to make it
again.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from msgspec import Meta

from adapters.http.access import API, DRAW_REQUEST
from adapters.http.appointments import PersonAsked, visit, whom
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.commands import Command, Nothing
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.reading import LIMIT, After, Cursor, Limit, answers, caught_up, document, listing, lists
from adapters.http.waiting import meaning
from adapters.http.windows import reference
from domain import offering, slots
from domain.booking import Instant, SlotId
from domain.handling import Act, Ask, Held
from domain.lottery import (
    DRAWS_MAX,
    DeclareLottery,
    DrawRequested,
    Lottery,
    RequestDraw,
    WithdrawDraw,
    commitment,
)
from domain.message import Id, Refused, Text, place
from domain.places import More
from domain.slots import OfferSlots
from projections import lotteries

ToCome = Annotated[bool, QueryParameter(description="Only those with a draw to come.")]


class Declaring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose places are drawn, from when on people may ask, and when each draw is."""

    date: date
    queue: Id
    opens_at: Instant
    draws: Annotated[tuple[Instant, ...], Meta(min_length=1, max_length=DRAWS_MAX)]


class Declared(msgspec.Struct, frozen=True):
    """``commitments`` are the SHA-256 of each draw's seed, which is told with the draw."""

    date: date
    queue: str
    commitments: tuple[str, ...]


class RequestAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``wishes`` are the slots one would take, the best first; any, if none is named."""

    item: Id
    date: date
    wishes: Annotated[tuple[SlotId, ...], Meta(max_length=100)] = ()
    person: PersonAsked | None = None
    more: More = ()


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """``request`` is the name that takes part in the draw; ``link`` opens it without a token."""

    request: str
    hall: str
    date: date
    draw_at: datetime | None
    link: str


RequestStatus = Literal["waiting", "won", "not-booked", "not-drawn", "withdrawn"]


class RequestShown(msgspec.Struct, frozen=True, kw_only=True):
    """``appointment`` is what was won: its reference is the request's own. ``not-booked``: they were drawn, and may not
    have the place by the limits they are held to."""

    request: str
    hall: str
    date: date
    hall_name: Text
    item: str
    item_name: Text
    wishes: tuple[str, ...]
    status: RequestStatus
    draw_at: datetime | None
    appointment: str | None


def commands(parts: Parts) -> list[Command]:
    async def declare(asked: Asking, words: list[str], body: Declaring, query: bytes) -> Reply:
        hall, days = words[0], slots.stream(words[0], body.date)
        seeds = [parts.seeds.of(hall, body.date, body.queue, nth) for nth in range(len(body.draws))]
        promised = tuple(commitment(seed) for seed in seeds)
        offered = offering.offer(parts.catalogue.hall(hall), body.date, parts.catalogue.calendar)
        if not offered.slots:
            raise Refused("slots-not-offered", date=body.date)
        command = DeclareLottery(body.queue, body.opens_at, body.draws, promised)
        act = Act((Ask(days, OfferSlots(offered)), Ask(days, command)))
        told = {"date": body.date, "queue": body.queue, "commitments": promised}
        return await asked.submit(parts.loop, act, 201, lambda _: told)

    async def request(asked: Asking, words: list[str], body: RequestAsked, query: bytes) -> Reply:
        hall, days = words[0], slots.stream(words[0], body.date)
        assert asked.identity is not None
        queue, intervals, versions = visit(parts, hall, body.item, body.more)
        person, name = await whom(parts, asked.identity, body.person), reference(hall, body.date)
        command = RequestDraw(name, queue, body.item, person, body.wishes, intervals, body.more, versions)

        def tell(hold: Any) -> dict[str, Any]:
            lottery: Lottery = hold(days).state.lotteries[queue]
            return {"request": name, "hall": hall, "date": body.date, "draw_at": lottery.next_at}

        limits = parts.catalogue.hall(hall).limits
        return await asked.submit(
            parts.loop,
            Act((Ask(days, command), meaning(asked.identity, person, body, limits)), tell),
            201,
            lambda told: {"link": parts.seal.seal(told["request"])},
        )

    async def withdraw(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        name, hall, day = _located(parts, words[0])
        days = slots.stream(hall, day)
        await parts.loop.peek(days, lambda held: _theirs(held, asked.identity, words[0], name, hall)[0])
        return await asked.submit(parts.loop, Act((Ask(days, WithdrawDraw(name)),)))

    return [
        Command(
            f"{API}/halls/{{hall}}/lotteries",
            Declaring,
            declare,
            Declared,
            201,
            about="Have a line's places of a day drawn by lot",
        ),
        Command(
            f"{API}/halls/{{hall}}/draw-requests",
            RequestAsked,
            request,
            Requested,
            201,
            about="Take part in a draw",
        ),
        Command(f"{DRAW_REQUEST}/withdraw", Nothing, withdraw, about="Take no part any more"),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/halls/{{hall:str}}/lotteries",
        operation_id="lotteries",
        responses=lists("lotteries", lotteries.View),
        summary="A hall's lotteries, with all that is needed to verify their draws",
        tags=["appointments"],
    )
    async def many(
        hall: FromPath[str],
        to_come: ToCome = False,
        after: After = 0,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        parts.catalogue.hall(hall)
        await caught_up(parts.views, lotteries.NAME, after)
        where: dict[str, Any] = {"hall": hall}
        if to_come:
            where["due_at"] = (">=", parts.clock())
        page = await parts.views.find(lotteries.NAME, where, "declared_at", limit, cursor)
        shown = [msgspec.Raw(doc) for doc in page.docs]
        return listing("lotteries", shown, page.cursor, page.position, page.as_of)

    @get(
        f"{API}/draw-requests/{{id:str}}",
        operation_id="draw_request",
        responses=answers(RequestShown),
        summary="How a request stands",
        tags=["appointments"],
    )
    async def one(id: FromPath[str], request: StrictRequest) -> Response[bytes]:  # noqa: A002 (the path's word)
        name, hall, day = _located(parts, id)

        def tell(held: Held) -> tuple[RequestShown, int]:
            made, lottery = _theirs(held, request.user, id, name, hall)
            what = parts.catalogue.items.get(made.item)
            shown = RequestShown(
                request=name,
                hall=hall,
                date=day,
                hall_name=parts.catalogue.hall(hall).name,
                item=made.item,
                item_name=Text(made.item, made.item) if what is None else what.plan.name,
                wishes=made.wishes,
                status=_status(lottery, name, held.state),
                draw_at=lottery.next_at if name in lottery.requests else None,
                appointment=name if name in held.state.appointments else None,
            )
            return shown, held.position

        shown, position = await parts.loop.peek(slots.stream(hall, day), tell)
        return document(shown, position, parts.clock())

    return [many, one]


def _status(lottery: Lottery, name: str, day: slots.Slots) -> RequestStatus:
    if any(won.request == name for drawn in lottery.drawn for won in drawn.won):
        return "won" if name in day.appointments or name in day.holds else "not-booked"
    if name not in lottery.requests:
        return "withdrawn"
    return "not-drawn" if lottery.next_at is None else "waiting"


def _located(parts: Parts, word: str) -> tuple[str, str, date]:
    """Raises:
    Refused: the word names no request.
    """
    name = parts.seal.unseal(word) or word
    where = place(name)
    if where is None or where[0] not in parts.catalogue.halls:
        raise Refused("unknown-request", missing=True)
    return name, *where


def _theirs(
    held: Held, identity: Identity | None, word: str, name: str, hall: str
) -> tuple[DrawRequested, Lottery]:
    """Raises:
    Refused: there is no such request, or it is somebody else's; they are not told which.
    """
    for lottery in held.state.lotteries.values():
        if (made := lottery.asked.get(name)) is not None:
            mine = identity is not None and identity.person == made.person
            if mine or word != name or (identity is not None and identity.serves(hall)):
                return made, lottery
    raise Refused("unknown-request", missing=True)
