"""One hall's bookable day: places are offered, held, booked, given back, kept or missed.

The stream ``slots-{hall}-{date}`` begins with a frozen copy of what the hall offers that day, per slot and queue:
public places for citizens, internal ones for staff who book for people without a smartphone, and walk-in places
that nobody can book. No share eats another's places. An appointment is booked and then checked in
(``domain.arriving``), cancelled or missed; it takes one slot or, for a long item, several in a row.

While somebody fills in the form their place may be held. A hold has the reference its appointment will have: a
``slot-booked`` with that reference confirms it. A hold counts as a taken place until it is released; one whose
time is over is released by whoever needs the place next, or by the clock, and can no longer be confirmed.

A line's places may be declared to be drawn by lot (``domain.lottery``): until the last draw nobody else gets them.
Who finds the day full may wait (``domain.waiting``): a place that becomes free is held for them first.
"""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple, assert_never

import msgspec

from domain import arriving, drawing, freed
from domain.booking import BookingRules
from domain.lottery import (
    DeclareLottery,
    DrawLottery,
    DrawRequested,
    DrawWithdrawn,
    Lottery,
    LotteryDeclared,
    LotteryDrawn,
    RequestDraw,
    WithdrawDraw,
)
from domain.message import Refused, Stamp
from domain.offering import SlotsPlan, check
from domain.places import (  # noqa: F401  # words of this subject, found here as the others are
    AnyCommand,
    AnyEvent,
    Appointment,
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentRestored,
    Arrived,
    Booked,
    BookSlot,
    CancelAppointment,
    Cancelled,
    CheckedIn,
    CheckIn,
    CheckInUndone,
    ConfirmHold,
    EndOffer,
    GiveUpForMove,
    HoldPlace,
    HoldReleased,
    MissAppointment,
    Missed,
    OfferEnded,
    OfferResumed,
    OfferSlots,
    PlaceHeld,
    ReleaseHold,
    RestoreAppointment,
    ResumeOffer,
    ReviseOffer,
    Slot,
    SlotBooked,
    Slots,
    SlotsOffered,
    SlotsRevised,
    Status,
    UndoCheckIn,
    all_free,
    in_a_row,
    known,
    let_go,
    refusal,
    remaining,
)
from domain.waiting import (
    JoinWaiting,
    LeaveWaiting,
    OfferFreed,
    Waiting,
    WaitingEnded,
    WaitingJoined,
    WaitingOffered,
)


def stream(hall: str, day: date) -> str:
    return f"slots-{hall}-{day.isoformat()}"


def initial() -> Slots:
    return Slots()


