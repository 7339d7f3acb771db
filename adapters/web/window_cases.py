"""Cases at the desk: found by number, opened for whoever stands there, and taken one step further.

One thing is done to a case at a time: its page shows how its clocks stand, what can be done, and the form of one of
these acts; see ``window_case_acts`` and ``window_case_clock``.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from adapters.http.problems import Rejected, problem
from adapters.web.api import Refusal
from adapters.web.citizen_case import HOWS
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.supervise_words import SIGNALS, facts, newest_first, told_by
from adapters.web.supervise_work import Told
from adapters.web.window import CLERKS, items, kept_desk
from adapters.web.window_case_acts import (
    ACTS,
    longest_extension,
    may_be_missing,
    offered,
    steps_under_way,
    unanswered,
)
from adapters.web.window_case_clock import choices, limits, standing
from adapters.web.words import N_
from projections.happenings import MEANINGS

SHOWN = 50

STATES: Mapping[str, str] = {
    "received": N_("已收件，待受理"),
    "correcting": N_("等申请人补正"),
    "accepted": N_("已受理，在办"),
    "suspended": N_("停办中"),
    "decided": N_("已作决定"),
    "closed": N_("办件已办结"),
    "refused": N_("已告知不予受理"),
    "withdrawn": N_("申请已撤回"),
    "archived": N_("已归档"),
}
"""What a desk calls the state of a case."""

SIDES: Mapping[str, str] = {"receiving": N_("本大厅收的件"), "handling": N_("本大厅办的件")}
"""A hall has two lists: of what it received, and of what it handles, some of which others received for it."""

CONSENTS = (
    ("spoken", N_("本人口头同意")),
    ("written", N_("本人书面同意")),
    ("power-of-attorney", N_("持授权委托书")),
    ("by-law", N_("法定代理")),
)
"""How a person agreed that it is done for them, as it is recorded."""

UNTOLD = frozenset(
    {
        "applicant",
        "item",
        "item_version",
        "hall",
        "unit",
        "ticket",
        "step",
        "handler",
        "number",
        "to",
        "limit",
    }
)
"""Facts of a case's events that stand elsewhere on its page, or say nothing to a desk."""

QUIET = frozenset({"case-numbered", "case-limit-set", "case-clock-started", "case-deadline-recomputed"})
"""What only sets a clock going stands at the top of the page, as it is now."""

