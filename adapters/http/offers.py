"""A day's offer revised after the hall's plan has changed: first who is hit and where each would go, then, if it is
meant, the change.

A day that somebody has booked keeps the plan it was offered with until an admin revises it here.
"""

import copy
from datetime import date, datetime, timedelta

import msgspec

from adapters.http.access import API
from adapters.http.asking import Asking, Reply, encode
from adapters.http.commands import Command
from adapters.http.hall_days import why_not_offered
from adapters.http.parts import Parts
from adapters.http.windows import reference
from domain import citizen, offering, replanning, slots
from domain.handling import Held
from domain.message import Reference, Words
from domain.replanning import Change, Settled

FOLLOWING_DAYS = 31


class Revising(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everybody who is hit is named: in ``move`` to be moved to the next free place (cancelled if there is none), or
    in ``cancel``. Without ``apply`` nothing is changed, and nobody need be named."""

    date: date
    reason: Words
    move: tuple[Reference, ...] = ()
    cancel: tuple[Reference, ...] = ()
    apply: bool = False


class Place(msgspec.Struct, frozen=True):
    date: date
    slot: str
    starts_at: datetime


class Hit(msgspec.Struct, frozen=True):
    """An appointment for which the hall's plan as it now is has no place, and its next free one, if there is any."""

    appointment: str
    slot: str
    starts_at: datetime
    items: tuple[str, ...]
    to: Place | None


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """Who has no place in the new offer: to be told before it is applied, moved or cancelled once it is."""

    hit: list[Hit]
    applied: bool


def commands(parts: Parts) -> list[Command]:
    async def revise(asked: Asking, words: list[str], body: Revising, query: bytes) -> Reply:
        hall = words[0]
        change = _change(parts, hall, body.date, body.reason)
        held = await _copies(parts, change)
        day = held[slots.stream(hall, body.date)]
        told = {"stream": slots.stream(hall, body.date), "version": day.version, "position": day.position}
        settled = replanning.settle(
            change,
            held,
            lambda appointment: not body.apply or appointment in body.move,
            lambda on: reference(hall, on),
            asked.stamp,
        )
        hit = [_hit(one) for one in settled]
        if not body.apply:
            return Reply(200, encode(told | {"hit": hit, "applied": False}))
        meant = {*body.move, *body.cancel}
        # Whoever is not named stays, and so the revision is refused: they would be stranded.
        act = replanning.act(change, [one for one in settled if one.made.appointment in meant])
        done = [one for one in hit if one.appointment in meant]
        return await asked.submit(parts.loop, act, 200, lambda _: {"hit": done, "applied": True})

    return [
        Command(
            f"{API}/halls/{{hall}}/slots/revise",
            Revising,
            revise,
            Revision,
            about="Offer a day as the hall's plan now is; tells first who has no place in it and where they would go",
        )
    ]


def _change(parts: Parts, hall: str, day: date, reason: str) -> Change:
    plan, calendar = parts.catalogue.hall(hall), parts.catalogue.calendar
    days_left = (date.max - day).days
    later = (day + timedelta(days=n) for n in range(1, min(FOLLOWING_DAYS, days_left) + 1))
    following = {
        one: offering.offer(plan, one, calendar) for one in later if why_not_offered(parts, plan, one) is None
    }
    return Change(hall, day, offering.offer(plan, day, calendar), reason, following, plan.limits)


async def _copies(parts: Parts, change: Change) -> dict[str, Held]:
    """The days concerned and the persons who are hit, to rehearse the change on."""
    names = [slots.stream(change.hall, day) for day in (change.day, *change.following)]
    held = {name: await parts.loop.peek(name, copy.deepcopy) for name in names}
    day: slots.Slots = held[names[0]].state
    for one in slots.stranded(day, change.plan):
        person = citizen.stream(day.appointments[one].booking.person)
        if person not in held:
            held[person] = await parts.loop.peek(person, copy.deepcopy)
    return held


def _hit(settled: Settled) -> Hit:
    made, to = settled.made, None
    if settled.booking is not None and settled.day is not None and settled.starts_at is not None:
        to = Place(settled.day, settled.booking.slot, settled.starts_at)
    return Hit(made.appointment, made.slot, made.starts_at, (made.item, *made.more), to)
