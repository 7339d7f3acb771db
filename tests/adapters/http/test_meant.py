"""Two at one window: what is meant for a ticket that somebody else has dealt with is not done to the next one."""

from typing import Any

import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_of_two_who_press_at_one_window_the_second_is_told_and_does_nothing(
    served: Served,
) -> None:
    name = "tanghe"
    clerk, kiosk = served.bearer("clerk", "wu", hall=name), served.bearer("kiosk", hall=name)
    w03 = f"/halls/{name}/windows/w03"
    numbers = [
        (await served.post(f"/halls/{name}/tickets", {"queue": "b"}, kiosk)).json()["ticket"]
        for _ in range(2)
    ]
    await served.post(f"{w03}/open", {"queues": ["b"]}, clerk)
    first = (await served.post(f"{w03}/call-next", None, clerk)).json()["ticket"]
    assert first == numbers[0]
    assert (await served.post(f"{w03}/no-show", None, clerk, ticket=first)).status_code == 200

    async def here() -> dict[str, Any]:
        line = (await served.get(f"/halls/{name}/line", clerk)).json()
        return next(window for window in line["windows"] if window["window"] == "w03")

    undo = (await here())["undo"]
    assert (undo["act"], undo["ticket"]) == ("no-show", first)
    second = (await served.post(f"{w03}/call-next", None, clerk)).json()["ticket"]
    assert (await here())["undo"] is None
    late = await served.post(f"{w03}/no-show", None, clerk, ticket=first)
    assert (late.status_code, late.json()["code"]) == (409, "another-in-hand")
    assert late.json()["facts"] == {"window": "w03", "number": second, "meant": first}
    assert (await here())["ticket"] == second
    await served.post(f"{w03}/return", None, clerk, ticket=second)
    await served.post(f"{w03}/close", None, clerk)
