"""Appointments: booked by citizens or for them, kept, moved, given back, and carried in a calendar.

Whoever may not see an appointment is told the same as if there were none. Beside the person themselves that is
whoever holds its voucher: somebody who booked for another (代办) has nothing else to show.
"""

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta

from adapters.http import ics
from adapters.http.access import API, APPOINTMENT, HOLD
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.bookable import Bookable
from adapters.http.commands import Command, Nothing
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.reading import answers, document, shape
from adapters.http.windows import TicketTaken, reference
from adapters.people import Identity as Person
from adapters.people import IdType, Masked
from domain import acts, slots
from domain.booking import BehalfKind, Channel, Consent, OnBehalf, SlotId
from domain.handling import Held
from domain.message import Id, Refused, Text, Words, place
from domain.offering import SlotsPlan
from domain.order import Priority
from domain.places import More
from domain.receipts import AppointmentReceipt, HoldReceipt
from domain.slots import (
    BookSlot,
    CancelAppointment,
    CheckIn,
    ConfirmHold,
    HoldPlace,
    ReleaseHold,
)

T = TypeVar("T")


class PersonAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an appointment is for, when that is not the asker. The checks of the values are in ``people``."""

    name: Annotated[str, Meta(min_length=1, max_length=50)]
    id_number: Annotated[str, Meta(min_length=1, max_length=40)]
    phone: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    mail: Annotated[str, Meta(min_length=1, max_length=254)] | None = None
    id_type: IdType = "resident-id"


class BehalfAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As what the asker books for another person, and how that person agreed: both are recorded (帮办代办)."""

    kind: BehalfKind
    consent: Consent


class BookingAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item: Id
    date: date
    slot: SlotId
    person: PersonAsked | None = None
    on_behalf: BehalfAsked | None = None
    more: More = ()
    """Further items handled in the same visit (一件事); the appointment is as long as all of them."""


class HoldAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item: Id
    date: date
    slot: SlotId
    more: More = ()


class Confirming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    person: PersonAsked | None = None
    on_behalf: BehalfAsked | None = None


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


class ItemNamed(msgspec.Struct, frozen=True):
    item: str
    item_name: Text


AppointmentShown = shape(
    "Appointment",
    AppointmentReceipt,
    hall_name=Text,
    item_name=Text,
    person=Masked | None,
    ticket=str | None,
    follow=str | None,
    late=bool | None,
    more=tuple[ItemNamed, ...],
    item_versions=tuple[int, ...],
    on_behalf=BehalfAsked | None,
    moved_to=str | None,
)


