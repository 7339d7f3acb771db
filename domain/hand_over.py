"""A case that is received in one hall and handled in another (跨省通办, 全省通办): whose time runs is never in doubt.

It is part of the case's own stream. The hall that received it hands it over, the hall that handles it takes it over or
hands it back with what is wrong, and answers only from then on. What it takes until then has limits of its own.
"""

from typing import Literal, assert_never, get_args

import msgspec

from domain.item import Scope
from domain.message import Command, Event, Label, Refused, Words

Side = Literal["receiving", "under-way", "handling"]
"""Where the papers are: in the hall that received them, sent, in the hall that handles them."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
"""The widest first."""


class HandOver(Command, frozen=True):
    """The receiving hall sends the papers. ``document`` is the number of what goes with them."""

    document: Label | None = None


class TakeOver(Command, frozen=True):
    """The handling hall has them."""


class HandBack(Command, frozen=True):
    """The handling hall sends them back, with what is wrong."""

    reason: Words


AnyCommand = HandOver | TakeOver | HandBack


class CaseHandedOver(Event, frozen=True, tag="case-handed-over"):
    to: str
    document: str | None = None


class CaseTakenOver(Event, frozen=True, tag="case-taken-over"):
    pass


class CaseHandedBack(Event, frozen=True, tag="case-handed-back"):
    to: str
    reason: str


AnyEvent = CaseHandedOver | CaseTakenOver | CaseHandedBack


class Places(msgspec.Struct):
    side: Side = "receiving"
    handed_back: str | None = None
    """Why it was sent back; until it is handed over again."""


def decide(
    command: AnyCommand, places: Places, status: str, received_at: str, handled_at: str | None
) -> list[AnyEvent] | None:
    """The answer of a case of this status, received in one hall and handled in another; ``None`` out of turn.

    Raises:
        Refused: it is handled where it was received, or the papers are elsewhere.
    """
    if handled_at is None:
        raise Refused("handled-here")
    match command, places.side:
        case (HandOver(), "under-way" | "handling") | (TakeOver(), "handling"):
            return []
        case HandBack(reason), "receiving" if places.handed_back == reason:
            return []
        case _ if status != "received":
            return None
        case HandOver(document), "receiving":
            return [CaseHandedOver(handled_at, document)]
        case TakeOver(), "under-way":
            return [CaseTakenOver()]
        case HandBack(reason), "under-way" | "handling":
            return [CaseHandedBack(received_at, reason)]
    raise Refused("papers-elsewhere", side=places.side)


def evolve(places: Places, event: AnyEvent) -> None:
    match event:
        case CaseHandedOver():
            places.side, places.handed_back = "under-way", None
        case CaseTakenOver():
            places.side = "handling"
        case CaseHandedBack(reason=reason):
            places.side, places.handed_back = "receiving", reason
        case _:
            assert_never(event)


def refuse_elsewhere(places: Places, handled_at: str | None) -> None:
    """Raises:
    Refused: the hall that handles the case has not taken it over.
    """
    if handled_at is not None and places.side != "handling":
        raise Refused("not-taken-over", hall=handled_at, side=places.side)


def needed_scope(one: str, other: str) -> Scope | None:
    """How far an item must be published to reach (通办范围) to be received in one region for another, by their codes;
    nothing is needed within a county, whose township receives for it."""
    for digits, scope in ((6, None), (4, "across-counties"), (2, "across-cities")):
        if one[:digits] == other[:digits]:
            return scope  # type: ignore[return-value]  # read from the row above as text
    return "across-provinces"


def reaches(scope: Scope | None, needed: Scope | None) -> bool:
    if needed is None:
        return True
    return scope is not None and SCOPES.index(scope) <= SCOPES.index(needed)
