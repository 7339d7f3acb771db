"""Scarce places drawn by lot, for a citizen: take part, see what came out and how to verify it, take no part."""

from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.words import N_

STATES = {
    "waiting": N_("已登记，等待摇号"),
    "won": N_("中签"),
    "not-booked": N_("中签，未能预约"),
    "not-drawn": N_("未中签"),
    "withdrawn": N_("已撤回登记"),
}


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @post("/book/{item:str}/{hall:str}/draw")
    async def take_part(visit: Visiting, item: FromPath[str], hall: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        body = {"item": item, "date": form["date"]}
        made = await visit.api.post(f"/halls/{hall}/draw-requests", body, key=form.key)
        return visit.go(f"/draws/{made['link']}")

    @get("/draws/{link:str}")
    async def request(visit: Visiting, link: FromPath[str]) -> Page:
        return await shown(visit, link, Form())

    async def shown(visit: Visit, link: str, form: Form) -> Page:
        asked = await visit.api.get(f"/draw-requests/{quote(link)}")
        return visit.page(
            "citizen/draw.html", link=link, asked=asked, state=STATES[asked["status"]], form=form
        )

    @post("/draws/{link:str}/withdraw")
    async def withdraw(visit: Visiting, link: FromPath[str]) -> Page:
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, link, wrong)):
            await visit.api.post(f"/draw-requests/{quote(link)}/withdraw", key=form.key)
        return visit.go(f"/draws/{quote(link)}")

    return [take_part, request, withdraw]
