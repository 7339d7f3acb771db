"""The auditor's desk: the log, searched and read in words and as it is stored; and who looked at whom.

It is read newest first and paged by position, so that what is appended meanwhile moves nothing.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web.admin_kinds import KINDS, Kind
from adapters.web.admin_told import Line as ToldLine
from adapters.web.admin_told import Told
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Visit, Visiting
from adapters.web.supervise_past import MOMENT
from adapters.web.supervise_words import BY, Fact, called, facts, told_by
from domain.message import Text, category
from projections.happenings import HAPPENINGS

FILTERS = ("person", "by", "stream", "tag", "since", "until")
PAGE = 50
NEWEST = 2**62

CONFIGURED: dict[str, Kind] = {
    "hall-configured": KINDS["halls"],
    "item-published": KINDS["items"],
    "calendar-gazetted": KINDS["calendars"],
    "terms-set": KINDS["terms"],
}
DOCUMENTS = {
    "hall-configured": "plan",
    "item-published": "plan",
    "calendar-gazetted": "year",
    "terms-set": "terms",
}
"""Events that hold a whole document, and where."""

NO_EVENT = Text("日志里没有这个序号。", "The log has nothing at this position.")


class Line(NamedTuple):
    """An event of the log in words. ``href`` is where the thing it is about is shown, if anywhere."""

    position: int
    at: str
    by: str
    name: str
    stream: str
    href: str | None
    facts: list[Fact]


class Look(NamedTuple):
    """Somebody looked at who rated a service."""

    position: int
    at: str
    by: str
    reason: str
    service: str
    person: str | None


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/audit")
    async def log(visit: Visiting) -> Page:
        visit.require("auditor", "admin")
        query = visit.request.query_params
        chosen = {name: query[name].strip() for name in FILTERS if query.get(name, "").strip()}
        before = _position(query.get("before")) or NEWEST
        form = Form(chosen.items())
        try:
            found = (await visit.api.get("/events", **_asked(chosen), before=before, limit=PAGE))["events"]
        except Refusal as refusal:
            form, found = form.wrong(refusal), []
        older = urlencode(chosen | {"before": found[-1]["position"]}) if len(found) == PAGE else None
        return visit.page(
            "audit/log.html",
            form=form,
            lines=[_line(visit, event) for event in found],
            query={name: chosen.get(name, "") for name in FILTERS},
            filtered=bool(chosen),
            older=f"/audit?{older}" if older else None,
            newest=f"/audit?{urlencode(chosen)}" if query.get("before") else None,
            tags={tag: visit.say(name) for tag, name in HAPPENINGS.items()},
        )

    @get("/audit/events/{position:str}")
    async def event(visit: Visiting, position: FromPath[str]) -> Page:
        visit.require("auditor", "admin")
        at = _position(position)
        found = [] if at is None else (await visit.api.get("/events", before=at + 1, limit=1))["events"]
        if at is None or not found or found[0]["position"] != at:
            return visit.missing(NO_EVENT)
        one = found[0]
        return visit.page(
            "audit/event.html",
            line=_line(visit, one)._replace(
                facts=facts(visit, one["data"], hidden=frozenset(DOCUMENTS.values()))
            ),
            changes=await _changes(visit, one),
            event=one,
            json=json.dumps(one, ensure_ascii=False, indent=2),
        )

    @get("/audit/looks")
    async def looks(visit: Visiting) -> Page:
        visit.require("auditor", "admin")
        query = visit.request.query_params
        chosen = {
            name: query[name].strip() for name in ("by", "since", "until") if query.get(name, "").strip()
        }
        before = _position(query.get("before")) or NEWEST
        found = (
            await visit.api.get("/events", **_asked(chosen), tag="look-recorded", before=before, limit=PAGE)
        )["events"]
        streams = list(dict.fromkeys(look["subject"] for look in found))
        given = await asyncio.gather(
            *(visit.api.get("/events", stream=stream, tag="review-given", limit=1) for stream in streams)
        )
        persons = {
            stream: told["events"][0]["data"].get("person") if told["events"] else None
            for stream, told in zip(streams, given, strict=True)
        }
        older = urlencode(chosen | {"before": found[-1]["position"]}) if len(found) == PAGE else None
        return visit.page(
            "audit/looks.html",
            looks=[
                Look(
                    look["position"],
                    look["time"],
                    told_by(visit, look["by"]),
                    look["data"]["reason"],
                    look["subject"].partition("-")[2],
                    persons[look["subject"]],
                )
                for look in found
            ],
            query={name: chosen.get(name, "") for name in ("by", "since", "until")},
            older=f"/audit/looks?{older}" if older else None,
        )

    return [log, event, looks]


async def _changes(visit: Visit, event: Mapping[str, Any]) -> list[ToldLine] | None:
    """What an event of configuration changed of the one before it in its stream; nothing of other events."""
    tag = event["type"].rpartition(".")[2]
    if tag not in DOCUMENTS:
        return None
    kind, field = CONFIGURED[tag], DOCUMENTS[tag]
    before = (
        await visit.api.get("/events", stream=event["subject"], tag=tag, before=event["position"], limit=1)
    )["events"]
    was = kind.whole(before[0]["data"][field]) if before else kind.shown(kind.begun({}))
    return list(Told(visit.say, {}).changes(kind.shape, was, kind.whole(event["data"][field])))


def _asked(chosen: Mapping[str, str]) -> dict[str, str]:
    """The filters as the API takes them: moments without offset are those of the halls."""
    return {
        name: f"{text}+08:00" if name in ("since", "until") and MOMENT.fullmatch(text) else text
        for name, text in chosen.items()
    }


def _position(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _line(visit: Visit, event: Mapping[str, Any]) -> Line:
    stream = event["subject"]
    subject = stream.partition("-")[2]
    href = {
        "review": f"/supervise/services/{subject}",
        "case": f"/supervise/cases/{subject}",
        "queue": f"/supervise/halls/{subject[:-11]}?date={subject[-10:]}",
    }.get(category(stream))
    tag = event["type"].rpartition(".")[2]
    kind = event["by"].partition(":")[0]
    return Line(
        event["position"],
        event["time"],
        told_by(visit, event["by"]) if kind in BY else event["by"],
        called(visit, tag),
        stream,
        href,
        facts(visit, event["data"]),
    )
