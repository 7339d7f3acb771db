"""Ratings of services (好差评).

A rating comes from the citizen who was served, from a kiosk of the hall, from whoever holds the sealed invitation or
the link that came with the ticket, from the hotline (12345) that heard it by phone, or from paper, which two people
copy. Staff see tickets and cases too, so for them a bare reference is not enough.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API
from adapters.http.asking import Asking, Reply, accepted
from adapters.http.body import StrictRequest
from adapters.http.commands import Command, Nothing
from adapters.http.identity import CHALLENGE
from adapters.http.paper import NumberOnPaper, ticket_of
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from domain import case, queue, review
from domain.handling import Act, Ask, Held
from domain.message import Grade, Reference, Refused, Text, Words, place
from domain.review import Channel, Review, Stage, Standing, Tags, standing
from domain.review_tags import GRADE_NAMES, INVITATION, TAGS


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the three: an invitation's link, a case's id, or a ticket's ``id`` or ``follow``."""

    invitation: Annotated[str, msgspec.Meta(max_length=200)] | None = None
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


class PaperAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A form filled in on paper, as it reads. It names its service, or the ticket by its ``number``."""

    service: Service = Service()
    number: NumberOnPaper | None = None
    grade: Grade
    tags: Tags = ()
    comment: Words | None = None
    stage: Stage = "closing"


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Words


class Revealed(msgspec.Struct, frozen=True):
    """Who rated, for the call that is owed to them. Only the look is recorded, never what was seen."""

    review: str
    name: str
    phone: str | None


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder of an invitation may rate, and with what."""

    service: str
    hall: str
    unit: str
    window: str | None
    item: str | None
    item_name: Text | None
    state: Standing
    until: datetime | None
    words: Text
    grades: dict[Grade, Text]
    tags: dict[Grade, dict[str, Text]]
    review: str | None = None
    """What was given, for whoever gave it and has signed in; ``added`` once they have rated again (追评)."""
    grade: Grade | None = None
    added: bool = False


class MoreAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    grade: Grade
    tags: Tags = ()
    comment: Words | None = None
    channel: Channel


class ReviewReceipt(msgspec.Struct, frozen=True):
    review: str
    service: str


class _Served(NamedTuple):
    """Who was responsible for a service, and whether it can be rated yet."""

    hall: str
    unit: str
    window: str | None
    item: str | None
    applicant: str | None = None
    ended: bool = True
    test: bool = False
    clerk: str | None = None


