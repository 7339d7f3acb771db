"""One matter (一件事) over HTTP: one application, cases side by side, one delivery, one rating."""

from datetime import timedelta

import msgspec
import pytest

from domain.item import Code
from tests.adapters.http.serving import Served
from tests.adapters.http.test_cases import until
from tests.domain.test_item import LICENCE, changed

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def published(served: Served, name: str, **fields: object) -> None:
    plan = msgspec.to_builtins(changed(**fields))
    answer = await served.client.put(f"/api/v1/items/{name}", json=plan, headers=served.bearer("admin"))
    assert answer.status_code == 200, answer.text


async def test_one_matter_from_its_application_to_its_one_rating(office: Served) -> None:
    queue = office.parts.catalogue.hall("tanghe").queues[0].queue
    await published(office, "open-shop-tax", queue=queue, promised_limit_workdays=3)
    await published(office, "open-shop-food", queue=queue, promised_limit_workdays=8)
    parts = ("open-shop-tax", "open-shop-food")
    whole = {"queue": queue, "parts": parts, "materials": (), "promised_limit_workdays": None}
    await published(office, "open-shop", **whole, implementation_code=Code("DJ0001", "matters"))
    me, clerk = await office.citizen("shopkeeper"), office.bearer("clerk", "li", hall="tanghe")
    answer = await office.post("/cases", {"item": "open-shop", "hall": "tanghe"}, me)
    assert answer.status_code == 201, answer.text
    matter, cases = answer.json()["case"], answer.json()["parts"]
    assert cases == [f"{matter}.1", f"{matter}.2"]

    async def done(case: str, command: str, body: object = None) -> dict[str, object]:
        told = await office.post(f"/cases/{case}/{command}", body, clerk)
        assert told.status_code == 200, told.text
        answer: dict[str, object] = told.json()
        return answer

    await done(matter, "accept", {})
    early = await office.post(f"/cases/{matter}/decide", {"result": "granted"}, clerk)
    assert (early.status_code, early.json()["code"]) == (409, "parts-going-on")
    file = await until(office, f"/cases/{matter}", me, lambda told: told.get("due_at"))
    together = file["part_cases"]
    assert [(one["item"], one["status"]) for one in together] == [(item, "accepted") for item in parts]
    assert len({one["number"] for one in (file, *together)}) == 3
    assert file["workdays_left"] == 8
    assert {one["unit"] for one in together} == {LICENCE.unit.zh}
    for case in cases:
        await done(case, "decide", {"result": "granted"})
        await done(case, "close")
    closed = await until(office, f"/cases/{matter}", me, lambda told: told["status"] == "closed")
    assert closed["decision"] == "granted"
    alone = await office.post(f"/cases/{cases[0]}/deliver", {"means": "window"}, clerk)
    assert (alone.status_code, alone.json()["code"]) == (409, "delivered-with-matter")
    await done(matter, "deliver", {"means": "electronic", "document": "电子证照 2026-1"})

    rating = {"grade": "satisfied", "channel": "web"}
    refused = await office.post("/reviews", rating | {"service": {"case": cases[0]}}, me)
    assert (refused.status_code, refused.json()["code"]) == (409, "rated-with-matter")
    given = await office.post("/reviews", rating | {"service": {"case": matter}}, me)
    assert given.status_code == 201, given.text


async def test_a_matter_is_withdrawn_whole(office: Served) -> None:
    me = await office.citizen("another shopkeeper")
    opened = (await office.post("/cases", {"item": "open-shop", "hall": "tanghe"}, me)).json()
    position = (await office.post(f"/cases/{opened['case']}/withdraw", {}, me)).json()["position"]
    for case in (opened["case"], *opened["parts"]):
        file = (await office.get(f"/cases/{case}", me, after=position)).json()
        assert file["status"] == "withdrawn", case


async def test_no_matter_holds_another(office: Served) -> None:
    queue = office.parts.catalogue.hall("tanghe").queues[0].queue
    await published(office, "everything", queue=queue, parts=("open-shop",))
    me = await office.citizen("greedy")
    answer = await office.post("/cases", {"item": "everything", "hall": "tanghe"}, me)
    assert (answer.status_code, answer.json()["code"]) == (409, "matter-in-matter")


async def test_one_matter_is_booked_once(office: Served) -> None:
    me, today = await office.citizen("booker of a matter"), office.parts.clock().date()
    for day in (today + timedelta(days=n) for n in range(1, 10)):
        asked = {"date": day, "item": "open-shop"}
        if slots := (await office.get("/halls/tanghe/slots", **asked)).json()["slots"]:
            break
    asked = {"item": "open-shop", "date": day.isoformat(), "slot": slots[0]["slot"]}
    answer = await office.post("/halls/tanghe/appointments", asked, me)
    assert answer.status_code == 201, answer.text
    assert answer.json()["item"] == "open-shop"
