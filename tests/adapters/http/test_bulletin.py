"""The bulletin of a hall: waits, bookings, notices and results, as its screens show them."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from adapters.http.bulletin import quarter_of
from adapters.http.figures import PUBLIC_FLOOR
from domain.hall import Display, Notice
from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.http.test_rectifications import bad_review

pytestmark = pytest.mark.asyncio(loop_scope="module")

WATER = "三楼暂停供水。"


async def configure(served: Served, hall: str, display: Display) -> None:
    plan = msgspec.structs.replace(served.parts.catalogue.hall(hall), display=display)
    body = msgspec.to_builtins(plan)
    answer = await served.client.put(f"/api/v1/halls/{hall}", json=body, headers=served.bearer("admin"))
    assert answer.status_code == 200, answer.text


async def test_a_wait_is_told_for_whoever_comes_next_and_none_while_no_window_calls(served: Served) -> None:
    kiosk, clerk = served.bearer("kiosk", hall="guotan"), served.bearer("clerk", "li", hall="guotan")
    for _ in range(3):
        assert (await served.post("/halls/guotan/tickets", {"queue": "a"}, kiosk)).status_code == 201

    async def waits() -> dict[str, object]:
        told = (await served.get("/halls/guotan/bulletin")).json()["waits"]
        return {wait["queue"]: wait["wait_s"] for wait in told}

    assert await waits() == {"a": None, "b": None}
    assert (await served.post("/halls/guotan/windows/w01/open", {"queues": ["a"]}, clerk)).status_code == 200
    told = await waits()
    assert told["b"] is None
    assert isinstance(told["a"], dict)
    assert 0 < told["a"]["p50"] <= told["a"]["p90"]


async def test_the_day_s_hours_and_the_next_opening_are_told(served: Served) -> None:
    served.clock.at = datetime(2026, 11, 21, 8, 0, tzinfo=SHANGHAI)
    try:
        rests = (await served.get("/halls/tanghe/bulletin")).json()["hours"]
        works = (await served.get("/halls/tanghe/bulletin", date="2026-11-23")).json()["hours"]
    finally:
        served.clock.at = None
    assert (rests["spans"], rests["opens_next"]) == ([], "2026-11-23T09:00:00+08:00")
    assert [one["opens"] for one in works["spans"]] == ["09:00:00", "13:00:00"]


async def test_the_next_intervals_tell_what_is_booked_and_what_is_free(served: Served) -> None:
    served.clock.at = datetime(2026, 11, 23, 8, 0, tzinfo=SHANGHAI)
    try:
        before = (await served.get("/halls/tanghe/bulletin")).json()["bookings"]
        assert [one["booked"] for one in before] == [0, 0, 0]
        offered = (await served.get("/halls/tanghe/slots", date="2026-11-23", item="demo-dibao")).json()
        slot = offered["slots"][1]
        booking = {"item": "demo-dibao", "date": "2026-11-23", "slot": slot["slot"]}
        citizen = await served.citizen("bulletin-reader")
        made = await served.post("/halls/tanghe/appointments", booking, citizen)
        assert made.status_code == 201, made.text
        after = (await served.get("/halls/tanghe/bulletin")).json()["bookings"]
    finally:
        served.clock.at = None
    changed = [new for old, new in zip(before, after, strict=True) if new != old]
    assert [(one["starts_at"], one["booked"]) for one in changed] == [(slot["starts_at"], 1)]


async def test_notices_are_shown_on_their_days_only(served: Served) -> None:
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    yesterday = today - timedelta(days=1)
    over = Notice("已过期", "over", ends=yesterday)
    to_come = Notice("未开始", "to come", begins=today + timedelta(days=1))
    await configure(
        served, "huyang", Display(notices=(over, Notice(WATER, "No water.", yesterday, today), to_come))
    )
    told = (await served.get("/halls/huyang/bulletin")).json()
    assert [notice["zh"] for notice in told["notices"]] == [WATER]
    earlier = (await served.get("/halls/huyang/bulletin", date=yesterday.isoformat())).json()
    assert [notice["zh"] for notice in earlier["notices"]] == ["已过期", WATER]


async def test_results_of_bad_reviews_are_there_only_where_the_plan_publishes_them(served: Served) -> None:
    assert (await served.get("/halls/huyang/bulletin")).json()["results"] == []
    await configure(served, "huyang", Display(rectifications=True))
    assert (await served.get("/halls/huyang/bulletin")).json()["results"] == [], "too few to be published"


async def test_results_tell_what_became_of_the_quarters_bad_reviews(office: Served) -> None:
    await configure(office, "yuantan", Display(rectifications=True))
    clerk = office.bearer("clerk", "li", hall="yuantan")
    steps: tuple[tuple[str, dict[str, str]], ...] = (
        ("contact", {"outcome": "reached"}),
        ("verify", {"finding": "true", "note": "属实"}),
        ("rectify", {"remedy": "measures", "text": "已增开一个窗口"}),
    )
    for nth in range(PUBLIC_FLOOR):
        service, _, _ = await bad_review(office, "yuantan", f"published {nth}")
        for step, body in steps:
            answer = await office.post(f"/rectifications/{service}/{step}", body, clerk)
            assert answer.status_code == 200, answer.text
    await office.parts.views.wait("performance", answer.json()["position"], 5)
    told = (await office.get("/halls/yuantan/bulletin")).json()["results"]
    rectified = next(result for result in told if result["figure"] == "rectified")
    assert (rectified["name"]["zh"], rectified["value"]) == ("差评整改率", 1.0)
    assert rectified["denominator"] == PUBLIC_FLOOR


async def test_a_bulletin_of_no_hall_is_a_problem(served: Served) -> None:
    answer = await served.get("/halls/nowhere/bulletin")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-hall")


@pytest.mark.parametrize(
    ("day", "first"),
    [("2026-01-01", "2026-01-01"), ("2026-05-31", "2026-04-01"), ("2026-12-31", "2026-10-01")],
)
async def test_a_quarter_begins_in_january_april_july_and_october(day: str, first: str) -> None:
    assert quarter_of(date.fromisoformat(day)) == date.fromisoformat(first)
