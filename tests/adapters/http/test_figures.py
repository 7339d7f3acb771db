"""The published figures over HTTP: by what they are told, to whom, and where the events behind them are."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from domain import snapshot
from domain.handling import Act, Ask
from domain.message import Stamp
from domain.snapshot import AmendFigures, Cause, FreezeFigures, Group
from domain.workdays import SHANGHAI
from projections.definitions import DEFINITIONS
from tests.adapters.http.serving import Served
from tests.adapters.http.test_past import head
from tests.adapters.http.test_rectifications import bad_review
from tests.adapters.http.test_reviews import served_ticket

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def told(served: Served, who: dict[str, str] | None = None, **query: Any) -> list[dict[str, Any]]:
    answer = await served.get("/performance", who, **query)
    assert answer.status_code == 200, answer.text
    groups: list[dict[str, Any]] = answer.json()["performance"]
    return groups


async def test_every_figure_leads_to_the_events_it_was_made_of(office: Served) -> None:
    await bad_review(office, "tanghe", "figures")
    admin = office.bearer("admin")
    case = {"item": "demo-shebaoka-shenling", "hall": "tanghe"}
    await office.post("/cases", case, await office.citizen("figures"))
    at = await head(office)
    for by in ("all", "hall", "window", "channel", "day", "quarter"):
        for group in await told(office, admin, by=by, after=at):
            assert group["rates"].keys() == DEFINITIONS.keys()
            for figure, rate in group["rates"].items():
                if not rate["denominator"]:
                    continue
                path = group["evidence"].removeprefix("/api/v1").replace("{figure}", figure)
                proof = (await office.get(path, admin)).json()
                assert [proof[half] for half in ("numerator", "denominator")] == [
                    rate["numerator"],
                    rate["denominator"],
                ], (by, group[by], figure)


async def test_a_figure_says_what_is_divided_by_what_and_what_was_asked_of_it(office: Served) -> None:
    answer = (await office.get("/performance", office.bearer("admin"), by="all")).json()
    assert answer["names"]["items_covered"]["zh"] == "主动评价覆盖事项率"
    defined = answer["definitions"]["items_on_the_spot"]
    assert defined["text"]["zh"] == "即办事项占比 ＝ 即办事项 ÷ 已发布的事项"
    assert (defined["target"]["bound"], defined["target"]["value"]) == ("least", 0.4)
    assert "唐放办〔2021〕43号" in defined["source"]["zh"]
    (everything,) = answer["performance"]
    assert everything["rates"]["items_on_the_spot"]["denominator"] > 5


async def test_a_hall_is_told_of_the_items_that_are_handled_there(office: Served) -> None:
    director = office.bearer("supervisor", "director", hall="heilong")
    listed = (await office.get("/items", hall="heilong", limit=100)).json()["items"]
    for path in ("/performance", "/performance/export"):
        assert (await office.get(path, director, by="all", hall="heilong")).status_code == 200
    (here,) = (await office.get("/performance", director, by="all", hall="heilong")).json()["performance"]
    assert here["rates"]["item_visits"]["denominator"] == len(listed)
    proof = (await office.get("/performance/items_used/events", director, hall="heilong")).json()
    assert {one["item"] for one in proof["evidence"]} == {one["item"] for one in listed}
    (everywhere,) = (await office.get("/performance", office.bearer("admin"), by="all")).json()["performance"]
    assert everywhere["rates"]["item_visits"]["denominator"] >= len(listed)


async def test_a_clerk_is_told_to_the_hall_and_not_to_the_public(office: Served) -> None:
    await served_ticket(office, "huyang")
    at = await head(office)
    (mine,) = await told(office, office.bearer("supervisor"), by="clerk", hall="huyang", after=at)
    assert (mine["clerk"], mine["rates"]["active_review"]["denominator"]) == ("huyang-w01", 1)
    for query in ({"by": "clerk"}, {"clerk": "li"}, {"window": "w01"}, {"by": "window"}):
        assert (await office.get("/performance", **query)).status_code == 401
        citizen = await office.citizen("curious")
        assert (await office.get("/performance", citizen, **query)).status_code == 403
    mine_alone = office.bearer("supervisor", "director", hall="huyang")
    assert [group["clerk"] for group in await told(office, mine_alone, by="clerk")] == ["huyang-w01"]
    other = await office.get("/performance", mine_alone, by="window", hall="tanghe")
    assert (other.status_code, other.json()["code"]) == (403, "other-hall")
    exported = await office.get("/performance/export", mine_alone, hall="tanghe")
    assert (exported.status_code, exported.json()["code"]) == (403, "other-hall")
    (public,) = await told(office, hall="huyang")
    assert public["rates"]["active_review"] == {"numerator": 0, "denominator": 0, "value": None}
    assert public["evidence"] is None


async def test_the_rating_of_a_test_case_is_a_test(office: Served) -> None:
    clerk, me = office.bearer("clerk", "tester", hall="heilong"), await office.citizen("tester")
    asked = {"item": "demo-shebaoka-shenling", "hall": "heilong", "test": True}
    case = (await office.post("/cases", asked, me)).json()["case"]
    assert (await office.post(f"/cases/{case}/accept", None, clerk)).status_code == 200
    body = {"service": {"case": case}, "grade": "very-dissatisfied", "channel": "web"}
    assert (await office.post("/reviews", body, me)).status_code == 201
    at = await head(office)
    (hall,) = await told(office, office.bearer("admin"), hall="heilong", after=at)
    assert hall["tests"] == {"cases": 1, "reviews": 1}
    assert hall["rates"]["bad"]["denominator"] == hall["rates"]["on_the_spot"]["denominator"] == 0


async def test_a_snapshot_is_read_as_it_was_frozen_and_as_it_was_amended(office: Served) -> None:
    stamp = Stamp(at=datetime(2026, 4, 1, 1, tzinfo=SHANGHAI), by="clock:figures", command="freeze")
    stream = snapshot.stream("2026-03")
    was = (Group("hall", "tanghe", {"bad": (1, 9)}), Group("hall", "heilong", {"bad": (1, 3)}))
    now = (Group("hall", "tanghe", {"bad": (0, 8)}), was[1])
    cause = Cause(120, "c9.0", "review-ruled")
    for n, command in enumerate((FreezeFigures(100, was), AmendFigures(130, now, (cause,)))):
        asked = msgspec.structs.replace(stamp, command=f"snapshot-{n}")
        receipt = await office.parts.loop.submit(Act((Ask(stream, command),)), asked)
    listed = (await office.get("/performance/snapshots", kind="month", after=receipt.position)).json()
    (row,) = listed["snapshots"]
    assert (row["snapshot"], row["first"], row["last"]) == ("2026-03", "2026-03-01", "2026-03-31")
    assert row["amended_at"] == ["2026-04-01T01:00:00+08:00"]
    told = (await office.get("/performance/snapshots/2026-03", office.bearer("auditor"))).json()
    bad = {group["name"]: group["rates"]["bad"] for group in told["groups"]}
    assert [bad["tanghe"][when]["numerator"] for when in ("frozen", "now")] == [1, 0]
    assert bad["heilong"]["frozen"]["denominator"] == 3
    assert told["amendments"][0]["causes"][0]["type"] == "review-ruled"
    public = (await office.get("/performance/snapshots/2026-03")).json()
    bad = {group["name"]: group["rates"]["bad"] for group in public["groups"]}
    assert bad["tanghe"]["now"]["denominator"] == 8
    assert bad["heilong"]["frozen"] == {"numerator": 0, "denominator": 0, "value": None}
    assert public["amendments"] is None
    missing = await office.get("/performance/snapshots/2026-05")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown-snapshot")
