"""Ratings that look suspicious, talks with units that lag, and appeals of people whose online booking is suspended."""

from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.problems import Rejected
from adapters.web.site import Form, Page, Visit, Visiting
from adapters.web.supervise_acts import Act, Field, body_of
from adapters.web.supervise_words import SIGNALS, hall_names, oversight, place_names
from adapters.web.words import N_
from projections.suspicion import REASONS

TALK = Act(
    N_("记录约谈"),
    (
        Field("with_whom", N_("约谈对象（职务）"), hint=N_("写职务，不写姓名")),
        Field("minutes", N_("约谈记录"), "area"),
        Field("measures", N_("整改措施"), "area"),
    ),
    lambda talk: talk["status"] == "called",
)
ANSWERS = ("lift", "uphold")


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/supervise/flags")
    async def flags(visit: Visiting) -> Page:
        oversight(visit)
        query = visit.request.query_params
        told = await visit.api.get(
            "/reviews/suspicious", **{name: query[name] for name in ("from", "to") if query.get(name)}
        )
        return visit.page(
            "supervise/flags.html",
            flags=told["flags"],
            reasons=REASONS,
            names=await place_names(visit),
            moment=told["as_of"],
            query=query,
        )

    @get("/supervise/talks")
    async def talks(visit: Visiting) -> Page:
        oversight(visit)
        return await show_talks(visit, "", Form())

    @post("/supervise/talks/{talk:str}")
    async def hold(visit: Visiting, talk: FromPath[str]) -> Page:
        oversight(visit)
        form = await visit.form()
        async with form.back_to(lambda wrong: show_talks(visit, talk, wrong)):
            receipt = await visit.api.post(f"/talks/{talk}/hold", body_of(TALK, form), key=form.key)
        return visit.go(f"/supervise/talks?after={receipt['position']}")

    async def show_talks(visit: Visit, talk: str, sent: Form) -> Page:
        listed = await visit.api.get("/talks", after=visit.request.query_params.get("after"), limit=100)
        forms = {one["talk"]: sent if one["talk"] == talk else Form() for one in listed["talks"]}
        for n, form in enumerate(forms.values()):
            form.ids = f"f{n}"
        return visit.page(
            "supervise/talks.html",
            status=sent.problem.status if sent.problem is not None else 200,
            talks=sorted(listed["talks"], key=lambda one: (one["status"] != "called", one["due_at"])),
            forms=forms,
            act=TALK,
            offered=lambda field: [],
            signals=SIGNALS,
            names=await hall_names(visit),
            may_act=visit.require().role != "auditor",
            moment=listed["as_of"],
        )

    @get("/supervise/suspensions")
    async def suspensions(visit: Visiting) -> Page:
        oversight(visit)
        return await show_suspensions(visit, "", Form())

    @post("/supervise/suspensions/{person:str}")
    async def answer(visit: Visiting, person: FromPath[str]) -> Page:
        oversight(visit)
        form = await visit.form()
        if form["act"] not in ANSWERS:
            raise Rejected(404, "unknown-path")
        async with form.back_to(lambda wrong: show_suspensions(visit, person, wrong)):
            form.needs("reason")
            receipt = await visit.api.post(
                f"/suspensions/{person}/{form['act']}", form.given("reason"), key=form.key
            )
        return visit.go(f"/supervise/suspensions?after={receipt['position']}")

    async def show_suspensions(visit: Visit, person: str, sent: Form) -> Page:
        after = visit.request.query_params.get("after")
        told: dict[str, Any] = await visit.api.get("/suspensions", after=after, limit=100)
        forms = {one["person"]: sent if one["person"] == person else Form() for one in told["suspensions"]}
        for n, form in enumerate(forms.values()):
            form.ids = f"f{n}"
        return visit.page(
            "supervise/suspensions.html",
            status=sent.problem.status if sent.problem is not None else 200,
            waiting=told["suspensions"],
            forms=forms,
            may_act=visit.require().role != "auditor",
            moment=told["as_of"],
        )

    return [flags, talks, hold, suspensions, answer]
