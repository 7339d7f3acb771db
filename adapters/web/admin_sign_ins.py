"""Ending the sign-ins of somebody who left, or whose account others may use."""

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from adapters.web.roles import ROLES
from adapters.web.site import Form, Page, Site, Visit, Visiting

STAFF = [one for one in ROLES if one.role in ("clerk", "supervisor", "admin", "auditor")]


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    def shown(visit: Visit, form: Form, ended: str = "") -> Page:
        roles = [(one.role, visit.say(one.name)) for one in STAFF]
        return visit.page("admin/sign_ins.html", form=form, roles=roles, ended=ended)

    @get("/admin/sign-ins")
    async def blank(visit: Visiting, ended: FromQuery[str] = "") -> Page:
        visit.require("admin")
        return shown(visit, Form(), ended)

    @post("/admin/sign-ins")
    async def end(visit: Visiting) -> Page:
        visit.require("admin")
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, wrong)):
            form.needs("role", "subject", "reason")
            asked = form.given("role", "subject", "reason")
            await visit.api.post("/accounts/end-sign-ins", asked, key=form.key)
        return visit.go(f"/admin/sign-ins?ended={form['subject']}")

    return [blank, end]
