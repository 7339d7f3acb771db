"""What is done with a ticket that nobody has in hand: its holder gives it up on the phone; the hall's desk takes it out
of line for somebody who has gone, or corrects what was chosen at the kiosk."""

from typing import Any

import msgspec

from adapters.http.access import NUMBER, TICKET
from adapters.http.asking import Asking, Reply
from adapters.http.commands import Command, Nothing
from adapters.http.following import opened
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from adapters.http.windows import day_of
from domain import acts
from domain.message import Id, Words
from domain.order import Priority
from domain.queue import ChangeTicket, LeaveLine
from domain.receipts import DeskReceipt


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it should be; what is not named stays. An item brings its queue, unless another is named."""

    queue: Id | None = None
    item: Id | None = None
    priority: Priority | None = None
    reason: Words = "corrected at the desk"


def commands(parts: Parts) -> list[Command]:
    async def give_up(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        hall, day, ticket = opened(parts, words[0])
        return await asked.submit(parts.loop, acts.at_desk(hall, day, LeaveLine(ticket)))

    async def leave(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        hall, number = words
        parts.catalogue.hall(hall)
        return await asked.submit(parts.loop, acts.at_desk(hall, day_of(asked, query), LeaveLine(number)))

    async def change(asked: Asking, words: list[str], body: Correction, query: bytes) -> Reply:
        hall, number = words
        parts.catalogue.hall(hall)
        if (body.queue, body.item, body.priority) == (None, None, None):
            raise Rejected(422, "invalid", errors=[FieldError("queue", "a queue, an item or a priority")])
        line: Any = body.queue
        if body.item is not None:
            line = line or parts.catalogue.item(body.item).plan.queue
        skill = parts.catalogue.skill(body.item)
        changing = ChangeTicket(number, line, body.item, skill, body.priority, body.reason)
        return await asked.submit(parts.loop, acts.at_desk(hall, day_of(asked, query), changing))

    return [
        Command(f"{TICKET}/leave", Nothing, give_up, DeskReceipt, about="Give one's ticket up"),
        Command(f"{NUMBER}/leave", Nothing, leave, DeskReceipt, about="Take a ticket out of line"),
        Command(
            f"{NUMBER}/change",
            Correction,
            change,
            DeskReceipt,
            about="Correct the queue, the item or the class of a ticket that waits",
        ),
    ]
