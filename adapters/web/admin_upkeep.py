"""Administration of what runs: devices let in and sent away, booked days revised, notices and their words, views."""

from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from adapters.http.access import ACCESS
from adapters.web.codes import drawn as qr_svg
from adapters.web.roles import ROLES
from adapters.web.site import Form, Page, Site, Visit, Visiting
from domain.message import Text

VIEW_NAMES: dict[str, Text] = {
    "appeals": Text("暂停预约的申诉", "Appeals against suspensions"),
    "appointments": Text("预约", "Appointments"),
    "board": Text("大厅屏幕和排队", "The halls' boards and lines"),
    "case_file": Text("办件档案", "Case files"),
    "day": Text("每日数字", "Figures of the day"),
    "deadlines": Text("期限", "Deadlines"),
    "holds": Text("占位", "Places held"),
    "lotteries": Text("摇号", "Lotteries"),
    "notices": Text("通知", "Notices"),
    "open_days": Text("未结束的排队日", "Days that are open"),
    "papers_waiting": Text("待确认的纸质评价", "Paper ratings to be confirmed"),
    "performance": Text("效能数据", "Performance"),
    "rectifications": Text("差评整改", "Bad reviews"),
    "snapshots": Text("冻结的数据", "Frozen figures"),
    "talks": Text("约谈", "Talks"),
    "waiting": Text("候补", "Waiting lists"),
}
"""What views are called; one that is not named here goes by its own name."""


