"""The end of a hall's day: what it does is said before it is asked for, and within some time it is taken back."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.identity import Role
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.supervise_files import every
from domain.closing import CLOSED_FOR_THE_DAY
from domain.workdays import SHANGHAI

ENDING: tuple[Role, ...] = ("supervisor", "admin")


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/supervise/halls/{hall:str}/close")
    async def closing(visit: Visiting, hall: FromPath[str]) -> Page:
        visit.require(*ENDING)
        return await show(visit, hall, Form())

    @post("/supervise/halls/{hall:str}/close")
    async def close(visit: Visiting, hall: FromPath[str]) -> Page:
        visit.require(*ENDING)
        form = await visit.form()
        try:
            told = await visit.api.post(
                f"/halls/{hall}/day/close",
                {"force": form["force"] == "yes", **form.given("reason")},
                key=form.key,
            )
        except Refusal as refusal:
            return await show(visit, hall, form.wrong(refusal))
        return visit.go(f"/supervise/halls/{hall}?after={told['position']}")

    @post("/supervise/halls/{hall:str}/reopen")
    async def reopen(visit: Visiting, hall: FromPath[str]) -> Page:
        visit.require(*ENDING)
        form = await visit.form()
        try:
            told = await visit.api.post(f"/halls/{hall}/day/reopen", key=form.key)
        except Refusal as refusal:
            return await show(visit, hall, form.wrong(refusal))
        return visit.go(f"/supervise/halls/{hall}?after={told['position']}")

    async def show(visit: Visit, hall: str, form: Form) -> Page:
        """Who would be let go, before it is done."""
        plan, line, bulletin = await asyncio.gather(
            *(visit.api.get(f"/halls/{hall}{what}") for what in ("", "/line", "/bulletin"))
        )
        booked = every(visit, f"/halls/{hall}/appointments", "appointments", status="booked")
        ends_at = [datetime.fromisoformat(one["ends_at"]) async for one in booked]
        now = site.clock().astimezone(SHANGHAI)
        ends = max((span["closes"][:5] for span in bulletin["hours"]["spans"]), default=None)
        return visit.page(
            "supervise/close.html",
            status=form.problem.status if form.problem is not None else 200,
            form=form,
            hall=plan,
            line=line,
            counts=_counts(line),
            busy=[window for window in line["windows"] if window["ticket"] is not None],
            awake=sum(window["state"] != "closed" for window in line["windows"]),
            to_come=sum(now < at for at in ends_at),
            reason=CLOSED_FOR_THE_DAY,
            ends=ends if ends is not None and f"{now:%H:%M}" < ends else None,
            now=now,
        )

    return [closing, close, reopen]


def _counts(line: Mapping[str, Any]) -> dict[str, int]:
    """How many tickets stand how."""
    told = [ticket["status"] for ticket in line["tickets"]]
    return {status: told.count(status) for status in ("waiting", "parked", "missed")}
