"""One hall's day at the windows: tickets are taken, called, served, set aside or missed.

The stream ``queue-{hall}-{date}`` begins with the plan the hall had that morning and ends with the day.
A ticket is known by its number (``A001``) to people and by an unguessable reference to programs.
"""

from collections.abc import Iterator
from datetime import date, datetime
from string import ascii_uppercase
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.experience import Experience
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.message import Command, Event, Id, Label, Reference, Refused, Stamp, Text, Words
from domain.order import Priority, rank

Status = Literal["waiting", "called", "serving", "parked", "missed", "served", "left"]

Outcome = Literal["done", "case-opened", "not-done"]
"""What a service came to: handled at once, an application taken in, or 办不成事."""

QUEUES_MAX = 100
"""How many queues a day may come to have: a plan's forty and those a record of another place brings along."""


# --- commands -------------------------------------------------------------------------------------------------


class OpenDay(Command, frozen=True):
    """Begin the day with the hall's plan. Asked before every first ticket; a day that is open stays as it is."""

    plan: HallPlan


class CloseDay(Command, frozen=True):
    """End the day: who still waits is let go with the reason ``day-closed``, windows close."""


class AddQueue(Command, frozen=True):
    """Give this day a queue its plan lacks, with the first free prefix. One the day has stays as it is."""

    queue: Id
    name: Text


class OpenWindow(Command, frozen=True):
    """Open a window. One the plan lacks is added for this day if ``queues`` says what it serves."""

    window: Id
    clerk: Label
    queues: tuple[Id, ...] = ()


class CloseWindow(Command, frozen=True):
    window: Id


class PauseWindow(Command, frozen=True):
    window: Id
    reason: Label = "break"


class ResumeWindow(Command, frozen=True):
    window: Id


class IssueTicket(Command, frozen=True):
    """Give a number. ``ticket`` is the asker's own reference: asking again with it gives no second number."""

    ticket: Reference
    queue: Id
    item: Id | None = None
    priority: Priority = "ordinary"
    appointment: Reference | None = None
    due_at: datetime | None = None
    person: Label | None = None


class CallNext(Command, frozen=True):
    window: Id


class CallTicket(Command, frozen=True):
    """Call one ticket out of turn, with the reason that will be shown to whoever asks.

    ``number`` is the ticket's number, or its reference for an asker who was not told the number yet.
    """

    window: Id
    number: Label
    reason: Label = "called-by-clerk"


class Recall(Command, frozen=True):
    window: Id


class StartService(Command, frozen=True):
    window: Id


class FinishService(Command, frozen=True):
    """End the service with what was really handled; ``case`` is the application it opened, if any."""

    window: Id
    items: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    outcome: Outcome = "done"
    case: Reference | None = None


class MarkNoShow(Command, frozen=True):
    window: Id


class ParkTicket(Command, frozen=True):
    """Set the window's ticket aside (挂起), to be taken up again by whoever unparks it."""

    window: Id
    reason: Words = "waiting for a document"


class UnparkTicket(Command, frozen=True):
    """Take up a ticket that was set aside. ``number`` is its number or its reference."""

    window: Id
    number: Label


class TransferTicket(Command, frozen=True):
    """Send the window's ticket to another queue; it keeps the place its arrival gave it."""

    window: Id
    queue: Id
    reason: Words = "wrong queue"


class LeaveLine(Command, frozen=True):
    """The holder gave up waiting. ``number`` is the ticket's number or its reference."""

    number: Label


AnyCommand = (
    OpenDay
    | CloseDay
    | AddQueue
    | OpenWindow
    | CloseWindow
    | PauseWindow
    | ResumeWindow
    | IssueTicket
    | CallNext
    | CallTicket
    | Recall
    | StartService
    | FinishService
    | MarkNoShow
    | ParkTicket
    | UnparkTicket
    | TransferTicket
    | LeaveLine
)


# --- events ---------------------------------------------------------------------------------------------------


class DayOpened(Event, frozen=True, tag="day-opened"):
    plan: HallPlan


class DayClosed(Event, frozen=True, tag="day-closed"):
    pass


class QueueAdded(Event, frozen=True, tag="queue-added"):
    plan: QueuePlan


