"""The end of a hall's day: whoever has not been served is let go with a reason, and a day that was closed by mistake is
opened again, with everybody where they stood.

Part of the subject ``queue``: these commands are asked of its streams and these events stand in them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, assert_never

from domain.line import Ended, Keeper, Queue, leave, put_down, stand
from domain.message import Command, Event, Refused, Stamp
from domain.reception import TicketLeft
from domain.windows import WindowClosed

DAY_CLOSED = "day-closed"
"""Why a ticket left whose day ended before it was served."""

# --- commands -------------------------------------------------------------------------------------------------


class CloseDay(Command, frozen=True):
    """End the day: who still waits is let go with the reason ``day-closed``, windows close.

    A ticket at a window keeps the day open, unless ``force`` says that nobody will finish it any more.
    """

    force: bool = False


class ReopenDay(Command, frozen=True):
    """The day was closed by mistake (反悔). Whoever its closing let go stands again as before; who was at a window is
    kept for that window, with the place of their arrival. Windows stay closed until somebody sits down there. Only
    within the plan's time."""


AnyCommand = CloseDay | ReopenDay


# --- events ---------------------------------------------------------------------------------------------------


class DayClosed(Event, frozen=True, tag="day-closed"):
    pass


class TicketCutOff(Event, frozen=True, tag="ticket-cut-off"):
    """The day was closed over a ticket at a window: what became of its holder, nobody wrote down."""

    number: str
    window: str
    reason: str = DAY_CLOSED


class DayReopened(Event, frozen=True, tag="day-reopened"):
    pass


class TicketRestored(Event, frozen=True, tag="ticket-restored"):
    """A ticket that the day's closing had let go stands in ``queue`` again; ``to_window`` is where it had been in
    hand."""

    number: str
    queue: str
    status: Literal["waiting", "parked", "missed"] = "waiting"
    to_window: str | None = None


AnyEvent = DayClosed | TicketCutOff | DayReopened | TicketRestored


# --- decisions ------------------------------------------------------------------------------------------------


def decide(
    command: AnyCommand, queue: Queue, stamp: Stamp
) -> list[DayClosed | TicketCutOff | TicketLeft | WindowClosed | DayReopened | TicketRestored]:
    match command:
        case CloseDay(force):
            if queue.closed:
                return []
            return [*_cut_off(queue, force), *_leavers(queue), *_closers(queue), DayClosed()]
        case ReopenDay():
            if (until := reopen_until(queue)) is None:
                return []
            if stamp.at > until:
                assert queue.plan is not None
                raise Refused("too-late-to-reopen", minutes=queue.plan.reopen_minutes)
            return [DayReopened(), *_returners(queue)]
    assert_never(command)


def evolve(queue: Queue, event: AnyEvent, stamp: Stamp) -> None:
    match event:
        case DayClosed():
            queue.closed_at = stamp.at
        case TicketCutOff(number, window, reason):
            ticket = queue.tickets[number]
            ticket.ended, ticket.reason = Ended(ticket.status, ticket.reason), reason
            put_down(queue, number, window, "left", stamp.at)
        case DayReopened():
            queue.closed_at = None
        case TicketRestored(number, line, status, to_window):
            ticket, ended = queue.tickets[number], _ended(queue, number)
            if ended.status == "waiting":
                queue.experience.stayed(ended.waited_s)
            if status == "waiting":
                kept_for = ticket.kept_for if to_window is None else Keeper(to_window)
                stand(queue, number, line, kept_for, stamp.at)
            ticket.status, ticket.reason, ticket.ended = status, ended.reason, None
        case _:
            assert_never(event)


def let_go(queue: Queue, number: str, at: datetime) -> None:
    """A ticket leaves because its day ends, and it is remembered how it stood."""
    gone = queue.tickets[number]
    waited_s = (at - gone.issued_at).total_seconds()
    gone.ended = Ended(gone.status, gone.reason, waited_s)
    if leave(queue, number, at):
        queue.experience.gave_up(waited_s)
    gone.status, gone.done, gone.reason = "left", None, DAY_CLOSED


def reopen_until(queue: Queue) -> datetime | None:
    """Until when a closed day can be opened again; ``None`` for one that is not closed."""
    if queue.closed_at is None or queue.plan is None:
        return None
    return queue.closed_at + timedelta(minutes=queue.plan.reopen_minutes)


def over_whom(queue: Queue) -> Iterator[str]:
    """The numbers of those whom the day's closing has let go."""
    return (ticket.number for ticket in queue.tickets.values() if ticket.ended is not None)


def _ended(queue: Queue, number: str) -> Ended:
    ended = queue.tickets[number].ended
    assert ended is not None, f"{number} was not let go"
    return ended


def _cut_off(queue: Queue, force: bool) -> Iterator[TicketCutOff]:
    for name, window in queue.windows.items():
        if window.serving is not None:
            if not force:
                raise Refused("window-busy", window=name, number=window.serving)
            yield TicketCutOff(window.serving, name)


def _leavers(queue: Queue) -> Iterator[TicketLeft]:
    open_ended = ("waiting", "missed", "parked")
    return (TicketLeft(t.number, DAY_CLOSED) for t in queue.tickets.values() if t.status in open_ended)


def _closers(queue: Queue) -> Iterator[WindowClosed]:
    return (WindowClosed(name) for name, w in queue.windows.items() if w.state != "closed")


def _returners(queue: Queue) -> Iterator[TicketRestored]:
    for number in over_whom(queue):
        ticket, ended = queue.tickets[number], _ended(queue, number)
        match ended.status:
            case "waiting" | "parked" | "missed":
                yield TicketRestored(number, ticket.queue, ended.status)
            case _:
                yield TicketRestored(number, ticket.queue, "waiting", ticket.window)
