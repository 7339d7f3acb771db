"""What follows a bad review (差评整改): the steps of whoever works on one, and many at once."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta

from adapters.http import errors
from adapters.http.access import API, RECTIFICATION
from adapters.http.asking import Asking, Reply, encode
from adapters.http.body import StrictRequest
from adapters.http.commands import Command
from adapters.http.parts import Parts
from adapters.http.past import AsOf, Past, of_stream
from adapters.http.problems import Problem
from adapters.http.reading import (
    After,
    answers,
    caught_up,
    document,
)
from adapters.http.rectification_lists import RectificationShown, told
from adapters.http.reviews import review_stream
from adapters.loop import StoreUnavailable
from adapters.views import Document
from domain import rectification, urging
from domain.handling import Act, Ask, Held, Hold
from domain.message import Label, Reference, Refused, Words
from domain.rectification import Step
from domain.review import Review
from projections import rectifications

BULK_MAX = 500


class RectificationReceipt(msgspec.Struct, frozen=True):
    rectification: str
    step: Step
    due_at: datetime
    annulled: bool


class OrderAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A work order by its number in the 12345 system. A partner sends one in, staff hand one out."""

    order: Reference
    note: Words


class BulkAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing asked of many: ``clerk`` assigns them, ``remind`` presses for them, ``extend`` grants them more days
    where they may have more. Safe to ask again."""

    rectifications: Annotated[tuple[Reference, ...], Meta(min_length=1, max_length=BULK_MAX)]
    clerk: Label | None = None
    remind: Words | None = None
    extend: rectification.ExtendRectification | None = None

    @property
    def commands(self) -> list[Any]:
        """What is asked of each; it should be one thing."""
        return [
            *([urging.Assign(self.clerk)] if self.clerk is not None else []),
            *([urging.Remind(self.remind)] if self.remind is not None else []),
            *([self.extend] if self.extend is not None else []),
        ]


class Done(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How one of many was answered: its place in the log, or a problem."""

    rectification: str
    version: int = 0
    position: int = 0
    problem: Problem | None = None


class BulkReceipt(msgspec.Struct, frozen=True):
    receipts: list[Done]


