"""Several items with one number, and tickets of phones that must be at the hall, over HTTP."""

from typing import Any

import msgspec
import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_one_number_goes_through_the_lines_of_all_its_items(served: Served) -> None:
    kiosk, clerk = served.bearer("kiosk", hall="tanghe"), served.bearer("clerk", "li", hall="tanghe")
    items: dict[str, str] = {}
    for known in served.parts.catalogue.items.values():
        items.setdefault(known.plan.queue, known.name)
    (first, card), (second, deed) = sorted(items.items())[:2]
    wrong = await served.post("/halls/tanghe/tickets", {"item": card, "more": [card]}, kiosk)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "named-twice")
    taken = (await served.post("/halls/tanghe/tickets", {"item": card, "more": [deed]}, kiosk)).json()
    assert taken["queue"] == first
    told = (await served.get(f"/tickets/{taken['follow']}")).json()
    assert len(told["next_queues"]) == 1

    async def done(command: str, body: Any = None) -> dict[str, Any]:
        answer = await served.post(f"/halls/tanghe/windows/w01/{command}", body, clerk)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    await done("open", {"queues": [first, second]})
    for line, status, stops in ((first, "waiting", 1), (second, "served", 0)):
        called = await done("call-next")
        assert (called["ticket"], called["queue"], len(called["stops"])) == (taken["ticket"], line, stops)
        await done("start")
        assert (await done("finish", {"items": [called["item"]]}))["status"] == status


async def test_a_phone_takes_a_ticket_only_at_the_hall_where_the_hall_asks_for_it(served: Served) -> None:
    plan = msgspec.to_builtins(served.parts.catalogue.hall("yuantan"))
    plan["phone_tickets"] = {
        "code": True,
        "position": {"latitude": 32.69, "longitude": 112.83},
        "within_m": 200,
    }
    put = await served.client.put("/api/v1/halls/yuantan", json=plan, headers=served.bearer("admin"))
    assert put.status_code == 200, put.text
    citizen = await served.citizen("far-away")
    line = {"queue": plan["queues"][0]["queue"]}

    async def take(who: dict[str, str], **more: Any) -> str:
        answer = await served.post("/halls/yuantan/tickets", line | more, who)
        return "201" if answer.status_code == 201 else str(answer.json()["code"])

    assert await take(served.bearer("kiosk", hall="yuantan")) == "201"
    assert await take(citizen) == "presence-needed"
    assert await take(citizen, code="000000x") == "hall-code-wrong"
    assert await take(citizen, position={"latitude": 32.7, "longitude": 112.83}) == "too-far-away"
    assert await take(citizen, position={"latitude": 32.6905, "longitude": 112.83}) == "201"
    assert (await served.get("/halls/yuantan/code", citizen)).status_code == 403
    shown = (await served.get("/halls/yuantan/code", served.bearer("screen", hall="yuantan"))).json()
    assert len(shown["code"]) == 6
    assert await take(citizen, code=shown["code"]) == "201"
    assert (await served.get("/halls/tanghe/code", served.bearer("admin"))).json()["code"] is None


async def test_the_days_code_stands_on_the_halls_own_screen_and_on_no_page_anybody_opens(
    served: Served,
) -> None:
    plan = msgspec.to_builtins(served.parts.catalogue.hall("guotan")) | {"phone_tickets": {"code": True}}
    put = await served.client.put("/api/v1/halls/guotan", json=plan, headers=served.bearer("admin"))
    assert put.status_code == 200, put.text
    screen = served.bearer("screen", hall="guotan")
    code = (await served.get("/halls/guotan/code", screen)).json()["code"]
    served.client.cookies.clear()
    assert f"<b>{code}</b>" in (await served.client.get("/halls/guotan/screen", headers=screen)).text
    for stranger in ({}, served.bearer("screen", hall="tanghe"), await served.citizen("passer-by")):
        page = await served.client.get("/halls/guotan/screen", headers=stranger)
        assert page.status_code == 200
        assert code not in page.text
