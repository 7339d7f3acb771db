"""A citizen's appointments: hall, time, a place held while they make sure, the voucher, and what becomes of it."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from adapters import qr
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.words import N_
from domain.workdays import SHANGHAI

STATUSES = {
    "booked": N_("已预约"),
    "checked-in": N_("已签到"),
    "cancelled": N_("已取消"),
    "missed": N_("未按时到场"),
}

PLACE = "place"
"""The cookie that keeps the region a visitor named, so that its halls come first the next time too."""

YEAR_S = 365 * 86_400


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/book/{item:str}")
    async def choose_hall(visit: Visiting, item: FromPath[str], region: FromQuery[str] = "") -> Page:
        regions = (await visit.api.get("/regions", limit=100))["regions"]
        known = {one["region"] for one in regions}
        chosen = region if region in known else visit.request.cookies.get(PLACE, "")
        near = chosen if chosen in known else None
        halls = (await visit.api.get(f"/items/{item}/halls", region=near))["halls"]
        page = visit.page(
            "citizen/choose_hall.html",
            item=await visit.api.get(f"/items/{item}"),
            halls=halls,
            regions=[one for one in regions if any(one["region"] == hall["region"] for hall in halls)],
            region=near or "",
        )
        if region in known:
            page.cookies.append(Cookie(PLACE, value=region, max_age=YEAR_S, samesite="lax"))
        return page

    @get("/book/{item:str}/{hall:str}")
    async def choose_time(
        visit: Visiting, item: FromPath[str], hall: FromPath[str], day: FromQuery[str] = ""
    ) -> Page:
        return await times(visit, item, hall, day, Form())

    async def times(visit: Visit, item: str, hall: str, day: str, form: Form, moving: Any = None) -> Page:
        """The days of a hall that can be booked for an item, and the intervals of one of them."""
        halls = (await visit.api.get(f"/items/{item}/halls", hall=hall))["halls"]
        days = halls[0]["days"] if halls else []
        free = [one["date"] for one in days if one["remaining"]]
        chosen = day if day in {one["date"] for one in days} else next(iter(free), "")
        asked = await visit.api.get(f"/items/{item}")
        draws = (await visit.api.get(f"/halls/{hall}/lotteries", to_come=True))["lotteries"]
        slots: list[Any] = []
        if chosen:
            slots = (await visit.api.get(f"/halls/{hall}/slots", item=item, date=chosen))["slots"]
        return visit.page(
            "citizen/choose_time.html",
            item=asked,
            hall=await visit.api.get(f"/halls/{hall}"),
            draws=[one for one in draws if one["queue"] == asked["queue"]],
            days=days,
            day=chosen,
            slots=[slot for slot in slots if slot["remaining"] or _future(site, slot)],
            form=form,
            moving=moving,
        )

    @post("/book/{item:str}/{hall:str}")
    async def hold(
        visit: Visiting, item: FromPath[str], hall: FromPath[str], day: FromQuery[str] = ""
    ) -> Page:
        visit.require("citizen")
        form = await visit.form()
        body = {"item": item, "date": form["date"], "slot": form["slot"]}
        async with form.back_to(lambda wrong: times(visit, item, hall, form["date"], wrong)):
            held = await visit.api.post(f"/halls/{hall}/holds", body, key=form.key)
        return visit.go(f"/holds/{held['hold']}")

    @get("/holds/{hold:str}")
    async def confirm_page(visit: Visiting, hold: FromPath[str]) -> Page:
        visit.require("citizen")
        return await holding(visit, hold, Form())

    async def holding(visit: Visit, name: str, form: Form) -> Page:
        try:
            held = await visit.api.get(f"/holds/{name}")
        except Refusal as refusal:
            if refusal.problem.status != 404:
                raise
            return visit.page("citizen/hold_over.html", status=404)
        item = await visit.api.get(f"/items/{held['item']}")
        return visit.page("citizen/hold.html", held=held, item=item, form=form, now=site.clock())

    @post("/holds/{hold:str}/confirm")
    async def confirm(visit: Visiting, hold: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        body: dict[str, Any] = {}
        other = form["whom"] == "other"
        if other:
            person = {
                name: form[f"person.{name}"]
                for name in ("name", "id_number", "phone", "mail")
                if form[f"person.{name}"]
            }
            body = {
                "person": person,
                "on_behalf": {"kind": form["on_behalf.kind"], "consent": form["on_behalf.consent"]},
            }
        async with form.back_to(lambda wrong: holding(visit, hold, wrong)):
            if other:
                form.needs("person.name", "person.id_number")
            made = await visit.api.post(f"/holds/{hold}/confirm", body, key=form.key)
        return visit.go(f"/appointments/{made['voucher']}")

    @post("/holds/{hold:str}/release")
    async def let_go(visit: Visiting, hold: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        try:
            await visit.api.post(f"/holds/{hold}/release")
        except Refusal as refusal:
            if refusal.problem.status >= 500:
                raise
        return visit.go(f"/book/{quote(form['item'])}/{quote(form['hall'])}")

    @get("/appointments/{link:str}")
    async def voucher(visit: Visiting, link: FromPath[str]) -> Page:
        return await shown(visit, link, Form())

    async def shown(visit: Visit, link: str, form: Form) -> Page:
        made = await visit.api.get(f"/appointments/{quote(link)}")
        return visit.page(
            "citizen/voucher.html",
            link=link,
            made=made,
            state=STATUSES[made["status"]],
            item=await visit.api.get(f"/items/{made['item']}"),
            hall=await visit.api.get(f"/halls/{made['hall']}"),
            form=form,
        )

    @get("/appointments/{link:str}/qr.svg")
    async def code(visit: Visiting, link: FromPath[str]) -> Response[bytes]:
        await visit.api.get(f"/appointments/{quote(link)}")
        return Response(qr.svg(link), media_type="image/svg+xml")

    @post("/appointments/{link:str}/cancel")
    async def cancel(visit: Visiting, link: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, link, wrong)):
            await visit.api.post(f"/appointments/{quote(link)}/cancel", form.given("reason"), key=form.key)
        return visit.go(f"/appointments/{quote(link)}")

    @get("/appointments/{link:str}/move")
    async def choose_other(visit: Visiting, link: FromPath[str], day: FromQuery[str] = "") -> Page:
        visit.require("citizen")
        return await other_times(visit, link, day, Form())

    async def other_times(visit: Visit, link: str, day: str, form: Form) -> Page:
        made = await visit.api.get(f"/appointments/{quote(link)}")
        return await times(visit, made["item"], made["hall"], day, form, made | {"link": link})

    @post("/appointments/{link:str}/move")
    async def move(visit: Visiting, link: FromPath[str], day: FromQuery[str] = "") -> Page:
        visit.require("citizen")
        form = await visit.form()
        body = {"date": form["date"], "slot": form["slot"]}
        async with form.back_to(lambda wrong: other_times(visit, link, form["date"], wrong)):
            made = await visit.api.post(f"/appointments/{quote(link)}/reschedule", body, key=form.key)
        return visit.go(f"/appointments/{made['voucher']}")

    return [
        choose_hall,
        choose_time,
        hold,
        confirm_page,
        confirm,
        let_go,
        voucher,
        code,
        cancel,
        choose_other,
        move,
    ]


def _future(site: Site, slot: Any) -> bool:
    return datetime.fromisoformat(slot["starts_at"]) > site.clock().astimezone(SHANGHAI)
