"""One bad review's whole story: what was said, by when what is due, everything that was done, and what to do next."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.problems import Rejected
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Visit, Visiting
from adapters.web.supervise_acts import Act, Field, Work, body_of, forms_of, offered
from adapters.web.supervise_past import AsOf
from adapters.web.supervise_words import (
    GRADES,
    SIGNALS,
    STEPS,
    called,
    facts,
    newest_first,
    oversight,
    told_by,
)
from adapters.web.words import N_
from domain.message import Text
from domain.review import BAD
from domain.review_tags import TAGS
from projections.happenings import MEANINGS

OPEN_STEPS = ("contact", "verify", "ruling", "rectify")


NOTE = Field("note", N_("情况说明"), "area")
ASIDE = NOTE._replace(required=False)


def _options(field: str, *values: str) -> dict[str, Text]:
    return {value: MEANINGS[field][value] for value in values}


def _at(*steps: str) -> Callable[[Work], bool]:
    return lambda work: work["step"] in steps and not work["paused"]


def _open(work: Work) -> bool:
    return bool(work["step"] != "closed")


SATISFIED = {
    "yes": Text("满意", "satisfied"),
    "no": Text("不满意", "not satisfied"),
    "unsaid": Text("未联系上或不愿回答", "not reached, or would not say"),
}

ACTS: dict[str, Act] = {
    "contact": Act(
        N_("联系评价人"),
        (
            Field("outcome", N_("结果"), "choice", _options("outcome", "reached", "declined", "unreachable")),
            ASIDE,
        ),
        lambda work: _at("contact", "verify")(work) and not (work["step"] == "verify" and work["reached"]),
        _at("contact"),
    ),
    "verify": Act(
        N_("核实情况"),
        (
            Field("finding", N_("结论"), "choice", MEANINGS["finding"]),
            NOTE._replace(hint=N_("认定误评、恶意的，须由本单位以外复核。")),
        ),
        _at("verify"),
        _at("verify"),
    ),
    "rule": Act(
        N_("复核裁定"),
        (
            Field("finding", N_("结论"), "choice", MEANINGS["finding"]),
            NOTE,
            Field("unit", N_("裁定单位"), hint=N_("不得是被评价的单位")),
        ),
        _at("ruling"),
        _at("ruling"),
    ),
    "rectify": Act(
        N_("整改"),
        (
            Field("remedy", N_("整改方式"), "choice", MEANINGS["remedy"]),
            Field("text", N_("整改内容"), "area"),
        ),
        _at("rectify"),
        _at("rectify"),
    ),
    "feed-back": Act(
        N_("反馈"),
        (
            Field("text", N_("反馈内容"), "area", hint=N_("评价人会看到这些话")),
            Field(
                "means",
                N_("方式"),
                "choice",
                _options("means", "phone", "visit", "message", "letter", "notice"),
            ),
        ),
        _at("feed-back"),
        _at("feed-back"),
    ),
    "call-back": Act(
        N_("回访评价人"),
        (Field("satisfied", N_("评价人是否满意"), "choice", SATISFIED), ASIDE),
        _at("call-back"),
        _at("call-back"),
    ),
    "assign": Act(N_("派单"), (Field("clerk", N_("承办人")),), _open),
    "remind": Act(N_("催办"), (Field("note", N_("催办语"), "area"),), _open),
    "extend": Act(
        N_("批准延期"),
        (
            Field("workdays", N_("延长工作日"), "number", hint=N_("一至五个工作日，只能一次")),
            Field("reason", N_("原因"), "area", hint=N_("原因会告知评价人")),
            Field("approved_by", N_("批准人"), hint=N_("不能是您本人")),
        ),
        lambda work: _at(*OPEN_STEPS)(work) and not work["extended"],
    ),
    "pause": Act(
        N_("让期限暂停计时"),
        (
            Field(
                "reason",
                N_("原因"),
                "choice",
                _options("reason", "reviewer-away", "evidence-awaited", "other-authority", "force-majeure"),
            ),
            NOTE,
        ),
        _at(*OPEN_STEPS),
    ),
    "resume": Act(
        N_("让期限继续计时"), (), lambda work: bool(work["paused"]), lambda work: bool(work["paused"])
    ),
    "appeal": Act(N_("代单位申诉"), (Field("reason", N_("申诉理由"), "area"),), _at("verify", "rectify")),
    "order": Act(N_("转交12345"), (Field("order", N_("工单号")), NOTE), lambda work: True),
    "answer-order": Act(
        N_("答复12345工单"),
        (Field("order", N_("工单号")), Field("text", N_("答复内容"), "area")),
        lambda work: "in" in work["orders"].values(),
    ),
}
"""What a supervisor may do to a rectification, as forms: each is the API's command of that name."""

