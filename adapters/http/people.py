"""Personal data as the law gives people rights in them (个人信息保护法 第44–47条): seen, corrected, erased;
and where notices reach somebody, and which did.

The log tells that it happened and never the values: those are sealed, and erasing destroys their key.
"""

import contextlib
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta

from adapters.codes import PAUSE
from adapters.http.access import API, PERSON
from adapters.http.asking import Asking, Reply, encode
from adapters.http.body import StrictRequest
from adapters.http.codes import Code, CodeSent, Mail, Phone, challenge, meant, tell_code, using
from adapters.http.commands import Command
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from adapters.http.reading import After, answers, caught_up, document, listing, lists
from adapters.people import IdType, Masked
from domain import citizen
from domain.handling import Act, Ask
from domain.matter import GOING_ON
from domain.message import Key, Refused, Text
from domain.notice import Channel
from domain.personal import CorrectionBasis, CorrectPerson, ErasePerson, ErasureBasis, Field
from domain.templates import OCCASIONS, Template
from projections import case_file, notices

Value = Annotated[str, Meta(min_length=1, max_length=50)]

CASES_TOLD = 10
NOTICES_MAX = 200
NOTICES_FOR = timedelta(days=90)


class PersonSought(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id_number: Annotated[str, Meta(min_length=1, max_length=40)]
    id_type: IdType = "resident-id"


class PersonFound(msgspec.Struct, frozen=True):
    person: str


class PersonShown(msgspec.Struct, frozen=True):
    person: str
    masked: Masked


class CorrectionAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it should be. A citizen corrects their own phone or mail address, with the ``code`` that
    ``POST …/codes`` sent there; a name is corrected by administrators."""

    basis: CorrectionBasis = "on-request"
    name: Value | None = None
    phone: Value | None = None
    mail: Mail | None = None
    code: Code | None = None


class ContactMeant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the code goes, one of both."""

    phone: Phone | None = None
    mail: Mail | None = None


class NoticeReceived(msgspec.Struct, frozen=True, kw_only=True):
    """A notice that was sent to somebody: on what occasion, when and how, and what it was about."""

    notice: str
    template: Template
    occasion: Text
    sent_at: datetime
    channel: Channel
    hall_name: Text | None
    item_name: Text | None
    voucher: str | None
    """Of the appointment it was about."""
    case: str | None


class ErasureAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    basis: ErasureBasis = "on-request"


class Corrected(msgspec.Struct, frozen=True):
    person: str
    fields: tuple[Field, ...]


class Erased(msgspec.Struct, frozen=True):
    person: str
    erased: bool


def commands(parts: Parts) -> list[Command]:
    async def find(asked: Asking, words: list[str], body: PersonSought, query: bytes) -> Reply:
        person = await parts.people.find(body.id_type, body.id_number)
        if person is None:
            raise Refused("unknown-person", missing=True)
        return Reply(200, msgspec.json.encode(PersonFound(person)))

    async def correct(asked: Asking, words: list[str], body: CorrectionAsked, query: bytes) -> Reply:
        person = _meant(asked.identity, words[0])
        if body.name is not None and asked.identity is not None and asked.identity.role == "citizen":
            raise Rejected(403, "name-not-yours")
        told = {"name": body.name, "phone": body.phone, "mail": body.mail}
        fields = await parts.people.differing(person, **told)
        command = CorrectPerson(fields, body.basis)
        act = Act((Ask(citizen.stream(person), command),), lambda _: Corrected(person, fields))
        async with contextlib.AsyncExitStack() as proven:
            if fields and asked.identity is not None and asked.identity.role == "citizen":
                if body.code is None:
                    raise Rejected(422, "code-missing", errors=[FieldError("code", "field-missing")])
                await proven.enter_async_context(using(parts, asked, meant(body.phone, body.mail), body.code))
            reply = await asked.submit(parts.loop, act)
        await parts.people.correct(person, **told)
        return reply

    async def send(asked: Asking, words: list[str], body: ContactMeant, query: bytes) -> Reply:
        """The address is kept, sealed, until it is proven: the notice takes it from there, for the log holds none."""
        person, to = _meant(asked.identity, words[0]), meant(body.phone, body.mail)
        made = await challenge(parts, asked, to)
        await parts.people.mean(person, to)
        await tell_code(parts, asked, made, to, person, template="prove-contact")
        return Reply(200, encode(CodeSent(made.until, asked.stamp.at + PAUSE)))

    async def erase(asked: Asking, words: list[str], body: ErasureAsked, query: bytes) -> Reply:
        """The event first: what is refused is not erased. Cut off in between, it is asked again, or
        ``mingting check`` finds a key that should not be."""
        person = _meant(asked.identity, words[0])
        await _refuse_going_on(parts, person)
        command = ErasePerson(body.basis)
        act = Act((Ask(citizen.stream(person), command),), lambda _: Erased(person, True))
        reply = await asked.submit(parts.loop, act)
        await parts.people.erase(person)
        return reply

    return [
        Command(f"{API}/people/find", PersonSought, find, about="The key of whoever has this document"),
        Command(
            f"{PERSON}/correct",
            CorrectionAsked,
            correct,
            Corrected,
            about="Correct a name, phone or mail address (更正)",
        ),
        Command(
            f"{PERSON}/codes",
            ContactMeant,
            send,
            CodeSent,
            bare=True,
            about="Send a one-time code to a phone or a mailbox that is to be one's own",
        ),
        Command(f"{PERSON}/erase", ErasureAsked, erase, Erased, about="Erase a person for good (删除)"),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        PERSON.replace("}", ":str}"),
        operation_id="person",
        responses=answers(PersonShown),
        summary="What is known of a person, masked",
        tags=["people"],
    )
    async def one(person: FromPath[str], request: StrictRequest) -> Response[bytes]:
        key = _meant(request.user, person)
        masked = await parts.people.masked(key)
        if masked is None:
            raise Refused("unknown-person", missing=True)
        position = await parts.loop.peek(citizen.stream(key), lambda held: held.position)
        return document(PersonShown(key, masked), position, parts.clock())

    @get(
        f"{PERSON.replace('}', ':str}')}/notices",
        operation_id="person_notices",
        responses=lists("notices", NoticeReceived),
        summary="The notices that were sent to somebody in the last 90 days, the newest first",
        tags=["people"],
    )
    async def received(person: FromPath[str], request: StrictRequest, after: After = 0) -> Response[bytes]:
        key = _meant(request.user, person)
        await caught_up(parts.views, notices.NAME, after)
        where = {"person": key, "queued_at": (">=", parts.clock() - NOTICES_FOR)}
        page = await parts.views.find(notices.NAME, where, "queued_at", NOTICES_MAX)
        views = (msgspec.json.decode(doc, type=notices.View) for doc in page.docs)
        told = sorted((_received(parts, view) for view in views), key=lambda one: one.sent_at, reverse=True)
        return listing("notices", told, None, page.position, page.as_of)

    return [one, received]


def _received(parts: Parts, view: notices.View) -> NoticeReceived:
    kind, _, name = view.to.partition(":")
    hall, item = parts.catalogue.halls.get(view.hall), parts.catalogue.items.get(view.facts.get("item", ""))
    sent = next(one for one in reversed(view.tries) if one.what == "delivered" and one.channel is not None)
    assert sent.channel is not None
    return NoticeReceived(
        notice=view.notice,
        template=view.template,
        occasion=OCCASIONS[view.template].name,
        sent_at=sent.at,
        channel=sent.channel,
        hall_name=hall and hall.plan.name,
        item_name=item and item.plan.name,
        voucher=parts.seal.seal(name) if kind == "booker" else None,
        case=name if kind == "applicant" else None,
    )


def _meant(identity: Identity | None, word: str) -> str:
    """The person's key; a citizen may only mean themselves.

    Raises:
        Refused: there is no such person for this asker.
    """
    assert identity is not None
    own = identity.person
    if word == "me" and own is not None:
        return own
    try:
        key = msgspec.convert(word, Key)
    except msgspec.ValidationError as error:
        raise Refused("unknown-person", missing=True) from error
    if identity.role != "admin" and key != own:
        raise Refused("unknown-person", missing=True)
    return key


async def _refuse_going_on(parts: Parts, person: str) -> None:
    """Raises:
    Refused: an application of the person is still handled, and its hall must be able to reach them.
    """
    for status in GOING_ON:
        wanted = {"applicant": person, "status": status}
        page = await parts.views.find(case_file.NAME, wanted, "key", CASES_TOLD)
        if page.docs:
            views = (msgspec.json.decode(doc, type=case_file.View) for doc in page.docs)
            raise Refused("cases-open", cases=[view.case for view in views])
