"""Inviting whoever was just served to rate: the device at the window asks by itself, a clerk shows a code on request.

The invitation is made by a policy when a service ends (``domain/policies.py``). Its link is the citizen's and no
member of staff is told it; the code that a clerk shows holds a link of its own, by which the rating says who showed it.
What is said of a service to its clerk is whether it was rated, and never how.
"""

from datetime import datetime
from typing import NamedTuple

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters import qr
from adapters.http.access import WINDOW
from adapters.http.body import StrictRequest
from adapters.http.parts import Parts
from domain import queue, review
from domain.handling import Held
from domain.message import Refused, Text
from domain.review import Review, Standing, standing
from domain.review_tags import INVITATION


class InvitationHere(msgspec.Struct, frozen=True):
    """How the invitation of the service that ended last at a window stands; ``words`` are how one asks. ``ticket`` is
    missing where none has ended there since somebody was called."""

    ticket: str | None
    state: Standing
    until: datetime | None
    words: Text


class _Last(NamedTuple):
    """The service that ended last at a window, and how its rating stands; ``until`` once it is invited."""

    number: str
    service: str
    state: Standing
    until: datetime | None


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    async def last(hall: str, window: str) -> _Last | None:
        day = parts.today()

        def ended(held: Held) -> tuple[str, str] | None:
            line: queue.Queue = held.state
            here = line.windows.get(window)
            if here is None or here.serving is not None or here.last is None:
                return None
            ticket = line.tickets[here.last]
            return (ticket.number, f"ticket.{ticket.id}") if ticket.status == "served" else None

        found = await parts.loop.peek(queue.stream(hall, day), ended)
        if found is None:
            return None
        now = parts.clock()

        def stands(held: Held) -> tuple[Standing, datetime | None]:
            rating: Review = held.state
            until = None if rating.invited is None else rating.invited.until
            return standing(rating, ended=True, now=now), until

        return _Last(*found, *await parts.loop.peek(review.stream(found[1]), stands))

    async def unrated(hall: str, window: str) -> _Last:
        """Raises:
        Refused: there is none, or it was rated.
        """
        found = await last(hall, window)
        if found is None or found.state == "rated":
            raise Refused("nobody-to-invite", missing=True)
        return found

    @get(
        f"{WINDOW}/invitation".replace("}", ":str}"),
        operation_id="window_invitation",
        summary="The invitation that a window's device shows: of the service that ended there last",
        tags=["reviews"],
    )
    async def device(hall: FromPath[str], window: FromPath[str]) -> dict[str, str]:
        found = await unrated(hall, window)
        return {"service": found.service, "invitation": parts.invitations.seal(found.service)}

    @get(
        f"{WINDOW}/invitation/state".replace("}", ":str}"),
        operation_id="window_invitation_state",
        summary="Whether whoever was served last at a window is invited, or has rated",
        tags=["reviews"],
    )
    async def state(hall: FromPath[str], window: FromPath[str]) -> InvitationHere:
        if (found := await last(hall, window)) is None:
            return InvitationHere(None, "not-yet", None, INVITATION)
        return InvitationHere(found.number, found.state, found.until, INVITATION)

    @get(
        f"{WINDOW}/invitation/code".replace("}", ":str}"),
        operation_id="window_invitation_code",
        summary="The invitation as a QR code that a clerk shows at the window; the rating tells who showed it",
        media_type="image/svg+xml",
        tags=["reviews"],
    )
    async def code(hall: FromPath[str], window: FromPath[str], request: StrictRequest) -> Response[bytes]:
        found = await unrated(hall, window)
        assert request.user is not None
        link = parts.seal.shown(found.service, request.user.subject)
        where = (parts.settings.public_url or str(request.base_url)).rstrip("/")
        return Response(qr.svg(f"{where}/reviews/{link}"), media_type="image/svg+xml")

    return [device, state, code]