TONES = {
    "review-given": "bad",
    "rectification-overdue": "bad",
    "rectification-warned": "warn",
    "rectification-escalated": "warn",
    "rectification-reminded": "warn",
    "look-recorded": "look",
    "review-rectified": "good",
    "reviewer-called-back": "good",
    "review-added": "good",
}


GOOD = frozenset(GRADES) - frozenset(BAD)
KNOWN = frozenset({"rectification", "review", "hall", "unit", "item", "window", "uninvited"})
"""Facts that stand above the story once and for all."""


class Told(NamedTuple):
    """A line of the story in words."""

    at: str
    by: str
    name: str
    facts: list[Any]
    tone: str


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/supervise/rectifications/{id:str}")
    async def one(visit: Visiting, id: FromPath[str]) -> Page:  # noqa: A002
        oversight(visit)
        return await show(visit, id, {})

    @get("/supervise/services/{id:str}")
    async def service(visit: Visiting, id: FromPath[str]) -> Page:  # noqa: A002
        """Any rated service: what was rated badly is read with its rectification, the others as their story."""
        oversight(visit)
        try:
            await visit.api.get(f"/rectifications/{id}")
        except Refusal as refusal:
            if refusal.problem.status != 404:
                raise
        else:
            return visit.go(f"/supervise/rectifications/{id}")
        told = await visit.api.get(f"/rectifications/{id}/events")
        story = _told(visit, told["events"])
        return visit.page("supervise/service.html", service=id, story=story, moment=told["as_of"])

    @post("/supervise/rectifications/{id:str}/reveal")
    async def reveal(visit: Visiting, id: FromPath[str]) -> Page:  # noqa: A002
        """The name is on this one answer only: in no address, no log, no second page."""
        oversight(visit)
        form = await visit.form()
        async with form.back_to(lambda wrong: show(visit, id, {"reveal": wrong})):
            form.needs("reason")
            work = await visit.api.get(f"/rectifications/{id}")
            seen = await visit.api.post(
                f"/reviews/{work['review']}/reveal", form.given("reason"), key=form.key
            )
        page = await show(visit, id, {}, seen=seen)
        page.headers["Cache-Control"] = "no-store"
        return page

    @post("/supervise/rectifications/{id:str}/{act:str}")
    async def do(visit: Visiting, id: FromPath[str], act: FromPath[str]) -> Page:  # noqa: A002
        oversight(visit)
        if act not in ACTS:
            raise Rejected(404, "unknown-path")
        form = await visit.form()
        async with form.back_to(lambda wrong: show(visit, id, {act: wrong})):
            body = body_of(ACTS[act], form)
            if "satisfied" in body:
                body["satisfied"] = {"yes": True, "no": False}.get(body["satisfied"])
            receipt = await visit.api.post(f"/rectifications/{id}/{act}", body, key=form.key)
        return visit.go(f"/supervise/rectifications/{id}?after={receipt['position']}")

    async def show(
        visit: Visit, name: str, forms: Mapping[str, Form], seen: Mapping[str, Any] | None = None
    ) -> Page:
        as_of = AsOf.of(visit)
        after = visit.request.query_params.get("after")
        work = await visit.api.get(f"/rectifications/{name}", as_of=as_of.asked, after=after)
        story = await visit.api.get(f"/rectifications/{name}/events", as_of=as_of.asked)
        work |= _history(story["events"])
        may_act = visit.require().role != "auditor" and not as_of.asked
        wrong = next((form for form in forms.values() if form.problem is not None), None)
        return visit.page(
            "supervise/work.html",
            status=wrong.problem.status if wrong is not None and wrong.problem is not None else 200,
            work=work,
            tags=[visit.say(TAGS[work["grade"]][tag]) for tag in work["tags"] if tag in TAGS[work["grade"]]],
            story=_told(visit, story["events"]),
            acts={act: told for act, told in ACTS.items() if told.when(work)} if may_act else {},
            forms=forms_of(forms, (*ACTS, "reveal")),
            offered=offered(visit),
            seen=seen,
            may_reveal=may_act and work["real_name"],
            as_of=as_of,
            moment=work["as_of"],
            grades=GRADES,
            steps=STEPS,
            signals=SIGNALS,
        )

    return [one, service, reveal, do]


def _told(visit: Visit, events: list[dict[str, Any]]) -> list[Told]:
    """The story in words, the newest first."""
    return [
        Told(
            line["at"],
            told_by(visit, line["by"]),
            called(visit, line["what"]),
            facts(visit, line["detail"], KNOWN),
            "good" if line["detail"].get("grade") in GOOD else TONES.get(line["what"], ""),
        )
        for line in newest_first(events)
    ]


def _history(events: list[dict[str, Any]]) -> dict[str, bool]:
    """What its document does not tell: whether somebody was reached, and whether it was extended."""
    whats = [event["what"] for event in events]
    reached = any(
        event["what"] == "reviewer-contacted" and event["detail"]["outcome"] != "unreachable"
        for event in events
    )
    return {"reached": reached, "extended": "rectification-extended" in whats}