def commands(parts: Parts) -> list[Command]:
    async def step(asked: Asking, words: list[str], body: Any, query: bytes) -> Reply:
        return await _ask(parts, asked, words[0], body)

    async def order(asked: Asking, words: list[str], body: OrderAsked, query: bytes) -> Reply:
        direction: urging.Direction = "in" if _is_hotline(asked) else "out"
        return await _ask(parts, asked, words[0], urging.RecordOrder(body.order, direction, body.note))

    async def answer(asked: Asking, words: list[str], body: urging.AnswerOrder, query: bytes) -> Reply:
        def theirs(held: Held) -> bool:
            state: Review = held.state
            known = state.rectification.urging.orders.get(body.order) if state.rectification else None
            return known is None or (known == "out") == _is_hotline(asked)

        if not await parts.loop.peek(review_stream(words[0], "unknown-rectification"), theirs):
            raise Refused("another-order", order=body.order)
        return await _ask(parts, asked, words[0], body)

    async def bulk(asked: Asking, words: list[str], body: BulkAsked, query: bytes) -> Reply:
        if len(body.commands) != 1:
            raise Refused("bulk-unclear", invalid=True, field="clerk")
        (command,) = body.commands
        receipts = await asyncio.gather(
            *(
                _one_of_many(parts, asked, n, name, command)
                for n, name in enumerate(dict.fromkeys(body.rectifications))
            )
        )
        return Reply(200, encode(BulkReceipt(receipts)))

    steps: dict[str, tuple[Any, str]] = {
        "assign": (urging.Assign, "Name the clerk who answers for it"),
        "remind": (urging.Remind, "Press for it (催办)"),
        "contact": (rectification.Contact, "Call on the reviewer"),
        "verify": (rectification.Verify, "Say what was found"),
        "rectify": (rectification.Rectify, "Put it right, plan it, or explain it"),
        "extend": (rectification.ExtendRectification, "Grant more days, once"),
        "pause": (rectification.PauseRectification, "Let its deadlines stand still, for a stated reason"),
        "resume": (rectification.ResumeRectification, "Let its deadlines run on"),
        "appeal": (rectification.Appeal, "Hold the review to be wrong"),
        "rule": (rectification.Rule, "Rule on a contested review"),
        "feed-back": (rectification.FeedBack, "Tell the reviewer what came of it"),
        "call-back": (rectification.CallBack, "Ask whether they are satisfied now"),
    }
    return [
        Command(
            f"{API}/rectifications/bulk",
            BulkAsked,
            bulk,
            BulkReceipt,
            about="Assign, remind or extend many at once",
        ),
        Command(
            f"{RECTIFICATION}/order",
            OrderAsked,
            order,
            RectificationReceipt,
            about="Record a 12345 work order",
        ),
        Command(
            f"{RECTIFICATION}/answer-order",
            urging.AnswerOrder,
            answer,
            RectificationReceipt,
            about="Tell the other side what came of a 12345 work order",
        ),
        *(
            Command(f"{RECTIFICATION}/{name}", body, step, RectificationReceipt, about=about)
            for name, (body, about) in steps.items()
        ),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{RECTIFICATION}".replace("}", ":str}"),
        operation_id="rectification",
        responses=answers(RectificationShown),
        summary="One rectification, for the hall's staff and for whoever rated",
        tags=["rectifications"],
    )
    async def one(
        id: FromPath[str],  # noqa: A002
        request: StrictRequest,
        after: After = 0,
        as_of: AsOf = None,
    ) -> Response[bytes]:
        found: Document | Past | None
        now = parts.clock()
        if as_of is not None:
            found = await of_stream(parts, rectifications, review_stream(id, "unknown-rectification"), as_of)
            view, now = found.views.get(id), found.as_of
        else:
            await caught_up(parts.views, rectifications.NAME, after)
            found = await parts.views.get(rectifications.NAME, id)
            view = None if found is None else msgspec.json.decode(found.doc, type=rectifications.View)
        identity = request.user
        assert identity is not None
        own = view is not None and identity.person is not None and identity.person == view.person
        if found is None or view is None or not (own or identity.serves(view.hall)):
            raise Refused("unknown-rectification", missing=True)
        shown = told(parts, view, now)
        if own:
            shown |= {
                "steps": rectifications.public_steps(view),
                "clerk": None,
                "escalated_to": None,
                "orders": {},
            }
        return document(shown, found.position, found.as_of)

    return [one]


# --- how one is asked -----------------------------------------------------------------------------------------


async def _ask(parts: Parts, asked: Asking, service: str, command: Any) -> Reply:
    stream, hall = await _theirs(parts, asked, service)
    act = Act((Ask(stream, command),), _tell(stream, service))
    return await asked.in_hall(hall).submit(parts.loop, act)


async def _one_of_many(parts: Parts, asked: Asking, nth: int, service: str, command: Any) -> Done:
    """Raises:
    StoreUnavailable: the log did not answer; all of it may be asked again.
    """
    try:
        stream, hall = await _theirs(parts, asked, service)
        receipt = await asked.in_hall(hall).part(nth).submitted(parts.loop, Act((Ask(stream, command),)))
    except StoreUnavailable:
        raise
    except Refused as refused:
        return Done(rectification=service, problem=errors.told(refused, ()))
    return Done(rectification=service, version=receipt.version, position=receipt.position)


async def _theirs(parts: Parts, asked: Asking, service: str) -> tuple[str, str]:
    """The review's stream and its hall.

    Raises:
        Refused: there is no such rectification for this asker.
    """
    identity = asked.identity
    assert identity is not None

    def tell(held: Held) -> str:
        state: Review = held.state
        given = state.given
        may = given is not None and (identity.serves(given.hall) or identity.role == "partner")
        if given is None or state.rectification is None or not may:
            raise Refused("unknown-rectification", missing=True)
        return given.hall

    stream = review_stream(service, "unknown-rectification")
    return stream, await parts.loop.peek(stream, tell)


def _is_hotline(asked: Asking) -> bool:
    return asked.identity is not None and asked.identity.role == "partner"


def _tell(stream: str, service: str) -> Callable[[Hold], RectificationReceipt]:
    def tell(hold: Hold) -> RectificationReceipt:
        state: Review = hold(stream).state
        work = state.rectification
        assert work is not None
        due_at = work.dues.of(rectifications.DUE_OF.get(work.step, "rectify"), work.planned).at
        return RectificationReceipt(service, work.step, due_at, work.annulled)

    return tell