class WindowOpened(Event, frozen=True, tag="window-opened"):
    window: str
    clerk: str
    queues: tuple[str, ...]


class WindowClosed(Event, frozen=True, tag="window-closed"):
    window: str


class WindowPaused(Event, frozen=True, tag="window-paused"):
    window: str
    reason: str


class WindowResumed(Event, frozen=True, tag="window-resumed"):
    window: str


class TicketIssued(Event, frozen=True, tag="ticket-issued"):
    number: str
    ticket: str
    queue: str
    item: str | None = None
    priority: Priority = "ordinary"
    appointment: str | None = None
    due_at: datetime | None = None
    person: str | None = None


class TicketCalled(Event, frozen=True, tag="ticket-called"):
    number: str
    window: str
    reason: str | None = None


class TicketRecalled(Event, frozen=True, tag="ticket-recalled"):
    number: str
    window: str


class ServiceStarted(Event, frozen=True, tag="service-started"):
    number: str
    window: str


class ServiceFinished(Event, frozen=True, tag="service-finished"):
    number: str
    window: str
    ticket: str
    queue: str
    items: tuple[str, ...] = ()
    outcome: Outcome = "done"
    case: str | None = None


class TicketMissed(Event, frozen=True, tag="ticket-missed"):
    number: str
    window: str


class TicketParked(Event, frozen=True, tag="ticket-parked"):
    number: str
    window: str
    reason: str


class TicketUnparked(Event, frozen=True, tag="ticket-unparked"):
    number: str
    window: str


class TicketTransferred(Event, frozen=True, tag="ticket-transferred"):
    number: str
    window: str
    queue: str
    reason: str


class TicketLeft(Event, frozen=True, tag="ticket-left"):
    number: str
    reason: str = "gave-up"


AnyEvent = (
    DayOpened
    | DayClosed
    | QueueAdded
    | WindowOpened
    | WindowClosed
    | WindowPaused
    | WindowResumed
    | TicketIssued
    | TicketCalled
    | TicketRecalled
    | ServiceStarted
    | ServiceFinished
    | TicketMissed
    | TicketParked
    | TicketUnparked
    | TicketTransferred
    | TicketLeft
)


# --- state ----------------------------------------------------------------------------------------------------


class Ticket(msgspec.Struct, gc=False):
    number: str
    id: str
    serial: int
    queue: str
    issued_at: datetime
    item: str | None = None
    priority: Priority = "ordinary"
    appointment: str | None = None
    due_at: datetime | None = None
    status: Status = "waiting"
    window: str | None = None
    called_at: datetime | None = None
    recalls: int = 0


class Window(msgspec.Struct):
    plan: WindowPlan
    queues: tuple[str, ...]
    state: Literal["closed", "open", "paused"] = "closed"
    clerk: str | None = None
    serving: str | None = None
    """The number of the ticket that was called here and is neither finished nor set aside."""
    last: str | None = None
    """The number of the ticket that was last called here, in hand or not."""


class Queue(msgspec.Struct):
    """The day as the windows know it. ``lines`` hold the waiting numbers of each queue in order of arrival."""

    plan: HallPlan | None = None
    closed: bool = False
    queues: dict[str, QueuePlan] = {}
    windows: dict[str, Window] = {}
    tickets: dict[str, Ticket] = {}
    numbers: dict[str, str] = {}
    lines: dict[str, dict[str, None]] = {}
    issued: dict[str, int] = {}
    experience: Experience = msgspec.field(default_factory=Experience)


def stream(hall: str, day: date) -> str:
    return f"queue-{hall}-{day.isoformat()}"


def initial() -> Queue:
    return Queue()


