"""A day's offer revised after the hall's plan has changed: first who is hit, then, if it is meant, the change.

A day that somebody has booked keeps the plan it was offered with until an admin revises it here.
"""

from datetime import date, datetime

import msgspec

from adapters.http.access import API
from adapters.http.asking import Asking, Reply, encode
from adapters.http.commands import Command
from adapters.http.parts import Parts
from domain import acts, offering, slots
from domain.handling import Held
from domain.message import Reference, Words


class Revising(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``cancel`` names every appointment that may be cancelled for it. Without ``apply`` nothing is changed."""

    date: date
    reason: Words
    cancel: tuple[Reference, ...] = ()
    apply: bool = False


class Hit(msgspec.Struct, frozen=True):
    """An appointment for which the hall's plan as it now is has no place."""

    appointment: str
    slot: str
    starts_at: datetime
    items: tuple[str, ...]


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """Who has no place in the new offer: to be told before it is applied, cancelled once it is."""

    hit: list[Hit]
    applied: bool


def commands(parts: Parts) -> list[Command]:
    async def revise(asked: Asking, words: list[str], body: Revising, query: bytes) -> Reply:
        hall, stream = words[0], slots.stream(words[0], body.date)
        plan = offering.offer(parts.catalogue.hall(hall), body.date, parts.catalogue.calendar)

        def tell(held: Held) -> tuple[list[slots.SlotBooked], int, int]:
            day: slots.Slots = held.state
            found = [day.appointments[name].booking for name in slots.stranded(day, plan)]
            return found, held.version, held.position

        found, version, position = await parts.loop.peek(stream, tell)
        hit = [Hit(one.appointment, one.slot, one.starts_at, (one.item, *one.more)) for one in found]
        if not body.apply:
            told = {"stream": stream, "version": version, "position": position, "hit": hit, "applied": False}
            return Reply(200, encode(told))
        cancelled = {one.appointment: one.person for one in found if one.appointment in body.cancel}
        act = acts.revise_offer(hall, body.date, plan, cancelled, body.reason)
        done = [one for one in hit if one.appointment in cancelled]
        return await asked.submit(parts.loop, act, 200, lambda _: {"hit": done, "applied": True})

    return [
        Command(
            f"{API}/halls/{{hall}}/slots/revise",
            Revising,
            revise,
            Revision,
            about="Offer a day as the hall's plan now is; tells first who has no place in it",
        )
    ]
