"""What is done at a hall and touches more than one stream, each as one act: all of it happens or nothing.

Booking takes a place in the hall's day and puts it on the person's record. Checking in tells that they came and
is itself the taking of a ticket. An answer is what the asker is told at once, before any view has followed.
"""

from collections.abc import Callable
from datetime import date

import msgspec

from domain import citizen, queue, slots
from domain.booking import DEFAULT_LIMITS, Limits
from domain.citizen import (
    DropHold,
    RecordBooking,
    RecordHold,
    RecordNoShow,
    RecordVisit,
    ReleaseBooking,
    UndoVisit,
)
from domain.experience import Wait
from domain.hall import HallPlan
from domain.handling import Act, Ask, Follow, Held, Hold
from domain.line import known_ticket
from domain.message import Refused
from domain.offering import SlotsPlan
from domain.order import Priority
from domain.queue import (
    AddQueue,
    CallNext,
    CallTicket,
    ChangeTicket,
    ClearAlarm,
    CloseWindow,
    FinishService,
    IssueTicket,
    LeaveLine,
    MarkNoShow,
    MeanTicket,
    OpenDay,
    OpenWindow,
    ParkTicket,
    PauseWindow,
    RaiseAlarm,
    Recall,
    ResumeWindow,
    ReturnToLine,
    SplitVisit,
    StartService,
    TakeBackTicket,
    TransferTicket,
    UndoLast,
    UnparkTicket,
)
from domain.receipts import (
    AppointmentReceipt,
    CallReceipt,
    DeskReceipt,
    HoldReceipt,
    QueueReceipt,
    TicketReceipt,
    WindowReceipt,
)
from domain.slots import (
    BookSlot,
    CancelAppointment,
    CheckIn,
    ConfirmHold,
    GiveUpForMove,
    HoldPlace,
    MissAppointment,
    OfferSlots,
    PlaceHeld,
    ReleaseHold,
    SlotBooked,
    UndoCheckIn,
)
from domain.wait import expected

TicketCommand = (
    CallNext
    | CallTicket
    | Recall
    | StartService
    | FinishService
    | MarkNoShow
    | ParkTicket
    | UnparkTicket
    | TransferTicket
    | ReturnToLine
    | SplitVisit
    | UndoLast
)
"""What a window does with a ticket."""


Foretell = Callable[[Held, IssueTicket], Wait | None]
"""What whoever asks for a ticket is told about their wait, as the line stands."""


def by_formula(held: Held, asked: IssueTicket) -> Wait | None:
    """The wait by what those in line take on average, for whoever keeps no forecasts."""
    return expected(held.state, asked.queue, len(held.state.lines[asked.queue]))


# --- appointments -------------------------------------------------------------------------------------------


