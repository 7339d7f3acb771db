"""What becomes of somebody's personal data: corrected, or erased. It is part of the person's own stream.

The values themselves are never here: they lie sealed under a key of that person alone (see ``people``). A correction
tells which of them became another; an erasure tells that the key was destroyed, after which nobody can say who the
person of this stream was, and everything that was counted stays counted.
"""

from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Refused

Field = Literal["name", "phone", "mail"]

CorrectionBasis = Literal["on-request", "entered-wrongly", "changed"]
"""更正 (个人信息保护法 第46条): the person asked, it was written down wrongly, it has become another."""

ErasureBasis = Literal["on-request", "purpose-met", "service-ended", "consent-withdrawn", "unlawful"]
"""删除 (个人信息保护法 第47条). A word of these and no text: a reason somebody writes may name the person."""


class CorrectPerson(Command, frozen=True):
    fields: Annotated[tuple[Field, ...], Meta(max_length=3)]
    basis: CorrectionBasis


class ErasePerson(Command, frozen=True):
    basis: ErasureBasis


AnyCommand = CorrectPerson | ErasePerson


class PersonCorrected(Event, frozen=True, tag="person-corrected"):
    fields: tuple[Field, ...]
    basis: CorrectionBasis


class PersonErased(Event, frozen=True, tag="person-erased"):
    basis: ErasureBasis


AnyEvent = PersonCorrected | PersonErased


class Personal(msgspec.Struct):
    erased: bool = False


def decide(command: AnyCommand, personal: Personal, open_bookings: list[str]) -> list[AnyEvent]:
    match command:
        case ErasePerson(basis):
            if personal.erased:
                return []
            if open_bookings:
                raise Refused("bookings-open", appointments=open_bookings)
            return [PersonErased(basis)]
        case CorrectPerson(fields, basis):
            refuse_erased(personal)
            return [PersonCorrected(fields, basis)] if fields else []
    assert_never(command)


def evolve(personal: Personal, event: AnyEvent) -> None:
    personal.erased = personal.erased or isinstance(event, PersonErased)


def refuse_erased(personal: Personal) -> None:
    """Raises:
    Refused: there is nobody behind the key any more.
    """
    if personal.erased:
        raise Refused("person-erased")
