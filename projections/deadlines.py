"""The deadlines that run: one document per stream, with every step that will be due and the one that comes first.

``passed`` tells what is to be recorded of those whose instant has come. A document goes when nothing of its stream
can be due any more.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from domain.case import (
    CaseAccepted,
    CaseClosed,
    CaseDecided,
    CaseRefused,
    CaseWithdrawn,
    limits_moved,
)
from domain.deadlines import (
    SIGNALS,
    CaseClock,
    CaseDues,
    RectificationClock,
    RectificationDues,
    RectificationStep,
    raised_still,
)
from domain.delivery import CaseArchived, CaseDelivered
from domain.directive import DirectiveAnswered
from domain.hand_over import CaseHandedBack, CaseHandedOver, CaseTakenOver
from domain.handling import Ask
from domain.limits import LimitPassed, LimitSet, LimitSignalled, MarkPassed, RaiseSignal, ends
from domain.message import Command, Recorded
from domain.papers import CaseCorrected, CaseSupplemented, CorrectionRequested
from domain.rectification import (
    UNFOUNDED,
    MarkOverdue,
    RectificationExtended,
    RectificationOpened,
    RectificationOverdue,
    RectificationPaused,
    RectificationPlanned,
    RectificationRecomputed,
    RectificationResumed,
    RectificationWarned,
    ReviewerContacted,
    ReviewRectified,
    ReviewRuled,
    RulingAwaited,
    WarnRectification,
)
from domain.respite import CaseExtended, CasePaused, CaseResumed, CaseSuspended
from domain.steps import StepRecorded
from domain.supervision import CaseWarned, ClockStarted, DeadlineRecomputed, Warn

NAME = "deadlines"

FACETS: dict[str, type] = {"due_at": datetime, "provisional": bool}

CASE_EVENTS = (
    CaseAccepted,
    CaseArchived,
    CaseClosed,
    CaseCorrected,
    CaseDecided,
    CaseDelivered,
    CaseHandedBack,
    CaseHandedOver,
    CaseTakenOver,
    CaseRefused,
    CaseSupplemented,
    CorrectionRequested,
    DirectiveAnswered,
    LimitPassed,
    LimitSet,
    LimitSignalled,
    StepRecorded,
    CaseExtended,
    CaseResumed,
    CasePaused,
    CaseSuspended,
    CaseWithdrawn,
    CaseWarned,
    ClockStarted,
    DeadlineRecomputed,
)
REVIEW_EVENTS = (
    RectificationOpened,
    ReviewerContacted,
    RectificationPlanned,
    RectificationExtended,
    RectificationRecomputed,
    RectificationOverdue,
    RectificationPaused,
    RectificationResumed,
    RectificationWarned,
    ReviewRectified,
    ReviewRuled,
    RulingAwaited,
)
MINE = frozenset((*CASE_EVENTS, *REVIEW_EVENTS))


STEPS: tuple[RectificationStep, ...] = ("contact", "rectify", "ruling", "still-overdue")
RECORDS: dict[str, Command] = {
    **{signal: Warn(signal) for signal in SIGNALS},
    **{step: MarkOverdue(step) for step in STEPS},
}
"""What records that a step's instant has come."""


class View(msgspec.Struct, kw_only=True):
    """``running`` has the instant of every step that is neither done nor recorded as passed; it is empty while a
    case's clock stands still. ``clock`` holds the facts from which the instants can be computed anew; it is missing
    where only smaller ``limits`` run: before a case's acceptance, and after its closing."""

    stream: str
    hall: str | None = None
    clock: CaseClock | RectificationClock | None = None
    running: dict[str, datetime] = {}
    provisional: bool = False
    done: list[str] = []
    """The steps that are: signals raised, a reviewer contacted, what was recorded as overdue."""
    dues: RectificationDues | None = None
    """Of a rectification: its deadlines, the longer one included that a plan would give it."""
    planned: bool = False
    limits: dict[str, LimitSet] = {}
    """Of a case: its smaller limits."""
    past: dict[str, list[str]] = {}
    """What has come of a limit: its signals, and ``passed``."""
    paused: bool = False
    warned: list[datetime] = []
    """Of a rectification: the deadlines that were warned of."""


def key(recorded: Recorded) -> str | None:
    return recorded.stream if type(recorded.event) in MINE else None


def facets(view: View) -> dict[str, Any]:
    """``due_at`` is the first instant to come, missing where none does."""
    instants = [*view.running.values(), *(at for at, _, _ in _limits_to_come(view))]
    provisional = view.provisional or any(limit.due.provisional for limit in view.limits.values())
    return {"due_at": min(instants, default=None), "provisional": provisional}


def passed(view: View, now: datetime) -> list[tuple[datetime, Ask]]:
    """What is to be asked of the stream about every step whose instant has come, the earliest first."""
    steps = [(at, step, _record(view, step)) for step, at in view.running.items()]
    over = sorted((due for due in (*steps, *_limits_to_come(view)) if due[0] <= now), key=lambda due: due[:2])
    return [(at, Ask(view.stream, command)) for at, _, command in over]


