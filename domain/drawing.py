"""A line's lottery on its day: who may ask when, and what a draw does to the places."""

from datetime import datetime, timedelta
from itertools import pairwise

from domain.lottery import (
    DeclareLottery,
    DrawLottery,
    DrawRequested,
    DrawWithdrawn,
    Entry,
    Lot,
    Lottery,
    LotteryDeclared,
    LotteryDrawn,
    RequestDraw,
    WithdrawDraw,
    commitment,
    draw,
)
from domain.message import Refused
from domain.offering import slot_id
from domain.places import AnyEvent, HoldReleased, PlaceHeld, Slot, Slots, in_a_row

CONFIRMED_WITHIN = timedelta(days=1)
"""How long a drawn place is held for the record of the person who was drawn; the program confirms it itself."""


def running(slots: Slots, queue: str) -> Lottery | None:
    """The lottery that a line's places are still to be drawn in, if there is one."""
    found = slots.lotteries.get(queue)
    return found if found is not None and found.next_at is not None else None


def was_asked(slots: Slots, name: str) -> bool:
    """Whether a reference is that of a request to be drawn."""
    return any(name in lottery.asked for lottery in slots.lotteries.values())


def declare(slots: Slots, asked: DeclareLottery, at: datetime) -> list[AnyEvent]:
    """Raises:
    Refused: the day is not offered or has another lottery, or the times or commitments cannot be.
    """
    declared = LotteryDeclared(asked.queue, asked.opens_at, asked.draws, asked.commitments)
    if (known := slots.lotteries.get(asked.queue)) is not None:
        if known.declared == declared:
            return []
        raise Refused("lottery-declared", queue=asked.queue)
    here = [slot.plan for slot in slots.slots.values() if slot.plan.queue == asked.queue]
    if not slots.offered or not here:
        raise Refused("slots-not-offered")
    times = (asked.opens_at, *asked.draws, min(plan.starts_at for plan in here))
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise Refused("draws-out-of-order", invalid=True, field="draws")
    if asked.opens_at <= at:
        raise Refused("lottery-opens-in-past", invalid=True, field="opens_at")
    if len(set(asked.commitments)) != len(asked.draws):
        raise Refused("commitments-missing", invalid=True, field="commitments")
    return [declared]


def request(slots: Slots, asked: RequestDraw, at: datetime) -> list[AnyEvent]:
    """Raises:
    Refused: there is no lottery (any more, or yet), a wish cannot be, or the person takes part already.
    """
    found = slots.lotteries.get(asked.queue)
    if found is None:
        raise Refused("no-lottery", missing=True)
    if (known := found.asked.get(asked.request)) is not None:
        if (known.item, known.person) != (asked.item, asked.person):
            raise Refused("reference-taken", request=asked.request)
        return []
    if at < found.declared.opens_at:
        raise Refused("lottery-not-open", opens_at=found.declared.opens_at)
    if found.next_at is None or at >= found.declared.draws[-1]:
        raise Refused("lottery-over")
    if any(one.person == asked.person for one in found.requests.values()):
        raise Refused("already-requested")
    here = [name for name, slot in slots.slots.items() if slot.plan.queue == asked.queue]
    if strange := [wish for wish in asked.wishes if wish not in here]:
        raise Refused("unknown-slot", invalid=True, field="wishes", slot=strange[0])
    wishes = tuple(dict.fromkeys(asked.wishes)) or tuple(here)
    return [
        DrawRequested(
            asked.request,
            asked.queue,
            asked.item,
            asked.person,
            wishes,
            asked.slots,
            asked.more,
            asked.item_versions,
        )
    ]


def withdraw(slots: Slots, asked: WithdrawDraw) -> list[AnyEvent]:
    """Raises:
    Refused: there is no such request.
    """
    for found in slots.lotteries.values():
        if asked.request in found.asked:
            return [DrawWithdrawn(asked.request)] if asked.request in found.requests else []
    raise Refused("unknown-request", missing=True)


def make(slots: Slots, asked: DrawLottery, at: datetime) -> list[AnyEvent]:
    """Draw, and hold what was won for whoever won it.

    Raises:
        Refused: it is not time, or the seed is not the one that was promised.
    """
    found = slots.lotteries.get(asked.queue)
    if found is None:
        raise Refused("no-lottery", missing=True)
    if asked.nth < len(found.drawn):
        return []
    if asked.nth > len(found.drawn) or found.next_at is None or at < found.next_at:
        raise Refused("draw-not-due", at=found.next_at)
    if commitment(asked.seed) != found.declared.commitments[asked.nth]:
        raise Refused("seed-not-promised", nth=asked.nth)
    here = [slot for slot in slots.slots.values() if slot.plan.queue == asked.queue]
    entries = tuple(Entry(one.request, one.wishes, one.slots) for one in found.requests.values())
    lots = tuple(_lot(slots, slot, at) for slot in here)
    drawn = LotteryDrawn(asked.queue, asked.nth, asked.seed, entries, lots, draw(asked.seed, entries, lots))
    over = [name for name, hold in slots.holds.items() if hold.queue == asked.queue and at >= hold.until]
    released = [HoldReleased(name, "expired") for name in over]
    return [*released, drawn, *(_held(slots, found.requests[won.request], won.slot, at) for won in drawn.won)]


def _lot(slots: Slots, slot: Slot, at: datetime) -> Lot:
    to_come = slot.plan.starts_at > at and slots.ended_at is None
    free = slot.free("public", at) if to_come else 0
    then = slot_id(slot.plan.queue, slot.plan.ends_at)
    return Lot(slot.plan.slot, max(free, 0), then if then in slots.slots else None)


def _held(slots: Slots, won: DrawRequested, slot: str, at: datetime) -> PlaceHeld:
    row = in_a_row(slots, slot, won.slots)
    first, last = row[0].plan, row[-1].plan
    until = min(at + CONFIRMED_WITHIN, first.starts_at)
    return PlaceHeld(
        won.request,
        slot,
        won.queue,
        won.item,
        won.person,
        first.starts_at,
        last.ends_at,
        until,
        "public",
        won.slots,
        won.more,
        won.item_versions,
    )
