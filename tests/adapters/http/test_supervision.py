"""The electronic supervision over HTTP: signals come by the region's rules, and the lists find them by rule."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.scheduler import Scheduler
from adapters.tail import LogTail
from tests.adapters.http.serving import Served
from tests.adapters.http.test_cases import promised, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_case_nobody_answers_is_found_by_rule_signal_unit_and_number(office: Served) -> None:
    """It came a month ago: the region's rule raises red one day after silence has accepted it."""
    admin = office.bearer("admin")
    rule = {"workdays": 3, "warning": {"left_workdays": 1}, "red": {"over_workdays": 1}}
    body = {"rules": {"acceptance": rule}}
    set_ = await office.client.put("/api/v1/regions/411328000000/terms", json=body, headers=admin)
    assert set_.status_code == 200, set_.text
    at = {"Mingting-At": (datetime.now(UTC) - timedelta(days=30)).isoformat()}
    person = {"name": "李雷", "id_type": "resident-id", "id_number": "11010519491231002X"}
    asked = {"item": promised(office), "hall": "tanghe", "person": person}
    answer = await office.post("/cases", asked, admin | at)
    assert answer.status_code == 201, answer.text
    case, number = answer.json()["case"], answer.json()["number"]
    await until(office, f"/cases/{case}", admin, lambda told: "acceptance" in told.get("limits", {}))
    tail = LogTail(office.url)
    loop, views = office.parts.loop, office.parts.views
    scheduler = Scheduler(tail, views, loop.submit, office.parts.clock)  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        while last := await scheduler.fire():
            await views.wait("deadlines", last)
            await asyncio.sleep(0.1)
    await tail.close()
    auditor = office.bearer("auditor")
    file = (await office.get(f"/cases/{case}", auditor)).json()
    raised = [line["detail"] for line in file["timeline"] if line["what"] == "case-limit-signalled"]
    assert [line["signal"] for line in raised if line["limit"] == "acceptance"] == ["warning", "red"]
    assert (file["status"], file["signal"]) == ("accepted", "red")
    for query in (
        {"rule": "acceptance", "signal": "red"},
        {"number": number},
        {"unit": "tanghe", "rule": "acceptance"},
    ):
        found = (await office.get("/cases", auditor, **query)).json()["cases"]
        assert [one["case"] for one in found] == [case], query
    assert (await office.get("/cases", auditor, rule="delivery")).json()["cases"] == []
    assert (await office.get("/cases", auditor, rule="nothing")).status_code in (400, 422)


async def test_a_case_is_paused_for_what_its_region_has_named_and_due_by_the_statute_meanwhile(
    office: Served,
) -> None:
    clerk, me = office.bearer("clerk", "li", hall="tanghe"), await office.citizen("has to pay")
    item = next(
        name
        for name, known in office.parts.catalogue.items.items()
        if known.plan.handling == "promised"
        and (known.plan.statutory_limit_workdays or 0) > (known.plan.promised_limit_workdays or 0)
    )
    case = (await office.post("/cases", {"item": item, "hall": "tanghe"}, me)).json()["case"]
    await office.post(f"/cases/{case}/accept", {}, clerk)
    timed = await until(office, f"/cases/{case}", me, lambda told: told.get("due_at"))
    asked = {"reason": "payment", "note": "待缴费", "needs_workdays": 5}
    lunch = await office.post(f"/cases/{case}/pause", asked | {"reason": "lunch"}, clerk)
    assert (lunch.status_code, lunch.json()["code"]) == (422, "unknown-pause-reason")
    paused = await office.post(f"/cases/{case}/pause", asked, clerk)
    assert (paused.status_code, paused.json()["status"]) == (200, "suspended")
    file = await until(office, f"/cases/{case}", me, lambda told: told["due_at"] != timed["due_at"])
    assert file["due_at"] == timed["statutory_at"]
    assert (await office.post(f"/cases/{case}/resume", {}, clerk)).json()["status"] == "accepted"
    await until(office, f"/cases/{case}", me, lambda told: told["due_at"] == timed["due_at"])
    terms = (await office.get("/regions/411300000000/terms", office.bearer("auditor"))).json()
    assert terms["pauses"]["payment"]["mark"]["zh"] == "默认值，并非规定"