def commands(parts: Parts) -> list[Command]:
    desk = Bookable(parts)
    offered, limits = desk.offered, desk.limits

    async def book(asked: Asking, words: list[str], body: BookingAsked, query: bytes) -> Reply:
        hall, identity = words[0], asked.identity
        assert identity is not None
        queue, intervals, versions = visit(parts, hall, body.item, body.more)
        person, plan = await whom(parts, identity, body.person), offered(hall, body.date)
        command = BookSlot(
            reference(hall, body.date),
            body.slot,
            queue,
            body.item,
            person,
            _share(identity, plan),
            intervals,
            body.more,
            on_behalf_of(identity, body.on_behalf),
            item_versions=versions,
        )
        act = acts.book(hall, body.date, command, offered=plan, limits=limits(hall))
        return await asked.submit(parts.loop, act, 201, voucher)

    async def hold(asked: Asking, words: list[str], body: HoldAsked, query: bytes) -> Reply:
        hall, identity = words[0], asked.identity
        assert identity is not None
        queue, intervals, versions = visit(parts, hall, body.item, body.more)
        plan, name = offered(hall, body.date), reference(hall, body.date)
        command = HoldPlace(
            name,
            body.slot,
            queue,
            body.item,
            holder(identity, name),
            _share(identity, plan),
            intervals,
            body.more,
            versions,
        )
        own = None if identity.person is None else limits(hall)
        act = acts.hold_place(hall, body.date, command, offered=plan, limits=own)
        return await asked.submit(parts.loop, act, 201)

    async def confirm(asked: Asking, words: list[str], body: Confirming, query: bytes) -> Reply:
        name, hall, day = await held_by_asker(asked.identity, words[0])
        assert asked.identity is not None
        person = await whom(parts, asked.identity, body.person)
        command = ConfirmHold(name, person, on_behalf_of(asked.identity, body.on_behalf))
        act = acts.confirm(hall, day, command, holder(asked.identity, name), limits=limits(hall))
        return await asked.submit(parts.loop, act, 201, voucher)

    async def let_go(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        name, hall, day = await held_by_asker(asked.identity, words[0])
        assert asked.identity is not None
        return await asked.submit(
            parts.loop, acts.let_go(hall, day, ReleaseHold(name), holder(asked.identity, name))
        )

    async def held_by_asker(identity: Identity | None, name: str) -> tuple[str, str, date]:
        """Raises:
        Refused: there is no such hold, or it is somebody else's; they are not told which.
        """
        assert identity is not None
        where = place(name)
        if where is None or where[0] not in parts.catalogue.halls:
            raise Refused("unknown-hold", missing=True)

        def check(held: Held) -> None:
            day: slots.Slots = held.state
            known = day.holds.get(name) or day.past_holds.get(name)
            if known is None or known.holder != holder(identity, name):
                raise Refused("unknown-hold", missing=True)

        await parts.loop.peek(slots.stream(*where), check)
        return name, *where

    async def move(asked: Asking, words: list[str], body: Moving, query: bytes) -> Reply:
        appointment, hall, day = located(parts, words[0])
        identity = asked.identity
        assert identity is not None
        made = await look(parts, identity, words[0], lambda held: _booked(held, appointment).booking)
        queue, intervals, versions = visit(parts, hall, made.item, made.more)
        command = BookSlot(
            reference(hall, body.date),
            body.slot,
            queue,
            made.item,
            made.person,
            made.channel,
            intervals,
            made.more,
            made.on_behalf,
            instead_of=appointment,
            item_versions=versions,
        )
        there = acts.book(hall, body.date, command, offered=offered(hall, body.date), limits=limits(hall))
        act = acts.move(hall, day, appointment, there, command.appointment)
        return await asked.submit(parts.loop, act, 200, voucher)

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
        command = CheckIn(appointment, reference(hall, day), asked.identity.role in ("clerk", "admin"))
        plan, wait = parts.catalogue.hall(hall), parts.forecasts.teller(hall, day, asked.stamp.at)
        act = acts.check_in(
            hall,
            day,
            plan,
            command,
            priority=body.priority,
            wait=wait,
            skill_of=parts.catalogue.skill,
            queue_of=parts.catalogue.queue_of,
        )
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
        Command(
            f"{API}/halls/{{hall}}/holds",
            HoldAsked,
            hold,
            HoldReceipt,
            201,
            about="Keep a place while the form is filled in",
        ),
        Command(f"{HOLD}/confirm", Confirming, confirm, AppointmentBooked, 201, about="Book the held place"),
        Command(f"{HOLD}/release", Nothing, let_go, about="Let a held place go"),
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
            "item_name": item_name(parts, made.item),
            "slot": made.slot,
            "queue": made.queue,
            "starts_at": made.starts_at,
            "ends_at": made.ends_at,
            "status": found.status,
            "person": await parts.people.masked(made.person),
            "ticket": None,
            "follow": None,
            "late": None,
            "more": [ItemNamed(name, item_name(parts, name)) for name in made.more],
            "item_versions": made.item_versions,
            "on_behalf": made.on_behalf and BehalfAsked(made.on_behalf.kind, made.on_behalf.consent),
            "moved_to": found.moved_to if isinstance(found, slots.Cancelled) else None,
        }
        if isinstance(found, slots.Arrived):
            # Whoever may see it here holds the ticket's follow link too; its hall's staff see the line itself.
            own = request.user is None or not request.user.serves(hall)
            follow = parts.seal.seal(found.ticket) if own else None
            shown |= {"ticket": found.ticket, "follow": follow, "late": found.late}
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
        entry = ics.Entry(
            uid=appointment,
            starts_at=made.starts_at,
            ends_at=made.ends_at,
            changed_at=parts.clock(),
            summary=item_name(parts, made.item).zh,
            place=", ".join(text.zh for text in (plan.name, plan.address) if text is not None),
            cancelled=found.status == "cancelled",
            sequence=int(found.status == "cancelled"),
        )
        return Response(ics.calendar([entry]), headers={"Content-Type": ics.MEDIA_TYPE})

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
    """Tell something of an appointment to whoever may know of it: its person, the hall, whoever holds the voucher.

    Raises:
        Refused: there is none, or it is somebody else's; they are not told which.
    """
    appointment, hall, day = located(parts, word)

    def check(held: Held) -> T:
        found = _booked(held, appointment)
        mine = identity is not None and identity.person == found.booking.person
        serves = identity is not None and identity.serves(hall)
        if not (mine or serves or word != appointment):
            raise Refused("unknown-appointment", missing=True)
        return tell(held)

    return await parts.loop.peek(slots.stream(hall, day), check)


