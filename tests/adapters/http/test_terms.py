"""The terms of a region over HTTP: set, read with their marks, compared over time, and in force."""

import pytest

from domain.rules import RULES
from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGION = "/regions/411328000000/terms"
MARK = "默认值，并非规定"


async def test_what_nobody_has_set_is_marked_as_a_default(served: Served) -> None:
    told = (await served.get("/regions/411300000000/terms", served.bearer("auditor"))).json()
    assert (told["set_by"], told["version"]) == (None, 0)
    assert [rule["rule"] for rule in told["rules"]] == list(RULES)
    assert {rule["mark"]["zh"] for rule in told["rules"]} == {MARK}
    assert {term["mark"]["zh"] for term in told["told"].values()} == {MARK}
    assert "no-reason" in told["refused_at_once"]


async def test_terms_are_set_read_and_compared(served: Served) -> None:
    admin = served.bearer("admin")
    quick = {"workdays": 3, "warning": {"left_workdays": 1}, "red": {"over_workdays": 0}}
    answer = await served.client.put(f"/api/v1{REGION}", json={"rules": {"acceptance": quick}}, headers=admin)
    assert answer.status_code == 200, answer.text
    receipt = answer.json()
    assert (receipt["region"], receipt["version"]) == ("411328000000", 1)
    again = await served.client.put(f"/api/v1{REGION}", json={"rules": {"acceptance": quick}}, headers=admin)
    assert again.json()["version"] == 1
    await served.client.put(
        f"/api/v1{REGION}", json={"review_days": 15, "rules": {"acceptance": quick}}, headers=admin
    )
    told = (await served.get(REGION, admin)).json()
    rules = {rule["rule"]: rule for rule in told["rules"]}
    assert rules["acceptance"]["in_force"]["workdays"] == 3
    assert (rules["acceptance"]["mark"], rules["delivery"]["mark"]["zh"]) == (None, MARK)
    assert (told["told"]["review.window"]["value"], told["told"]["review.window"]["mark"]) == (15, None)
    of_hall = (await served.get("/terms", hall="tanghe")).json()
    assert (of_hall["review.window"]["value"], of_hall["cases.acceptance"]["value"]) == (15, 3)
    versions = (await served.get(f"{REGION}/history", admin)).json()["versions"]
    assert [version["version"] for version in versions] == [2, 1]
    assert versions[0]["changes"] == [["review_days", 30, 15]]
    assert ["rules.acceptance.workdays", None, 3] in versions[1]["changes"]
    assert versions[0]["by"] == "admin:somebody"


async def test_terms_that_contradict_themselves_are_refused(served: Served) -> None:
    admin = served.bearer("admin")
    falling = {"rules": {"acceptance": {"yellow": {"over_workdays": 2}, "red": {"over_workdays": 0}}}}
    for body, why in (
        (falling, "signals-not-rising"),
        ({"rules": {"nothing": {}}}, None),
        ({"rules": {"step": {"red": {}}}}, None),
        ({"rectification": {"contact": 5, "simple": 5, "complex": 15}}, "limits-not-rising"),
    ):
        answer = await served.client.put(f"/api/v1{REGION}", json=body, headers=admin)
        assert answer.status_code in (400, 422), answer.text
        assert why in (None, answer.json()["errors"][0]["message"])
    unknown = await served.client.put("/api/v1/regions/990000000000/terms", json={}, headers=admin)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-region")


async def test_only_an_admin_sets_terms(served: Served) -> None:
    for role in ("clerk", "supervisor", "auditor", "citizen"):
        answer = await served.client.put(f"/api/v1{REGION}", json={}, headers=served.bearer(role))  # type: ignore[arg-type]
        assert answer.status_code == 403, role
