"""How a person stands with online booking: warned, suspended, their appeal and the supervisor's answer.

Only booking online is ever suspended. Whoever is suspended still walks in, and staff still book for them.
"""

from datetime import datetime

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from adapters.http.access import API
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.commands import Command
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.reading import LIMIT, After, Cursor, Limit, answers, caught_up, document, listing, lists
from adapters.people import Masked
from domain import citizen
from domain.booking import DEFAULT_LIMITS, Limits
from domain.citizen import AppealSuspension, LiftSuspension, UpholdSuspension
from domain.handling import Act, Ask, Held
from domain.message import Command as DomainCommand
from domain.message import Key, Words
from projections import appeals

SUSPENSION = f"{API}/suspensions/{{person}}"


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Words


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``no_shows`` are when the appointments began that were missed and are not forgiven; ``warned``: one more ends
    online booking for a while; ``suspended_until`` is missing while it is open."""

    no_shows: list[datetime]
    warned: bool
    suspended_until: datetime | None
    appealed: bool


class AppealShown(appeals.View, kw_only=True):
    """``name`` is masked."""

    name: Masked | None


def commands(parts: Parts) -> list[Command]:
    async def ask(asked: Asking, person: str, command: DomainCommand) -> Reply:
        return await asked.submit(parts.loop, Act((Ask(citizen.stream(person), command),)))

    async def appeal(asked: Asking, words: list[str], body: Reason, query: bytes) -> Reply:
        person = _own(asked.identity)
        return await ask(asked, person, AppealSuspension(body.reason, await _limits(parts, person)))

    async def lift(asked: Asking, words: list[str], body: Reason, query: bytes) -> Reply:
        person = _named(words[0])
        return await ask(asked, person, LiftSuspension(body.reason, await _limits(parts, person)))

    async def uphold(asked: Asking, words: list[str], body: Reason, query: bytes) -> Reply:
        return await ask(asked, _named(words[0]), UpholdSuspension(body.reason))

    return [
        Command(f"{API}/standing/appeal", Reason, appeal, about="Appeal against a suspension"),
        Command(f"{SUSPENSION}/lift", Reason, lift, about="Open online booking to a person again"),
        Command(f"{SUSPENSION}/uphold", Reason, uphold, about="Answer an appeal with no"),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/standing",
        operation_id="standing",
        responses=answers(Standing),
        summary="How one stands with online booking",
        tags=["appointments"],
    )
    async def standing(request: StrictRequest) -> Response[bytes]:
        person, now = _own(request.user), parts.clock()
        limits = await _limits(parts, person)

        def tell(held: Held) -> tuple[Standing, int]:
            state: citizen.Citizen = held.state
            until = citizen.suspended_until(state, limits)
            told = Standing(
                no_shows=citizen.no_shows(state),
                warned=citizen.warned(state, limits, now),
                suspended_until=until if until is not None and now < until else None,
                appealed=state.appealed,
            )
            return told, held.position

        told, position = await parts.loop.peek(citizen.stream(person), tell)
        return document(told, position, now)

    @get(
        f"{API}/suspensions",
        operation_id="suspensions",
        responses=lists("suspensions", AppealShown),
        summary="Appeals against suspensions, oldest first",
        tags=["appointments"],
    )
    async def waiting(after: After = 0, limit: Limit = LIMIT, cursor: Cursor = None) -> Response[bytes]:
        await caught_up(parts.views, appeals.NAME, after)
        page = await parts.views.find(appeals.NAME, None, "appealed_at", limit, cursor)
        shown = []
        for doc in page.docs:
            view = msgspec.json.decode(doc, type=appeals.View)
            shown.append(
                AppealShown(**msgspec.structs.asdict(view), name=await parts.people.masked(view.person))
            )
        return listing("suspensions", shown, page.cursor, page.position, page.as_of)

    return [standing, waiting]


async def _limits(parts: Parts, person: str) -> Limits:
    """The limits by which a person stands: those of the hall whose appointment they missed last."""

    def hall(held: Held) -> str:
        state: citizen.Citizen = held.state
        missed = [b for b in state.bookings.values() if b.status == "missed"]
        return max(missed, key=lambda b: b.starts_at).hall if missed else ""

    known = parts.catalogue.halls.get(await parts.loop.peek(citizen.stream(person), hall))
    return DEFAULT_LIMITS if known is None else known.plan.limits


def _own(identity: Identity | None) -> str:
    """Raises:
    Rejected: the token is for nobody in particular.
    """
    if identity is None or identity.person is None:
        raise Rejected(422, "person-needed")
    return identity.person


def _named(word: str) -> str:
    """Raises:
    Rejected: nobody's key looks like this.
    """
    try:
        return msgspec.convert(word, Key)
    except msgspec.ValidationError as error:
        raise Rejected(404, "unknown-path") from error
