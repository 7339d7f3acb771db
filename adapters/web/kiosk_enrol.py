"""How a kiosk or a screen is let in: whoever sets it up types the code that an administrator has told them."""

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from adapters.http.devices import identity_of
from adapters.web.site import Form, Page, Site, Visiting, inside


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/enrol")
    async def enrol(visit: Visiting, next: FromQuery[str] = "/", code: FromQuery[str] = "") -> Page:  # noqa: A002
        return visit.page("kiosk/enrol.html", form=Form([("next", inside(next)), ("code", code[:40])]))

    @post("/enrol")
    async def enrolled(visit: Visiting) -> Page:
        form = await visit.form()
        async with form.back_to(lambda wrong: visit.page("kiosk/enrol.html", form=wrong)):
            form.needs("code")
            device = await visit.api.post("/devices/enrol", form.given("code"), key=form.key)
        hall, window = device["hall"], device["window"]
        if device["role"] == "kiosk":
            home = f"/halls/{hall}/kiosk"
        else:
            home = f"/halls/{hall}/screen" if window is None else f"/halls/{hall}/windows/{window}/screen"
        identity = identity_of(device["device"], device["role"], hall, window)
        return visit.go(home, site.sessions.begin(identity))

    return [enrol, enrolled]
