"""What the subjects promise of any state they come to, told again and apart from the rules that keep it.

``mingting check`` and the simulations ask it of every stream: a rule that had a hole would show here.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any

from domain import drawing, freed
from domain.case import ENDED_WITH_IT, Case, CaseOpened
from domain.citizen import Citizen
from domain.day_end import over_whom
from domain.handling import Held
from domain.limits import ends
from domain.line import known_ticket, past
from domain.lottery import commitment, draw
from domain.matter import going_on
from domain.message import category, place
from domain.numbers import Numbers
from domain.queue import Queue
from domain.queue import stream as queue_of
from domain.rectification import Rectification
from domain.review import BAD, Review, ReviewGiven, ReviewInvited
from domain.slots import Appointment, Arrived, Booked, Cancelled, Missed, Slots
from domain.snapshot import Snapshot
from domain.unit import Unit
from domain.workdays import local_date

GRACE = timedelta(hours=1)


def broken(stream: str, state: Any) -> Iterator[str]:
    """Each promise that a stream's state breaks, as a sentence."""
    if (promises := PROMISES.get(category(stream))) is not None:
        yield from (f"{stream}: {sentence}" for sentence in promises(state))


def _queue(day: Queue) -> Iterator[str]:
    by_prefix: dict[str, list[int]] = {}
    for number in day.tickets:
        prefix = number.rstrip("0123456789")
        by_prefix.setdefault(prefix, []).append(int(number[len(prefix) :]))
    for prefix, serials in by_prefix.items():
        if serials != list(range(1, len(serials) + 1)):
            yield f"the numbers of {prefix} are not 1 to {len(serials)} in order"
    for number, times in Counter(day.numbers.values()).items():
        if times > 1:
            yield f"{number} was given {times} times"
    in_hand = Counter(w.serving for w in day.windows.values() if w.serving)
    for number, windows in in_hand.items():
        if windows > 1:
            yield f"{number} is at {windows} windows"
        if day.tickets[number].status not in ("called", "serving"):
            yield f"{number} is at a window and {day.tickets[number].status}"
    for number, ticket in day.tickets.items():
        if ticket.status in ("called", "serving") and number not in in_hand:
            yield f"{number} is {ticket.status} at no window"
        lines = [line for line, numbers in day.lines.items() if number in numbers]
        if lines != ([ticket.queue] if ticket.status == "waiting" else []):
            yield f"{number} is {ticket.status} and stands in {lines}"
    booked = Counter(t.appointment for t in day.tickets.values() if t.appointment and t.status != "left")
    yield from (f"{times} tickets are of {name}" for name, times in booked.items() if times > 1)
    places = Counter(ticket.serial for ticket in day.tickets.values())
    yield from (f"{times} tickets have place {place}" for place, times in places.items() if times > 1)
    for name, window in day.windows.items():
        if window.serving and window.state == "closed":
            yield f"{window.serving} is at {name}, which is closed"
    clerks = Counter(w.clerk for w in day.windows.values() if w.state != "closed")
    yield from (f"{clerk} sits at {times} windows" for clerk, times in clerks.items() if times > 1)
    for number, ticket in day.tickets.items():
        most = (day.plan and day.plan.missed_return_after) or 0
        if ticket.status == "waiting" and (left := ticket.after - past(day, ticket.queue).called) > most:
            yield f"{number} lets {left} others pass, of at most {most}"
    if day.closed:
        if any(w.state != "closed" for w in day.windows.values()):
            yield "the day is closed and a window is not"
        here = [number for number, ticket in day.tickets.items() if ticket.status not in ("served", "left")]
        yield from (f"the day is closed and {number} is {day.tickets[number].status}" for number in here)
    else:
        yield from (f"the day is open and {number} was let go by its closing" for number in over_whom(day))


def _slots(day: Slots) -> Iterator[str]:
    bookings = [a.booking for a in day.appointments.values() if not isinstance(a, Cancelled)]
    for name, slot in day.slots.items():
        plan = slot.plan
        here = [b for b in bookings if b.queue == plan.queue and b.starts_at <= plan.starts_at < b.ends_at]
        holds = [h for h in day.holds.values() if h.queue == plan.queue]
        held = Counter(h.channel for h in holds if h.starts_at <= plan.starts_at < h.ends_at)
        booked = Counter(booking.channel for booking in here)
        for channel, taken in slot.taken.items():
            if booked[channel] + held[channel] > plan.places(channel):
                yield (
                    f"{name} has {plan.places(channel)} {channel} places,"
                    f" {booked[channel]} bookings and {held[channel]} holds"
                )
            if booked[channel] != taken:
                yield f"{name} counts {taken} {channel} bookings and has {booked[channel]}"
            if held[channel] != sum(hold.channel == channel for hold in slot.held.values()):
                yield f"{name} counts {len(slot.held)} holds and has {held[channel]} {channel}"
    for name in day.holds:
        if name in day.past_holds or name in day.appointments:
            yield f"{name} is held and its hold is over"
    given = {one.hold for one in day.waiting.values()}
    chosen = [
        hold for name, hold in day.holds.items() if name not in given and not drawing.was_asked(day, name)
    ]
    for holder, times in Counter(hold.holder for hold in chosen).items():
        if times > 1:
            yield f"{holder} holds {times} places"

    for name, one in day.appointments.items():
        before = day.ended_at is not None and day.ended_at < one.booking.ends_at
        if before and isinstance(one, Booked | Missed):
            yield f"{name} is {one.status}, and the hall had closed before it"
    yield from _waiting(day)
    yield from _lotteries(day)


