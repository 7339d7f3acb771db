"""The supervisor's desk: rectifications by deadline, and what is done with many of them at once.

Everything is asked of the public API; ``as_of`` in the address shows how it stood then.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from adapters.http.identity import Identity
from adapters.http.problems import Rejected
from adapters.web import (
    supervise_cases,
    supervise_day,
    supervise_figures,
    supervise_files,
    supervise_halls,
    supervise_people,
    supervise_work,
)
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.supervise_past import AsOf
from adapters.web.supervise_words import DUE_NAMES, GRADES, SIGNALS, STEPS, oversight
from adapters.web.supervise_work import ACTS
from adapters.web.words import N_

FILTERS = ("status", "due_in", "signal", "step", "unit", "hall", "clerk")
PAGE = 50

ASKED = {
    "assign": ("clerk",),
    "remind": ("remind",),
    "extend": ("extend.workdays", "extend.reason", "extend.approved_by"),
}
"""What can be asked of many at once, with what must be told."""

DONE = {
    "assign": N_("已派单%(n)s件。"),
    "remind": N_("已催办%(n)s件。"),
    "extend": N_("已批准延期%(n)s件。"),
}
ACT_OF: dict[str, str] = {"ruling": "rule"}
"""The act that a step waits for, where it is called otherwise."""


class NotDone(NamedTuple):
    """One of many for which it was not done, and why not."""

    name: str
    href: str
    why: str


class Tile(NamedTuple):
    """How many rectifications are due by when, and where they are listed."""

    name: str
    how_many: int
    href: str
    chosen: bool
    tone: str = ""


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers of every page under ``/supervise``."""

    @get("/supervise")
    async def board(visit: Visiting) -> Page:
        oversight(visit)
        return await show(visit, Form())

    @post("/supervise/rectifications")
    async def many(visit: Visiting) -> Page | Response[bytes]:
        oversight(visit)
        form = await visit.form()
        picked, act = form.all("pick"), form["act"]
        if act in ("xlsx", "csv"):
            return await _exported(visit, act, picked, _query(form["back"]))
        if act not in ASKED:
            raise Rejected(404, "unknown-path")
        async with form.back_to(lambda wrong: show(visit, wrong)):
            form.needs("pick", *ASKED[act])
            told = await visit.api.post("/rectifications/bulk", _bulk(form, act, picked), key=form.key)
        receipts = told["receipts"]
        after = max((receipt.get("position", 0) for receipt in receipts), default=0)
        refused = [receipt for receipt in receipts if "problem" in receipt]
        if refused:
            # What was not done stays ticked, with what was typed, to be asked once more as something new.
            kept = [(name, text) for name, text in form.sent if name not in ("key", "pick")]
            again = Form([*kept, *(("pick", receipt["rectification"]) for receipt in refused)])
            not_done = await asyncio.gather(*(_not_done(visit, receipt) for receipt in refused))
            return await show(
                visit, again, after, visit.gettext(DONE[act], n=len(receipts) - len(refused)), not_done
            )
        done = {"done": act, "n": len(receipts), "after": after}
        return visit.go(f"/supervise?{urlencode(_query(form['back']) | done)}")

    async def show(
        visit: Visit,
        form: Form,
        after: int | None = None,
        done: str | None = None,
        not_done: Sequence[NotDone] = (),
    ) -> Page:
        query = _query(form["back"]) if form["back"] else dict(visit.request.query_params)
        as_of = AsOf.of(visit, query)
        asked: dict[str, Any] = {"as_of": as_of.asked, "after": after or _number(query.get("after"))}
        cursor = query.get("cursor") or None
        told = _told(query)
        acting = visit.require().role != "auditor" and not as_of.asked
        listed, survey, halls, first = await asyncio.gather(
            visit.api.get("/rectifications", **told, **asked, limit=PAGE, cursor=cursor),
            visit.api.get(
                "/rectifications/survey",
                **asked,
                **{n: told[n] for n in ("unit", "hall", "clerk") if n in told},
            ),
            visit.api.get("/halls", limit=100),
            _most_urgent(visit, asked) if acting and not cursor else _nothing(),
        )
        return visit.page(
            "supervise/board.html",
            form=form,
            listed=listed["rectifications"],
            urgent=first,
            act_of=lambda step: ACTS[ACT_OF.get(str(step), str(step))].label,
            more=_link(query, as_of, cursor=listed["cursor"]) if listed["cursor"] else None,
            first=_link(query, as_of) if cursor else None,
            survey=survey,
            tiles=_tiles(visit, query, survey, as_of),
            query={name: query.get(name, "") for name in FILTERS},
            filtered=bool(_filters(query)),
            back=urlencode(_filters(query) | as_of.query | ({"cursor": cursor} if cursor else {})),
            halls=[] if _hall(visit) else halls["halls"],
            as_of=as_of,
            moment=listed["as_of"],
            done=done or _done(visit, query),
            not_done=not_done,
            grades=GRADES,
            steps=STEPS,
            signals=SIGNALS,
            may_act=acting,
        )

    return [
        board,
        many,
        *supervise_work.routes(),
        *supervise_cases.routes(),
        *supervise_halls.routes(site),
        *supervise_day.routes(site),
        *supervise_figures.routes(site),
        *supervise_people.routes(),
        *supervise_files.routes(),
    ]


