"""Dispatch help over HTTP: for the hall's staff, from the line as it is now."""

import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/api/v1/halls/guotan/dispatch"


async def test_staff_see_a_line_without_a_window_and_which_could_be_opened(served: Served) -> None:
    plan = served.parts.catalogue.hall("guotan")
    line = plan.queues[0].queue
    clerk = served.bearer("clerk", "li", hall="guotan")
    assert (await served.client.get(PATH, headers=clerk)).json()["lines"] == []
    await served.post("/halls/guotan/tickets", {"queue": line}, served.bearer("kiosk", hall="guotan"))
    told = (await served.client.get(PATH, headers=clerk)).json()
    assert told["alarms"] == {"waiting": 10, "wait_minutes": 15}
    (found,) = told["lines"]
    assert (found["queue"], found["waiting"], found["causes"]) == (line, 1, ["unserved"])
    (suggestion,) = found["suggestions"]
    assert suggestion["help"] == "open"
    assert set(suggestion["text"]) == {"zh", "en"}
    opened = await served.post(
        f"/halls/guotan/windows/{suggestion['window']}/open", {"queues": suggestion["queues"]}, clerk
    )
    assert opened.status_code == 200
    assert (await served.client.get(PATH, headers=clerk)).json()["lines"] == []


async def test_citizens_and_other_halls_are_not_told(served: Served) -> None:
    assert (await served.client.get(PATH)).status_code == 401
    other = served.bearer("clerk", "wang", hall="tanghe")
    assert (await served.client.get(PATH, headers=other)).status_code == 403