def _waiting(day: Slots) -> Iterator[str]:
    """Nobody waits twice for the same, has more offers than the rules give, or a place that is not held for them."""
    waiting = list(freed.active(day))
    for (person, item), times in Counter((w.joined.person, w.joined.item) for w in waiting).items():
        if times > 1:
            yield f"{person} waits {times} times for {item}"
    for one in day.waiting.values():
        if one.offers > day.rules.waiting_offers:
            yield f"{one.joined.waiting} was offered {one.offers} places"
        if one.hold is not None and one.hold not in day.holds:
            yield f"{one.joined.waiting} was offered {one.hold}, which is not held"


def _lotteries(day: Slots) -> Iterator[str]:
    """Every draw is made by the seed that was promised, of requests that were made, and comes out as it was told."""
    for queue, lottery in day.lotteries.items():
        for nth, made in enumerate(lottery.drawn):
            if made.nth != nth or commitment(made.seed) != lottery.declared.commitments[nth]:
                yield f"{queue}: draw {nth} was made by another seed than was promised"
            if draw(made.seed, made.entries, made.lots) != made.won:
                yield f"{queue}: draw {nth} comes out otherwise than was told"
            if strange := {entry.request for entry in made.entries} - lottery.asked.keys():
                yield f"{queue}: draw {nth} had requests that nobody made: {sorted(strange)}"


def _citizen(person: Citizen) -> Iterator[str]:
    """Nobody has booked two things for one time, or one thing twice on a day."""
    kept = [(name, b) for name, b in person.bookings.items() if b.status != "released"]
    kept.sort(key=lambda named: named[1].starts_at)
    for (name, one), (other, two) in pairwise(kept):
        if two.starts_at < one.ends_at:
            yield f"{name} and {other} are at one time"
    items = Counter((local_date(b.starts_at), item) for _, b in kept for item in b.items)
    for (day, item), times in items.items():
        if times > 1:
            yield f"{item} is booked {times} times on {day}"


def _case(application: Case) -> Iterator[str]:
    """Of a case that has ended nothing is timed any more that ends with it."""
    if application.status not in ("closed", "refused", "withdrawn", "archived"):
        return
    if application.watch.running:
        yield f"is {application.status} and its clock runs"
    running = {*application.limits.open, *application.limits.running}
    for limit in sorted(running):
        if any(ends(one, limit) for one in ENDED_WITH_IT):
            yield f"is {application.status} and its limit {limit} runs"


def _review(service: Review) -> Iterator[str]:
    bad = service.given is not None and service.given.grade in BAD
    if service.rectification is not None and not bad:
        yield "is being rectified and nobody was displeased"
    if service.rectification is not None and len(set(service.rectification.overdue)) != len(
        service.rectification.overdue
    ):
        yield f"was found overdue twice: {service.rectification.overdue}"


def _numbers(day: Numbers) -> Iterator[str]:
    if list(day.taken.values()) != list(range(1, len(day.taken) + 1)):
        yield f"the serials of {len(day.taken)} cases are not 1 to {len(day.taken)} in order"


def _snapshot(period: Snapshot) -> Iterator[str]:
    if period.contradictions:
        yield f"was amended {period.contradictions} times from a number that was not told before"


def _unit(record: Unit) -> Iterator[str]:
    if strange := sorted(set(record.counted) - record.noted.keys()):
        yield f"was called to a talk for what is not noted: {strange}"
    if len(set(record.counted)) < len(record.counted):
        yield "was called to two talks for the same lag"
    if record.called in record.held:
        yield f"is called to {record.called}, which was held"


PROMISES: dict[str, Callable[[Any], Iterator[str]]] = {
    "case": _case,
    "citizen": _citizen,
    "numbers": _numbers,
    "queue": _queue,
    "review": _review,
    "slots": _slots,
    "unit": _unit,
    "snapshot": _snapshot,
}


