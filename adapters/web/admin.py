"""Administration: what needs attention, what is configured, and the items that are published."""

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from adapters.web.site import Page, Site, Visiting


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/admin", include_in_schema=False)
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

    @get("/admin/items", include_in_schema=False)
    async def items(visit: Visiting, q: FromQuery[str] = "", cursor: FromQuery[str] = "") -> Page:
        visit.require("admin")
        found = await visit.api.get("/items", q=q.strip() or None, cursor=cursor or None, limit=50)
        return visit.page("admin/items.html", q=q.strip(), items=found["items"], cursor=found["cursor"])

    return [home, items]
