"""One hall's day at the windows: tickets are taken, called, served, set aside or missed.

The stream ``queue-{hall}-{date}`` begins with the plan the hall had that morning and ends with the day.
A ticket is known by its number (``A001``) to people and by an unguessable reference to programs.
"""

from datetime import date, datetime, timedelta
from math import ceil
from typing import Annotated

from msgspec import Meta

from domain import day_end, detours, reception, windows
from domain.day_end import (  # noqa: F401  # the subject's words are all found here
    DAY_CLOSED,
    CloseDay,
    DayClosed,
    DayReopened,
    ReopenDay,
    TicketCutOff,
    TicketRestored,
)
from domain.detours import (  # noqa: F401  # and its words about what is not all
    FinishUndone,
    NoShowUndone,
    ParkTicket,
    ReturnToLine,
    SplitUndone,
    SplitVisit,
    TicketParked,
    TicketReturned,
    TicketTransferred,
    TicketUnparked,
    TransferTicket,
    TransferUndone,
    UndoLast,
    UnparkTicket,
    VisitSplit,
)
from domain.experience import Wait
from domain.hall import HallPlan, QueuePlan, closes_at
from domain.line import (  # noqa: F401  # and its questions
    CHECK_IN_UNDONE,
    Done,
    Outcome,
    Queue,
    Status,
    Stop,
    Ticket,
    Window,
    ahead,
    being_served,
    count_service,
    desk_of,
    free_prefix,
    free_window,
    in_hand,
    known_queue,
    known_skill,
    known_ticket,
    next_in_line,
    put_down,
    take_out,
    take_up,
    windows_serving,
)
from domain.message import Command, Event, Id, Label, Reference, Refused, Stamp, Text
from domain.nearing import TurnNeared, nearing
from domain.order import Priority
from domain.reception import (  # noqa: F401  # and its words about those whom nobody has called
    ChangeTicket,
    LeaveLine,
    TakeBackTicket,
    TicketChanged,
    TicketLeft,
)
from domain.wait import expected
from domain.windows import (  # noqa: F401  # and its words about windows
    AlarmCleared,
    AlarmRaised,
    ClearAlarm,
    CloseWindow,
    MeanTicket,
    OpenWindow,
    PauseWindow,
    RaiseAlarm,
    ResumeWindow,
    WindowClosed,
    WindowOpened,
    WindowPaused,
    WindowResumed,
)
from domain.workdays import SHANGHAI

QUEUES_MAX = 100
"""How many queues a day may come to have: a plan's forty and those a record of another place brings along."""


# --- commands -------------------------------------------------------------------------------------------------


class OpenDay(Command, frozen=True):
    """Begin the day with the hall's plan. Asked before every first ticket; a day that is open stays as it is."""

    plan: HallPlan


class AddQueue(Command, frozen=True):
    """Give this day a queue its plan lacks, with the first free prefix. One the day has stays as it is."""

    queue: Id
    name: Text


class IssueTicket(Command, frozen=True):
    """Give a number. ``ticket`` is the asker's own reference: asking again with it gives no second number.

    ``more`` are further items of the same service; ``stops`` are where the visit goes on after it, with the same number
    and the place of its arrival, as each service is finished.
    """

    ticket: Reference
    queue: Id
    item: Id | None = None
    priority: Priority = "ordinary"
    appointment: Reference | None = None
    due_at: datetime | None = None
    person: Label | None = None
    skill: Id | None = None
    told: Wait | None = None
    """What whoever asks is told about their wait, kept to be compared with what it was."""
    more: Annotated[tuple[Id, ...], Meta(max_length=8)] = ()
    stops: Annotated[tuple[Stop, ...], Meta(max_length=8)] = ()


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
    """End the service with what was really handled; ``case`` is the application it opened, if any.

    A visit with further stops goes on to the next of them that has something left to handle.
    """

    window: Id
    items: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    outcome: Outcome = "done"
    case: Reference | None = None


class MarkNoShow(Command, frozen=True):
    window: Id


AnyCommand = (
    OpenDay
    | AddQueue
    | IssueTicket
    | CallNext
    | CallTicket
    | Recall
    | StartService
    | FinishService
    | MarkNoShow
    | day_end.AnyCommand
    | reception.AnyCommand
    | windows.AnyCommand
    | detours.AnyCommand
)


# --- events ---------------------------------------------------------------------------------------------------


class DayOpened(Event, frozen=True, tag="day-opened"):
    plan: HallPlan


class QueueAdded(Event, frozen=True, tag="queue-added"):
    plan: QueuePlan


