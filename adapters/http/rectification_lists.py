"""Rectifications as a supervisor surveys them: the list, how many of what, a file of it, and one's whole story."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from adapters.http.access import API, RECTIFICATION
from adapters.http.body import StrictRequest
from adapters.http.files import EXPORT_MAX, Column, FormatAsked, list_file
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.past import AsOf, reading, stream_until
from adapters.http.reading import (
    LIMIT,
    After,
    Cursor,
    Limit,
    Word,
    answers,
    document,
    listing,
    lists,
    shape,
)
from adapters.http.reviews import review_stream
from adapters.http.surveying import SIGNALS, Due, SignalAsked, conditions
from domain.deadlines import Signal
from domain.message import Recorded, Refused, Text
from domain.rectification import Step
from domain.review import ReviewGiven, ReviewInvited
from domain.review_tags import GRADE_NAMES
from domain.workdays import Calendar, due
from projections import rectifications
from projections.happenings import HAPPENINGS, SIGNAL_NAMES
from projections.rectifications import STEP_NAMES, midnight
from projections.timeline import Entry, entry

DueIn = Literal["overdue", "today", "1", "3", "5"]
"""What is overdue, or will be today, or within so many working days."""

DUE_IN: tuple[DueIn, ...] = ("overdue", "today", "1", "3", "5")

StatusAsked = Annotated[Literal["opening", "open", "closed"] | None, QueryParameter()]
StepAsked = Annotated[Step | None, QueryParameter()]
DueAsked = Annotated[DueIn | None, QueryParameter(description="overdue, today, or working days")]
Only = Annotated[
    str | None, QueryParameter(max_length=60_000, description="Some by name, with commas between")
]

RectificationShown = shape(
    "Rectification",
    rectifications.View,
    without=("person", "clock", "dues"),
    real_name=bool,
    workdays_left=int | None,
    late=bool,
    signal=Signal | None,
    hall_name=Text,
    unit_name=Text,
    window_name=Text | None,
    item_name=Text | None,
)


class OfStep(msgspec.Struct, frozen=True, kw_only=True):
    step: Step
    count: int
    overdue: int


class OfUnit(msgspec.Struct, frozen=True, kw_only=True):
    unit: str
    count: int
    overdue: int


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """How many rectifications are open, by when they are due (``due``; each holds those of the one before but for
    ``overdue``), at which signal, at which step and at which unit; and how many are closed."""

    open: int
    closed: int
    due: dict[DueIn, int]
    signals: dict[Signal, int]
    steps: list[OfStep]
    units: list[OfUnit]


Happening = shape("Happening", Entry, position=int, name=Text)
Story = shape("Story", service=str, events=list[Happening])  # type: ignore[valid-type]  # a type made at run time

COLUMNS: dict[str, Column] = {
    "rectification": Column(Text("整改单", "rectification"), 30),
    "hall": Column(Text("大厅", "hall"), 14),
    "unit": Column(Text("责任单位", "unit"), 14),
    "item": Column(Text("事项", "item"), 12),
    "window": Column(Text("窗口", "window"), 12),
    "grade": Column(Text("评价", "grade"), 14),
    "step": Column(Text("环节", "step"), 12),
    "due_at": Column(Text("期限", "due"), 20),
    "workdays_left": Column(Text("剩余工作日", "working days left"), 10),
    "signal": Column(Text("信号", "signal"), 10),
    "clerk": Column(Text("承办人", "clerk"), 14),
    "comment": Column(Text("评价内容", "comment"), 40),
}
"""What a file of rectifications tells: who rated is not in it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of rectifications is asked for; each field is a parameter of the query."""

    status: StatusAsked = None
    unit: Word = None
    hall: Word = None
    step: StepAsked = None
    clerk: Word = None
    signal: SignalAsked = None
    due_in: DueAsked = None
    due_before: Due = None

    def where(self, identity: Identity | None, calendar: Calendar, now: datetime) -> dict[str, Any]:
        """The facets that are asked for, as they stand at ``now``."""
        where = conditions(identity, unit=self.unit, hall=self.hall, due_before=self.due_before)
        told = (("status", self.status), ("step", self.step), ("clerk", self.clerk))
        where |= {name: value for name, value in told if value is not None}
        if self.due_in is not None:
            where = _and(where, {"due_at": _bounds(calendar, now, self.due_in)})
        if self.signal is not None:
            where = _and(where, rectifications.at_signal(self.signal, now))
        return where


WANTED = {"wanted": Provide(Wanted, sync_to_thread=False)}


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/rectifications",
        operation_id="rectifications",
        dependencies=WANTED,
        responses=lists("rectifications", RectificationShown),
        summary="Rectifications by status, step, unit, clerk, signal and deadline",
        tags=["rectifications"],
    )
    async def many(
        request: StrictRequest,
        wanted: NamedDependency[Wanted],
        after: After = 0,
        as_of: AsOf = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        works = await reading(parts, rectifications, after, as_of)
        where = wanted.where(request.user, parts.catalogue.calendar, works.now)
        page = await works.find(where, "due_at", limit, cursor)
        views = (msgspec.json.decode(doc, type=rectifications.View) for doc in page.docs)
        shown = [told(parts, view, works.now) for view in views]
        return listing("rectifications", shown, page.cursor, page.position, page.as_of)

    @get(
        f"{API}/rectifications/survey",
        operation_id="rectifications_survey",
        responses=answers(Survey),
        summary="How many rectifications there are by deadline, signal, step and unit",
        tags=["rectifications"],
    )
    async def survey(
        request: StrictRequest,
        unit: Word = None,
        hall: Word = None,
        clerk: Word = None,
        after: After = 0,
        as_of: AsOf = None,
    ) -> Response[bytes]:
        works, calendar = await reading(parts, rectifications, after, as_of), parts.catalogue.calendar
        now = works.now
        where = Wanted(unit=unit, hall=hall, clerk=clerk).where(request.user, calendar, now)
        of = [
            *({"due_at": _bounds(calendar, now, name)} for name in DUE_IN),
            *(rectifications.at_signal(signal, now) for signal in SIGNALS),
        ]
        rows = await works.tally({**where, "status": "open"}, ("step", "unit"), of)
        closed = await works.tally({**where, "status": "closed"}, ("status",), [])
        return document(_survey(rows, sum(count for _, count in closed)), works.position, works.as_of)

    @get(
        f"{API}/rectifications/export",
        operation_id="rectifications_export",
        dependencies=WANTED,
        summary="The list as CSV or as an Excel workbook, by the same filters or of some by name",
        tags=["rectifications"],
    )
    async def export(
        request: StrictRequest,
        wanted: NamedDependency[Wanted],
        only: Only = None,
        after: After = 0,
        as_of: AsOf = None,
        format_: FormatAsked = "xlsx",
    ) -> Response[bytes]:
        works, calendar = await reading(parts, rectifications, after, as_of), parts.catalogue.calendar
        now = works.now
        where = wanted.where(request.user, calendar, now)
        if only is not None:
            where["key"] = ("in", only.split(","))
        rows = (
            _row(rectifications.present(msgspec.json.decode(doc, type=rectifications.View), calendar, now))
            async for doc in works.every(where, "due_at", EXPORT_MAX)
        )
        return await list_file("rectifications", format_, "差评整改", COLUMNS, rows, now)

    @get(
        f"{RECTIFICATION}/events".replace("}/", ":str}/"),
        operation_id="rectification_events",
        responses=answers(Story),
        summary="Everything the log has about a rated service, and who looked at whom",
        tags=["rectifications"],
    )
    async def story(
        id: FromPath[str],  # noqa: A002
        request: StrictRequest,
        as_of: AsOf = None,
    ) -> Response[bytes]:
        stream = review_stream(id, "unknown-rectification")
        log, position, moment = await stream_until(parts, stream, as_of)
        identity = request.user
        assert identity is not None
        hall = next(
            (one.event.hall for one in log if isinstance(one.event, ReviewInvited | ReviewGiven)), None
        )
        if hall is None or not identity.may_act_in(hall):
            raise Refused("unknown-rectification", missing=True)
        return document({"service": id, "events": [_happening(one) for one in log]}, position, moment)

    return [many, survey, export, story]


def told(parts: Parts, view: rectifications.View, now: datetime) -> dict[str, Any]:
    """A rectification as it is read at a moment, with what its places are called now."""
    halls, items = parts.catalogue.halls, parts.catalogue.items
    hall, unit, item = halls.get(view.hall), halls.get(view.unit), items.get(view.item or "")
    windows = {window.window: window.name for window in hall.plan.windows} if hall is not None else {}
    return rectifications.present(view, parts.catalogue.calendar, now) | {
        "hall_name": Text(view.hall, view.hall) if hall is None else hall.plan.name,
        "unit_name": Text(view.unit, view.unit) if unit is None else unit.plan.name,
        "window_name": windows.get(view.window or ""),
        "item_name": None if item is None else item.plan.name,
    }


def _and(where: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Both, where both say something of one facet."""

    def several(wanted: Any) -> list[Any]:
        return wanted if isinstance(wanted, list) else [wanted]

    both = {
        facet: [*several(where[facet]), *several(wanted)] for facet, wanted in more.items() if facet in where
    }
    return {**where, **more, **both}


