"""How a result reaches its applicant (送达: over the counter, by post, electronically), and the end of the file (归档).

It is part of the case's own stream. What was decided within one matter (一件事) is delivered with the matter.
"""

from typing import Literal, assert_never

import msgspec

from domain.message import Command, Event, Label, Refused

Means = Literal["window", "post", "electronic", "locker"]
"""Over the counter, by post, as an electronic licence, from a locker."""


class Deliver(Command, frozen=True):
    """送达. ``tracking`` is the number of what was posted, ``document`` that of the receipt somebody signed (送达回执)
    or of the electronic licence."""

    means: Means
    tracking: Label | None = None
    document: Label | None = None


class Archive(Command, frozen=True):
    """归档: nothing is to be done any more, the result is with its applicant."""

    document: Label | None = None


AnyCommand = Deliver | Archive


class CaseDelivered(Event, frozen=True, tag="case-delivered"):
    means: Means
    tracking: str | None = None
    document: str | None = None


class CaseArchived(Event, frozen=True, tag="case-archived"):
    document: str | None = None


AnyEvent = CaseDelivered | CaseArchived


class Delivery(msgspec.Struct):
    told: CaseDelivered | None = None


def decide(
    command: AnyCommand, delivery: Delivery, status: str, result: str | None, matter: str | None
) -> list[AnyEvent] | None:
    """The answer of a case of this status, decided so, within this matter if it is part of one; ``None`` where it is
    out of turn."""
    match command, status:
        case Deliver(), _ if matter is not None:
            raise Refused("delivered-with-matter", matter=matter)
        case Deliver(means, tracking, document), _ if delivery.told is not None:
            if delivery.told == CaseDelivered(means, tracking, document):
                return []
            raise Refused("already-delivered", means=delivery.told.means)
        case Deliver(), _ if result is None:
            raise Refused("not-decided")
        case Deliver("post", None), _:
            raise Refused("tracking-missing", invalid=True, field="tracking")
        case Deliver(means, tracking, document), "decided" | "closed":
            return [CaseDelivered(means, tracking, document)]
        case Archive(), "archived":
            return []
        case Archive(document), "closed" | "refused" | "withdrawn":
            if result == "granted" and delivery.told is None and matter is None:
                raise Refused("not-delivered")
            return [CaseArchived(document)]
        case Archive(), _:
            raise Refused("case-not-ended", status=status)
    return None


def evolve(delivery: Delivery, event: AnyEvent) -> None:
    match event:
        case CaseDelivered():
            delivery.told = event
        case CaseArchived():
            pass
        case _:
            assert_never(event)
