"""A case received in one hall for another region, over HTTP: both halls' clocks are seen by both."""

import msgspec
import pytest

from tests.adapters.http.serving import Served
from tests.adapters.http.test_cases import until
from tests.domain.test_item import changed

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def put(served: Served, path: str, plan: msgspec.Struct) -> None:
    answer = await served.client.put(
        f"/api/v1{path}", json=msgspec.to_builtins(plan), headers=served.bearer("admin")
    )
    assert answer.status_code == 200, answer.text


async def test_a_case_goes_from_one_region_to_another(office: Served) -> None:
    here = office.parts.catalogue.hall("tanghe")
    await put(office, "/halls/wolong", msgspec.structs.replace(here, region="411303000000", parent=None))
    queue = here.queues[0].queue
    await put(office, "/items/at-home", changed(queue=queue))
    await put(office, "/items/anywhere", changed(queue=queue, scope="across-cities"))
    me = await office.citizen("far from home")
    asked = {"hall": "tanghe", "handled_at": "wolong"}
    narrow = await office.post("/cases", asked | {"item": "at-home"}, me)
    assert (narrow.status_code, narrow.json()["code"]) == (422, "scope-too-narrow")
    answer = await office.post("/cases", asked | {"item": "anywhere"}, me)
    assert answer.status_code == 201, answer.text
    case = answer.json()["case"]
    receiving = office.bearer("clerk", "li", hall="tanghe")
    handling = office.bearer("clerk", "zhao", hall="wolong")
    stranger = office.bearer("clerk", "sun", hall="guotan")

    async def done(command: str, body: object, who: dict[str, str]) -> int:
        told = await office.post(f"/cases/{case}/{command}", body, who)
        assert told.status_code == 200, told.text
        return int(told.json()["position"])

    early = await office.post(f"/cases/{case}/accept", {}, handling)
    assert (early.status_code, early.json()["code"]) == (409, "not-taken-over")
    other = await office.post(f"/cases/{case}/hand-over", {}, handling)
    assert (other.status_code, other.json()["code"]) == (403, "other-side")
    assert (await office.post(f"/cases/{case}/hand-over", {}, stranger)).status_code == 404
    await until(office, f"/cases/{case}", me, lambda told: "forwarding" in told.get("limits", {}))
    await done("hand-over", {"document": "移1"}, receiving)
    await done("take-over", None, handling)
    last = await done("accept", {}, handling)
    wrong = await office.post(f"/cases/{case}/decide", {"result": "granted"}, receiving)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "other-side")
    for who in (receiving, handling, me):
        file = await until(office, f"/cases/{case}", who, lambda told: told.get("due_at"), after=last)
        turns = [(turn["hall"], turn["part"], turn["workdays"]) for turn in file["turns"]]
        assert turns == [("tanghe", "receiving", 0), ("wolong", "taking-over", 0), ("wolong", "handling", 0)]
        assert file["turns"][0]["due_at"] is not None
        assert file["turns"][2]["workdays_left"] == 8
    head = office.bearer("supervisor", "head", hall="wolong")
    mine = (await office.get("/cases", head, side="handling", status="accepted")).json()["cases"]
    assert [one["case"] for one in mine] == [case]
    assert (await office.get("/cases", head)).json()["cases"] == []


async def test_whoever_acts_for_another_says_by_what_consent(office: Served) -> None:
    person = {"name": "李雷", "id_number": "11010519491231002X"}
    asked = {"hall": "tanghe", "item": "at-home", "person": person}
    clerk = office.bearer("clerk", "li", hall="tanghe")
    refused = await office.post("/cases", asked | {"channel": "agent"}, clerk)
    assert (refused.status_code, refused.json()["code"]) == (422, "consent-missing")
    consent = {"on_behalf": {"kind": "assisted", "consent": "written"}}
    answer = await office.post("/cases", asked | consent, clerk)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    file = (await office.get(f"/cases/{told['case']}", clerk, after=told["position"])).json()
    assert file["channel"] == "agent"
