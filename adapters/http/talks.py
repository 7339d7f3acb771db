"""Talks (约谈) with units that lag again and again: the supervisor's list, and the record of one that took place."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from msgspec import Meta

from adapters.http.access import API
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.commands import Command
from adapters.http.parts import Parts
from adapters.http.reading import LIMIT, After, Cursor, Limit, Word, caught_up, listing, lists, merged, shape
from adapters.http.surveying import Due, conditions
from domain import unit
from domain.deadlines import Signal, signal_now
from domain.handling import Act, Ask
from domain.message import Label, Refused, Words
from domain.unit import HoldTalk
from domain.workdays import workdays_left
from projections import talks

TALK = f"{API}/talks/{{talk}}"


class TalkTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    with_whom: Annotated[Label, Meta(description="the post that was talked with, not a name")]
    minutes: Words
    measures: Words


class TalkReceipt(msgspec.Struct, frozen=True):
    talk: str


TalkShown = shape("Talk", talks.View, workdays_left=int | None, late=bool, signal=Signal | None)


def commands(parts: Parts) -> list[Command]:
    async def hold(asked: Asking, words: list[str], body: TalkTold, query: bytes) -> Reply:
        talk, identity = words[0], asked.identity
        assert identity is not None
        found = await parts.views.get(talks.NAME, talk)
        view = None if found is None else msgspec.json.decode(found.doc, type=talks.View)
        if view is None or not identity.may_act_in(view.hall or ""):
            raise Refused("unknown-talk", missing=True, talk=talk)
        command = HoldTalk(talk, body.with_whom, body.minutes, body.measures)
        act = Act((Ask(unit.stream(view.unit), command),), lambda _: TalkReceipt(talk))
        return await asked.in_hall(view.hall or "").submit(parts.loop, act)

    return [
        Command(f"{TALK}/hold", TalkTold, hold, TalkReceipt, about="Record that a talk took place (约谈)")
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/talks",
        operation_id="talks",
        responses=lists("talks", TalkShown),
        summary="Talks with units that lagged again and again, by unit, status and deadline",
        tags=["rectifications"],
    )
    async def many(
        request: StrictRequest,
        status: Annotated[Literal["called", "held"] | None, QueryParameter()] = None,
        unit: Word = None,
        hall: Word = None,
        due_before: Due = None,
        after: After = 0,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        where = conditions(request.user, unit=unit, hall=hall, due_before=due_before)
        if status is not None:
            where["status"] = status
        await caught_up(parts.views, talks.NAME, after)
        page = await parts.views.find(talks.NAME, where, "due_at", limit, cursor)
        shown = [_shown(parts, msgspec.json.decode(doc, type=talks.View)) for doc in page.docs]
        return listing("talks", shown, page.cursor, page.position, page.as_of)

    return [many]


def _shown(parts: Parts, view: talks.View) -> dict[str, Any]:
    calendar, now = parts.catalogue.calendar, parts.clock()
    waits = view.status == "called"
    return merged(
        view,
        {
            "workdays_left": workdays_left(calendar, now, view.due_at) if waits else None,
            "late": waits and now > view.due_at,
            "signal": signal_now(calendar, view.called_at, view.due_at, now) if waits else None,
        },
    )