def _bounds(calendar: Calendar, now: datetime, due_in: DueIn) -> list[tuple[str, datetime]]:
    match due_in:
        case "overdue":
            return [("<", now)]
        case "today":
            return [(">=", now), ("<=", midnight(now))]
    return [(">=", now), ("<=", due(calendar, now, int(due_in)).at)]


def _survey(rows: list[tuple[Any, ...]], closed: int) -> Survey:
    """Of rows of step, unit, all, then one count for each of ``DUE_IN`` and ``SIGNALS``; overdue is the first."""
    totals = [sum(row[column] for row in rows) for column in range(2, 3 + len(DUE_IN) + len(SIGNALS))]
    steps: dict[Step, tuple[int, int]] = {}
    units: dict[str, tuple[int, int]] = {}
    for step, unit, count, overdue, *_ in rows:
        for groups, name in ((steps, step), (units, unit)):
            before = groups.get(name, (0, 0))
            groups[name] = (before[0] + count, before[1] + overdue)
    return Survey(
        open=totals[0],
        closed=closed,
        due=dict(zip(DUE_IN, totals[1:], strict=False)),
        signals=dict(zip(SIGNALS, totals[1 + len(DUE_IN) :], strict=True)),
        steps=[
            OfStep(step=step, count=steps[step][0], overdue=steps[step][1])
            for step in STEP_NAMES
            if step in steps
        ],
        units=[
            OfUnit(unit=unit, count=count, overdue=overdue)
            for unit, (count, overdue) in sorted(
                units.items(), key=lambda told: (-told[1][1], -told[1][0], told[0])
            )
        ],
    )


def _row(shown: dict[str, Any]) -> dict[str, Any]:
    return shown | {
        "grade": GRADE_NAMES[shown["grade"]].zh,
        "step": STEP_NAMES[shown["step"]].zh,
        "signal": SIGNAL_NAMES[shown["signal"]].zh if shown["signal"] else None,
    }


def _happening(recorded: Recorded) -> dict[str, Any]:
    """Staff are named and the reviewer is not: whoever is rated must not learn who rated."""
    line = entry(recorded)
    asker = line.by.partition(":")[0]
    detail = {name: value for name, value in line.detail.items() if name != "person"}
    return {
        "position": recorded.position,
        "at": line.at,
        "by": asker if asker in ("citizen", "kiosk") else line.by,
        "what": line.what,
        "name": HAPPENINGS[line.what],
        "detail": detail,
    }
