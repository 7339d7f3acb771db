"""What a hall's screens show beside the calls: how long the waits are, what is booked next, notices, and what became
of the quarter's bad reviews. It holds nothing about any person; everybody may read it.
"""

import datetime as dt
import time
from datetime import date, datetime
from typing import NamedTuple

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API
from adapters.http.figures import published
from adapters.http.hall_days import as_offered, why_not_offered
from adapters.http.openings import Opening, instead
from adapters.http.parts import Parts
from adapters.http.problems import problem
from adapters.http.reading import Day, answers, document
from domain import offering, queue, slots
from domain.experience import Wait
from domain.hall import HallPlan, Notice
from domain.handling import Held
from domain.message import Refused, Text
from domain.workdays import Calendar, local_date
from projections.definitions import RATE_NAMES

INTERVALS = 3
"""How many of the coming intervals are told."""

RESULTS = ("rectified", "rectified_in_time", "called_back", "satisfied_after")
RESULTS_FOR_S = 60.0
"""A quarter is read from many documents, for screens that ask every few seconds."""


class QueueWait(msgspec.Struct, frozen=True):
    """What whoever would join a queue now can expect; ``None`` while no window calls from it."""

    queue: str
    wait_s: Wait | None


class NoTickets(msgspec.Struct, frozen=True):
    """Why no ticket is given, and the queue's next free booking, which a refusal says in one."""

    code: str
    text: Text
    next: Opening | None


class QueueTickets(msgspec.Struct, frozen=True):
    """Whether somebody who has not booked would be given a ticket of a queue now: ``why_not`` if not."""

    queue: str
    why_not: NoTickets | None


class IntervalBooked(msgspec.Struct, frozen=True):
    """How many of an interval's bookable places are booked, and how many the public may still book."""

    starts_at: datetime
    ends_at: datetime
    booked: int
    remaining: int


class Result(msgspec.Struct, frozen=True):
    """A published rate of the quarter's bad reviews."""

    figure: str
    name: Text
    numerator: int
    denominator: int
    value: float


class Span(msgspec.Struct, frozen=True):
    """An opening period, from and to a time of the day."""

    opens: dt.time
    closes: dt.time


class Hours(msgspec.Struct, frozen=True):
    """When the hall is open that day, why it is not if its plan says so, and when it opens next."""

    spans: list[Span]
    closed_for: Text | None
    opens_next: datetime | None


class Bulletin(msgspec.Struct, frozen=True):
    hall: str
    date: date
    waits: list[QueueWait]
    tickets: list[QueueTickets]
    """Of today alone; on another day nobody is given any."""
    bookings: list[IntervalBooked]
    notices: list[Notice]
    hours: Hours
    results: list[Result]
    """Of the bad reviews given since the quarter began, where the hall's plan publishes them and enough were given."""


class _Kept(NamedTuple):
    until: float
    results: list[Result]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    kept: dict[tuple[str, date], _Kept] = {}
    offer_instead = instead(parts)

    async def tickets(hall: str, plan: HallPlan, day: date, now: datetime) -> list[QueueTickets]:
        closed = offering.why_no_tickets(plan, now, parts.catalogue.calendar)

        def tell(held: Held) -> list[tuple[str, Refused | None]]:
            known: queue.Queue = held.state
            if known.plan is None:
                known = queue.morning(plan)
            return [(name, closed or queue.why_no_ticket(known, name, now)) for name in known.queues]

        found = await parts.loop.peek(queue.stream(hall, day), tell)
        return [
            QueueTickets(
                name, None if why is None else _no_tickets(await offer_instead(why, hall, name, None))
            )
            for name, why in found
        ]

    async def results(hall: str, day: date) -> list[Result]:
        found = kept.get((hall, day))
        if found is None or found.until < time.monotonic():
            for key in [key for key in kept if key[0] == hall]:
                del kept[key]
            shown = await published(parts, quarter_of(day), day, hall)
            rates = {} if shown is None else shown.rates
            found = kept[hall, day] = _Kept(
                time.monotonic() + RESULTS_FOR_S,
                [
                    Result(name, RATE_NAMES[name], rate.numerator, rate.denominator, rate.value)
                    for name in RESULTS
                    if (rate := rates.get(name)) is not None and rate.value is not None
                ],
            )
        return found.results

    @get(
        f"{API}/halls/{{hall:str}}/bulletin",
        operation_id="bulletin",
        responses=answers(Bulletin),
        summary="What a hall's screens show beside the calls",
        tags=["board"],
    )
    async def bulletin(hall: FromPath[str], date: Day = None) -> Response[bytes]:
        plan = parts.catalogue.hall(hall)
        now = parts.clock()
        day = date or local_date(now)
        line = queue.stream(hall, day)

        def waits(held: Held) -> tuple[list[QueueWait], int]:
            told = parts.forecasts.newcomers(line, held, now)
            known: queue.Queue = held.state
            return [QueueWait(name, told.get(name)) for name in known.queues], held.position

        def bookings(held: Held) -> list[IntervalBooked]:
            return coming(as_offered(parts, plan, day, held.state), now)

        waiting, position = await parts.loop.peek(line, waits)
        booked: list[IntervalBooked] = []
        if why_not_offered(parts, plan, day) is None:
            booked = await parts.loop.peek(slots.stream(hall, day), bookings)
        shown = Bulletin(
            hall,
            day,
            waiting,
            await tickets(hall, plan, day, now) if day == local_date(now) else [],
            booked,
            [notice for notice in plan.display.notices if notice.holds(day)],
            hours_of(plan, day, now, parts.catalogue.calendar),
            await results(hall, day) if plan.display.rectifications else [],
        )
        return document(shown, position, now)

    return [bulletin]


def _no_tickets(why: Refused) -> NoTickets:
    alone = problem(409, why.code, {**why.facts, "instead": ""}).text
    return NoTickets(why.code, Text(alone.zh.strip(), alone.en.strip()), why.facts.get("next"))


def hours_of(plan: HallPlan, day: date, now: datetime, calendar: Calendar) -> Hours:
    """A day's opening periods in their order."""
    exception = next((one for one in plan.exceptions if one.date == day), None)
    sessions = sorted(offering.sessions_on(plan, day, calendar), key=lambda one: one.opens)
    return Hours(
        [Span(one.opens, one.closes) for one in sessions],
        None if exception is None or sessions else exception.reason,
        offering.opens_next(plan, now, calendar),
    )


def coming(day: slots.Slots, now: datetime) -> list[IntervalBooked]:
    """The next intervals in which anybody is booked or could be, all queues together."""
    by_time: dict[tuple[datetime, datetime], list[str]] = {}
    for name, slot in day.slots.items():
        if slot.plan.starts_at > now:
            by_time.setdefault((slot.plan.starts_at, slot.plan.ends_at), []).append(name)
    return [
        IntervalBooked(
            starts_at,
            ends_at,
            sum(sum(day.slots[name].taken.values()) for name in names),
            sum(slots.remaining(day, name, "public", 1, now) for name in names),
        )
        for (starts_at, ends_at), names in sorted(by_time.items())[:INTERVALS]
    ]


def quarter_of(day: date) -> date:
    """The first day of a day's quarter."""
    return day.replace(month=day.month - (day.month - 1) % 3, day=1)
