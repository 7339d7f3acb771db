"""The electronic supervision over HTTP: signals come by the region's rules, and the lists find them by rule."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.reactor import Scheduler
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
