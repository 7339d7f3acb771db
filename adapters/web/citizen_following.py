"""What a citizen follows: a ticket in its line, live; and all that is theirs."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web.api import Refusal
from adapters.web.citizen_booking import STATUSES
from adapters.web.citizen_case import CASES
from adapters.web.citizen_waiting import STATES
from adapters.web.site import Form, Page, Site, Visit, Visiting
from domain.workdays import SHANGHAI

COME_BACK_AHEAD = 3
COME_BACK_S = 600
"""With so few ahead, or so short a wait, whoever went out is asked to come back (ours, no rule)."""

KEPT_DAYS = 90
"""How long what is over stays in the list."""


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/follow/{link:str}")
    async def follow(visit: Visiting, link: FromPath[str]) -> Page:
        return visit.page("citizen/follow.html", link=link, **await place(visit, link))

    @get("/follow/{link:str}/now")
    async def follow_now(visit: Visiting, link: FromPath[str]) -> Page:
        """The part that changes, for the script that put an event's arrival on the page."""
        return visit.page("citizen/follow_now.html", link=link, **await place(visit, link))

    @post("/follow/{link:str}/leave")
    async def leave(visit: Visiting, link: FromPath[str]) -> Page:
        await visit.api.post(f"/tickets/{quote(link)}/leave")
        return visit.go(f"/follow/{quote(link)}")

    async def place(visit: Visit, link: str) -> dict[str, Any]:
        found = await visit.api.get(f"/tickets/{quote(link)}")
        wait = found["wait_s"]
        near = found["status"] == "waiting" and (
            found["ahead"] <= COME_BACK_AHEAD or (wait is not None and wait["p50"] <= COME_BACK_S)
        )
        return {"place": found, "near": near, "hall": await visit.api.get(f"/halls/{found['hall']}")}

    @get("/mine")
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

    @post("/mine/appeal")
    async def appeal(visit: Visiting) -> Page:
        visit.require("citizen")
        form = await visit.form()
        if form["reason"]:
            await visit.api.post("/standing/appeal", {"reason": form["reason"]}, key=form.key)
        return visit.go("/mine")

    return [follow, follow_now, leave, mine, appeal]
