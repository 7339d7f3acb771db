"""What the published figures are counted from: who could rate, who did and how, what became of bad reviews and limits.

One document counts what one hall saw on one day. A bad review has a document of its own, because its counts ripen on
other days and may be struck out: ruled mis-rated or malicious, it is not adopted (不予采纳) and its service counts as
not rated. A published item has one too, for the figures of the catalogue.

Everything counts on the day it happened: the service and the rating each on its own, a bad review as settled on the
day it was rectified or its deadline passed. So a period's counts are whole when it ends, and what moves them later is
a correction. Test cases (网上申报测试) and their ratings are counted apart and nowhere else. Of one matter (一件事) the
parts are timed, each for its unit, and the whole is what somebody came for: it counts as the one case that was closed.

``figures`` divides what is counted here.
"""

from datetime import datetime
from typing import Any

import msgspec

from domain.case import CaseClosed, CaseOpened
from domain.detours import FinishUndone
from domain.item import Handling, ItemPlan, ItemPublished, OnlineDepth
from domain.message import Grade, Recorded, clerk_of, day_of, hall_of
from domain.queue import ServiceFinished
from domain.rectification import (
    UNFOUNDED,
    RectificationFedBack,
    RectificationOverdue,
    ReviewerCalledBack,
    ReviewRectified,
    ReviewRuled,
)
from domain.review import BAD, InvitationTakenBack, ReviewAdded, ReviewGiven, ReviewInvited
from domain.workdays import local_date

NAME = "performance"

FACETS: dict[str, type] = {"hall": str, "day": str, "last_day": str}
"""The first and the last day a document counts something on, written ``YYYY-MM-DD``, so that their order is the order
of days. An item has no hall, and counts from its publication on."""

FOREVER = "9999-12-31"

FAVOURABLE: tuple[Grade, ...] = ("very-satisfied", "satisfied", "fairly-satisfied")


class Counts(msgspec.Struct, omit_defaults=True):
    ratable: int = 0
    rated: int = 0
    grades: dict[Grade, int] = {}
    settled: int = 0
    """Bad reviews that were rectified or whose deadline has passed."""
    rectified: int = 0
    rectified_in_time: int = 0
    owed_a_call: int = 0
    """Real-name bad reviews that were answered: now their authors are to be called back."""
    called_back: int = 0
    added: int = 0
    added_favourable: int = 0
    opened: int = 0
    on_the_spot: int = 0
    """Of the cases opened."""
    statutory_days: int = 0
    """Of the cases opened that have both limits, in working days."""
    promised_days: int = 0
    closed: int = 0
    timed: int = 0
    """Closed cases that had a promised end."""
    in_time: int = 0
    visits: int = 0
    """Services at a window that a case was the matter of."""
    test_cases: int = 0
    test_reviews: int = 0

    def add(self, other: "Counts") -> None:
        for name in self.__struct_fields__:
            if name != "grades":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        for grade, n in other.grades.items():
            self.grades[grade] = self.grades.get(grade, 0) + n


class Slice(msgspec.Struct, omit_defaults=True):
    """What was counted on a day for one unit, item, window, clerk and channel. ``channel`` is how was rated, or how
    an application came; a visit's unit is not told by the queue."""

    day: str
    unit: str | None = None
    item: str | None = None
    window: str | None = None
    clerk: str | None = None
    channel: str | None = None
    counts: Counts = msgspec.field(default_factory=Counts)


