"""Every bad review's rectification: what it waits for, by when, and what was done. Closed ones stay.

A document's key is the service, and so is the rectification's reference: one service has at most one.
"""

from datetime import datetime, time, timedelta
from typing import Any, Literal, get_args

import msgspec

from domain import rectification
from domain.deadlines import RectificationClock, RectificationDues, RectificationStep, Signal
from domain.message import Grade, Recorded, Text
from domain.rectification import (
    UNFOUNDED,
    RectificationExtended,
    RectificationFedBack,
    RectificationOpened,
    RectificationOverdue,
    RectificationPaused,
    RectificationPlanned,
    RectificationRecomputed,
    RectificationResumed,
    ReviewAppealed,
    ReviewerCalledBack,
    ReviewerContacted,
    ReviewRectified,
    ReviewRuled,
    ReviewVerified,
    RulingAwaited,
    Step,
)
from domain.review import BAD, ReviewAdded, ReviewGiven
from domain.urging import Direction, OrderRecorded, RectificationAssigned, RectificationEscalated, Rung
from domain.workdays import SHANGHAI, Calendar, local_date, workdays_left
from projections.timeline import Entry, entry

NAME = "rectifications"

CATEGORY = "review"
"""The streams whose subjects are the documents' keys."""

FACETS: dict[str, type] = {
    "unit": str,
    "hall": str,
    "status": str,
    "step": str,
    "clerk": str,
    "person": str,
    "due_at": datetime,
    "warn_at": datetime,
}
INDEXES = (
    ("status", "due_at"),
    ("status", "hall", "due_at"),
    ("status", "unit", "due_at"),
    ("status", "step", "due_at"),
)
"""What supervisors filter by, ordered by deadline."""

DUE_OF: dict[Step, RectificationStep] = {"contact": "contact", "ruling": "ruling"}
"""Whose deadline a step has; the others have that of the whole."""

STEP_NAMES: dict[Step, Text] = {
    "contact": Text("联系核实", "contact the reviewer"),
    "verify": Text("核实情况", "verify"),
    "ruling": Text("复核", "ruling by another unit"),
    "rectify": Text("整改", "rectify"),
    "feed-back": Text("反馈", "feed back"),
    "call-back": Text("回访", "call back"),
    "closed": Text("办结", "closed"),
}


class View(msgspec.Struct, kw_only=True):
    """``due_at`` is the deadline of what is being waited for, missing where nothing is due. ``person`` is for the
    hall alone: never for the public nor for whoever is rated."""

    rectification: str
    review: str
    service: str
    hall: str
    unit: str
    window: str | None = None
    item: str | None = None
    person: str | None = None
    anonymous: bool = False
    test: bool = False
    grade: Grade
    tags: tuple[str, ...] = ()
    comment: str | None = None
    given_at: datetime
    status: Literal["opening", "open", "closed"] = "opening"
    """``opening`` until the policy has opened the rectification with its deadlines."""
    step: Step = "contact"
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    due_at: datetime | None = None
    provisional: bool = False
    planned: bool = False
    annulled: bool = False
    overdue: list[RectificationStep] = []
    clerk: str | None = None
    """Who answers for it."""
    paused: bool = False
    """Its deadlines stand still."""
    escalated_to: Rung | None = None
    orders: dict[str, Direction] = {}
    """Work orders of 12345 about the same review."""
    clock: RectificationClock | None = None
    dues: RectificationDues | None = None
    steps: list[Entry] = []
    added_grade: Grade | None = None
    """The grade of the 追评."""


MINE = frozenset((ReviewGiven, ReviewAdded, *get_args(rectification.AnyEvent)))


def key(recorded: Recorded) -> str | None:
    if type(recorded.event) not in MINE:
        return None
    if isinstance(recorded.event, ReviewGiven) and recorded.event.grade not in BAD:
        return None
    return recorded.subject