def decide(command: AnyCommand, queue: Queue, stamp: Stamp) -> list[AnyEvent]:
    if isinstance(command, OpenDay):
        return [] if queue.plan else [DayOpened(command.plan)]
    if queue.plan is None:
        raise Refused("day-not-open")
    if isinstance(command, IssueTicket) and command.ticket in queue.numbers:
        return []
    if queue.closed:
        if isinstance(command, CloseDay):
            return []
        raise Refused("day-closed")
    match command:
        case IssueTicket(ticket, line, item, priority, appointment, due_at, person):
            plan = queue.queues.get(line)
            if plan is None:
                raise Refused("unknown-queue", missing=True, queue=line)
            number = f"{plan.prefix}{queue.issued.get(plan.prefix, 0) + 1:03d}"
            return [TicketIssued(number, ticket, line, item, priority, appointment, due_at, person)]
        case CallNext(window):
            free = _free(queue, window)
            ticket_called = next_in_line(queue, free.queues, stamp.at)
            if ticket_called is None:
                raise Refused("nobody-waiting", window=window)
            return [TicketCalled(ticket_called.number, window)]
        case CallTicket(window, number, why):
            _free(queue, window)
            ticket_meant = _ticket(queue, number)
            if ticket_meant.status not in ("waiting", "missed"):
                raise Refused("ticket-not-waiting", number=ticket_meant.number, status=ticket_meant.status)
            return [TicketCalled(ticket_meant.number, window, why)]
        case Recall(window):
            ticket_here = _serving(queue, window, "called")
            if ticket_here.recalls >= queue.plan.recalls:
                raise Refused("recalled-enough", number=ticket_here.number, recalls=ticket_here.recalls)
            return [TicketRecalled(ticket_here.number, window)]
        case StartService(window):
            if _serving(queue, window).status == "serving":
                return []
            return [ServiceStarted(_serving(queue, window, "called").number, window)]
        case FinishService(window, items, outcome, case):
            done = _serving(queue, window, "serving")
            return [ServiceFinished(done.number, window, done.id, done.queue, items, outcome, case)]
        case MarkNoShow(window):
            return [TicketMissed(_serving(queue, window, "called").number, window)]
        case ParkTicket(window, why):
            return [TicketParked(_serving(queue, window).number, window, why)]
        case UnparkTicket(window, number):
            _free(queue, window)
            aside = _ticket(queue, number)
            if aside.status != "parked":
                raise Refused("ticket-not-parked", number=aside.number, status=aside.status)
            return [TicketUnparked(aside.number, window)]
        case TransferTicket(window, line, why):
            if line not in queue.queues:
                raise Refused("unknown-queue", missing=True, queue=line)
            return [TicketTransferred(_serving(queue, window).number, window, line, why)]
        case LeaveLine(number):
            leaver = _ticket(queue, number)
            if leaver.status == "left":
                return []
            if leaver.status not in ("waiting", "missed", "parked"):
                raise Refused("ticket-not-waiting", number=leaver.number, status=leaver.status)
            return [TicketLeft(leaver.number)]
        case AddQueue(line, name):
            if line in queue.queues:
                return []
            if len(queue.queues) >= QUEUES_MAX:
                raise Refused("queues-enough", queues=QUEUES_MAX)
            return [QueueAdded(QueuePlan(line, _free_prefix(queue, line), name))]
        case OpenWindow(window, clerk, queues):
            return _open_window(queue, window, clerk, queues)
        case CloseWindow(window):
            return _close_window(queue, window)
        case PauseWindow(window, why):
            if _window(queue, window).state == "paused":
                return []
            if queue.windows[window].state == "closed":
                raise Refused("window-not-open", window=window, state="closed")
            return [WindowPaused(window, why)]
        case ResumeWindow(window):
            if _window(queue, window).state == "open":
                return []
            if queue.windows[window].state == "closed":
                raise Refused("window-not-open", window=window, state="closed")
            return [WindowResumed(window)]
        case CloseDay():
            return [*_leavers(queue), *_closers(queue), DayClosed()]
    assert_never(command)


