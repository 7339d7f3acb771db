"""The supervision of cases (电子监察): those at a signal or near their end, one case's timeline, directives (督办)."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args
from urllib.parse import urlencode

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.case_lists import UNDER_WAY
from adapters.http.problems import Rejected
from adapters.web.site import Form, Page, Visit, Visiting
from adapters.web.supervise_acts import Act, Field, body_of, forms_of, offered
from adapters.web.supervise_past import AsOf
from adapters.web.supervise_words import SIGNALS, facts, hall_names, newest_first, oversight, told_by
from adapters.web.supervise_work import Told
from adapters.web.words import N_
from domain.case import Status
from domain.rules import KINDS
from projections.happenings import MEANINGS

FILTERS = ("signal", "rule", "status", "unit", "hall", "number")
STATUSES = {status: MEANINGS["status"][status] for status in get_args(Status) if status != "unknown"}
RULES = {name: kind.name for name, kind in KINDS.items()}
PAGE = 50

ACTS: dict[str, Act] = {
    "direct": Act(
        N_("督办"),
        (
            Field("content", N_("督办内容"), "area"),
            Field(
                "answer_workdays",
                N_("答复期限（工作日）"),
                "number",
                hint=N_("不填按本地规则"),
                required=False,
            ),
        ),
        lambda work: True,
        lambda work: work["signal"] is not None,
    ),
    "extend": Act(
        N_("批准延长"),
        (
            Field("workdays", N_("延长工作日"), "number", hint=N_("依法只能一次，一般不超过十个工作日")),
            Field("reason", N_("原因"), "area", hint=N_("原因须告知申请人")),
        ),
        lambda work: work["status"] in ("accepted", "suspended"),
    ),
}

TONES = {
    "case-warned": "warn",
    "case-limit-signalled": "warn",
    "case-limit-passed": "bad",
    "case-directed": "warn",
    "case-directive-answered": "good",
    "case-closed": "good",
}


KNOWN = frozenset({"item", "item_version", "hall", "unit", "applicant", "handled_at", "step"})
"""Facts that stand above the timeline once and for all, or name nothing that people know."""


def _filters(chosen: Mapping[str, str]) -> dict[str, str]:
    """As the API takes them: what is not over, unless something is looked for or all are asked for."""
    filters = {name: value for name, value in chosen.items() if (name, value) != ("status", "all")}
    looked_for = any(name in chosen for name in ("signal", "rule", "status", "number"))
    return filters if looked_for else filters | {"status": "under-way"}


class Tile(NamedTuple):
    """How many cases stand at a signal or under a rule, and where they are listed."""

    name: str
    how_many: int
    href: str
    signal: str
    chosen: bool


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/supervise/cases")
    async def many(visit: Visiting) -> Page:
        identity = oversight(visit)
        query = visit.request.query_params
        as_of = AsOf.of(visit)
        chosen = {name: query[name] for name in FILTERS if query.get(name)}
        asked: dict[str, Any] = {"as_of": as_of.asked}
        filters = _filters(chosen)
        listed, survey, halls = await asyncio.gather(
            visit.api.get("/cases", **filters, **asked, limit=PAGE, cursor=query.get("cursor") or None),
            visit.api.get(
                "/cases/survey", **asked, **{n: chosen[n] for n in ("unit", "hall") if n in chosen}
            ),
            visit.api.get("/halls", limit=100),
        )
        known = halls["halls"]
        told = chosen | as_of.query

        def link(**more: str) -> str:
            return f"/supervise/cases?{urlencode(told | more)}" if told or more else "/supervise/cases"

        place = {name: told[name] for name in ("unit", "hall", "as_of") if name in told}

        def tile(name: str, count: int, **where: str) -> Tile:
            address = urlencode(place | where)
            here = {name: chosen[name] for name in ("signal", "rule", "status", "number") if name in chosen}
            return Tile(name, count, f"/supervise/cases?{address}", where.get("signal", ""), here == where)

        return visit.page(
            "supervise/cases.html",
            listed=listed["cases"],
            query={name: chosen.get(name, "") for name in FILTERS},
            filtered=bool(chosen),
            tiles=[
                *(tile(visit.say(SIGNALS[name]), n, signal=name) for name, n in survey["signals"].items()),
                tile(visit.say(RULES["directive"]), survey["rules"]["directive"], rule="directive"),
                tile(visit.gettext(N_("全部在办")), sum(survey["statuses"].get(s, 0) for s in UNDER_WAY)),
                tile(visit.gettext(N_("全部办件")), survey["all"], status="all"),
            ],
            more=link(cursor=listed["cursor"]) if listed["cursor"] else None,
            first=link() if query.get("cursor") else None,
            export=urlencode(filters | ({"as_of": as_of.asked} if as_of.asked else {})),
            halls=[] if identity.hall else known,
            units={hall["hall"]: visit.say(hall["name"]) for hall in known},
            signals=SIGNALS,
            statuses=STATUSES,
            rules=RULES,
            as_of=as_of,
            moment=listed["as_of"],
        )

    @get("/supervise/cases/{case:str}")
    async def one(visit: Visiting, case: FromPath[str]) -> Page:
        oversight(visit)
        return await show(visit, case, {})

    @post("/supervise/cases/{case:str}/{act:str}")
    async def do(visit: Visiting, case: FromPath[str], act: FromPath[str]) -> Page:
        oversight(visit)
        if act not in ACTS:
            raise Rejected(404, "unknown-path")
        form = await visit.form()
        async with form.back_to(lambda wrong: show(visit, case, {act: wrong})):
            body = body_of(ACTS[act], form)
            if act == "direct":
                # The form's own key names the directive: sent twice it is one.
                body["directive"] = f"d-{form.key}"
            receipt = await visit.api.post(f"/cases/{case}/{act}", body, key=form.key)
        return visit.go(f"/supervise/cases/{case}?after={receipt['position']}")

    async def show(visit: Visit, name: str, forms: Mapping[str, Form]) -> Page:
        as_of = AsOf.of(visit)
        after = visit.request.query_params.get("after")
        work: dict[str, Any] = await visit.api.get(f"/cases/{name}", as_of=as_of.asked, after=after)
        may_act = visit.require().role != "auditor" and not as_of.asked
        wrong = next((form.problem for form in forms.values() if form.problem is not None), None)
        return visit.page(
            "supervise/case.html",
            status=wrong.status if wrong is not None else 200,
            work=work,
            story=[
                Told(
                    line["at"],
                    # Whose case it is stands above, in as much as may be told.
                    told_by(visit, "citizen" if line["by"].startswith("citizen:") else line["by"]),
                    visit.say(line["name"]),
                    facts(visit, line["detail"], KNOWN),
                    TONES.get(line["what"], ""),
                )
                for line in newest_first(work["timeline"])
            ],
            acts={act: told for act, told in ACTS.items() if told.when(work)} if may_act else {},
            forms=forms_of(forms, ACTS),
            offered=offered(visit),
            units=await hall_names(visit),
            as_of=as_of,
            moment=work["as_of"],
            signals=SIGNALS,
            statuses=STATUSES,
            rules=RULES,
        )

    return [many, one, do]
