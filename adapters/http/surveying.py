"""What the lists of supervisors have in common: whose halls they tell of, and how they are filtered."""

import re
from datetime import datetime
from typing import Annotated, Any

from litestar.params import QueryParameter

from adapters.http.identity import Identity
from adapters.http.problems import FieldError, Rejected
from domain.deadlines import Signal
from domain.workdays import SHANGHAI

Due = Annotated[
    str | None, QueryParameter(description="a day, whose beginning is meant, or RFC 3339 with offset")
]
SignalAsked = Annotated[Signal | None, QueryParameter()]

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

SIGNALS: tuple[Signal, ...] = ("red", "yellow", "warning")
"""The gravest first."""


def conditions(
    identity: Identity | None, *, unit: str | None, hall: str | None, due_before: str | None
) -> dict[str, Any]:
    """What a list is filtered by: what was asked for, and the asker's own hall if they have one.

    Raises:
        Rejected: 403, another hall was asked for; 422, neither a day nor an instant with its offset.
    """
    assert identity is not None
    if hall is not None and not identity.may_act_in(hall):
        raise Rejected(403, "other-hall", {"hall": hall})
    told: dict[str, Any] = {"unit": unit, "hall": hall or identity.hall}
    if due_before is not None:
        told["due_at"] = ("<", _instant(due_before))
    return {name: value for name, value in told.items() if value is not None}


def _instant(told: str) -> datetime:
    try:
        moment = datetime.fromisoformat(told.replace(" ", "+"))  # a plus that was not written as %2B
    except ValueError:
        moment = None
    if moment is not None and DAY.fullmatch(told):
        moment = moment.replace(tzinfo=SHANGHAI)
    if moment is None or moment.tzinfo is None:
        raise Rejected(422, "invalid", errors=[FieldError("due_before", "a day, or a time with offset")])
    return moment
