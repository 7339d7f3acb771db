"""Administration of webhooks: who is sent events, how that goes, and what to do when it does not."""

from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web.site import Form, Page, Visit, Visiting
from adapters.web.words import N_
from domain.webhook import SUBJECTS, Subject

SUBJECT_NAMES: dict[Subject, str] = {
    "slots": N_("预约情况"),
    "queue": N_("排队叫号"),
    "case": N_("办件"),
    "review": N_("评价与整改"),
    "hall": N_("大厅配置"),
    "item": N_("事项指南"),
    "calendar": N_("工作日历"),
}
CAUSES = {
    "by-hand": N_("管理员暂停"),
    "failing": N_("连续数日推送失败，自动暂停"),
    "gone": N_("对方答复不再接收，自动暂停"),
}


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""

    async def listed(visit: Visit, form: Form, told: Any = None) -> Page:
        return visit.page(
            "admin/webhooks.html",
            webhooks=(await visit.api.get("/webhooks", limit=100))["webhooks"],
            halls=(await visit.api.get("/halls", limit=100))["halls"],
            subjects=[(subject, SUBJECT_NAMES[subject]) for subject in SUBJECTS],
            names=SUBJECT_NAMES,
            causes=CAUSES,
            form=form,
            told=told,
        )

    @get("/admin/webhooks")
    async def webhooks(visit: Visiting) -> Page:
        visit.require("admin")
        return await listed(visit, Form())

    @post("/admin/webhooks")
    async def register(visit: Visiting) -> Page:
        visit.require("admin")
        form = await visit.form()
        async with form.back_to(lambda wrong: listed(visit, wrong)):
            form.needs("name", "url", "subjects")
            asked = form.given("name", "url", "hall") | {"subjects": form.all("subjects")}
            made = await visit.api.post("/webhooks", asked, key=form.key)
        return await listed(visit, Form(), made)

    @post("/admin/webhooks/{webhook:str}/{act:str}")
    async def change(visit: Visiting, webhook: FromPath[str], act: FromPath[str]) -> Page:
        visit.require("admin")
        form = await visit.form()
        body: dict[str, Any] = {}
        if act == "resume" and form["after"].isdecimal():
            body = {"after": int(form["after"][:18])}
        async with form.back_to(lambda wrong: listed(visit, wrong)):
            told = await visit.api.post(f"/webhooks/{webhook}/{act}", body, key=form.key)
        return await listed(visit, Form(), told) if "secret" in told else visit.go("/admin/webhooks")

    return [webhooks, register, change]
