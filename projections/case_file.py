"""One application as its applicant and its desk read it: where it stands, by when it ends, and all that happened."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from domain.case import (
    CaseAccepted,
    CaseClosed,
    CaseDecided,
    CaseNumbered,
    CaseOpened,
    CaseRefused,
    CaseWithdrawn,
    Result,
    Status,
    limits_moved,
)
from domain.catalogue import EVENTS_OF
from domain.deadlines import SIGNALS, CaseDues, Signal, raised_still
from domain.delivery import CaseArchived, CaseDelivered, Means
from domain.hand_over import CaseHandedBack, CaseHandedOver, CaseTakenOver
from domain.limits import LimitPassed, LimitSet, LimitSignalled, ends
from domain.matter import Outcome, PartEnded
from domain.message import Recorded, Text
from domain.papers import CaseCorrected, CaseSupplemented, CorrectionRequested, HandedIn, PapersHandedIn
from domain.respite import CasePaused, CaseResumed, CaseSuspended
from domain.rules import AT_ONCE, KINDS, Threshold, rule_of
from domain.supervision import CaseWarned, ClockStarted, DeadlineRecomputed
from projections.timeline import Entry, entry

NAME = "case_file"

CATEGORY = "case"
"""The streams whose subjects are the documents' keys."""

MINE = frozenset(EVENTS_OF[CATEGORY])

FACETS: dict[str, type] = {
    "hall": str,
    "handling": str,
    "unit": str,
    "item": str,
    "applicant": str,
    "status": str,
    "number": str,
    "signal": str,
    "rules": str,
    "due_at": datetime,
}

HAPPENINGS: dict[str, Text] = {
    "case-opened": Text("收件", "received"),
    "case-numbered": Text("赋办件编号", "numbered"),
    "case-correction-requested": Text("补正告知", "told what to correct"),
    "case-corrected": Text("补正", "corrected"),
    "case-papers-handed-in": Text("网上提交补正", "answered online"),
    "case-accepted": Text("受理", "accepted"),
    "case-refused": Text("不予受理", "not accepted"),
    "case-supplemented": Text("容缺补齐", "outstanding papers brought"),
    "case-step-begun": Text("环节开始", "step begun"),
    "case-step-recorded": Text("环节办理", "step done"),
    "case-suspended": Text("特别程序开始", "special procedure begun"),
    "case-paused": Text("挂起", "paused"),
    "case-resumed": Text("恢复办理", "resumed"),
    "case-extension-asked": Text("申请延长审批", "extension asked for"),
    "case-extended": Text("延长审批", "limit extended"),
    "case-decided": Text("决定", "decided"),
    "case-closed": Text("办结", "closed"),
    "case-delivered": Text("送达", "delivered"),
    "case-withdrawn": Text("撤回申请", "withdrawn"),
    "case-clock-started": Text("开始计时", "clock started"),
    "case-deadline-recomputed": Text("重新计算期限", "deadline computed anew"),
    "case-warned": Text("监察提醒", "signal raised"),
    "case-archived": Text("归档", "archived"),
    "case-handed-over": Text("移交", "handed over"),
    "case-taken-over": Text("接收", "taken over"),
    "case-handed-back": Text("退回", "handed back"),
    "case-part-ended": Text("分项办结", "part ended"),
    "case-limit-set": Text("限时事项计时", "limit set"),
    "case-limit-signalled": Text("限时事项提醒", "limit's signal raised"),
    "case-limit-passed": Text("限时事项超期", "limit passed"),
    "case-directed": Text("督办", "directive sent"),
    "case-directive-answered": Text("督办回复", "directive answered"),
}
"""What each line of a timeline is called."""


class Turn(msgspec.Struct):
    """How long a hall has had a case that was received in one and is handled in another: ``receiving`` until it is
    handed over, ``taking-over`` until it is taken over, ``handling`` from then on. ``due_at`` is that turn's limit."""

    hall: str
    part: Literal["receiving", "taking-over", "handling"]
    since: datetime
    until: datetime | None = None
    due_at: datetime | None = None


class View(msgspec.Struct, kw_only=True):
    """``due_at`` is the promised end, ``signal`` the last one raised while it runs; both are missing where nothing
    is timed. ``in_time`` is told once the case is closed."""

    case: str
    number: str | None = None
    item: str
    item_version: int
    hall: str
    unit: str
    applicant: str
    channel: str
    kind: str
    ticket: str | None = None
    test: bool = False
    handled_at: str | None = None
    """The hall that handles it, where another received it."""
    turns: list[Turn] = []
    """The clocks of both halls, one turn after the other."""
    matter: str | None = None
    """The case that holds it together with others as one matter (一件事)."""
    parts: dict[str, Outcome | None] = {}
    """The cases of one matter, each with how it ended once it has."""
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
    outstanding: tuple[str, ...] = ()
    """What may come after the acceptance (容缺) and has not come."""
    handed_in: list[HandedIn] = []
    """What the applicant has handed in from afar and the office has not received."""
    by_silence: bool = False
    """Accepted because nobody answered in time."""
    tracking: str | None = None
    receipt: str | None = None
    """The number of the receipt that was signed, or of the electronic licence."""
    limits: dict[str, datetime] = {}
    """When the smaller limits that run are due."""
    findings: dict[str, datetime] = {}
    """The limits that have passed and are not made up for, each with the instant it passed."""
    signals: dict[str, Signal | None] = {}
    """The gravest signal that each limit has raised."""
    timeline: list[Entry] = []


ENDED: tuple[Status, ...] = ("closed", "refused", "withdrawn", "archived")


def key(recorded: Recorded) -> str | None:
    return recorded.subject if recorded.category == CATEGORY else None