class TicketIssued(Event, frozen=True, tag="ticket-issued"):
    number: str
    ticket: str
    queue: str
    item: str | None = None
    priority: Priority = "ordinary"
    appointment: str | None = None
    due_at: datetime | None = None
    person: str | None = None
    skill: str | None = None
    told: Wait | None = None
    more: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()


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
    """``nth`` is which of the ticket's services it was, from 0: those that led on or were taken back count as well."""

    number: str
    window: str
    ticket: str
    queue: str
    items: tuple[str, ...] = ()
    outcome: Outcome = "done"
    case: str | None = None
    nth: int = 0


class TicketMissed(Event, frozen=True, tag="ticket-missed"):
    number: str
    window: str


AnyEvent = (
    DayOpened
    | QueueAdded
    | TicketIssued
    | TicketCalled
    | TicketRecalled
    | ServiceStarted
    | ServiceFinished
    | TicketMissed
    | day_end.AnyEvent
    | reception.AnyEvent
    | TurnNeared
    | windows.AnyEvent
    | detours.AnyEvent
)


# --- decisions ------------------------------------------------------------------------------------------------


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
    if isinstance(command, TakeBackTicket) and known_ticket(queue, command.number).reason == CHECK_IN_UNDONE:
        return []
    if isinstance(command, day_end.AnyCommand):
        return [*day_end.decide(command, queue, stamp)]
    if queue.closed and not isinstance(command, RaiseAlarm | ClearAlarm):
        raise Refused("day-closed")
    match command:
        case IssueTicket(ticket, line, item, priority, appointment, due_at, person, skill, told, more, stops):
            for stop in stops:
                known_queue(queue, stop.queue)
            prefix = known_queue(queue, line).prefix
            if appointment is None and (why := _no_room(queue.plan, queue, line, stamp.at)) is not None:
                raise why
            number = f"{prefix}{queue.issued.get(prefix, 0) + 1:03d}"
            needed = known_skill(queue, skill)
            who = (priority, appointment, due_at, person)
            return [TicketIssued(number, ticket, line, item, *who, needed, told, more, stops)]
        case CallNext(window):
            free = free_window(queue, window)
            ticket_called = next_in_line(queue, free.queues, stamp.at, window)
            if ticket_called is None:
                raise Refused("nobody-waiting", window=window)
            return _call(queue, TicketCalled(ticket_called.number, window), stamp.at)
        case CallTicket(window, number, excuse):
            free_window(queue, window)
            ticket_meant = known_ticket(queue, number)
            if ticket_meant.status not in ("waiting", "missed"):
                raise Refused("ticket-not-waiting", number=ticket_meant.number, status=ticket_meant.status)
            if (desk := desk_of(queue, ticket_meant)) not in (None, window):
                raise Refused("ticket-kept", number=ticket_meant.number, window=desk)
            return _call(queue, TicketCalled(ticket_meant.number, window, excuse), stamp.at)
        case Recall(window):
            return [_recall(queue.plan, in_hand(queue, window, "called"), window, stamp.at)]
        case StartService(window):
            if in_hand(queue, window).status == "serving":
                return []
            return [ServiceStarted(in_hand(queue, window, "called").number, window)]
        case FinishService(window, items, outcome, case):
            done = being_served(queue, window)
            if (further := detours.next_stop(done, window, items, outcome, case, queue)) is not None:
                return [further]
            what = (items, outcome, case, done.endings)
            return [ServiceFinished(done.number, window, done.id, done.queue, *what)]
        case MarkNoShow(window):
            absent = in_hand(queue, window, "called")
            if queue.plan.no_show_after_recalls and absent.recalls < queue.plan.recalls:
                raise Refused("recall-first", number=absent.number, recalls=queue.plan.recalls)
            return [TicketMissed(absent.number, window)]
        case AddQueue(line, name):
            if line in queue.queues:
                return []
            if len(queue.queues) >= QUEUES_MAX:
                raise Refused("queues-enough", queues=QUEUES_MAX)
            return [QueueAdded(QueuePlan(line, free_prefix(queue, line), name))]
    if isinstance(command, windows.AnyCommand):
        return [*windows.decide(command, queue)]
    if isinstance(command, reception.AnyCommand):
        return [*reception.decide(command, queue)]
    return [*detours.decide(command, queue, stamp)]


def _call(queue: Queue, called: TicketCalled, at: datetime) -> list[AnyEvent]:
    return [called, *nearing(queue, called.number, at)]


def newcomer(queue: Queue, asked: IssueTicket, at: datetime) -> Ticket:
    """The ticket that somebody would get: what can be asked of one can be asked before it is given."""
    ticket = Ticket("", asked.ticket, queue.serial + 1, asked.queue, at, at, asked.item, asked.priority)
    ticket.due_at, ticket.skill = asked.due_at, known_skill(queue, asked.skill)
    return ticket


