"""Calendar subscriptions: a citizen's own appointments, and how many are booked in each slot of a hall.

The address tells nothing and is made of nothing that is stored: who it is for and its number, encrypted under a key of
this purpose, always to the same text. Nothing stands in it that the voucher's own calendar file does not say.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http import ics
from adapters.http.access import API
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.commands import Command, Nothing
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.reading import answers, document
from domain import feed, offering
from domain.feed import Feed, OpenFeed, RevokeFeed
from domain.handling import Act, Ask, Hold
from domain.message import Refused
from domain.workdays import SHANGHAI, local_date
from projections import appointments

FEED = f"{API}/feeds/{{link}}/calendar.ics"
OWN = f"{API}/feeds/mine"
HALL = f"{API}/halls/{{hall}}/feed"

KEPT_DAYS = 30
"""How long an appointment stays in the calendar after it ended."""
HALL_DAYS = 28
PAGE = 500
APPOINTMENTS_MAX = 2_000
INTERVAL = timedelta(minutes=30)
"""The end of a slot that the hall's plan of now does not know any more."""


class FeedShown(msgspec.Struct, frozen=True):
    """``path`` is the secret address on this server; none while there is none."""

    open: bool
    path: str | None


def commands(parts: Parts) -> list[Command]:
    async def open_own(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        return await ask(asked, _own(asked.identity), OpenFeed())

    async def revoke_own(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        return await ask(asked, _own(asked.identity), RevokeFeed())

    async def open_hall(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        parts.catalogue.hall(words[0])
        return await ask(asked.in_hall(words[0]), feed.of_hall(words[0]), OpenFeed())

    async def revoke_hall(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        parts.catalogue.hall(words[0])
        return await ask(asked.in_hall(words[0]), feed.of_hall(words[0]), RevokeFeed())

    async def ask(asked: Asking, name: str, command: feed.AnyCommand) -> Reply:
        stream = feed.stream(name)

        def tell(hold: Hold) -> FeedShown:
            return shown(parts, name, hold(stream).state)

        return await asked.submit(parts.loop, Act((Ask(stream, command),), tell))

    return [
        Command(f"{OWN}/open", Nothing, open_own, FeedShown, about="Make the address of one's own calendar"),
        Command(f"{OWN}/revoke", Nothing, revoke_own, FeedShown, about="Let nobody read it any more"),
        Command(f"{HALL}/open", Nothing, open_hall, FeedShown, about="Make the address of a hall's bookings"),
        Command(f"{HALL}/revoke", Nothing, revoke_hall, FeedShown, about="Let nobody read it any more"),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    async def state(name: str) -> Feed:
        return await parts.loop.peek(feed.stream(name), lambda held: Feed(held.state.number, held.state.open))

    @get(
        OWN,
        operation_id="own_feed",
        responses=answers(FeedShown),
        summary="The address of one's own calendar, if there is one",
        tags=["feeds"],
    )
    async def own(request: StrictRequest) -> Response[bytes]:
        name = _own(request.user)
        return document(shown(parts, name, await state(name)), parts.catalogue.position, parts.clock())

    @get(
        HALL.replace("}", ":str}"),
        operation_id="hall_feed",
        responses=answers(FeedShown),
        summary="The address of a hall's bookings, if there is one",
        tags=["feeds"],
    )
    async def of_hall(hall: FromPath[str]) -> Response[bytes]:
        parts.catalogue.hall(hall)
        name = feed.of_hall(hall)
        return document(shown(parts, name, await state(name)), parts.catalogue.position, parts.clock())

    @get(
        FEED.replace("}", ":str}"),
        operation_id="feed",
        media_type="text/calendar",
        summary="A calendar that is read again and again (RFC 5545), with an ETag",
        tags=["feeds"],
    )
    async def read(link: FromPath[str], request: StrictRequest) -> Response[bytes]:
        name, _, number = (parts.veil.lift(link) or "").rpartition("/")
        now = await state(name) if name else Feed()
        if not now.open or str(now.number) != number:
            raise Refused("unknown-feed", missing=True)
        kind, _, subject = name.partition(".")
        text = await (citizens(subject) if kind == "person" else halls(subject))
        tag = f'"{hashlib.blake2b(text, digest_size=16).hexdigest()}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(b"", status_code=304, headers=headers)
        return Response(text, headers=headers | {"Content-Type": ics.MEDIA_TYPE})

    async def citizens(person: str) -> bytes:
        """Raises:
        Refused: they were erased; nobody reads about them any more.
        """
        if await parts.people.reveal(person) is None:
            raise Refused("unknown-feed", missing=True)
        found: list[appointments.View] = []
        cursor: str | None = None
        while len(found) < APPOINTMENTS_MAX:
            page = await parts.views.find(appointments.NAME, {"person": person}, "starts_at", PAGE, cursor)
            found += [msgspec.json.decode(doc, type=appointments.View) for doc in page.docs]
            if (cursor := page.cursor) is None:
                break
        since = parts.clock() - timedelta(days=KEPT_DAYS)
        made = [entry(*one) for one in moved_on(found) if one[1].ends_at > since]
        return ics.calendar(made, name="我的政务预约 My appointments")

    def entry(uid: str, view: appointments.View, changes: int) -> ics.Entry:
        item, plan = parts.catalogue.items.get(view.item), parts.catalogue.halls.get(view.hall)
        where = (plan.plan.name, plan.plan.address) if plan is not None else ()
        return ics.Entry(
            uid=uid,
            starts_at=view.starts_at,
            ends_at=view.ends_at,
            changed_at=view.ended_at or view.booked_at,
            summary=view.item if item is None else item.plan.name.zh,
            place=", ".join(text.zh for text in where if text is not None),
            cancelled=cancelled(view),
            sequence=changes,
        )

    async def halls(hall: str) -> bytes:
        plan, calendar = parts.catalogue.hall(hall), parts.catalogue.calendar
        today = parts.today()
        begin = datetime.combine(today, time(), SHANGHAI)
        counted = await parts.views.tally(
            appointments.NAME,
            {
                "hall": hall,
                "starts_at": [(">=", begin), ("<", begin + timedelta(days=HALL_DAYS))],
                "status": ("in", ["booked", "checked-in", "missed"]),
            },
            ("starts_at",),
            (),
        )
        days = {local_date(starts_at) for starts_at, _ in counted}
        offered = (slot for day in days for slot in offering.offer(plan, day, calendar).slots)
        ends = {slot.starts_at: slot.ends_at for slot in offered}
        made = [
            ics.Entry(
                uid=f"{hall}.{starts_at.astimezone(SHANGHAI):%Y%m%dT%H%M}",
                starts_at=starts_at,
                ends_at=ends.get(starts_at, starts_at + INTERVAL),
                # No instant of a change is known of a count, and one that moves by itself would be a new calendar.
                changed_at=begin,
                summary=f"预约{number}人 · {number} booked",
                place=plan.name.zh,
            )
            for starts_at, number in counted
        ]
        return ics.calendar(made, name=f"{plan.name.zh} · 预约 Bookings")

    return [own, of_hall, read]


def shown(parts: Parts, name: str, state: Feed) -> FeedShown:
    path = FEED.format(link=parts.veil.draw(f"{name}/{state.number}"))
    return FeedShown(state.open, path if state.open else None)


def cancelled(view: appointments.View) -> bool:
    return view.status == "cancelled"


def moved_on(found: Iterable[appointments.View]) -> Iterator[tuple[str, appointments.View, int]]:
    """Each appointment as it stands, under the name of the first one it was moved on from, and how often it changed: to
    a calendar a move is a change of what it has, and not something given up and something new."""
    views = {view.appointment: view for view in found}
    further = {view.moved_to for view in views.values()}
    for first in views.keys() - further:
        view, changes = views[first], 0
        while view.moved_to is not None and view.moved_to in views:
            view, changes = views[view.moved_to], changes + 1
        yield first, view, changes + cancelled(view)


def _own(identity: Any) -> str:
    """Raises:
    Rejected: the asker's sign-in names no person.
    """
    if identity is None or identity.person is None:
        raise Rejected(422, "person-needed")
    return feed.of_person(identity.person)
