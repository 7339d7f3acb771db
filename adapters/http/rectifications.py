"""What follows a bad review (差评整改): the supervisor's list, the steps of whoever works on one, and many at once."""

import asyncio
from collections.abc import Callable
from datetime import datetime, time
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from msgspec import Meta

from adapters.http import errors
from adapters.http.access import API, RECTIFICATION
from adapters.http.asking import Asking, Reply, encode
from adapters.http.body import StrictRequest
from adapters.http.cases import Due, conditions
from adapters.http.commands import Command
from adapters.http.exports import Format, file
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.past import AsOf, Past, list_then, of_stream, place
from adapters.http.problems import Problem
from adapters.http.reading import (
    LIMIT,
    After,
    Cursor,
    Limit,
    Word,
    answers,
    caught_up,
    document,
    listing,
    lists,
    shape,
)
from adapters.http.reviews import review_stream
from adapters.loop import StoreUnavailable
from adapters.spreadsheet import Cell, Sheet
from adapters.views import Document
from domain import rectification, urging
from domain.deadlines import Signal
from domain.handling import Act, Ask, Held, Hold
from domain.message import Label, Reference, Refused, Text, Words
from domain.rectification import Step
from domain.review import Review
from domain.review_tags import GRADE_NAMES
from domain.workdays import SHANGHAI, Calendar, due
from projections import rectifications

BULK_MAX = 500

DueIn = Literal["overdue", "today", "1", "3", "5"]
"""What is overdue, or will be today, or within so many working days."""


Status = Annotated[Literal["opening", "open", "closed"] | None, QueryParameter()]
StepAsked = Annotated[Step | None, QueryParameter()]
DueAsked = Annotated[DueIn | None, QueryParameter(description="overdue, today, or working days")]

EXPORT_PAGE = 500
EXPORT_MAX = 100_000
"""Rows of a file: as many as are ever open at once."""

COLUMNS: dict[str, Text] = {
    "rectification": Text("整改单", "rectification"),
    "hall": Text("大厅", "hall"),
    "unit": Text("责任单位", "unit"),
    "item": Text("事项", "item"),
    "window": Text("窗口", "window"),
    "grade": Text("评价", "grade"),
    "step": Text("环节", "step"),
    "due_at": Text("期限", "due"),
    "workdays_left": Text("剩余工作日", "working days left"),
    "signal": Text("信号", "signal"),
    "clerk": Text("承办人", "clerk"),
    "comment": Text("评价内容", "comment"),
}
"""What a file of rectifications tells: who rated is not in it."""


class Wanted(NamedTuple):
    """What a list of rectifications is asked for."""

    status: Literal["opening", "open", "closed"] | None
    unit: str | None
    hall: str | None
    step: Step | None
    clerk: str | None
    due_in: DueIn | None
    due_before: datetime | None

    def where(self, identity: Identity | None, calendar: Calendar, now: datetime) -> dict[str, Any]:
        """The facets that are asked for, as they stand at ``now``."""
        where = conditions(identity, unit=self.unit, hall=self.hall, due_before=self.due_before)
        told = (("status", self.status), ("step", self.step), ("clerk", self.clerk))
        where |= {name: value for name, value in told if value is not None}
        if self.due_in is not None:
            bounds: list[tuple[str, datetime]] = [("<", now)]
            if self.due_in == "today":
                evening = datetime.combine(now.astimezone(SHANGHAI).date(), time.max, SHANGHAI)
                bounds = [(">=", now), ("<=", evening)]
            elif self.due_in != "overdue":
                bounds = [(">=", now), ("<=", due(calendar, now, int(self.due_in)).at)]
            where["due_at"] = [*bounds, where["due_at"]] if "due_at" in where else bounds
        return where


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
    """One thing asked of many: ``clerk`` assigns them, ``remind`` presses for them. Safe to ask again."""

    rectifications: Annotated[tuple[Reference, ...], Meta(min_length=1, max_length=BULK_MAX)]
    clerk: Label | None = None
    remind: Words | None = None