def _limits_to_come(view: View) -> Iterator[tuple[datetime, str, Command]]:
    """Each instant of the limits that has not been recorded."""
    for name, limit in view.limits.items():
        past = view.past.get(name, ())
        if "passed" not in past:
            yield limit.due.at, name, MarkPassed(name)
        for signal in SIGNALS:
            if signal in limit.signals and signal not in past:
                yield limit.signals[signal], f"{name} {SIGNALS.index(signal)}", RaiseSignal(name, signal)


def _record(view: View, step: str) -> Command:
    if step == "warning" and view.dues is not None:
        return WarnRectification(view.dues.of("rectify", view.planned).at)
    return RECORDS[step]


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event = recorded.event
    match event:
        case RectificationOpened(clock=clock):
            view = View(stream=recorded.stream, clock=clock)
        case CaseAccepted(clock=CaseClock() as clock):
            view = view or View(stream=recorded.stream)
            view.clock = clock
        case LimitSet():
            view = view or View(stream=recorded.stream)
    if view is None:
        return None
    view.hall = recorded.stamp.hall or view.hall
    _move_limits(view, event, recorded.stamp.at)
    match event:
        case ClockStarted(dues) | DeadlineRecomputed(dues):
            _run_case(view, dues, recorded.stamp.at)
        case CaseWarned(step) | RectificationOverdue(step):
            view.done.append(step)
            view.running.pop(step, None)
        case CaseSuspended() | CasePaused(clock=None):
            view.running = {}
        case CasePaused(clock=CaseClock() as clock):
            view.running, view.clock = {}, clock
        case CaseResumed(clock=CaseClock() as clock):
            view.running, view.clock = {}, clock
        case CaseExtended(clock=CaseClock() as clock):
            view.clock = clock
        case CaseClosed() | CaseWithdrawn():
            view.clock, view.running, view.provisional = None, {}, False
        case ReviewRectified():
            return None
        case RectificationOpened(dues=dues) | RectificationRecomputed(dues):
            view.dues = dues
            _run_rectification(view)
        case ReviewerContacted():
            view.done.append("contact")
            view.running.pop("contact", None)
        case RectificationPlanned():
            view.planned = True
            _run_rectification(view)
        case RectificationExtended(clock=clock) | RulingAwaited(clock):
            view.clock = clock
        case RectificationPaused():
            view.paused, view.running = True, {}
        case RectificationResumed(clock):
            view.clock, view.paused = clock, False
        case RectificationWarned(due_at):
            view.warned.append(due_at)
            view.running.pop("warning", None)
        case ReviewRuled(finding):
            if finding in UNFOUNDED:
                return None
            view.done.append("ruling")
            view.running.pop("ruling", None)
    return None if view.clock is None and not view.limits else view


def _move_limits(view: View, event: Any, at: datetime) -> None:
    match event:
        case LimitSet(limit=limit, signals=signals):
            view.limits[limit] = event
            past = view.past.get(limit, ())
            view.past[limit] = [one for one in SIGNALS if one in past and signals.get(one, at) < at]
        case LimitSignalled(limit, signal):
            _note(view, limit, signal)
        case LimitPassed(limit):
            _note(view, limit, "passed")
        case _:
            ended = limits_moved(event).ended
            for name in [n for n in view.limits if any(ends(e, n) for e in ended)]:
                del view.limits[name]
                view.past.pop(name, None)


def _note(view: View, limit: str, what: str) -> None:
    """A limit of which all has come is forgotten."""
    if limit in view.limits:
        view.past.setdefault(limit, []).append(what)
        if {"passed", *view.limits[limit].signals} <= set(view.past[limit]):
            del view.limits[limit], view.past[limit]


def _run_case(view: View, dues: CaseDues, at: datetime) -> None:
    view.done = [*raised_still([signal for signal in SIGNALS if signal in view.done], dues, at)]
    instants = {signal: dues.instant(signal) for signal in SIGNALS if signal not in view.done}
    view.running = {signal: instant for signal, instant in instants.items() if instant is not None}
    view.provisional = dues.provisional


def _run_rectification(view: View) -> None:
    """While it is paused nothing runs, nor afterwards until the policy has told the new instants."""
    assert view.dues is not None
    view.provisional = view.dues.provisional
    if view.paused:
        return
    runs = {
        "ruling": view.dues.ruling is not None,
        "still-overdue": view.dues.ladder(view.planned) is not None,
    }
    steps = [step for step in STEPS if step not in view.done and runs.get(step, True)]
    view.running = {step: view.dues.of(step, view.planned).at for step in steps}
    warn_at = view.dues.warn_at(view.planned)
    if warn_at is not None and view.dues.of("rectify", view.planned).at not in view.warned:
        view.running["warning"] = warn_at
