"""Places that are held and not yet booked or let go, so that the clock can release those whose time is over."""

from datetime import datetime
from typing import Any

import msgspec

from domain.message import Recorded
from domain.slots import HoldReleased, PlaceHeld, SlotBooked

NAME = "holds"

MINE = frozenset({PlaceHeld, HoldReleased, SlotBooked})

FACETS: dict[str, type] = {"until": datetime}


class View(msgspec.Struct, kw_only=True):
    hold: str
    stream: str
    holder: str
    until: datetime


def key(recorded: Recorded) -> str | None:
    match recorded.event:
        case PlaceHeld(hold) | HoldReleased(hold) | SlotBooked(hold):
            return hold
        case _:
            return None


def facets(view: View) -> dict[str, Any]:
    return {"until": view.until}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    match recorded.event:
        case PlaceHeld(hold, holder=holder, until=until):
            return View(hold=hold, stream=recorded.stream, holder=holder, until=until)
    return None
