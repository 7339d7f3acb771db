"""What a citizen has: appointments, bad reviews, a place that is held; and where an item can be had, nearest first."""

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API, HOLD
from adapters.http.appointments import holder
from adapters.http.body import StrictRequest
from adapters.http.hall_days import as_offered, why_not_offered
from adapters.http.parts import Parts
from adapters.http.reading import (
    LIMIT,
    After,
    Cursor,
    Day,
    Limit,
    Word,
    answers,
    caught_up,
    document,
    listing,
    lists,
    shape,
)
from domain import queue, rectification, slots
from domain.experience import Wait
from domain.hall import HallPlan
from domain.handling import Held
from domain.message import Grade, Refused, Text, place
from domain.nearby import Position
from domain.receipts import HoldReceipt
from domain.workdays import SHANGHAI, local_date
from projections import appointments, rectifications

DAYS_LOOKED_AT = 30
"""However far away a hall lets one book, further days are not looked at here."""

DIGITS_A_LEVEL = (2, 4, 6, 9, 12)
"""省, 市, 县, 乡, 村 in a region code (GB/T 2260, GB/T 10114)."""

OwnAppointment = shape(
    "OwnAppointment",
    appointments.View,
    without=("person", "on_behalf", "missed_at"),
    voucher=str,
    hall_name=Text,
    item_name=Text,
)
HoldShown = shape("Hold", HoldReceipt, hall_name=Text, item_name=Text)


class OwnReview(msgspec.Struct, frozen=True, kw_only=True):
    """A bad review of one's own: ``invitation`` is its link, ``step`` what its rectification waits for."""

    review: str
    service: str
    invitation: str
    hall: str
    hall_name: Text
    item_name: Text | None
    grade: Grade
    given_at: datetime
    status: str
    step: rectification.Step
    due_at: datetime | None
    added_grade: Grade | None


class DayOffered(msgspec.Struct, frozen=True):
    """A day that can be booked, and how many of its places are left to the public."""

    date: date
    remaining: int


