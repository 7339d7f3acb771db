"""Administration: what needs attention, what is configured, and the items that are published."""

import re

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from adapters.http.problems import FieldError, problem
from adapters.web.admin_documents import NO_KIND
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visiting

NAME = r"[a-z0-9][a-z0-9-]{0,39}"


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/admin")
    async def home(visit: Visiting) -> Page:
        visit.require("admin")
        ask = visit.api.get
        views = (await ask("/views"))["views"]
        webhooks = (await ask("/webhooks", limit=100))["webhooks"]
        return visit.page(
            "admin/home.html",
            halls=(await ask("/halls", limit=100))["halls"],
            items=await ask("/items", limit=1),
            years=[year["year"] for year in (await ask("/calendars"))["calendars"]],
            regions=(await ask("/regions", limit=100))["regions"],
            failed=(await ask("/notices", status="failed", limit=100))["notices"],
            devices=(await ask("/devices", limit=100))["devices"],
            stuck=[one for one in webhooks if one["status"] == "suspended" or one["failures"]],
            lag=max((view["lag_events"] for view in views), default=0),
            parked=sum(view["parked"] for view in views),
            this_year=site.clock().year,
        )

    @get("/admin/items")
    async def items(visit: Visiting, q: FromQuery[str] = "", cursor: FromQuery[str] = "") -> Page:
        visit.require("admin")
        found = await visit.api.get("/items", q=q.strip() or None, cursor=cursor or None, limit=50)
        halls = (await visit.api.get("/halls", limit=100))["halls"]
        queues = {queue["queue"]: visit.say(queue["name"]) for hall in halls for queue in hall["queues"]}
        return visit.page(
            "admin/items.html", q=q.strip(), items=found["items"], cursor=found["cursor"], queues=queues
        )

    @get("/admin/new/{kind:str}")
    async def new(visit: Visiting, kind: FromPath[str], name: FromQuery[str] = "") -> Page:
        visit.require("admin")
        if kind not in ("halls", "items"):
            return visit.missing(NO_KIND)
        wanted = name.strip().lower()
        form = Form([("name", wanted)])
        if not wanted:
            return visit.page("admin/new.html", kind=kind, form=form)
        if not re.fullmatch(NAME, wanted, re.ASCII):
            wrong = Refusal(problem(422, "form-incomplete", errors=[FieldError("name", "name-wrong")]))
            return visit.page("admin/new.html", kind=kind, form=form.wrong(wrong))
        return visit.go(f"/admin/documents/{kind}/{wanted}")

    return [home, items, new]
