"""Rating a service in three taps by its link, seeing what was done about a bad rating, and rating once more (追评)."""

from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.words import N_

DONE = {
    "rectification-opened": N_("开始整改"),
    "reviewer-contacted": N_("联系核实"),
    "rectification-planned": N_("定下整改计划"),
    "review-rectified": N_("完成整改"),
    "rectification-extended": N_("延长期限"),
    "rectification-paused": N_("暂停计时"),
    "rectification-resumed": N_("恢复计时"),
    "review-ruled": N_("复核有了结论"),
    "rectification-fed-back": N_("反馈结果"),
    "reviewer-called-back": N_("回访"),
    "review-added": N_("您的追评"),
}
"""What whoever rated is told of a rectification."""

BAD = ("dissatisfied", "very-dissatisfied")


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/reviews/{link:str}")
    async def rate_page(visit: Visiting, link: FromPath[str]) -> Page:
        return await page(visit, link, Form())

    async def page(visit: Visit, link: str, form: Form) -> Page:
        invited = await visit.api.get(f"/reviews/{quote(link)}")
        told: dict[str, Any] = {"link": link, "invited": invited, "form": form, "done": DONE, "story": None}
        if invited["state"] == "open":
            return visit.page("citizen/rate.html", **told)
        if invited["review"] is not None and invited["grade"] in BAD:
            told["story"] = await story(visit, invited["service"])
        return visit.page("citizen/rated.html", thanks="given" in visit.request.query_params, **told)

    async def story(visit: Visit, service: str) -> Any:
        """What was done about a bad rating; nothing while it has only just been given."""
        try:
            return await visit.api.get(f"/rectifications/{quote(service)}")
        except Refusal as refusal:
            if refusal.problem.status != 404:
                raise
            return None

    @post("/reviews/{link:str}")
    async def rate(visit: Visiting, link: FromPath[str]) -> Page:
        form = await visit.form()
        async with form.back_to(lambda wrong: page(visit, link, wrong)):
            form.needs("grade")
            body = {
                "service": {"invitation": link},
                "grade": form["grade"],
                "tags": form.all(f"tags-{form['grade']}"),
                "channel": "qr-code",
                "anonymous": form["anonymous"] == "yes",
                **form.given("comment"),
            }
            await visit.api.post("/reviews", body, key=form.key)
        return visit.go(f"/reviews/{quote(link)}?given")

    @post("/reviews/{link:str}/add")
    async def add(visit: Visiting, link: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        invited = await visit.api.get(f"/reviews/{quote(link)}")
        if invited["review"] is None:
            return visit.go(f"/reviews/{quote(link)}")
        async with form.back_to(lambda wrong: page(visit, link, wrong)):
            form.needs("grade")
            body = {"grade": form["grade"], "channel": "mobile", **form.given("comment")}
            await visit.api.post(f"/reviews/{invited['review']}/add", body, key=form.key)
        return visit.go(f"/reviews/{quote(link)}?given")

    return [rate_page, rate, add]