def decide(command: AnyCommand, slots: Slots, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case OfferSlots(plan):
            if slots.offered or slots.ended_at is not None:
                return []
            check(plan)
            return [SlotsOffered(plan)]
        case ReviseOffer(plan):
            return _revise(slots, plan)
        case EndOffer():
            return _end(slots, stamp.at)
        case ResumeOffer():
            return [] if slots.ended_at is None else [OfferResumed()]
        case HoldPlace():
            return _hold(slots, command, stamp.at)
        case ConfirmHold():
            return _confirm(slots, command, stamp.at)
        case ReleaseHold():
            return _release(slots, command, stamp.at)
        case JoinWaiting():
            return freed.join(slots, command, stamp.at)
        case LeaveWaiting():
            return freed.leave(slots, command)
        case DeclareLottery():
            return drawing.declare(slots, command, stamp.at)
        case RequestDraw():
            return drawing.request(slots, command, stamp.at)
        case WithdrawDraw():
            return drawing.withdraw(slots, command)
        case DrawLottery():
            return drawing.make(slots, command, stamp.at)
        case OfferFreed():
            # Asked as of the event that freed the place, perhaps long ago: the offer's time begins when it is made.
            return freed.offer(slots, stamp.recorded_at or stamp.at)
        case BookSlot(appointment):
            made = slots.appointments.get(appointment)
            if made is None:
                return _book(slots, command, stamp.at)
            if not _same(command, made.booking):
                raise Refused("reference-taken", appointment=appointment)
            return []
        case CancelAppointment(appointment, reason, by_hall, day_closed):
            match known(slots, appointment):
                case Booked(booking):
                    if not by_hall:
                        _still_cancellable(slots.rules, booking, stamp.at)
                    return [AppointmentCancelled(appointment, reason, by_hall=by_hall, day_closed=day_closed)]
                case Cancelled():
                    return []
                case over:
                    raise refusal(over)
        case RestoreAppointment(appointment):
            return _restore(slots, appointment, stamp.at)
        case GiveUpForMove(appointment, moved_to, by_hall):
            match known(slots, appointment):
                case Booked(booking):
                    if not by_hall:
                        _still_cancellable(slots.rules, booking, stamp.at)
                    return [AppointmentCancelled(appointment, "moved", moved_to, by_hall)]
                case Cancelled(_, same) if same == moved_to:
                    return []
                case over:
                    raise refusal(over)
        case CheckIn():
            return [*arriving.check_in(slots, command, stamp.at)]
        case UndoCheckIn():
            return [*arriving.undo(slots, command, stamp.at)]
        case MissAppointment(appointment, reason):
            match known(slots, appointment):
                case Booked(booking):
                    if stamp.at < (ends_at := booking.missed_at or booking.ends_at):
                        raise Refused("slot-not-over", appointment=appointment, ends_at=ends_at)
                    return [AppointmentMissed(appointment, reason)]
                case Missed():
                    return []
                case over:
                    raise refusal(over)
    assert_never(command)


def evolve(slots: Slots, event: AnyEvent, stamp: Stamp) -> Slots:
    match event:
        case SlotsOffered(plan):
            slots.offered, slots.rules = True, plan.rules
            slots.slots = all_free(plan)
        case LotteryDeclared(line):
            slots.lotteries[line] = Lottery(event)
        case DrawRequested(name, line):
            slots.lotteries[line].asked[name] = slots.lotteries[line].requests[name] = event
        case DrawWithdrawn(name):
            for lottery in slots.lotteries.values():
                lottery.requests.pop(name, None)
        case LotteryDrawn(line, won=won):
            slots.freed_at = stamp.recorded_at or stamp.at
            slots.lotteries[line].drawn.append(event)
            for one in won:
                del slots.lotteries[line].requests[one.request]
        case WaitingJoined(name):
            slots.waiting[name] = Waiting(event, since=stamp.recorded_at or stamp.at)
        case WaitingOffered(name, hold):
            slots.waiting[name].offers += 1
            slots.waiting[name].made += 1
            slots.waiting[name].hold = hold
        case WaitingEnded(name, reason):
            slots.waiting[name].ended = reason
        case SlotsRevised(plan):
            slots.freed_at = stamp.recorded_at or stamp.at
            slots.rules = plan.rules
            slots.slots = _placed(slots, plan).slots
        case OfferEnded():
            slots.ended_at = stamp.at
        case OfferResumed():
            slots.freed_at, slots.ended_at = stamp.at, None
        case PlaceHeld(hold):
            slots.holds[hold] = event
            for slot in in_a_row(slots, event.slot, event.slots):
                slot.held[hold] = event
        case HoldReleased(hold, reason):
            slots.freed_at = stamp.recorded_at or stamp.at
            let_go(slots, hold, by_hall=reason == "offer-revised")
        case SlotBooked(appointment):
            let_go(slots, appointment)
            slots.appointments[appointment] = Booked(event)
            for slot in in_a_row(slots, event.slot, event.slots):
                slot.taken[event.channel] += 1
        case AppointmentCancelled(appointment, _, moved_to, _, day_closed):
            slots.freed_at = stamp.recorded_at or stamp.at
            booking = slots.appointments[appointment].booking
            slots.appointments[appointment] = Cancelled(booking, moved_to, day_closed)
            for slot in in_a_row(slots, booking.slot, booking.slots):
                slot.taken[booking.channel] -= 1
        case AppointmentRestored(appointment, missed_at):
            booking = slots.appointments[appointment].booking
            slots.appointments[appointment] = Booked(msgspec.structs.replace(booking, missed_at=missed_at))
            for slot in in_a_row(slots, booking.slot, booking.slots):
                slot.taken[booking.channel] += 1
        case CheckedIn(appointment, ticket, late):
            slots.appointments[appointment] = Arrived(slots.appointments[appointment].booking, ticket, late)
        case CheckInUndone(appointment, ticket, missed_at):
            slots.undone[ticket] = appointment
            booking = slots.appointments[appointment].booking
            slots.appointments[appointment] = Booked(msgspec.structs.replace(booking, missed_at=missed_at))
        case AppointmentMissed(appointment):
            slots.appointments[appointment] = Missed(slots.appointments[appointment].booking)
        case _:
            assert_never(event)
    return slots


# --- questions to the state ---------------------------------------------------------------------------------


def _same(command: BookSlot, booking: SlotBooked) -> bool:
    return (command.slot, command.item, command.person) == (booking.slot, booking.item, booking.person)


# --- the offer revised --------------------------------------------------------------------------------------


def stranded(slots: Slots, plan: SlotsPlan) -> list[str]:
    """The appointments that have no place in another offer; who booked first keeps theirs first."""
    return _placed(slots, plan).stranded


def _revise(slots: Slots, plan: SlotsPlan) -> list[AnyEvent]:
    """Raises:
    Refused: the plan cannot be, people have come or missed that day already, or somebody would be stranded.
    """
    if slots.ended_at is not None:
        raise Refused("day-closed")
    if not slots.offered or plan == SlotsPlan(tuple(s.plan for s in slots.slots.values()), slots.rules):
        return []
    if plan.slots:
        check(plan)
    if any(isinstance(appointment, Arrived | Missed) for appointment in slots.appointments.values()):
        raise Refused("day-begun")
    placed = _placed(slots, plan)
    if placed.stranded:
        raise Refused("bookings-stranded", appointments=placed.stranded)
    return [*(HoldReleased(hold, "offer-revised") for hold in placed.released), SlotsRevised(plan)]


def still_to_come(slots: Slots, at: datetime) -> list[SlotBooked]:
    """The appointments whose slots are not over and to which nobody has come yet."""
    booked = (one.booking for one in slots.appointments.values() if isinstance(one, Booked))
    return [made for made in booked if at < made.ends_at]


def closed_over(slots: Slots) -> list[SlotBooked]:
    """The appointments that the hall cancelled because it closed for the day."""
    ended = (one for one in slots.appointments.values() if isinstance(one, Cancelled) and one.day_closed)
    return [one.booking for one in ended]


def _restore(slots: Slots, appointment: str, at: datetime) -> list[AnyEvent]:
    """The time for which the hall was closed does not count against whoever could not come in it.

    Raises:
        Refused: the appointment has ended otherwise.
    """
    match known(slots, appointment):
        case Cancelled(booking, _, True) if slots.ended_at is not None:
            missed_at = (booking.missed_at or booking.ends_at) + (at - slots.ended_at)
            return [AppointmentRestored(appointment, missed_at)]
        case Booked():
            return []
        case over:
            raise refusal(over)


def _end(slots: Slots, at: datetime) -> list[AnyEvent]:
    """Raises:
    Refused: somebody would come to a closed hall.
    """
    if slots.ended_at is not None:
        return []
    if hit := [made.appointment for made in still_to_come(slots, at)]:
        raise Refused("bookings-stranded", appointments=hit)
    return [*(HoldReleased(hold, "offer-revised") for hold in slots.holds), OfferEnded()]


class _Placed(NamedTuple):
    """Another offer with the appointments and holds in it, and those for which it has no place."""

    slots: dict[str, Slot]
    stranded: list[str]
    released: list[str]


def _placed(slots: Slots, plan: SlotsPlan) -> _Placed:
    placed = _Placed(all_free(plan), [], [])
    revised = Slots(True, plan.rules, placed.slots)
    for name, appointment in slots.appointments.items():
        if not isinstance(appointment, Cancelled):
            if (row := _same_row(revised, appointment.booking)) is None:
                placed.stranded.append(name)
                continue
            for slot in row:
                slot.taken[appointment.booking.channel] += 1
    for name, held in slots.holds.items():
        if (row := _same_row(revised, held)) is None:
            placed.released.append(name)
            continue
        for slot in row:
            slot.held[name] = held
    return placed


def _same_row(revised: Slots, taken: SlotBooked | PlaceHeld) -> list[Slot] | None:
    """The slots of another offer that hold the very same place, if one is free in each."""
    row = in_a_row(revised, taken.slot, taken.slots) if taken.slot in revised.slots else []
    times = (taken.starts_at, taken.ends_at)
    if len(row) < taken.slots or (row[0].plan.starts_at, row[-1].plan.ends_at) != times:
        return None
    return row if all(slot.free(taken.channel) > 0 for slot in row) else None


# --- taking a place -----------------------------------------------------------------------------------------


def _hold(slots: Slots, asked: HoldPlace, at: datetime) -> list[AnyEvent]:
    if (known := slots.holds.get(asked.hold)) is not None:
        if (known.slot, known.item, known.holder) != (asked.slot, asked.item, asked.holder):
            raise Refused("reference-taken", hold=asked.hold)
        return []
    if asked.hold in slots.past_holds or asked.hold in slots.appointments:
        raise Refused("hold-over", hold=asked.hold)
    row, gone = _places(slots, asked, asked.holder, at)
    first, last = row[0].plan, row[-1].plan
    until = min(at + timedelta(minutes=slots.rules.hold_minutes), first.starts_at)
    held = PlaceHeld(
        asked.hold,
        asked.slot,
        asked.queue,
        asked.item,
        asked.holder,
        first.starts_at,
        last.ends_at,
        until,
        asked.channel,
        asked.slots,
        asked.more,
        asked.item_versions,
    )
    return [*gone.values(), held]


def _confirm(slots: Slots, asked: ConfirmHold, at: datetime) -> list[AnyEvent]:
    if (known := slots.appointments.get(asked.hold)) is not None:
        if known.booking.person != asked.person:
            raise Refused("reference-taken", hold=asked.hold)
        return []
    held = slots.holds.get(asked.hold)
    if held is None and asked.hold not in slots.past_holds:
        raise Refused("unknown-hold", missing=True, hold=asked.hold)
    if held is None or at >= held.until:
        raise Refused("hold-over", hold=asked.hold)
    booked = SlotBooked(
        held.hold,
        held.slot,
        held.queue,
        held.item,
        asked.person,
        held.starts_at,
        held.ends_at,
        held.channel,
        held.slots,
        held.more,
        asked.on_behalf,
        _missed_at(slots.rules, held.ends_at),
        item_versions=held.item_versions,
    )
    return [booked, *freed.booked(slots, booked)]


def _release(slots: Slots, asked: ReleaseHold, at: datetime) -> list[AnyEvent]:
    hold = asked.hold
    held = slots.holds.get(hold)
    if held is None:
        if hold in slots.past_holds:
            return []
        raise Refused("unknown-hold", missing=True, hold=hold)
    if at >= held.until:
        return [HoldReleased(hold, "expired")]
    if asked.expired:
        raise Refused("hold-not-over", hold=hold, until=held.until)
    return [HoldReleased(hold, "not-allowed" if asked.not_allowed else "given-up")]


def _book(slots: Slots, asked: BookSlot, at: datetime) -> list[AnyEvent]:
    if asked.appointment in slots.holds or asked.appointment in slots.past_holds:
        raise Refused("reference-taken", appointment=asked.appointment)
    row, gone = _places(slots, asked, asked.person, at)
    first, last = row[0].plan, row[-1].plan
    booked = SlotBooked(
        asked.appointment,
        asked.slot,
        asked.queue,
        asked.item,
        asked.person,
        first.starts_at,
        last.ends_at,
        asked.channel,
        asked.slots,
        asked.more,
        asked.on_behalf,
        _missed_at(slots.rules, last.ends_at),
        asked.instead_of,
        asked.because,
        asked.item_versions,
    )
    return [*gone.values(), booked, *freed.booked(slots, booked, gone)]


def _places(
    slots: Slots, asked: HoldPlace | BookSlot, holder: str, at: datetime
) -> tuple[list[Slot], dict[str, AnyEvent]]:
    """The slots that are asked for, each with a free place, and the holds that go: those in them whose time is
    over, and the holder's own other one. What was offered to them from the waiting list stays until they have booked
    what they waited for.

    Raises:
        Refused: there is no such place to be had.
    """
    if slots.ended_at is not None:
        raise Refused("day-closed")
    if not slots.offered:
        raise Refused("slots-not-offered")
    row = in_a_row(slots, asked.slot, asked.slots)
    first, because = row[0].plan, asked.because if isinstance(asked, BookSlot) else None
    if first.queue != asked.queue:
        raise Refused("slot-of-another-queue", invalid=True, field="slot", queue=asked.queue)
    if asked.channel != "internal" and because is None:
        _leave_to_the_draw(slots, first.queue)
    if at >= first.starts_at:
        raise Refused("slot-over", slot=asked.slot, starts_at=first.starts_at)
    until = first.starts_at - timedelta(minutes=slots.rules.lead_minutes)
    if asked.channel != "internal" and because is None and at > until:
        raise Refused("too-late-to-book", slot=asked.slot, until=until)
    if len(row) < asked.slots:
        raise Refused("too-few-slots", slot=asked.slot, needed=asked.slots, in_a_row=len(row))
    gone: dict[str, AnyEvent] = {
        name: HoldReleased(name, "expired")
        for slot in row
        for name, hold in slot.held.items()
        if at >= hold.until
    }
    taken = (asked.item, *asked.more) if isinstance(asked, BookSlot) else ()
    for name, hold in slots.holds.items():
        if hold.holder != holder or name in gone or drawing.was_asked(slots, name):
            continue
        if not freed.keeps(slots, name, taken):
            gone[name] = HoldReleased(name, "another-chosen" if at < hold.until else "expired")
    for slot in row:
        if slot.free(asked.channel, without=gone) <= 0:
            raise Refused("slot-full", slot=slot.plan.slot, channel=asked.channel)
    if asked.channel == "public" and because is None:
        _leave_to_those_who_wait(slots, row, gone, holder, at)
    return row, gone


def _leave_to_the_draw(slots: Slots, queue: str) -> None:
    """Raises:
    Refused: the line's places of the day are drawn by lot, and a draw is still to come.
    """
    if (found := drawing.running(slots, queue)) is not None:
        raise Refused("drawn-by-lot", queue=queue, draw_at=found.next_at)


def _leave_to_those_who_wait(
    slots: Slots, row: list[Slot], gone: Collection[str], holder: str, at: datetime
) -> None:
    """Raises:
    Refused: the place is to be offered to somebody on the waiting list first.
    """
    spoken = Counter(
        slot.plan.slot
        for one, claimed in freed.spoken_for(slots, at)
        if one.joined.person != holder
        for slot in claimed
    )
    for slot in row:
        if spoken and slot.free("public", at, gone) <= spoken[slot.plan.slot]:
            raise Refused("waiting-first", slot=slot.plan.slot)


def _missed_at(rules: BookingRules, ends_at: datetime) -> datetime | None:
    return ends_at + timedelta(minutes=rules.missed_minutes) if rules.missed_minutes else None


# --- keeping it or not --------------------------------------------------------------------------------------


def _still_cancellable(rules: BookingRules, booking: SlotBooked, at: datetime) -> None:
    until = booking.starts_at - timedelta(hours=rules.cancel_hours)
    if at > until:
        raise Refused("too-late-to-cancel", appointment=booking.appointment, until=until)
