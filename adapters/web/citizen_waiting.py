"""The waiting list of a full day for a citizen: join it, take or leave what becomes free, wait no more."""

from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.problems import Rejected
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.words import N_

STATES = {
    "waiting": N_("候补中"),
    "offered": N_("有空位了"),
    "booked": N_("已预约"),
    "left": N_("已退出候补"),
    "offers-used": N_("几次空位都没有接受，候补已结束"),
}


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @post("/book/{item:str}/{hall:str}/wait")
    async def join(visit: Visiting, item: FromPath[str], hall: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        body = {"item": item, "date": form["date"]}
        joined = await visit.api.post(f"/halls/{hall}/waiting", body, key=form.key)
        return visit.go(f"/waiting/{joined['link']}")

    @get("/waiting/{link:str}")
    async def place(visit: Visiting, link: FromPath[str]) -> Page:
        return await shown(visit, link, Form())

    async def shown(visit: Visit, link: str, form: Form) -> Page:
        waiting = await visit.api.get(f"/waiting/{quote(link)}")
        return visit.page(
            "citizen/waiting.html",
            link=link,
            waiting=waiting,
            state=STATES[waiting["status"]],
            form=form,
            now=site.clock(),
        )

    @post("/waiting/{link:str}/{word:str}")
    async def answer(visit: Visiting, link: FromPath[str], word: FromPath[str]) -> Page:
        if word not in ("accept", "decline", "leave"):
            raise Rejected(404, "unknown-path")
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, link, wrong)):
            made = await visit.api.post(f"/waiting/{quote(link)}/{word}", key=form.key)
        return visit.go(f"/appointments/{made['voucher']}" if word == "accept" else f"/waiting/{quote(link)}")

    return [join, place, answer]
