"""Ratings of services (好差评) and what follows a bad one (差评整改).

A rating comes from the citizen who was served, from a kiosk of the hall, or from whoever holds the link that came with
the ticket. Staff see tickets and cases too, so for them a bare reference is not enough.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from adapters.http.access import API, RECTIFICATION
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.cases import Due, conditions
from adapters.http.commands import Command
from adapters.http.identity import CHALLENGE
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.reading import LIMIT, After, Cursor, Limit, Word, caught_up, listing
from adapters.http.windows import place
from domain import case, queue, rectification, review
from domain.handling import Act, Ask, Held, Hold
from domain.message import Grade, Reference, Refused, Words
from domain.rectification import Step
from domain.review import Channel, Review, Stage, Tags
from projections import rectifications


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the two: a case's id, or a ticket's ``id`` or ``follow``."""

    case: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    ticket: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class ReviewAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    service: Service
    grade: Grade
    tags: Tags = ()
    comment: Words | None = None
    channel: Channel
    stage: Stage = "closing"
    anonymous: bool = False


class MoreAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    grade: Grade
    tags: Tags = ()
    comment: Words | None = None
    channel: Channel


class ReviewReceipt(msgspec.Struct, frozen=True):
    review: str
    service: str


class RectificationReceipt(msgspec.Struct, frozen=True):
    rectification: str
    step: Step
    due_at: datetime
    annulled: bool


class _Served(NamedTuple):
    """Who was responsible for a service, and whether it can be rated yet."""

    hall: str
    unit: str
    window: str | None
    item: str | None
    applicant: str | None = None
    ended: bool = True


