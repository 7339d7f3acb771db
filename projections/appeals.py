"""Appeals against the suspension of online booking that wait for a supervisor's answer, one document a person."""

from datetime import datetime
from typing import Any

import msgspec

from domain.citizen import SuspensionAppealed, SuspensionLifted, SuspensionUpheld
from domain.message import Recorded

NAME = "appeals"

MINE = frozenset({SuspensionAppealed, SuspensionLifted, SuspensionUpheld})

FACETS: dict[str, type] = {"appealed_at": datetime}


class View(msgspec.Struct, kw_only=True):
    person: str
    reason: str
    appealed_at: datetime


def key(recorded: Recorded) -> str | None:
    return recorded.subject if type(recorded.event) in MINE else None


def facets(view: View) -> dict[str, Any]:
    return {"appealed_at": view.appealed_at}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    match recorded.event:
        case SuspensionAppealed(reason):
            return View(person=recorded.subject, reason=reason, appealed_at=recorded.stamp.at)
    return None
