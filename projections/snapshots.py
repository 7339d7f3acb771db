"""Every period's figures as they were frozen and as amendments have left them, with each amendment and its causes."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from domain.message import Recorded
from domain.snapshot import By, Cause, Change, FiguresAmended, FiguresFrozen, Group, Pair
from projections.figures import days_of

NAME = "snapshots"

FACETS: dict[str, type] = {"kind": str, "first": str}

Kind = Literal["month", "quarter"]


class Amendment(msgspec.Struct, frozen=True):
    at: datetime
    position: int
    changes: tuple[Change, ...]
    causes: tuple[Cause, ...]


class View(msgspec.Struct):
    """``groups`` are the figures as they were frozen; ``position`` is the place in the log they were counted from
    last."""

    snapshot: str
    kind: Kind
    first: str
    last: str
    frozen_at: datetime
    frozen_position: int
    position: int
    groups: tuple[Group, ...]
    amendments: list[Amendment] = []

    def now(self) -> dict[tuple[By, str], dict[str, Pair]]:
        """The figures by group as the last amendment left them."""
        told: dict[tuple[By, str], dict[str, Pair]] = {(g.by, g.name): dict(g.rates) for g in self.groups}
        for amendment in self.amendments:
            for change in amendment.changes:
                told.setdefault((change.by, change.name), {})[change.figure] = change.now
        return told


MINE = frozenset({FiguresFrozen, FiguresAmended})


def key(recorded: Recorded) -> str | None:
    return recorded.subject if type(recorded.event) in MINE else None


def facets(view: View) -> dict[str, Any]:
    return {"kind": view.kind, "first": view.first}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event, at = recorded.event, recorded.stamp.at
    match event:
        case FiguresFrozen(position, groups):
            period = recorded.subject
            kind: Kind = "quarter" if "q" in period else "month"
            return View(period, kind, *days_of(period), at, position, position, groups)
        case FiguresAmended(position, changes, causes) if view is not None:
            view.position = position
            view.amendments.append(Amendment(at, position, changes, causes))
    return view