def commands(parts: Parts) -> list[Command]:
    async def give(asked: Asking, words: list[str], body: ReviewAsked, query: bytes) -> Reply:
        service, sealed, shown_by = _service(parts, body.service)
        served = await _served(parts, service)
        _may_review(asked, served, sealed, body.channel)
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
            test=served.test,
            clerk=served.clerk,
            shown_by=shown_by,
        )
        act = Act((Ask(stream, given),), lambda hold: ReviewReceipt(given.review, service))
        return await asked.in_hall(served.hall).submit(parts.loop, act, 201)

    async def enter(asked: Asking, words: list[str], body: PaperAsked, query: bytes) -> Reply:
        named = body.service
        if body.number is not None:
            if named != Service():
                raise Rejected(422, "service-unclear")
            named = Service(ticket=await ticket_of(parts, asked, body.number))
        service = _service(parts, named).service
        served = await _served(parts, service)
        _in_own_hall(asked, served.hall)
        if not served.ended:
            raise Refused("not-served-yet")
        entering = review.EnterPaper(
            review=f"{service}.{secrets.token_urlsafe(8)}",
            grade=body.grade,
            tags=body.tags,
            comment=body.comment,
            stage=body.stage,
            hall=served.hall,
            unit=served.unit,
            window=served.window,
            item=served.item,
            test=served.test,
            clerk=served.clerk,
        )
        act = Act(
            (Ask(review.stream(service), entering),), lambda hold: ReviewReceipt(entering.review, service)
        )
        return await asked.in_hall(served.hall).submit(parts.loop, act, 201)

    def second(make: Callable[[str, Any], review.ConfirmPaper | review.RejectPaper]) -> Any:
        async def do(asked: Asking, words: list[str], body: Any, query: bytes) -> Reply:
            service = words[0].rpartition(".")[0]

            def tell(held: Held) -> str:
                state: Review = held.state
                if (form := state.paper or state.given) is None:
                    raise Refused("unknown-review", missing=True)
                return form.hall

            stream = review_stream(service, "unknown-review")
            hall = await parts.loop.peek(stream, tell)
            _in_own_hall(asked, hall)
            act = Act((Ask(stream, make(words[0], body)),), lambda hold: ReviewReceipt(words[0], service))
            return await asked.in_hall(hall).submit(parts.loop, act)

        return do

    async def reveal(asked: Asking, words: list[str], body: Reason, query: bytes) -> Reply:
        service = words[0].rpartition(".")[0]
        identity = asked.identity
        assert identity is not None

        def tell(held: Held) -> review.ReviewGiven:
            state: Review = held.state
            given = state.given
            if given is None or given.review != words[0] or not identity.serves(given.hall):
                raise Refused("unknown-review", missing=True)
            return given

        stream = review_stream(service, "unknown-review")
        given = await parts.loop.peek(stream, tell)
        # The look is in the log before anything is shown.
        act = Act((Ask(stream, review.RecordLook(body.reason)),))
        receipt = await asked.in_hall(given.hall).submitted(parts.loop, act)
        person = await parts.people.reveal(given.person) if given.person is not None else None
        if person is None:
            raise Refused("reviewer-unknown")
        return accepted(receipt, 200, msgspec.structs.asdict(Revealed(words[0], person.name, person.phone)))

    async def add(asked: Asking, words: list[str], body: MoreAsked, query: bytes) -> Reply:
        service = words[0].rpartition(".")[0]
        person = asked.identity.person if asked.identity else None

        def tell(held: Held) -> str:
            state: Review = held.state
            given = state.given
            if given is None or given.review != words[0] or given.person is None or given.person != person:
                raise Refused("unknown-review", missing=True)
            return given.hall

        hall = await parts.loop.peek(review_stream(service, "unknown-review"), tell)
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

    return [
        Command(f"{API}/reviews", ReviewAsked, give, ReviewReceipt, 201, about="Rate a service"),
        Command(f"{API}/reviews/paper", PaperAsked, enter, ReviewReceipt, 201, about="Copy a form on paper"),
        Command(
            f"{API}/reviews/{{id}}/confirm",
            Nothing,
            second(lambda name, body: review.ConfirmPaper(name)),
            ReviewReceipt,
            about="Confirm what somebody else copied from paper",
        ),
        Command(
            f"{API}/reviews/{{id}}/reject",
            Reason,
            second(lambda name, body: review.RejectPaper(name, body.reason)),
            ReviewReceipt,
            about="Find a form copied wrongly",
        ),
        Command(
            f"{API}/reviews/{{id}}/reveal",
            Reason,
            reveal,
            Revealed,
            about="See who rated, in order to call them; the look is recorded",
        ),
        Command(
            f"{API}/reviews/{{id}}/add", MoreAsked, add, ReviewReceipt, 201, about="Rate once more (追评)"
        ),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/reviews/{{link:str}}",
        operation_id="review_invitation",
        summary="What an invitation's holder may rate",
        tags=["reviews"],
    )
    async def invitation(link: FromPath[str], request: StrictRequest) -> Invitation:
        service = _invited(parts, link).service
        served = await _served(parts, service)
        item = parts.catalogue.items.get(served.item) if served.item is not None else None

        def tell(held: Held) -> Invitation:
            state: Review = held.state
            until = state.invited.until if state.invited is not None else None
            given, person = state.given, request.user.person if request.user is not None else None
            own = given if given is not None and person is not None and given.person == person else None
            return Invitation(
                service=service,
                hall=served.hall,
                unit=served.unit,
                window=served.window,
                item=served.item,
                item_name=item.plan.name if item is not None else None,
                state=standing(state, ended=served.ended, now=parts.clock()),
                until=until,
                words=INVITATION,
                grades=GRADE_NAMES,
                tags=TAGS,
                review=None if own is None else own.review,
                grade=None if own is None else own.grade,
                added=own is not None and state.added is not None,
            )

        return await parts.loop.peek(review.stream(service), tell)

    return [invitation]


# --- what is rated, and who may -------------------------------------------------------------------------------


class _Named(NamedTuple):
    """What service was named, whether by a sealed link, and who showed that at the window."""

    service: str
    sealed: bool = True
    shown_by: str | None = None


def _invited(parts: Parts, link: str) -> _Named:
    """Raises:
    Refused: it was not made here.
    """
    if (service := parts.invitations.unseal(link)) is not None:
        return _Named(service)
    if (shown := parts.seal.unshown(link)) is None:
        raise Refused("unknown-invitation", missing=True)
    return _Named(shown[0], shown_by=shown[1])


