"""Cases, reviews and rectifications over HTTP, with the policies at work behind them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from adapters.reactor import Reactor
from adapters.store import datastore
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from domain.workdays import SHANGHAI
from projections import PROJECTIONS
from tests.adapters.http.serving import Served, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

ON_THE_SPOT = "demo-shebaoka-shenling"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(served: Served) -> AsyncIterator[Served]:
    """The server with the policies running, as the worker runs them."""
    tracking = ViewsRecorder(datastore(served.url), PROJECTIONS)
    tail = LogTail(served.url)
    reactor = Reactor(tracking, tail, served.parts.views, served.parts.loop.submit)  # type: ignore[arg-type]
    async with running(reactor.run()):
        yield served
    await tail.close()
    tracking.datastore.close()


def promised(served: Served) -> str:
    return next(n for n, i in served.parts.catalogue.items.items() if i.plan.handling == "promised")


async def opened(served: Served, who: dict[str, str], item: str, hall: str = "tanghe") -> str:
    answer = await served.post("/cases", {"item": item, "hall": hall}, who)
    assert answer.status_code == 201, answer.text
    case: str = answer.json()["case"]
    return case


async def until(served: Served, path: str, who: dict[str, str], wanted: Any, **query: Any) -> Any:
    """Read until it is so: the policies follow a moment later."""
    async with asyncio.timeout(10):
        while True:
            answer = (await served.get(path, who, **query)).json()
            if wanted(answer):
                return answer
            await asyncio.sleep(0.05)


async def test_a_case_from_its_opening_to_its_delivery(office: Served) -> None:
    me, clerk = await office.citizen("applicant"), office.bearer("clerk", "li", hall="tanghe")
    case = await opened(office, me, promised(office))

    async def done(command: str, body: Any, who: dict[str, str] = clerk) -> dict[str, Any]:
        answer = await office.post(f"/cases/{case}/{command}", body, who)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        assert (told["case"], told["stream"]) == (case, f"case-{case}")
        return told

    paper = office.parts.catalogue.items[promised(office)].plan.materials[0].name.zh
    outside = await office.post(f"/cases/{case}/request-correction", {"missing": ["体检表"]}, clerk)
    assert (outside.status_code, outside.json()["code"]) == (422, "not-in-guide")
    assert (await done("request-correction", {"missing": [paper]}))["status"] == "correcting"
    assert (await done("correct", {"provided": [paper]}, me))["status"] == "received"
    waiting = await until(office, f"/cases/{case}", me, lambda told: "acceptance" in told.get("limits", {}))
    assert waiting["number"].endswith("0001")
    assert (await done("accept", {"document": "受字1号"}))["status"] == "accepted"
    seen = await until(office, f"/cases/{case}", me, lambda told: told.get("due_at"))
    assert seen["workdays_left"] > 0
    await done("step", {"name": "审查", "handler": "li", "action": "passed"})
    assert (await done("suspend", {"kind": "hearing", "reason": "听证", "needs_workdays": 5}))[
        "status"
    ] == "suspended"
    assert (await done("resume", {}))["status"] == "accepted"
    more = {"workdays": 5, "reason": "复杂"}
    await done("ask-extension", more)
    head = office.bearer("supervisor", "head", hall="tanghe")
    for who, name, code in ((clerk, "head", "not-yours"), (head, "li", "approver-not-yourself")):
        refused = await office.post(f"/cases/{case}/extend", more | {"approved_by": name}, who)
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    himself = await office.post(
        f"/cases/{case}/extend", more, office.bearer("supervisor", "li", hall="tanghe")
    )
    assert (himself.status_code, himself.json()["code"]) == (409, "approver-is-asker")
    await done("extend", more, head)
    await done("begin-step", {"step": "s1", "name": "复核", "handler": "li", "workdays": 2})
    await done("direct", {"directive": "d1", "content": "请说明进度"}, head)
    running = await until(office, f"/cases/{case}", me, lambda told: len(told["limits"]) == 2)
    assert set(running["limits"]) == {"step.s1", "directive.d1"}
    await done("answer-directive", {"directive": "d1", "answer": "已安排复核"})
    assert (await done("decide", {"result": "granted"}))["status"] == "decided"
    closed = await done("close", None)
    assert closed["status"] == "closed"
    untracked = await office.post(f"/cases/{case}/deliver", {"means": "post"}, clerk)
    assert (untracked.status_code, untracked.json()["code"]) == (422, "tracking-missing")
    early = await office.post(f"/cases/{case}/archive", {}, clerk)
    assert (early.status_code, early.json()["code"]) == (409, "not-delivered")
    await done("deliver", {"means": "post", "tracking": "EMS1"})
    last = await done("archive", {"document": "卷1"})
    file = (await office.get(f"/cases/{case}", me, after=last["position"])).json()
    assert (file["status"], file["decision"], file["means"]) == ("archived", "granted", "post")
    assert (file["tracking"], file["limits"], file["findings"]) == ("EMS1", {}, {})
    assert file["applicant"]["name"] == "演*"
    names = [line["name"]["en"] for line in file["timeline"]]
    assert [name for name in names if name not in ("limit set", "numbered")][:4] == [
        "received",
        "told what to correct",
        "corrected",
        "accepted",
    ]
    assert file["position"] >= last["position"]


async def test_cases_of_an_item_and_a_day_are_numbered_in_order_and_without_gaps(office: Served) -> None:
    me = await office.citizen("numbers")
    item = next(
        name
        for name, known in office.parts.catalogue.items.items()
        if known.plan.handling == "on-the-spot" and name != ON_THE_SPOT
    )
    answers = await asyncio.gather(
        *(office.post("/cases", {"item": item, "hall": "tanghe"}, me) for _ in range(5))
    )
    numbers = [answer.json()["number"] for answer in answers]
    code = office.parts.catalogue.items[item].plan.implementation_code
    first = item if code is None else code.value
    day = office.parts.clock().astimezone(SHANGHAI).strftime("%Y%m%d")
    assert sorted(numbers) == [f"{first}{day}{serial:04}" for serial in range(1, 6)]
    again = await office.post(
        "/cases", {"item": item, "hall": "tanghe"}, me | {"Idempotency-Key": "the same case"}
    )
    repeated = await office.post(
        "/cases", {"item": item, "hall": "tanghe"}, me | {"Idempotency-Key": "the same case"}
    )
    assert again.json()["number"] == repeated.json()["number"] == f"{first}{day}0006"


async def test_a_case_is_seen_by_its_applicant_its_halls_staff_and_nobody_else(office: Served) -> None:
    me, partner = await office.citizen("mine"), office.bearer("partner", "bank")
    case = await opened(office, me, ON_THE_SPOT, "guotan")
    answer = await office.post("/cases", {"item": ON_THE_SPOT, "hall": "guotan", "person": PERSON}, partner)
    theirs = answer.json()
    seen_by = {
        "its applicant": me,
        "its clerk": office.bearer("clerk", hall="guotan"),
        "an auditor": office.bearer("auditor"),
    }
    not_by = {
        "another citizen": await office.citizen("other"),
        "another hall's clerk": office.bearer("clerk", hall="yuantan"),
        "a partner": partner,
    }
    for who, headers in seen_by.items():
        assert (await office.get(f"/cases/{case}", headers, after=theirs["position"])).status_code == 200, who
    texts = set()
    for who, headers in not_by.items():
        answer = await office.get(f"/cases/{case}", headers)
        assert answer.status_code == 404, who
        texts.add(answer.text)
    texts.add((await office.get(f"/cases/{case[:-3]}xyz", me)).text)
    texts.add((await office.get("/cases/no%20such", me)).text)
    assert len(texts) == 1
    assert (await office.get(f"/cases/{theirs['case']}", partner)).status_code == 200
    assert (
        await office.get(f"/cases/{theirs['case']}", office.bearer("partner", "other"))
    ).status_code == 404


async def test_only_its_own_halls_clerks_handle_a_case(office: Served) -> None:
    case = await opened(office, await office.citizen("hall"), ON_THE_SPOT, "guotan")
    there = await office.post(f"/cases/{case}/accept", {}, office.bearer("clerk", hall="yuantan"))
    assert (there.status_code, there.json()["code"]) == (404, "unknown-case")
    answer = await office.post(
        "/cases",
        {"item": ON_THE_SPOT, "hall": "guotan", "person": PERSON},
        office.bearer("clerk", hall="yuantan"),
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "other-hall")
    other = await office.citizen("not-hers")
    assert (await office.post(f"/cases/{case}/withdraw", {}, other)).status_code == 404
    assert (await office.post(f"/cases/{case}/withdraw", {}, await office.citizen("hall"))).json()[
        "status"
    ] == "withdrawn"


async def test_the_supervisors_list_pages_and_filters(office: Served) -> None:
    for number in range(5):
        last = await opened(office, await office.citizen(f"many-{number}"), ON_THE_SPOT, "longtan")
    receipt = (await office.post(f"/cases/{last}/accept", {}, office.bearer("clerk", hall="longtan"))).json()
    supervisor = office.bearer("supervisor", hall="longtan")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 2, "after": receipt["position"]} | ({"cursor": cursor} if cursor else {})
        page = (await office.get("/cases", supervisor, **query)).json()
        assert set(page) == {"cases", "cursor", "position", "as_of"}
        assert len(page["cases"]) <= 2
        seen += [case["case"] for case in page["cases"]]
        if (cursor := page["cursor"]) is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert {case.partition(".")[0] for case in seen} == {"longtan"}
    found = (await office.get("/cases", supervisor, status="accepted")).json()["cases"]
    assert [case["case"] for case in found] == [last]
    answer = await office.get("/cases", supervisor, hall="tanghe")
    assert (answer.status_code, answer.json()["code"]) == (403, "other-hall")
    assert (await office.get("/cases", supervisor, due_before="2026-01-01T00:00:00")).status_code == 422
    assert (await office.get("/cases", supervisor, due_before="2026-01-01T00:00:00Z")).json()["cases"] == []
    assert "applicant" not in found[0]


# --- reviews --------------------------------------------------------------------------------------------------

PERSON = {"name": "李四", "id_number": "11010519491231002X", "phone": "13800138000"}
BAD = {"grade": "very-dissatisfied", "tags": ["115"], "comment": "等了两个小时", "channel": "qr-code"}


async def served_ticket(office: Served, hall: str, window: str) -> dict[str, Any]:
    clerk = office.bearer("clerk", f"{hall}-{window}", hall=hall)
    taken: dict[str, Any] = (
        await office.post(f"/halls/{hall}/tickets", {"queue": "a"}, office.bearer("kiosk", hall=hall))
    ).json()
    for command in ("open", "call-next", "start", "finish"):
        answer = await office.post(f"/halls/{hall}/windows/{window}/{command}", None, clerk)
        assert answer.status_code == 200, answer.text
    return taken


async def test_a_bad_review_opens_a_rectification_that_is_worked_to_its_end(office: Served) -> None:
    ticket = await served_ticket(office, "heilong", "w01")
    me = await office.citizen("unhappy")
    given = await office.post("/reviews", {"service": {"ticket": ticket["id"]}} | BAD, me)
    assert given.status_code == 201
    review, service = given.json()["review"], given.json()["service"]
    supervisor, clerk = office.bearer("supervisor"), office.bearer("clerk", "chen", hall="heilong")
    listed = await until(
        office,
        "/rectifications",
        supervisor,
        lambda told: told["rectifications"],
        status="open",
        hall="heilong",
    )
    work = listed["rectifications"][0]
    assert {
        "rectification",
        "review",
        "service",
        "unit",
        "step",
        "due_at",
        "workdays_left",
        "signal",
        "provisional",
    } <= set(work)
    assert (work["rectification"], work["review"], work["step"]) == (service, review, "contact")
    assert "person" not in work

    async def done(command: str, body: Any, who: dict[str, str] = clerk) -> str:
        answer = await office.post(f"/rectifications/{service}/{command}", body, who)
        assert answer.status_code == 200, answer.text
        step: str = answer.json()["step"]
        return step

    more = {"grade": "satisfied", "channel": "mobile"}
    early = await office.post(f"/reviews/{review}/add", more, me)
    assert early.json()["code"] == "not-rectified"
    assert await done("contact", {"outcome": "reached"}) == "verify"
    assert await done("verify", {"finding": "malicious", "note": "不实"}) == "ruling"
    assert await done("rule", {"finding": "true", "note": "属实", "unit": "county"}, supervisor) == "rectify"
    assert await done("extend", {"workdays": 2, "reason": "复杂", "approved_by": "head"}) == "rectify"
    assert await done("rectify", {"remedy": "measures", "text": "增开窗口"}) == "feed-back"
    assert await done("feed-back", {"text": "已增开窗口", "means": "phone"}) == "call-back"
    assert await done("call-back", {"satisfied": True}) == "closed"
    added = await office.post(f"/reviews/{review}/add", more, me)
    assert added.status_code == 201
    again = await office.post(f"/reviews/{review}/add", more, me)
    assert (again.status_code, again.json()["code"]) == (409, "already-added")
    figures = (
        await office.get("/performance", supervisor, hall="heilong", after=added.json()["position"])
    ).json()
    rates = figures["performance"][0]["rates"]
    assert figures["performance"][0]["hall"] == "heilong"
    assert (rates["rectified"]["numerator"], rates["rectified"]["denominator"]) == (1, 1)
    public = (await office.get("/performance", hall="heilong")).json()["performance"][0]["rates"]
    assert public["rectified"] == {"numerator": 0, "denominator": 0, "value": None}


async def test_a_service_is_rated_once_and_only_when_it_has_ended(office: Served) -> None:
    waiting = (await office.post("/halls/huyang/tickets", {"queue": "a"}, office.bearer("kiosk"))).json()
    body = {"service": {"ticket": waiting["follow"]}, "grade": "satisfied", "channel": "qr-code"}
    early = await office.post("/reviews", body)
    assert (early.status_code, early.json()["code"]) == (409, "not-served-yet")
    clerk = office.bearer("clerk", "huyang", hall="huyang")
    for command in ("open", "call-next", "start", "finish"):
        await office.post(f"/halls/huyang/windows/w01/{command}", None, clerk)
    assert (await office.post("/reviews", body)).status_code == 201
    again = await office.post("/reviews", body)
    assert (again.status_code, again.json()["code"]) == (409, "already-reviewed")


async def test_who_may_rate_what(office: Served) -> None:
    ticket = await served_ticket(office, "longtan", "w01")
    case = await opened(office, await office.citizen("hers"), ON_THE_SPOT, "longtan")
    await office.post(f"/cases/{case}/accept", {}, office.bearer("clerk", hall="longtan"))
    by_id, by_case = {"ticket": ticket["id"]}, {"case": case}

    async def rated(service: Any, who: dict[str, str] | None) -> tuple[int, str]:
        body = {"service": service, "grade": "satisfied", "channel": "tablet"}
        answer = await office.post("/reviews", body, who)
        return answer.status_code, answer.json().get("code", "")

    for role in ("clerk", "supervisor", "auditor", "partner", "screen"):
        assert await rated(by_id, office.bearer(role)) == (403, "not-yours"), role
        assert await rated({"ticket": ticket["follow"]}, office.bearer(role)) == (403, "not-yours"), role
    assert await rated(by_id, None) == (401, "no-identity")
    assert await rated(by_id, office.bearer("kiosk", hall="yuantan")) == (403, "not-yours")
    assert await rated(by_case, await office.citizen("not hers")) == (404, "unknown-service")
    assert await rated({"case": f"{case}x"}, await office.citizen("hers")) == (404, "unknown-service")
    assert await rated({"ticket": "nothing"}, await office.citizen("hers")) == (404, "unknown-service")
    assert await rated({}, await office.citizen("hers")) == (422, "service-unclear")
    assert await rated(by_id | by_case, await office.citizen("hers")) == (422, "service-unclear")
    assert await rated(by_id, office.bearer("kiosk", hall="longtan")) == (201, "")
    assert await rated(by_case, await office.citizen("hers")) == (201, "")


async def test_only_the_first_reviewer_adds_to_a_review(office: Served) -> None:
    ticket = await served_ticket(office, "guotan", "w01")
    given = await office.post(
        "/reviews", {"service": {"ticket": ticket["id"]}} | BAD, await office.citizen("one")
    )
    more = {"grade": "satisfied", "channel": "mobile"}
    for path in (given.json()["review"], f"{given.json()['review']}x", "x", "a b"):
        who = await office.citizen("two")
        answer = await office.post(f"/reviews/{path}/add", more, who)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-review")


async def test_a_tag_of_another_grade_is_refused_with_its_field(office: Served) -> None:
    ticket = await served_ticket(office, "zhangdian", "w01")
    body = {"service": {"ticket": ticket["id"]}, "grade": "satisfied", "tags": ["115"], "channel": "web"}
    answer = await office.post("/reviews", body, await office.citizen("tags"))
    assert (answer.status_code, answer.json()["code"]) == (422, "tag-of-another-grade")
    assert answer.json()["errors"] == [{"field": "tags", "message": "tag-of-another-grade"}]