class Done(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How one of many was answered: its place in the log, or a problem."""

    rectification: str
    version: int = 0
    position: int = 0
    problem: Problem | None = None


class BulkReceipt(msgspec.Struct, frozen=True):
    receipts: list[Done]


RectificationShown = shape(
    "Rectification",
    rectifications.View,
    without=("person", "clock", "dues"),
    real_name=bool,
    workdays_left=int | None,
    signal=Signal | None,
)


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
        if (body.clerk is None) == (body.remind is None):
            raise Refused("bulk-unclear", invalid=True, field="clerk")
        command = urging.Assign(body.clerk) if body.clerk is not None else urging.Remind(body.remind or "")
        # Each is asked by itself and known again by itself: a key would answer for all of them.
        alone = asked._replace(key=None, if_match=None)
        receipts = await asyncio.gather(
            *(
                _one_of_many(parts, alone, n, name, command)
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
            f"{API}/rectifications/bulk", BulkAsked, bulk, BulkReceipt, about="Assign or remind many at once"
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
        f"{API}/rectifications",
        operation_id="rectifications",
        responses=lists("rectifications", RectificationShown),
        summary="Rectifications by status, step, unit, clerk and deadline",
        tags=["rectifications"],
    )
    async def many(
        request: StrictRequest,
        status: Status = None,
        unit: Word = None,
        hall: Word = None,
        step: StepAsked = None,
        clerk: Word = None,
        due_in: DueAsked = None,
        due_before: Due = None,
        after: After = 0,
        as_of: AsOf = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        now, calendar = parts.clock(), parts.catalogue.calendar
        asked = Wanted(status, unit, hall, step, clerk, due_in, due_before)
        if as_of is not None:
            moment = (await place(parts, as_of))[1]
            where = asked.where(request.user, calendar, moment)
            page = await list_then(parts, rectifications, where, "due_at", as_of, limit, cursor)
            now = moment
        else:
            await caught_up(parts.views, rectifications.NAME, after)
            where = asked.where(request.user, calendar, now)
            page = await parts.views.find(rectifications.NAME, where, "due_at", limit, cursor)
        views = (msgspec.json.decode(doc, type=rectifications.View) for doc in page.docs)
        shown = [rectifications.present(view, calendar, now) for view in views]
        return listing("rectifications", shown, page.cursor, page.position, page.as_of)

    @get(
        f"{API}/rectifications/export",
        operation_id="rectifications_export",
        summary="The list of rectifications as a file, as it is filtered",
        tags=["rectifications"],
    )
    async def export(
        request: StrictRequest,
        status: Status = None,
        unit: Word = None,
        hall: Word = None,
        step: StepAsked = None,
        clerk: Word = None,
        due_in: DueAsked = None,
        due_before: Due = None,
        after: After = 0,
        format_: Annotated[Format, QueryParameter(name="format")] = "xlsx",
    ) -> Response[bytes]:
        now, calendar = parts.clock(), parts.catalogue.calendar
        asked = Wanted(status, unit, hall, step, clerk, due_in, due_before)
        await caught_up(parts.views, rectifications.NAME, after)
        where = asked.where(request.user, calendar, now)
        rows: list[list[Cell]] = [[f"{name.zh} {name.en}" for name in COLUMNS.values()]]
        cursor: str | None = None
        while len(rows) <= EXPORT_MAX:
            page = await parts.views.find(rectifications.NAME, where, "due_at", EXPORT_PAGE, cursor)
            views = (msgspec.json.decode(doc, type=rectifications.View) for doc in page.docs)
            rows += [_row(rectifications.present(view, calendar, now)) for view in views]
            if (cursor := page.cursor) is None:
                break
        name = f"rectifications-{now.astimezone(SHANGHAI):%Y-%m-%d}"
        return file(name, format_, Sheet("差评整改", rows, (30, 14, 14, 12, 12, 14, 12, 20, 10, 10, 14, 40)))

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
        shown = rectifications.present(view, parts.catalogue.calendar, now)
        if own:
            shown |= {
                "steps": rectifications.public_steps(view),
                "clerk": None,
                "escalated_to": None,
                "orders": {},
            }
        return document(shown, found.position, found.as_of)

    return [many, export, one]


def _row(shown: dict[str, Any]) -> list[Cell]:
    told = shown | {
        "grade": GRADE_NAMES[shown["grade"]].zh,
        "step": rectifications.STEP_NAMES[shown["step"]].zh,
        "due_at": f"{shown['due_at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if shown["due_at"] else None,
    }
    return [told[name] for name in COLUMNS]


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
        one = asked.in_hall(hall)
        one = one._replace(stamp=msgspec.structs.replace(one.stamp, command=f"{one.stamp.command}-{nth}"))
        receipt = await one.submitted(parts.loop, Act((Ask(stream, command),)))
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
