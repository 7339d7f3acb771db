"""One matter (一件事): one application for what several units do, each in a case of its own, side by side.

It is part of the stream of the case that holds it together. That case is accepted, withdrawn and delivered with all its
parts, and nobody decides it while one of them goes on. When the last is granted the whole is, by itself; where one came
out otherwise, somebody says what that means for the whole. It is rated once.
"""

from typing import Literal

import msgspec

from domain.message import Command, Event, Reference, Refused

Outcome = Literal["granted", "refused", "terminated", "withdrawn", "not-accepted"]
"""准予, 不予, 终止, 撤回, 不予受理."""

GOING_ON = ("received", "correcting", "accepted", "suspended", "decided")
"""Where a case is of which something is still to come."""


class EndPart(Command, frozen=True):
    """From the policy: a part has come to its end."""

    part: Reference
    outcome: Outcome


AnyCommand = EndPart


class PartEnded(Event, frozen=True, tag="case-part-ended"):
    part: str
    outcome: Outcome


AnyEvent = PartEnded


class Matter(msgspec.Struct):
    """How each part ended that has."""

    ended: dict[str, Outcome] = {}


def decide(command: AnyCommand, matter: Matter, parts: tuple[str, ...]) -> list[AnyEvent]:
    if command.part not in parts:
        raise Refused("unknown-part", missing=True, part=command.part)
    return [] if command.part in matter.ended else [PartEnded(command.part, command.outcome)]


def evolve(matter: Matter, event: AnyEvent) -> None:
    matter.ended[event.part] = event.outcome


def going_on(matter: Matter, parts: tuple[str, ...]) -> list[str]:
    """The parts that have not ended."""
    return [part for part in parts if part not in matter.ended]


def all_granted(matter: Matter, parts: tuple[str, ...], last: AnyEvent) -> bool:
    """Whether with this last one every part is granted."""
    ended = matter.ended | {last.part: last.outcome}
    return all(ended.get(part) == "granted" for part in parts)


def refuse_going_on(matter: Matter, parts: tuple[str, ...]) -> None:
    """Raises:
    Refused: a part goes on.
    """
    if left := going_on(matter, parts):
        raise Refused("parts-going-on", parts=left)
