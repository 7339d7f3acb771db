"""A responsible unit's record of lagging in rectification, and the talks (约谈) that repeated lagging led to.

The stream ``unit-{unit}`` counts the deadlines of rectifications that the unit has let pass. So many within so many
days call it to a talk; while one is called no other is, and what led to it is not counted again. No text orders when:
a city of Sichuan talks with whoever ranks last two months in a row; the numbers are a region's terms.
"""

from datetime import datetime, timedelta
from typing import Annotated, assert_never

import msgspec
from msgspec import Meta

from domain.deadlines import RectificationStep
from domain.message import Command, Event, Label, Reference, Refused, Stamp, Words
from domain.workdays import Due


class TalkRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Called after ``lags`` within ``days`` calendar days, and held within ``hold_workdays``. Ours: no rule found."""

    lags: Annotated[int, Meta(ge=1, le=100)] = 3
    days: Annotated[int, Meta(ge=1, le=366)] = 60
    hold_workdays: Annotated[int, Meta(ge=1, le=60)] = 5


# --- commands -------------------------------------------------------------------------------------------------


class NoteLag(Command, frozen=True):
    """From the policy: a rectification's deadline has passed. ``due`` is by when a talk would have to be held."""

    service: Reference
    step: RectificationStep
    rule: TalkRule
    due: Due


class HoldTalk(Command, frozen=True):
    """The talk took place: with whom, what was said, and what the unit has promised."""

    talk: Reference
    with_whom: Label
    minutes: Words
    measures: Words


AnyCommand = NoteLag | HoldTalk


# --- events ---------------------------------------------------------------------------------------------------


class LagNoted(Event, frozen=True, tag="lag-noted"):
    service: str
    step: RectificationStep


class TalkCalled(Event, frozen=True, tag="talk-called"):
    """``talk`` is named after the lag that brought it about, ``lags`` is why."""

    talk: str
    lags: tuple[str, ...]
    due: Due


class TalkHeld(Event, frozen=True, tag="talk-held"):
    talk: str
    with_whom: str
    minutes: str
    measures: str


AnyEvent = LagNoted | TalkCalled | TalkHeld


# --- state ----------------------------------------------------------------------------------------------------


class Unit(msgspec.Struct):
    noted: dict[str, datetime] = {}
    """Every lag there was, ``{service}.{step}``, and when."""
    counted: list[str] = []
    """Those that have led to a talk."""
    called: str | None = None
    """The talk that is to be held."""
    held: dict[str, TalkHeld] = {}


def stream(unit: str) -> str:
    return f"unit-{unit}"


def initial() -> Unit:
    return Unit()


def decide(command: AnyCommand, unit: Unit, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case NoteLag(service, step, rule, due):
            return _note(service, step, rule, due, unit, stamp)
        case HoldTalk(talk, with_whom, minutes, measures):
            held = TalkHeld(talk, with_whom, minutes, measures)
            if (known := unit.held.get(talk)) is not None:
                if known == held:
                    return []
                raise Refused("talk-held", talk=talk)
            if talk != unit.called:
                raise Refused("unknown-talk", missing=True, talk=talk)
            return [held]
    assert_never(command)


def evolve(unit: Unit, event: AnyEvent, stamp: Stamp) -> Unit:
    match event:
        case LagNoted(service, step):
            unit.noted[f"{service}.{step}"] = stamp.at
        case TalkCalled(talk=talk, lags=lags):
            unit.called = talk
            unit.counted += lags
        case TalkHeld(talk):
            unit.called = None
            unit.held[talk] = event
        case _:
            assert_never(event)
    return unit


def _note(
    service: str, step: RectificationStep, rule: TalkRule, due: Due, unit: Unit, stamp: Stamp
) -> list[AnyEvent]:
    name = f"{service}.{step}"
    if name in unit.noted:
        return []
    since = stamp.at - timedelta(days=rule.days)
    lags = [one for one, at in unit.noted.items() if at >= since and one not in unit.counted]
    noted = LagNoted(service, step)
    if unit.called is not None or len(lags) + 1 < rule.lags:
        return [noted]
    return [noted, TalkCalled(name, (*lags, name), due)]
