"""The figures of a hall's day: how many came, how long they waited, how long they were served.

One document per hall and day, folded from the stream ``queue-{hall}-{date}``. Every ticket counts as exactly one of
served, not there when called (``no_shows``), gone without service (``abandoned``) or still in the hall, so the first
three add up to ``issued`` once a day is closed.

A ticket is counted where it was issued (its queue), called and missed (its queue and window), served (the queue and
window that finished it) and given up (its queue then). Its wait is the time from its issue to its first call, recalls
and transfers notwithstanding, and is counted when it has been served; its service is the time at windows, without the
time it was parked.
"""

from copy import copy
from datetime import date, datetime
from typing import Any

import msgspec

from domain import queue
from domain.message import Recorded, Text, day_of, hall_of

NAME = "day"


class Counts(msgspec.Struct, gc=False, omit_defaults=True):
    """What one queue and one window had to do with each other; a queue's own under no window (``""``)."""

    issued: int = 0
    called: int = 0
    no_shows: int = 0
    abandoned: int = 0
    waits: list[int] = []
    services: list[int] = []
    """Seconds of each ticket served, in the order of finishing."""


class Ticket(msgspec.Struct, array_like=True, omit_defaults=True):
    """A ticket that is in the hall, or was missed and may come back."""

    queue: str
    issued_at: datetime
    called_at: datetime | None = None
    started_at: datetime | None = None
    served_s: float = 0.0
    missed: tuple[str, str] | None = None
    """The queue and window that count it as not there."""


class View(msgspec.Struct, omit_defaults=True):
    """The document: ``counts`` by queue, then by window."""

    hall: str
    date: date
    queues: dict[str, Text] = {}
    windows: dict[str, Text] = {}
    counts: dict[str, dict[str, Counts]] = {}
    tickets: dict[str, Ticket] = {}
    before: dict[str, Ticket] = {}
    """By window: the ticket as it was before its last finish, no-show or transfer, which may be undone."""


def key(recorded: Recorded) -> str | None:
    return recorded.subject if recorded.category == "queue" else None


def document_key(hall: str, day: date) -> str:
    """The key of a hall's figures of a day."""
    return f"{hall}-{day.isoformat()}"


def initial(hall: str, day: date) -> View:
    """The figures of a day on which nothing has happened yet."""
    return View(hall, day)


def evolve(view: View | None, recorded: Recorded) -> View:
    if view is None:
        view = initial(hall_of(recorded.stream), day_of(recorded.stream))
    at = recorded.stamp.at
    match recorded.event:
        case queue.TicketIssued(number=number, queue=line):
            view.tickets[number] = Ticket(line, at)
            _counts(view, line).issued += 1
        case queue.TicketCalled(number, window) | queue.TicketUnparked(number, window):
            _call(view, view.tickets[number], window, at)
        case queue.ServiceStarted(number):
            view.tickets[number].started_at = at
        case queue.ServiceFinished(number=number, window=window, queue=line):
            ticket = view.tickets.pop(number)
            view.before[window] = copy(ticket)
            _stop(ticket, at)
            done = _counts(view, line, window)
            assert ticket.called_at is not None, f"{number} was served but never called"
            done.waits.append(round((ticket.called_at - ticket.issued_at).total_seconds()))
            done.services.append(round(ticket.served_s))
        case queue.TicketMissed(number, window):
            ticket = view.tickets[number]
            view.before[window] = copy(ticket)
            ticket.missed = ticket.queue, window
            _counts(view, ticket.queue, window).no_shows += 1
        case queue.TicketParked(number):
            _stop(view.tickets[number], at)
        case queue.TicketTransferred(number, window, line):
            view.before[window] = copy(view.tickets[number])
            _send_on(view.tickets[number], line, at)
        case queue.VisitSplit(number=number, next_queue=line):
            _send_on(view.tickets[number], line, at)
        case queue.TicketReturned(number):
            _come_back(view, view.tickets[number])
            _stop(view.tickets[number], at)
        case queue.FinishUndone(number, window, line):
            done = _counts(view, line, window)
            done.waits.pop()
            done.services.pop()
            view.tickets[number] = view.before.pop(window)
        case queue.NoShowUndone(number, window):
            _come_back(view, view.tickets[number])
            view.tickets[number] = view.before.pop(window)
        case queue.TransferUndone(number, window):
            view.tickets[number] = view.before.pop(window)
        case queue.TicketCutOff(number):
            _counts(view, view.tickets.pop(number).queue).abandoned += 1
        case queue.TicketLeft(number):
            ticket = view.tickets.pop(number)
            if ticket.missed is None:
                _counts(view, ticket.queue).abandoned += 1
        case queue.WindowOpened(window):
            view.windows.setdefault(window, Text(window, window))
        case queue.QueueAdded(plan):
            view.queues[plan.queue] = plan.name
        case queue.DayOpened(plan):
            view.queues = {q.queue: q.name for q in plan.queues}
            view.windows = {w.window: w.name for w in plan.windows}
        case _:
            pass  # recalls, pauses, alarms and the end of the day change no figure
    return view


