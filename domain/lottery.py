"""Scarce places drawn by lot (摇号): the words, and how a draw is made so that anybody can make it again.

A line's places of a day are declared to be drawn. Before anybody can ask, the SHA-256 of every draw's seed is published
(the commitment); requests are collected until the draw; then the seed is told, with all that the draw was made of:

1. ``digest`` is the SHA-256 of the requests' names, sorted and joined by line feeds;
2. each request's ticket is the SHA-256 of ``seed:digest:name``, everything as lower-case hexadecimal text;
3. in the order of their tickets each gets the first of its wishes that still has a place, in as many slots in a row as
   it needs; who has none left is not drawn.

The digest keeps everybody from knowing a ticket before the last request is in, whoever knows the seed. What is given
back goes to the next draw; who was not drawn stays in it. First come, first served stays the rule where no lot is
declared.
It is part of the day's own stream (``domain.slots``); who may ask when is in ``domain.drawing``.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.booking import ITEMS_MAX, Instant, Intervals, SlotId
from domain.message import Command, Event, Id, Key, Reference

DRAWS_MAX = 5

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class DeclareLottery(Command, frozen=True):
    """Have a line's places of the day drawn, at these times, with these commitments; asking begins at ``opens_at``."""

    queue: Id
    opens_at: Instant
    draws: Annotated[tuple[Instant, ...], Meta(min_length=1, max_length=DRAWS_MAX)]
    commitments: Annotated[tuple[Hash, ...], Meta(min_length=1, max_length=DRAWS_MAX)]


class RequestDraw(Command, frozen=True):
    """Take part. ``request`` is the asker's own reference, and their appointment's if they are drawn; ``wishes`` are
    the slots they would take, the best first, all of the line's if none is named."""

    request: Reference
    queue: Id
    item: Id
    person: Key
    wishes: Annotated[tuple[SlotId, ...], Meta(max_length=100)] = ()
    slots: Intervals = 1
    more: Annotated[tuple[Id, ...], Meta(max_length=ITEMS_MAX)] = ()
    item_versions: Annotated[tuple[int, ...], Meta(max_length=ITEMS_MAX + 1)] = ()


class WithdrawDraw(Command, frozen=True):
    request: Reference


class DrawLottery(Command, frozen=True):
    """From the clock, when a draw is due: its seed is told."""

    queue: Id
    nth: Annotated[int, Meta(ge=0, lt=DRAWS_MAX)]
    seed: Hash


AnyCommand = DeclareLottery | RequestDraw | WithdrawDraw | DrawLottery


class Entry(msgspec.Struct, frozen=True):
    """What a request says of itself in a draw: no person."""

    request: str
    wishes: tuple[str, ...]
    slots: int = 1


class Lot(msgspec.Struct, frozen=True):
    """A slot that is drawn for, its free places, and the slot that follows it without a pause."""

    slot: str
    free: int
    then: str | None = None


class Won(msgspec.Struct, frozen=True):
    request: str
    slot: str


class LotteryDeclared(Event, frozen=True, tag="lottery-declared"):
    queue: str
    opens_at: datetime
    draws: tuple[datetime, ...]
    commitments: tuple[str, ...]


class DrawRequested(Event, frozen=True, tag="draw-requested"):
    request: str
    queue: str
    item: str
    person: str
    wishes: tuple[str, ...]
    slots: int = 1
    more: tuple[str, ...] = ()
    item_versions: tuple[int, ...] = ()


class DrawWithdrawn(Event, frozen=True, tag="draw-withdrawn"):
    request: str


class LotteryDrawn(Event, frozen=True, tag="lottery-drawn"):
    """The ``nth`` draw (from 0), with everything it was made of and what came out."""

    queue: str
    nth: int
    seed: str
    entries: tuple[Entry, ...]
    lots: tuple[Lot, ...]
    won: tuple[Won, ...]


AnyEvent = LotteryDeclared | DrawRequested | DrawWithdrawn | LotteryDrawn


class Lottery(msgspec.Struct):
    """A line's lottery: ``requests`` are those that take part in the next draw, ``asked`` all there ever were."""

    declared: LotteryDeclared
    asked: dict[str, DrawRequested] = {}
    requests: dict[str, DrawRequested] = {}
    drawn: list[LotteryDrawn] = []

    @property
    def next_at(self) -> datetime | None:
        """When the next draw is; none if all are made."""
        done = len(self.drawn)
        return self.declared.draws[done] if done < len(self.declared.draws) else None


def commitment(seed: str) -> str:
    """What is published of a seed before the draw."""
    return sha256(seed.encode()).hexdigest()


def tickets(seed: str, entries: Sequence[Entry]) -> dict[str, str]:
    """Each request's ticket; the lowest is drawn first."""
    digest = sha256("\n".join(sorted(entry.request for entry in entries)).encode()).hexdigest()
    return {
        entry.request: sha256(f"{seed}:{digest}:{entry.request}".encode()).hexdigest() for entry in entries
    }


def draw(seed: str, entries: Sequence[Entry], lots: Sequence[Lot]) -> tuple[Won, ...]:
    """Who gets what, in the order in which they were drawn."""
    free = {lot.slot: lot.free for lot in lots}
    then = {lot.slot: lot.then for lot in lots}
    ticket = tickets(seed, entries)
    won: list[Won] = []
    for entry in sorted(entries, key=lambda one: ticket[one.request]):
        for wish in entry.wishes:
            row: list[str] = []
            slot: str | None = wish
            while slot is not None and len(row) < entry.slots and free.get(slot, 0) > 0:
                row.append(slot)
                slot = then.get(slot)
            if len(row) == entry.slots:
                for taken in row:
                    free[taken] -= 1
                won.append(Won(entry.request, wish))
                break
    return tuple(won)
