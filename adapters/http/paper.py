"""Ratings on paper on their way into the log: which service a form names, and which forms wait for a second person."""

from datetime import date as Date
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from adapters.http.access import API
from adapters.http.asking import Asking
from adapters.http.body import StrictRequest
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.reading import LIMIT, After, Cursor, Limit, Word, caught_up, listing, lists
from adapters.http.surveying import conditions
from domain import queue
from domain.handling import Held
from domain.message import Id, Label, Refused, Text
from domain.review_tags import GRADE_NAMES, TAGS
from projections import papers_waiting


class NumberOnPaper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ticket's number as it stands on the form, with its hall and its day (today, if it is not told)."""

    hall: Id
    number: Label
    date: Date | None = None


class PaperWaiting(papers_waiting.View, kw_only=True):
    """``mine``: the asker copied it, and another must confirm it."""

    grade_name: Text
    tag_names: list[Text]
    mine: bool


async def ticket_of(parts: Parts, asked: Asking, named: NumberOnPaper) -> str:
    """The reference of the ticket that a form names by its number.

    Raises:
        Rejected: 403, another hall's.
        Refused: the day had no such ticket.
    """
    assert asked.identity is not None
    if not asked.identity.serves(named.hall):
        raise Rejected(403, "other-hall", {"hall": named.hall})

    def tell(held: Held) -> str:
        day: queue.Queue = held.state
        if (ticket := day.tickets.get(named.number)) is None:
            raise Refused("unknown-ticket", missing=True)
        return ticket.id

    return await parts.loop.peek(queue.stream(named.hall, named.date or asked.day), tell)


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/reviews/paper",
        operation_id="reviews_paper",
        responses=lists("reviews", PaperWaiting),
        summary="Forms that were copied from paper and wait for a second person, oldest first",
        tags=["reviews"],
    )
    async def waiting(
        request: StrictRequest,
        hall: Word = None,
        after: After = 0,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        where = conditions(request.user, unit=None, hall=hall, due_before=None)
        await caught_up(parts.views, papers_waiting.NAME, after)
        page = await parts.views.find(papers_waiting.NAME, where, "entered_at", limit, cursor)
        assert request.user is not None
        found = [
            _shown(msgspec.json.decode(doc, type=papers_waiting.View), request.user.by) for doc in page.docs
        ]
        return listing("reviews", found, page.cursor, page.position, page.as_of)

    return [waiting]


def _shown(view: papers_waiting.View, by: str) -> dict[str, Any]:
    names = TAGS[view.grade]
    return msgspec.structs.asdict(view) | {
        "grade_name": GRADE_NAMES[view.grade],
        "tag_names": [names[tag] for tag in view.tags if tag in names],
        "mine": view.by == by,
    }