def _in_own_hall(asked: Asking, hall: str) -> None:
    """Raises:
    Rejected: 403, staff of another hall.
    """
    assert asked.identity is not None
    if not asked.identity.serves(hall):
        raise Rejected(403, "other-hall", {"hall": hall})


def _service(parts: Parts, asked: Service) -> _Named:
    """The service by its name in the log.

    Raises:
        Rejected: none or several were named.
        Refused: nothing can have this name.
    """
    if sum(named is not None for named in (asked.invitation, asked.case, asked.ticket)) != 1:
        raise Rejected(422, "service-unclear")
    if asked.invitation is not None:
        return _invited(parts, asked.invitation)
    kind, word = ("case", asked.case) if asked.case is not None else ("ticket", asked.ticket)
    assert word is not None
    unsealed = parts.seal.unseal(word)
    return _Named(f"{kind}.{_reference(unsealed or word, 'unknown-service')}", unsealed is not None)


async def _served(parts: Parts, service: str) -> _Served:
    """Raises:
    Refused: there was no such service.
    """

    def invited(held: Held) -> _Served | None:
        state: Review = held.state
        known = state.invited or state.given
        return (
            None
            if known is None
            else _Served(known.hall, known.unit, known.window, known.item, clerk=known.clerk)
        )

    kind, _, name = service.partition(".")
    if kind == "case":
        # The invitation does not say whose case it was, and the case not who closed it.
        of_case = await parts.loop.peek(case.stream(name), _of_case)
        known = await parts.loop.peek(review.stream(service), invited)
        return of_case._replace(clerk=known.clerk if known is not None else None)
    of_ticket = None
    if (where := place(name)) is not None:
        of_ticket = await parts.loop.peek(queue.stream(*where), _of_ticket(parts, name, where[0]))
    known = await parts.loop.peek(review.stream(service), invited)
    if known is not None and of_ticket is not None:
        # The invitation does not say whose ticket it was.
        known = known._replace(applicant=of_ticket.applicant)
    if (found := known or of_ticket) is None:
        raise Refused("unknown-service", missing=True)
    return found


def _of_case(held: Held) -> _Served:
    state: case.Case = held.state
    if (opened := state.opened) is None:
        raise Refused("unknown-service", missing=True)
    if opened.matter is not None:
        raise Refused("rated-with-matter", matter=opened.matter)
    ended = state.status not in ("received", "correcting")
    return _Served(opened.hall, opened.unit, None, opened.item, opened.applicant, ended, opened.test)


def _of_ticket(parts: Parts, name: str, hall: str) -> Callable[[Held], _Served | None]:
    def tell(held: Held) -> _Served | None:
        day: queue.Queue = held.state
        if (number := day.numbers.get(name)) is None:
            return None
        ticket = day.tickets[number]
        unit = parts.unit_of(hall, ticket.item)
        at = day.windows.get(ticket.window) if ticket.window is not None else None
        return _Served(
            hall,
            unit,
            ticket.window,
            ticket.item,
            ticket.person,
            ended=ticket.status == "served",
            clerk=at.clerk if at is not None else None,
        )

    return tell


def _may_review(asked: Asking, served: _Served, sealed: bool, channel: Channel) -> None:
    """Raises:
    Rejected: 401 nobody with no link, 403 staff.
    Refused: it was somebody else's service.
    """
    identity = asked.identity
    if channel != "paper" and sealed and (identity is None or identity.role in ("citizen", "kiosk")):
        return
    if identity is None:
        raise Rejected(401, "no-identity", headers=CHALLENGE)
    match identity.role:
        case "citizen" if served.applicant in (None, identity.person):
            return
        case "citizen":
            raise Refused("unknown-service", missing=True)
        case "kiosk" | "admin" if identity.may_act_in(served.hall) and channel != "paper":
            return
        case "partner" if channel == "phone":
            # The hotline writes down what a caller said.
            return
    raise Rejected(403, "not-yours", {"role": identity.role})


def review_stream(service: str, code: str) -> str:
    return review.stream(_reference(service, code))


def _reference(word: str, code: str) -> str:
    """Raises:
    Refused: nothing can have this reference.
    """
    try:
        return msgspec.convert(word, Reference)
    except msgspec.ValidationError as error:
        raise Refused(code, missing=True) from error