def evolve(queue: Queue, event: AnyEvent, stamp: Stamp) -> Queue:
    match event:
        case TicketIssued(number, ticket, line, item, priority, appointment, due_at):
            queue.tickets[number] = Ticket(
                number, ticket, len(queue.tickets) + 1, line, stamp.at, item, priority, appointment, due_at
            )
            queue.numbers[ticket] = number
            queue.lines[line][number] = None
            queue.experience.came(line, stamp.at.timestamp())
            prefix = queue.queues[line].prefix
            queue.issued[prefix] = queue.issued.get(prefix, 0) + 1
        case TicketCalled(number, window, why):
            _take_out(queue, number, window, why, stamp.at)
            _take_up(queue, number, window, stamp.at)
        case TicketUnparked(number, window):
            _take_up(queue, number, window, stamp.at)
        case TicketRecalled(number, _):
            queue.tickets[number].recalls += 1
        case ServiceStarted(number, _):
            queue.tickets[number].status = "serving"
        case ServiceFinished(number, window):
            _put_down(queue, number, window, "served", stamp.at)
            _count_service(queue, queue.tickets[number], stamp.at)
        case TicketMissed(number, window):
            _put_down(queue, number, window, "missed", stamp.at)
        case TicketParked(number, window):
            _put_down(queue, number, window, "parked", stamp.at)
        case TicketTransferred(number, window, line):
            _put_down(queue, number, window, "waiting", stamp.at)
            queue.tickets[number].queue = line
            queue.tickets[number].window = None
            queue.lines[line][number] = None
            queue.experience.returned(line, stamp.at.timestamp())
        case TicketLeft(number):
            queue.tickets[number].status = "left"
            _give_up(queue, number, stamp.at)
        case WindowOpened(window, clerk, queues):
            plan = WindowPlan(window, Text(window, window), "general", queues)
            opened = queue.windows.setdefault(window, Window(plan, queues))
            opened.state, opened.clerk, opened.queues = "open", clerk, queues
            queue.experience.free(window, queues, stamp.at.timestamp())
        case WindowClosed(window):
            queue.windows[window].state, queue.windows[window].clerk = "closed", None
        case WindowPaused(window):
            queue.windows[window].state = "paused"
        case WindowResumed(window):
            queue.windows[window].state = "open"
            queue.experience.free(window, queue.windows[window].queues, stamp.at.timestamp())
        case QueueAdded(line_plan):
            queue.queues[line_plan.queue] = line_plan
            queue.lines[line_plan.queue] = {}
        case DayOpened(plan_of_day):
            queue.plan = plan_of_day
            queue.queues = {q.queue: q for q in plan_of_day.queues}
            queue.windows = {w.window: Window(w, w.queues) for w in plan_of_day.windows}
            queue.lines = {q.queue: {} for q in plan_of_day.queues}
        case DayClosed():
            queue.closed = True
        case _:
            assert_never(event)
    return queue


# --- questions to the state -----------------------------------------------------------------------------------


def next_in_line(queue: Queue, lines: tuple[str, ...], at: datetime) -> Ticket | None:
    """Who a window serving these queues calls next: the first of its first queue that has anybody."""
    for line in lines:
        if numbers := queue.lines.get(line):
            return min((queue.tickets[n] for n in numbers), key=lambda ticket: rank(ticket, at))
    return None


def ahead(queue: Queue, number: str, at: datetime) -> int:
    """How many in the ticket's queue will be called before it, as the line stands; none once it is out of it."""
    mine = queue.tickets[number]
    if mine.status != "waiting":
        return 0
    place = rank(mine, at)
    return sum(rank(queue.tickets[n], at) < place for n in queue.lines[mine.queue])


def windows_serving(queue: Queue, line: str) -> Iterator[Window]:
    """The open windows that call from a queue."""
    return (w for w in queue.windows.values() if w.state == "open" and line in w.queues)


def _window(queue: Queue, window: str) -> Window:
    if window not in queue.windows:
        raise Refused("unknown-window", missing=True, window=window)
    return queue.windows[window]


def _free(queue: Queue, window: str) -> Window:
    """The window, open and with no ticket in hand: one open ticket per window is what keeps desks unblocked."""
    found = _window(queue, window)
    if found.state != "open":
        raise Refused("window-not-open", window=window, state=found.state)
    if found.serving is not None:
        raise Refused("window-busy", window=window, number=found.serving)
    return found


def _serving(queue: Queue, window: str, status: Status | None = None) -> Ticket:
    """The ticket in hand at a window."""
    number = _window(queue, window).serving
    if number is None:
        raise Refused("window-idle", window=window)
    ticket = queue.tickets[number]
    if status is not None and ticket.status != status:
        raise Refused(f"ticket-not-{status}", number=number, status=ticket.status)
    return ticket


def _ticket(queue: Queue, number: str) -> Ticket:
    """The ticket of a number or of a reference."""
    found = queue.tickets.get(number) or queue.tickets.get(queue.numbers.get(number, ""))
    if found is None:
        raise Refused("unknown-ticket", missing=True, number=number)
    return found


