"""When a service at a window is not all there is: tickets are set aside, sent on, put back, and wrong acts undone.

Part of the subject ``queue``: these commands are asked of its streams and these events stand in them.
"""

from datetime import datetime, timedelta
from typing import Annotated, assert_never

import msgspec
from msgspec import Meta

from domain.line import (
    Done,
    Keeper,
    Outcome,
    Pool,
    Queue,
    Stop,
    Ticket,
    Wanted,
    Window,
    being_served,
    count_service,
    free_window,
    in_hand,
    known_queue,
    known_skill,
    known_ticket,
    known_window,
    leave,
    past,
    put_down,
    stand,
    take_up,
)
from domain.message import Command, Event, Id, Label, Reference, Refused, Stamp, Words

# --- commands -------------------------------------------------------------------------------------------------


class ParkTicket(Command, frozen=True):
    """Set the window's ticket aside (挂起), to be taken up again from its pool."""

    window: Id
    reason: Words = "waiting for a document"
    pool: Pool = "hall"


class UnparkTicket(Command, frozen=True):
    """Take up a ticket that was set aside. ``number`` is its number or its reference."""

    window: Id
    number: Label


class TransferTicket(Command, frozen=True):
    """Send the window's ticket to another queue, window or clerk; it keeps the place its arrival gave it.

    For a window or a clerk it is called there only, from ``queue`` or from a queue that they serve.
    """

    window: Id
    queue: Id | None = None
    reason: Words = "wrong queue"
    to_window: Id | None = None
    to_clerk: Label | None = None


class ReturnToLine(Command, frozen=True):
    """Put a ticket back in its line: the one in hand or set aside in its old place, a missed one where the hall's
    plan says. Without ``number`` (or reference) it is the one in hand."""

    window: Id
    number: Label | None = None


class SplitVisit(Command, frozen=True):
    """End the service here with what was handled; its holder waits with the same number and the place of its arrival
    in another queue, for another item."""

    window: Id
    queue: Id
    item: Id | None = None
    items: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    outcome: Outcome = "done"
    case: Reference | None = None
    skill: Id | None = None


class UndoLast(Command, frozen=True):
    """Take back what the window last did with its ticket (反悔): a finish, which may have led the visit on, a no-show,
    a transfer. Only within the plan's time, while the window is idle and nothing else has happened to the ticket."""

    window: Id


AnyCommand = ParkTicket | UnparkTicket | TransferTicket | ReturnToLine | SplitVisit | UndoLast


# --- events ---------------------------------------------------------------------------------------------------


class TicketParked(Event, frozen=True, tag="ticket-parked"):
    number: str
    window: str
    reason: str
    pool: Pool = "hall"


class TicketUnparked(Event, frozen=True, tag="ticket-unparked"):
    number: str
    window: str


class TicketTransferred(Event, frozen=True, tag="ticket-transferred"):
    number: str
    window: str
    queue: str
    reason: str
    to_window: str | None = None
    to_clerk: str | None = None


class TicketReturned(Event, frozen=True, tag="ticket-returned"):
    """``window`` is the one that had it in hand. A ticket that comes back after a missed call lets ``after`` others
    be called first, or is ``last`` and has lost its booked time."""

    number: str
    window: str | None = None
    after: int = 0
    last: bool = False


class VisitSplit(Event, frozen=True, tag="visit-split"):
    """``queue`` is where it was served, ``next_queue`` where it waits for ``item`` and ``more``; ``stops`` are those
    left behind this one, where it was one of the visit's. ``nth`` is which of the ticket's services it was, from 0."""

    number: str
    window: str
    ticket: str
    queue: str
    next_queue: str
    item: str | None = None
    items: tuple[str, ...] = ()
    outcome: Outcome = "done"
    case: str | None = None
    skill: str | None = None
    more: tuple[str, ...] = ()
    stops: tuple[Stop, ...] | None = None
    nth: int = 0


class FinishUndone(Event, frozen=True, tag="finish-undone"):
    """``ticket``, ``nth`` and ``outcome`` are those of the service that has not ended after all; events of before do
    not tell them."""

    number: str
    window: str
    queue: str
    ticket: str | None = None
    nth: int = 0
    outcome: Outcome = "done"


class SplitUndone(Event, frozen=True, tag="split-undone"):
    """The visit has not gone on after all: the ticket is out of its next line, in service again in ``queue``."""

    number: str
    window: str
    queue: str
    ticket: str | None = None
    nth: int = 0
    outcome: Outcome = "done"


class NoShowUndone(Event, frozen=True, tag="no-show-undone"):
    number: str
    window: str


class TransferUndone(Event, frozen=True, tag="transfer-undone"):
    """``queue`` is the one it had been transferred from."""

    number: str
    window: str
    queue: str


