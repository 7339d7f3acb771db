"""Ratings on paper: copied by one member of staff, confirmed against the form by another."""

from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from adapters.http.problems import Rejected
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.window import CLERKS
from adapters.web.window_cases import hall_of
from domain.review_tags import GRADE_NAMES, TAGS


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/window/paper")
    async def papers(visit: Visiting, after: FromQuery[int] = 0) -> Page:
        visit.require(*CLERKS)
        return await shown(visit, Form(), after)

    async def shown(visit: Visit, form: Form, after: int = 0) -> Page:
        hall = await hall_of(visit, form)
        waiting = (await visit.api.get("/reviews/paper", hall=hall, after=after))["reviews"]
        return visit.page(
            "window/paper.html",
            form=form,
            hall=hall,
            waiting=waiting,
            grades=list(GRADE_NAMES.items()),
            tags=TAGS,
            today=site.today(),
        )

    @post("/window/paper")
    async def enter(visit: Visiting) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, wrong)):
            form.needs("number.number", "grade")
            hall = await hall_of(visit, form)
            named = {"hall": hall, "number": form["number.number"].upper()}
            if form["number.date"]:
                named["date"] = form["number.date"]
            grade = form["grade"]
            body: dict[str, Any] = {"number": named, **form.given("grade", "comment")}
            body["tags"] = [tag for tag in form.all("tags") if tag in TAGS.get(grade, {})]  # type: ignore[call-overload]  # typed
            entered = await visit.api.post("/reviews/paper", body, key=form.key)
        return visit.go(f"/window/paper?after={entered['position']}")

    @post("/window/paper/{review:str}/{answer:str}")
    async def second(visit: Visiting, review: FromPath[str], answer: FromPath[str]) -> Page:
        visit.require(*CLERKS)
        form = await visit.form()
        if answer not in ("confirm", "reject"):
            raise Rejected(404, "unknown-path")
        body = form.given("reason") if answer == "reject" else None
        async with form.back_to(lambda wrong: shown(visit, wrong)):
            if answer == "reject":
                form.needs("reason")
            done = await visit.api.post(f"/reviews/{quote(review)}/{answer}", body, key=form.key)
        return visit.go(f"/window/paper?after={done['position']}")

    return [papers, enter, second]
