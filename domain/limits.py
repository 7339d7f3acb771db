"""The smaller limits of a case beside its promise, and the rules of the electronic supervision (电子监察) about them.

It is part of the case's own stream. A fact opens a limit (a notice was given, a procedure began) and a fact ends it
(the answer came); the policy, which alone knows the calendar and the configured lengths, says when it is due, and the
scheduler that this has passed. A limit is named by its rule, and by what it is of where a case can have several:
``step.{step}``, ``directive.{directive}``.
"""

from datetime import datetime
from typing import Annotated, Literal, NamedTuple, assert_never

import msgspec
from msgspec import Meta

from domain.deadlines import Signal
from domain.message import Command, Event, Refused, Stamp, Text
from domain.workdays import Calendar, Due, due

LimitName = Annotated[
    str,
    Meta(
        pattern=r"^((acceptance|correction|supplement|procedure|delivery)"
        r"|(step|directive)\.[A-Za-z0-9._-]{1,100})$"
    ),
]
Days = Annotated[int, Meta(ge=1, le=999, description="working days")]


class Rule(NamedTuple):
    """What the supervision says when a limit has passed. ``grade`` tells how sure the source is: S read in the
    official text, L seen in use, R recalled and never read (not to be cited), D our default."""

    name: Text
    signal: Signal
    source: str
    grade: Literal["S", "L", "R", "D"]


RULES: dict[str, Rule] = {
    "acceptance": Rule(Text("逾期未答复是否受理", "acceptance not answered"), "red", "recalled", "R"),
    "correction": Rule(Text("逾期未补正", "correction not answered"), "warning", "configuration", "D"),
    "supplement": Rule(
        Text("容缺材料逾期未补", "outstanding papers overdue"), "yellow", "configuration", "D"
    ),
    "procedure": Rule(Text("特别程序超期", "special procedure overlong"), "yellow", "行政许可法 第45条", "S"),
    "step": Rule(Text("环节超时", "a step over time"), "yellow", "a city's measure", "L"),
    "delivery": Rule(Text("逾期未送达", "result not delivered"), "red", "行政许可法 第44条", "S"),
    "directive": Rule(Text("督办逾期未回复", "directive not answered"), "red", "configuration", "D"),
}
"""The rules as data. The signals are proposed: no source gives them."""


class CaseLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many working days, where neither the case nor the desk says it. Configuration.

    ``acceptance`` and ``silence_accepts``: whoever is told nothing in five days is accepted from the receipt on;
    this is recalled and was not read anywhere. ``delivery``: ten days from the decision (行政许可法 第44条).
    ``correction``: none found. ``not_done``: what could not be done at a window (办不成事) is settled
    within; none found, the number is ours.
    """

    acceptance: Days = 5
    silence_accepts: bool = True
    correction: Days | None = None
    delivery: Days = 10
    not_done: Days = 5


# --- commands -------------------------------------------------------------------------------------------------


class LimitClock(msgspec.Struct, frozen=True):
    """What a limit's instant follows from."""

    since: datetime
    workdays: int


class SetLimit(Command, frozen=True, kw_only=True):
    """From the policy: when a limit is due, at first and when another notice is in force. ``accepts``: with this
    limit the application is accepted by silence."""

    limit: LimitName
    clock: LimitClock
    due: Due
    accepts: bool = False


class MarkPassed(Command, frozen=True):
    """From the scheduler: a limit's instant has come."""

    limit: LimitName


AnyCommand = SetLimit | MarkPassed


# --- events ---------------------------------------------------------------------------------------------------


class LimitSet(Event, frozen=True, kw_only=True, tag="case-limit-set"):
    limit: str
    clock: LimitClock
    due: Due
    accepts: bool = False


class LimitPassed(Event, frozen=True, tag="case-limit-passed"):
    limit: str


AnyEvent = LimitSet | LimitPassed


# --- state ----------------------------------------------------------------------------------------------------


class Moved(NamedTuple):
    """Which limits a fact ends, by name, and which it opens. A rule's name alone ends all limits of the rule."""

    ended: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()


class Limits(msgspec.Struct):
    """``open`` has since when a limit may run, ``running`` what is known of those that do."""

    open: dict[str, datetime] = {}
    running: dict[str, LimitSet] = {}


def decide(command: AnyCommand, limits: Limits, stamp: Stamp) -> list[AnyEvent]:
    """A limit that a fact has ended since is left aside, and so are instants counted from an earlier fact."""
    match command:
        case SetLimit(limit=limit, clock=clock):
            told = LimitSet(**msgspec.structs.asdict(command))
            if limits.open.get(limit) != clock.since or limits.running.get(limit) == told:
                return []
            return [told]
        case MarkPassed(limit):
            running = limits.running.get(limit)
            if running is None:
                return []
            if stamp.at < running.due.at:
                raise Refused("not-yet-due", signal=limit, due_at=running.due.at)
            return [LimitPassed(limit)]
    assert_never(command)


def evolve(limits: Limits, event: AnyEvent) -> None:
    """What has passed is not set again: it opens with another fact only."""
    match event:
        case LimitSet(limit=limit):
            limits.running[limit] = event
        case LimitPassed(limit):
            limits.running.pop(limit, None)
            limits.open.pop(limit, None)
        case _:
            assert_never(event)


def move(limits: Limits, moved: Moved, at: datetime) -> None:
    """Take a fact into the limits."""
    for name in [known for known in limits.open if any(ends(end, known) for end in moved.ended)]:
        del limits.open[name]
        limits.running.pop(name, None)
    limits.open.update(dict.fromkeys(moved.opened, at))


def ends(end: str, limit: str) -> bool:
    """Whether ``end`` names this limit, or its rule."""
    return end in (limit, limit.partition(".")[0])


def rule(limit: str) -> Rule:
    return RULES[limit.partition(".")[0]]


def set_limit(limit: str, clock: LimitClock, calendar: Calendar, accepts: bool = False) -> SetLimit:
    """The limit as this calendar counts it."""
    return SetLimit(limit=limit, clock=clock, due=due(calendar, clock.since, clock.workdays), accepts=accepts)
