"""A hall's line as those read it who stand in it and those who call from it: places, reasons, waits, told in words."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from adapters.forecasts import Forecasts
from domain import queue
from domain.day_end import over_whom, reopen_until
from domain.detours import undoable
from domain.experience import Wait
from domain.hall import pause_name
from domain.handling import Held
from domain.line import Alarm, Pool, Stop, Ticket, places, why
from domain.message import Refused, Text
from domain.order import HOLDER, PRIORITY_NAMES, STAFF, Priority, Reader
from domain.queue import Queue, Status
from projections.board import DayState, Pause


class PlaceInLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket's holder sees. ``ahead``, ``why`` and ``wait_s`` are told while it waits, ``window`` once it is
    called; ``recalls`` is how often it was called again since ``called_at``."""

    id: str
    ticket: str
    hall: str
    date: date
    queue: str
    queue_name: Text
    status: Status
    ahead: int | None = None
    why: Text | None = None
    wait_s: Wait | None = None
    window: str | None = None
    window_name: Text | None = None
    called_at: datetime | None = None
    recalls: int = 0
    next_queues: tuple[Text, ...] = ()
    """Where the visit goes on after this service."""
    review: str | None = None
    """Once served: the link that invites to rate the service."""
    left: str | None = None
    """Once it has left: ``gave-up``, ``check-in-undone``, or ``day-closed``."""
    issued_at: datetime