def broken_between(held: Mapping[str, Held], reacted: int) -> Iterator[str]:
    """Each promise that streams break together, as a sentence.

    Args:
        reacted: the position up to which the policies have been carried out.
    """
    given: Counter[str] = Counter()
    for stream, one in held.items():
        match one.state:
            case Case(number=number) as application:
                given.update([number] if number else [])
                if application.opened is not None:
                    of_parts = _matter(stream, application, application.opened, held)
                    yield from (f"{stream}: {said}" for said in of_parts)
            case Numbers(taken=taken):
                for name in taken:
                    case = held.get(f"case-{name}")
                    if case is None or case.state.number is None:
                        yield f"{stream}: a number was taken for {name}, which has none"
            case Slots(appointments=appointments) as day:
                if one.position <= reacted and day.freed_at is not None:
                    # A place that was freed just before its slot began may have come too late to be offered.
                    for waiting, row in freed.spoken_for(day, day.freed_at):
                        late = waiting.since is not None and waiting.since > day.freed_at
                        if row[0].plan.starts_at > day.freed_at + GRACE and not late:
                            yield f"{stream}: {waiting.joined.waiting} waits and {row[0].plan.slot} is free"
                line = held.get(f"queue-{stream.partition('-')[2]}")
                for ticket in day.undone:
                    if line is None or known_ticket(line.state, ticket).status != "left":
                        yield f"{stream}: {ticket} is in line and its check-in was taken back"
                for name, appointment in appointments.items():
                    yield from (f"{stream}: {said}" for said in _appointment(stream, name, appointment, held))
            case Review(rectification=Rectification() as work) if one.position <= reacted:
                yield from (f"{stream}: {said}" for said in _lags(stream, work, held))
            case Review(given=ReviewGiven(grade=grade, test=False), rectification=None) if grade in BAD:
                if one.position <= reacted:
                    yield f"{stream}: a bad review and no rectification"
            case Review(invited=ReviewInvited(), given=None) if one.position <= reacted:
                yield from (f"{stream}: {said}" for said in _invited(stream, held, reacted))
    yield from (f"{number} is the number of {times} cases" for number, times in given.items() if times > 1)


def _invited(stream: str, held: Mapping[str, Held], reacted: int) -> Iterator[str]:
    """Who is invited to rate a ticket's service has been served."""
    kind, _, name = stream.removeprefix("review-").partition(".")
    where = place(name) if kind == "ticket" else None
    line = held.get(queue_of(*where)) if where is not None else None
    if line is None or line.position > reacted or name not in line.state.numbers:
        return
    if (status := known_ticket(line.state, name).status) != "served":
        yield f"is invited, and the ticket is {status}"


def _lags(stream: str, work: Rectification, held: Mapping[str, Held]) -> Iterator[str]:
    """Every deadline that a unit let pass since units are counted is noted in its record."""
    record = held.get(f"unit-{work.opened.unit}")
    known: Mapping[str, Any] = {} if record is None else record.state.noted
    for step in work.overdue:
        name = f"{stream.removeprefix('review-')}.{step}"
        counted = step != "still-overdue" and work.clock.ladder is not None
        if counted and name not in known:
            yield f"{step} is overdue and not noted against {work.opened.unit}"


def _matter(stream: str, case: Case, opened: CaseOpened, held: Mapping[str, Held]) -> Iterator[str]:
    """One matter and its parts know each other, and it is not decided before them."""
    for part in opened.parts:
        one = held.get(f"case-{part}")
        if one is None or one.state.opened is None or f"case-{one.state.opened.matter}" != stream:
            yield f"holds {part} together with others, which does not say so"
    if case.decision is not None and (left := going_on(case.matter, opened.parts)):
        yield f"is decided and {', '.join(left)} go on"
    if opened.matter is not None:
        whole = held.get(f"case-{opened.matter}")
        if whole is None or stream.removeprefix("case-") not in whole.state.opened.parts:
            yield f"is part of {opened.matter}, which does not say so"


def _appointment(stream: str, name: str, appointment: Appointment, held: Mapping[str, Held]) -> Iterator[str]:
    """Who checked in has a ticket, and what the person's own record says is the same."""
    line = held.get(f"queue-{stream.partition('-')[2]}")
    if isinstance(appointment, Arrived) and (line is None or appointment.ticket not in line.state.numbers):
        yield f"{name} is checked in and has no ticket"
    person = held.get(f"citizen-{appointment.booking.person}")
    recorded = person.state.bookings.get(name) if person else None
    expected = {"booked": "booked", "checked-in": "visited", "cancelled": "released", "missed": "missed"}
    if recorded is None or recorded.status != expected[appointment.status]:
        yield f"{name} is {appointment.status} and on the person's record {recorded and recorded.status}"
