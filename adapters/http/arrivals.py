"""Arriving at a hall with an appointment: the kiosk or the clerk reads a voucher or a document, or asks for the phone
and the code that was sent there, and that is the ticket. Who stands in the wrong hall, or there on the wrong day, is
told which is the right one.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from adapters.http.access import API
from adapters.http.appointments import located
from adapters.http.asking import Asking, Reply
from adapters.http.codes import Code, Mail, Phone, meant, using
from adapters.http.commands import Command
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.windows import TicketTaken, day_of, reference
from adapters.people import IdType
from domain import acts, citizen, slots
from domain.hall import HallPlan
from domain.handling import Held
from domain.message import Label, Refused
from domain.order import Priority
from domain.receipts import AppointmentReceipt
from domain.slots import CheckIn
from domain.workdays import local_date


class ArrivalAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was read: the voucher's code, or the number of the document (办事人证件号), or the phone or mail
    address with the one-time code that ``POST …/codes`` sent there. One of them."""

    voucher: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    id_number: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    id_type: IdType = "resident-id"
    phone: Phone | None = None
    mail: Mail | None = None
    code: Code | None = None
    priority: Priority = "ordinary"


class TakenBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``ticket`` is the number on the board that the check-in gave, or the ticket's ``id``."""

    ticket: Label


def commands(parts: Parts) -> list[Command]:
    async def arrive(asked: Asking, words: list[str], body: ArrivalAsked, query: bytes) -> Reply:
        here = words[0]
        plan = parts.catalogue.hall(here)
        told = (body.voucher, body.id_number, body.phone, body.mail)
        coded = body.phone is not None or body.mail is not None
        if sum(one is not None for one in told) != 1 or coded != (body.code is not None):
            raise Rejected(422, "arrival-unclear")
        if body.code is not None:
            async with using(parts, asked, meant(body.phone, body.mail), body.code) as persons:
                return await enter(asked, here, plan, body, await of_persons(asked, here, persons))
        if body.id_number is not None:
            person = await parts.people.find(body.id_type, body.id_number)
            found = await of_persons(asked, here, [] if person is None else [person])
        else:
            found = await of_voucher(body.voucher or "")
        return await enter(asked, here, plan, body, found)

    async def enter(
        asked: Asking, here: str, plan: HallPlan, body: ArrivalAsked, found: tuple[str, str, datetime]
    ) -> Reply:
        appointment, hall, starts_at = found
        right(asked, here, hall, starts_at)
        at_desk = asked.identity is not None and asked.identity.role in ("clerk", "admin")
        command = CheckIn(appointment, reference(here, asked.day), at_desk)
        act = acts.check_in(
            here,
            asked.day,
            plan,
            command,
            priority=body.priority,
            wait=parts.forecasts.teller(here, asked.day, asked.stamp.at),
            skill_of=parts.catalogue.skill,
            queue_of=parts.catalogue.queue_of,
        )
        return await asked.submit(parts.loop, act, 201, parts.follow)

    async def of_persons(asked: Asking, here: str, persons: list[str]) -> tuple[str, str, datetime]:
        """The appointment that somebody of these means, its hall and its time.

        Raises:
            Refused: none of them has one.
        """

        def tell(held: Held) -> tuple[int, datetime, str, str] | None:
            return citizen.arriving(held.state, here, asked.day)

        arriving = [await parts.loop.peek(citizen.stream(person), tell) for person in persons]
        meant = min((one for one in arriving if one is not None), default=None)
        if meant is None:
            raise Refused("no-appointment", missing=True)
        _, starts_at, name, hall = meant
        return name, hall, starts_at

    async def of_voucher(word: str) -> tuple[str, str, datetime]:
        appointment, hall, day = located(parts, word)

        def tell(held: Held) -> datetime:
            state: slots.Slots = held.state
            if (found := state.appointments.get(appointment)) is None:
                raise Refused("unknown-appointment", missing=True)
            return found.booking.starts_at

        return appointment, hall, await parts.loop.peek(slots.stream(hall, day), tell)

    def right(asked: Asking, here: str, hall: str, starts_at: datetime) -> None:
        """Raises:
        Refused: it is for another hall or another day; the facts tell which.
        """
        day = local_date(starts_at)
        if hall == here and day == asked.day:
            return
        known = parts.catalogue.halls.get(hall)
        zh, en = (hall, hall) if known is None else (known.plan.name.zh, known.plan.name.en)
        facts: dict[str, Any] = {"hall": hall, "zh": zh, "en": en, "date": day, "starts_at": starts_at}
        if day != asked.day:
            raise Refused("appointment-another-day", **facts)
        raise Refused("appointment-in-another-hall", **facts)

    async def undo(asked: Asking, words: list[str], body: TakenBack, query: bytes) -> Reply:
        parts.catalogue.hall(words[0])
        act = acts.undo_check_in(words[0], day_of(asked, query), body.ticket)
        return await asked.submit(parts.loop, act)

    return [
        Command(
            f"{API}/halls/{{hall}}/check-in/undo",
            TakenBack,
            undo,
            AppointmentReceipt,
            about="Take back a check-in whose ticket was not called yet: the appointment is still to be kept",
        ),
        Command(
            f"{API}/halls/{{hall}}/check-in",
            ArrivalAsked,
            arrive,
            TicketTaken,
            201,
            about="Arrive with a voucher, a document, or a phone and its code: take the ticket",
        ),
    ]