def facets(view: View) -> dict[str, Any]:
    """``warn_at``: when the deadline that is waited for comes near."""
    return {name: getattr(view, name) for name in FACETS if name != "warn_at"} | {"warn_at": _warn_at(view)}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event, at = recorded.event, recorded.stamp.at
    if isinstance(event, ReviewGiven):
        return _given(recorded.subject, event, at)
    if view is None:
        return None
    view.steps.append(entry(recorded))
    match event:
        case RectificationOpened(rectification, unit, clock, dues):
            view.rectification, view.unit, view.opened_at, view.status = rectification, unit, at, "open"
            view.clock, view.dues = clock, dues
        case ReviewerContacted():
            view.step = "verify"
        case ReviewVerified(finding):
            view.step = "ruling" if finding in UNFOUNDED else "rectify"
        case RectificationPlanned():
            view.planned = True
        case ReviewRectified():
            view.step = "feed-back"
        case RectificationExtended(clock=clock) | RulingAwaited(clock):
            view.clock = clock
        case RectificationPaused():
            view.paused = True
        case RectificationResumed(clock):
            view.clock, view.paused = clock, False
        case RectificationAssigned(clerk):
            view.clerk = clerk
        case RectificationEscalated(to=to):
            view.escalated_to = to
        case OrderRecorded(order, direction):
            view.orders[order] = direction
        case ReviewAppealed():
            view.step = "ruling"
        case ReviewRuled(finding):
            view.annulled = finding in UNFOUNDED
            view.step = "feed-back" if view.annulled else "rectify"
        case RectificationFedBack():
            view.step = "call-back" if view.person is not None else "closed"
        case ReviewerCalledBack():
            view.step = "closed"
        case RectificationRecomputed(dues):
            view.dues = dues
        case RectificationOverdue(step):
            view.overdue.append(step)
        case ReviewAdded(grade=grade):
            view.added_grade = grade
    _date(view, at)
    return view


def present(view: View, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """The document as it is read now: with the working days left and the signal, without the reviewer."""
    shown = {
        name: getattr(view, name)
        for name in view.__struct_fields__
        if name not in ("person", "clock", "dues")
    }
    shown["steps"] = [_nameless(line) for line in view.steps]
    shown |= {"real_name": view.person is not None, "workdays_left": None, "late": False, "signal": None}
    if view.due_at is not None:
        shown["workdays_left"] = workdays_left(calendar, now, view.due_at)
        shown["late"] = now > view.due_at
        shown["signal"] = signal(view, now)
    return shown


def signal(view: View, now: datetime) -> Signal | None:
    """The signal a rectification stands at: red past its deadline, yellow on the last day, the early warning from the
    instant its clock named. ``at_signal`` finds the same."""
    if view.due_at is None:
        return None
    if now > view.due_at:
        return "red"
    if view.due_at <= midnight(now):
        return "yellow"
    warn_at = _warn_at(view)
    return "warning" if warn_at is not None and now >= warn_at else None


def at_signal(wanted: Signal, now: datetime) -> dict[str, Any]:
    """The facets by which a list finds what stands at a signal."""
    match wanted:
        case "red":
            return {"due_at": ("<", now)}
        case "yellow":
            return {"due_at": [(">=", now), ("<=", midnight(now))]}
        case "warning":
            return {"due_at": (">", midnight(now)), "warn_at": ("<=", now)}


def midnight(now: datetime) -> datetime:
    """The end of a day where the halls are."""
    return datetime.combine(local_date(now), time(), SHANGHAI) + timedelta(days=1)


TOLD = frozenset(
    {
        "rectification-opened",
        "reviewer-contacted",
        "rectification-planned",
        "review-rectified",
        "rectification-extended",
        "rectification-paused",
        "rectification-resumed",
        "review-ruled",
        "rectification-fed-back",
        "reviewer-called-back",
        "review-added",
    }
)
"""What whoever rated sees of it: what was done and why it takes longer, not who presses whom."""


def public_steps(view: View) -> list[Entry]:
    """The steps as whoever rated sees them, without the names of staff and their notes on them."""
    return [
        msgspec.structs.replace(
            line,
            by=line.by.partition(":")[0],
            detail={name: value for name, value in line.detail.items() if name != "note"},
        )
        for line in view.steps
        if line.what in TOLD
    ]


def _nameless(line: Entry) -> Entry:
    """Staff are named and the reviewer is not: whoever is rated must not learn who rated."""
    asker = line.by.partition(":")[0]
    return msgspec.structs.replace(line, by=asker) if asker == "citizen" else line


def _given(service: str, event: ReviewGiven, at: datetime) -> View:
    return View(
        rectification=service,
        review=event.review,
        service=service,
        hall=event.hall,
        unit=event.unit,
        window=event.window,
        item=event.item,
        person=event.person,
        anonymous=event.anonymous,
        test=event.test,
        grade=event.grade,
        tags=event.tags,
        comment=event.comment,
        given_at=at,
    )


def _warn_at(view: View) -> datetime | None:
    """Only the deadline of the whole is warned of."""
    if view.due_at is None or view.dues is None or view.step in DUE_OF:
        return None
    return view.dues.warn_at(view.planned)


def _date(view: View, at: datetime) -> None:
    """What the deadline is now that something was done at ``at``."""
    if view.step == "closed" and view.status != "closed":
        view.status, view.closed_at = "closed", at
    due = None
    if view.dues is not None and not view.paused and view.step in ("contact", "verify", "ruling", "rectify"):
        due = view.dues.of(DUE_OF.get(view.step, "rectify"), view.planned)
    view.due_at, view.provisional = (due.at, due.provisional) if due else (None, False)
