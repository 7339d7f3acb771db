"""The waiting list of a full day: who joins it is offered, in order and for a limited time, what becomes free."""

from datetime import date, datetime
from typing import Any, Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API, WAITING
from adapters.http.appointments import AppointmentBooked, PersonAsked, visit, whom
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.bookable import Bookable
from adapters.http.commands import Command, Nothing
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.reading import LIMIT, After, Cursor, Limit, answers, caught_up, document, listing, lists
from adapters.http.windows import reference
from domain import acts, citizen, freed, slots
from domain.booking import Channel, Limits
from domain.citizen import MeanToBook
from domain.handling import Act, Ask, Held, Hold
from domain.message import Id, Refused, Text, place
from domain.places import More
from domain.slots import ConfirmHold, JoinWaiting, LeaveWaiting, OfferSlots, ReleaseHold
from domain.waiting import Ending, Waiting
from projections import waiting


class WaitingAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item: Id
    date: date
    person: PersonAsked | None = None
    more: More = ()


class OnList(msgspec.Struct, frozen=True, kw_only=True):
    """``ahead`` is how many are offered a place before; ``link`` opens it without a token."""

    waiting: str
    hall: str
    date: date
    item: str
    ahead: int
    link: str


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    slot: str
    starts_at: datetime
    ends_at: datetime
    until: datetime


class WaitingShown(msgspec.Struct, frozen=True, kw_only=True):
    """``offer`` is what is held now, to be accepted or declined; ``appointment`` what came of it."""

    waiting: str
    hall: str
    hall_name: Text
    date: date
    item: str
    item_name: Text
    status: Literal["waiting", "offered"] | Ending
    ahead: int | None
    offers_left: int
    offer: Offer | None
    appointment: str | None


class WaitingListed(waiting.View, kw_only=True):
    hall_name: Text
    item_name: Text


