"""The supervisor's desk: rectifications by deadline, and what is done with many of them at once.

Everything is asked of the public API; ``as_of`` in the address shows how it stood then.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from adapters.http.identity import Identity
from adapters.web import (
    supervise_cases,
    supervise_figures,
    supervise_halls,
    supervise_people,
    supervise_work,
)
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.supervise_words import DUE_NAMES, GRADES, SIGNALS, STEPS, AsOf, oversight
from adapters.web.words import N_

FILTERS = ("status", "due_in", "signal", "step", "unit", "hall", "clerk")
PAGE = 50

DONE = {
    "assign": N_("已派单%(n)s件。"),
    "remind": N_("已催办%(n)s件。"),
}


class Tile(NamedTuple):
    """How many rectifications are due by when, and where they are listed."""

    name: str
    how_many: int
    href: str
    chosen: bool
    alarming: bool


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers of every page under ``/supervise``."""

    @get("/supervise", include_in_schema=False)
    async def board(visit: Visiting) -> Page:
        oversight(visit)
        return await show(visit, Form())

    @post("/supervise/rectifications", include_in_schema=False)
    async def many(visit: Visiting) -> Page | Response[bytes]:
        oversight(visit)
        form = await visit.form()
        picked = form.all("pick")
        back = form["back"]
        if form["act"] in ("xlsx", "csv"):
            return await _exported(visit, form["act"], picked, back)
        asked = {"assign": "clerk", "remind": "remind"}[form["act"] or "assign"]
        if not picked:
            return await show(visit, form.lacks("pick") or form)
        if (wrong := form.lacks(asked)) is not None:
            return await show(visit, wrong)
        try:
            told = await visit.api.post(
                "/rectifications/bulk", {"rectifications": picked, asked: form[asked]}, key=form.key
            )
        except Refusal as refusal:
            return await show(visit, form.wrong(refusal))
        receipts = told["receipts"]
        refused = sum("problem" in receipt for receipt in receipts)
        after = max((receipt.get("position", 0) for receipt in receipts), default=0)
        done = {"done": form["act"], "n": len(receipts) - refused, "refused": refused, "after": after}
        return visit.go(f"/supervise?{urlencode(_filters(_query(back)) | done)}")

    async def show(visit: Visit, form: Form) -> Page:
        query = _query(form["back"]) if form["back"] else dict(visit.request.query_params)
        chosen = {"status": "open"} | _filters(query)
        if chosen["status"] == "all":
            del chosen["status"]
        as_of = AsOf.of(visit)
        asked: dict[str, Any] = {"as_of": as_of.asked, "after": _number(query.get("after"))}
        listed, survey, halls = await asyncio.gather(
            visit.api.get(
                "/rectifications", **chosen, **asked, limit=PAGE, cursor=query.get("cursor") or None
            ),
            visit.api.get(
                "/rectifications/survey",
                **asked,
                **{n: chosen[n] for n in ("unit", "hall", "clerk") if n in chosen},
            ),
            visit.api.get("/halls", limit=100),
        )
        return visit.page(
            "supervise/board.html",
            form=form,
            listed=listed["rectifications"],
            more=_link(query, as_of, cursor=listed["cursor"]) if listed["cursor"] else None,
            first=_link(query, as_of) if query.get("cursor") else None,
            survey=survey,
            tiles=_tiles(visit, query, survey, as_of),
            query={name: query.get(name, "") for name in FILTERS},
            filtered=bool(_filters(query)),
            back=urlencode(_filters(query)),
            halls=[] if _hall(visit) else halls["halls"],
            as_of=as_of,
            moment=listed["as_of"],
            done=_done(visit, query),
            grades=GRADES,
            steps=STEPS,
            signals=SIGNALS,
            may_act=visit.require().role != "auditor" and not as_of.asked,
        )

    return [
        board,
        many,
        *supervise_work.routes(),
        *supervise_cases.routes(),
        *supervise_halls.routes(site),
        *supervise_figures.routes(site),
        *supervise_people.routes(),
    ]


async def _exported(visit: Visit, format_: str, picked: list[str], back: str) -> Page | Response[bytes]:
    """The list as a file: the picked ones, or all that the filters find."""
    asked = {"status": "open"} | _filters(_query(back))
    if asked["status"] == "all":
        del asked["status"]
    told = {"only": ",".join(picked)} if picked else asked
    answer = await visit.api.fetch("/rectifications/export", format=format_, **told)
    headers = {"Content-Disposition": answer.headers["content-disposition"]}
    return Response(answer.content, media_type=answer.headers["content-type"], headers=headers)


def _hall(visit: Visit) -> str | None:
    identity: Identity | None = visit.identity
    return identity.hall if identity is not None else None


def _query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text))


def _filters(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in FILTERS if query.get(name)}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _link(query: Mapping[str, str], as_of: AsOf, **more: str | None) -> str:
    told = _filters(query) | as_of.query | {name: value for name, value in more.items() if value}
    return f"/supervise?{urlencode(told)}" if told else "/supervise"


def _tiles(visit: Visit, query: Mapping[str, str], survey: Mapping[str, Any], as_of: AsOf) -> list[Tile]:
    """By deadline; choosing one keeps the other filters."""
    kept = {
        name: value for name, value in query.items() if name not in ("due_in", "status", "signal", "step")
    }
    open_ = query.get("status") in (None, "", "open")
    tiles = [
        Tile(
            visit.gettext(DUE_NAMES[name]),
            count,
            _link({**kept, "due_in": name}, as_of),
            query.get("due_in") == name,
            name == "overdue" and count > 0,
        )
        for name, count in survey["due"].items()
    ]
    everything = not query.get("due_in") and open_
    tiles.append(Tile(visit.gettext(N_("全部在办")), survey["open"], _link(kept, as_of), everything, False))
    closed = _link({**kept, "status": "closed"}, as_of)
    tiles.append(
        Tile(visit.gettext(N_("已办结")), survey["closed"], closed, query.get("status") == "closed", False)
    )
    return tiles


def _done(visit: Visit, query: Mapping[str, str]) -> str | None:
    """What a form has just done."""
    done = DONE.get(query.get("done", ""))
    if done is None:
        return None
    said = visit.gettext(done, n=_number(query.get("n")) or 0)
    if refused := _number(query.get("refused")):
        said += visit.gettext(N_("%(n)s件未办成：已办结，或不在您的大厅。"), n=refused)
    return said
