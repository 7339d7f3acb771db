"""What the clock records of bookings, and what missing them means: online booking only, and not for ever."""

from collections import Counter
from datetime import datetime, time, timedelta

import pytest

from adapters.attendance import Attendance
from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import ITEM, LI, book, workday

pytestmark = pytest.mark.asyncio(loop_scope="module")


class OnDuty:
    async def head(self) -> int:
        return 0


async def clock_strikes(served: Served, at: datetime) -> int:
    """The clock does its work as of a moment; the position of the last event it brought about."""
    position = served.stored()
    for name in ("appointments", "holds"):
        await served.parts.views.wait(name, position)
    clock = Attendance(OnDuty(), served.parts.views, served.parts.loop.submit, lambda: at)
    return await clock.fire()


async def topics(served: Served, stream: str) -> Counter[str]:
    page = await served.get("/events", served.bearer("auditor"), stream=stream)
    return Counter(event["data"]["type"] for event in page.json()["events"])


async def test_the_clock_records_once_who_did_not_come(served: Served) -> None:
    day, me, there = workday(served), await served.citizen("absent"), await served.citizen("present")
    missed = (await book(served, me, "tanghe", "b-0900", day)).json()["appointment"]
    kept = (await book(served, there, "tanghe", "b-0900", day)).json()["appointment"]
    ends = datetime.combine(day, time(10), SHANGHAI)
    served.clock.at = ends - timedelta(minutes=55)
    try:
        assert (await served.post(f"/appointments/{kept}/check-in", None, there)).status_code == 201
    finally:
        served.clock.at = None
    assert await clock_strikes(served, ends - timedelta(seconds=1)) == 0
    assert (await served.get(f"/appointments/{missed}", me)).json()["status"] == "booked"
    assert await clock_strikes(served, ends + timedelta(hours=3)) > 0
    assert (await served.get(f"/appointments/{missed}", me)).json()["status"] == "missed"
    assert (await served.get(f"/appointments/{kept}", there)).json()["status"] == "checked-in"
    assert await clock_strikes(served, ends + timedelta(hours=3)) == 0
    assert (await topics(served, f"slots-tanghe-{day}"))["appointment-missed"] == 1
    page = await served.get("/events", served.bearer("auditor"), stream=f"slots-tanghe-{day}")
    event = next(e for e in page.json()["events"] if e["data"]["type"] == "appointment-missed")
    assert datetime.fromisoformat(event["time"]) == ends, (
        "it was missed when its slot ended, whoever wrote it when"
    )


async def test_the_clock_frees_a_place_that_was_held_too_long(served: Served) -> None:
    day, me = workday(served, 2), await served.citizen("holding on")
    body = {"item": ITEM, "date": day.isoformat(), "slot": "b-0900"}
    held = (await served.post("/halls/yuantan/holds", body, me)).json()
    until = datetime.fromisoformat(held["until"])
    assert await clock_strikes(served, until - timedelta(seconds=1)) == 0
    assert await clock_strikes(served, until) > 0
    assert (await topics(served, f"slots-yuantan-{day}"))["hold-released"] == 1
    assert await clock_strikes(served, until) == 0
    answer = await served.post(f"/holds/{held['hold']}/confirm", None, me)
    assert answer.json()["code"] == "hold-over"


async def test_two_no_shows_end_online_booking_only_and_a_supervisor_may_open_it_again(
    served: Served,
) -> None:
    me = await served.citizen("forgetful")
    standing = (await served.get("/standing", me)).json()
    assert (standing["no_shows"], standing["warned"], standing["suspended_until"]) == ([], False, None)
    answer = await served.post("/standing/appeal", {"reason": "why"}, me)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-suspended")
    first, second = workday(served, 1), workday(served, 2)
    for day in (first, second):
        assert (await book(served, me, "guotan", "b-0900", day)).status_code == 201
    await clock_strikes(served, datetime.combine(first, time(12), SHANGHAI))
    served.clock.at = datetime.combine(first, time(12), SHANGHAI)
    try:
        assert (await served.get("/standing", me)).json()["warned"] is True
        await clock_strikes(served, datetime.combine(second, time(12), SHANGHAI))
        served.clock.at = datetime.combine(second, time(12), SHANGHAI)
        standing = (await served.get("/standing", me)).json()
        ends = datetime.combine(second, time(9), SHANGHAI) + timedelta(days=30)
        assert datetime.fromisoformat(standing["suspended_until"]) == ends
        third = workday(served, 3)
        answer = await book(served, me, "guotan", "b-0900", third)
        assert (answer.status_code, answer.json()["code"]) == (409, "booking-suspended")
        body = {"item": ITEM, "date": third.isoformat()}
        answer = await served.post("/halls/guotan/waiting", body, me)
        assert (answer.status_code, answer.json()["code"]) == (409, "booking-suspended")

        walk_in = await served.post("/halls/guotan/tickets", {"item": ITEM}, me)
        assert walk_in.status_code == 201, "whoever is suspended still walks in"

        assert (await served.post("/standing/appeal", {"reason": "住院"}, me)).status_code == 200
        assert (await served.get("/standing", me)).json()["appealed"] is True
        boss = served.bearer("supervisor", "wang")
        listed = await served.get("/suspensions", boss, after=served.stored())
        appeal = next(one for one in listed.json()["suspensions"] if one["reason"] == "住院")
        assert appeal["name"]["name"] == "演*"
        path = f"/suspensions/{appeal['person']}"
        assert (await served.post(f"{path}/uphold", {"reason": "no letter"}, boss)).status_code == 200
        answer = await served.post(f"{path}/uphold", {"reason": "no letter"}, boss)
        assert (answer.status_code, answer.json()["code"]) == (409, "no-appeal")
        assert (await served.post(f"{path}/lift", {"reason": "the letter came"}, boss)).status_code == 200
        listed = await served.get("/suspensions", boss, after=served.stored())
        assert listed.json()["suspensions"] == []
        assert (await book(served, me, "guotan", "b-0900", third)).status_code == 201
    finally:
        served.clock.at = None


async def test_staff_book_for_whoever_is_suspended(served: Served) -> None:
    clerk = served.bearer("clerk", "zhao", hall="huyang")
    for nth in (1, 2):
        made = await book(served, clerk, "huyang", "b-0900", workday(served, nth), person=LI)
        assert made.status_code == 201
    await clock_strikes(served, datetime.combine(workday(served, 2), time(12), SHANGHAI))
    served.clock.at = datetime.combine(workday(served, 2), time(12), SHANGHAI)
    try:
        other = await served.citizen("neighbour")
        answer = await book(served, other, "huyang", "b-0900", workday(served, 3), person=LI)
        assert answer.json()["code"] == "booking-suspended"
        answer = await book(served, clerk, "huyang", "b-0900", workday(served, 3), person=LI)
        assert answer.status_code == 201
    finally:
        served.clock.at = None