def _free_prefix(queue: Queue, line: str) -> str:
    """The first prefix nobody has: the queue's own letters before any others, one letter before two."""
    own = [letter for letter in line.upper() if letter in ascii_uppercase]
    own_pairs = [own[0] + letter for letter in own[1:]]
    pairs = [first + second for first in ascii_uppercase for second in ascii_uppercase]
    taken = {plan.prefix for plan in queue.queues.values()}
    wishes: list[str] = [*own[:1], *own_pairs, *ascii_uppercase, *pairs]
    return next(prefix for prefix in wishes if prefix not in taken)


def _open_window(queue: Queue, window: str, clerk: str, queues: tuple[str, ...]) -> list[AnyEvent]:
    known = queue.windows.get(window)
    if known is None and not queues:
        raise Refused("unknown-window", missing=True, window=window)
    for line in queues:
        if line not in queue.queues:
            raise Refused("unknown-queue", missing=True, queue=line)
    elsewhere = next((n for n, w in queue.windows.items() if w.clerk == clerk and n != window), None)
    if elsewhere is not None:
        raise Refused("clerk-at-another-window", clerk=clerk, window=elsewhere)
    serves = queues or (known.plan.queues if known else ())
    if known is not None and known.state != "closed":
        if known.clerk != clerk:
            raise Refused("window-taken", window=window, clerk=known.clerk)
        if known.state == "open" and known.queues == serves:
            return []
    return [WindowOpened(window, clerk, serves)]


def _close_window(queue: Queue, window: str) -> list[AnyEvent]:
    found = _window(queue, window)
    if found.state == "closed":
        return []
    if found.serving is not None:
        raise Refused("window-busy", window=window, number=found.serving)
    return [WindowClosed(window)]


def _leavers(queue: Queue) -> Iterator[AnyEvent]:
    busy = [w for w in queue.windows.values() if w.serving]
    if busy:
        raise Refused("window-busy", window=busy[0].plan.window, number=busy[0].serving)
    open_ended = ("waiting", "missed", "parked")
    return (TicketLeft(t.number, "day-closed") for t in queue.tickets.values() if t.status in open_ended)


def _closers(queue: Queue) -> Iterator[AnyEvent]:
    return (WindowClosed(name) for name, w in queue.windows.items() if w.state != "closed")


def _take_up(queue: Queue, number: str, window: str, at: datetime) -> None:
    ticket = queue.tickets[number]
    ticket.status, ticket.window, ticket.called_at, ticket.recalls = "called", window, at, 0
    queue.windows[window].serving = queue.windows[window].last = number


def _put_down(queue: Queue, number: str, window: str, status: Status, at: datetime) -> None:
    queue.tickets[number].status = status
    queue.windows[window].serving = None
    queue.experience.free(window, queue.windows[window].queues, at.timestamp())


def _give_up(queue: Queue, number: str, at: datetime) -> None:
    ticket = queue.tickets[number]
    line = queue.lines[ticket.queue]
    if number in line:
        del line[number]
        queue.experience.gave_up((at - ticket.issued_at).total_seconds())
        if not line:
            queue.experience.emptied(ticket.queue, at.timestamp())


def _take_out(queue: Queue, number: str, window: str, why: str | None, at: datetime) -> None:
    """Take a called ticket out of its line, if it stood there and was not missed before."""
    ticket = queue.tickets[number]
    line = queue.lines[ticket.queue]
    if number not in line:
        return
    crowded = [queue.lines[name] for name in queue.windows[window].queues if queue.lines[name]]
    choice = sum(len(waiting) for waiting in crowded)
    in_turn = why is None or (bool(crowded) and crowded[0] is line and next(iter(line)) == number)
    queue.experience.called(window, choice, in_turn, (at - ticket.issued_at).total_seconds(), at.timestamp())
    del line[number]
    if not line:
        queue.experience.emptied(ticket.queue, at.timestamp())


def _count_service(queue: Queue, ticket: Ticket, at: datetime) -> None:
    if ticket.called_at is not None:
        queue.experience.served(ticket.queue, max(0.0, (at - ticket.called_at).total_seconds()))
