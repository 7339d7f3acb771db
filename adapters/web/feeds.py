"""Calendar subscriptions: the secret address of a citizen's own appointments, or of a hall's bookings for its staff."""

from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visit, Visiting

MINE = "/mine/calendar"


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    async def shown(visit: Visit, api: str, here: str, form: Form, hall: Any = None) -> Page:
        try:
            feed = await visit.api.get(api)
        except Refusal as refusal:
            if refusal.problem.code != "person-needed":
                raise
            feed = None  # their sign-in names no document
        root = (site.public_url or str(visit.request.base_url)).rstrip("/")
        address = f"{root}{feed['path']}" if feed is not None and feed["open"] else None
        revokes = hall is None or (visit.identity is not None and visit.identity.role != "clerk")
        return visit.page(
            "feed.html", feed=feed, address=address, here=here, form=form, hall=hall, revokes=revokes
        )

    async def change(visit: Visit, api: str, here: str, act: str, hall: Any = None) -> Page:
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, api, here, wrong, hall)):
            await visit.api.post(f"{api}/{'revoke' if act == 'revoke' else 'open'}", key=form.key)
        return visit.go(here)

    @get(MINE)
    async def own(visit: Visiting) -> Page:
        visit.require("citizen")
        return await shown(visit, "/feeds/mine", MINE, Form())

    @post(f"{MINE}/{{act:str}}")
    async def change_own(visit: Visiting, act: FromPath[str]) -> Page:
        visit.require("citizen")
        return await change(visit, "/feeds/mine", MINE, act)

    @get("/halls/{hall:str}/calendar")
    async def of_hall(visit: Visiting, hall: FromPath[str]) -> Page:
        visit.require("clerk", "supervisor", "admin")
        told = await visit.api.get(f"/halls/{hall}")
        return await shown(visit, f"/halls/{hall}/feed", f"/halls/{hall}/calendar", Form(), told)

    @post("/halls/{hall:str}/calendar/{act:str}")
    async def change_hall(visit: Visiting, hall: FromPath[str], act: FromPath[str]) -> Page:
        visit.require("clerk", "supervisor", "admin")
        told = await visit.api.get(f"/halls/{hall}")
        return await change(visit, f"/halls/{hall}/feed", f"/halls/{hall}/calendar", act, told)

    return [own, change_own, of_hall, change_hall]