def book(
    hall: str,
    day: date,
    command: BookSlot,
    *,
    offered: SlotsPlan | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Act:
    """Book within the person's limits. ``offered`` is what the hall offers, should nobody have asked for the day
    before; without it an unoffered day refuses. Answers with an ``AppointmentReceipt``.
    """
    days = slots.stream(hall, day)
    asks: tuple[Ask | Follow, ...] = (
        *_opening(days, offered),
        Ask(days, command),
        _record(hall, days, command.appointment, limits),
    )
    return Act(asks, _tell_appointment(hall, days, command.appointment))


def hold_place(
    hall: str,
    day: date,
    command: HoldPlace,
    *,
    offered: SlotsPlan | None = None,
    limits: Limits | None = DEFAULT_LIMITS,
) -> Act:
    """Keep a place while the form is filled in. Answers with a ``HoldReceipt``.

    Args:
        limits: those of the holder, who is told now and not after the form that a limit is reached; ``None`` if
            they are staff, whose own limits have nothing to do with it.
    """
    days = slots.stream(hall, day)

    def record(hold: Hold) -> Ask:
        held = _held(hold, days, command.hold)
        return Ask(
            citizen.stream(held.holder),
            RecordHold(
                command.hold,
                hall,
                held.item,
                held.starts_at,
                held.ends_at,
                held.until,
                held.channel,
                limits or DEFAULT_LIMITS,
                held.more,
            ),
        )

    asks: tuple[Ask | Follow, ...] = (*_opening(days, offered), Ask(days, command))
    return Act(asks if limits is None else (*asks, record), _tell_hold(hall, days, command.hold))


def confirm(
    hall: str, day: date, command: ConfirmHold, holder: str, *, limits: Limits = DEFAULT_LIMITS
) -> Act:
    """Make an appointment of a held place, within the limits of the person it is for. Answers with an
    ``AppointmentReceipt``."""
    days = slots.stream(hall, day)
    asks = (
        Ask(days, command),
        _record(hall, days, command.hold, limits),
        Ask(citizen.stream(holder), DropHold(command.hold)),
    )
    return Act(asks, _tell_appointment(hall, days, command.hold))


def let_go(hall: str, day: date, command: ReleaseHold, holder: str) -> Act:
    """Give a held place back."""
    return Act((Ask(slots.stream(hall, day), command), Ask(citizen.stream(holder), DropHold(command.hold))))


def move(hall: str, day: date, appointment: str, there: Act, moved_to: str) -> Act:
    """Take another place and give this one back, both or neither: nobody loses the place they had before they have
    the one they want. Answers as ``there``.

    The old place is given back first within the act: it must neither count against its own person's limits nor
    be missing to the new one where they overlap. It can be moved as long as it can be cancelled.

    Args:
        there: the act of booking the other place, which ``moved_to`` is the reference of.
    """
    days = slots.stream(hall, day)

    def release(hold: Hold) -> Ask:
        person = _booking(hold, days, appointment).person
        return Ask(citizen.stream(person), ReleaseBooking(appointment, "moved"))

    return Act((Ask(days, GiveUpForMove(appointment, moved_to)), release, *there.asks), there.answer)


def cancel(hall: str, day: date, command: CancelAppointment) -> Act:
    """Give the place back. Answers with an ``AppointmentReceipt``."""
    days = slots.stream(hall, day)

    def release(hold: Hold) -> Ask:
        person = _booking(hold, days, command.appointment).person
        return Ask(citizen.stream(person), ReleaseBooking(command.appointment, command.reason))

    return Act((Ask(days, command), release), _tell_appointment(hall, days, command.appointment))


def check_in(
    hall: str,
    day: date,
    plan: HallPlan,
    command: CheckIn,
    *,
    priority: Priority = "ordinary",
    wait: Foretell = by_formula,
    skill_of: Callable[[str], str | None] = lambda item: None,
    queue_of: Callable[[str], str | None] = lambda item: None,
) -> Act:
    """Arrive for an appointment and be in line: in time with the booking's precedence, late without it.

    Answers with a ``TicketReceipt``: nobody who has booked takes a number a second time.

    Args:
        skill_of: what a clerk must know to handle an item.
        queue_of: where an item is handled now, for a booking in a queue that the hall has given up since.
    """
    days, line = slots.stream(hall, day), queue.stream(hall, day)

    def issue(hold: Hold) -> Ask:
        arrived: slots.Arrived = hold(days).state.appointments[command.appointment]
        made = arrived.booking
        due_at = None if arrived.late else made.starts_at
        who = (priority, made.appointment, due_at, made.person)
        here = hold(line).state.queues
        issue = IssueTicket(
            command.ticket,
            made.queue if made.queue in here else queue_of(made.item) or made.queue,
            made.item,
            *who,
            skill=skill_of(made.item),
            more=made.more,
        )
        return Ask(line, _told(hold(line), issue, wait))

    def visit(hold: Hold) -> Ask:
        person = _booking(hold, days, command.appointment).person
        return Ask(citizen.stream(person), RecordVisit(command.appointment))

    asks = (Ask(days, command), Ask(line, OpenDay(plan)), issue, visit)
    return Act(asks, lambda hold: _ticket(hold, line, command.ticket))


def undo_check_in(hall: str, day: date, number: str) -> Act:
    """Take back the check-in that gave a ticket, which leaves its line: the appointment is still to be kept. Its
    number is used up. Answers with an ``AppointmentReceipt``; a check-in that followed meanwhile stays.

    Args:
        number: the ticket's number, or its reference.
    """
    days, line = slots.stream(hall, day), queue.stream(hall, day)

    def of(hold: Hold) -> tuple[str, str]:
        ticket = known_ticket(hold(line).state, number)
        assert ticket.appointment is not None, "only a check-in's ticket is taken back"
        return ticket.appointment, ticket.id

    def undo(hold: Hold) -> Ask:
        return Ask(days, UndoCheckIn(*of(hold)))

    def visit(hold: Hold) -> Ask | None:
        match _appointment(hold, days, of(hold)[0]):
            case slots.Booked(booking):
                return Ask(citizen.stream(booking.person), UndoVisit(booking.appointment))
            case _:
                return None

    asks = (Ask(line, TakeBackTicket(number)), undo, visit)
    return Act(asks, lambda hold: _tell_appointment(hall, days, of(hold)[0])(hold))


def miss(hall: str, day: date, command: MissAppointment) -> Act:
    """Record that nobody came, with the hall and with the person. Answers with an ``AppointmentReceipt``."""
    days = slots.stream(hall, day)

    def no_show(hold: Hold) -> Ask:
        person = _booking(hold, days, command.appointment).person
        return Ask(citizen.stream(person), RecordNoShow(command.appointment))

    return Act((Ask(days, command), no_show), _tell_appointment(hall, days, command.appointment))


# --- tickets and windows ------------------------------------------------------------------------------------


def take_ticket(
    hall: str,
    day: date,
    plan: HallPlan,
    command: IssueTicket,
    *,
    wait: Foretell = by_formula,
    why_not: Refused | None = None,
) -> Act:
    """Walk in. Answers with a ``TicketReceipt``.

    Args:
        why_not: why the hall gives nobody a ticket now by the hours it keeps. It is part of the act, so that asking
            again for what was given in time answers with it.
    """
    line = queue.stream(hall, day)

    def issue(hold: Hold) -> Ask:
        if why_not is not None:
            raise why_not
        return Ask(line, _told(hold(line), command, wait))

    return Act((Ask(line, OpenDay(plan)), issue), lambda hold: _ticket(hold, line, command.ticket))


def call_next(hall: str, day: date, window: str) -> Act:
    """Call whoever is next at a window. Answers with a ``CallReceipt``."""
    return at_window(hall, day, CallNext(window))


def at_window(hall: str, day: date, command: TicketCommand, meant: str | None = None) -> Act:
    """Do something with a window's ticket. Answers with a ``CallReceipt`` of that ticket.

    Args:
        meant: the number of the ticket that the asker believes in hand there.
    """
    line = queue.stream(hall, day)
    named = command.number if isinstance(command, ReturnToLine) else None
    means = () if meant is None else (Ask(line, MeanTicket(command.window, meant)),)
    return Act((*means, Ask(line, command)), lambda hold: _called(hold, line, command.window, named))


def at_desk(hall: str, day: date, command: LeaveLine | ChangeTicket) -> Act:
    """Take a ticket that nobody has in hand out of its line, or correct it. Answers with a ``DeskReceipt``."""
    line = queue.stream(hall, day)

    def tell(hold: Hold) -> DeskReceipt:
        ticket = known_ticket(hold(line).state, command.number)
        return DeskReceipt(ticket.number, ticket.queue, ticket.status, ticket.priority, ticket.item)

    return Act((Ask(line, command),), tell)


def open_window(hall: str, day: date, plan: HallPlan, command: OpenWindow) -> Act:
    """Open a window, and the day with the first of them. Answers with a ``WindowReceipt``."""
    line = queue.stream(hall, day)
    asks = (Ask(line, OpenDay(plan)), Ask(line, command))
    return Act(asks, lambda hold: _window(hold, line, command.window))


def turn_window(hall: str, day: date, command: CloseWindow | PauseWindow | ResumeWindow | ClearAlarm) -> Act:
    """Close, pause or resume a window, or end its alarm. Answers with a ``WindowReceipt``."""
    line = queue.stream(hall, day)
    return Act((Ask(line, command),), lambda hold: _window(hold, line, command.window))


def raise_alarm(hall: str, day: date, plan: HallPlan, command: RaiseAlarm) -> Act:
    """Call the staff to a window, whether the day has begun or not. Answers with a ``WindowReceipt``."""
    line = queue.stream(hall, day)
    asks = (Ask(line, OpenDay(plan)), Ask(line, command))
    return Act(asks, lambda hold: _window(hold, line, command.window))


def add_queue(hall: str, day: date, plan: HallPlan, command: AddQueue) -> Act:
    """Give the day a queue its plan lacks, opening the day with it. Answers with a ``QueueReceipt``."""
    line = queue.stream(hall, day)

    def tell(hold: Hold) -> QueueReceipt:
        added = hold(line).state.queues[command.queue]
        return QueueReceipt(added.queue, added.prefix, added.name)

    return Act((Ask(line, OpenDay(plan)), Ask(line, command)), tell)


# --- answers ------------------------------------------------------------------------------------------------


def _opening(days: str, offered: SlotsPlan | None) -> tuple[Ask, ...]:
    return () if offered is None else (Ask(days, OfferSlots(offered)),)


def _record(hall: str, days: str, appointment: str, limits: Limits) -> Follow:
    """Put what was booked on its person's record."""

    def record(hold: Hold) -> Ask:
        made = _booking(hold, days, appointment)
        return Ask(citizen.stream(made.person), record_booking(hall, made, limits))

    return record


def record_booking(hall: str, made: SlotBooked, limits: Limits) -> RecordBooking:
    """What is asked of the person's record. Whom the hall itself moves had booked before any suspension."""
    channel = made.channel if made.because is None else "internal"
    return RecordBooking(
        made.appointment, hall, made.item, made.starts_at, made.ends_at, channel, limits, made.more
    )


def _held(hold: Hold, days: str, name: str) -> PlaceHeld:
    found: PlaceHeld = hold(days).state.holds[name]
    return found


def _appointment(hold: Hold, days: str, appointment: str) -> slots.Appointment:
    found: slots.Appointment = hold(days).state.appointments[appointment]
    return found


def _booking(hold: Hold, days: str, appointment: str) -> SlotBooked:
    return _appointment(hold, days, appointment).booking


def _tell_appointment(hall: str, days: str, appointment: str) -> Callable[[Hold], AppointmentReceipt]:
    def tell(hold: Hold) -> AppointmentReceipt:
        found = _appointment(hold, days, appointment)
        made = found.booking
        return AppointmentReceipt(
            appointment=appointment,
            status=found.status,
            hall=hall,
            slot=made.slot,
            queue=made.queue,
            item=made.item,
            starts_at=made.starts_at,
            ends_at=made.ends_at,
        )

    return tell


def _tell_hold(hall: str, days: str, name: str) -> Callable[[Hold], HoldReceipt]:
    def tell(hold: Hold) -> HoldReceipt:
        held = _held(hold, days, name)
        return HoldReceipt(
            hold=name,
            hall=hall,
            slot=held.slot,
            queue=held.queue,
            item=held.item,
            starts_at=held.starts_at,
            ends_at=held.ends_at,
            until=held.until,
        )

    return tell


def _told(held: Held, asked: IssueTicket, foretell: Foretell) -> IssueTicket:
    """The asking with what is told to whoever asks, unless it will be refused or has its ticket already."""
    day: queue.Queue = held.state
    if asked.queue not in day.lines or asked.ticket in day.numbers:
        return asked
    told = foretell(held, asked)
    return asked if told is None else msgspec.structs.replace(asked, told=told)


def _ticket(hold: Hold, line: str, ticket: str) -> TicketReceipt:
    """The line as it stood when the number was given: a repeated asking is told the rank of that moment."""
    day: queue.Queue = hold(line).state
    issued = day.tickets[day.numbers[ticket]]
    before = queue.ahead(day, issued.number, issued.issued_at)
    wait = issued.told if issued.status == "waiting" else Wait(0, 0)
    return TicketReceipt(ticket, issued.number, issued.queue, before, wait)


def _called(hold: Hold, line: str, window: str, named: str | None = None) -> CallReceipt:
    day: queue.Queue = hold(line).state
    number = named or day.windows[window].last
    assert number is not None, "a window that has a ticket has called it"
    ticket = known_ticket(day, number)
    told = (ticket.item, ticket.more, ticket.stops)
    return CallReceipt(ticket.id, ticket.number, window, ticket.queue, ticket.status, *told)


def _window(hold: Hold, line: str, window: str) -> WindowReceipt:
    day: queue.Queue = hold(line).state
    found = day.windows[window]
    return WindowReceipt(window, found.state, found.queues, found.alarm, found.pause)
