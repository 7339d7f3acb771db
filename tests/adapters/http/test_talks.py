"""A unit that lets deadlines pass again and again is called to a talk (约谈), and the ladder is climbed to its end."""

import asyncio
from datetime import timedelta

import pytest

from adapters.scheduler import Scheduler
from adapters.tail import LogTail
from tests.adapters.http.serving import Served
from tests.adapters.http.test_cases import until
from tests.adapters.http.test_rectifications import bad_review

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_two_lags_call_to_a_talk_that_is_held_once(office: Served) -> None:
    admin = office.bearer("admin")
    body = {"talks": {"lags": 2, "days": 30, "hold_workdays": 3}, "ladder_workdays": 2}
    set_ = await office.client.put("/api/v1/regions/411328000000/terms", json=body, headers=admin)
    assert set_.status_code == 200, set_.text
    service, _, _ = await bad_review(office, "tanghe", "forgotten")
    tail = LogTail(office.url)
    later = office.parts.clock() + timedelta(days=40)
    scheduler = Scheduler(tail, office.parts.views, office.parts.loop.submit, lambda: later)  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        while last := await scheduler.fire():
            await office.parts.views.wait("deadlines", last)
    await tail.close()
    head = office.bearer("supervisor", "head", hall="tanghe")
    forgotten = await until(
        office, f"/rectifications/{service}", head, lambda told: told.get("escalated_to") == "leader"
    )
    assert forgotten["overdue"] == ["contact", "rectify", "still-overdue"]
    told = await until(office, "/talks", head, lambda told: told["talks"], unit="tanghe", status="called")
    (talk,) = told["talks"]
    assert talk["lags"] == [f"{service}.contact", f"{service}.rectify"]
    assert (await office.get("/talks", office.bearer("supervisor", "x", hall="guotan"))).json()["talks"] == []
    report = {"with_whom": "窗口负责人", "minutes": "两次逾期", "measures": "每日检查"}
    path = f"/talks/{talk['talk']}/hold"
    stranger = await office.post(path, report, office.bearer("supervisor", "x", hall="guotan"))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown-talk")
    assert (await office.post(path, report, office.bearer("clerk", "li", hall="tanghe"))).status_code == 403
    held = await office.post(path, report, head)
    assert held.status_code == 200, held.text
    assert (await office.post(path, report, head)).status_code == 200
    other = await office.post(path, report | {"minutes": "别的"}, head)
    assert (other.status_code, other.json()["code"]) == (409, "talk-held")
    (talk,) = (await office.get("/talks", head, after=held.json()["position"])).json()["talks"]
    assert (talk["status"], talk["measures"], talk["signal"]) == ("held", "每日检查", None)
