"""What the desk by the door does with a ticket that nobody has in hand: its holder leaves, its check-in is taken back,
what was chosen for it is corrected.

Part of the subject ``queue``: these commands are asked of its streams and these events stand in them.
"""

from typing import assert_never

from domain.line import (
    CHECK_IN_UNDONE,
    Queue,
    known_queue,
    known_skill,
    known_ticket,
    leave,
    only_checked_in,
    stand,
)
from domain.message import Command, Event, Id, Label, Refused, Stamp, Words
from domain.order import Priority

# --- commands -------------------------------------------------------------------------------------------------


class LeaveLine(Command, frozen=True):
    """The holder gave up waiting. ``number`` is the ticket's number or its reference."""

    number: Label


class TakeBackTicket(Command, frozen=True):
    """The check-in that gave this ticket is taken back. ``number`` is the ticket's number or its reference."""

    number: Label


class ChangeTicket(Command, frozen=True):
    """Something was chosen wrongly: another queue, another item with what it needs a clerk to know, another class of
    people. What is not named stays, and so does the place that its arrival gave it."""

    number: Label
    queue: Id | None = None
    item: Id | None = None
    skill: Id | None = None
    priority: Priority | None = None
    reason: Words = "corrected at the desk"


AnyCommand = LeaveLine | TakeBackTicket | ChangeTicket


# --- events ---------------------------------------------------------------------------------------------------


class TicketLeft(Event, frozen=True, tag="ticket-left"):
    number: str
    reason: str = "gave-up"


class TicketChanged(Event, frozen=True, tag="ticket-changed"):
    """The ticket as it is now."""

    number: str
    queue: str
    item: str | None = None
    skill: str | None = None
    priority: Priority = "ordinary"
    reason: str = ""


AnyEvent = TicketLeft | TicketChanged


# --- decisions ------------------------------------------------------------------------------------------------


def decide(command: AnyCommand, queue: Queue) -> list[AnyEvent]:
    match command:
        case LeaveLine(number):
            leaver = known_ticket(queue, number)
            if leaver.status == "left":
                return []
            if leaver.status not in ("waiting", "missed", "parked"):
                raise Refused("ticket-not-waiting", number=leaver.number, status=leaver.status)
            return [TicketLeft(leaver.number)]
        case TakeBackTicket(number):
            returner = only_checked_in(queue, number)
            return [] if returner.status == "left" else [TicketLeft(returner.number, CHECK_IN_UNDONE)]
        case ChangeTicket():
            return _change(command, queue)
    assert_never(command)


def evolve(queue: Queue, event: AnyEvent, stamp: Stamp) -> None:
    match event:
        case TicketLeft(number, reason):
            gone = queue.tickets[number]
            gone.status, gone.done, gone.reason = "left", None, reason
            if leave(queue, number, stamp.at) and reason != CHECK_IN_UNDONE:
                queue.experience.gave_up((stamp.at - gone.issued_at).total_seconds())
        case TicketChanged(number, line, item, skill, priority):
            changed = queue.tickets[number]
            kept_for = changed.kept_for if line == changed.queue else None
            changed.item, changed.skill, changed.priority = item, skill, priority
            leave(queue, number, stamp.at)
            stand(queue, number, line, kept_for, stamp.at)
        case _:
            assert_never(event)


def _change(asked: ChangeTicket, queue: Queue) -> list[AnyEvent]:
    ticket = known_ticket(queue, asked.number)
    line = ticket.queue if asked.queue is None else known_queue(queue, asked.queue).queue
    item, skill = ticket.item, ticket.skill
    if asked.item is not None:
        item, skill = asked.item, known_skill(queue, asked.skill)
    priority = asked.priority or ticket.priority
    if (line, item, skill, priority) == (ticket.queue, ticket.item, ticket.skill, ticket.priority):
        return []
    if ticket.status != "waiting":
        raise Refused("ticket-not-waiting", number=ticket.number, status=ticket.status)
    return [TicketChanged(ticket.number, line, item, skill, priority, asked.reason)]
