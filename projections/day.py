"""The figures of a hall's day: how many came, how long they waited, how long they were served.

One document per hall and day, folded from the stream ``queue-{hall}-{date}``. Every ticket counts as exactly one of
served, not there when called (``no_shows``), gone without service (``abandoned``) or still in the hall, so the first
three add up to ``issued`` once a day is closed. A ticket whose check-in was taken back counts as none.

A ticket is counted where it was issued (its queue), called and missed (its queue and window), served (the queue and
window that finished it) and given up (its queue then). Its wait is the time from its issue to its first call, recalls
and transfers notwithstanding, and is counted when it has been served; its service is the time at windows, without the
time it was parked. A recall and a transfer count where the ticket was then.

The same is counted a second time by clerk and a third time by hour, each ticket in the hour of its issue. A window and
its clerk are staffed while the window is open or has somebody in hand, and busy while it has; what share of the one is
the other is its utilisation, as of the window's last event.
"""

from bisect import bisect_left
from collections.abc import Iterator
from copy import copy
from datetime import date, datetime
from typing import Any

import msgspec

from domain import queue
from domain.catalogue import EVENTS_OF
from domain.experience import Wait
from domain.message import Recorded, Text, day_of, hall_of
from domain.workdays import SHANGHAI

NAME = "day"

MINE = frozenset(EVENTS_OF["queue"])


class Counts(msgspec.Struct, gc=False, omit_defaults=True):
    """What one queue and one window had to do with each other; a queue's own under no window (``""``)."""

    issued: int = 0
    called: int = 0
    no_shows: int = 0
    abandoned: int = 0
    waits: list[int] = []
    services: list[int] = []
    """Seconds of each ticket served, in the order of finishing."""
    recalls: int = 0
    transfers: int = 0
    staffed_s: float = 0.0
    busy_s: float = 0.0
    told: int = 0
    """Of those called, how many had been told a wait, and how many of these waited no longer than it."""
    within_p50: int = 0
    within_p90: int = 0


class Desk(msgspec.Struct, array_like=True, omit_defaults=True):
    """A window: who is at it, whether it calls and has somebody in hand, and up to when its time is counted."""

    clerk: str = ""
    open: bool = False
    busy: bool = False
    counted_to: datetime | None = None


class Ticket(msgspec.Struct, array_like=True, omit_defaults=True):
    """A ticket that is in the hall, or was missed and may come back."""

    queue: str
    issued_at: datetime
    called_at: datetime | None = None
    started_at: datetime | None = None
    served_s: float = 0.0
    missed: tuple[str, str] | None = None
    """The queue and window that count it as not there."""
    missed_by: str = ""
    """The clerk who does."""
    clerk: str = ""
    """Who has it in hand, or last had."""
    told: Wait | None = None
    """The wait its holder was told."""
    taken_at: datetime | None = None
    """When it was last called or taken up: where no start is told, its service began then."""