class Visit(NamedTuple):
    """The queue that handles some items at a hall, how many intervals they take together, and the versions of their
    guides as they are published now."""

    queue: str
    intervals: int
    versions: tuple[int, ...]


def visit(parts: Parts, hall: str, item: str, more: tuple[str, ...]) -> Visit:
    """What a visit for these items takes.

    Raises:
        Refused: an item is unknown, is not handled here or not by appointment, or they stand in several lines.
    """
    here = {queue.queue for queue in parts.catalogue.hall(hall).queues}
    published = {name: parts.catalogue.item(name) for name in (item, *more)}
    items = {name: one.plan for name, one in published.items()}
    if len(items) <= len(more):
        raise Refused("named-twice", invalid=True, field="more", names=list(more))
    for name, plan in items.items():
        if not plan.bookable:
            raise Refused("not-bookable", item=name)
        if plan.queue not in here:
            raise Refused("item-not-here", hall=hall, item=name)
    queues = {plan.queue for plan in items.values()}
    if len(queues) > 1:
        raise Refused("items-of-several-queues", invalid=True, field="more", queues=sorted(queues))
    intervals = sum(plan.slots for plan in items.values())
    return Visit(queues.pop(), intervals, tuple(one.number for one in published.values()))


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


def holder(identity: Identity, hold: str) -> str:
    """In whose name a place is held: a citizen's own key, and for everybody else one made of who they are. Behind a
    partner stand many people, each of whom may hold a place: it has one for every hold."""
    if identity.role == "partner":
        return _key_of(f"{identity.by}:{hold}")
    return identity.person or _key_of(identity.by)


def _key_of(who: str) -> str:
    return hashlib.blake2b(who.encode(), digest_size=16).hexdigest()


def on_behalf_of(identity: Identity, asked: BehalfAsked | None) -> OnBehalf | None:
    agent = identity.person or _key_of(identity.by)
    return None if asked is None else OnBehalf(asked.kind, agent, asked.consent)


def _share(identity: Identity, plan: SlotsPlan) -> Channel:
    """Staff book from the places kept for people without a smartphone, another platform from its own if it has any."""
    if identity.role in ("clerk", "admin"):
        return "internal"
    if identity.role == "partner" and any(slot.partner for slot in plan.slots):
        return "partner"
    return "public"


def _booked(held: Held, appointment: str) -> slots.Appointment:
    state: slots.Slots = held.state
    if (found := state.appointments.get(appointment)) is None:
        raise Refused("unknown-appointment", missing=True)
    return found


def item_name(parts: Parts, item: str) -> Text:
    known = parts.catalogue.items.get(item)
    return Text(item, item) if known is None else known.plan.name
