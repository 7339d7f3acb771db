"""Whoever's turn comes near is told, once: so many before them as the hall's plan says.

Part of the subject ``queue``: found out with every call. Only tickets taken in somebody's name can be told anything.
"""

from collections.abc import Iterator
from datetime import datetime

from domain import order
from domain.line import Queue, past
from domain.message import Event


class TurnNeared(Event, frozen=True, tag="turn-neared"):
    """``ahead`` are called before ``person``, whose ticket this is."""

    number: str
    ticket: str
    person: str
    ahead: int


def nearing(queue: Queue, called: str, at: datetime) -> Iterator[TurnNeared]:
    """Who in the line of a ticket that is being called comes near by it and was not told yet."""
    plan, line = queue.plan, queue.tickets[called].queue
    if plan is None or plan.near_at is None:
        return
    waiting = [queue.tickets[number] for number in queue.lines[line] if number != called]
    if all(ticket.person is None or ticket.near for ticket in waiting):
        return
    in_order = order.in_order(plan.order, waiting, past(queue, line), at)
    for ahead, ticket in enumerate(in_order[: plan.near_at + 1]):
        if ticket.person is not None and not ticket.near:
            yield TurnNeared(ticket.number, ticket.id, ticket.person, ahead)
