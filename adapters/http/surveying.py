"""What the lists of supervisors have in common: whose halls they tell of, and how they are filtered."""

from datetime import datetime
from typing import Annotated, Any

from litestar.params import QueryParameter

from adapters.http.identity import Identity
from adapters.http.problems import FieldError, Rejected
from domain.deadlines import Signal

Due = Annotated[datetime | None, QueryParameter(description="RFC 3339 with offset")]
SignalAsked = Annotated[Signal | None, QueryParameter()]

SIGNALS: tuple[Signal, ...] = ("red", "yellow", "warning")
"""The gravest first."""


def conditions(
    identity: Identity | None, *, unit: str | None, hall: str | None, due_before: datetime | None
) -> dict[str, Any]:
    """What a list is filtered by: what was asked for, and the asker's own hall if they have one.

    Raises:
        Rejected: 403, another hall was asked for; 422, an instant without its offset.
    """
    assert identity is not None
    if hall is not None and not identity.may_act_in(hall):
        raise Rejected(403, "other-hall", {"hall": hall})
    if due_before is not None and due_before.tzinfo is None:
        raise Rejected(422, "invalid", errors=[FieldError("due_before", "a time with offset")])
    told: dict[str, Any] = {"unit": unit, "hall": hall or identity.hall}
    if due_before is not None:
        told["due_at"] = ("<", due_before)
    return {name: value for name, value in told.items() if value is not None}
