"""A citizen's way in, phone first: find an item by everyday words, read what to bring, see where the lines are short,
and take a number on the phone."""

import asyncio
from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visit, Visiting

SHOWN = 60
"""Items on one page of results; who sees so many needs another word and not a second page."""


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/")
    async def start(visit: Visiting) -> Page:
        halls = (await visit.api.get("/halls", limit=100))["halls"]
        # One hall's lines are told here, the largest one's: all of them are a page of their own.
        main = next((hall for hall in halls if hall["kind"] == "centre"), None)
        coming: list[Any] = []
        if visit.identity is not None and visit.identity.role == "citizen":
            appointments = (await visit.api.get("/appointments"))["appointments"]
            coming = [one for one in appointments if one["status"] == "booked"]
        return visit.page(
            "citizen/start.html",
            subjects=_subjects(halls),
            halls=halls,
            coming=coming,
            main=main,
            now=await _now(visit, main) if main else None,
        )

    @get("/items")
    async def items(visit: Visiting, q: FromQuery[str] = "", queue: FromQuery[str] = "") -> Page:
        halls = (await visit.api.get("/halls", limit=100))["halls"]
        subjects = _subjects(halls)
        wanted = q.strip()[:100]
        # One more than is shown tells that there are more.
        answer = await visit.api.get("/items", q=wanted or None, queue=queue or None, limit=SHOWN + 1)
        found = answer["items"]
        return visit.page(
            "citizen/items.html",
            q=wanted,
            queue=queue,
            subject=subjects.get(queue),
            subjects=subjects,
            items=found[:SHOWN],
            more=len(found) > SHOWN,
        )

    @get("/items/{item:str}")
    async def guide(visit: Visiting, item: FromPath[str]) -> Page:
        return visit.page("citizen/guide.html", item=await visit.api.get(f"/items/{item}"))

    @get("/halls")
    async def halls(visit: Visiting) -> Page:
        found = (await visit.api.get("/halls", limit=100))["halls"]
        found.sort(key=lambda hall: hall["kind"] != "centre")
        # All at once: while the database is away each would be waited for in vain, one after the other.
        lines = await asyncio.gather(*(_now(visit, hall) for hall in found))
        for hall, now in zip(found, lines, strict=True):
            hall["now"] = now
        return visit.page("citizen/halls.html", halls=found)

    @get("/halls/{hall:str}/take")
    async def take_page(visit: Visiting, hall: FromPath[str]) -> Page:
        return await taking(visit, hall, Form())

    async def taking(visit: Visit, name: str, form: Form) -> Page:
        hall = await visit.api.get(f"/halls/{name}")
        return visit.page("citizen/take.html", hall=hall, now=await _now(visit, hall), form=form)

    @post("/halls/{hall:str}/take")
    async def take(visit: Visiting, hall: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        async with form.back_to(lambda wrong: taking(visit, hall, wrong)):
            form.needs("queue")
            taken = await visit.api.post(f"/halls/{hall}/tickets", form.given("queue", "code"), key=form.key)
        return visit.go(f"/follow/{taken['follow']}")

    async def _now(visit: Visit, hall: Any) -> Any:
        """A hall's lines now, or nothing while they cannot be told."""
        try:
            board = await visit.api.get(f"/halls/{hall['hall']}/board")
            bulletin = await visit.api.get(f"/halls/{hall['hall']}/bulletin")
        except Refusal:
            return None
        waits = {one["queue"]: one["wait_s"] for one in bulletin["waits"]}
        why_not = {one["queue"]: one["why_not"] for one in bulletin["tickets"]}
        lines = [
            queue | {"wait_s": waits.get(queue["queue"]), "why_not": why_not.get(queue["queue"])}
            for queue in board["queues"] or [idle(queue) for queue in hall["queues"]]
        ]
        return {
            "state": board["state"],
            "shut": next(iter(why_not.values()), None) if None not in why_not.values() else None,
            "lines": lines,
            "notices": bulletin["notices"],
            "hours": bulletin["hours"],
        }

    def idle(queue: Any) -> Any:
        """A line as it stands before anybody has come."""
        return {"queue": queue["queue"], "name": queue["name"], "waiting": 0, "windows_open": 0}

    return [start, items, guide, halls, take_page, take]


def _subjects(halls: list[Any]) -> dict[str, Any]:
    """The queues' names as subjects to look through, those of the county's hall before a town's."""
    subjects: dict[str, Any] = {}
    for hall in sorted(halls, key=lambda hall: str(hall["kind"] != "centre")):
        for queue in hall["queues"]:
            subjects.setdefault(queue["queue"], queue["name"])
    return subjects
