"""The told wait over HTTP: a range with every ticket, one forecast for all who ask, and nothing while nobody calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

import pytest
from msgspec.json import encode
from msgspec.structs import replace

from domain.hall import DayException, SessionPlan
from domain.message import Text
from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


@contextmanager
def at_noon(served: Served, day: date) -> Iterator[None]:
    served.clock.at = datetime.combine(day, time(12), SHANGHAI)
    try:
        yield
    finally:
        served.clock.at = None


async def test_a_ticket_and_its_holder_are_told_one_range_and_none_while_no_window_calls(
    served: Served,
) -> None:
    line = served.parts.catalogue.hall("guotan").queues[0].queue
    kiosk, clerk = served.bearer("kiosk", hall="guotan"), served.bearer("clerk", "li", hall="guotan")

    async def take() -> dict[str, object]:
        answer = await served.post("/halls/guotan/tickets", {"queue": line}, kiosk)
        assert answer.status_code == 201
        told: dict[str, object] = answer.json()
        return told

    assert (await take())["wait_s"] is None
    opened = await served.post("/halls/guotan/windows/w01/open", {"queues": [line]}, clerk)
    assert opened.status_code == 200
    tickets = [await take() for _ in range(4)]
    for ticket in tickets:
        wait = ticket["wait_s"]
        assert isinstance(wait, dict)
        assert 0 <= wait["p50"] <= wait["p90"]
    last = tickets[-1]
    made = served.parts.forecasts.made
    seen = [(await served.get(f"/tickets/{last['follow']}")).json() for _ in range(5)]
    assert served.parts.forecasts.made <= made + 1
    assert all(one["ahead"] == 4 and one["wait_s"]["p50"] > 0 for one in seen)
    assert (
        await served.post("/halls/guotan/windows/w01/pause", {"reason": "lunch"}, clerk)
    ).status_code == 200
    assert (await served.get(f"/tickets/{last['follow']}")).json()["wait_s"] is None


async def test_before_a_window_has_opened_a_planned_number_of_them_is_told_with_the_wait(
    served: Served,
) -> None:
    admin = served.bearer("admin") | {"Content-Type": "application/json"}
    plan = served.parts.catalogue.hall("heilong")
    first, second = plan.queues[0], plan.queues[1]
    today = served.clock().astimezone(SHANGHAI).date()
    hours = DayException(today, Text("延时", "Extended"), (SessionPlan(time(0), time(23, 59)),))
    planned = replace(first, assumed_windows=3)
    changed = replace(plan, queues=(planned, *plan.queues[1:]), exceptions=(hours,))
    answer = await served.client.put("/api/v1/halls/heilong", content=encode(changed), headers=admin)
    assert answer.status_code == 200, answer.text
    await served.parts.catalogue.refresh()

    async def take(line: str) -> Any:
        kiosk = served.bearer("kiosk", hall="heilong")
        return (await served.post("/halls/heilong/tickets", {"queue": line}, kiosk)).json()

    with at_noon(served, today):
        told = await take(first.queue)
        assert told["wait_s"]["assumed"] == 3
        assert (await take(second.queue))["wait_s"] is None
        page = await served.client.get(f"/follow/{told['follow']}")
        assert "按计划开 3 个窗口估计" in page.text
        clerk = served.bearer("clerk", "wang", hall="heilong")
        opened = await served.post("/halls/heilong/windows/w01/open", {"queues": [first.queue]}, clerk)
        assert opened.status_code == 200, opened.text
        place = (await served.get(f"/tickets/{told['follow']}")).json()
        assert "assumed" not in place["wait_s"]
