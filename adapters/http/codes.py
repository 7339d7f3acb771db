"""Proving a phone or a mailbox: a code is sent there, and whoever enters it sees or keeps the appointments made with
it.

Whoever asks is never told whether anybody has given the number or address: the answer is the same, and nothing is sent.
Who does not say who they are first shows a proof of work.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, time
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from msgspec import Meta

from adapters.codes import PAUSE, Challenge, TooOften
from adapters.http.access import API
from adapters.http.asking import Asking, Reply, encode
from adapters.http.commands import Command
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from adapters.http.reading import shape
from adapters.people import Contact, contact
from domain import notice
from domain.handling import Act, Ask
from domain.message import Refused, Text
from domain.notice import QueueNotice
from domain.templates import Template
from domain.workdays import SHANGHAI
from projections import appointments

Phone = Annotated[str, Meta(min_length=1, max_length=40)]
Mail = Annotated[str, Meta(min_length=1, max_length=254)]
Code = Annotated[str, Meta(pattern=r"^[0-9]{6}$")]

SHOWN_MAX = 50


class CodeAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the code goes, one of both. ``proof`` is the solution of a challenge (``GET /proofs``), for who has no
    identity."""

    phone: Phone | None = None
    mail: Mail | None = None
    proof: Annotated[str, Meta(max_length=4_000)] | None = None


class CodeSent(msgspec.Struct, frozen=True):
    """The code holds ``until`` then; another may be asked for ``again_at`` then."""

    until: datetime
    again_at: datetime


class LookupAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Code
    phone: Phone | None = None
    mail: Mail | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment that is still to be kept, with the voucher it is kept, moved or cancelled by."""

    appointment: str
    voucher: str
    hall: str
    hall_name: Text
    item: str
    item_name: Text
    starts_at: datetime
    ends_at: datetime


class FoundAppointments(msgspec.Struct, frozen=True):
    appointments: list[Found]


ProofChallenge = shape("ProofChallenge", parameters=dict[str, Any], signature=str)


def commands(parts: Parts) -> list[Command]:
    async def send(asked: Asking, words: list[str], body: CodeAsked, query: bytes) -> Reply:
        hall, to, now = words[0], meant(body.phone, body.mail), asked.stamp.at
        parts.catalogue.hall(hall)
        made = await challenge(parts, asked, to, parts.proofs.check(asked.identity, body.proof))
        persons = await parts.people.with_contact(to)
        if persons:
            await tell_code(parts, asked, made, to, persons[0], hall=hall)
        return Reply(200, encode(CodeSent(made.until, now + PAUSE)))

    async def look_up(asked: Asking, words: list[str], body: LookupAsked, query: bytes) -> Reply:
        parts.catalogue.hall(words[0])
        morning = datetime.combine(asked.day, time(0), SHANGHAI)
        found: list[Found] = []
        async with using(parts, asked, meant(body.phone, body.mail), body.code) as persons:
            for person in persons:
                where = {"person": person, "status": "booked", "starts_at": (">=", morning)}
                page = await parts.views.find(appointments.NAME, where, "starts_at", SHOWN_MAX)
                found += [_found(parts, doc) for doc in page.docs]
        return Reply(200, encode(FoundAppointments(sorted(found, key=lambda one: one.starts_at))))

    return [
        Command(
            f"{API}/halls/{{hall}}/codes",
            CodeAsked,
            send,
            CodeSent,
            bare=True,
            about="Send a one-time code to a phone or a mailbox",
        ),
        Command(
            f"{API}/halls/{{hall}}/lookup",
            LookupAsked,
            look_up,
            FoundAppointments,
            bare=True,
            about="The appointments made with a phone or a mail address, for whoever has its code",
        ),
    ]


async def challenge(parts: Parts, asked: Asking, to: Contact, proof: str | None = None) -> Challenge:
    """A new challenge for a phone or a mailbox.

    Raises:
        Rejected: 429, there were too many of them; until when.
    """
    now = asked.stamp.at
    try:
        return await parts.codes.ask(to, proof or asked.stamp.by, now, proof)
    except TooOften as often:
        wait = {"Retry-After": str(int((often.at - now).total_seconds()) + 1)}
        raise Rejected(429, "codes-too-often", {"at": often.at}, headers=wait) from often


async def tell_code(
    parts: Parts,
    asked: Asking,
    made: Challenge,
    to: Contact,
    person: str,
    *,
    template: Template = "code",
    hall: str = "",
) -> None:
    """Have a challenge's code sent to somebody."""
    command = QueueNotice(
        template=template,
        to=f"person:{person}",
        hall=hall,
        facts={"challenge": made.name, "until_at": made.until.isoformat(), "by": to.kind},
        until=made.until,
    )
    # Under the challenge's own name: it is no secret, for the code needs the key as well.
    act = Act((Ask(notice.stream(f"code.{made.name}"), command),))
    await parts.loop.submit(act, msgspec.structs.replace(asked.stamp, key=None))


def meant(phone: str | None, mail: str | None) -> Contact:
    """Raises:
    Rejected: neither was given, or both.
    Refused: it cannot be.
    """
    if (found := contact(phone, mail)) is None:
        raise Rejected(422, "contact-unclear", errors=[FieldError("phone", "contact-unclear")])
    return found


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/proofs",
        operation_id="proof",
        responses={200: ResponseSpec(ProofChallenge, generate_examples=False)},
        summary="A challenge to compute on (ALTCHA v2), for who asks for a code without an identity",
        tags=["codes"],
    )
    async def proof() -> Response[bytes]:
        return Response(encode(parts.proofs.challenge()), media_type="application/json")

    return [proof]


@asynccontextmanager
async def using(parts: Parts, asked: Asking, proven: Contact, code: str) -> AsyncIterator[list[str]]:
    """The persons behind a proven phone or mailbox. The code is used up by what is done with it, unless that is
    refused; the same request under the same ``Idempotency-Key`` is the same use.

    Raises:
        Refused: the code is wrong, over or used.
    """
    purpose = asked.stamp.command if asked.key is None else asked.key.key
    challenge = await parts.codes.use(proven, code, purpose, asked.stamp.at)
    try:
        yield await parts.people.with_contact(proven)
    except (Refused, Rejected):
        await parts.codes.give_back(challenge)
        raise


def _found(parts: Parts, doc: bytes) -> Found:
    view = msgspec.json.decode(doc, type=appointments.View)
    hall, item = parts.catalogue.halls.get(view.hall), parts.catalogue.items.get(view.item)
    return Found(
        appointment=view.appointment,
        voucher=parts.seal.seal(view.appointment),
        hall=view.hall,
        hall_name=Text(view.hall, view.hall) if hall is None else hall.plan.name,
        item=view.item,
        item_name=Text(view.item, view.item) if item is None else item.plan.name,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
    )
