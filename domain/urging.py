"""Who sees to a rectification and who presses for it: assignment (派单), reminders (催办), the ladder of escalation,
and the work orders of the 12345 hotline. None of it moves a step or a deadline."""

from typing import Literal, assert_never

import msgspec

from domain.deadlines import RectificationStep
from domain.message import Command, Event, Label, Reference, Refused, Words

Rung = Literal["clerk", "head-of-section", "leader"]
"""经办人 → 科室负责人 → 分管领导: the ladder of a real system; when each is told is ours."""

LADDER: dict[RectificationStep | Literal["warning"], Rung] = {
    "warning": "clerk",
    "contact": "head-of-section",
    "ruling": "head-of-section",
    "rectify": "head-of-section",
    "still-overdue": "leader",
}
"""Whom a deadline that comes near, or has passed, goes to: one rung after the other."""

Direction = Literal["in", "out"]


# --- commands -------------------------------------------------------------------------------------------------


class Assign(Command, frozen=True):
    """Name the clerk who answers for it; another may be named later."""

    clerk: Label


class Remind(Command, frozen=True):
    note: Words


class Escalate(Command, frozen=True):
    """From the policy, when a deadline is near or has passed."""

    about: RectificationStep | Literal["warning"]


class RecordOrder(Command, frozen=True):
    """A work order of 12345 about the same review: ``in`` the hotline sent it, ``out`` it was handed to the hotline."""

    order: Reference
    direction: Direction
    note: Words


class AnswerOrder(Command, frozen=True):
    """What came of a work order, told to the other side."""

    order: Reference
    text: Words


AnyCommand = Assign | Remind | Escalate | RecordOrder | AnswerOrder


# --- events ---------------------------------------------------------------------------------------------------


class RectificationAssigned(Event, frozen=True, tag="rectification-assigned"):
    clerk: str


class RectificationReminded(Event, frozen=True, tag="rectification-reminded"):
    note: str


class RectificationEscalated(Event, frozen=True, tag="rectification-escalated"):
    about: RectificationStep | Literal["warning"]
    to: Rung


class OrderRecorded(Event, frozen=True, tag="hotline-order-recorded"):
    order: str
    direction: Direction
    note: str


class OrderAnswered(Event, frozen=True, tag="hotline-order-answered"):
    order: str
    text: str


AnyEvent = (
    RectificationAssigned | RectificationReminded | RectificationEscalated | OrderRecorded | OrderAnswered
)


# --- state ----------------------------------------------------------------------------------------------------


class Urging(msgspec.Struct):
    clerk: str | None = None
    escalated: dict[RectificationStep | Literal["warning"], Rung] = {}
    orders: dict[str, Direction] = {}
    answers: dict[str, str] = {}
    """What became of an order, by its number."""
    reminder: str | None = None
    """The last one's words: the same asking is known again."""


def decide(command: AnyCommand, urging: Urging, closed: bool) -> list[AnyEvent]:
    """Raises:
    Refused: it is closed, or there is no such order.
    """
    match command:
        case Escalate(about):
            return (
                [] if closed or about in urging.escalated else [RectificationEscalated(about, LADDER[about])]
            )
        case AnswerOrder(order, text):
            if order not in urging.orders:
                raise Refused("unknown-order", missing=True, order=order)
            if order in urging.answers:
                if urging.answers[order] == text:
                    return []
                raise Refused("order-answered", order=order)
            return [OrderAnswered(order, text)]
        case RecordOrder(order, direction, note) if order in urging.orders:
            if urging.orders[order] == direction:
                return []
            raise Refused("order-known", order=order)
        case Assign(clerk) if clerk == urging.clerk:
            return []
    if closed:
        raise Refused("rectification-closed")
    match command:
        case Assign(clerk):
            return [RectificationAssigned(clerk)]
        case Remind(note):
            return [] if note == urging.reminder else [RectificationReminded(note)]
        case RecordOrder(order, direction, note):
            return [OrderRecorded(order, direction, note)]
    assert_never(command)


def evolve(urging: Urging, event: AnyEvent) -> None:
    match event:
        case RectificationAssigned(clerk):
            urging.clerk = clerk
        case RectificationReminded(note):
            urging.reminder = note
        case RectificationEscalated(about, to):
            urging.escalated[about] = to
        case OrderRecorded(order, direction):
            urging.orders[order] = direction
        case OrderAnswered(order, text):
            urging.answers[order] = text
        case _:
            assert_never(event)