class Published(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an item promises."""

    item: str
    unit: str
    handling: Handling
    online_depth: OnlineDepth
    visits: int
    statutory: int | None = None
    promised: int | None = None


class View(msgspec.Struct, omit_defaults=True):
    hall: str | None
    day: str
    slices: dict[str, Slice] = {}
    visited: dict[str, str] = {}
    """By ticket number the slice its visit counts in, so that a finish that is undone is counted back."""
    real_name: bool = False
    """The author of a bad review is known to the hall."""
    published: dict[str, Published] = {}
    """An item as it was published, by day: a period that is over keeps the promises of its time."""


MINE = frozenset(
    {
        CaseOpened,
        CaseClosed,
        ServiceFinished,
        FinishUndone,
        ItemPublished,
        ReviewInvited,
        InvitationTakenBack,
        ReviewGiven,
        ReviewAdded,
        ReviewRectified,
        ReviewRuled,
        RectificationFedBack,
        ReviewerCalledBack,
        RectificationOverdue,
    }
)


def key(recorded: Recorded) -> str | None:
    event = recorded.event
    if type(event) not in MINE:
        return None
    match event:
        case ReviewGiven(grade=grade, test=False) if grade in BAD:
            return f"bad/{recorded.subject}"
        case ServiceFinished(case=None):
            return None
        case ServiceFinished() | FinishUndone():
            return f"day/{hall_of(recorded.stream)}/{day_of(recorded.stream)}"
        case (
            ReviewGiven(hall=hall) | ReviewInvited(hall=hall) | CaseOpened(hall=hall) | CaseClosed(hall=hall)
        ):
            return f"day/{hall}/{day(recorded.stamp.at)}"
        case InvitationTakenBack(hall=hall, invited_at=invited_at):
            return f"day/{hall}/{day(invited_at)}"
        case ItemPublished():
            return f"item/{recorded.subject}"
        case RectificationOverdue(step) if step != "rectify":
            return None
    return f"bad/{recorded.subject}"


def facets(view: View) -> dict[str, Any]:
    last = max((part.day for part in view.slices.values()), default=view.day)
    return {"hall": view.hall, "day": view.day, "last_day": FOREVER if view.published else last}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event, today = recorded.event, day(recorded.stamp.at)
    match event:
        case ItemPublished(plan):
            view = view or View(None, today)
            view.published[today] = _published(recorded.subject, plan)
            return view
        case ServiceFinished() | FinishUndone():
            view = view or View(hall_of(recorded.stream), day_of(recorded.stream).isoformat())
            _visit(view, event, recorded.stamp.by)
            return view
        case (
            ReviewInvited(hall=hall) | ReviewGiven(hall=hall) | CaseOpened(hall=hall) | CaseClosed(hall=hall)
        ):
            view = view or View(hall, today)
            _count(view, recorded, today)
            return view
        case InvitationTakenBack(invited_at=at, unit=unit, item=item, window=window, clerk=clerk):
            view = view or View(event.hall, day(at))
            _slice(view, Slice(day(at), unit, item, window, clerk)).ratable -= 1
            return view
    if view is not None:
        _ripen(view, recorded, today)
    return view


def _count(view: View, recorded: Recorded, today: str) -> None:
    event = recorded.event
    match event:
        case ReviewInvited(unit=unit, item=item, window=window, clerk=clerk):
            _slice(view, Slice(today, unit, item, window, clerk)).ratable += 1
        case ReviewGiven(unit=unit, item=item, window=window, clerk=clerk, channel=channel, grade=grade):
            counts = _slice(view, Slice(today, unit, item, window, clerk, channel))
            if event.test:
                counts.test_reviews += 1
                return
            if event.uninvited:
                _slice(view, Slice(today, unit, item, window, clerk)).ratable += 1
            counts.rated += 1
            counts.grades[grade] = counts.grades.get(grade, 0) + 1
            view.real_name = grade in BAD and event.person is not None
        case CaseOpened(unit=unit, item=item, channel=channel):
            counts = _slice(view, Slice(today, unit, item, None, clerk_of(recorded.stamp.by), channel))
            if event.test:
                counts.test_cases += 1
                return
            counts.opened += 1
            counts.on_the_spot += event.kind == "on-the-spot"
            promised, statutory = event.promised_limit_workdays, event.statutory_limit_workdays
            if promised is not None and statutory is not None and not event.parts:
                counts.promised_days += promised
                counts.statutory_days += statutory
        case CaseClosed(unit=unit, item=item, channel=channel, due_at=due_at) if not event.test:
            counts = _slice(view, Slice(today, unit, item, None, clerk_of(recorded.stamp.by), channel))
            counts.closed += event.matter is None
            if due_at is not None and not event.whole:
                counts.timed += 1
                counts.in_time += recorded.stamp.at <= due_at


def _visit(view: View, event: ServiceFinished | FinishUndone, by: str) -> None:
    match event:
        case ServiceFinished(number, window, items=items):
            item = items[0] if items else None
            place = Slice(view.day, None, item, window, clerk_of(by))
            _slice(view, place).visits += 1
            view.visited[number] = _name(place)
        case FinishUndone(number) if (place_name := view.visited.pop(number, None)) is not None:
            view.slices[place_name].counts.visits -= 1


def _ripen(view: View, recorded: Recorded, today: str) -> None:
    """What becomes of a bad review: its document counts that one, so nothing in it is ever above 1."""
    given = next((part for part in view.slices.values() if part.counts.rated), None)
    if given is None:
        return  # not adopted: whatever was done about it counts for nothing

    def on(date: str) -> Counts:
        return _slice(view, msgspec.structs.replace(given, day=date, counts=Counts()))

    total = Counts()
    for part in view.slices.values():
        total.add(part.counts)
    match recorded.event:
        case RectificationOverdue() if not total.settled:
            on(today).settled = 1
        case ReviewRectified(due_at=due_at):
            # Overdue before, it stays settled on that day and counts as rectified on the same.
            late = next((p.counts for p in view.slices.values() if p.counts.settled), None)
            counts = late or on(today)
            counts.settled, counts.rectified = 1, 1
            counts.rectified_in_time = int(recorded.stamp.at <= due_at)
        case ReviewRuled(finding) if finding in UNFOUNDED:
            # The service keeps its place among those that could be rated.
            kept = {name: part for name, part in view.slices.items() if part.counts.ratable}
            for part in kept.values():
                part.counts = Counts(ratable=part.counts.ratable)
            view.slices = kept
        case RectificationFedBack() if view.real_name and not total.owed_a_call:
            on(today).owed_a_call = 1
        case ReviewerCalledBack():
            owed = next((p.counts for p in view.slices.values() if p.counts.owed_a_call), None)
            if owed is not None:
                owed.called_back = 1
        case ReviewAdded(grade=grade) if not total.added:
            counts = on(today)
            counts.added, counts.added_favourable = 1, int(grade in FAVOURABLE)


def _slice(view: View, place: Slice) -> Counts:
    return view.slices.setdefault(_name(place), place).counts


def _name(place: Slice) -> str:
    words = (place.day, place.unit, place.item, place.window, place.clerk, place.channel)
    return "\t".join(word or "" for word in words)


def _published(item: str, plan: ItemPlan) -> Published:
    return Published(
        item=item,
        unit=plan.unit.zh,
        handling=plan.handling,
        online_depth=plan.online_depth,
        visits=plan.visits,
        statutory=plan.statutory_limit_workdays,
        promised=plan.promised_limit_workdays,
    )


def day(at: datetime) -> str:
    """The day of the halls that an instant falls on."""
    return local_date(at).isoformat()
