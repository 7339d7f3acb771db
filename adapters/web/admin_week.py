"""A hall's weekly pattern at a glance: its sessions by the days of the week, with the places that each offers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from adapters.web.admin_made import Wrong, make
from adapters.web.admin_shape import Draft, Shape
from adapters.web.admin_words_items import CHOICES
from domain.hall import SessionPlan
from domain.message import Text
from domain.workdays import SHANGHAI

DAYS = range(1, 8)
WEEKEND = 6
"""From this day of the week on, sessions of every working day are held only where the weekend is worked (调休)."""

DAY_NAMES: Mapping[int, Text] = {day: CHOICES["SessionPlan.weekdays"][str(day)] for day in DAYS}


class Row(NamedTuple):
    """A session: its hours, on which days it is held, and what each queue offers in the whole of it.

    ``days`` says of each day of the week ``held``, ``worked`` for a weekend that is worked instead of another day, or
    nothing.
    """

    opens: str
    closes: str
    slot_minutes: int
    bookable: int
    walk_in: int
    queues: tuple[str, ...]
    every_workday: bool
    days: tuple[str, ...]


def week_of(shape: Shape, draft: Draft) -> list[Row]:
    """The sessions of a form as it was filled in, by their hours; none as long as something in it is wrong."""
    wrong: Wrong = {}
    made = make(shape, draft, wrong)
    if wrong:
        return []
    return week(_sessions(made["sessions"]))


def week(sessions: Sequence[SessionPlan]) -> list[Row]:
    return [_row(session) for session in sorted(sessions, key=lambda one: (one.opens, one.closes))]


def _sessions(told: Any) -> Sequence[SessionPlan]:
    try:
        return msgspec.convert(told, tuple[SessionPlan, ...])
    except msgspec.ValidationError:
        return ()


def _row(session: SessionPlan) -> Row:
    slots = max(0, _lasts(session) // timedelta(minutes=session.slot_minutes))
    always = not session.weekdays
    return Row(
        f"{session.opens:%H:%M}",
        f"{session.closes:%H:%M}",
        session.slot_minutes,
        slots * (session.public + session.internal + session.partner),
        slots * session.walk_in,
        session.queues,
        always,
        tuple(
            ("held" if day < WEEKEND else "worked") if always else "held" if day in session.weekdays else ""
            for day in DAYS
        ),
    )


def _lasts(session: SessionPlan) -> timedelta:
    day = datetime(2000, 1, 1, tzinfo=SHANGHAI)
    opens, closes = (datetime.combine(day, at, SHANGHAI) for at in (session.opens, session.closes))
    return closes - opens
