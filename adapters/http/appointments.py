"""Appointments: booked by citizens or for them, kept, moved, given back, and carried in a calendar.

Whoever may not see an appointment is told the same as if there were none. Beside the person themselves that is
whoever holds its voucher: somebody who booked for another (代办) has nothing else to show.
"""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta

from adapters.http import ics
from adapters.http.access import API, APPOINTMENT
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.commands import Command
from adapters.http.halls import why_not_offered
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.reading import answers, document, shape
from adapters.http.windows import TicketTaken, place, reference
from adapters.people import Identity as Person
from adapters.people import IdType, Masked
from domain import acts, slots
from domain.acts import AppointmentReceipt
from domain.handling import Act, Held
from domain.message import Id, Refused, Text, Words
from domain.order import Priority
from domain.slots import BookSlot, CancelAppointment, Channel, CheckIn, SlotId, SlotsPlan

T = TypeVar("T")

OFFERS_KEPT = 1000


class PersonAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an appointment is for, when that is not the asker. The checks of the values are in ``people``."""

    name: Annotated[str, Meta(min_length=1, max_length=50)]
    id_number: Annotated[str, Meta(min_length=1, max_length=40)]
    phone: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    id_type: IdType = "resident-id"


class BookingAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item: Id
    date: date
    slot: SlotId
    person: PersonAsked | None = None


class Moving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    date: date
    slot: SlotId


class Cancelling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Words | None = None


class Arriving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    priority: Priority = "ordinary"


class AppointmentBooked(AppointmentReceipt, frozen=True, kw_only=True):
    """``voucher`` is shown at the hall, as a code on paper or a screen; who holds it may keep, move or cancel."""

    voucher: str


AppointmentShown = shape(
    "Appointment",
    AppointmentReceipt,
    hall_name=Text,
    item_name=Text,
    person=Masked | None,
    ticket=str | None,
    late=bool | None,
)


def commands(parts: Parts) -> list[Command]:
    offers: dict[tuple[str, date], tuple[int, SlotsPlan]] = {}

    def offered(hall: str, day: date) -> SlotsPlan:
        """What the hall offers that day. Cutting a day into slots costs more than booking one, so it is kept.

        Raises:
            Refused: the day cannot be booked, or there is no such hall.
        """
        plan = parts.catalogue.hall(hall)
        if (why := why_not_offered(parts, day)) is not None:
            raise why
        version = parts.catalogue.halls[hall].version
        known = offers.get((hall, day))
        if known is None or known[0] != version:
            if len(offers) >= OFFERS_KEPT:
                offers.clear()
            known = offers[hall, day] = version, slots.offer(plan, day)
        return known[1]

    def booking(hall: str, day: date, item: str, slot: str, person: str, channel: Channel) -> Act:
        """Raises:
        Refused: the item is unknown, is not handled here or not by appointment.
        """
        plan, known = parts.catalogue.hall(hall), parts.catalogue.item(item).plan
        if not known.bookable:
            raise Refused("not-bookable", item=item)
        if known.queue not in {queue.queue for queue in plan.queues}:
            raise Refused("item-not-here", hall=hall, item=item)
        command = BookSlot(reference(hall, day), slot, known.queue, item, person, channel, known.slots)
        return acts.book(hall, day, command, offered=offered(hall, day))

    async def book(asked: Asking, words: list[str], body: BookingAsked, query: bytes) -> Reply:
        hall, identity = words[0], asked.identity
        assert identity is not None
        person = await whom(parts, identity, body.person)
        act = booking(hall, body.date, body.item, body.slot, person, _share(identity))
        return await asked.submit(parts.loop, act, 201, voucher)

    async def move(asked: Asking, words: list[str], body: Moving, query: bytes) -> Reply:
        appointment, hall, day = located(parts, words[0])
        identity = asked.identity
        assert identity is not None
        made = await look(parts, identity, words[0], lambda held: _booked(held, appointment).booking)
        # Given back first: it must neither count against its own person's limits nor keep its own place from them.
        away = acts.cancel(hall, day, CancelAppointment(appointment, "moved"))
        there = booking(hall, body.date, made.item, body.slot, made.person, made.channel)
        return await asked.submit(parts.loop, Act((*away.asks, *there.asks), there.answer), 200, voucher)

    async def cancel(asked: Asking, words: list[str], body: Cancelling, query: bytes) -> Reply:
        appointment, hall, day = located(parts, words[0])
        assert asked.identity is not None
        await look(parts, asked.identity, words[0], lambda held: None)
        command = CancelAppointment(appointment, body.reason or f"cancelled by {asked.identity.role}")
        return await asked.submit(parts.loop, acts.cancel(hall, day, command))

    async def check_in(asked: Asking, words: list[str], body: Arriving, query: bytes) -> Reply:
        appointment, hall, day = located(parts, words[0])
        assert asked.identity is not None
        if not asked.identity.serves(hall):
            await look(parts, asked.identity, words[0], lambda held: None)
        command = CheckIn(appointment, reference(hall, day))
        act = acts.check_in(hall, day, parts.catalogue.hall(hall), command, priority=body.priority)
        return await asked.submit(parts.loop, act, 201, parts.follow)

    def voucher(result: Any) -> dict[str, str]:
        made = result["appointment"] if isinstance(result, dict) else result.appointment
        return {"voucher": parts.seal.seal(made)}

    return [
        Command(
            f"{API}/halls/{{hall}}/appointments",
            BookingAsked,
            book,
            AppointmentBooked,
            201,
            hot=True,
            about="Book",
        ),
        Command(f"{APPOINTMENT}/reschedule", Moving, move, AppointmentBooked, about="Move to another slot"),
        Command(f"{APPOINTMENT}/cancel", Cancelling, cancel, AppointmentReceipt, about="Give the place back"),
        Command(
            f"{APPOINTMENT}/check-in",
            Arriving,
            check_in,
            TicketTaken,
            201,
            hot=True,
            about="Arrive: take the ticket",
        ),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/appointments/{{id:str}}",
        operation_id="appointment",
        responses=answers(AppointmentShown),
        summary="An appointment",
        tags=["appointments"],
    )
    async def one(id: FromPath[str], request: StrictRequest) -> Response[bytes]:  # noqa: A002 (the path's word)
        appointment, hall, _ = located(parts, id)
        found, position = await look(
            parts, request.user, id, lambda held: (_booked(held, appointment), held.position)
        )
        made = found.booking
        shown = {
            "appointment": appointment,
            "hall": hall,
            "hall_name": parts.catalogue.hall(hall).name,
            "item": made.item,
            "item_name": _item_name(parts, made.item),
            "slot": made.slot,
            "queue": made.queue,
            "starts_at": made.starts_at,
            "ends_at": made.ends_at,
            "status": found.status,
            "person": await parts.people.masked(made.person),
            "ticket": None,
            "late": None,
        }
        if isinstance(found, slots.Arrived):
            shown |= {"ticket": found.ticket, "late": found.late}
        return document(shown, position, parts.clock())

    @get(
        f"{API}/appointments/{{id:str}}/calendar.ics",
        operation_id="appointment_calendar",
        media_type="text/calendar",
        summary="The appointment for a calendar (RFC 5545)",
        tags=["appointments"],
    )
    async def calendar(id: FromPath[str], request: StrictRequest) -> Response[bytes]:  # noqa: A002
        appointment, hall, _ = located(parts, id)
        found = await look(parts, request.user, id, lambda held: _booked(held, appointment))
        made, plan = found.booking, parts.catalogue.hall(hall)
        text = ics.appointment(
            uid=appointment,
            starts_at=made.starts_at,
            ends_at=made.ends_at,
            made_at=parts.clock(),
            summary=_item_name(parts, made.item).zh,
            place=", ".join(text.zh for text in (plan.name, plan.address) if text is not None),
            cancelled=found.status == "cancelled",
        )
        return Response(text, headers={"Content-Type": ics.MEDIA_TYPE})

    return [one, calendar]


# --- who may, and about what ----------------------------------------------------------------------------------


def located(parts: Parts, word: str) -> tuple[str, str, date]:
    """An appointment, its hall and its day, from the path: its reference or its voucher.

    Raises:
        Refused: it is neither.
    """
    appointment = parts.seal.unseal(word) or word
    where = place(appointment)
    if where is None or where[0] not in parts.catalogue.halls:
        raise Refused("unknown-appointment", missing=True)
    return appointment, *where


async def look(parts: Parts, identity: Identity | None, word: str, tell: Callable[[Held], T]) -> T:
    """Tell something of an appointment to whoever may know of it.

    Raises:
        Refused: there is none, or it is somebody else's; they are not told which.
    """
    appointment, hall, day = located(parts, word)
    assert identity is not None

    def check(held: Held) -> T:
        found = _booked(held, appointment)
        mine = identity.person is not None and identity.person == found.booking.person
        if not (mine or identity.serves(hall) or word != appointment):
            raise Refused("unknown-appointment", missing=True)
        return tell(held)

    return await parts.loop.peek(slots.stream(hall, day), check)


async def whom(parts: Parts, identity: Identity, person: PersonAsked | None) -> str:
    """The key of whom an appointment or a case is for: the citizen who asks, or whoever is named.

    Raises:
        Rejected: nobody is named and the asker is no citizen.
        Refused: the person's values cannot be.
    """
    if person is not None:
        return await parts.people.enrol(Person(**msgspec.structs.asdict(person)))
    if identity.person is None:
        raise Rejected(422, "person-needed")
    return identity.person


def _share(identity: Identity) -> Channel:
    """Staff book from the places kept for people without a smartphone."""
    return "internal" if identity.role in ("clerk", "admin") else "public"


def _booked(held: Held, appointment: str) -> slots.Appointment:
    state: slots.Slots = held.state
    if (found := state.appointments.get(appointment)) is None:
        raise Refused("unknown-appointment", missing=True)
    return found


def _item_name(parts: Parts, item: str) -> Text:
    known = parts.catalogue.items.get(item)
    return Text(item, item) if known is None else known.plan.name