SPECIAL = {
    name: MEANINGS["kind"][name]
    for name in (
        "hearing",
        "tender",
        "auction",
        "inspection",
        "testing",
        "quarantine",
        "appraisal",
        "expert-review",
    )
}
"""行政许可法 第45条."""


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/window/cases")
    async def found(
        visit: Visiting,
        number: FromQuery[str] = "",
        status: FromQuery[str] = "",
        signal: FromQuery[str] = "",
        side: FromQuery[str] = "receiving",
        after: FromQuery[str] = "",
    ) -> Page:
        visit.require(*CLERKS)
        chosen = {
            "side": side if side in SIDES else "receiving",
            "status": status if status in STATES or status == "all" else "",
            "signal": signal if signal in SIGNALS else "",
        }
        asked = {name: value or None for name, value in chosen.items()}
        if not number.strip() and not chosen["status"]:
            asked["status"] = "under-way"
        if chosen["status"] == "all":
            asked["status"] = None
        page = await visit.api.get(
            "/cases", number=number.strip() or None, cursor=after or None, limit=SHOWN, **asked
        )
        return visit.page(
            "window/cases.html",
            cases=page["cases"],
            more=page["cursor"],
            number=number.strip(),
            chosen=chosen,
            states=STATES,
            sides=SIDES,
            signals=SIGNALS,
        )

    @get("/window/cases/new")
    async def new(
        visit: Visiting, ticket: FromQuery[str] = "", item: FromQuery[str] = "", hall: FromQuery[str] = ""
    ) -> Page:
        visit.require(*CLERKS)
        return await blank(visit, Form([("ticket", ticket), ("item", item), ("hall", hall)]))

    async def blank(visit: Visit, form: Form) -> Page:
        hall = await hall_of(visit, form)
        halls = (await visit.api.get("/halls", limit=100))["halls"]
        return visit.page(
            "window/case_new.html",
            form=form,
            hall=hall,
            items=await items(visit, hall),
            elsewhere=[one for one in halls if one["hall"] != hall],
            consents=CONSENTS,
        )

    @post("/window/cases/new")
    async def opened(visit: Visiting) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        async with form.back_to(lambda wrong: blank(visit, wrong)):
            form.needs("item", "person.name", "person.id_number")
            hall = await hall_of(visit, form)
            person = {
                name: form[f"person.{name}"]
                for name in ("name", "id_number", "phone")
                if form[f"person.{name}"]
            }
            body: dict[str, Any] = {"item": form["item"], "hall": hall, "person": person}
            body |= form.given("handled_at")
            if form["joint"]:
                body["joint"] = True
            if form["consent"]:
                body["on_behalf"] = {"kind": "assisted", "consent": form["consent"]}
            if form["ticket"]:
                body["ticket"] = await reference_of(visit, hall, form["ticket"])
            case = await visit.api.post("/cases", body, key=form.key)
        return visit.go(f"/window/cases/{quote(case['case'])}?after={case['position']}")

    @get("/window/cases/{case:str}")
    async def one(
        visit: Visiting, case: FromPath[str], act: FromQuery[str] = "", after: FromQuery[int] = 0
    ) -> Page:
        visit.require(*CLERKS)
        return await shown(visit, case, act, Form(), after)

    async def shown(visit: Visit, name: str, act: str, form: Form, after: int = 0) -> Page:
        case = await visit.api.get(f"/cases/{quote(name)}", after=after)
        can = offered(case, visit.require().hall)
        chosen = act if act in can else next(iter(can), "")
        materials = (await visit.api.get(f"/items/{quote(case['item'])}"))["materials"]
        guide = [one["name"]["zh"] for one in materials if not one["exempt"]]
        return visit.page(
            "window/case.html",
            case=case,
            state=STATES[case["status"]],
            signals=SIGNALS,
            standing=standing(visit, case),
            limits=limits(visit, case),
            turns=[one | {"hall_name": await hall_name(visit, one["hall"])} for one in case["turns"]],
            unit=visit.say(await hall_name(visit, case["unit"])),
            states=STATES,
            offered=[(one, ACTS[one].name) for one in can],
            act=chosen,
            told=ACTS[chosen] if chosen else None,
            materials=materials,
            hows=HOWS,
            may_be_missing=may_be_missing(case, guide),
            pauses=choices(visit, case),
            special=[(kind, visit.say(text)) for kind, text in SPECIAL.items()],
            longest_extension=longest_extension(case),
            steps=steps_under_way(case),
            directives=[(one["directive"], one["content"]) for one in unanswered(case)],
            story=[
                Told(
                    line["at"],
                    told_by(visit, line["by"]),
                    visit.say(line["name"]),
                    facts(visit, line["detail"], UNTOLD),
                    "",
                )
                for line in newest_first(case["timeline"])
                if line["what"] not in QUIET
            ],
            form=form,
        )

    @post("/window/cases/{case:str}/{act:str}")
    async def do(visit: Visiting, case: FromPath[str], act: FromPath[str]) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        if (what := ACTS.get(act)) is None:
            raise Rejected(404, "unknown-path")
        async with form.back_to(lambda wrong: shown(visit, case, act, wrong)):
            form.needs(*what.needs)
            done = await visit.api.post(f"/cases/{quote(case)}/{act}", what.body(form, visit), key=form.key)
        return visit.go(f"/window/cases/{quote(case)}?after={done['position']}")

    return [found, new, opened, one, do]


async def hall_name(visit: Visit, name: str) -> Mapping[str, str]:
    """What a hall is called; a unit that is no hall is called what it is."""
    try:
        told: Mapping[str, str] = (await visit.api.get(f"/halls/{quote(name, safe='')}"))["name"]
    except Refusal:
        return {"zh": name, "en": name}
    return told


async def hall_of(visit: Visit, form: Form) -> str:
    """The clerk's own hall, or the one that somebody without any has chosen, or else the first."""
    assert visit.identity is not None
    if chosen := visit.identity.hall or form["hall"] or kept_desk(visit).hall:
        return chosen
    return str((await visit.api.get("/halls", limit=1))["halls"][0]["hall"])


async def reference_of(visit: Visit, hall: str, number: str) -> str:
    """The reference of a ticket that is in the hall, by its number.

    Raises:
        Refusal: there is none.
    """
    line = await visit.api.get(f"/halls/{hall}/line")
    for ticket in line["tickets"]:
        if ticket["ticket"] == number:
            return str(ticket["id"])
    raise Refusal(problem(404, "unknown-ticket"))