class View(msgspec.Struct, omit_defaults=True):
    """The document: ``counts`` by queue, then by window; ``clerks`` and ``hours`` (``09``) tell the same again."""

    hall: str
    date: date
    queues: dict[str, Text] = {}
    windows: dict[str, Text] = {}
    counts: dict[str, dict[str, Counts]] = {}
    tickets: dict[str, Ticket] = {}
    before: dict[str, Ticket] = {}
    """By window: the ticket as it was before its last finish, split, no-show or transfer, which may be undone."""
    clerks: dict[str, Counts] = {}
    hours: dict[str, Counts] = {}
    desks: dict[str, Desk] = {}
    ended: dict[str, Ticket] = {}
    """The tickets that the day's closing let go, as they were: it may be opened again."""


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
        case queue.TicketIssued(number=number, queue=line, told=told):
            ticket = view.tickets[number] = Ticket(line, at, told=told)
            for counts in _where(view, ticket, line):
                counts.issued += 1
        case queue.TicketCalled(number, window) | queue.TicketUnparked(number, window):
            _call(view, view.tickets[number], window, at)
        case queue.TicketRecalled(number, window):
            ticket = view.tickets[number]
            for counts in _where(view, ticket, ticket.queue, window):
                counts.recalls += 1
        case queue.ServiceStarted(number):
            view.tickets[number].started_at = at
        case queue.ServiceFinished(number=number, window=window, queue=line):
            ticket = _put_down(view, number, window, at)
            del view.tickets[number]
            _end(ticket, at)
            assert ticket.called_at is not None, f"{number} was served but never called"
            wait_s = round((ticket.called_at - ticket.issued_at).total_seconds())
            for counts in _where(view, ticket, line, window):
                counts.waits.append(wait_s)
                counts.services.append(round(ticket.served_s))
        case queue.TicketMissed(number, window):
            ticket = _put_down(view, number, window, at)
            ticket.missed, ticket.missed_by = (ticket.queue, window), ticket.clerk
            for counts in _where(view, ticket, ticket.queue, window):
                counts.no_shows += 1
        case queue.TicketParked(number, window):
            _stop(view.tickets[number], at)
            _turn(view, window, at).busy = False
        case queue.TicketTransferred(number, window, line):
            ticket = _put_down(view, number, window, at)
            for counts in _where(view, ticket, ticket.queue, window):
                counts.transfers += 1
            _send_on(ticket, line, at)
        case queue.VisitSplit(number=number, window=window, next_queue=line):
            ticket = _put_down(view, number, window, at)
            _end(ticket, at)
            ticket.queue = line
        case queue.TicketReturned(number, from_window):
            _come_back(view, view.tickets[number])
            _stop(view.tickets[number], at)
            if from_window is not None:
                _turn(view, from_window, at).busy = False
        case queue.FinishUndone(number, window, line):
            ticket = _take_back(view, number, window, at)
            done = _counts(view, line, window)
            wait_s, service_s = done.waits[-1], done.services[-1]
            for counts in _where(view, ticket, line, window):
                # Another window's services may have come behind it, and are not it but as good if they were as long.
                counts.waits.remove(wait_s)
                counts.services.remove(service_s)
        case queue.SplitUndone(number, window):
            _take_back(view, number, window, at)
        case queue.NoShowUndone(number, window):
            _come_back(view, view.tickets[number])
            _take_back(view, number, window, at)
        case queue.TransferUndone(number, window):
            ticket = _take_back(view, number, window, at)
            for counts in _where(view, ticket, ticket.queue, window):
                counts.transfers -= 1
        case queue.TicketCutOff(number, window):
            _stop(view.tickets[number], at)
            _let_go(view, number, queue.DAY_CLOSED)
            _turn(view, window, at).busy = False
        case queue.TicketChanged(number, line):
            view.tickets[number].queue = line
        case queue.TicketLeft(number, queue.CHECK_IN_UNDONE):
            ticket = view.tickets.pop(number)
            for counts in _where(view, ticket, ticket.queue):
                counts.issued -= 1
        case queue.TicketLeft(number, reason):
            _let_go(view, number, reason)
        case queue.TicketRestored(number):
            ticket = view.tickets[number] = view.ended.pop(number)
            _count_gone(view, ticket, -1)
        case queue.WindowOpened(window, clerk):
            view.windows.setdefault(window, Text(window, window))
            desk = _turn(view, window, at)
            desk.open, desk.clerk = True, clerk
        case queue.WindowPaused(window):
            _turn(view, window, at).open = False
        case queue.WindowResumed(window):
            _turn(view, window, at).open = True
        case queue.WindowClosed(window):
            desk = _turn(view, window, at)
            desk.open, desk.clerk = False, ""
        case queue.QueueAdded(plan):
            view.queues[plan.queue] = plan.name
        case queue.DayOpened(plan):
            view.queues = {q.queue: q.name for q in plan.queues}
            view.windows = {w.window: w.name for w in plan.windows}
        case _:
            pass  # alarms, the end of the day and its taking back change no figure
    return view


def _counts(view: View, line: str, window: str = "") -> Counts:
    return view.counts.setdefault(line, {}).setdefault(window, Counts())


