"""督办: a supervisor tells a case's unit to act, and by when to answer; the unit answers.

It is part of the case's own stream, and may follow a case beyond its end: what was late is asked about afterwards.
"""

from typing import Annotated, assert_never

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Reference, Refused, Words


class Direct(Command, frozen=True):
    """Send a directive (督办内容, GB/T 39046-2020 table 11). ``directive`` is the asker's own reference."""

    directive: Reference
    content: Words
    answer_workdays: Annotated[int, Meta(ge=1, le=60)] | None = None
    """Without it the region's rule holds: no national number was found."""


class AnswerDirective(Command, frozen=True):
    """The unit tells what it did."""

    directive: Reference
    answer: Words


AnyCommand = Direct | AnswerDirective


class CaseDirected(Event, frozen=True, tag="case-directed"):
    directive: str
    content: str
    answer_workdays: int | None = None


class DirectiveAnswered(Event, frozen=True, tag="case-directive-answered"):
    directive: str
    answer: str


AnyEvent = CaseDirected | DirectiveAnswered


class Directives(msgspec.Struct):
    """Every directive by its reference, with its answer once there is one."""

    sent: dict[str, CaseDirected] = {}
    answers: dict[str, str] = {}


def decide(command: AnyCommand, directives: Directives) -> list[AnyEvent]:
    match command:
        case Direct(name, content, workdays):
            sent = CaseDirected(name, content, workdays)
            if (known := directives.sent.get(name)) is not None and known != sent:
                raise Refused("directive-exists", directive=name)
            return [] if known else [sent]
        case AnswerDirective(name, answer):
            if name not in directives.sent:
                raise Refused("unknown-directive", missing=True, directive=name)
            if (told := directives.answers.get(name)) is not None and told != answer:
                raise Refused("directive-answered", directive=name)
            return [] if told else [DirectiveAnswered(name, answer)]
    assert_never(command)


def evolve(directives: Directives, event: AnyEvent) -> None:
    match event:
        case CaseDirected(name):
            directives.sent[name] = event
        case DirectiveAnswered(name, answer):
            directives.answers[name] = answer
        case _:
            assert_never(event)
