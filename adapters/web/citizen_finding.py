"""Finding one's appointments without signing in: by the phone or mail address they were made with, and a code."""

from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler

from adapters.web.site import Form, Page, Visit, Visiting


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""

    async def shown(visit: Visit, form: Form, step: str = "ask", found: Any = None) -> Page:
        halls = (await visit.api.get("/halls", limit=100))["halls"]
        halls.sort(key=lambda hall: str(hall["kind"] != "centre"))
        return visit.page("citizen/find.html", halls=halls, form=form, step=step, found=found)

    @get("/find")
    async def ask(visit: Visiting) -> Page:
        return await shown(visit, Form())

    @post("/find")
    async def send(visit: Visiting) -> Page:
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, wrong)):
            form.needs("contact", "hall")
            body = reached(form) | form.given("proof")
            await visit.api.post(f"/halls/{quote(form['hall'])}/codes", body)
        return await shown(visit, Form(form.given("contact", "hall").items()), "code")

    @post("/find/code")
    async def look_up(visit: Visiting) -> Page:
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, wrong, "code")):
            form.needs("code", "contact", "hall")
            body = reached(form) | form.given("code")
            found = await visit.api.post(f"/halls/{quote(form['hall'])}/lookup", body, key=form.key)
        return await shown(visit, form, "found", found["appointments"])

    return [ask, send, look_up]


def reached(form: Form) -> dict[str, str]:
    """The one field for both as the API has them."""
    return {"mail" if "@" in form["contact"] else "phone": form["contact"]}
