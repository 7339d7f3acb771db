"""The clock of an accepted case and the signals that come by it (电子监察): early warning, yellow, red.

It is part of the case's own stream. The instants come from the policy, which alone knows the calendar, and the
signals from the scheduler when an instant has come; both may come late, so both are checked against what is so now.
"""

from datetime import datetime
from typing import assert_never

import msgspec

from domain.deadlines import CaseClock, CaseDues, Signal, raised_still
from domain.message import Command, Event, Refused, Stamp

# --- commands -------------------------------------------------------------------------------------------------


class StartClock(Command, frozen=True):
    """From the policy: the instants of an accepted case's clock."""

    clock: CaseClock
    dues: CaseDues


class RecomputeDeadline(Command, frozen=True):
    """From the policy: other instants, after a stop, an extension or a new notice. What was computed from a clock
    that has changed since is left aside: the change is followed by its own."""

    clock: CaseClock
    dues: CaseDues


class Warn(Command, frozen=True):
    """From the scheduler: a signal's instant has come."""

    signal: Signal


AnyCommand = StartClock | RecomputeDeadline | Warn


# --- events ---------------------------------------------------------------------------------------------------


class ClockStarted(Event, frozen=True, tag="case-clock-started"):
    dues: CaseDues


class DeadlineRecomputed(Event, frozen=True, tag="case-deadline-recomputed"):
    dues: CaseDues


class CaseWarned(Event, frozen=True, tag="case-warned"):
    signal: Signal


AnyEvent = ClockStarted | DeadlineRecomputed | CaseWarned


# --- state ----------------------------------------------------------------------------------------------------


class Watch(msgspec.Struct):
    """``clock`` is missing where nothing is timed, ``dues`` until they are computed. While the clock stands still,
    and until its instants are computed anew, it is not ``running`` and no signal comes."""

    clock: CaseClock | None = None
    dues: CaseDues | None = None
    running: bool = False
    raised: list[Signal] = []

    @property
    def due_at(self) -> datetime | None:
        """By when the case has to be closed, as far as it is known."""
        if self.dues is not None:
            return self.dues.due_at
        return self.clock.ends_at if self.clock else None


def decide(command: AnyCommand, watch: Watch, stamp: Stamp) -> list[AnyEvent]:
    """What a case whose time counts answers."""
    match command:
        case StartClock(clock, dues):
            return [ClockStarted(dues)] if clock == watch.clock and watch.dues is None else []
        case RecomputeDeadline(clock, dues):
            known = watch.running and dues == watch.dues
            return [DeadlineRecomputed(dues)] if clock == watch.clock and not known else []
        case Warn(signal):
            if not watch.running or watch.dues is None or signal in watch.raised:
                return []
            instant = watch.dues.instant(signal)
            if instant is None or stamp.at < instant:
                raise Refused("not-yet-due", signal=signal, due_at=instant)
            return [CaseWarned(signal)]
    assert_never(command)


def evolve(watch: Watch, event: AnyEvent, stamp: Stamp) -> None:
    match event:
        case ClockStarted(dues):
            watch.dues, watch.running = dues, True
        case DeadlineRecomputed(dues):
            watch.dues, watch.running = dues, True
            watch.raised = raised_still(watch.raised, dues, stamp.at)
        case CaseWarned(signal):
            watch.raised.append(signal)
        case _:
            assert_never(event)


def refuse_after_deadline(watch: Watch, stamp: Stamp) -> None:
    """A limit that has run out can be neither stopped nor prolonged: both are granted within it.

    Raises:
        Refused: it has run out.
    """
    if watch.running and watch.dues is not None and stamp.at > watch.dues.due_at:
        raise Refused("deadline-passed", due_at=watch.dues.due_at)
