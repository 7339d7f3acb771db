"""A hall that was forgotten open is closed by the clock: once, over whatever is still at its windows."""

from datetime import datetime

import pytest

from adapters.closing import Closing
from domain.workdays import SHANGHAI
from projections import day, open_days
from tests.adapters.http.serving import Served
from tests.adapters.http.test_standing import OnDuty, topics

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREAM = "queue-tanghe-2026-03-04"
MIDNIGHT = datetime(2026, 3, 5, tzinfo=SHANGHAI)


async def clock_strikes(served: Served, at: datetime) -> int:
    """The clock does its work as of a moment; the position of the last event it brought about."""
    await served.parts.views.wait(open_days.NAME, served.stored())
    return await Closing(OnDuty(), served.parts.views, served.parts.loop.submit, lambda: at).fire()


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
