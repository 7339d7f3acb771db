"""Cases at the desk: found by number, opened for whoever stands there, and taken one step further.

One thing is done to a case at a time: its page shows what can be done as it stands, and the form of one of them.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from adapters.http.problems import Rejected, problem
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.window import CLERKS, items, kept_desk
from adapters.web.words import N_

SHOWN = 50

STATES: Mapping[str, str] = {
    "received": N_("已收件，待受理"),
    "correcting": N_("等申请人补正"),
    "accepted": N_("已受理，在办"),
    "suspended": N_("特别程序中"),
    "decided": N_("已作决定"),
    "closed": N_("办件已办结"),
    "refused": N_("已告知不予受理"),
    "withdrawn": N_("申请已撤回"),
    "archived": N_("已归档"),
}
"""What a desk calls the state of a case."""


class Act(NamedTuple):
    """Something a clerk does to a case, in the states ``ready``; ``body`` makes of its form what is sent."""

    name: str
    ready: tuple[str, ...]
    body: Callable[[Form, Visit], dict[str, Any]]
    needs: tuple[str, ...] = ()


def _accept(form: Form, visit: Visit) -> dict[str, Any]:
    body: dict[str, Any] = form.given("document")
    body |= {name: form.all(name) for name in ("outstanding", "pledged") if form.all(name)}
    if form["supplement_workdays"]:
        body["supplement_workdays"] = _number(form["supplement_workdays"])
    return body


def _request(form: Form, visit: Visit) -> dict[str, Any]:
    body: dict[str, Any] = {"missing": form.all("missing"), **form.given("reason")}
    if form["answer_workdays"]:
        body["answer_workdays"] = _number(form["answer_workdays"])
    return body


def _step(form: Form, visit: Visit) -> dict[str, Any]:
    assert visit.identity is not None
    told = form.given("name", "action", "opinion")
    return {**told, "handler": visit.identity.subject, "step": form.key}


def _number(text: str) -> int | str:
    """A number as it was typed; anything else goes on as it is, for the API to say what is wrong with it."""
    return int(text) if text.isascii() and text.isdigit() else text


ACTS: Mapping[str, Act] = {
    "accept": Act(N_("受理这个办件"), ("received",), _accept),
    "request-correction": Act(N_("一次性告知补正"), ("received", "correcting"), _request, ("missing",)),
    "correct": Act(
        N_("登记补正材料"), ("correcting",), lambda form, _: {"provided": form.all("provided")}, ("provided",)
    ),
    "refuse": Act(
        N_("决定不予受理"),
        ("received", "correcting"),
        lambda form, _: form.given("reason", "where_to_go"),
        ("reason", "where_to_go"),
    ),
    "supplement": Act(
        N_("登记容缺补交"), ("accepted",), lambda form, _: {"provided": form.all("provided")}, ("provided",)
    ),
    "step": Act(N_("记录环节"), ("accepted", "decided"), _step, ("name",)),
    "decide": Act(N_("作出决定"), ("accepted",), lambda form, _: form.given("result", "reason"), ("result",)),
    "close": Act(N_("办结这个办件"), ("decided",), lambda form, _: form.given("reason")),
    "deliver": Act(
        N_("送达结果"),
        ("decided", "closed"),
        lambda form, _: form.given("means", "tracking", "document"),
        ("means",),
    ),
}


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/window/cases", include_in_schema=False)
    async def found(
        visit: Visiting, number: FromQuery[str] = "", status: FromQuery[str] = "", after: FromQuery[str] = ""
    ) -> Page:
        visit.require(*CLERKS)
        page = await visit.api.get(
            "/cases",
            number=number.strip() or None,
            status=status if status in STATES else None,
            cursor=after or None,
            limit=SHOWN,
        )
        return visit.page(
            "window/cases.html",
            cases=page["cases"],
            more=page["cursor"],
            number=number.strip(),
            chosen=status,
            states=STATES,
        )

    @get("/window/cases/new", include_in_schema=False)
    async def new(
        visit: Visiting, ticket: FromQuery[str] = "", item: FromQuery[str] = "", hall: FromQuery[str] = ""
    ) -> Page:
        visit.require(*CLERKS)
        return await blank(visit, Form([("ticket", ticket), ("item", item), ("hall", hall)]))

    async def blank(visit: Visit, form: Form) -> Page:
        hall = await hall_of(visit, form)
        return visit.page("window/case_new.html", form=form, hall=hall, items=await items(visit, hall))

    @post("/window/cases/new", include_in_schema=False)
    async def opened(visit: Visiting) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        if wrong := form.lacks("item", "person.name", "person.id_number"):
            return await blank(visit, wrong)
        hall = await hall_of(visit, form)
        person = {
            name: form[f"person.{name}"] for name in ("name", "id_number", "phone") if form[f"person.{name}"]
        }
        body: dict[str, Any] = {"item": form["item"], "hall": hall, "person": person}
        try:
            if form["ticket"]:
                body["ticket"] = await reference_of(visit, hall, form["ticket"])
            case = await visit.api.post("/cases", body, key=form.key)
        except Refusal as refusal:
            return await blank(visit, form.wrong(refusal))
        return visit.go(f"/window/cases/{quote(case['case'])}?after={case['position']}")

    @get("/window/cases/{case:str}", include_in_schema=False)
    async def one(
        visit: Visiting, case: FromPath[str], act: FromQuery[str] = "", after: FromQuery[int] = 0
    ) -> Page:
        visit.require(*CLERKS)
        return await shown(visit, case, act, Form(), after)

    async def shown(visit: Visit, name: str, act: str, form: Form, after: int = 0) -> Page:
        case = await visit.api.get(f"/cases/{quote(name)}", after=after)
        offered = [one for one, what in ACTS.items() if case["status"] in what.ready and _fits(one, case)]
        chosen = act if act in offered else next(iter(offered), "")
        published = await visit.api.get(f"/items/{quote(case['item'])}")
        return visit.page(
            "window/case.html",
            case=case,
            state=STATES[case["status"]],
            offered=[(one, ACTS[one].name) for one in offered],
            act=chosen,
            act_name=ACTS[chosen].name if chosen else "",
            materials=published["materials"],
            form=form,
        )

    @post("/window/cases/{case:str}/{act:str}", include_in_schema=False)
    async def do(visit: Visiting, case: FromPath[str], act: FromPath[str]) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        if (what := ACTS.get(act)) is None:
            raise Rejected(404, "unknown-path")
        if wrong := form.lacks(*what.needs):
            return await shown(visit, case, act, wrong)
        try:
            done = await visit.api.post(f"/cases/{quote(case)}/{act}", what.body(form, visit), key=form.key)
        except Refusal as refusal:
            return await shown(visit, case, act, form.wrong(refusal))
        return visit.go(f"/window/cases/{quote(case)}?after={done['position']}")

    return [found, new, opened, one, do]


def _fits(act: str, case: Mapping[str, Any]) -> bool:
    """Whether there is anything to do it with."""
    match act:
        case "supplement":
            return bool(case["outstanding"])
        case "deliver":
            return case["means"] is None and case["matter"] is None
    return True


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