def facets(view: View) -> dict[str, Any]:
    """``rules`` names, between spaces, the rules by which the case stands at a signal or is overdue; ``handling``
    is the hall that handles it."""
    made = {"rules": _rules(view), "handling": view.handled_at or view.hall}
    return {name: getattr(view, name) for name in FACETS if name not in made} | made


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event, at = recorded.event, recorded.stamp.at
    if isinstance(event, CaseOpened):
        view = _opened(recorded.subject, event, at)
    if view is None:
        return None
    view.timeline.append(entry(recorded))
    _move_limits(view, event, at)
    if view.handled_at is not None:
        _take_turns(view, view.handled_at, event, at)
    match event:
        case CaseNumbered(number):
            view.number = number
        case CorrectionRequested(missing):
            view.status, view.missing, view.handed_in = "correcting", missing, []
        case PapersHandedIn(papers):
            named = {one.paper: one for one in (*view.handed_in, *papers)}
            view.handed_in = list(named.values())
        case CaseCorrected():
            view.status, view.missing, view.handed_in = "received", (), []
        case CaseAccepted(clock=clock, outstanding=outstanding, by_silence=by_silence):
            view.status, view.accepted_at = "accepted", clock.since if clock else at
            view.outstanding, view.by_silence = outstanding, by_silence
        case CaseSupplemented(provided):
            view.outstanding = tuple(name for name in view.outstanding if name not in provided)
            view.handed_in = [one for one in view.handed_in if one.paper not in provided]
        case CaseSuspended() | CasePaused():
            view.status = "suspended"
        case CaseResumed():
            view.status = "accepted"
        case CaseDecided(result):
            view.status, view.decision = "decided", result
        case CaseDelivered(means, tracking, document):
            view.means, view.tracking, view.receipt = means, tracking, document
        case PartEnded(part, outcome):
            view.parts[part] = outcome
        case CaseArchived():
            view.status = "archived"
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
        case CaseWarned(signal):
            view.raised.append(signal)
    view.signal = _signal(view)
    return view


def _move_limits(view: View, event: Any, at: datetime) -> None:
    """A finding stays until the fact comes that would have ended its limit. Limits that were set without signals
    raise the one of their rule when they pass."""
    match event:
        case LimitSet(limit=limit, due=due, signals=signals):
            view.limits[limit] = due.at
            if signals:
                view.signals[limit] = _held_still(view.signals.get(limit), signals, at)
        case LimitSignalled(limit, signal):
            view.signals[limit] = signal
        case LimitPassed(limit):
            view.limits.pop(limit, None)
            view.findings[limit] = at
            view.signals.setdefault(limit, _at_the_end(limit))
        case _:
            ended = limits_moved(event).ended
            for known in (view.limits, view.findings, view.signals):
                for name in [n for n in known if any(ends(end, n) for end in ended)]:
                    del known[name]


def _held_still(raised: Signal | None, instants: dict[Signal, datetime], at: datetime) -> Signal | None:
    """The signal that still holds when its limit moves: none graver than what has come by now."""
    if raised is None:
        return None
    held = [signal for signal in SIGNALS[: SIGNALS.index(raised) + 1] if instants.get(signal, at) < at]
    return held[-1] if held else None


def _take_turns(view: View, handled_at: str, event: Any, at: datetime) -> None:
    turns = view.turns
    match event:
        case CaseOpened():
            turns.append(Turn(view.hall, "receiving", at))
        case CaseHandedOver(to):
            turns[-1].until = at
            turns.append(Turn(to, "taking-over", at))
        case CaseTakenOver():
            turns[-1].until = at
            turns.append(Turn(handled_at, "handling", at))
        case CaseHandedBack(to):
            turns[-1].until = at
            turns.append(Turn(to, "receiving", at))
        case LimitSet(limit="forwarding" | "taking-over", due=due):
            turns[-1].due_at = due.at
        case ClockStarted(dues) | DeadlineRecomputed(dues):
            turns[-1].due_at = dues.due_at
        case CaseClosed() | CaseRefused() | CaseWithdrawn():
            turns[-1].until = at


def _at_the_end(limit: str) -> Signal | None:
    default = KINDS[rule_of(limit)].default
    told: tuple[tuple[Signal, Threshold | None], ...] = (
        ("warning", default.warning),
        ("yellow", default.yellow),
        ("red", default.red),
    )
    return next((signal for signal, threshold in told if threshold == AT_ONCE), None)


def _signal(view: View) -> Signal | None:
    """The gravest of what was raised: for the promise, while the case goes on, and by the rules of its limits."""
    found = [signal for signal in view.signals.values() if signal is not None]
    if view.status not in ENDED:
        found += view.raised[-1:]
    return max(found, key=SIGNALS.index, default=None)


def _rules(view: View) -> str | None:
    named = {rule_of(name) for name in view.findings}
    named |= {rule_of(name) for name, signal in view.signals.items() if signal is not None}
    if view.raised and view.status not in ENDED:
        named.add("promise")
    return f" {' '.join(sorted(named))} " if named else None


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
        handled_at=event.handled_at,
        matter=event.matter,
        parts=dict.fromkeys(event.parts),
        opened_at=at,
        due_at=event.promised_end,
    )


def _due(view: View, dues: CaseDues) -> None:
    view.due_at, view.statutory_at, view.provisional = dues.due_at, dues.statutory_at, dues.provisional


def _end(view: View, status: Status, at: datetime) -> None:
    """What has ended is due no more: its promise raises no signal any more, and its timeline keeps them."""
    view.status, view.closed_at, view.missing, view.handed_in = status, at, (), []
