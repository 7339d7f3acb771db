"""The days that are open at the windows, each with the instant from which it counts as forgotten."""

from datetime import datetime, time, timedelta
from typing import Any

import msgspec

from domain.hall import forgotten_at
from domain.message import Recorded, day_of
from domain.queue import DayClosed, DayOpened, DayReopened
from domain.workdays import SHANGHAI

NAME = "open_days"

MINE = frozenset({DayOpened, DayReopened, DayClosed})

FACETS: dict[str, type] = {"forgotten_at": datetime}


class View(msgspec.Struct, kw_only=True):
    stream: str
    forgotten_at: datetime
    position: int = 0
    """Of the event that has opened it: a day may be forgotten open more than once."""


def key(recorded: Recorded) -> str | None:
    return recorded.stream if type(recorded.event) in MINE else None


def facets(view: View) -> dict[str, Any]:
    return {"forgotten_at": view.forgotten_at}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    match recorded.event:
        case DayOpened(plan) if recorded.stamp.recorded_at is None:
            at = forgotten_at(plan, day_of(recorded.stream), recorded.stamp.at)
            return View(stream=recorded.stream, forgotten_at=at, position=recorded.position)
        case DayReopened() if recorded.stamp.recorded_at is None:
            # Whoever opens a day again works on in it: it is left alone until midnight.
            at = datetime.combine(day_of(recorded.stream) + timedelta(days=1), time(0), SHANGHAI)
            return View(stream=recorded.stream, forgotten_at=at, position=recorded.position)
    # Closed; or a day of the past that is being written down, which is closed by whoever writes it.
    return None