NOT_SENT: dict[str, Text] = {
    "overtaken": Text("已无必要", "Overtaken"),
    "too-late": Text("已过时效", "Too late"),
    "no-address": Text("没有留下联系方式", "No address was given"),
    "no-channel": Text("没有能用的渠道", "No channel for such an address"),
}
"""Why a notice was not sent; what a provider answered is shown as it is."""


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    # --- devices ----------------------------------------------------------------------------------------------

    async def _devices(visit: Visit, form: Form, invited: Any = None) -> Page:
        devices = (await visit.api.get("/devices", limit=100))["devices"]
        halls = (await visit.api.get("/halls", limit=100))["halls"]
        where = site.public_url or str(visit.request.base_url)
        address = f"{where.rstrip('/')}/enrol"
        code = None if invited is None else qr_svg(f"{address}?code={invited['code']}")
        named = {hall["hall"]: hall for hall in halls}
        return visit.page(
            "admin/devices.html",
            devices=devices,
            halls=halls,
            named=named,
            form=form,
            invited=invited,
            address=address,
            qr=code,
        )

    @get("/admin/devices")
    async def devices(visit: Visiting) -> Page:
        visit.require("admin")
        return await _devices(visit, Form())

    @post("/admin/devices")
    async def invite(visit: Visiting) -> Page:
        visit.require("admin")
        form = await visit.form()
        async with form.back_to(lambda wrong: _devices(visit, wrong)):
            form.needs("name")
            asked = form.given("role", "hall", "window", "name")
            invited = await visit.api.post("/devices", asked, key=form.key)
        return await _devices(visit, Form(), invited)

    @post("/admin/devices/{device:str}/revoke")
    async def revoke(visit: Visiting, device: FromPath[str]) -> Page:
        visit.require("admin")
        await visit.api.post(f"/devices/{device}/revoke", {})
        return visit.go("/admin/devices")

    # --- roles --------------------------------------------------------------------------------------------------

    @get("/admin/roles")
    async def who_may(visit: Visiting) -> Page:
        visit.require("admin")
        counts = {
            role.role: sum(admitted is None or role.role in admitted for admitted in ACCESS.values())
            for role in ROLES
        }
        return visit.page("admin/roles.html", roles=ROLES, counts=counts)

    # --- a booked day after its hall's plan has changed ----------------------------------------------------------

    async def _revision(visit: Visit, hall: str, form: Form, told: Any = None) -> Page:
        return visit.page(
            "admin/revise.html", hall=await visit.api.get(f"/halls/{hall}"), form=form, told=told
        )

    @get("/admin/halls/{hall:str}/revise")
    async def revision(visit: Visiting, hall: FromPath[str], date: FromQuery[str] = "") -> Page:
        visit.require("admin")
        return await _revision(visit, hall, Form([("date", date)]))

    @post("/admin/halls/{hall:str}/revise")
    async def revise(visit: Visiting, hall: FromPath[str]) -> Page:
        visit.require("admin")
        form = await visit.form()
        async with form.back_to(lambda wrong: _revision(visit, hall, wrong)):
            form.needs("date", "reason")
            asked: dict[str, Any] = form.given("date", "reason")
            apply = form["act"] == "save"
            if apply:
                asked |= {
                    "apply": True,
                    "move": form.all("move"),
                    "cancel": form.all("cancel"),
                }
            told = await visit.api.post(f"/halls/{hall}/slots/revise", asked, key=form.key if apply else None)
        return await _revision(visit, hall, form, told)

    # --- notices ----------------------------------------------------------------------------------------------

    @get("/admin/notices")
    async def notices(visit: Visiting, status: FromQuery[str] = "", cursor: FromQuery[str] = "") -> Page:
        visit.require("admin")
        found = await visit.api.get("/notices", status=status or None, cursor=cursor or None, limit=50)
        templates = (await visit.api.get("/notice-templates"))["templates"]
        return visit.page(
            "admin/notices.html",
            notices=found["notices"],
            cursor=found["cursor"],
            state=status,
            templates=templates,
            reasons=NOT_SENT,
            occasions={one["template"]: one["name"] for one in templates},
        )

    @post("/admin/notices/{notice:str}/retry")
    async def retry(visit: Visiting, notice: FromPath[str]) -> Page:
        visit.require("admin")
        done = await visit.api.post(f"/notices/{notice}/retry")
        await visit.api.get("/notices", after=done["position"], limit=1)
        return visit.go("/admin/notices?status=failed")

    async def _template(visit: Visit, name: str) -> Any:
        known = (await visit.api.get("/notice-templates"))["templates"]
        return next((one for one in known if one["template"] == name), None)

    @get("/admin/notice-templates/{template:str}")
    async def template(visit: Visiting, template: FromPath[str]) -> Page:
        visit.require("admin")
        if (found := await _template(visit, template)) is None:
            return visit.go("/admin/notices")
        words = [(f"wording.{language}", found["wording"][language]) for language in ("zh", "en")]
        return visit.page("admin/template.html", occasion=found, form=Form(words))

    @post("/admin/notice-templates/{template:str}")
    async def word(visit: Visiting, template: FromPath[str]) -> Page:
        visit.require("admin")
        if (found := await _template(visit, template)) is None:
            return visit.go("/admin/notices")
        form = await visit.form()
        wording = None if form["act"] == "default" else {"zh": form["wording.zh"], "en": form["wording.en"]}
        async with form.back_to(lambda wrong: visit.page("admin/template.html", occasion=found, form=wrong)):
            await visit.api.put(f"/notice-templates/{template}", {"wording": wording}, key=form.key)
        return visit.go("/admin/notices")

    # --- views ------------------------------------------------------------------------------------------------

    @get("/admin/views")
    async def views(visit: Visiting) -> Page:
        visit.require("admin")
        found = await visit.api.get("/views")
        named = [
            {**view, "name": visit.say(VIEW_NAMES.get(view["view"], Text(view["view"], view["view"])))}
            for view in found["views"]
        ]
        return visit.page("admin/views.html", views=named, head=found["position"], form=Form())

    @post("/admin/views/rebuild")
    async def rebuild(visit: Visiting) -> Page:
        visit.require("admin")
        form = await visit.form()
        await visit.api.post("/views/rebuild", {"views": [form["view"]] if form["view"] else []})
        return visit.go("/admin/views")

    return [
        devices,
        invite,
        revoke,
        who_may,
        revision,
        revise,
        notices,
        retry,
        template,
        word,
        views,
        rebuild,
    ]
