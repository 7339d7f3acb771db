"""Whoever gets no ticket any more is told when there is a place to book."""

from datetime import datetime, timedelta

import msgspec
import pytest

from adapters.http import openings
from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

MONDAY = datetime(2026, 11, 23, 9, 20, tzinfo=SHANGHAI)
ITEM = "demo-dibao"


async def test_who_finds_the_hall_full_is_told_the_next_free_booking(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openings, "KEPT_FOR_S", 0)
    catalogue = served.parts.catalogue
    queue = catalogue.item(ITEM).plan.queue
    assert queue is not None
    plan = msgspec.structs.replace(
        catalogue.hall("tanghe"),
        capacity=1,
        sessions=(
            msgspec.structs.replace(
                catalogue.hall("tanghe").sessions[0], public=1, slot_minutes=60, queues=()
            ),
        ),
    )
    admin = served.bearer("admin")
    put = await served.client.put("/api/v1/halls/tanghe", json=msgspec.to_builtins(plan), headers=admin)
    assert put.status_code == 200, put.text
    kiosk = served.bearer("kiosk", hall="tanghe")
    served.clock.at = MONDAY
    try:
        assert (await served.post("/halls/tanghe/tickets", {"item": ITEM}, kiosk)).status_code == 201
        refused = await served.post("/halls/tanghe/tickets", {"item": ITEM}, kiosk)
        told = refused.json()
        assert (refused.status_code, told["code"]) == (409, "hall-full")
        opening = told["facts"]["next"]
        starts_at = datetime.fromisoformat(opening["starts_at"])
        assert (opening["hall"], opening["date"]) == ("tanghe", "2026-11-23")
        assert MONDAY < starts_at <= MONDAY + timedelta(hours=1)
        zh = f"最近可预约：唐河县政务服务中心，11月23日{starts_at.astimezone(SHANGHAI):%H:%M}。"
        assert told["text"]["zh"].endswith(zh)
        assert told["text"]["en"].endswith(f"{starts_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}.")

        booking = {"item": ITEM, "date": opening["date"], "slot": opening["slot"]}
        booked = await served.post("/halls/tanghe/appointments", booking, await served.citizen("instead"))
        assert booked.status_code == 201, booked.text
        later = (await served.post("/halls/tanghe/tickets", {"queue": queue}, kiosk)).json()
        assert later["code"] == "hall-full"
        assert datetime.fromisoformat(later["facts"]["next"]["starts_at"]) > starts_at, "that place is taken"
    finally:
        served.clock.at = None


async def test_where_nothing_can_be_booked_the_refusal_says_so(served: Served) -> None:
    catalogue = served.parts.catalogue
    plan = msgspec.structs.replace(catalogue.hall("yuantan"), capacity=1, sessions=())
    put = await served.client.put(
        "/api/v1/halls/yuantan", json=msgspec.to_builtins(plan), headers=served.bearer("admin")
    )
    assert put.status_code == 200, put.text
    kiosk = served.bearer("kiosk", hall="yuantan")
    served.clock.at = MONDAY
    try:
        line = {"queue": plan.queues[0].queue}
        assert (await served.post("/halls/yuantan/tickets", line, kiosk)).status_code == 201
        told = (await served.post("/halls/yuantan/tickets", line, kiosk)).json()
    finally:
        served.clock.at = None
    assert (told["code"], told["facts"]["next"]) == ("hall-full", None)
    assert told["text"]["zh"].endswith("近期也没有可预约的号源。")
