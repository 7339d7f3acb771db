"""Administration: what needs attention, what is configured, and the items that are published."""

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from adapters.web.admin_kinds import KINDS
from adapters.web.admin_told import Told
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visiting


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/admin", include_in_schema=False)
    async def home(visit: Visiting) -> Page:
        visit.require("admin")
        ask = visit.api.get
        views = (await ask("/views"))["views"]
        return visit.page(
            "admin/home.html",
            halls=(await ask("/halls", limit=100))["halls"],
            items=await ask("/items", limit=1),
            years=[year["year"] for year in (await ask("/calendars"))["calendars"]],
            regions=(await ask("/regions", limit=100))["regions"],
            failed=(await ask("/notices", status="failed", limit=100))["notices"],
            devices=(await ask("/devices", limit=100))["devices"],
            lag=max((view["lag_events"] for view in views), default=0),
            parked=sum(view["parked"] for view in views),
            this_year=site.clock().year,
        )

    @get("/admin/items", include_in_schema=False)
    async def items(visit: Visiting, q: FromQuery[str] = "", cursor: FromQuery[str] = "") -> Page:
        visit.require("admin")
        found = await visit.api.get("/items", q=q.strip() or None, cursor=cursor or None, limit=50)
        return visit.page("admin/items.html", q=q.strip(), items=found["items"], cursor=found["cursor"])

    @get("/admin/items/import", include_in_schema=False)
    async def listing(visit: Visiting) -> Page:
        visit.require("admin")
        return visit.page("admin/import.html", form=Form(), report=None)

    @post("/admin/items/import", include_in_schema=False)
    async def import_items(visit: Visiting) -> Page:
        visit.require("admin")
        form = await visit.form()
        if wrong := form.lacks("csv"):
            return visit.page("admin/import.html", form=wrong, report=None)
        dry = form["act"] != "save"
        try:
            report = await visit.api.post(
                f"/items/import?dry_run={'true' if dry else 'false'}",
                {"csv": form["csv"]},
                key=None if dry else form.key,
            )
        except Refusal as refusal:
            return visit.page("admin/import.html", form=form.wrong(refusal), report=None)
        told = Told(visit.say, {})
        for row in report["receipts"]:
            row["lines"] = [told.leaf(KINDS["items"].shape, change) for change in row.get("changes", ())]
        return visit.page("admin/import.html", form=form, report=report)

    return [home, items, listing, import_items]
