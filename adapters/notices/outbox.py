"""Empties the outbox: composes each notice that is due, hands it to a channel, and records what came of it.

Sending is at least once: a crash between the provider's answer and our record sends it again, under the same id, and
a provider that honours ids sends it no second time. Nothing is ever sent inside a request.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

import msgspec
import stamina
import structlog

from adapters.catalogue import Catalogue
from adapters.loop import StoreUnavailable
from adapters.notices.channel import ChannelDown, Message, MessageRefused
from adapters.notices.config import Channels, NoticeSettings, Route
from adapters.people import ContactKind, Identity
from adapters.timekeeping import Duty, Lists, Loop, keep_time
from domain import case, notice, review, slots
from domain.handling import Act, Ask, Held
from domain.message import Command, Stamp, Text, place
from domain.notice import DropNotice, RecordDelivery, RecordFailure
from domain.templates import OCCASIONS, instant, say
from projections import notices

log = structlog.get_logger()

PAGE = 100
AT_ONCE = 10
TRIES = 3
PATIENCE_S = 20.0


class Known(Protocol):
    """Who is behind a key."""

    async def reveal(self, key: str) -> Identity | None: ...
    async def meant(self, key: str, kind: ContactKind) -> str | None: ...


class Links(NamedTuple):
    """What makes the secrets of a notice when it is sent: a sealed voucher, a review link, a one-time code."""

    voucher: Callable[[str], str]
    review: Callable[[str], str]
    code: Callable[[str], str]


class _NotTrueAnyMore(Exception):
    """What the notice would say has been overtaken."""


class _Nobody(Exception):
    """Whoever is to be told is known to nobody, or has given no address. That is no fault of any channel."""


class _NoWay(Exception):
    """The hall has nobody in that post, or no channel for such an address: an administrator is to mend it."""


class Outbox:
    """``run`` until cancelled. One process does it at a time, by its duty."""

    def __init__(
        self,
        duty: Duty,
        lists: Lists,
        loop: Loop,
        people: Known,
        catalogue: Catalogue,
        channels: Channels,
        links: Links,
        settings: NoticeSettings,
        clock: Callable[[], datetime],
        every_s: float = 0.5,
    ) -> None:
        self._duty = duty
        self._lists = lists
        self._loop = loop
        self._people = people
        self._catalogue = catalogue
        self._channels = channels
        self._links = links
        self._settings = settings
        self._clock = clock
        self._every_s = every_s
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        await keep_time(self.fire, self._duty, self._lists, (notices.NAME,), self._every_s)

    async def fire(self) -> int:
        """Send up to a hundred notices that are due; the position of the last event that came of it."""
        page = await self._lists.find(notices.NAME, {"due_at": ("<=", self._clock())}, "due_at", PAGE)
        due = [msgspec.json.decode(doc, type=notices.View) for doc in page.docs]
        positions = await asyncio.gather(*map(self._settle, due), return_exceptions=True)
        for position in positions:
            if isinstance(position, BaseException):
                raise position
        return max((p for p in positions if isinstance(p, int)), default=0)

    async def _settle(self, view: notices.View) -> int:
        async with self._room:
            try:
                command = await self._send(view)
            except StoreUnavailable:
                raise
            except Exception as error:
                # One notice that cannot be composed keeps no other from being sent.
                log.exception("notice-broken", notice=view.notice)
                command = RecordFailure(view.attempts + 1, type(error).__name__)
        stamp = Stamp(
            at=self._clock(),
            by="clock:outbox",
            command=f"notice:{view.notice}:{view.round}.{view.attempts}",
            hall=view.hall or None,
        )
        receipt = await self._loop.submit(Act((Ask(notice.stream(view.notice), command),)), stamp)
        return receipt.position

    async def _send(self, view: notices.View) -> Command:
        if view.until is not None and self._clock() > view.until:
            return DropNotice("too-late")
        try:
            person, routes = await self._routes(view)
        except _NotTrueAnyMore:
            return DropNotice("overtaken")
        except _Nobody:
            return DropNotice("no-address")
        except _NoWay as why:
            return RecordFailure(view.attempts + 1, str(why), final=True)
        subject, text = self._words(view)
        taken = None
        try:
            for nth, route in enumerate(routes):
                name = f"{view.notice}.{view.round}" + (f".{nth}" if nth else "")
                taken = await _patiently(route, Message(name, route.address, subject, text))
        except ChannelDown as down:
            return RecordFailure(view.attempts + 1, str(down)[:100])
        except MessageRefused as refused:
            return RecordFailure(view.attempts + 1, str(refused)[:100], final=True)
        return RecordDelivery(routes[0].channel.name, taken, person)

    # --- to whom --------------------------------------------------------------------------------------------

    async def _routes(self, view: notices.View) -> tuple[str | None, list[Route]]:
        """Who is told, if it is a person, and how they are reached.

        Raises:
        _Nobody, _NoWay, _NotTrueAnyMore: nothing is to be sent.
        """
        kind, _, name = view.to.partition(":")
        if kind == "staff":
            if routes := self._channels.to_staff(view.hall, name):
                return None, routes
            raise _NoWay("no-address")
        by = view.facts.get("by")
        for person in await self._persons(kind, name, view.template == "reminder"):
            identity = await self._people.reveal(person)
            if identity is not None and view.template == "prove-contact":
                identity = await self._meaning(person, identity, "mail" if by == "mail" else "phone")
            if identity is not None and (reached := self._reached(identity, by)) is not None:
                if reached:
                    return person, reached
                raise _NoWay("no-channel")
        raise _Nobody

    async def _meaning(self, person: str, identity: Identity, kind: ContactKind) -> Identity:
        """Somebody with the address they say is theirs, which the notice is to prove."""
        told = {kind: await self._people.meant(person, kind)}
        return msgspec.structs.replace(identity, **told)

    def _reached(self, identity: Identity, by: str | None) -> list[Route] | None:
        """How somebody is reached: the way they asked for, else by phone, else by mail; none if there is no address,
        empty if no channel serves it."""
        if identity.phone is not None and by != "mail":
            return self._channels.to_phone(identity.phone)
        return None if identity.mail is None or by == "phone" else self._channels.to_mailbox(identity.mail)

    async def _persons(self, kind: str, name: str, only_booked: bool) -> list[str]:
        """The keys of those who may be told, the first that can be reached being the one who is."""

        def booker(held: Held) -> list[str]:
            found: slots.Appointment | None = held.state.appointments.get(name)
            if found is None or (only_booked and not isinstance(found, slots.Booked)):
                raise _NotTrueAnyMore
            agent = found.booking.on_behalf
            return [found.booking.person, *([agent.agent] if agent else [])]

        def request(held: Held) -> list[str]:
            asked = [one.asked[name] for one in held.state.lotteries.values() if name in one.asked]
            return [one.person for one in asked]

        def waiting(held: Held) -> list[str]:
            found = held.state.waiting.get(name)
            return [] if found is None else [found.joined.person]

        def applicant(held: Held) -> list[str]:
            opened = held.state.opened
            return [] if opened is None else [opened.applicant]

        def reviewer(held: Held) -> list[str]:
            given = held.state.given
            return [] if given is None or given.person is None else [given.person]

        match kind:
            case "booker" if (where := place(name)) is not None:
                return await self._loop.peek(slots.stream(*where), booker)
            case "request" if (where := place(name)) is not None:
                return await self._loop.peek(slots.stream(*where), request)
            case "waiting" if (where := place(name)) is not None:
                return await self._loop.peek(slots.stream(*where), waiting)
            case "applicant":
                return await self._loop.peek(case.stream(name), applicant)
            case "reviewer":
                told = await self._loop.peek(review.stream(name), reviewer)
                if told or not name.startswith("case."):
                    return told
                return await self._loop.peek(case.stream(name.removeprefix("case.")), applicant)
            case "person":
                return [name]
        return []

    # --- in which words -------------------------------------------------------------------------------------

    def _words(self, view: notices.View) -> tuple[str, str]:
        occasion = OCCASIONS[view.template]
        worded = self._catalogue.wordings.get(view.template)
        wording = occasion.wording if worded is None else worded.plan
        zh = say(wording.zh, self._facts(view, "zh"))
        en = say(wording.en, self._facts(view, "en"))
        match self._settings.language:
            case "zh":
                return occasion.name.zh, zh
            case "en":
                return occasion.name.en, en
        return f"{occasion.name.zh} {occasion.name.en}", f"{zh}\n{en}"

    def _facts(self, view: notices.View, language: Literal["zh", "en"]) -> dict[str, str]:
        """The facts as the sentence says them: halls and items by name, times by the clock, secrets made now."""

        def named(text: Text | None, name: str) -> str:
            return name if text is None else text.zh if language == "zh" else text.en

        said: dict[str, str] = {}
        for name, fact in view.facts.items():
            said[name] = instant(datetime.fromisoformat(fact), language) if name.endswith("_at") else fact
        hall, item = self._catalogue.halls.get(view.hall), view.facts.get("item", "")
        said["hall"] = named(hall and hall.plan.name, view.hall)
        known = self._catalogue.items.get(item)
        said["item"] = named(known and known.plan.name, item)
        if (appointment := view.facts.get("appointment")) is not None:
            page = self._settings.voucher_page.replace("{link}", self._links.voucher(appointment))
            said["link"] = self._settings.site + page
        elif (listed := view.facts.get("waiting")) is not None:
            said["link"] = self._settings.site + self._settings.waiting_page.replace(
                "{link}", self._links.voucher(listed)
            )
        elif view.template == "review-invited":
            page = self._settings.review_page.replace("{link}", self._links.review(view.facts["service"]))
            said["link"] = self._settings.site + page
        if (challenge := view.facts.get("challenge")) is not None:
            said["code"] = self._links.code(challenge)
        return said


async def _patiently(route: Route, message: Message) -> str | None:
    """Hand over a message, asking again for a while where the weather is bad."""
    taken: str | None = None
    async for attempt in stamina.retry_context(
        on=ChannelDown, attempts=TRIES, timeout=PATIENCE_S, wait_initial=0.2, wait_max=2.0
    ):
        with attempt:
            taken = await route.channel.send(message)
    return taken
