"""One application as its applicant and its desk read it: where it stands, by when it ends, and all that happened."""

from datetime import datetime
from typing import Any

import msgspec

from domain.case import (
    CaseAccepted,
    CaseClosed,
    CaseCorrected,
    CaseDecided,
    CaseDelivered,
    CaseExtended,
    CaseOpened,
    CaseRefused,
    CaseResumed,
    CaseSuspended,
    CaseWithdrawn,
    CorrectionRequested,
    Means,
    Result,
    Status,
    StepRecorded,
)
from domain.deadlines import CaseDues, Signal, raised_still
from domain.message import Recorded, Text
from domain.supervision import CaseWarned, ClockStarted, DeadlineRecomputed
from projections.timeline import Entry, entry

NAME = "case_file"

FACETS: dict[str, type] = {
    "hall": str,
    "unit": str,
    "item": str,
    "applicant": str,
    "status": str,
    "signal": str,
    "due_at": datetime,
}

HAPPENINGS: dict[str, Text] = {
    "case-opened": Text("收件", "received"),
    "case-correction-requested": Text("补正告知", "told what to correct"),
    "case-corrected": Text("补正", "corrected"),
    "case-accepted": Text("受理", "accepted"),
    "case-refused": Text("不予受理", "not accepted"),
    "case-step-recorded": Text("环节办理", "step done"),
    "case-suspended": Text("特别程序开始", "special procedure begun"),
    "case-resumed": Text("特别程序结束", "special procedure ended"),
    "case-extended": Text("延长审批", "limit extended"),
    "case-decided": Text("决定", "decided"),
    "case-closed": Text("办结", "closed"),
    "case-delivered": Text("送达", "delivered"),
    "case-withdrawn": Text("撤回申请", "withdrawn"),
    "case-clock-started": Text("开始计时", "clock started"),
    "case-deadline-recomputed": Text("重新计算期限", "deadline computed anew"),
    "case-warned": Text("监察提醒", "signal raised"),
}
"""What each line of a timeline is called."""


class View(msgspec.Struct, kw_only=True):
    """``due_at`` is the promised end, ``signal`` the last one raised while it runs; both are missing where nothing
    is timed. ``in_time`` is told once the case is closed."""

    case: str
    item: str
    item_version: int
    hall: str
    unit: str
    applicant: str
    channel: str
    kind: str
    ticket: str | None = None
    test: bool = False
    status: Status = "received"
    missing: tuple[str, ...] = ()
    """What the applicant still has to bring."""
    decision: Result | None = None
    means: Means | None = None
    opened_at: datetime
    accepted_at: datetime | None = None
    closed_at: datetime | None = None
    due_at: datetime | None = None
    statutory_at: datetime | None = None
    provisional: bool = False
    in_time: bool | None = None
    raised: list[Signal] = []
    signal: Signal | None = None
    timeline: list[Entry] = []


def key(recorded: Recorded) -> str | None:
    return recorded.subject if recorded.category == "case" else None


def facets(view: View) -> dict[str, Any]:
    return {name: getattr(view, name) for name in FACETS}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event, at = recorded.event, recorded.stamp.at
    if isinstance(event, CaseOpened):
        view = _opened(recorded.subject, event, at)
    if view is None:
        return None
    view.timeline.append(entry(recorded))
    match event:
        case CorrectionRequested(missing):
            view.status, view.missing = "correcting", missing
        case CaseCorrected():
            view.status, view.missing = "received", ()
        case CaseAccepted():
            view.status, view.accepted_at = "accepted", at
        case CaseSuspended():
            view.status = "suspended"
        case CaseResumed():
            view.status = "accepted"
        case CaseDecided(result):
            view.status, view.decision = "decided", result
        case CaseDelivered(means):
            view.means = means
        case CaseClosed(due_at=due_at):
            view.in_time = None if due_at is None else at <= due_at
            _end(view, "closed", at)
        case CaseRefused():
            _end(view, "refused", at)
        case CaseWithdrawn():
            _end(view, "withdrawn", at)
        case ClockStarted(dues):
            _due(view, dues)
        case DeadlineRecomputed(dues):
            _due(view, dues)
            view.raised = raised_still(view.raised, dues, at)
            view.signal = view.raised[-1] if view.raised else None
        case CaseWarned(signal):
            view.raised.append(signal)
            view.signal = signal
        case CaseOpened() | StepRecorded() | CaseExtended():
            pass
    return view


def _opened(case: str, event: CaseOpened, at: datetime) -> View:
    return View(
        case=case,
        item=event.item,
        item_version=event.item_version,
        hall=event.hall,
        unit=event.unit,
        applicant=event.applicant,
        channel=event.channel,
        kind=event.kind,
        ticket=event.ticket,
        test=event.test,
        opened_at=at,
        due_at=event.promised_end,
    )


def _due(view: View, dues: CaseDues) -> None:
    view.due_at, view.statutory_at, view.provisional = dues.due_at, dues.statutory_at, dues.provisional


def _end(view: View, status: Status, at: datetime) -> None:
    """What has ended is due no more: it leaves the lists of signals, and its timeline keeps them."""
    view.status, view.closed_at, view.signal, view.missing = status, at, None, ()
