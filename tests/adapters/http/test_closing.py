"""A hall that was forgotten open is closed by the clock: once, over whatever is still at its windows."""

from datetime import datetime

import pytest

from adapters.closing import Closing
from domain.workdays import SHANGHAI
from projections import day, open_days
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