def commands(parts: Parts) -> list[Command]:
    async def give(asked: Asking, words: list[str], body: ReviewAsked, query: bytes) -> Reply:
        service, sealed = _service(parts, body.service)
        served = await _served(parts, service)
        _may_review(asked, served, sealed)
        if not served.ended:
            raise Refused("not-served-yet")
        stream = review.stream(service)
        given = review.GiveReview(
            review=f"{service}.{secrets.token_urlsafe(8)}",
            grade=body.grade,
            tags=body.tags,
            comment=body.comment,
            channel=body.channel,
            stage=body.stage,
            anonymous=body.anonymous,
            person=asked.identity.person if asked.identity else None,
            hall=served.hall,
            unit=served.unit,
            window=served.window,
            item=served.item,
        )
        act = Act((Ask(stream, given),), lambda hold: ReviewReceipt(given.review, service))
        return await asked.in_hall(served.hall).submit(parts.loop, act, 201)

    async def add(asked: Asking, words: list[str], body: MoreAsked, query: bytes) -> Reply:
        service = words[0].rpartition(".")[0]
        person = asked.identity.person if asked.identity else None

        def tell(held: Held) -> str:
            state: Review = held.state
            given = state.given
            if given is None or given.review != words[0] or given.person is None or given.person != person:
                raise Refused("unknown-review", missing=True)
            return given.hall

        hall = await parts.loop.peek(_review_stream(service, "unknown-review"), tell)
        more = review.AddReview(
            review=f"{service}.{secrets.token_urlsafe(8)}",
            grade=body.grade,
            tags=body.tags,
            comment=body.comment,
            channel=body.channel,
            person=person,
        )
        act = Act((Ask(review.stream(service), more),), lambda hold: ReviewReceipt(more.review, service))
        return await asked.in_hall(hall).submit(parts.loop, act, 201)

    async def step(asked: Asking, words: list[str], body: rectification.DeskCommand, query: bytes) -> Reply:
        service = words[0]
        identity = asked.identity
        assert identity is not None

        def tell(held: Held) -> str:
            state: Review = held.state
            if state.given is None or state.rectification is None or not identity.serves(state.given.hall):
                raise Refused("unknown-rectification", missing=True)
            return state.given.hall

        stream = _review_stream(service, "unknown-rectification")
        hall = await parts.loop.peek(stream, tell)
        act = Act((Ask(stream, body),), _tell_rectification(stream, service))
        return await asked.in_hall(hall).submit(parts.loop, act)

    steps: dict[str, tuple[Any, str]] = {
        "contact": (rectification.Contact, "Call on the reviewer"),
        "verify": (rectification.Verify, "Say what was found"),
        "rectify": (rectification.Rectify, "Put it right, plan it, or explain it"),
        "extend": (rectification.ExtendRectification, "Grant more days, once"),
        "appeal": (rectification.Appeal, "Hold the review to be wrong"),
        "rule": (rectification.Rule, "Rule on a contested review"),
        "feed-back": (rectification.FeedBack, "Tell the reviewer what came of it"),
        "call-back": (rectification.CallBack, "Ask whether they are satisfied now"),
    }
    return [
        Command(f"{API}/reviews", ReviewAsked, give, ReviewReceipt, 201, about="Rate a service"),
        Command(
            f"{API}/reviews/{{id}}/add", MoreAsked, add, ReviewReceipt, 201, about="Rate once more (追评)"
        ),
        *(
            Command(f"{RECTIFICATION}/{name}", body, step, RectificationReceipt, about=about)
            for name, (body, about) in steps.items()
        ),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/rectifications",
        operation_id="rectifications",
        summary="Rectifications by status, unit and deadline",
        tags=["reviews"],
    )
    async def many(
        request: StrictRequest,
        status: Annotated[Literal["opening", "open", "closed"] | None, QueryParameter()] = None,
        unit: Word = None,
        hall: Word = None,
        due_before: Due = None,
        after: After = 0,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        where = conditions(request.user, unit=unit, hall=hall, due_before=due_before)
        if status is not None:
            where["status"] = status
        await caught_up(parts.views, rectifications.NAME, after)
        page = await parts.views.find(rectifications.NAME, where, "due_at", limit, cursor)
        now, calendar = parts.clock(), parts.catalogue.calendar
        views = (msgspec.json.decode(doc, type=rectifications.View) for doc in page.docs)
        shown = [rectifications.present(view, calendar, now) for view in views]
        return listing("rectifications", shown, page.cursor, page.position, page.as_of)

    return [many]


# --- what is rated, and who may -------------------------------------------------------------------------------


def _service(parts: Parts, asked: Service) -> tuple[str, bool]:
    """The service's name in the log, and whether it was named by its sealed link.

    Raises:
        Rejected: none or both were named.
        Refused: nothing can have this name.
    """
    if (asked.case is None) == (asked.ticket is None):
        raise Rejected(422, "service-unclear")
    kind, word = ("case", asked.case) if asked.case is not None else ("ticket", asked.ticket)
    assert word is not None
    unsealed = parts.seal.unseal(word)
    return f"{kind}.{_reference(unsealed or word, 'unknown-service')}", unsealed is not None


async def _served(parts: Parts, service: str) -> _Served:
    """Raises:
    Refused: there was no such service.
    """

    def invited(held: Held) -> _Served | None:
        state: Review = held.state
        known = state.invited or state.given
        return None if known is None else _Served(known.hall, known.unit, known.window, known.item)

    kind, _, name = service.partition(".")
    if kind == "case":
        # The invitation does not say whose case it was.
        return await parts.loop.peek(case.stream(name), _of_case)
    if (known := await parts.loop.peek(review.stream(service), invited)) is not None:
        return known
    where = place(name)
    if where is None:
        raise Refused("unknown-service", missing=True)
    return await parts.loop.peek(queue.stream(*where), _of_ticket(parts, name, where[0]))


def _of_case(held: Held) -> _Served:
    state: case.Case = held.state
    if (opened := state.opened) is None:
        raise Refused("unknown-service", missing=True)
    ended = state.status not in ("received", "correcting")
    return _Served(opened.hall, opened.unit, None, opened.item, opened.applicant, ended)


def _of_ticket(parts: Parts, name: str, hall: str) -> Callable[[Held], _Served]:
    def tell(held: Held) -> _Served:
        day: queue.Queue = held.state
        if (number := day.numbers.get(name)) is None:
            raise Refused("unknown-service", missing=True)
        ticket = day.tickets[number]
        unit = parts.unit_of(hall, ticket.item)
        return _Served(hall, unit, ticket.window, ticket.item, ended=ticket.status == "served")

    return tell


def _may_review(asked: Asking, served: _Served, sealed: bool) -> None:
    """Raises:
    Rejected: 401 nobody with no link, 403 staff.
    Refused: it was somebody else's service.
    """
    identity = asked.identity
    if sealed and (identity is None or identity.role in ("citizen", "kiosk")):
        return
    if identity is None:
        raise Rejected(401, "no-identity", headers=CHALLENGE)
    match identity.role:
        case "citizen" if served.applicant in (None, identity.person):
            return
        case "citizen":
            raise Refused("unknown-service", missing=True)
        case "kiosk" | "admin" if identity.may_act_in(served.hall):
            return
    raise Rejected(403, "not-yours", {"role": identity.role})


def _tell_rectification(stream: str, service: str) -> Callable[[Hold], RectificationReceipt]:
    def tell(hold: Hold) -> RectificationReceipt:
        state: Review = hold(stream).state
        work = state.rectification
        assert work is not None
        due = work.dues.of("contact" if work.step == "contact" else "rectify", work.planned)
        return RectificationReceipt(service, work.step, due.at, work.annulled)

    return tell


def _review_stream(service: str, code: str) -> str:
    return review.stream(_reference(service, code))


def _reference(word: str, code: str) -> str:
    """Raises:
    Refused: nothing can have this reference.
    """
    try:
        return msgspec.convert(word, Reference)
    except msgspec.ValidationError as error:
        raise Refused(code, missing=True) from error
