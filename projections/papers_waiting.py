"""Ratings on paper that one member of staff has copied and no other has confirmed yet, one document a service."""

from datetime import datetime
from typing import Any

import msgspec

from domain.message import Grade, Recorded
from domain.review import PaperReviewEntered, PaperReviewRejected, ReviewGiven

NAME = "papers_waiting"

MINE = frozenset({PaperReviewEntered, PaperReviewRejected, ReviewGiven})

FACETS: dict[str, type] = {"hall": str, "entered_at": datetime}


class View(msgspec.Struct, kw_only=True):
    """``by`` is who copied it, as the log names them: anybody else may confirm it."""

    review: str
    service: str
    hall: str
    grade: Grade
    tags: tuple[str, ...] = ()
    comment: str | None = None
    by: str
    entered_at: datetime


def key(recorded: Recorded) -> str | None:
    return recorded.subject if type(recorded.event) in MINE else None


def facets(view: View) -> dict[str, Any]:
    return {"hall": view.hall, "entered_at": view.entered_at}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    match recorded.event:
        case PaperReviewEntered() as entered:
            return View(
                review=entered.review,
                service=recorded.subject,
                hall=entered.hall,
                grade=entered.grade,
                tags=entered.tags,
                comment=entered.comment,
                by=recorded.stamp.by,
                entered_at=recorded.stamp.at,
            )
    return None
