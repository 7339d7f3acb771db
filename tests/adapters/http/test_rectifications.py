"""The supervisor's list of rectifications, many at once, the hotline's work orders, and who sees what."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.http.test_reviews import served_ticket

pytestmark = pytest.mark.asyncio(loop_scope="module")

BADLY = {"grade": "very-dissatisfied", "tags": ["115"], "comment": "等了两个小时", "channel": "qr-code"}


async def bad_review(office: Served, hall: str, who: str) -> tuple[str, str, dict[str, str]]:
    """The service, the review and the citizen of a bad review whose rectification is open."""
    ticket, me = await served_ticket(office, hall), await office.citizen(who)
    given = (await office.post("/reviews", {"service": {"ticket": ticket["id"]}} | BADLY, me)).json()
    supervisor = office.bearer("supervisor", "director", hall=hall)
    for _ in range(200):
        answer = await office.get(f"/rectifications/{given['service']}", supervisor, after=given["position"])
        if answer.status_code == 200 and answer.json()["status"] == "open":
            return given["service"], given["review"], me
        await asyncio.sleep(0.02)
    raise AssertionError("no rectification was opened")


async def test_many_are_assigned_at_once_each_with_its_receipt(office: Served) -> None:
    one, _, _ = await bad_review(office, "tanghe", "bulk one")
    two, _, _ = await bad_review(office, "tanghe", "bulk two")
    other, _, _ = await bad_review(office, "yuantan", "bulk other")
    supervisor = office.bearer("supervisor", "director", hall="tanghe")
    asked = {"rectifications": [one, "nothing", two, other], "clerk": "li"}
    receipts = (await office.post("/rectifications/bulk", asked, supervisor)).json()["receipts"]
    assert [receipt["rectification"] for receipt in receipts] == [one, "nothing", two, other]
    codes = [receipt.get("problem", {}).get("code") for receipt in receipts]
    assert codes == [None, "unknown-rectification", None, "unknown-rectification"]
    last = max(receipt.get("position", 0) for receipt in receipts)
    mine = (await office.get("/rectifications", supervisor, clerk="li", after=last)).json()["rectifications"]
    assert {work["rectification"] for work in mine} == {one, two}
    assert all(work["clerk"] == "li" for work in mine)
    again = (await office.post("/rectifications/bulk", asked, supervisor)).json()["receipts"]
    assert again == receipts
    reminded = await office.post(
        "/rectifications/bulk", {"rectifications": [one, two], "remind": "请尽快联系"}, supervisor
    )
    assert all(receipt["position"] > last for receipt in reminded.json()["receipts"])
    for wrong in ({"rectifications": [one]}, {"rectifications": [one], "clerk": "li", "remind": "x"}):
        assert (await office.post("/rectifications/bulk", wrong, supervisor)).json()["code"] == "bulk-unclear"
    many = {"rectifications": [f"x{n}" for n in range(501)], "clerk": "li"}
    assert (await office.post("/rectifications/bulk", many, supervisor)).status_code == 422
    assert (await office.post("/rectifications/bulk", asked, office.bearer("clerk"))).status_code == 403


async def test_many_are_granted_more_days_and_each_that_may_not_says_why(office: Served) -> None:
    one, _, _ = await bad_review(office, "huyang", "longer one")
    two, _, _ = await bad_review(office, "huyang", "longer two")
    director = office.bearer("supervisor", "director", hall="huyang")
    more = {"workdays": 2, "reason": "需要会商", "approved_by": "分管领导"}

    async def asked(*names: str, **extend: Any) -> list[Any]:
        body = {"rectifications": names, "extend": more | extend}
        answer = (await office.post("/rectifications/bulk", body, director)).json()["receipts"]
        return [receipt.get("problem", {}).get("code") for receipt in answer]

    assert await asked(one) == [None]
    assert await asked(one, two, workdays=3) == ["already-extended", None]
    assert await asked(two, workdays=3) == [None], "the same again is done already"
    both = {"rectifications": [one], "extend": more, "clerk": "li"}
    assert (await office.post("/rectifications/bulk", both, director)).json()["code"] == "bulk-unclear"


async def test_the_list_is_filtered_by_step_and_by_when_it_is_due(office: Served) -> None:
    service, _, _ = await bad_review(office, "heilong", "filters")
    supervisor = office.bearer("supervisor", "director", hall="heilong")

    async def found(**query: Any) -> list[str]:
        answer = await office.get("/rectifications", supervisor, **query)
        assert answer.status_code == 200, answer.text
        return [work["rectification"] for work in answer.json()["rectifications"]]

    assert await found(step="contact", status="open") == [service]
    assert await found(step="verify") == []
    assert await found(due_in="1") == await found(due_in="3") == await found(due_in="5") == [service]
    assert await found(due_in="today") == await found(due_in="overdue") == []
    assert await found(due_in="5", due_before="2000-01-01T00:00:00Z") == []
    assert (await office.get("/rectifications", supervisor, due_in="2")).status_code == 422
    (work,) = (await office.get("/rectifications", supervisor)).json()["rectifications"]
    due = datetime.fromisoformat(work["due_at"]).astimezone(SHANGHAI)
    day, next_day = due.date().isoformat(), (due.date() + timedelta(days=1)).isoformat()
    assert await found(due_before=due.isoformat()) == await found(due_before=day) == []
    assert await found(due_before=next_day) == [service]
    office_url = f"/api/v1/rectifications?due_before={due.isoformat()}"
    assert (await office.client.get(office_url, headers=supervisor)).status_code == 200, "a plus as it stands"


async def test_the_survey_counts_what_the_list_shows_now_and_as_it_stood(office: Served) -> None:
    one, _, _ = await bad_review(office, "zhangdian", "survey one")
    two, _, _ = await bad_review(office, "zhangdian", "survey two")
    director = office.bearer("supervisor", "director", hall="zhangdian")
    clerk = office.bearer("clerk", "chen", hall="zhangdian")
    before = (await office.get("/rectifications/survey", director)).json()
    contacted = await office.post(f"/rectifications/{one}/contact", {"outcome": "reached"}, clerk)
    at = contacted.json()["position"]
    survey = (await office.get("/rectifications/survey", director, after=at)).json()
    assert (survey["open"], survey["closed"]) == (2, 0)
    assert {row["step"]: row["count"] for row in survey["steps"]} == {"contact": 1, "verify": 1}
    assert sum(unit["count"] for unit in survey["units"]) == 2
    for name, count in survey["due"].items():
        listed = (await office.get("/rectifications", director, status="open", due_in=name)).json()
        assert len(listed["rectifications"]) == count, name
    then = (await office.get("/rectifications/survey", director, as_of=at - 1)).json()
    assert then["steps"] == before["steps"] == [{"step": "contact", "count": 2, "overdue": 0}]
    office.clock.at = datetime.now(UTC) + timedelta(days=40)
    try:
        late = (await office.get("/rectifications/survey", director)).json()
        assert late["due"]["overdue"] == late["signals"]["red"] == 2
        red = (await office.get("/rectifications", director, status="open", signal="red")).json()
        assert {work["rectification"] for work in red["rectifications"]} == {one, two}
        assert {work["signal"] for work in red["rectifications"]} == {"red"}
    finally:
        office.clock.at = None


async def test_at_every_moment_the_list_of_a_signal_holds_what_shows_it(office: Served) -> None:
    service, _, _ = await bad_review(office, "guotan", "signals")
    director = office.bearer("supervisor", "director", hall="guotan")
    clerk = office.bearer("clerk", "chen", hall="guotan")
    at = (await office.post(f"/rectifications/{service}/contact", {"outcome": "reached"}, clerk)).json()[
        "position"
    ]
    seen = set()
    try:
        for hours in range(0, 16 * 24, 12):
            office.clock.at = datetime.now(UTC) + timedelta(hours=hours)
            (work,) = [
                work
                for work in (await office.get("/rectifications", director, after=at)).json()["rectifications"]
                if work["rectification"] == service
            ]
            seen.add(work["signal"])
            for signal in ("warning", "yellow", "red"):
                found = (await office.get("/rectifications", director, signal=signal)).json()[
                    "rectifications"
                ]
                assert (service in {one["rectification"] for one in found}) == (work["signal"] == signal), (
                    hours
                )
    finally:
        office.clock.at = None
    assert seen == {None, "warning", "yellow", "red"}


async def test_the_list_is_a_workbook_and_a_story_tells_who_looked(office: Served) -> None:
    service, review, _ = await bad_review(office, "yuantan", "story")
    director = office.bearer("supervisor", "director", hall="yuantan")
    await office.post(f"/reviews/{review}/reveal", {"reason": "电话回访"}, director)
    for query in ({}, {"only": service}):
        answer = await office.get("/rectifications/export", director, format="csv", **query)
        assert answer.headers["content-type"].startswith("text/csv")
        rows = answer.content.decode("utf-8-sig").splitlines()
        assert rows[0].startswith("整改单")
        assert any(row.startswith(f"{service},yuantan,") and "非常不满意" in row for row in rows[1:])
    before = (await office.get(f"/rectifications/{service}/events", director)).json()["events"][0]["position"]
    then = await office.get("/rectifications/export", director, format="csv", as_of=before - 1, only=service)
    assert len(then.content.decode("utf-8-sig").splitlines()) == 1
    book = await office.get("/rectifications/export", director)
    assert book.content.startswith(b"PK")
    told = (await office.get(f"/rectifications/{service}/events", director)).json()
    what = {event["what"]: event for event in told["events"]}
    assert what["look-recorded"]["by"] == "supervisor:director"
    assert what["look-recorded"]["name"]["zh"] == "查看评价人身份"
    assert what["review-given"]["by"] == "citizen"
    assert "person" not in what["review-given"]["detail"]
    elsewhere = office.bearer("supervisor", "other", hall="tanghe")
    assert (await office.get(f"/rectifications/{service}/events", elsewhere)).status_code == 404


async def test_the_hotline_sends_an_order_in_and_the_hall_hands_one_out(office: Served) -> None:
    service, _, _ = await bad_review(office, "longtan", "orders")
    hotline, clerk = office.bearer("partner", "12345"), office.bearer("clerk", "chen", hall="longtan")
    path = f"/rectifications/{service}"

    async def asked(command: str, body: Any, who: dict[str, str]) -> tuple[int, str]:
        answer = await office.post(f"{path}/{command}", body, who)
        return answer.status_code, answer.json().get("code", "")

    assert await asked("order", {"order": "NY1", "note": "群众来电"}, hotline) == (200, "")
    assert await asked("order", {"order": "NY2", "note": "请协查"}, clerk) == (200, "")
    assert await asked("answer-order", {"order": "NY1", "text": "已办"}, hotline) == (409, "another-order")
    assert await asked("answer-order", {"order": "NY2", "text": "已办"}, clerk) == (409, "another-order")
    assert await asked("answer-order", {"order": "NY1", "text": "已整改"}, clerk) == (200, "")
    assert await asked("answer-order", {"order": "NY2", "text": "已协查"}, hotline) == (200, "")
    assert await asked("answer-order", {"order": "NY9", "text": "x"}, hotline) == (404, "unknown-order")


async def test_whoever_rated_sees_what_was_done_and_why_it_takes_longer(office: Served) -> None:
    service, _, me = await bad_review(office, "guotan", "reader")
    clerk = office.bearer("clerk", "chen", hall="guotan")
    extension = {"workdays": 2, "reason": "需要鉴定", "approved_by": "head"}
    assert (await office.post(f"/rectifications/{service}/extend", extension, clerk)).status_code == 200
    pause = {"reason": "evidence-awaited", "note": "内部:等待鉴定所"}
    paused = await office.post(f"/rectifications/{service}/pause", pause, clerk)
    assert paused.status_code == 200
    after = paused.json()["position"]
    told = (await office.get(f"/rectifications/{service}", me, after=after)).json()
    extended = next(step for step in told["steps"] if step["what"] == "rectification-extended")
    assert (extended["detail"]["workdays"], extended["detail"]["reason"]) == (2, "需要鉴定")
    assert "chen" not in str(told)
    assert "鉴定所" not in str(told)
    assert (told["paused"], told["due_at"]) == (True, None)
    resumed = await office.post(f"/rectifications/{service}/resume", None, clerk)
    assert resumed.status_code == 200
    stranger = await office.get(f"/rectifications/{service}", await office.citizen("stranger"))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown-rectification")


async def test_who_rated_is_hidden_from_the_rated_and_every_look_is_in_the_log(office: Served) -> None:
    service, review, me = await bad_review(office, "huyang", "private")
    supervisor, clerk = (
        office.bearer("supervisor", "director", hall="huyang"),
        office.bearer("clerk", hall="huyang"),
    )
    work = (await office.get(f"/rectifications/{service}", clerk)).json()
    mine = (await office.get(f"/rectifications/{service}", me)).json()
    given = next(
        e.event for e in await office.parts.log(0, 1000, f"review-{service}") if hasattr(e.event, "person")
    )
    assert given.person not in str(work)
    assert given.person not in str(mine)
    looked = await office.post(f"/reviews/{review}/reveal", {"reason": "电话回访"}, supervisor)
    assert looked.status_code == 200
    assert looked.json()["phone"].startswith("138")
    (look,) = [e for e in await office.parts.log(0, 1000, f"review-{service}") if hasattr(e.event, "reason")]
    assert (look.stamp.by, look.event.reason) == ("supervisor:director", "电话回访")
    assert (await office.post(f"/reviews/{review}/reveal", {"reason": "x"}, clerk)).status_code == 403
    elsewhere = office.bearer("supervisor", "other", hall="tanghe")
    assert (await office.post(f"/reviews/{review}/reveal", {"reason": "x"}, elsewhere)).status_code == 404
    assert (await office.post(f"/reviews/{review}/reveal", {}, supervisor)).status_code == 422


async def test_every_limit_that_is_no_rule_says_so(office: Served) -> None:
    terms = (await office.get("/terms")).json()
    assert terms["rectification.contact"]["value"] == 1
    assert {term["rule"] for term in terms.values()} == {False}
    assert {term["mark"]["zh"] for term in terms.values()} == {"默认值，并非规定"}
