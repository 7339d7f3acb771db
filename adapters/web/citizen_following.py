"""What a citizen follows: a ticket in its line, live; a case with its deadline; and all that is theirs."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web.api import Refusal
from adapters.web.citizen_booking import STATUSES
from adapters.web.citizen_waiting import STATES
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.words import N_
from domain.workdays import SHANGHAI

COME_BACK_AHEAD = 3
COME_BACK_S = 600
"""With so few ahead, or so short a wait, whoever went out is asked to come back (ours, no rule)."""

KEPT_DAYS = 90
"""How long what is over stays in the list."""

CASES = {
    "received": N_("已收件"),
    "correcting": N_("等您补正"),
    "accepted": N_("已受理"),
    "suspended": N_("特别程序中"),
    "decided": N_("已决定"),
    "closed": N_("已办结"),
    "refused": N_("不予受理"),
    "withdrawn": N_("已撤回"),
    "archived": N_("已归档"),
    "unknown": N_("未知"),
}

OVER = ("closed", "refused", "withdrawn", "archived")


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/follow/{link:str}", include_in_schema=False)
    async def follow(visit: Visiting, link: FromPath[str]) -> Page:
        return visit.page("citizen/follow.html", link=link, **await place(visit, link))

    @get("/follow/{link:str}/now", include_in_schema=False)
    async def follow_now(visit: Visiting, link: FromPath[str]) -> Page:
        """The part that changes, for the script that put an event's arrival on the page."""
        return visit.page("citizen/follow_now.html", link=link, **await place(visit, link))

    async def place(visit: Visit, link: str) -> dict[str, Any]:
        found = await visit.api.get(f"/tickets/{quote(link)}")
        wait = found["wait_s"]
        near = found["status"] == "waiting" and (
            found["ahead"] <= COME_BACK_AHEAD or (wait is not None and wait["p50"] <= COME_BACK_S)
        )
        return {"place": found, "near": near, "hall": await visit.api.get(f"/halls/{found['hall']}")}

    @get("/mine", include_in_schema=False)
    async def mine(visit: Visiting) -> Page:
        visit.require("citizen")
        now = site.clock().astimezone(SHANGHAI)
        since = (now - timedelta(days=KEPT_DAYS)).date().isoformat()
        appointments = (await visit.api.get("/appointments", since=since, limit=100))["appointments"]
        coming = [one for one in appointments if one["status"] == "booked"]
        past = [one for one in reversed(appointments) if one["status"] != "booked"]
        return visit.page(
            "citizen/mine.html",
            coming=coming,
            past=past,
            cases=(await visit.api.get("/cases", limit=100))["cases"],
            reviews=(await visit.api.get("/reviews", limit=100))["reviews"],
            waiting=await waiting(visit),
            waiting_states=STATES,
            standing=await standing(visit),
            statuses=STATUSES,
            case_statuses=CASES,
            form=Form(),
        )

    async def waiting(visit: Visit) -> list[Any]:
        """The waiting lists the visitor is on."""
        if visit.identity is None or visit.identity.person is None:
            return []
        found = (await visit.api.get("/waiting", limit=100))["waiting"]
        return [one for one in found if one["status"] in ("waiting", "offered")]

    async def standing(visit: Visit) -> Any:
        """How the visitor stands with online booking; nothing for somebody whose sign-in names no document."""
        try:
            return await visit.api.get("/standing")
        except Refusal as refusal:
            if refusal.problem.code != "person-needed":
                raise
            return None

    @post("/mine/appeal", include_in_schema=False)
    async def appeal(visit: Visiting) -> Page:
        visit.require("citizen")
        form = await visit.form()
        if form.lacks("reason") is None:
            await visit.api.post("/standing/appeal", {"reason": form["reason"]}, key=form.key)
        return visit.go("/mine")

    @get("/cases/{case:str}", include_in_schema=False)
    async def one_case(visit: Visiting, case: FromPath[str]) -> Page:
        visit.require()
        return await case_page(visit, case, Form())

    async def case_page(visit: Visit, name: str, form: Form) -> Page:
        case = await visit.api.get(f"/cases/{quote(name)}")
        return visit.page(
            "citizen/case.html",
            case=case,
            state=CASES[case["status"]],
            over=case["status"] in OVER,
            asked=case["missing"] if case["status"] == "correcting" else (),
            hall=await visit.api.get(f"/halls/{case['hall']}"),
            form=form,
        )

    @post("/cases/{case:str}/withdraw", include_in_schema=False)
    async def withdraw(visit: Visiting, case: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        try:
            await visit.api.post(f"/cases/{quote(case)}/withdraw", form.given("reason"), key=form.key)
        except Refusal as refusal:
            return await case_page(visit, case, form.wrong(refusal))
        return visit.go(f"/cases/{quote(case)}")

    return [follow, follow_now, mine, appeal, one_case, withdraw]
