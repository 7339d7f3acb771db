"""Who gets a place that has become free: whoever waits for it, in the order of the list, before anybody who asks anew.

Between the moment a place becomes free and its offer, a few hundred milliseconds later, nobody else can take it: it is
spoken for.
"""

from collections import Counter
from collections.abc import Container, Iterator
from datetime import datetime, timedelta

from domain.booking import BookingRules
from domain.drawing import running
from domain.message import Refused
from domain.places import AnyEvent, HoldReleased, PlaceHeld, Slot, SlotBooked, Slots, in_a_row, remaining
from domain.waiting import JoinWaiting, LeaveWaiting, Waiting, WaitingEnded, WaitingJoined, WaitingOffered
from domain.workdays import SHANGHAI


def active(slots: Slots) -> Iterator[Waiting]:
    """Those who wait, in the order in which they are offered a place."""
    return (one for one in slots.waiting.values() if one.ended is None)


def spoken_for(slots: Slots, at: datetime) -> list[tuple[Waiting, list[Slot]]]:
    """The free places that those who wait are still to be offered, and for whom each is."""
    if not slots.waiting or slots.ended_at is not None:
        return []
    found: list[tuple[Waiting, list[Slot]]] = []
    claimed: Counter[str] = Counter()
    for one in active(slots):
        if one.hold is None and one.offers < slots.rules.waiting_offers:
            row = _first_free(slots, one, claimed, at)
            if row is not None:
                claimed.update(slot.plan.slot for slot in row)
                found.append((one, row))
    return found


def _first_free(slots: Slots, one: Waiting, claimed: Counter[str], at: datetime) -> list[Slot] | None:
    if running(slots, one.joined.queue) is not None:
        return None  # what becomes free goes to the next draw
    latest = at + timedelta(minutes=slots.rules.lead_minutes)
    for name, slot in slots.slots.items():
        if slot.plan.queue == one.joined.queue and slot.plan.starts_at > latest:
            row = in_a_row(slots, name, one.joined.slots)
            if len(row) == one.joined.slots and all(
                each.free("public", at) > claimed[each.plan.slot] for each in row
            ):
                return row
    return None


def join(slots: Slots, asked: JoinWaiting, at: datetime) -> list[AnyEvent]:
    """Raises:
    Refused: there is no list, it is full, they are on it, or a place can be booked.
    """
    if (known := slots.waiting.get(asked.waiting)) is not None:
        if (known.joined.item, known.joined.person) != (asked.item, asked.person):
            raise Refused("reference-taken", waiting=asked.waiting)
        return []
    if slots.ended_at is not None:
        raise Refused("day-closed")
    if not slots.offered:
        raise Refused("slots-not-offered")
    if (lottery := running(slots, asked.queue)) is not None:
        raise Refused("drawn-by-lot", queue=asked.queue, draw_at=lottery.next_at)
    here = [name for name, slot in slots.slots.items() if slot.plan.queue == asked.queue]
    later = [name for name in here if slots.slots[name].plan.starts_at > at]
    lead = timedelta(minutes=slots.rules.lead_minutes)
    bookable = [name for name in later if slots.slots[name].plan.starts_at >= at + lead]
    if not later or not slots.rules.waiting_max:
        raise Refused("no-waiting-list")
    waiting = list(active(slots))
    if any(one.joined.person == asked.person and one.joined.item == asked.item for one in waiting):
        raise Refused("already-waiting")
    spoken = {slot.plan.slot for _, row in spoken_for(slots, at) for slot in row}
    if any(remaining(slots, name, "public", asked.slots, at) > 0 for name in bookable if name not in spoken):
        raise Refused("places-free")
    if len(waiting) >= slots.rules.waiting_max:
        raise Refused("waiting-list-full", most=slots.rules.waiting_max)
    return [
        WaitingJoined(
            asked.waiting,
            asked.queue,
            asked.item,
            asked.person,
            asked.slots,
            asked.more,
            asked.item_versions,
        ),
    ]


def leave(slots: Slots, asked: LeaveWaiting) -> list[AnyEvent]:
    """Raises:
    Refused: nobody waits under this reference.
    """
    found = slots.waiting.get(asked.waiting)
    if found is None:
        raise Refused("unknown-waiting", missing=True)
    if found.ended is not None:
        return []
    held: list[AnyEvent] = [] if found.hold is None else [HoldReleased(found.hold, "given-up")]
    return [*held, WaitingEnded(asked.waiting, "left")]


def offer(slots: Slots, now: datetime) -> list[AnyEvent]:
    """Hold each free place for whoever it is for; who let the last of their offers pass is off the list."""
    decided: list[AnyEvent] = [
        WaitingEnded(one.joined.waiting, "offers-used")
        for one in active(slots)
        if one.hold is None and one.offers >= slots.rules.waiting_offers
    ]
    released: set[str] = set()
    for one, row in spoken_for(slots, now):
        for slot in row:
            over = [name for name, hold in slot.held.items() if now >= hold.until and name not in released]
            released.update(over)
            decided += [HoldReleased(name, "expired") for name in over]
        decided += _offered(slots, one, row, now)
    return decided


def _offered(slots: Slots, one: Waiting, row: list[Slot], now: datetime) -> list[AnyEvent]:
    first, last, joined = row[0].plan, row[-1].plan, one.joined
    told_at = min(_by_day(slots.rules, now), first.starts_at)
    until = min(told_at + timedelta(minutes=slots.rules.waiting_minutes), first.starts_at)
    hold = f"{joined.waiting}.{one.made + 1}"
    return [
        PlaceHeld(
            hold,
            first.slot,
            joined.queue,
            joined.item,
            joined.person,
            first.starts_at,
            last.ends_at,
            until,
            "public",
            joined.slots,
            joined.more,
            joined.item_versions,
        ),
        WaitingOffered(
            joined.waiting,
            hold,
            joined.person,
            joined.item,
            first.starts_at,
            until,
            told_at if told_at > now else None,
        ),
    ]


def _by_day(rules: BookingRules, now: datetime) -> datetime:
    """Now, or the morning after it if it is night: an offer that ran out while its person slept would be none."""
    here = now.astimezone(SHANGHAI)
    begins, ends, clock = rules.quiet_from, rules.quiet_until, here.time()
    quiet = clock >= begins or clock < ends if begins > ends else begins <= clock < ends
    if not quiet:
        return now
    morning = datetime.combine(here.date(), rules.quiet_until, SHANGHAI)
    return morning if morning > here else morning + timedelta(days=1)


def keeps(slots: Slots, hold: str, taken: tuple[str, ...]) -> bool:
    """Whether a hold is an offer that stays, whatever else its holder takes: it is for none of the items ``taken``."""
    return any(one.hold == hold and one.joined.item not in taken for one in slots.waiting.values())


def booked(slots: Slots, made: SlotBooked, gone: Container[str] = ()) -> list[AnyEvent]:
    """Who has booked what they waited for waits no more. What was held for them otherwise is free again, unless it is
    ``gone`` before."""
    ended: list[AnyEvent] = []
    for one in active(slots):
        if one.joined.person == made.person and one.joined.item in (made.item, *made.more):
            held = one.hold is not None and one.hold in slots.holds and one.hold not in gone
            if one.hold is not None and held and one.hold != made.appointment:
                ended.append(HoldReleased(one.hold, "another-chosen"))
            ended.append(WaitingEnded(one.joined.waiting, "booked"))
    return ended
