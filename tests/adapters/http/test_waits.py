"""The told wait over HTTP: a range with every ticket, one forecast for all who ask, and nothing while nobody calls."""

import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
