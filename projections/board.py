"""What the screen of a hall shows on one day: who was called where, what each window does, how long the lines are.

One document per hall and day, folded from the stream ``queue-{hall}-{date}``. A ticket stays in it as long as it may
still be called; served and gone ones leave nothing but their calls.
"""

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from domain import queue
from domain.catalogue import EVENTS_OF
from domain.hall import WindowKind, pause_name
from domain.line import Alarm
from domain.message import Recorded, Text, day_of, hall_of

NAME = "board"

MINE = frozenset(EVENTS_OF["queue"])

CALLS_KEPT = 20
CALLS_KEPT_FOR = timedelta(seconds=60)
CALLS_MAX = 200
"""The calls of the last minute are kept, and never fewer than the last 20: a screen that comes back within a minute
finds every call it missed. 200 bound the document whatever happens."""

DayState = Literal["not-open", "open", "closed"]
WindowState = Literal["closed", "open", "paused"]


class Pause(msgspec.Struct, frozen=True):
    """Why a window pauses: the reason's word, and what people read."""

    reason: str
    name: Text


class Line(msgspec.Struct, gc=False, omit_defaults=True):
    """A queue on the board."""

    prefix: str
    name: Text
    waiting: int = 0
    last_called: str | None = None


class Desk(msgspec.Struct, omit_defaults=True):
    """A window on the board; ``ticket`` is called or served there, of ``queue``."""

    name: Text
    kind: WindowKind
    queues: tuple[str, ...]
    state: WindowState = "closed"
    since: datetime | None = None
    ticket: str | None = None
    queue: str | None = None
    alarm: Alarm | None = None
    pause: Pause | None = None


class Call(msgspec.Struct, frozen=True, gc=False):
    """A ticket was asked to a window; ``recalled`` if not for the first time in a row. ``position`` names the call:
    a screen that keeps the highest one it has announced announces each call once."""

    ticket: str
    window: str
    window_name: Text
    at: datetime
    recalled: bool
    position: int


class View(msgspec.Struct, omit_defaults=True):
    """The document. ``waiting`` and ``aside`` (called, served, missed or parked) tell a ticket's queue by its number;
    ``version`` is the last event of the day's stream that is in it, of position ``position`` and time ``at``."""

    hall: str
    date: date
    version: int = 0
    position: int = 0
    at: datetime | None = None
    state: DayState = "not-open"
    queues: dict[str, Line] = {}
    windows: dict[str, Desk] = {}
    pauses: dict[str, Text] = {}
    waiting: dict[str, str] = {}
    aside: dict[str, str] = {}
    calls: list[Call] = []


def key(recorded: Recorded) -> str | None:
    return recorded.subject if recorded.category == "queue" else None


def document_key(hall: str, day: date) -> str:
    """The key of a hall's board of a day."""
    return f"{hall}-{day.isoformat()}"


def initial(hall: str, day: date) -> View:
    """The board of a day on which nothing has happened yet."""
    return View(hall, day)


def evolve(view: View | None, recorded: Recorded) -> View:
    if view is None:
        view = initial(hall_of(recorded.stream), day_of(recorded.stream))
    view.version, view.position, view.at = recorded.version, recorded.position, recorded.stamp.at
    event = recorded.event
    match event:
        case queue.TicketIssued(number=number, queue=line):
            view.waiting[number] = line
            view.queues[line].waiting += 1
        case queue.TicketCalled(number, window) | queue.TicketUnparked(number, window):
            _take_up(view, number, window, recorded)
        case queue.TicketRecalled(number, window):
            _call(view, number, window, recorded, recalled=True)
        case queue.ServiceStarted():
            pass
        case queue.ServiceFinished(number, window):
            _put_down(view, window)
            view.aside.pop(number, None)
        case queue.TicketMissed(window=window) | queue.TicketParked(window=window):
            _put_down(view, window)
        case (
            queue.TicketTransferred(number, window, line)
            | queue.VisitSplit(number=number, window=window, next_queue=line)
        ):
            _put_down(view, window)
            _stand(view, number, line)
        case queue.TicketReturned(number, window):
            if window is not None:
                _put_down(view, window)
            _stand(view, number, view.aside[number])
        case queue.NoShowUndone(number, window):
            _take_back(view, number, window, view.aside[number])
        case (
            queue.FinishUndone(number, window, line)
            | queue.SplitUndone(number, window, line)
            | queue.TransferUndone(number, window, line)
        ):
            _take_back(view, number, window, line)
        case queue.TicketChanged(number, line):
            _leave_line(view, number)
            _stand(view, number, line)
        case queue.TicketLeft(number):
            _leave_line(view, number)
            view.aside.pop(number, None)
        case queue.TicketCutOff(number, window):
            _put_down(view, window)
            view.aside.pop(number, None)
        case queue.AlarmRaised(window, kind):
            view.windows[window].alarm = kind
        case queue.AlarmCleared(window):
            view.windows[window].alarm = None
        case queue.WindowOpened(window, _, queues):
            desk = view.windows.setdefault(window, Desk(Text(window, window), "general", queues))
            _turn(view, window, "open", recorded)
            desk.queues = queues
        case queue.WindowPaused(window, reason):
            _turn(view, window, "paused", recorded)
            view.windows[window].pause = Pause(reason, pause_name(view.pauses, reason))
        case queue.WindowResumed(window):
            _turn(view, window, "open", recorded)
        case queue.WindowClosed(window):
            _turn(view, window, "closed", recorded)
        case queue.QueueAdded(plan):
            view.queues[plan.queue] = Line(plan.prefix, plan.name)
        case queue.DayOpened(plan):
            view.state = "open"
            view.pauses = plan.pauses
            view.queues = {q.queue: Line(q.prefix, q.name) for q in plan.queues}
            view.windows = {w.window: Desk(w.name, w.kind, w.queues) for w in plan.windows}
        case queue.DayClosed():
            view.state = "closed"
        case queue.DayReopened():
            view.state = "open"
        case queue.TicketRestored(number, line, "waiting"):
            _stand(view, number, line)
        case queue.TicketRestored(number, line):
            view.aside[number] = line
    return view