def commands(parts: Parts) -> list[Command]:
    desk = Bookable(parts)

    async def join(asked: Asking, words: list[str], body: WaitingAsked, query: bytes) -> Reply:
        hall = words[0]
        assert asked.identity is not None
        queue, intervals, versions = visit(parts, hall, body.item, body.more)
        person = await whom(parts, asked.identity, body.person)
        name, days = reference(hall, body.date), slots.stream(hall, body.date)
        command = JoinWaiting(name, queue, body.item, person, intervals, body.more, versions)
        means = meaning(asked.identity, person, body, desk.limits(hall))
        offered = OfferSlots(desk.offered(hall, body.date))

        def tell(hold: Hold) -> dict[str, Any]:
            ahead = _ahead(hold(days).state, name)
            return {"waiting": name, "hall": hall, "date": body.date, "item": body.item, "ahead": ahead}

        act = Act((Ask(days, offered), means, Ask(days, command)), tell)
        return await asked.submit(
            parts.loop, act, 201, lambda told: {"link": parts.seal.seal(told["waiting"])}
        )

    async def accept(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        name, hall, day, found = await _look(parts, asked.identity, words[0])
        command = ConfirmHold(_last(name, found), found.joined.person)
        act = acts.confirm(hall, day, command, found.joined.person, limits=desk.limits(hall))
        return await asked.submit(parts.loop, act, 200, voucher)

    async def decline(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        name, hall, day, found = await _look(parts, asked.identity, words[0])
        return await asked.submit(
            parts.loop, Act((Ask(slots.stream(hall, day), ReleaseHold(_last(name, found))),))
        )

    async def leave(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        name, hall, day, _ = await _look(parts, asked.identity, words[0])
        return await asked.submit(parts.loop, Act((Ask(slots.stream(hall, day), LeaveWaiting(name)),)))

    def voucher(result: Any) -> dict[str, str]:
        made = result["appointment"] if isinstance(result, dict) else result.appointment
        return {"voucher": parts.seal.seal(made)}

    return [
        Command(
            f"{API}/halls/{{hall}}/waiting",
            WaitingAsked,
            join,
            OnList,
            201,
            about="Wait for a place on a full day",
        ),
        Command(
            f"{WAITING}/accept", Nothing, accept, AppointmentBooked, about="Take the place that is offered"
        ),
        Command(f"{WAITING}/decline", Nothing, decline, about="Let the place go to the next"),
        Command(f"{WAITING}/leave", Nothing, leave, about="Wait no more"),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    def names(hall: str, item: str) -> tuple[Text, Text]:
        here, what = parts.catalogue.halls.get(hall), parts.catalogue.items.get(item)
        return (
            Text(hall, hall) if here is None else here.plan.name,
            Text(item, item) if what is None else what.plan.name,
        )

    @get(
        f"{API}/waiting",
        operation_id="own_waiting",
        responses=lists("waiting", WaitingListed),
        summary="The waiting lists one is or was on",
        tags=["appointments"],
    )
    async def own(
        request: StrictRequest, after: After = 0, limit: Limit = LIMIT, cursor: Cursor = None
    ) -> Response[bytes]:
        if request.user is None or request.user.person is None:
            raise Rejected(422, "person-needed")
        await caught_up(parts.views, waiting.NAME, after)
        where = {"person": request.user.person}
        page = await parts.views.find(waiting.NAME, where, "joined_at", limit, cursor)
        shown = []
        for doc in page.docs:
            view = msgspec.json.decode(doc, type=waiting.View)
            hall_name, item_name = names(view.hall, view.item)
            shown.append(
                WaitingListed(**msgspec.structs.asdict(view), hall_name=hall_name, item_name=item_name)
            )
        return listing("waiting", shown, page.cursor, page.position, page.as_of)

    @get(
        f"{API}/waiting/{{id:str}}",
        operation_id="waiting",
        responses=answers(WaitingShown),
        summary="How one stands on a waiting list",
        tags=["appointments"],
    )
    async def one(id: FromPath[str], request: StrictRequest) -> Response[bytes]:  # noqa: A002 (the path's word)
        name, hall, day = _located(parts, id)

        def tell(held: Held) -> tuple[WaitingShown, int]:
            state: slots.Slots = held.state
            found = _theirs(parts, state, request.user, id, name, hall)
            hall_name, item_name = names(hall, found.joined.item)
            offer = None
            if found.hold is not None and (kept := state.holds.get(found.hold)) is not None:
                offer = Offer(
                    slot=kept.slot, starts_at=kept.starts_at, ends_at=kept.ends_at, until=kept.until
                )
            last = f"{name}.{found.made}"
            shown = WaitingShown(
                waiting=name,
                hall=hall,
                hall_name=hall_name,
                date=day,
                item=found.joined.item,
                item_name=item_name,
                status=found.ended or ("waiting" if offer is None else "offered"),
                ahead=None if found.ended else _ahead(state, name),
                offers_left=max(state.rules.waiting_offers - found.offers, 0),
                offer=offer,
                appointment=last if last in state.appointments else None,
            )
            return shown, held.position

        shown, position = await parts.loop.peek(slots.stream(hall, day), tell)
        return document(shown, position, parts.clock())

    return [own, one]


def meaning(identity: Identity, person: str, asked: Any, limits: Limits) -> Ask:
    """Asks the person's record whether they might book at all what they wait for, or want to be drawn for.

    Args:
        asked: names the ``date``, the ``item`` and ``more``.
    """
    channel: Channel = "internal" if identity.role in ("clerk", "admin") else "public"
    return Ask(citizen.stream(person), MeanToBook(asked.date, asked.item, channel, limits, asked.more))


def _ahead(state: slots.Slots, name: str) -> int:
    names = [one.joined.waiting for one in freed.active(state)]
    return names.index(name) if name in names else 0


def _last(name: str, found: Waiting) -> str:
    """The hold of the last offer: asked again, whatever was answered to it is answered again.

    Raises:
        Refused: nothing was ever offered.
    """
    if not found.made:
        raise Refused("nothing-offered")
    return f"{name}.{found.made}"


def _located(parts: Parts, word: str) -> tuple[str, str, date]:
    """Raises:
    Refused: the word names no place on a waiting list.
    """
    name = parts.seal.unseal(word) or word
    where = place(name)
    if where is None or where[0] not in parts.catalogue.halls:
        raise Refused("unknown-waiting", missing=True)
    return name, *where


def _theirs(
    parts: Parts, state: slots.Slots, identity: Identity | None, word: str, name: str, hall: str
) -> Waiting:
    """Raises:
    Refused: there is no such place on the list, or it is somebody else's; they are not told which.
    """
    found = state.waiting.get(name)
    mine = found is not None and identity is not None and identity.person == found.joined.person
    serves = identity is not None and identity.serves(hall)
    if found is None or not (mine or serves or word != name):
        raise Refused("unknown-waiting", missing=True)
    return found


async def _look(parts: Parts, identity: Identity | None, word: str) -> tuple[str, str, date, Waiting]:
    """Raises:
    Refused: as ``_theirs``.
    """
    name, hall, day = _located(parts, word)

    def tell(held: Held) -> Waiting:
        found = _theirs(parts, held.state, identity, word, name, hall)
        return Waiting(found.joined, found.offers, found.made, found.hold, found.ended)

    return name, hall, day, await parts.loop.peek(slots.stream(hall, day), tell)
