"""Administration: what is configured, each thing a document that is rehearsed before it is put in force.

Two presses for every change: the first shows what it would do, field by field; the second stores it.
"""

import json
from typing import Any, NamedTuple

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from adapters.http.problems import FieldError, problem
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.words import N_
from domain.message import Text

NO_KIND = Text("没有这一类配置。", "There is no configuration of this kind.")
BESIDE = ("position", "as_of", "version")
"""What the API tells beside a document."""
WINDOW_NOW = ("state", "pause")
VERSIONS_SHOWN = 20


class Kind(NamedTuple):
    """A kind of configured things: how the API names one, its title and what to know before changing it."""

    path: str
    own: str
    title: str
    hint: str


KINDS: dict[str, Kind] = {
    "halls": Kind(
        "/halls/{name}",
        "hall",
        N_("大厅"),
        N_("已开始的排队日和已有人预约的日期保留原方案；改动从下一天起生效。"),
    ),
    "items": Kind(
        "/items/{name}", "item", N_("事项"), N_("每次发布形成新版本；已有的预约和办件保留当时的版本。")
    ),
    "calendars": Kind(
        "/calendars/{name}",
        "",
        N_("工作日历"),
        N_("以国务院办公厅公布的放假安排为准；导入后，此前暂定的期限自动重新计算。"),
    ),
    "terms": Kind(
        "/regions/{name}/terms",
        "",
        N_("期限与监察规则"),
        N_("没有查到依据的数值标为“默认值，并非规定”，由本地区按自己的规定设置。"),
    ),
}


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
        return visit.page("admin/import.html", form=form, report=report)

    @get("/admin/documents/{kind:str}/{name:str}", include_in_schema=False)
    async def document(visit: Visiting, kind: FromPath[str], name: FromPath[str]) -> Page:
        visit.require("admin")
        if kind not in KINDS:
            return visit.missing(NO_KIND)
        now = await _now(visit, kind, name)
        return await _show(visit, kind, name, Form([("document", _written(now))]), now)

    @post("/admin/documents/{kind:str}/{name:str}", include_in_schema=False)
    async def change(visit: Visiting, kind: FromPath[str], name: FromPath[str]) -> Page:
        visit.require("admin")
        if kind not in KINDS:
            return visit.missing(NO_KIND)
        form = await visit.form()
        now = await _now(visit, kind, name)
        try:
            said = json.loads(form["document"])
        except ValueError:
            wrong = problem(422, "invalid", errors=[FieldError("document", "malformed-json")])
            return await _show(visit, kind, name, form.wrong(Refusal(wrong)), now)
        path = KINDS[kind].path.format(name=name)
        try:
            if form["act"] == "save":
                await visit.api.put(path, said, key=form.key)
                return visit.go(f"/admin/documents/{kind}/{name}?saved=1")
            told = await visit.api.put(f"{path}?dry_run=true", said)
        except Refusal as refusal:
            return await _show(visit, kind, name, form.wrong(refusal), now)
        return await _show(visit, kind, name, form, now, told)

    async def _show(visit: Visit, kind: str, name: str, form: Form, now: Any, rehearsed: Any = None) -> Page:
        path = KINDS[kind].path.format(name=name)
        try:
            versions = (await visit.api.get(f"{path}/history"))["versions"][:VERSIONS_SHOWN]
        except Refusal:
            versions = []  # a thing that is not there yet has none
        return visit.page(
            "admin/document.html",
            kind=kind,
            what=KINDS[kind],
            name=name,
            now=now,
            form=form,
            rehearsed=rehearsed,
            versions=versions,
            saved="saved" in visit.request.query_params,
        )

    async def _now(visit: Visit, kind: str, name: str) -> Any:
        """The document in force; nothing for a new one."""
        try:
            found = await visit.api.get(KINDS[kind].path.format(name=name))
        except Refusal as refusal:
            if refusal.problem.status != 404:
                raise
            return {}
        if kind == "terms":
            return found["terms"]
        for word in (*BESIDE, KINDS[kind].own):
            found.pop(word, None)
        for window in found.get("windows", ()):
            for word in WINDOW_NOW:
                window.pop(word, None)
        return found

    return [home, items, listing, import_items, document, change]


def _written(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)
