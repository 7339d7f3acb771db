"""How a case comes in: with its number, held to the guide as it is published; one matter with all its parts at once."""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from adapters.catalogue import Configured
from adapters.http.access import API
from adapters.http.appointments import BehalfAsked, PersonAsked, on_behalf_of, whom
from adapters.http.asking import Asking, Reply
from adapters.http.commands import Command
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.windows import reference
from domain import case, citizen, numbers, personal
from domain.case import Case, Channel, OpenCase, Status
from domain.citizen import Citizen
from domain.hand_over import needed_scope, reaches
from domain.handling import Act, Ask, Follow, Held, Hold
from domain.item import ItemPlan
from domain.message import Id, Reference, Refused
from domain.numbers import TakeNumber
from domain.papers import GuidePaper

CHANNELS: dict[str, Channel] = {"citizen": "web", "clerk": "window", "admin": "window", "partner": "other"}
"""How an application came, where it does not say."""


class CaseAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An application for an item. Limits and kind are those the item is published with; an item that holds others
    together (一件事) opens a case for each of these too.

    A citizen applies for themselves; ``person`` says whom it is for when somebody else does. ``test`` keeps the case
    out of every figure.
    """

    item: Id
    hall: Id
    person: PersonAsked | None = None
    channel: Channel | None = None
    ticket: Reference | None = None
    test: bool = False
    joint: bool = False
    handled_at: Id | None = None
    """The hall of another region that handles it, where this one only receives (跨省通办, 全省通办)."""
    on_behalf: BehalfAsked | None = None
    """As what the asker acts for the person, and how that person agreed (帮办代办)."""


class CaseReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """``parts`` are the cases of one matter."""

    case: str
    number: str | None
    status: Status
    due_at: datetime | None
    parts: tuple[str, ...] = ()


def opening(parts: Parts) -> Command:
    async def open_(asked: Asking, words: list[str], body: CaseAsked, query: bytes) -> Reply:
        identity = asked.identity
        assert identity is not None
        if identity.role == "clerk" and not identity.may_act_in(body.hall):
            raise Rejected(403, "other-hall", {"hall": body.hall})
        published = parts.catalogue.item(body.item)
        _check_reach(parts, body, published.plan)
        acting = on_behalf_of(identity, body.on_behalf)
        channel: Channel = "agent" if acting is not None else CHANNELS[identity.role]
        held = {name: parts.catalogue.item(name) for name in published.plan.parts}
        if nested := [name for name, one in held.items() if one.plan.parts]:
            raise Refused("matter-in-matter", items=nested)
        applicant = await whom(parts, identity, body.person)
        await parts.loop.peek(citizen.stream(applicant), _refuse_erased)
        name = reference(body.hall, asked.day)
        children = tuple(f"{name}.{number}" for number in range(1, len(held) + 1))
        limits = _published(published.plan, [one.plan for one in held.values()])
        whole = OpenCase(
            item=body.item,
            item_version=published.number,
            hall=body.hall,
            unit=parts.unit_of(body.handled_at or body.hall, body.item),
            applicant=applicant,
            channel=body.channel or channel,
            kind=published.plan.handling,
            ticket=body.ticket,
            test=body.test,
            joint=body.joint,
            parts=children,
            handled_at=body.handled_at if body.handled_at != body.hall else None,
            on_behalf=acting,
            promised_limit_workdays=limits.promised,
            statutory_limit_workdays=limits.statutory,
            guide=limits.guide,
        )
        opened = [(name, whole, numbers.code_of(body.item, published.plan))]
        opened += [
            (child, _part(whole, name, one), numbers.code_of(item, one.plan))
            for child, (item, one) in zip(children, held.items(), strict=True)
        ]
        act = opening_act(opened, asked.day, parts.settings.case_number)
        return await asked.in_hall(body.hall).submit(parts.loop, act, 201)

    return Command(f"{API}/cases", CaseAsked, open_, CaseReceipt, 201, about="Open a case")


def opening_act(opened: list[tuple[str, OpenCase, str]], day: date, scheme: str) -> Act:
    """Cases, each with its name and the code its number begins with, and their numbers: all of it or nothing."""
    asks: list[Ask | Follow] = []
    for name, opening, code in opened:
        counter = numbers.stream(code, day)
        asks += [
            Ask(case.stream(name), opening),
            Ask(counter, TakeNumber(name)),
            numbered(name, code, day, scheme),
        ]
    return Act(tuple(asks), told_of(opened[0][0]))


def told_of(name: str) -> Callable[[Hold], CaseReceipt]:
    """The receipt of whatever is asked of a case."""

    def tell(hold: Hold) -> CaseReceipt:
        state: Case = hold(case.stream(name)).state
        whole = state.opened.parts if state.opened is not None else ()
        return CaseReceipt(name, state.number, state.status, state.watch.due_at, whole)

    return tell


def _refuse_erased(held: Held) -> None:
    """A case is no part of its applicant's stream, which refuses bookings by itself.

    Raises:
        Refused: whoever asks was erased, and may still hold a token.
    """
    state: Citizen = held.state
    personal.refuse_erased(state.personal)


def numbered(name: str, code: str, day: date, scheme: str) -> Follow:
    """The number of a case, by the serial that it has taken in the same act."""

    def ask(hold: Hold) -> Ask:
        serial = hold(numbers.stream(code, day)).state.taken[name]
        return Ask(case.stream(name), case.NumberCase(numbers.number(scheme, code, day, serial)))

    return ask


def _check_reach(parts: Parts, asked: CaseAsked, plan: ItemPlan) -> None:
    """Raises:
    Refused: a hall is unknown, or the item may not be received so far from where it is handled.
    """
    here = parts.catalogue.hall(asked.hall)
    if asked.handled_at is None:
        return
    there = parts.catalogue.hall(asked.handled_at)
    if not reaches(plan.scope, needed_scope(here.region, there.region)):
        raise Refused("scope-too-narrow", invalid=True, field="handled_at", scope=plan.scope)


def _part(whole: OpenCase, matter: str, published: Configured[ItemPlan]) -> OpenCase:
    """The application for one of the items that a matter holds together."""
    own = _published(published.plan, [])
    return msgspec.structs.replace(
        whole,
        item=published.name,
        item_version=published.number,
        unit=published.plan.unit.zh,
        kind=published.plan.handling,
        parts=(),
        matter=matter,
        promised_limit_workdays=own.promised,
        statutory_limit_workdays=own.statutory,
        guide=own.guide,
    )


class _Published(NamedTuple):
    """What an application is held to."""

    promised: int | None
    statutory: int | None
    guide: tuple[GuidePaper, ...]


def _published(plan: ItemPlan, held: list[ItemPlan]) -> _Published:
    """What an item is published with; a matter that says nothing itself has the longest limits and all the materials
    of what it holds together."""
    timed = held if held and plan.promised_limit_workdays is None else [plan]
    statutory = [one.statutory_limit_workdays for one in timed]
    papers = [paper for one in (held if held and not plan.materials else [plan]) for paper in one.materials]
    return _Published(
        max((one.promised_limit_workdays for one in timed if one.promised_limit_workdays), default=None),
        None if None in statutory else max(days for days in statutory if days is not None),
        tuple(
            {
                one.name.zh: GuidePaper(one.name.zh, one.exempt, one.deferrable, one.pledgeable)
                for one in papers
            }.values()
        ),
    )
