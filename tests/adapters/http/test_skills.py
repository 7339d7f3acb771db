"""A skill from the item's guide to the clerk who is given the ticket, over HTTP."""

import msgspec
import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIGN = {"zh": "手语", "en": "Sign language"}


async def test_who_wants_an_item_that_needs_a_skill_is_called_by_a_clerk_who_has_it(served: Served) -> None:
    admin, kiosk = served.bearer("admin"), served.bearer("kiosk", hall="tanghe")
    hall = msgspec.to_builtins(served.parts.catalogue.hall("tanghe"))
    item = msgspec.to_builtins(served.parts.catalogue.item("demo-dibao").plan) | {"skill": "sign"}
    queue = item["queue"]
    for path, body in (
        ("halls/tanghe", hall | {"skills": {"sign": SIGN}, "clerks": {"wang": ["sign"]}}),
        ("items/demo-dibao", item),
    ):
        put = await served.client.put(f"/api/v1/{path}", json=body, headers=admin)
        assert put.status_code == 200, put.text
    for window, clerk in (("w01", "li"), ("w02", "wang")):
        opened = await served.post(
            f"/halls/tanghe/windows/{window}/open",
            {"queues": [queue]},
            served.bearer("clerk", clerk, hall="tanghe"),
        )
        assert opened.status_code == 200, opened.text
    taken = (await served.post("/halls/tanghe/tickets", {"item": "demo-dibao"}, kiosk)).json()
    told = (await served.get(f"/tickets/{taken['follow']}")).json()
    assert told["why"]["en"].startswith("For a clerk with “Sign language”.")

    async def next_at(window: str, clerk: str) -> str:
        answer = await served.post(
            f"/halls/tanghe/windows/{window}/call-next", None, served.bearer("clerk", clerk, hall="tanghe")
        )
        return str(answer.json().get("ticket", answer.json().get("code")))

    assert await next_at("w01", "li") == "nobody-waiting"
    assert await next_at("w02", "wang") == taken["ticket"]

    unknown = await served.client.put(
        "/api/v1/halls/tanghe", json=hall | {"clerks": {"li": ["piano"]}}, headers=admin
    )
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-skill")
