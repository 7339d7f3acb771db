"""Configuration by documents: what a change would do, every version of it, and the views built anew."""

import asyncio
from typing import Any

import httpx
import psycopg
import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def plan_of(served: Served, hall: str) -> dict[str, Any]:
    plan: dict[str, Any] = (await served.get(f"/halls/{hall}")).json()
    for known in ("hall", "version", "position", "as_of"):
        del plan[known]
    plan["windows"] = [{k: v for k, v in w.items() if k not in ("state", "pause")} for w in plan["windows"]]
    return plan


async def put(served: Served, path: str, body: dict[str, Any]) -> httpx.Response:
    return await served.client.put(f"/api/v1{path}", json=body, headers=served.bearer("admin", "chief"))


async def test_a_rehearsed_change_tells_what_it_would_do_and_stores_nothing(served: Served) -> None:
    plan = await plan_of(served, "guotan")
    plan["sessions"] = [plan["sessions"][0] | {"public": 9}]
    before = served.stored()
    answer = await put(served, "/halls/guotan?dry_run=true", plan)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert ["sessions.1.public", 3, 9] in told["changes"]
    assert len(told["days"]) == 14
    assert any(day["public"] == 9 * day["slots"] > 0 for day in told["days"] if not day["closed"])
    assert served.stored() == before
    assert (await plan_of(served, "guotan"))["sessions"] != plan["sessions"]


async def test_a_rehearsal_refuses_what_would_be_refused(served: Served) -> None:
    plan = await plan_of(served, "guotan")
    plan["sessions"] = [plan["sessions"][0] | {"walk_in": 0}]
    answer = await put(served, "/halls/guotan?dry_run=true", plan)
    assert (answer.status_code, answer.json()["code"]) == (422, "walk-in-share-missing")
    answer = await put(served, "/halls/guotan?dry_run=perhaps", plan)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_every_version_of_a_hall_is_told_with_what_it_changed_and_who_did(served: Served) -> None:
    admin = served.bearer("admin", "chief")
    plan = await plan_of(served, "heilong")
    assert (await put(served, "/halls/spare", plan)).status_code == 200
    assert (await put(served, "/halls/spare", plan | {"recalls": 4})).status_code == 200
    told = (await served.get("/halls/spare/history", headers=admin)).json()["versions"]
    assert [version["version"] for version in told] == [2, 1]
    assert told[0]["changes"] == [["recalls", plan["recalls"], 4]]
    assert told[0]["by"] == "admin:chief"
    assert (await served.get("/halls/nowhere/history", headers=admin)).status_code == 404
    assert (await served.get("/halls/spare/history")).status_code == 401


async def test_gazetted_years_can_be_read_and_rehearsed(served: Served) -> None:
    admin = served.bearer("admin", "chief")
    years = (await served.get("/calendars")).json()["calendars"]
    assert {2025, 2026} <= {year["year"] for year in years}
    one = (await served.get("/calendars/2026")).json()
    assert one["rest_days"]
    assert (await served.get("/calendars/2031")).json()["code"] == "unknown-calendar"
    notice = {k: v for k, v in one.items() if k not in ("position", "as_of")}
    answer = await put(served, "/calendars/2026?dry_run=true", notice)
    assert answer.json()["changes"] == []
    assert (await served.get("/calendars/2026/history", headers=admin)).json()["versions"]


async def test_the_terms_of_a_region_are_rehearsed_too(served: Served) -> None:
    admin = served.bearer("admin", "chief")
    terms = (await served.get("/regions/411328000000/terms", admin)).json()["terms"]
    changed = terms | {"review_days": terms["review_days"] + 1}
    answer = await put(served, "/regions/411328000000/terms?dry_run=true", changed)
    assert answer.status_code == 200, answer.text
    assert (await served.get("/regions/411328000000/terms", admin)).json()["terms"] == terms


async def test_a_rebuild_is_begun_once_and_seen_to_its_end(served: Served) -> None:
    admin = served.bearer("admin", "chief")
    views = (await served.get("/views", headers=admin)).json()["views"]
    assert {"board", "day", "rectifications"} <= {view["view"] for view in views}
    assert not any(view["rebuilding"] for view in views)
    assert (await served.post("/views/rebuild", {"views": ["nonsense"]}, admin)).status_code == 404
    for _ in range(2):
        answer = await served.post("/views/rebuild", {"views": ["board"]}, admin)
        assert (answer.status_code, answer.json()) == (202, {"views": ["board"]})
    other = await served.post("/views/rebuild", {"views": ["day"]}, admin)
    assert (other.status_code, other.json()["code"]) == (409, "rebuild-running")
    async with asyncio.timeout(30):
        while True:
            views = (await served.get("/views", headers=admin)).json()["views"]
            if not any(view["rebuilding"] for view in views):
                break
            await asyncio.sleep(0.1)
    with psycopg.connect(served.url) as connection:
        found = connection.execute("SELECT generation FROM view_generations WHERE projection = 'board'")
        assert found.fetchone() == (1,)
