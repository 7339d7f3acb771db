"""Where notices reach a citizen: the phone and the mail address, each entered with a code that is sent there; and which
notices were sent."""

from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler

from adapters.web.api import Refusal
from adapters.web.citizen_finding import reached
from adapters.web.site import Form, Page, Visit, Visiting
from adapters.web.words import N_

CHANNELS = {"sms": N_("短信"), "mail": N_("邮件"), "file": N_("演示：写入文件，不真正发送")}


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""

    async def shown(visit: Visit, form: Form, step: str = "ask", after: int = 0) -> Page:
        me: Any = None
        received: list[Any] = []
        try:
            me = {"phone": None, "mail": None} | (await visit.api.get("/people/me"))["masked"]
            received = (await visit.api.get("/people/me/notices", after=after or None))["notices"]
        except Refusal as refusal:
            if refusal.problem.code != "unknown-person":
                raise
        return visit.page(
            "citizen/contact.html", form=form, step=step, me=me, received=received, channels=CHANNELS
        )

    @get("/mine/contact")
    async def contact(visit: Visiting) -> Page:
        visit.require("citizen")
        return await shown(visit, Form())

    @post("/mine/contact")
    async def send(visit: Visiting) -> Page:
        visit.require("citizen")
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, wrong)):
            form.needs("contact")
            await visit.api.post("/people/me/codes", reached(form))
        return await shown(visit, Form(form.given("contact").items()), "code")

    @post("/mine/contact/code")
    async def prove(visit: Visiting) -> Page:
        visit.require("citizen")
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, wrong, "code")):
            form.needs("code", "contact")
            body = reached(form) | form.given("code") | {"basis": "changed"}
            await visit.api.post("/people/me/correct", body, key=form.key)
        return visit.go("/mine/contact")

    return [contact, send, prove]
