"""What the published figures are made of: who could rate, who did and how, what became of bad reviews and of limits.

One document counts what one hall saw on one day. A bad review has a document of its own, dated by the day it was
given, because its figures ripen and may be struck out: ruled mis-rated or malicious, it is not adopted (不予采纳)
and its service counts as not rated.
``figures`` sums documents of any selection by hall and day; each rate comes with its numerator and denominator.

No official formula was found; these are the working definitions, all over effective first ratings:

- ``active_review`` 主动评价率: rated ÷ services that could be rated (a ticket served, a case closed), by the day of
  whichever was known first, the rating or the end of the service
- ``favourable`` 好评率: the upper three grades ÷ rated; ``satisfied`` 满意率: the upper two ÷ rated; ``bad`` 差评率
- ``rectified`` 差评整改率 and ``rectified_in_time`` 按期整改率: ÷ bad reviews that were rectified or whose deadline has
  passed, by the day the review was given
- ``called_back`` 回访率: ÷ real-name bad reviews, by the same day
- ``satisfied_after`` 整改后满意率: second ratings (追评) of the upper three grades ÷ second ratings, by the same day
- ``closed_in_time`` 按期办结率: closed by the promised end ÷ closed cases that had one, by the day of closing
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec

from domain.case import CaseClosed
from domain.message import Grade, Recorded, Text
from domain.rectification import (
    UNFOUNDED,
    RectificationOverdue,
    ReviewerCalledBack,
    ReviewRectified,
    ReviewRuled,
)
from domain.review import BAD, ReviewAdded, ReviewGiven, ReviewInvited
from domain.workdays import SHANGHAI

NAME = "performance"

FACETS: dict[str, type] = {"hall": str, "day": str}
"""``day`` is written ``YYYY-MM-DD``, so that its order is the order of days."""

By = Literal["hall", "unit", "item", "window"]

FAVOURABLE: tuple[Grade, ...] = ("very-satisfied", "satisfied", "fairly-satisfied")
SATISFIED: tuple[Grade, ...] = ("very-satisfied", "satisfied")
POINTS: dict[Grade, int] = {
    "very-satisfied": 5,
    "satisfied": 4,
    "fairly-satisfied": 3,
    "dissatisfied": 2,
    "very-dissatisfied": 1,
}

RATE_NAMES: dict[str, Text] = {
    "active_review": Text("主动评价率", "services rated"),
    "favourable": Text("好评率", "favourable ratings"),
    "satisfied": Text("满意率", "satisfied ratings"),
    "bad": Text("差评率", "bad reviews"),
    "rectified": Text("差评整改率", "bad reviews rectified"),
    "rectified_in_time": Text("按期整改率", "bad reviews rectified in time"),
    "called_back": Text("回访率", "real-name reviewers called back"),
    "satisfied_after": Text("整改后满意率", "satisfied after rectification"),
    "closed_in_time": Text("按期办结率", "cases closed in time"),
}


class Definition(msgspec.Struct, frozen=True):
    """What is divided by what, and who says so."""

    numerator: Text
    denominator: Text
    source: Text


OURS = Text("未查到统一公式，本系统的工作定义", "no official formula was found; a working definition of ours")
RATED = Text("有效评价的服务", "services effectively rated")
SETTLED = Text("已整改或期限已过的差评", "bad reviews rectified or past their deadline")
DEFINITIONS: dict[str, Definition] = {
    "active_review": Definition(
        RATED, Text("可评价的服务（已办结）", "services that could be rated, having ended"), OURS
    ),
    "favourable": Definition(
        Text("基本满意及以上", "the upper three grades"),
        RATED,
        Text("吉安等地的口径，含基本满意", "as in Ji'an: fairly satisfied included"),
    ),
    "satisfied": Definition(Text("满意及以上", "the upper two grades"), RATED, OURS),
    "bad": Definition(
        Text("不满意、非常不满意", "the lower two grades"),
        RATED,
        Text("河北省评价办法（2020）的差评口径", "bad as in the measures of Hebei, 2020"),
    ),
    "rectified": Definition(Text("已整改的差评", "bad reviews rectified"), SETTLED, OURS),
    "rectified_in_time": Definition(
        Text("按期整改的差评", "bad reviews rectified in time"),
        SETTLED,
        Text(
            "名称见唐放办〔2021〕43号（七），公式为工作定义",
            "named in No. 43 (2021) of Tanghe, (7); the formula is ours",
        ),
    ),
    "called_back": Definition(
        Text("已回访的实名差评", "real-name bad reviews called back"),
        Text("实名差评", "real-name bad reviews"),
        OURS,
    ),
    "satisfied_after": Definition(
        Text("基本满意及以上的追评", "second ratings of the upper three grades"),
        Text("追评", "second ratings"),
        OURS,
    ),
    "closed_in_time": Definition(
        Text("在承诺期限内办结的办件", "cases closed by their promised end"),
        Text("有承诺期限的已办结办件", "closed cases that had a promised end"),
        OURS,
    ),
}


class Counts(msgspec.Struct):
    ratable: int = 0
    rated: int = 0
    grades: dict[Grade, int] = {}
    real_name_bad: int = 0
    settled: int = 0
    """Bad reviews that were rectified or whose deadline has passed."""
    rectified: int = 0
    rectified_in_time: int = 0
    called_back: int = 0
    added: int = 0
    added_favourable: int = 0
    cases: int = 0
    """Closed cases that had a promised end."""
    cases_in_time: int = 0

    def add(self, other: "Counts") -> None:
        for name in self.__struct_fields__:
            if name != "grades":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        for grade, n in other.grades.items():
            self.grades[grade] = self.grades.get(grade, 0) + n


class Slice(msgspec.Struct):
    """What was counted for one window, item and unit."""

    unit: str
    item: str | None
    window: str | None
    counts: Counts = msgspec.field(default_factory=Counts)


class View(msgspec.Struct):
    hall: str
    day: str
    slices: dict[str, Slice] = {}


class Rate(msgspec.Struct, frozen=True):
    """``value`` is missing where there is nothing to divide by. Where so few were counted that a person could be
    made out, the counts are withheld with it and read 0."""

    numerator: int
    denominator: int
    value: float | None = None


class Figures(msgspec.Struct, frozen=True):
    rates: dict[str, Rate]
    mean: Rate
    """平均分 out of ten: twice the mean grade. The numerator is twice the sum of grades."""


MINE = frozenset(
    {
        CaseClosed,
        ReviewInvited,
        ReviewGiven,
        ReviewAdded,
        ReviewRectified,
        ReviewRuled,
        ReviewerCalledBack,
        RectificationOverdue,
    }
)


def key(recorded: Recorded) -> str | None:
    if type(recorded.event) not in MINE:
        return None
    match recorded.event:
        case ReviewGiven(test=True) | CaseClosed(test=True) | CaseClosed(due_at=None):
            return None
        case ReviewGiven(grade=grade) if grade in BAD:
            return f"bad/{recorded.subject}"
        case ReviewGiven(hall=hall) | ReviewInvited(hall=hall) | CaseClosed(hall=hall):
            return f"day/{hall}/{_day(recorded.stamp.at)}"
        case (
            RectificationOverdue("rectify")
            | ReviewRectified()
            | ReviewRuled()
            | ReviewerCalledBack()
            | ReviewAdded()
        ):
            return f"bad/{recorded.subject}"
    return None


def facets(view: View) -> dict[str, Any]:
    return {"hall": view.hall, "day": view.day}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event = recorded.event
    match event:
        case ReviewInvited(hall=hall, unit=unit, item=item, window=window):
            view = view or View(hall, _day(recorded.stamp.at))
            _slice(view, unit, item, window).ratable += 1
            return view
        case ReviewGiven(hall=hall, unit=unit, item=item, window=window, grade=grade):
            view = view or View(hall, _day(recorded.stamp.at))
            counts = _slice(view, unit, item, window)
            counts.ratable += event.uninvited
            counts.rated += 1
            counts.grades[grade] = counts.grades.get(grade, 0) + 1
            counts.real_name_bad += grade in BAD and event.person is not None
            return view
        case CaseClosed(hall=hall, unit=unit, item=item, due_at=datetime() as due_at):
            view = view or View(hall, _day(recorded.stamp.at))
            counts = _slice(view, unit, item, None)
            counts.cases += 1
            counts.cases_in_time += recorded.stamp.at <= due_at
            return view
    if view is None:
        return None
    (only,) = view.slices.values()
    _ripen(only, recorded)
    return view


def _ripen(only: Slice, recorded: Recorded) -> None:
    """What becomes of a bad review: its document counts that one, so nothing in it is ever above 1."""
    bad = only.counts
    match recorded.event:
        case RectificationOverdue():
            bad.settled = 1
        case ReviewRectified(due_at=due_at):
            bad.settled, bad.rectified, bad.rectified_in_time = 1, 1, int(recorded.stamp.at <= due_at)
        case ReviewRuled(finding) if finding in UNFOUNDED:
            only.counts = Counts(ratable=bad.ratable)
        case ReviewerCalledBack():
            bad.called_back = bad.real_name_bad
        case ReviewAdded(grade=grade):
            bad.added, bad.added_favourable = 1, int(grade in FAVOURABLE)


def _slice(view: View, unit: str, item: str | None, window: str | None) -> Counts:
    name = "\t".join((unit, item or "", window or ""))
    found = view.slices.get(name)
    if found is None:
        found = view.slices[name] = Slice(unit, item, window)
    return found.counts


def _day(at: datetime) -> str:
    return at.astimezone(SHANGHAI).date().isoformat()


# --- what is asked of many documents --------------------------------------------------------------------------


def figures(views: Iterable[View], by: By = "hall", floor: int = 0) -> dict[str, Figures]:
    """The figures of some documents, by the name of the hall, unit, item or window; what has none is left out.

    Args:
        floor: the smallest denominator that is shown as a rate. The public sees none that is smaller than 5 (our
            proposal; GB/T 39734 附录B, which fixes what is published, was not readable).
    """
    sums: dict[str, Counts] = {}
    for view in views:
        for part in view.slices.values():
            name = view.hall if by == "hall" else getattr(part, by)
            if name is not None:
                sums.setdefault(name, Counts()).add(part.counts)
    return {name: _figures(counts, floor) for name, counts in sorted(sums.items())}


def _figures(counts: Counts, floor: int, divided: bool = True) -> Figures:
    def rate(numerator: int, denominator: int) -> Rate:
        if not divided:
            # A part of a figure: a service may be rated in one document and be ratable in another.
            return Rate(numerator, denominator)
        shown = denominator >= max(1, floor)
        return Rate(numerator, denominator, numerator / denominator) if shown else Rate(0, 0)

    grades = counts.grades
    rated = sum(grades.values())
    points = sum(POINTS[grade] * n for grade, n in grades.items())
    return Figures(
        {
            "active_review": rate(counts.rated, counts.ratable),
            "favourable": rate(sum(grades.get(grade, 0) for grade in FAVOURABLE), rated),
            "satisfied": rate(sum(grades.get(grade, 0) for grade in SATISFIED), rated),
            "bad": rate(sum(grades.get(grade, 0) for grade in BAD), rated),
            "rectified": rate(counts.rectified, counts.settled),
            "rectified_in_time": rate(counts.rectified_in_time, counts.settled),
            "called_back": rate(counts.called_back, counts.real_name_bad),
            "satisfied_after": rate(counts.added_favourable, counts.added),
            "closed_in_time": rate(counts.cases_in_time, counts.cases),
        },
        rate(2 * points, rated),
    )


# --- what stands behind a figure ------------------------------------------------------------------------------


class Behind(msgspec.Struct, frozen=True):
    """An event that a figure was made of, as ``GET /api/v1/events`` names it."""

    position: int
    id: str
    type: str


class Evidence(msgspec.Struct, frozen=True):
    """What one service or case brings to a figure, and by which events."""

    stream: str
    hall: str
    day: str
    unit: str
    item: str | None
    window: str | None
    numerator: int
    denominator: int
    events: list[Behind]


def evidence(log: Iterable[Recorded], figure: str) -> list[Evidence]:
    """Every contribution to a rate, each service recounted by itself: together they are the figure."""
    views: dict[tuple[str, str], View] = {}
    events: dict[tuple[str, str], list[Behind]] = {}
    for recorded in log:
        if (name := key(recorded)) is None:
            continue
        place = (recorded.stream, name)
        if (view := evolve(views.pop(place, None), recorded)) is not None:
            views[place] = view
            tag = str(recorded.event.__struct_config__.tag)
            events.setdefault(place, []).append(Behind(recorded.position, recorded.id, tag))
    told: list[Evidence] = []
    for (stream, name), view in views.items():
        for part in view.slices.values():
            rate = _figures(part.counts, 0, divided=False).rates[figure]
            if rate.numerator or rate.denominator:
                told.append(
                    Evidence(
                        stream,
                        view.hall,
                        view.day,
                        part.unit,
                        part.item,
                        part.window,
                        rate.numerator,
                        rate.denominator,
                        events[stream, name],
                    )
                )
    return told