class TicketInLine(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as clerks see it. Who waits is told ``ahead``, ``why`` and ``wait_s``; ``started_at`` is when its
    service began, ``reason`` why it was set aside or sent on, ``pool`` who may take it up again, ``kept_window`` and
    ``kept_clerk`` whom it is kept for."""

    id: str
    ticket: str
    queue: str
    item: str | None
    more: tuple[str, ...]
    stops: tuple[Stop, ...]
    priority: Priority
    priority_name: Text
    status: Literal["waiting", "called", "serving", "parked", "missed"]
    booked: bool
    due_at: datetime | None
    issued_at: datetime
    ahead: int | None = None
    why: Text | None = None
    wait_s: Wait | None = None
    window: str | None = None
    called_at: datetime | None = None
    started_at: datetime | None = None
    recalls: int = 0
    reason: str | None = None
    pool: Pool | None = None
    kept_window: str | None = None
    kept_clerk: str | None = None


class QueueInHall(msgspec.Struct, frozen=True):
    queue: str
    prefix: str
    name: Text
    waiting: int
    windows_open: int


class Undoable(msgspec.Struct, frozen=True):
    """What an idle window may still take back, and until when."""

    act: Literal["finish", "split", "no-show", "transfer"]
    ticket: str
    until: datetime


class WindowInHall(msgspec.Struct, frozen=True):
    """A window with its clerk and the ticket in hand there."""

    window: str
    name: Text
    state: Literal["closed", "open", "paused"]
    pause: Pause | None
    clerk: str | None
    queues: tuple[str, ...]
    ticket: str | None
    alarm: Alarm | None
    undo: Undoable | None


class Ended(msgspec.Struct, frozen=True):
    """When a day was closed, how many tickets that let go, and until when it can be opened again."""

    at: datetime
    let_go: int
    reopen_until: datetime


class Line(msgspec.Struct, frozen=True):
    """Everybody who is in the hall and not done: those who wait, queue by queue in the order in which they will be
    called, and then those who were called, set aside or missed."""

    hall: str
    date: date
    state: DayState
    queues: list[QueueInHall]
    windows: list[WindowInHall]
    tickets: list[TicketInLine]
    starts_told: bool = True
    """Whether windows tell when a service begins, by the plan that the day began with."""
    ended: Ended | None = None
    """Of a day that is closed."""


class Look:
    """One look at a day as its stream has it, from which any number of readers are told.

    The order of a line is found when the first of them asks for it, and for all of them.

    Args:
        invite: makes the link that invites the holder of a ticket to rate its service.
    """

    def __init__(
        self, hall: str, day: date, held: Held, now: datetime, forecasts: Forecasts, invite: Any
    ) -> None:
        self._hall, self._day = hall, day
        self._held = held
        self._queue: Queue = held.state
        self._now = now
        self._forecasts = forecasts
        self._invite = invite
        self._places: dict[str, Mapping[str, int]] = {}

    def place(self, ticket_id: str) -> PlaceInLine:
        """Raises:
        Refused: the day has no such ticket.
        """
        if (number := self._queue.numbers.get(ticket_id)) is None:
            raise Refused("unknown-ticket", missing=True)
        ticket = self._queue.tickets[number]
        told = PlaceInLine(
            id=ticket_id,
            ticket=number,
            hall=self._hall,
            date=self._day,
            queue=ticket.queue,
            queue_name=self._queue.queues[ticket.queue].name,
            status=ticket.status,
            issued_at=ticket.issued_at,
            next_queues=tuple(self._queue.queues[stop.queue].name for stop in ticket.stops),
        )
        if ticket.status == "waiting":
            return msgspec.structs.replace(told, **self._waiting(ticket, HOLDER))
        if ticket.status in ("called", "serving") and ticket.window is not None:
            window = self._queue.windows[ticket.window].plan
            return msgspec.structs.replace(
                told,
                window=window.window,
                window_name=window.name,
                called_at=ticket.called_at,
                recalls=ticket.recalls,
            )
        if ticket.status == "served":
            return msgspec.structs.replace(told, review=self._invite(ticket_id))
        if ticket.status == "left":
            return msgspec.structs.replace(told, left=ticket.reason or "day-closed")
        return told

    def numbered(self, number: str) -> PlaceInLine:
        """The place of a ticket by its number, which everybody in the hall can read: without the reference and the
        invitation, which are its holder's alone.

        Raises:
            Refused: the day has no such ticket.
        """
        if (ticket := self._queue.tickets.get(number)) is None:
            raise Refused("unknown-ticket", missing=True)
        return msgspec.structs.replace(self.place(ticket.id), id="", review=None)

    def line(self) -> Line:
        day = self._queue
        waiting = [
            day.tickets[number]
            for line in day.lines
            for number in sorted(self._order(line), key=self._order(line).__getitem__)
        ]
        aside = [t for t in day.tickets.values() if t.status in ("called", "serving", "parked", "missed")]
        state: DayState = "not-open" if day.plan is None else "closed" if day.closed else "open"
        named = {} if day.plan is None else day.plan.pauses
        serving = {line: sum(1 for _ in queue.windows_serving(day, line)) for line in day.lines}
        return Line(
            self._hall,
            self._day,
            state,
            [
                QueueInHall(q.queue, q.prefix, q.name, len(day.lines[name]), serving[name])
                for name, q in day.queues.items()
            ],
            [
                WindowInHall(
                    name,
                    w.plan.name,
                    w.state,
                    None if w.pause is None else Pause(w.pause, pause_name(named, w.pause)),
                    w.clerk,
                    w.queues,
                    w.serving,
                    w.alarm,
                    self._undo(name),
                )
                for name, w in day.windows.items()
            ],
            [self._ticket(ticket) for ticket in (*waiting, *aside)],
            day.plan is None or day.plan.starts_told,
            self._ended(),
        )

    def _ended(self) -> Ended | None:
        until = reopen_until(self._queue)
        if self._queue.closed_at is None or until is None:
            return None
        return Ended(self._queue.closed_at, sum(1 for _ in over_whom(self._queue)), until)

    def _undo(self, window: str) -> Undoable | None:
        last = undoable(self._queue, window)
        if last is None or self._now > last[2]:
            return None
        ticket, done, until = last
        return Undoable(done.act, ticket.number, until)

    def _ticket(self, ticket: Ticket) -> TicketInLine:
        told: dict[str, Any] = {}
        if ticket.status == "waiting":
            told = self._waiting(ticket, STAFF)
        elif ticket.status in ("called", "serving"):
            told = {name: getattr(ticket, name) for name in ("window", "called_at", "started_at", "recalls")}
        elif ticket.status == "parked":
            told = {"window": ticket.window, "pool": ticket.pool}
        kept = ticket.kept_for
        return TicketInLine(
            id=ticket.id,
            ticket=ticket.number,
            queue=ticket.queue,
            item=ticket.item,
            more=ticket.more,
            stops=ticket.stops,
            priority=ticket.priority,
            priority_name=PRIORITY_NAMES[ticket.priority],
            status=ticket.status,  # type: ignore[arg-type]  # the served and the gone are not in line
            booked=ticket.appointment is not None,
            due_at=ticket.due_at,
            issued_at=ticket.issued_at,
            reason=ticket.reason,
            kept_window=None if kept is None else kept.window,
            kept_clerk=None if kept is None else kept.clerk,
            **told,
        )

    def _waiting(self, ticket: Ticket, to: Reader) -> dict[str, Any]:
        before = self._order(ticket.queue)[ticket.number]
        stream = queue.stream(self._hall, self._day)
        return {
            "ahead": before,
            "why": why(self._queue, ticket.number, before, self._now, to),
            "wait_s": self._forecasts.wait(stream, self._held, ticket, before, self._now),
        }

    def _order(self, line: str) -> Mapping[str, int]:
        """How many are called before each in a line."""
        if (known := self._places.get(line)) is None:
            known = self._places[line] = places(self._queue, line, self._now)
        return known