async def _exported(
    visit: Visit, format_: str, picked: list[str], query: Mapping[str, str]
) -> Response[bytes]:
    """The list as a file: the picked ones, or all that the filters find; of the moment that was shown."""
    told = {"only": ",".join(picked)} if picked else _told(query)
    as_of = AsOf.of(visit, query)
    return await visit.api.file("/rectifications/export", format=format_, as_of=as_of.asked, **told)


async def _most_urgent(visit: Visit, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is due first of all that is open, whatever the list is filtered by."""
    found = await visit.api.get("/rectifications", status="open", **asked, limit=1)
    return next(iter(found["rectifications"]), None)


async def _nothing() -> None:
    return None


def _bulk(form: Form, act: str, picked: list[str]) -> dict[str, Any]:
    """What is asked of many, as the API takes it."""
    if act == "extend":
        days = form["extend.workdays"]
        told: Any = {name.partition(".")[2]: form[name] for name in ASKED[act]} | {
            "workdays": int(days) if days.isascii() and days.isdigit() else days
        }
        return {"rectifications": picked, "extend": told}
    (field,) = ASKED[act]
    return {"rectifications": picked, field: form[field]}


async def _not_done(visit: Visit, receipt: Mapping[str, Any]) -> NotDone:
    """One that was refused, by when it was rated and by whom it is answered for."""
    name = receipt["rectification"]
    why = visit.say(receipt["problem"]["text"])
    try:
        work = await visit.api.get(f"/rectifications/{name}")
    except Refusal:
        return NotDone(name, "", why)
    told = f"{visit.moment(work['given_at'])} · {visit.say(GRADES[work['grade']])} · {visit.say(work['unit_name'])}"
    return NotDone(told, f"/supervise/rectifications/{name}", why)


def _hall(visit: Visit) -> str | None:
    identity: Identity | None = visit.identity
    return identity.hall if identity is not None else None


def _query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text))


def _filters(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in FILTERS if query.get(name)}


def _told(query: Mapping[str, str]) -> dict[str, str]:
    """The filters as the API takes them: what is open, unless it says otherwise."""
    told = {"status": "open"} | _filters(query)
    if told["status"] == "all":
        del told["status"]
    return told


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
            {"overdue": "alarming", "today": "pressing", "1": "pressing"}.get(name, "") if count else "",
        )
        for name, count in survey["due"].items()
    ]
    everything = not query.get("due_in") and open_
    tiles.append(Tile(visit.gettext(N_("全部在办")), survey["open"], _link(kept, as_of), everything))
    closed = _link({**kept, "status": "closed"}, as_of)
    tiles.append(Tile(visit.gettext(N_("已办结")), survey["closed"], closed, query.get("status") == "closed"))
    return tiles


def _done(visit: Visit, query: Mapping[str, str]) -> str | None:
    """What a form has just done."""
    done = DONE.get(query.get("done", ""))
    return None if done is None else visit.gettext(done, n=_number(query.get("n")) or 0)
