"""Rating at a kiosk: the slip's code tells which service; a window's own device asks about the one that ended there."""

from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.problems import problem
from adapters.web.api import Refusal
from adapters.web.kiosk import HOME, device_of, scanned, sorry
from adapters.web.site import Form, Page, Site, Visit, Visiting


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""
    no = sorry(site)

    async def asked(visit: Visit, hall: str, form: Form) -> Page:
        plan = await visit.api.get(f"/halls/{hall}")
        return visit.page("kiosk/rate.html", name=hall, hall=plan, form=form)

    async def grades(visit: Visit, hall: str, link: str) -> Page:
        """What the service was, and the five grades."""
        invitation = await visit.api.get(f"/reviews/{quote(link)}")
        if invitation["state"] != "open":
            code = {"not-yet": "not-served-yet", "rated": "already-reviewed"}.get(
                invitation["state"], "review-window-over"
            )
            raise Refusal(problem(409, code, {"until": invitation["until"]}))
        plan = await visit.api.get(f"/halls/{hall}")
        return visit.page(
            "kiosk/grades.html", name=hall, hall=plan, link=link, invitation=invitation, form=Form()
        )

    @get(f"{HOME}/rate", exception_handlers=no)
    async def rate(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        window = visit.identity.window if visit.identity else None
        if window is not None:
            found = await visit.api.get(f"/halls/{hall}/windows/{window}/invitation")
            return await grades(visit, hall, found["invitation"])
        return await asked(visit, hall, Form())

    @post(f"{HOME}/rate", exception_handlers=no)
    async def find(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        form = await visit.form()
        async with form.back_to(lambda wrong: asked(visit, hall, wrong)):
            form.needs("slip")
            place: dict[str, Any] = await visit.api.get(f"/tickets/{quote(scanned(form['slip']))}")
            if place["review"] is None:
                raise Refusal(problem(409, "not-served-yet"))
            return await grades(visit, hall, place["review"])

    @post(f"{HOME}/rate/grade", exception_handlers=no)
    async def why(visit: Visiting, hall: FromPath[str]) -> Page:
        """What there is to say about the grade that was chosen; all of it may be left out."""
        device_of(visit)
        form = await visit.form()
        invitation = await visit.api.get(f"/reviews/{quote(form['link'])}")
        plan = await visit.api.get(f"/halls/{hall}")
        return visit.page("kiosk/tags.html", name=hall, hall=plan, invitation=invitation, form=form)

    @post(f"{HOME}/rate/give", exception_handlers=no)
    async def give(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        form = await visit.form()
        body = {
            "service": {"invitation": form["link"]},
            "grade": form["grade"],
            "tags": form.all("tags"),
            "channel": "kiosk",
        }
        await visit.api.post("/reviews", body, key=form.key)
        return visit.go(f"/halls/{hall}/kiosk/thanks")

    @get(f"{HOME}/thanks", exception_handlers=no)
    async def thanks(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        return visit.page("kiosk/thanks.html", name=hall, hall=await visit.api.get(f"/halls/{hall}"))

    return [rate, find, why, give, thanks]
