"""The outbox for administrators: what was sent and what was not, and how each occasion is worded."""

from typing import Annotated, Any, get_args

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API, CONFINED_ROLES
from adapters.http.asking import Asking, Reply
from adapters.http.body import StrictRequest
from adapters.http.commands import Command, Nothing
from adapters.http.identity import Identity
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
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
)
from domain import notice, templates
from domain.handling import Act, Ask
from domain.message import Refused, Text
from domain.notice import RetryNotice, Status
from domain.templates import OCCASIONS, Template, Wording, WordNotice
from domain.terms import NOT_A_RULE
from projections import notices


class NoticeShown(notices.View, kw_only=True):
    """A notice with its occasion's name. ``to`` is told by who they are in the matter, never by name or number."""

    occasion: Text


class Rewording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a wording the default holds again."""

    wording: Wording | None = None


class TemplateShown(msgspec.Struct, frozen=True, kw_only=True):
    """``mark`` stands beside what is only our default; ``version`` is that of ``If-Match``."""

    template: Template
    name: Text
    facts: list[str]
    wording: Wording
    default: Wording
    mark: Text | None
    version: int


def commands(parts: Parts) -> list[Command]:
    async def retry(asked: Asking, words: list[str], body: Nothing, query: bytes) -> Reply:
        stream = notice.stream(words[0])
        return await asked.submit(parts.loop, Act((Ask(stream, RetryNotice()),)))

    async def word(asked: Asking, words: list[str], body: Rewording, query: bytes) -> Reply:
        template = _template(words[0])
        command = WordNotice(template, body.wording)
        reply = await asked.submit(parts.loop, Act((Ask(templates.stream(template), command),)))
        await parts.catalogue.refresh()
        return reply

    return [
        Command(f"{API}/notices/{{notice}}/retry", Nothing, retry, about="Try a failed notice again"),
        Command(
            f"{API}/notice-templates/{{template}}",
            Rewording,
            word,
            method="PUT",
            about="Word an occasion otherwise, from now on",
        ),
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/notices",
        operation_id="notices",
        responses=lists("notices", NoticeShown),
        summary="Notices, in the order they were queued",
        tags=["notices"],
    )
    async def many(
        request: StrictRequest,
        status: Annotated[Status | None, "How it stands"] = None,
        template: Annotated[Template | None, "The occasion"] = None,
        hall: Word = None,
        after: After = 0,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        await caught_up(parts.views, notices.NAME, after)
        own = _own(request.user)
        if own is not None and hall not in (None, own):
            raise Rejected(403, "other-hall", {"hall": hall})
        asked = {"status": status, "template": template, "hall": own or hall}
        where = {facet: value for facet, value in asked.items() if value is not None}
        page = await parts.views.find(notices.NAME, where, "queued_at", limit, cursor)
        return listing("notices", [_shown(doc) for doc in page.docs], page.cursor, page.position, page.as_of)

    @get(
        f"{API}/notices/{{notice:str}}",
        operation_id="notice",
        responses=answers(NoticeShown),
        summary="A notice and what became of it",
        tags=["notices"],
    )
    async def one(notice: FromPath[str], request: StrictRequest, after: After = 0) -> Response[bytes]:
        await caught_up(parts.views, notices.NAME, after)
        found = await parts.views.get(notices.NAME, notice)
        shown = None if found is None else _shown(found.doc)
        if found is None or shown is None or _own(request.user) not in (None, shown.hall):
            raise Refused("unknown-notice", missing=True)
        return document(shown, found.position, found.as_of)

    @get(
        f"{API}/notice-templates",
        operation_id="notice_templates",
        responses=lists("templates", TemplateShown),
        summary="How each occasion is worded",
        tags=["notices"],
    )
    async def worded() -> Response[bytes]:
        shown: list[Any] = []
        for template, occasion in OCCASIONS.items():
            otherwise = parts.catalogue.wordings.get(template)
            wording = occasion.wording if otherwise is None else otherwise.plan
            shown.append(
                TemplateShown(
                    template=template,
                    name=occasion.name,
                    facts=sorted(occasion.facts),
                    wording=wording,
                    default=occasion.wording,
                    mark=NOT_A_RULE if wording == occasion.wording else None,
                    version=0 if otherwise is None else otherwise.version,
                )
            )
        return listing("templates", shown, None, parts.catalogue.position, parts.clock())

    return [many, one, worded]


def _shown(doc: bytes) -> NoticeShown:
    view = msgspec.json.decode(doc, type=notices.View)
    return NoticeShown(**msgspec.structs.asdict(view), occasion=OCCASIONS[view.template].name)


def _own(identity: Identity | None) -> str | None:
    """The one hall whose notices somebody may read; ``None`` for all."""
    assert identity is not None
    return identity.hall if identity.role in CONFINED_ROLES else None


def _template(word: str) -> Template:
    """Raises:
    Refused: there is no such template.
    """
    found: Template
    for found in get_args(Template):
        if found == word:
            return found
    raise Refused("unknown-template", missing=True)
