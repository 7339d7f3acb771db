"""A citizen's case: where it stands, by when it ends, what is asked of them, and their answer to it from afar."""

from typing import Any, get_args
from urllib.parse import quote

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.words import N_
from domain.papers import How

CASES = {
    "received": N_("已收件"),
    "correcting": N_("等您补正"),
    "accepted": N_("已受理"),
    "suspended": N_("特别程序中"),
    "decided": N_("已决定"),
    "closed": N_("已办结"),
    "refused": N_("不予受理"),
    "withdrawn": N_("已撤回"),
    "archived": N_("已归档"),
    "unknown": N_("未知"),
}

OVER = ("closed", "refused", "withdrawn", "archived")

INTERNAL = ("case-numbered", "case-clock-started", "case-deadline-recomputed", "case-warned", "case-limit-")
"""Lines of a timeline that are the office's bookkeeping: what follows from them stands above the timeline."""

HOWS: dict[How, str] = {
    "licence": N_("用电子证照"),
    "statement": N_("书面说明"),
    "pledge": N_("书面承诺代替"),
    "visit": N_("带到大厅"),
}

TOLD: tuple[How, ...] = ("licence", "statement")
"""What is not handed in without words of one's own."""


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/cases/{case:str}")
    async def one_case(visit: Visiting, case: FromPath[str], after: FromQuery[int] = 0) -> Page:
        visit.require()
        return await case_page(visit, case, Form(), after)

    async def case_page(visit: Visit, name: str, form: Form, after: int = 0) -> Page:
        case = await visit.api.get(f"/cases/{quote(name)}", after=after)
        asked = asked_of(case)
        told: dict[str, Any] = {"asked": [], "licences": [], "halls": []}
        if asked:
            told = await answering(visit, case, asked)
        return visit.page(
            "citizen/case.html",
            case=case,
            state=CASES[case["status"]],
            over=case["status"] in OVER,
            answer_by=case["limits"].get("correction" if case["status"] == "correcting" else "supplement"),
            timeline=[line for line in reversed(case["timeline"]) if not line["what"].startswith(INTERNAL)],
            hows=HOWS,
            hall=await visit.api.get(f"/halls/{case['hall']}"),
            form=form,
            **told,
        )

    @post("/cases/{case:str}/hand-in")
    async def hand_in(visit: Visiting, case: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        asked = asked_of(await visit.api.get(f"/cases/{quote(case)}"))
        # An answer is told of by its place in what was asked; who did not choose one hands nothing in for it.
        chosen = [(nth, paper) for nth, paper in enumerate(asked) if form[f"how-{nth}"] in get_args(How)]
        papers = [answer(form, nth, paper) for nth, paper in chosen]
        fields = {f"papers.{n}": f"how-{nth}" for n, (nth, _) in enumerate(chosen)}
        fields |= {f"{field}.told": name.replace("how", form[name]) for field, name in fields.items()}
        async with form.back_to(lambda wrong: case_page(visit, case, beside(wrong, fields))):
            if not chosen:
                form.needs(*(f"how-{nth}" for nth, _ in enumerate(asked)))
            done = await visit.api.post(f"/cases/{quote(case)}/hand-in", {"papers": papers}, key=form.key)
        return visit.go(f"/cases/{quote(case)}?after={done['position']}")

    @post("/cases/{case:str}/withdraw")
    async def withdraw(visit: Visiting, case: FromPath[str]) -> Page:
        visit.require("citizen")
        form = await visit.form()
        async with form.back_to(lambda wrong: case_page(visit, case, wrong)):
            await visit.api.post(f"/cases/{quote(case)}/withdraw", form.given("reason"), key=form.key)
        return visit.go(f"/cases/{quote(case)}")

    return [one_case, hand_in, withdraw]


def asked_of(case: dict[str, Any]) -> list[str]:
    """What the applicant still has to hand in."""
    return list(case["missing"] if case["status"] == "correcting" else case["outstanding"])


async def answering(visit: Visit, case: dict[str, Any], asked: list[str]) -> dict[str, Any]:
    """Each thing asked with how it may be handed in and what was handed in already; the applicant's own electronic
    licences; the halls that take the rest, with the wait in each now."""
    item = await visit.api.get(f"/items/{case['item']}")
    materials = {one["name"]["zh"]: one for one in item["materials"]}
    already = {one["paper"]: one for one in case["handed_in"]}
    mine = (await visit.api.get("/cases", limit=100))["cases"] if visit.identity is not None else []
    halls = [
        (await visit.api.get(f"/items/{case['item']}/halls", hall=hall))["halls"]
        for hall in dict.fromkeys((case["hall"], case["handled_at"] or case["hall"]))
    ]
    return {
        "asked": [
            {
                "paper": materials[paper]["name"] if paper in materials else {"zh": paper, "en": paper},
                "hows": [
                    how for how in HOWS if how != "pledge" or materials.get(paper, {}).get("pledgeable")
                ],
                "already": already.get(paper),
            }
            for paper in asked
        ],
        "licences": [one for one in mine if one["means"] == "electronic" and one["receipt"]],
        "halls": [hall for found in halls for hall in found],
    }


def answer(form: Form, nth: int, paper: str) -> dict[str, str]:
    how = form[f"how-{nth}"]
    told = form[f"{how}-{nth}"] if how in TOLD else ""
    return {"paper": paper, "how": how, **({"told": told} if told else {})}


def beside(wrong: Form, fields: dict[str, str]) -> Form:
    """The same form, with what was wrong told of its own fields instead of those of the API."""
    if wrong.problem is None:
        return wrong
    errors = tuple(
        msgspec.structs.replace(one, field=fields.get(one.field, one.field)) for one in wrong.problem.errors
    )
    return Form(wrong.sent, msgspec.structs.replace(wrong.problem, errors=errors))
