"""The talks (约谈) that units were called to, held or not: one document each, by the lag that brought it about."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from domain.message import Recorded
from domain.unit import TalkCalled, TalkHeld

NAME = "talks"

MINE = frozenset({TalkCalled, TalkHeld})

FACETS: dict[str, type] = {"unit": str, "hall": str, "status": str, "due_at": datetime}


class View(msgspec.Struct, kw_only=True):
    """``lags`` are the deadlines that passed, ``{service}.{step}``; ``due_at`` is by when the talk is to be held."""

    talk: str
    unit: str
    hall: str | None
    status: Literal["called", "held"] = "called"
    lags: tuple[str, ...]
    called_at: datetime
    due_at: datetime
    provisional: bool = False
    held_at: datetime | None = None
    with_whom: str | None = None
    minutes: str | None = None
    measures: str | None = None


def key(recorded: Recorded) -> str | None:
    match recorded.event:
        case TalkCalled(talk=talk) | TalkHeld(talk):
            return talk
    return None


def facets(view: View) -> dict[str, Any]:
    return {name: getattr(view, name) for name in FACETS}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    match recorded.event:
        case TalkCalled(talk, lags, due):
            return View(
                talk=talk,
                unit=recorded.subject,
                hall=recorded.stamp.hall,
                lags=lags,
                called_at=recorded.stamp.at,
                due_at=due.at,
                provisional=due.provisional,
            )
        case TalkHeld(_, with_whom, minutes, measures) if view is not None:
            view.status, view.held_at = "held", recorded.stamp.at
            view.with_whom, view.minutes, view.measures = with_whom, minutes, measures
    return view
