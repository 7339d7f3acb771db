"""The windows of a hall's day: they open, pause, close, and call the hall's staff when somebody is in danger.

Part of the subject ``queue``: these commands are asked of its streams and these events stand in them.
"""

from typing import assert_never

from domain.hall import WindowPlan
from domain.line import Alarm, Queue, Window, known_queue, known_window
from domain.message import Command, Event, Id, Label, Refused, Stamp, Text

# --- commands -------------------------------------------------------------------------------------------------


class OpenWindow(Command, frozen=True):
    """Open a window. One the plan lacks is added for this day if ``queues`` says what it serves."""

    window: Id
    clerk: Label
    queues: tuple[Id, ...] = ()


class CloseWindow(Command, frozen=True):
    window: Id


class PauseWindow(Command, frozen=True):
    """``reason`` is one of the plan's, where it names any. A window that pauses already may do so for another."""

    window: Id
    reason: Label = "break"


class ResumeWindow(Command, frozen=True):
    window: Id


class MeanTicket(Command, frozen=True):
    """Say which ticket the next command to a window is meant for: the one in hand there, or the last one that was.
    It does nothing, and refuses what somebody asks who has not seen yet that another came into hand."""

    window: Id
    number: Label


class RaiseAlarm(Command, frozen=True):
    """Call the hall's staff to a window at once (紧急呼叫). A window has one alarm, the last it raised."""

    window: Id
    kind: Alarm = "help"


class ClearAlarm(Command, frozen=True):
    """Somebody has come and the window is safe."""

    window: Id


AnyCommand = OpenWindow | CloseWindow | PauseWindow | ResumeWindow | MeanTicket | RaiseAlarm | ClearAlarm


# --- events ---------------------------------------------------------------------------------------------------


class WindowOpened(Event, frozen=True, tag="window-opened"):
    window: str
    clerk: str
    queues: tuple[str, ...]
    skills: tuple[str, ...] = ()


class WindowClosed(Event, frozen=True, tag="window-closed"):
    window: str


class WindowPaused(Event, frozen=True, tag="window-paused"):
    window: str
    reason: str


class WindowResumed(Event, frozen=True, tag="window-resumed"):
    window: str


class AlarmRaised(Event, frozen=True, tag="alarm-raised"):
    window: str
    kind: Alarm


class AlarmCleared(Event, frozen=True, tag="alarm-cleared"):
    window: str


AnyEvent = WindowOpened | WindowClosed | WindowPaused | WindowResumed | AlarmRaised | AlarmCleared


# --- decisions ------------------------------------------------------------------------------------------------


def decide(command: AnyCommand, queue: Queue) -> list[AnyEvent]:
    match command:
        case OpenWindow(window, clerk, queues):
            return _open(queue, window, clerk, queues)
        case CloseWindow(window):
            return _close(queue, window)
        case PauseWindow(window, why):
            if _awake(queue, window).pause == why:
                return []
            known = queue.plan.pauses if queue.plan is not None else {}
            if known and why not in known:
                raise Refused("unknown-pause", invalid=True, field="reason", names=sorted(known))
            return [WindowPaused(window, why)]
        case ResumeWindow(window):
            return [] if _awake(queue, window).state == "open" else [WindowResumed(window)]
        case MeanTicket(window, number):
            return _check_meant(known_window(queue, window), number)
        case RaiseAlarm(window, kind):
            return [] if known_window(queue, window).alarm == kind else [AlarmRaised(window, kind)]
        case ClearAlarm(window):
            return [] if known_window(queue, window).alarm is None else [AlarmCleared(window)]
    assert_never(command)


def evolve(queue: Queue, event: AnyEvent, stamp: Stamp) -> None:
    match event:
        case WindowOpened(window, clerk, queues, skills):
            plan = WindowPlan(window, Text(window, window), "general", queues)
            opened = queue.windows.setdefault(window, Window(plan, queues))
            opened.state, opened.clerk, opened.queues = "open", clerk, queues
            opened.pause, opened.skills = None, skills
            queue.begun = True
            queue.experience.free(window, queues, stamp.at.timestamp())
        case WindowClosed(window):
            closed = queue.windows[window]
            closed.state, closed.clerk, closed.pause, closed.skills = "closed", None, None, ()
        case WindowPaused(window, why):
            queue.windows[window].state, queue.windows[window].pause = "paused", why
        case WindowResumed(window):
            queue.windows[window].state, queue.windows[window].pause = "open", None
            queue.experience.free(window, queue.windows[window].queues, stamp.at.timestamp())
        case AlarmRaised(window, kind):
            queue.windows[window].alarm = kind
        case AlarmCleared(window):
            queue.windows[window].alarm = None
        case _:
            assert_never(event)


def _awake(queue: Queue, window: str) -> Window:
    found = known_window(queue, window)
    if found.state == "closed":
        raise Refused("window-not-open", window=window, state="closed")
    return found


def _open(queue: Queue, window: str, clerk: str, queues: tuple[str, ...]) -> list[AnyEvent]:
    known = queue.windows.get(window)
    if known is None and not queues:
        raise Refused("unknown-window", missing=True, window=window)
    for line in queues:
        known_queue(queue, line)
    left: list[AnyEvent] = []
    for name, other in queue.windows.items():
        if other.clerk == clerk and name != window:
            if other.serving is not None:
                raise Refused("clerk-at-another-window", clerk=clerk, window=name)
            # Whoever sits down here has got up there, even if that browser is gone.
            left.append(WindowClosed(name))
    serves = queues or (known.plan.queues if known else ())
    if known is not None and known.state != "closed":
        if known.clerk != clerk:
            raise Refused("window-taken", window=window, clerk=known.clerk)
        if known.state == "open" and known.queues == serves:
            return []
    skills = queue.plan.clerks.get(clerk, ()) if queue.plan is not None else ()
    return [*left, WindowOpened(window, clerk, serves, skills)]


def _check_meant(window: Window, number: str) -> list[AnyEvent]:
    """Raises:
    Refused: the window has, or last had, another ticket in hand.
    """
    there = window.serving or window.last
    if there is None:
        raise Refused("window-idle", window=window.plan.window)
    if there != number:
        raise Refused("another-in-hand", window=window.plan.window, number=there, meant=number)
    return []


def _close(queue: Queue, window: str) -> list[AnyEvent]:
    found = known_window(queue, window)
    if found.state == "closed":
        return []
    if found.serving is not None:
        raise Refused("window-busy", window=window, number=found.serving)
    return [WindowClosed(window)]