class HallForItem(msgspec.Struct, frozen=True, kw_only=True):
    """A hall that handles an item. ``wait_s`` is what whoever walked in now could expect, missing while no window
    calls from its queue; ``nearness`` counts the levels (省市县乡村) it shares with the place that was named."""

    hall: str
    hall_name: Text
    kind: str
    region: str
    address: Text | None
    location: Position | None
    """Where it is, for a phone that compares it with where itself is: it need tell nobody."""
    nearness: int
    waiting: int
    wait_s: Wait | None
    days: list[DayOffered]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    catalogue = parts.catalogue

    @get(
        f"{API}/appointments",
        operation_id="own_appointments",
        responses=lists("appointments", OwnAppointment),
        summary="One's own appointments from a day on, today without it",
        tags=["appointments"],
    )
    async def own(
        request: StrictRequest,
        since: Day = None,
        after: After = 0,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        person = request.user.person if request.user is not None else None
        day = since or parts.today()
        where = {"person": person or "", "starts_at": (">=", datetime.combine(day, time(), SHANGHAI))}
        await caught_up(parts.views, appointments.NAME, after)
        page = await parts.views.find(appointments.NAME, where, "starts_at", limit, cursor)
        shown = []
        for doc in page.docs:
            view = msgspec.json.decode(doc, type=appointments.View)
            shown.append(
                {name: getattr(view, name) for name in view.__struct_fields__ if name not in HIDDEN}
                | {"voucher": parts.seal.seal(view.appointment)}
                | named(view.hall, view.item)
            )
        return listing("appointments", shown, page.cursor, page.position, page.as_of)

    @get(
        f"{API}/reviews",
        operation_id="own_reviews",
        responses=lists("reviews", OwnReview),
        summary="One's own bad reviews, and how far their rectification is",
        tags=["reviews"],
    )
    async def reviews(
        request: StrictRequest, after: After = 0, limit: Limit = LIMIT, cursor: Cursor = None
    ) -> Response[bytes]:
        person = request.user.person if request.user is not None else None
        await caught_up(parts.views, rectifications.NAME, after)
        page = await parts.views.find(
            rectifications.NAME, {"person": person or ""}, limit=limit, cursor=cursor
        )
        found = [review(msgspec.json.decode(doc, type=rectifications.View)) for doc in page.docs]
        return listing("reviews", found, page.cursor, page.position, page.as_of)

    def review(view: rectifications.View) -> OwnReview:
        names = named(view.hall, view.item or "")
        return OwnReview(
            review=view.review,
            service=view.service,
            invitation=parts.invitations.seal(view.service),
            hall=view.hall,
            hall_name=names["hall_name"],
            item_name=None if view.item is None else names["item_name"],
            grade=view.grade,
            given_at=view.given_at,
            status=view.status,
            step=view.step,
            due_at=view.due_at,
            added_grade=view.added_grade,
        )

    @get(
        HOLD.replace("}", ":str}"),
        operation_id="hold",
        responses=answers(HoldShown),
        summary="A place that is held for the asker",
        tags=["appointments"],
    )
    async def held(id: FromPath[str], request: StrictRequest) -> Response[bytes]:  # noqa: A002
        where, now = place(id), parts.clock()
        if where is None or where[0] not in catalogue.halls or request.user is None:
            raise Refused("unknown-hold", missing=True)
        hall, mine = where[0], holder(request.user, id)

        def tell(found: Held) -> tuple[Any, int]:
            day: slots.Slots = found.state
            known = day.holds.get(id)
            if known is None or known.holder != mine or known.until <= now:
                raise Refused("unknown-hold", missing=True)
            return known, found.position

        known, position = await parts.loop.peek(slots.stream(*where), tell)
        told = {
            name: getattr(known, name)
            for name in ("hold", "slot", "queue", "item", "starts_at", "ends_at", "until")
        }
        return document(told | {"hall": hall} | named(hall, known.item), position, now)

    def named(hall: str, item: str) -> dict[str, Text]:
        known_hall, known_item = catalogue.halls.get(hall), catalogue.items.get(item)
        return {
            "hall_name": Text(hall, hall) if known_hall is None else known_hall.plan.name,
            "item_name": Text(item, item) if known_item is None else known_item.plan.name,
        }

    @get(
        f"{API}/items/{{item:str}}/halls",
        operation_id="item_halls",
        responses=lists("halls", HallForItem),
        summary="Where an item is handled: the nearest halls with places first, and the wait in each now",
        tags=["catalogue"],
    )
    async def halls(item: FromPath[str], region: Word = None, hall: Word = None) -> Response[bytes]:
        wanted = catalogue.item(item).plan
        now = parts.clock()
        found = []
        for name, known in catalogue.halls.items():
            if hall in (None, name) and wanted.queue in {one.queue for one in known.plan.queues}:
                waiting, wait = await line_of(name, wanted.queue, now)
                days = (
                    await days_of(name, known.plan, wanted.queue, wanted.slots, now)
                    if wanted.bookable
                    else []
                )
                found.append(
                    HallForItem(
                        hall=name,
                        hall_name=known.plan.name,
                        kind=known.plan.kind,
                        region=known.plan.region,
                        address=known.plan.address,
                        location=known.plan.location or known.plan.phone_tickets.position,
                        nearness=nearness(known.plan.region, region or ""),
                        waiting=waiting,
                        wait_s=wait,
                        days=days,
                    )
                )
        found.sort(key=_best)
        return listing("halls", found, None, catalogue.position, now)

    async def line_of(hall: str, line: str, now: datetime) -> tuple[int, Wait | None]:
        """How many wait in a line now, and what whoever joined it could expect."""
        stream = queue.stream(hall, local_date(now))

        def tell(held: Held) -> tuple[int, Wait | None]:
            day: queue.Queue = held.state
            told = parts.forecasts.newcomers(stream, held, now)
            return len(day.lines.get(line, ())), told.get(line)

        return await parts.loop.peek(stream, tell)

    async def days_of(
        hall: str, plan: HallPlan, line: str, intervals: int, now: datetime
    ) -> list[DayOffered]:
        today = local_date(now)
        # A day that nobody has booked yet is cut into slots to be counted: only those of this line.
        narrow = msgspec.structs.replace(plan, queues=tuple(one for one in plan.queues if one.queue == line))
        offered = []
        for day in (today + timedelta(days=n) for n in range(DAYS_LOOKED_AT)):
            if (why := why_not_offered(parts, plan, day)) is not None:
                if why.code == "slots-not-offered":
                    break  # what is further away is not offered either
                continue

            def tell(held: Held, day: date = day) -> int:
                known = as_offered(parts, narrow, day, held.state)
                return sum(
                    slots.remaining(known, name, "public", intervals, now)
                    for name, slot in known.slots.items()
                    if slot.plan.queue == line and slot.plan.starts_at > now
                )

            offered.append(DayOffered(day, await parts.loop.peek(slots.stream(hall, day), tell)))
        return offered

    return [own, reviews, held, halls]


HIDDEN = frozenset(("person", "on_behalf", "missed_at"))


def nearness(one: str, other: str) -> int:
    """How many levels two region codes share."""
    return sum(one[:digits] == other[:digits] for digits in DIGITS_A_LEVEL if len(other) >= digits)


def _best(hall: HallForItem) -> tuple[bool, int, date, float, bool, str]:
    """Halls with places before those without, the nearer before the further, then the earlier and the quicker; where
    nothing tells them apart a county's before a town's."""
    first = next((day.date for day in hall.days if day.remaining), None)
    wait = hall.wait_s.p50 if hall.wait_s is not None else float("inf")
    return (first is None, -hall.nearness, first or date.max, wait, hall.kind != "centre", hall.hall)
