"""The figures of a month or a quarter as they were published when it ended, and what has corrected them since.

The stream ``snapshot-{period}`` is one period: ``2026-03`` or ``2026-q1``. It is frozen once, by the clock. What was
handed upward stays what it was, even if a definition changes, so the event holds the numbers themselves and not the
place in the log they can be counted from again. A later correction (a ruling, a record told afterwards) is an
amendment: it tells each number as it was and as it is now, and the events that moved it.
"""

from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Label, Refused, Stamp

By = Literal["all", "hall", "unit"]

Half = Annotated[int, Meta(ge=0)]

Pair = tuple[Half, Half]
"""Numerator and denominator."""

CAUSES_MAX = 50


class Group(msgspec.Struct, frozen=True):
    """The figures of all, of a hall or of a unit, each by its name."""

    by: By
    name: Label
    rates: dict[str, Pair]


class Cause(msgspec.Struct, frozen=True):
    """An event that moved a figure of a period that was over."""

    position: int
    id: str
    type: str


class Change(msgspec.Struct, frozen=True):
    by: By
    name: str
    figure: str
    was: Pair
    now: Pair


# --- commands -----------------------------------------------------------------------------------------------


class FreezeFigures(Command, frozen=True):
    """From the clock, when the period is over: the figures as the log has them up to ``position``."""

    position: int
    groups: tuple[Group, ...]


class AmendFigures(Command, frozen=True):
    """From the clock, when something recorded since counts in the period: its figures up to ``position``."""

    position: int
    groups: tuple[Group, ...]
    causes: Annotated[tuple[Cause, ...], Meta(max_length=CAUSES_MAX)]


AnyCommand = FreezeFigures | AmendFigures


# --- events -------------------------------------------------------------------------------------------------


class FiguresFrozen(Event, frozen=True, tag="figures-frozen"):
    position: int
    groups: tuple[Group, ...]


class FiguresAmended(Event, frozen=True, tag="figures-amended"):
    position: int
    changes: tuple[Change, ...]
    causes: tuple[Cause, ...]


AnyEvent = FiguresFrozen | FiguresAmended


# --- state --------------------------------------------------------------------------------------------------

Figures = dict[By, dict[str, dict[str, Pair]]]
"""By what, of whom, and the figure's name."""


class Snapshot(msgspec.Struct):
    position: int | None = None
    """Up to where the log was counted last; ``None`` until it is frozen."""
    figures: Figures = {}
    contradictions: int = 0
    """Amendments of a number that was another: there should be none."""


def stream(period: str) -> str:
    return f"snapshot-{period}"


def initial() -> Snapshot:
    return Snapshot()


def decide(command: AnyCommand, snapshot: Snapshot, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case FreezeFigures(position, groups):
            return [] if snapshot.position is not None else [FiguresFrozen(position, groups)]
        case AmendFigures(position, groups, causes):
            if snapshot.position is None:
                raise Refused("not-frozen")
            changes = _changes(snapshot, groups) if position > snapshot.position else ()
            return [FiguresAmended(position, changes, causes)] if changes else []
    assert_never(command)


def evolve(snapshot: Snapshot, event: AnyEvent, stamp: Stamp) -> Snapshot:
    snapshot.position = event.position
    match event:
        case FiguresFrozen(_, groups):
            snapshot.figures = _placed(groups)
        case FiguresAmended(_, changes):
            for change in changes:
                rates = snapshot.figures.setdefault(change.by, {}).setdefault(change.name, {})
                snapshot.contradictions += rates.get(change.figure, NOTHING) != change.was
                rates[change.figure] = change.now
    return snapshot


NOTHING: Pair = (0, 0)


def _placed(groups: tuple[Group, ...]) -> Figures:
    placed: Figures = {}
    for one in groups:
        placed.setdefault(one.by, {})[one.name] = dict(one.rates)
    return placed


def _changes(snapshot: Snapshot, groups: tuple[Group, ...]) -> tuple[Change, ...]:
    """What is another number now; a group that is gone has nothing to divide any more."""
    before, after = snapshot.figures, _placed(groups)
    changes: list[Change] = []
    for by in sorted(before.keys() | after.keys()):
        were, are = before.get(by, {}), after.get(by, {})
        for name in sorted(were.keys() | are.keys()):
            old, new = were.get(name, {}), are.get(name, {})
            moved = ((f, old.get(f, NOTHING), new.get(f, NOTHING)) for f in sorted(old.keys() | new.keys()))
            changes += [Change(by, name, figure, was, now) for figure, was, now in moved if was != now]
    return tuple(changes)