def _where(
    view: View, ticket: Ticket, line: str, window: str = "", clerk: str | None = None
) -> Iterator[Counts]:
    """Everything that counts what happens to a ticket there: its queue and window, its hour, and its clerk."""
    yield _counts(view, line, window)
    yield view.hours.setdefault(f"{ticket.issued_at.astimezone(SHANGHAI).hour:02}", Counts())
    if window:
        yield view.clerks.setdefault(ticket.clerk if clerk is None else clerk, Counts())


def _turn(view: View, window: str, at: datetime) -> Desk:
    """A window about to change: its time until now is counted."""
    desk = view.desks.setdefault(window, Desk())
    if desk.counted_to is not None and (desk.open or desk.busy):
        seconds = max(0.0, (at - desk.counted_to).total_seconds())
        for counts in (_counts(view, "", window), view.clerks.setdefault(desk.clerk, Counts())):
            counts.staffed_s += seconds
            counts.busy_s += seconds if desk.busy else 0.0
    desk.counted_to = at
    return desk


def _call(view: View, ticket: Ticket, window: str, at: datetime) -> None:
    desk = _turn(view, window, at)
    desk.busy, ticket.clerk, ticket.taken_at = True, desk.clerk, at
    if ticket.called_at is None:
        ticket.called_at = at
        waited_s = (at - ticket.issued_at).total_seconds()
        for counts in _where(view, ticket, ticket.queue, window):
            counts.called += 1
            if ticket.told is not None:
                counts.told += 1
                counts.within_p50 += waited_s <= ticket.told.p50
                counts.within_p90 += waited_s <= ticket.told.p90
    _come_back(view, ticket)


def _put_down(view: View, number: str, window: str, at: datetime) -> Ticket:
    """A ticket leaves a window's hands in a way that may be undone."""
    _turn(view, window, at).busy = False
    view.before[window] = copy(view.tickets[number])
    return view.tickets[number]


def _take_back(view: View, number: str, window: str, at: datetime) -> Ticket:
    """A ticket is in a window's hands again, as if it had never left them."""
    _turn(view, window, at).busy = True
    ticket = view.tickets[number] = view.before.pop(window)
    return ticket


def _let_go(view: View, number: str, reason: str) -> None:
    """A ticket is gone without service."""
    ticket = view.tickets.pop(number)
    _count_gone(view, ticket, 1)
    if reason == queue.DAY_CLOSED:
        view.ended[number] = ticket


def _count_gone(view: View, ticket: Ticket, times: int) -> None:
    if ticket.missed is None:  # who was missed counts as not there
        for counts in _where(view, ticket, ticket.queue):
            counts.abandoned += times


def _come_back(view: View, ticket: Ticket) -> None:
    """Who comes back after all was there."""
    if ticket.missed is not None:
        for counts in _where(view, ticket, *ticket.missed, ticket.missed_by):
            counts.no_shows -= 1
        ticket.missed = None


def _send_on(ticket: Ticket, line: str, at: datetime) -> None:
    _stop(ticket, at)
    ticket.queue = line


def _end(ticket: Ticket, at: datetime) -> None:
    """A service ends, whether its start was told or not."""
    ticket.started_at = ticket.started_at or ticket.taken_at
    _stop(ticket, at)


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


class Share(msgspec.Struct, frozen=True):
    """A part of a whole; ``value`` is null where there is no whole."""

    numerator: int
    denominator: int
    value: float | None


class Kept(msgspec.Struct, frozen=True):
    """How true the told waits were: of those called who had been told one, who waited no longer than its P50, which
    should be about half of them, and its P90, which should be about nine in ten."""

    within_p50: Share
    within_p90: Share


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """``called`` counts tickets by their first call. ``utilisation`` is the share of its staffed time in which a window
    or clerk had somebody in hand; null where nobody was staffed, and for queues and hours."""

    issued: int
    called: int
    served: int
    no_shows: int
    abandoned: int
    recalls: int
    transfers: int
    wait_s: Waits
    service_s: Services
    utilisation: float | None
    told: Kept