def _counts(view: View, line: str, window: str = "") -> Counts:
    return view.counts.setdefault(line, {}).setdefault(window, Counts())


def _call(view: View, ticket: Ticket, window: str, at: datetime) -> None:
    if ticket.called_at is None:
        ticket.called_at = at
        _counts(view, ticket.queue, window).called += 1
    _come_back(view, ticket)


def _come_back(view: View, ticket: Ticket) -> None:
    """Who comes back after all was there."""
    if ticket.missed is not None:
        _counts(view, *ticket.missed).no_shows -= 1
        ticket.missed = None


def _send_on(ticket: Ticket, line: str, at: datetime) -> None:
    _stop(ticket, at)
    ticket.queue = line


def _stop(ticket: Ticket, at: datetime) -> None:
    """The service, if one was going on, ends or pauses here."""
    if ticket.started_at is not None:
        ticket.served_s += (at - ticket.started_at).total_seconds()
        ticket.started_at = None


# --- as it is read --------------------------------------------------------------------------------------------


class Waits(msgspec.Struct, frozen=True):
    """Seconds; null where nobody was served yet. Percentiles are nearest-rank."""

    mean: float | None
    p50: int | None
    p90: int | None
    max: int | None


class Services(msgspec.Struct, frozen=True):
    """Seconds; null where nobody was served yet. Percentiles are nearest-rank."""

    mean: float | None
    p50: int | None
    p90: int | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """``called`` counts tickets by their first call."""

    issued: int
    called: int
    served: int
    no_shows: int
    abandoned: int
    wait_s: Waits
    service_s: Services


class QueueFigures(Figures, frozen=True, kw_only=True):
    queue: str
    name: Text


class WindowFigures(Figures, frozen=True, kw_only=True):
    """``issued`` and ``abandoned`` are nothing a window does: 0."""

    window: str
    name: Text


class DayFigures(Figures, frozen=True, kw_only=True):
    hall: str
    date: date
    queues: list[QueueFigures]
    windows: list[WindowFigures]


def present(view: View) -> DayFigures:
    """The figures of the hall, of each queue and of each window."""
    by_queue = {name: list(view.counts.get(name, {}).values()) for name in view.queues}
    by_window = {
        name: [windows[name] for windows in view.counts.values() if name in windows] for name in view.windows
    }
    return DayFigures(
        hall=view.hall,
        date=view.date,
        queues=[QueueFigures(queue=q, name=view.queues[q], **_figures(c)) for q, c in by_queue.items()],
        windows=[WindowFigures(window=w, name=view.windows[w], **_figures(c)) for w, c in by_window.items()],
        **_figures([c for counts in by_queue.values() for c in counts]),
    )


def _figures(counts: list[Counts]) -> dict[str, Any]:
    waits = sorted(second for c in counts for second in c.waits)
    services = sorted(second for c in counts for second in c.services)
    return {
        "issued": sum(c.issued for c in counts),
        "called": sum(c.called for c in counts),
        "served": len(waits),
        "no_shows": sum(c.no_shows for c in counts),
        "abandoned": sum(c.abandoned for c in counts),
        "wait_s": Waits(
            _mean(waits), nearest_rank(waits, 50), nearest_rank(waits, 90), waits[-1] if waits else None
        ),
        "service_s": Services(_mean(services), nearest_rank(services, 50), nearest_rank(services, 90)),
    }


def nearest_rank(ordered: list[int], percent: int) -> int | None:
    """The smallest of some ordered values that at least ``percent`` per cent of them do not exceed."""
    # In whole numbers: 0.9 * 10 is more than 9 for a computer.
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else None


def _mean(values: list[int]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None
