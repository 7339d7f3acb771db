"""Cases as their supervisors survey them (电子监察): the list, how many of what, and a file of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from adapters.http.access import API
from adapters.http.body import StrictRequest
from adapters.http.files import EXPORT_MAX, Column, FormatAsked, list_file
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.past import AsOf, reading
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
from adapters.http.surveying import SIGNALS, Due, SignalAsked, conditions
from domain.case import Status
from domain.deadlines import Signal
from domain.message import Text
from domain.rules import KINDS, RuleName, rule_of
from domain.workdays import workdays_left
from projections import case_file
from projections.happenings import MEANINGS, SIGNAL_NAMES

UNDER_WAY: tuple[Status, ...] = ("received", "correcting", "accepted", "suspended", "decided")
"""What is still to be done to a case, closing it included."""

StatusAsked = Annotated[
    Status | Literal["under-way"] | None, QueryParameter(description="under-way: whatever is not over")
]
RuleAsked = Annotated[RuleName | None, QueryParameter()]
Side = Annotated[
    Literal["receiving", "handling"],
    QueryParameter(description="whether the hall is where it was received or where it is handled"),
]

CaseShown = shape(
    "Case",
    case_file.View,
    without=("applicant", "timeline"),
    item_name=Text,
    workdays_left=int | None,
    late=bool,
)


class CaseSurvey(msgspec.Struct, frozen=True, kw_only=True):
    """How many cases there are: by status, by the gravest signal they stand at, by the rules that raised one or have
    passed. A case may stand under several rules."""

    all: int
    statuses: dict[Status, int]
    signals: dict[Signal, int]
    rules: dict[RuleName, int]


COLUMNS: dict[str, Column] = {
    "number": Column(Text("办件编号", "number"), 26),
    "case": Column(Text("办件", "case"), 30),
    "item_name": Column(Text("事项", "item"), 30),
    "hall": Column(Text("大厅", "hall"), 14),
    "unit": Column(Text("责任单位", "unit"), 14),
    "status": Column(Text("状态", "status"), 12),
    "signal": Column(Text("信号", "signal"), 10),
    "due_at": Column(Text("承诺期限", "promised end"), 18),
    "statutory_at": Column(Text("法定期限", "statutory end"), 18),
    "workdays_left": Column(Text("剩余工作日", "working days left"), 10),
    "findings": Column(Text("超期", "overdue"), 24),
    "opened_at": Column(Text("收件时间", "received at"), 18),
}
"""What a file of cases tells: who applied is not in it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of cases is asked for; each field is a parameter of the query."""

    signal: SignalAsked = None
    unit: Word = None
    hall: Word = None
    status: StatusAsked = None
    rule: RuleAsked = None
    number: Word = None
    side: Side = "receiving"
    due_before: Due = None

    def where(self, identity: Identity | None) -> dict[str, Any]:
        """The facets that are asked for; a citizen's cases are their own."""
        where = conditions(identity, unit=self.unit, hall=self.hall, due_before=self.due_before)
        status = ("in", [*UNDER_WAY]) if self.status == "under-way" else self.status
        told = (("signal", self.signal), ("status", status), ("number", self.number))
        where |= {name: value for name, value in told if value is not None}
        if self.side == "handling" and "hall" in where:
            where["handling"] = where.pop("hall")
        if self.rule is not None:
            where["rules"] = ("has", self.rule)
        if identity is not None and identity.role == "citizen":
            where["applicant"] = identity.person or ""
        return where


WANTED = {"wanted": Provide(Wanted, sync_to_thread=False)}


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/cases",
        operation_id="cases",
        dependencies=WANTED,
        responses=lists("cases", CaseShown),
        summary="Cases by rule, signal, unit, number and deadline",
        tags=["cases"],
    )
    async def many(
        request: StrictRequest,
        wanted: NamedDependency[Wanted],
        after: After = 0,
        as_of: AsOf = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        cases = await reading(parts, case_file, after, as_of)
        page = await cases.find(wanted.where(request.user), "due_at", limit, cursor)
        views = (msgspec.json.decode(doc, type=case_file.View) for doc in page.docs)
        found = [shown_of(parts, view, cases.now) for view in views]
        return listing("cases", found, page.cursor, page.position, page.as_of)

    @get(
        f"{API}/cases/survey",
        operation_id="cases_survey",
        responses=answers(CaseSurvey),
        summary="How many cases there are by status, signal and rule",
        tags=["cases"],
    )
    async def survey(
        request: StrictRequest,
        unit: Word = None,
        hall: Word = None,
        after: After = 0,
        as_of: AsOf = None,
    ) -> Response[bytes]:
        cases = await reading(parts, case_file, after, as_of)
        of: list[dict[str, Any]] = [
            *({"signal": signal} for signal in SIGNALS),
            *({"rules": ("has", rule)} for rule in KINDS),
        ]
        rows = await cases.tally(Wanted(unit=unit, hall=hall).where(request.user), ("status",), of)
        totals = [sum(row[column] for row in rows) for column in range(1, 2 + len(of))]
        shown = CaseSurvey(
            all=totals[0],
            statuses={row[0]: row[1] for row in rows},
            signals=dict(zip(SIGNALS, totals[1:], strict=False)),
            rules=dict(zip(KINDS, totals[1 + len(SIGNALS) :], strict=True)),
        )
        return document(shown, cases.position, cases.as_of)

    @get(
        f"{API}/cases/export",
        operation_id="cases_export",
        dependencies=WANTED,
        summary="The list as CSV or as an Excel workbook, by the same filters",
        tags=["cases"],
    )
    async def export(
        request: StrictRequest,
        wanted: NamedDependency[Wanted],
        after: After = 0,
        as_of: AsOf = None,
        format_: FormatAsked = "xlsx",
    ) -> Response[bytes]:
        cases = await reading(parts, case_file, after, as_of)
        rows = (
            _row(shown_of(parts, msgspec.json.decode(doc, type=case_file.View), cases.now))
            async for doc in cases.every(wanted.where(request.user), "due_at", EXPORT_MAX)
        )
        return await list_file("cases", format_, "办件", COLUMNS, rows, cases.now)

    return [many, survey, export]


def shown_of(parts: Parts, view: case_file.View, now: datetime) -> dict[str, Any]:
    """A case as a list shows it at a moment."""
    item = parts.catalogue.items.get(view.item)
    shown = {
        name: getattr(view, name) for name in view.__struct_fields__ if name not in ("applicant", "timeline")
    }
    running = view.due_at is not None and view.status not in case_file.ENDED
    left = workdays_left(parts.catalogue.calendar, now, view.due_at) if running and view.due_at else None
    name = Text(view.item, view.item) if item is None else item.plan.name
    late = left is not None and view.due_at is not None and now > view.due_at
    return shown | {"item_name": name, "workdays_left": left, "late": late}


def _row(shown: dict[str, Any]) -> dict[str, Any]:
    passed: list[RuleName] = [rule_of(limit) for limit in shown["findings"]]
    return shown | {
        "item_name": shown["item_name"].zh,
        "status": MEANINGS["status"][shown["status"]].zh,
        "signal": SIGNAL_NAMES[shown["signal"]].zh if shown["signal"] else None,
        "findings": "、".join(KINDS[rule].name.zh for rule in passed),
    }