class QueueFigures(Figures, frozen=True, kw_only=True):
    queue: str
    name: Text


class WindowFigures(Figures, frozen=True, kw_only=True):
    """``issued`` and ``abandoned`` are nothing a window does: 0."""

    window: str
    name: Text


class ClerkFigures(Figures, frozen=True, kw_only=True):
    """``issued`` and ``abandoned`` are nothing a clerk does: 0."""

    clerk: str


class HourFigures(Figures, frozen=True, kw_only=True):
    """Of the tickets issued in the hour that begins at ``hour`` o'clock."""

    hour: int


BANDS_S = (300, 600, 900, 1200, 1800, 2700, 3600)


class Band(msgspec.Struct, frozen=True):
    """How many of those served had waited at most so long, and longer than the band before; the last has no end."""

    up_to_s: int | None
    served: int


class DayFigures(Figures, frozen=True, kw_only=True):
    """``bands`` is how the waits are distributed: together they are ``served``."""

    hall: str
    date: date
    queues: list[QueueFigures]
    windows: list[WindowFigures]
    clerks: list[ClerkFigures]
    hours: list[HourFigures]
    bands: list[Band]


def present(view: View) -> DayFigures:
    """The figures of the hall, of each queue, window, clerk and hour."""
    by_queue = {name: list(view.counts.get(name, {}).values()) for name in view.queues}
    by_window = {
        name: [windows[name] for windows in view.counts.values() if name in windows] for name in view.windows
    }
    return DayFigures(
        hall=view.hall,
        date=view.date,
        queues=[QueueFigures(queue=q, name=view.queues[q], **_figures(c)) for q, c in by_queue.items()],
        windows=[WindowFigures(window=w, name=view.windows[w], **_figures(c)) for w, c in by_window.items()],
        clerks=[ClerkFigures(clerk=name, **_figures([c])) for name, c in sorted(view.clerks.items())],
        hours=[HourFigures(hour=int(name), **_figures([c])) for name, c in sorted(view.hours.items())],
        bands=_bands(
            [wait for windows in view.counts.values() for c in windows.values() for wait in c.waits]
        ),
        **_figures([c for windows in view.counts.values() for c in windows.values()]),
    )


def _figures(counts: list[Counts]) -> dict[str, Any]:
    waits = sorted(second for c in counts for second in c.waits)
    services = sorted(second for c in counts for second in c.services)
    staffed_s = sum(c.staffed_s for c in counts)
    told = sum(c.told for c in counts)
    return {
        "issued": sum(c.issued for c in counts),
        "called": sum(c.called for c in counts),
        "served": len(waits),
        "no_shows": sum(c.no_shows for c in counts),
        "abandoned": sum(c.abandoned for c in counts),
        "recalls": sum(c.recalls for c in counts),
        "transfers": sum(c.transfers for c in counts),
        "wait_s": Waits(
            _mean(waits), nearest_rank(waits, 50), nearest_rank(waits, 90), waits[-1] if waits else None
        ),
        "service_s": Services(_mean(services), nearest_rank(services, 50), nearest_rank(services, 90)),
        "utilisation": round(sum(c.busy_s for c in counts) / staffed_s, 3) if staffed_s else None,
        "told": Kept(
            _share(sum(c.within_p50 for c in counts), told), _share(sum(c.within_p90 for c in counts), told)
        ),
    }


def _bands(waits: list[int]) -> list[Band]:
    ends: list[int | None] = [*BANDS_S, None]
    served = [0] * len(ends)
    for wait in waits:
        served[bisect_left(BANDS_S, wait)] += 1
    return [Band(end, count) for end, count in zip(ends, served, strict=True)]


def _share(numerator: int, denominator: int) -> Share:
    return Share(numerator, denominator, round(numerator / denominator, 3) if denominator else None)


def nearest_rank(ordered: list[int], percent: int) -> int | None:
    """The smallest of some ordered values that at least ``percent`` per cent of them do not exceed."""
    # In whole numbers: 0.9 * 10 is more than 9 for a computer.
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else None


def _mean(values: list[int]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None
