"""The catalogue over HTTP: read by anybody, configured by admins, and never half."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


def plan_of(served: Served, hall: str) -> dict[str, Any]:
    plan: dict[str, Any] = msgspec.to_builtins(served.parts.catalogue.hall(hall))
    return plan


async def put(served: Served, path: str, body: Any, **headers: str) -> Any:
    return await served.client.put(f"/api/v1{path}", json=body, headers=served.bearer("admin") | headers)


async def paged(served: Served, path: str, plural: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await served.get(path, **(query | cursor))).json()
        assert set(page) == {plural, "cursor", "position", "as_of"}
        assert len(page[plural]) <= query["limit"]
        found += page[plural]
        if page["cursor"] is None:
            return found
        cursor = {"cursor": page["cursor"]}


async def test_lists_are_read_page_by_page_with_nothing_missing_and_nothing_twice(served: Served) -> None:
    catalogue = served.parts.catalogue
    assert [hall["hall"] for hall in await paged(served, "/halls", "halls", limit=3)] == sorted(
        catalogue.halls
    )
    assert [item["item"] for item in await paged(served, "/items", "items", limit=7)] == sorted(
        catalogue.items
    )
    regions = await paged(served, "/regions", "regions", limit=10)
    assert len(regions) == len(served.parts.regions)
    assert set(regions[0]["name"]) == {"zh", "en"}


async def test_a_hall_has_its_queues_and_its_windows_as_they_are_now(served: Served) -> None:
    hall = (await served.get("/halls/guotan")).json()
    assert {"queue", "prefix", "name"} <= set(hall["queues"][0])
    assert {"window", "name", "kind", "queues", "state"} <= set(hall["windows"][0])
    assert hall["windows"][0]["state"] == "closed"
    clerk = served.bearer("clerk", "li", hall="guotan")
    receipt = (await served.post("/halls/guotan/windows/w01/open", None, clerk)).json()
    # The board of this server has no stream to follow; it is read again when somebody needs it.
    async with asyncio.timeout(10):
        while True:
            answer = await served.get("/halls/guotan", after=receipt["position"])
            if answer.status_code == 200 and answer.json()["windows"][0]["state"] == "open":
                break


async def test_items_are_found_by_name_in_either_language_and_by_the_hall_that_handles_them(
    served: Served,
) -> None:
    for words in ("社会保障卡", "social security CARD", "card social"):
        found = (await served.get("/items", q=words)).json()["items"]
        assert "demo-shebaoka-shenling" in {item["item"] for item in found}, words
    assert (await served.get("/items", q="没有这样的事项")).json()["items"] == []
    here = (await served.get("/items", hall="guotan")).json()["items"]
    assert {item["queue"] for item in here} <= {
        queue["queue"] for queue in plan_of(served, "guotan")["queues"]
    }
    assert {"item", "name", "version", "bookable", "queue"} <= set(here[0])
    assert (await served.get("/items/demo-shebaoka-shenling")).json()["version"] == 1
    in_region = (await served.get("/halls", region="411328103000")).json()["halls"]
    assert [hall["hall"] for hall in in_region] == ["guotan"]


async def test_a_hall_is_configured_and_read_again_at_once(served: Served) -> None:
    plan = plan_of(served, "heilong") | {"address": {"zh": "人民路1号", "en": "1 People's Road"}}
    answer = await put(served, "/halls/new-hall", plan)
    assert answer.status_code == 200
    receipt = answer.json()
    assert (receipt["stream"], receipt["version"], receipt["hall"]) == ("hall-new-hall", 1, "new-hall")
    seen = (await served.get("/halls/new-hall")).json()
    assert (seen["address"], seen["version"]) == (plan["address"], 1)
    before = served.stored()
    same = await put(served, "/halls/new-hall", plan)
    assert (same.json()["version"], served.stored()) == (1, before)
    taken = await served.post("/halls/new-hall/tickets", {"queue": "a"}, served.bearer("kiosk"))
    assert taken.status_code == 201


async def test_two_admins_do_not_overwrite_each_other(served: Served) -> None:
    plan = plan_of(served, "longtan")
    first = await put(served, "/halls/longtan", plan | {"recalls": 5}, **{"If-Match": '"1"'})
    assert (first.status_code, first.json()["version"]) == (200, 2)
    second = await put(served, "/halls/longtan", plan | {"recalls": 7}, **{"If-Match": '"1"'})
    assert (second.status_code, second.json()["code"]) == (412, "version-moved-on")
    assert (await served.get("/halls/longtan")).json()["recalls"] == 5


async def test_a_plan_that_contradicts_itself_is_refused_with_its_field(served: Served) -> None:
    plan = plan_of(served, "longtan")
    before = served.stored()
    for wrong, code, field in (
        ({"queues": plan["queues"] * 2}, "named-twice", "queues.queue"),
        ({"sessions": [plan["sessions"][0] | {"walk_in": 0}]}, "walk-in-share-missing", "sessions.walk_in"),
        ({"region": "41"}, "invalid", "region"),
        ({"name": "大厅"}, "invalid", "name"),
        ({"colour": "red"}, "invalid", "body"),
    ):
        answer = await put(served, "/halls/longtan", plan | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code), wrong
        assert answer.json()["errors"][0]["field"] == field
    for name in ("Big-Hall", "a" * 41, "-x", "中"):
        answer = await put(served, f"/halls/{name}", plan)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-path"), name
    assert served.stored() == before


async def test_an_item_is_published_in_versions(served: Served) -> None:
    plan = msgspec.to_builtins(served.parts.catalogue.item("demo-shebaoka-shenling").plan)
    first = await put(served, "/items/new-item", plan)
    assert first.json()["item"] == "new-item"
    await put(served, "/items/new-item", plan | {"visits": 7})
    assert (await served.get("/items/new-item")).json()["version"] == 2
    before = (await served.get("/items/new-item", version=1)).json()
    assert (before["version"], before["visits"]) == (1, plan["visits"])
    never = await served.get("/items/new-item", version=3)
    assert (never.status_code, never.json()["code"]) == (404, "unknown-version")
    answer = await put(
        served, "/items/new-item", plan | {"handling": "promised", "promised_limit_workdays": None}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "promise-missing")


async def test_a_calendar_is_of_the_year_its_address_says(served: Served) -> None:
    notice = {
        "year": 2028,
        "title": {"zh": "2028年部分节假日安排", "en": "Holidays of 2028"},
        "issued": "2027-11-01",
        "rest_days": ["2028-01-01"],
    }
    answer = await put(served, "/calendars/2027", notice)
    assert (answer.status_code, answer.json()["code"]) == (422, "year-in-path")
    answer = await put(served, "/calendars/2028", notice)
    assert (answer.json()["stream"], answer.json()["year"]) == ("calendar-2028", 2028)
    assert 2028 in served.parts.catalogue.calendar.gazetted
    assert (await put(served, "/calendars/next", notice)).status_code == 422