def _take_up(view: View, number: str, window: str, recorded: Recorded) -> None:
    line = _leave_line(view, number) or view.aside.get(number)
    assert line is not None, f"{number} was never issued"
    view.aside[number] = line
    view.queues[line].last_called = number
    desk = view.windows[window]
    desk.ticket, desk.queue = number, line
    _call(view, number, window, recorded, recalled=False)


def _take_back(view: View, number: str, window: str, line: str) -> None:
    """What was done with a ticket is undone: the window has it in hand again, and nobody is called."""
    _leave_line(view, number)
    view.aside[number] = line
    desk = view.windows[window]
    desk.ticket, desk.queue = number, line


def _stand(view: View, number: str, line: str) -> None:
    view.aside.pop(number, None)
    view.waiting[number] = line
    view.queues[line].waiting += 1


def _put_down(view: View, window: str) -> None:
    desk = view.windows[window]
    desk.ticket = desk.queue = None


def _leave_line(view: View, number: str) -> str | None:
    """Take a ticket out of its line; the line, if it stood in one."""
    line = view.waiting.pop(number, None)
    if line is not None:
        view.queues[line].waiting -= 1
    return line


def _turn(view: View, window: str, state: WindowState, recorded: Recorded) -> None:
    desk = view.windows[window]
    desk.state, desk.since, desk.pause = state, recorded.stamp.at, None


def _call(view: View, number: str, window: str, recorded: Recorded, *, recalled: bool) -> None:
    at = recorded.stamp.at
    view.calls.insert(0, Call(number, window, view.windows[window].name, at, recalled, recorded.position))
    del view.calls[CALLS_MAX:]
    while len(view.calls) > CALLS_KEPT and view.calls[-1].at < at - CALLS_KEPT_FOR:
        view.calls.pop()


# --- as it is read --------------------------------------------------------------------------------------------


class QueueOnBoard(msgspec.Struct, frozen=True):
    queue: str
    prefix: str
    name: Text
    waiting: int
    windows_open: int
    last_called: str | None


class WindowOnBoard(msgspec.Struct, frozen=True):
    window: str
    name: Text
    kind: WindowKind
    state: WindowState
    since: datetime | None
    ticket: str | None
    queue: str | None
    pause: Pause | None = None


class Board(msgspec.Struct, frozen=True):
    """The board as everybody may read it: no reference, no person, no clerk. ``calls`` begin with the newest."""

    hall: str
    date: date
    state: DayState
    queues: list[QueueOnBoard]
    windows: list[WindowOnBoard]
    calls: list[Call]


class AlarmOnBoard(msgspec.Struct, frozen=True):
    window: str
    name: Text
    kind: Alarm


class StaffBoard(msgspec.Struct, frozen=True):
    """What the hall's staff see beside the board."""

    hall: str
    date: date
    alarms: list[AlarmOnBoard]


def staffed(view: View) -> StaffBoard:
    """The face of the document that only the hall's staff may read."""
    raised = [AlarmOnBoard(name, w.name, w.alarm) for name, w in view.windows.items() if w.alarm is not None]
    return StaffBoard(view.hall, view.date, raised)


def present(view: View) -> Board:
    """The public face of the document."""
    serving = dict.fromkeys(view.queues, 0)
    for desk in view.windows.values():
        if desk.state == "open":
            for line in desk.queues:
                serving[line] += 1
    return Board(
        view.hall,
        view.date,
        view.state,
        [
            QueueOnBoard(name, q.prefix, q.name, q.waiting, serving[name], q.last_called)
            for name, q in view.queues.items()
        ],
        [
            WindowOnBoard(name, w.name, w.kind, w.state, w.since, w.ticket, w.queue, w.pause)
            for name, w in view.windows.items()
        ],
        list(view.calls),
    )
