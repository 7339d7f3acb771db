"""The smaller limits of a case beside its promise, and the signals of the electronic supervision (电子监察) they raise.

It is part of the case's own stream. A fact opens a limit (a notice was given, a procedure began) and a fact ends it
(the answer came); the policy, which alone knows the calendar and the region's ``rules``, says when it is due and when
its signals come, and the scheduler that this has come. A limit is named by its rule, and by what it is of where a case
can have several: ``step.{step}``, ``directive.{directive}``.
"""

from datetime import datetime
from typing import Annotated, NamedTuple, assert_never

import msgspec
from msgspec import Meta

from domain.deadlines import Signal, signal_instants
from domain.message import Command, Event, Refused, Stamp
from domain.rules import Rule
from domain.workdays import Calendar, Due, due

LimitName = Annotated[
    str,
    Meta(
        pattern=r"^((forwarding|taking-over|acceptance|correction|supplement|procedure|pause|delivery)"
        r"|(step|directive)\.[A-Za-z0-9._-]{1,100})$"
    ),
]


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
    signals: dict[Signal, datetime] = msgspec.field(default_factory=dict)


class RaiseSignal(Command, frozen=True):
    """From the scheduler: the instant of a limit's signal has come."""

    limit: LimitName
    signal: Signal


class MarkPassed(Command, frozen=True):
    """From the scheduler: a limit's instant has come."""

    limit: LimitName


AnyCommand = SetLimit | RaiseSignal | MarkPassed


# --- events ---------------------------------------------------------------------------------------------------


class LimitSet(Event, frozen=True, kw_only=True, tag="case-limit-set"):
    """Limits of before have no ``signals``: they raised the one of their rule when they passed."""

    limit: str
    clock: LimitClock
    due: Due
    accepts: bool = False
    signals: dict[Signal, datetime] = msgspec.field(default_factory=dict)


class LimitSignalled(Event, frozen=True, tag="case-limit-signalled"):
    limit: str
    signal: Signal


class LimitPassed(Event, frozen=True, tag="case-limit-passed"):
    limit: str


AnyEvent = LimitSet | LimitSignalled | LimitPassed


# --- state ----------------------------------------------------------------------------------------------------


class Moved(NamedTuple):
    """Which limits a fact ends, by name, and which it opens. A rule's name alone ends all limits of the rule."""

    ended: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()


class Limits(msgspec.Struct):
    """``open`` has since when a limit may run, ``running`` what is known of those that do. One that has passed is not
    open any more and runs on while a graver signal is to come."""

    open: dict[str, datetime] = {}
    running: dict[str, LimitSet] = {}
    raised: dict[str, list[Signal]] = {}


def decide(command: AnyCommand, limits: Limits, stamp: Stamp) -> list[AnyEvent]:
    """A limit that a fact has ended since is left aside, and so are instants counted from an earlier fact."""
    match command:
        case SetLimit(limit=limit, clock=clock):
            told = LimitSet(**msgspec.structs.asdict(command))
            if limits.open.get(limit) != clock.since or limits.running.get(limit) == told:
                return []
            return [told]
        case RaiseSignal(limit, signal):
            running = limits.running.get(limit)
            instant = None if running is None else running.signals.get(signal)
            if instant is None or signal in limits.raised.get(limit, ()):
                return []
            if stamp.at < instant:
                raise Refused("not-yet-due", signal=signal, due_at=instant)
            return [LimitSignalled(limit, signal)]
        case MarkPassed(limit):
            running = limits.running.get(limit)
            if running is None or limit not in limits.open:
                return []
            if stamp.at < running.due.at:
                raise Refused("not-yet-due", signal=limit, due_at=running.due.at)
            return [LimitPassed(limit)]
    assert_never(command)


def evolve(limits: Limits, event: AnyEvent, at: datetime) -> None:
    """What has passed is not set again: it opens with another fact only."""
    match event:
        case LimitSet(limit=limit, signals=signals):
            limits.running[limit] = event
            limits.raised[limit] = [one for one in limits.raised.get(limit, ()) if signals.get(one, at) < at]
        case LimitSignalled(limit, signal):
            limits.raised.setdefault(limit, []).append(signal)
            _settle(limits, limit)
        case LimitPassed(limit):
            limits.open.pop(limit, None)
            _settle(limits, limit)
        case _:
            assert_never(event)


def _settle(limits: Limits, limit: str) -> None:
    """Of a limit that has passed and raised all its signals nothing is to come."""
    running = limits.running.get(limit)
    if limit not in limits.open and (running is None or running.signals.keys() <= set(limits.raised[limit])):
        limits.running.pop(limit, None)
        limits.raised.pop(limit, None)


def move(limits: Limits, moved: Moved, at: datetime) -> None:
    """Take a fact into the limits."""
    for name in [
        known for known in {*limits.open, *limits.running} if any(ends(end, known) for end in moved.ended)
    ]:
        limits.open.pop(name, None)
        limits.running.pop(name, None)
        limits.raised.pop(name, None)
    limits.open.update(dict.fromkeys(moved.opened, at))


def ends(end: str, limit: str) -> bool:
    """Whether ``end`` names this limit, or its rule."""
    return end in (limit, limit.partition(".")[0])


def set_limit(
    limit: str, clock: LimitClock, calendar: Calendar, rule: Rule, accepts: bool = False
) -> SetLimit:
    """The limit and its signals as this calendar counts them."""
    end = due(calendar, clock.since, clock.workdays)
    signals = signal_instants(calendar, clock.since, end.at, rule=rule)
    return SetLimit(limit=limit, clock=clock, due=end, accepts=accepts, signals=signals)
