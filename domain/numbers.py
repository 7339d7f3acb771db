"""Case numbers (办件编号): a serial per coded item and day, each given once and none left out.

The stream ``numbers-{code}-{date}`` counts. A number is taken in the same act as the case it is for is opened, so that
no number is without its case. GB/T 39046-2020 table 5 allows 50 characters; a number in use elsewhere is 实施编码 (31),
date (8) and serial (4).
"""

from datetime import date
from typing import Annotated, assert_never

import msgspec
from msgspec import Meta

from domain.item import ItemPlan
from domain.message import Command, Event, Reference, Stamp

Scheme = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{0,20}\{code\}-?\{date\}-?\{serial\}$")]
"""How a number is put together: some letters, then ``{code}``, ``{date}`` and ``{serial}``."""

SCHEME = "{code}{date}{serial}"


class TakeNumber(Command, frozen=True):
    """The next serial for a case. Asked again for the same case, it keeps the one it has."""

    case: Reference


AnyCommand = TakeNumber


class NumberTaken(Event, frozen=True, tag="number-taken"):
    case: str
    serial: int


AnyEvent = NumberTaken


class Numbers(msgspec.Struct):
    """Each case's serial, in the order they were taken."""

    taken: dict[str, int] = {}


def stream(code: str, day: date) -> str:
    return f"numbers-{code}-{day}"


def counted(stream: str) -> tuple[str, date]:
    """The code and the day that a stream counts.

    Raises:
        ValueError: it counts none.
    """
    code, day = stream.removeprefix("numbers-")[:-11], date.fromisoformat(stream[-10:])
    if not code or stream != f"numbers-{code}-{day}":
        raise ValueError(f"{stream!r} names no code and day")
    return code, day


def code_of(item: str, plan: ItemPlan) -> str:
    """What a case number begins with: 实施编码, and the item's own name where it has none."""
    return item if plan.implementation_code is None else plan.implementation_code.value


def initial() -> Numbers:
    return Numbers()


def decide(command: AnyCommand, numbers: Numbers, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case TakeNumber(case):
            return [] if case in numbers.taken else [NumberTaken(case, len(numbers.taken) + 1)]
    assert_never(command)


def evolve(numbers: Numbers, event: AnyEvent, stamp: Stamp) -> Numbers:
    match event:
        case NumberTaken(case, serial):
            numbers.taken[case] = serial
            return numbers
    assert_never(event)


def number(scheme: str, code: str, day: date, serial: int) -> str:
    """The serial as people read it; more than four digits on a day of more than 9,999 cases."""
    return scheme.format(code=code, date=f"{day:%Y%m%d}", serial=f"{serial:04}")