AnyEvent = (
    TicketParked
    | TicketUnparked
    | TicketTransferred
    | TicketReturned
    | VisitSplit
    | FinishUndone
    | SplitUndone
    | NoShowUndone
    | TransferUndone
)


# --- decisions ------------------------------------------------------------------------------------------------


def decide(command: AnyCommand, queue: Queue, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case ParkTicket(window, why, pool):
            return [TicketParked(in_hand(queue, window).number, window, why, pool)]
        case UnparkTicket(window, number):
            free_window(queue, window)
            aside = known_ticket(queue, number)
            if aside.status != "parked":
                raise Refused("ticket-not-parked", number=aside.number, status=aside.status)
            _check_pool(queue, aside, window)
            return [TicketUnparked(aside.number, window)]
        case TransferTicket():
            return [_transfer(command, queue)]
        case ReturnToLine(window, number):
            return _return(queue, window, number)
        case SplitVisit(window, line, item, items, outcome, case, skill):
            known_queue(queue, line)
            done, needed = being_served(queue, window), known_skill(queue, skill)
            what = (item, items, outcome, case, needed)
            return [VisitSplit(done.number, window, done.id, done.queue, line, *what, nth=done.endings)]
        case UndoLast(window):
            return [_undo(queue, window, stamp)]
    assert_never(command)


def evolve(queue: Queue, event: AnyEvent, stamp: Stamp) -> None:
    match event:
        case TicketParked(number, window, reason, pool):
            put_down(queue, number, window, "parked", stamp.at)
            queue.tickets[number].pool, queue.tickets[number].reason = pool, reason
        case TicketUnparked(number, window):
            take_up(queue, number, window, stamp.at)
        case TicketTransferred(number, window, line, reason, to_window, to_clerk):
            ticket = queue.tickets[number]
            done = Done("transfer", window, stamp.at, ticket.status, ticket.queue, ticket.kept_for)
            put_down(queue, number, window, "waiting", stamp.at)
            kept_for = Keeper(to_window, to_clerk) if to_window or to_clerk else None
            stand(queue, number, line, kept_for, stamp.at)
            ticket.done, ticket.reason = done, reason
        case TicketReturned(number, window, after, last):
            if window is not None:
                put_down(queue, number, window, "waiting", stamp.at)
            _come_back(queue, queue.tickets[number], after, last, stamp)
        case VisitSplit(number, window, _, line, next_line, item):
            ticket = queue.tickets[number]
            wanted = Wanted(ticket.item, ticket.skill, ticket.more, ticket.stops)
            before = (ticket.status, line, ticket.kept_for)
            put_down(queue, number, window, "waiting", stamp.at)
            seconds = count_service(queue, line, ticket.called_at, stamp.at)
            ticket.item, ticket.skill, ticket.more = item, event.skill, event.more
            if event.stops is not None:
                ticket.stops = event.stops
            stand(queue, number, next_line, None, stamp.at)
            ticket.done = Done("split", window, stamp.at, *before, seconds, wanted, event.nth, event.outcome)
            ticket.endings += 1
        case FinishUndone(number, window) | SplitUndone(number, window) | NoShowUndone(number, window):
            _take_back(queue, queue.tickets[number], window, stamp)
        case TransferUndone(number, window):
            _take_back(queue, queue.tickets[number], window, stamp)
        case _:
            assert_never(event)


def next_stop(
    ticket: Ticket, window: str, items: tuple[str, ...], outcome: Outcome, case: str | None, queue: Queue
) -> VisitSplit | None:
    """Where a visit goes on when a service is finished: to the first of its stops whose items were not all handled."""
    for nth, stop in enumerate(ticket.stops):
        if left := tuple(item for item in stop.items if item not in items):
            return VisitSplit(
                ticket.number,
                window,
                ticket.id,
                ticket.queue,
                stop.queue,
                left[0],
                items,
                outcome,
                case,
                known_skill(queue, stop.skill),
                left[1:],
                ticket.stops[nth + 1 :],
                ticket.endings,
            )
    return None


def _check_pool(queue: Queue, aside: Ticket, window: str) -> None:
    """Raises:
    Refused: the ticket waits for the window that set it aside, which is not closed.
    """
    theirs = aside.window
    if aside.pool == "window" and theirs not in (None, window) and queue.windows[theirs].state != "closed":
        raise Refused("ticket-kept", number=aside.number, window=theirs)


def _transfer(command: TransferTicket, queue: Queue) -> TicketTransferred:
    if command.queue is not None:
        known_queue(queue, command.queue)
    ticket = in_hand(queue, command.window)
    if command.to_window is None and command.to_clerk is None:
        if command.queue is None:
            raise Refused("transfer-to-nowhere", invalid=True)
        return TicketTransferred(ticket.number, command.window, command.queue, command.reason)
    there = _desk(command, queue)
    if there.state == "closed":
        raise Refused("window-not-open", window=there.plan.window, state="closed")
    line = command.queue or (ticket.queue if ticket.queue in there.queues else there.queues[0])
    if line not in there.queues:
        raise Refused("queue-not-served", window=there.plan.window, queue=line)
    return TicketTransferred(
        ticket.number, command.window, line, command.reason, command.to_window, command.to_clerk
    )


def _desk(command: TransferTicket, queue: Queue) -> Window:
    """The window a ticket is sent to, by its name or by who sits there."""
    if command.to_window is not None:
        return known_window(queue, command.to_window)
    found = next((w for w in queue.windows.values() if w.clerk == command.to_clerk), None)
    if found is None:
        raise Refused("clerk-not-here", clerk=command.to_clerk)
    return found


def _return(queue: Queue, window: str, number: str | None) -> list[AnyEvent]:
    assert queue.plan is not None
    known_window(queue, window)
    if number is None:
        return [TicketReturned(in_hand(queue, window).number, window)]
    ticket = known_ticket(queue, number)
    match ticket.status:
        case "waiting":
            return []
        case "parked":
            _check_pool(queue, ticket, window)
            return [TicketReturned(ticket.number)]
        case "missed":
            after = queue.plan.missed_return_after
            back = TicketReturned(ticket.number, last=True)
            return [back if after is None else TicketReturned(ticket.number, after=after)]
    raise Refused("ticket-not-aside", number=ticket.number, status=ticket.status)


def _undo(queue: Queue, window: str, stamp: Stamp) -> AnyEvent:
    assert queue.plan is not None
    desk = known_window(queue, window)
    if desk.state == "closed":
        raise Refused("window-not-open", window=window, state="closed")
    if desk.serving is not None:
        raise Refused("window-busy", window=window, number=desk.serving)
    if (last := undoable(queue, window)) is None:
        if (gone := _elsewhere(queue, desk)) is not None:
            raise Refused("called-elsewhere", number=gone.number, window=gone.window)
        raise Refused("nothing-to-undo", window=window)
    ticket, done, until = last
    if stamp.at > until:
        raise Refused("too-late-to-undo", number=ticket.number, seconds=queue.plan.undo_seconds)
    match done.act:
        case "finish":
            return FinishUndone(ticket.number, window, done.queue, ticket.id, done.nth, done.outcome)
        case "split":
            return SplitUndone(ticket.number, window, done.queue, ticket.id, done.nth, done.outcome)
        case "no-show":
            return NoShowUndone(ticket.number, window)
        case "transfer":
            return TransferUndone(ticket.number, window, done.queue)


def _elsewhere(queue: Queue, desk: Window) -> Ticket | None:
    """The ticket that a window last had, if another window has called it since."""
    last = None if desk.last is None else queue.tickets[desk.last]
    return None if last is None or last.window in (None, desk.plan.window) else last


def undoable(queue: Queue, window: str) -> tuple[Ticket, Done, datetime] | None:
    """What an idle window did last, to which ticket, and until when that can be undone; ``None`` if nothing can."""
    desk = queue.windows[window]
    ticket = queue.tickets[desk.last] if desk.serving is None and desk.last is not None else None
    done = ticket.done if ticket is not None else None
    if queue.plan is None or ticket is None or done is None or done.window != window:
        return None
    return ticket, done, done.at + timedelta(seconds=queue.plan.undo_seconds)


def _come_back(queue: Queue, ticket: Ticket, after: int, last: bool, stamp: Stamp) -> None:
    stand(queue, ticket.number, ticket.queue, ticket.kept_for, stamp.at)
    ticket.after = past(queue, ticket.queue).called + after if after else 0
    if last:
        queue.serial += 1
        ticket.serial, ticket.since, ticket.due_at = queue.serial, stamp.at, None


def _take_back(queue: Queue, ticket: Ticket, window: str, stamp: Stamp) -> None:
    """Put the ticket in the window's hand again, as it was before what was done."""
    done = ticket.done
    assert done is not None, f"{ticket.number} has nothing to undo"
    leave(queue, ticket.number, stamp.at)
    if done.act in ("finish", "split"):
        queue.experience.unserved(done.queue, done.seconds)
    if (wanted := done.wanted) is not None:
        ticket.item, ticket.skill, ticket.more, ticket.stops = msgspec.structs.astuple(wanted)
    ticket.status, ticket.window, ticket.queue = done.status, window, done.queue
    ticket.kept_for, ticket.done, ticket.reason = done.kept_for, None, None
    queue.windows[window].serving = ticket.number