def morning(plan: HallPlan) -> Queue:
    """A day as it begins with a plan."""
    queue = Queue(plan)
    queue.queues = {q.queue: q for q in plan.queues}
    queue.windows = {w.window: Window(w, w.queues) for w in plan.windows}
    queue.lines = {q.queue: {} for q in plan.queues}
    return queue


def evolve(queue: Queue, event: AnyEvent, stamp: Stamp) -> Queue:
    match event:
        case TicketIssued(
            number, ticket, line, item, priority, appointment, due_at, person, skill, told, more, stops
        ):
            queue.serial += 1
            came = Ticket(number, ticket, queue.serial, line, stamp.at, stamp.at, item, priority, appointment)
            came.due_at, came.person, came.skill, came.told = due_at, person, skill, told
            came.more, came.stops = more, stops
            queue.tickets[number] = came
            queue.numbers[ticket] = number
            queue.lines[line][number] = None
            if priority != "ordinary" or due_at is not None or skill is not None:
                queue.special.setdefault(line, set()).add(number)
            queue.experience.came(line, stamp.at.timestamp())
            prefix = queue.queues[line].prefix
            queue.issued[prefix] = queue.issued.get(prefix, 0) + 1
        case TicketCalled(number, window, excuse):
            take_out(queue, number, window, excuse, stamp.at)
            take_up(queue, number, window, stamp.at)
        case TurnNeared(number):
            queue.tickets[number].near = True
        case TicketRecalled(number, _):
            queue.tickets[number].recalls += 1
            queue.tickets[number].recalled_at = stamp.at
        case ServiceStarted(number, _):
            queue.tickets[number].status, queue.tickets[number].started_at = "serving", stamp.at
        case ServiceFinished(number, window):
            served = queue.tickets[number]
            seconds = count_service(queue, served.queue, served.called_at, stamp.at)
            before = (served.status, served.queue, served.kept_for)
            ended = (event.nth, event.outcome)
            served.done = Done("finish", window, stamp.at, *before, seconds, None, *ended)
            served.endings += 1
            put_down(queue, number, window, "served", stamp.at)
        case TicketMissed(number, window):
            missed = queue.tickets[number]
            missed.done = Done("no-show", window, stamp.at, missed.status, missed.queue, missed.kept_for)
            put_down(queue, number, window, "missed", stamp.at)
        case TicketLeft(number, reason) if reason == DAY_CLOSED:
            day_end.let_go(queue, number, stamp.at)
        case QueueAdded(line_plan):
            queue.queues[line_plan.queue] = line_plan
            queue.lines[line_plan.queue] = {}
        case DayOpened(plan_of_day):
            return morning(plan_of_day)
        case _:
            if isinstance(event, windows.AnyEvent):
                windows.evolve(queue, event, stamp)
            elif isinstance(event, day_end.AnyEvent):
                day_end.evolve(queue, event, stamp)
            elif isinstance(event, reception.AnyEvent):
                reception.evolve(queue, event, stamp)
            else:
                detours.evolve(queue, event, stamp)
    return queue


def why_no_ticket(queue: Queue, line: str, at: datetime) -> Refused | None:
    """Why nobody who has not booked would be given a ticket of a line that the day has."""
    if queue.closed:
        return Refused("day-closed")
    return None if queue.plan is None else _no_room(queue.plan, queue, line, at)


def _no_room(plan: HallPlan, queue: Queue, line: str, at: datetime) -> Refused | None:
    """Why the hall takes in nobody more who has not booked; who has booked is always let in: as many wait as may, or
    the service would probably end after the hall has closed."""
    if plan.capacity is not None and queue.waiting >= plan.capacity:
        return Refused("hall-full", waiting=queue.waiting, capacity=plan.capacity)
    if plan.tickets_until != "closing-time":
        return None
    local = at.astimezone(SHANGHAI)
    if (closes := closes_at(plan, local.date())) is not None:
        wait = expected(queue, line, len(queue.lines[line]))
        seconds = (wait.p50 if wait else 0) + queue.queues[line].service_minutes * 60
        if local + timedelta(seconds=seconds) > closes:
            return Refused("closing-soon", closes=f"{closes:%H:%M}")
    return None


def _recall(plan: HallPlan, ticket: Ticket, window: str, at: datetime) -> TicketRecalled:
    if ticket.recalls >= plan.recalls:
        raise Refused("recalled-enough", number=ticket.number, recalls=ticket.recalls)
    last = ticket.recalled_at or ticket.called_at or at
    if (wait := (last - at).total_seconds() + plan.recall_gap_seconds) > 0:
        raise Refused("recall-too-soon", number=ticket.number, seconds=ceil(wait))
    return TicketRecalled(ticket.number, window)
