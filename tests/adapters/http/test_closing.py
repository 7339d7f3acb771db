"""A hall that was forgotten open is closed by the clock: once, over whatever is still at its windows."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from adapters.closing import Closing
from domain.workdays import SHANGHAI
from projections import appointments, day, open_days
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import ITEM
from tests.adapters.http.test_standing import OnDuty, topics

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREAM = "queue-tanghe-2026-03-04"
MIDNIGHT = datetime(2026, 3, 5, tzinfo=SHANGHAI)


async def clock_strikes(served: Served, at: datetime) -> int:
    """The clock does its work as of a moment; the position of the last event it brought about."""
    await served.parts.views.wait(open_days.NAME, served.stored())
    return await Closing(OnDuty(), served.parts.views, served.parts.loop, lambda: at).fire()


async def test_the_clock_closes_a_forgotten_day_and_says_what_nobody_knows(served: Served) -> None:
    clerk, window = served.bearer("clerk", "he"), "/halls/tanghe/windows/w04"
    served.clock.at = datetime(2026, 3, 4, 16, 50, tzinfo=SHANGHAI)
    try:
        for _ in range(3):
            await served.post("/halls/tanghe/tickets", {"queue": "a"}, served.bearer("kiosk"))
        assert (await served.post(f"{window}/open", {"queues": ["a"]}, clerk)).status_code == 200
        for command in ("call-next", "start", "finish", "call-next", "start"):
            assert (await served.post(f"{window}/{command}", None, clerk)).status_code == 200
    finally:
        served.clock.at = None
    assert await clock_strikes(served, MIDNIGHT.replace(day=4, hour=23)) == 0
    position = await clock_strikes(served, MIDNIGHT)
    told = await topics(served, STREAM)
    assert [told[name] for name in ("service-finished", "ticket-cut-off", "ticket-left", "day-closed")] == [
        1,
        1,
        1,
        1,
    ]
    # Whatever clock asks again, the day stays as it was closed.
    assert await clock_strikes(served, MIDNIGHT) == 0
    assert (await topics(served, STREAM)) == told
    await served.parts.views.wait(day.NAME, position)
    seen = (await served.get("/halls/tanghe/day", served.bearer("supervisor"), date="2026-03-04")).json()
    assert (seen["issued"], seen["served"], seen["no_shows"], seen["abandoned"]) == (3, 1, 0, 2)


async def test_who_has_booked_for_later_is_cancelled_when_a_hall_closes_early_and_told_why(
    served: Served,
) -> None:
    """Who comes to a hall that has closed is not said to have missed their appointment."""
    clerk, boss, me = served.bearer("clerk", "he"), served.bearer("supervisor"), await served.citizen("late")
    served.clock.at = datetime(2026, 3, 5, 9, 5, tzinfo=SHANGHAI)
    try:
        body = {"item": ITEM, "date": "2026-03-05", "slot": "b-1600"}
        made = await served.post("/halls/tanghe/appointments", body, me)
        assert made.status_code == 201
        await served.post("/halls/tanghe/windows/w04/open", {"queues": ["a"]}, clerk)
        closed = await served.post("/halls/tanghe/day/close", {"reason": "停电"}, boss)
        assert (closed.status_code, closed.json()["cancelled"]) == (200, 1)
        seen = (await served.get(f"/appointments/{made.json()['voucher']}", me)).json()
        assert seen["status"] == "cancelled"
        again = await served.post("/halls/tanghe/appointments", body | {"slot": "b-1500"}, me)
        assert (again.status_code, again.json()["code"]) == (409, "day-closed")
    finally:
        served.clock.at = None


async def test_a_day_closed_by_mistake_says_first_what_it_does_and_is_opened_again(served: Served) -> None:
    director, kiosk = served.bearer("supervisor", "director", hall="heilong"), served.bearer("kiosk")
    clerk, window = served.bearer("clerk", "he", hall="heilong"), "/halls/heilong/windows/w02"
    there, ours = "/supervise/halls/heilong", director | {"Origin": "http://hall.test"}

    async def press(what: str, **form: str) -> httpx.Response:
        return await served.client.post(f"{there}/{what}", data=form, headers=ours)

    async def place(follow: str) -> dict[str, Any]:
        told: dict[str, Any] = (await served.get(f"/tickets/{follow}")).json()
        return told

    served.clock.at = datetime(2026, 3, 4, 10, 12, tzinfo=SHANGHAI)
    try:
        taken = [(await served.post("/halls/heilong/tickets", {"queue": "a"}, kiosk)).json() for _ in "123"]
        assert (await served.post(f"{window}/open", {"queues": ["a"]}, clerk)).status_code == 200
        assert (await served.post(f"{window}/call-next", None, clerk)).status_code == 200
        before = [await place(one["follow"]) for one in taken]
        me, body = await served.citizen("late"), {"item": ITEM, "date": "2026-03-04", "slot": "b-1600"}
        voucher = (await served.post("/halls/heilong/appointments", body, me)).json()["voucher"]
        await served.parts.views.wait(appointments.NAME, served.stored())
        asked = (await served.client.get(f"{there}/close", headers=director)).text
        for said in ("2人还在等候", "1个预约还没到", "1个窗口正在办理", "服务时段到", "15分钟内可以恢复"):
            assert said in asked, said
        assert (await served.client.get(f"{there}/close", headers=clerk)).status_code == 403
        # Without the tick nobody is sent away from a window.
        refused = await press("close", key="too-early")
        assert (refused.status_code, "先请窗口办完" in refused.text) == (409, True)
        done = await press("close", key="closing", force="yes")
        assert done.status_code == 303
        assert [(await place(one["follow"]))["left"] for one in taken] == ["day-closed"] * 3
        assert "大厅今天的业务已结束" in (await served.client.get(f"/follow/{taken[0]['follow']}")).text
        seen = (await served.client.get(done.headers["location"], headers=director)).text
        assert "今天的业务已于10:12结束" in seen
        assert "3个号因此作废" in seen

        await served.parts.views.wait(appointments.NAME, served.stored())
        assert (await served.get(f"/appointments/{voucher}", me)).json()["status"] == "cancelled"
        again = await press("reopen", key="opening")
        assert again.status_code == 303
        seen = (await served.client.get(again.headers["location"], headers=director)).text
        assert "已于10:12结束" not in seen
        await served.parts.views.wait(appointments.NAME, served.stored())
        kept = (await served.get(f"/appointments/{voucher}", me)).json()
        assert kept["status"] == "booked"
        after = [await place(one["follow"]) for one in taken]
        assert [one["status"] for one in after] == ["waiting"] * 3
        assert [one["ahead"] for one in after[1:]] == [one["ahead"] + 1 for one in before[1:]]
        assert (await served.post(f"{window}/open", {"queues": ["a"]}, clerk)).status_code == 200
        called = (await served.post(f"{window}/call-next", None, clerk)).json()
        assert called["id"] == taken[0]["id"], "who was at the window comes to it again"
        # Too late: it stays closed, and says so.
        assert (await press("close", key="for-good", force="yes")).status_code == 303
        served.clock.at = datetime(2026, 3, 4, 10, 28, tzinfo=SHANGHAI)
        late = await press("reopen", key="late")
        assert (late.status_code, "现在已过时限" in late.text) == (409, True)
    finally:
        served.clock.at = None


async def test_the_clock_closes_a_day_once_more_that_was_opened_again(served: Served) -> None:
    director, stream = served.bearer("admin"), "queue-huyang-2026-03-04"
    served.clock.at = datetime(2026, 3, 4, 16, 50, tzinfo=SHANGHAI)
    path = "/halls/huyang/day"
    try:
        await served.post("/halls/huyang/tickets", {"queue": "a"}, served.bearer("kiosk"))
        assert (await served.post(f"{path}/close", None, director)).status_code == 200
        opened = (await served.post(f"{path}/reopen", None, director)).json()
        assert (opened["closed"], opened["left"]) == (False, 0)
    finally:
        served.clock.at = None
    await clock_strikes(served, MIDNIGHT)
    told = await topics(served, stream)
    assert (told["day-closed"], told["ticket-left"], told["ticket-restored"]) == (2, 2, 1)
    # What it closed itself may be taken back too, and is then closed by it again.
    served.clock.at = MIDNIGHT
    try:
        answer = await served.post(f"{path}/reopen", None, director, date="2026-03-04")
        assert answer.status_code == 200, answer.text
    finally:
        served.clock.at = None
    await clock_strikes(served, MIDNIGHT)
    assert (await topics(served, stream))["day-closed"] == 3
