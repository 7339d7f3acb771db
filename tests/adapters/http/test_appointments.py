"""Appointments over HTTP: booked by citizens and for them, seen by nobody else."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from domain.workdays import SHANGHAI, is_working_day
from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

ITEM = "demo-shebaoka-shenling"
LI = {"name": "李四", "id_type": "resident-id", "id_number": "11010519491231002X", "phone": "13800138000"}


def workday(served: Served, nth: int = 1) -> date:
    """The nth working day from tomorrow."""
    day = datetime.now(SHANGHAI).date()
    while nth:
        day += timedelta(days=1)
        nth -= is_working_day(served.parts.catalogue.calendar, day)
    return day


async def book(served: Served, who: dict[str, str], hall: str, slot: str, day: date, **more: Any) -> Any:
    body = {"item": ITEM, "date": day.isoformat(), "slot": slot} | more
    return await served.post(f"/halls/{hall}/appointments", body, who)


async def test_a_citizen_books_sees_moves_and_cancels_their_own(served: Served) -> None:
    me, day = await served.citizen("me"), workday(served)
    made = await book(served, me, "tanghe", "b-0900", day)
    assert made.status_code == 201
    receipt = made.json()
    assert receipt["stream"] == f"slots-tanghe-{day}"
    assert {"appointment", "voucher", "version", "position", "slot", "starts_at"} <= set(receipt)
    seen = (await served.get(f"/appointments/{receipt['appointment']}", me)).json()
    assert (seen["status"], seen["item"], seen["item_name"]["en"]) == ("booked", ITEM, "Social security card")
    assert seen["person"]["name"] == "演*"
    moved = (
        await served.post(
            f"/appointments/{receipt['appointment']}/reschedule",
            {"date": day.isoformat(), "slot": "b-1000"},
            me,
        )
    ).json()
    assert moved["slot"] == "b-1000"
    assert moved["appointment"] != receipt["appointment"]
    old = (await served.get(f"/appointments/{receipt['appointment']}", me)).json()
    assert old["status"] == "cancelled"
    gone = await served.post(f"/appointments/{moved['appointment']}/cancel", None, me)
    assert gone.json()["status"] == "cancelled"


async def test_a_booking_keeps_the_version_of_the_guide_it_was_made_by(served: Served) -> None:
    me, day, admin = await served.citizen("frozen"), workday(served), served.bearer("admin")
    plan = msgspec.to_builtins(served.parts.catalogue.item(ITEM).plan)
    await served.client.put("/api/v1/items/frozen-guide", json=plan, headers=admin)
    held = {"item": "frozen-guide", "date": day.isoformat(), "slot": "b-1000"}
    hold = (await served.post("/halls/heilong/holds", held, me)).json()["hold"]
    await served.client.put("/api/v1/items/frozen-guide", json=plan | {"visits": 7}, headers=admin)
    made = (await served.post(f"/holds/{hold}/confirm", {}, me)).json()["appointment"]
    assert (await served.get(f"/appointments/{made}", me)).json()["item_versions"] == [1]
    another = await served.citizen("later")
    body = {"item": "frozen-guide", "date": day.isoformat(), "slot": "b-1000"}
    booked = (await served.post("/halls/heilong/appointments", body, another)).json()["appointment"]
    assert (await served.get(f"/appointments/{booked}", another)).json()["item_versions"] == [2]


async def test_nobody_elses_appointment_can_be_told_from_none(served: Served) -> None:
    me, other, day = await served.citizen("a"), await served.citizen("b"), workday(served)
    made = (await book(served, me, "guotan", "b-0900", day)).json()["appointment"]
    none = made[:-4] + "zzzz"
    for suffix, method in (
        ("", "GET"),
        ("/calendar.ics", "GET"),
        ("/cancel", "POST"),
        ("/check-in", "POST"),
        ("/reschedule", "POST"),
    ):
        body = {"date": day.isoformat(), "slot": "b-1000"} if suffix == "/reschedule" else None
        answers = [
            await served.client.request(
                method, f"/api/v1/appointments/{name}{suffix}", json=body, headers=headers
            )
            for name, headers in (
                (made, other),
                (none, me),
                (none, other),
                (made, served.bearer("kiosk", hall="yuantan")),
                ("x", me),
            )
            if not (suffix == "/reschedule" and headers is not me and headers is not other)
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
            (404, "unknown-appointment")
        }
        assert len({answer.text for answer in answers}) == 1


async def test_whoever_holds_the_voucher_may_act_for_the_person(served: Served) -> None:
    son, day = await served.citizen("son"), workday(served)
    made = (await book(served, son, "heilong", "b-0900", day, person=LI)).json()
    assert (await served.get(f"/appointments/{made['appointment']}", son)).status_code == 404
    seen = await served.get(f"/appointments/{made['voucher']}", son)
    assert seen.json()["person"] == {
        "name": "李*",
        "id_type": "resident-id",
        "id_number": "1101**********002X",
        "phone": "138****8000",
    }
    assert (await served.post(f"/appointments/{made['voucher']}/cancel", None, son)).json()[
        "status"
    ] == "cancelled"


async def test_staff_book_for_a_named_person_from_the_places_kept_for_that(served: Served) -> None:
    clerk, day = served.bearer("clerk", hall="huyang"), workday(served)
    answer = await book(served, clerk, "huyang", "b-0900", day)
    assert (answer.status_code, answer.json()["code"]) == (422, "person-needed")
    made = await book(served, clerk, "huyang", "b-0900", day, person=LI)
    page = await served.get("/events", served.bearer("auditor"), stream=made.json()["stream"])
    booked = [event["data"] for event in page.json()["events"] if event["data"]["type"] == "slot-booked"]
    assert [event["channel"] for event in booked] == ["internal"]
    assert "李四" not in page.text
    assert LI["id_number"] not in page.text
    assert LI["phone"] not in page.text


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"id_number": "110105194912310021"}, "invalid-resident-id", "id_number"),
        ({"phone": "12345"}, "invalid-mobile", "phone"),
        ({"name": "\u200b"}, "invalid-name", "name"),
        ({"id_type": "passport"}, "invalid", "person.id_type"),
        ({"age": 5}, "invalid", "person"),
    ],
)
async def test_a_person_who_cannot_be_is_refused_with_the_field(
    served: Served, wrong: dict[str, Any], code: str, field: str
) -> None:
    answer = await book(
        served, served.bearer("clerk"), "tanghe", "b-0900", workday(served), person=LI | wrong
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["field"] == field


async def test_a_full_slot_is_refused_and_shows_nothing_left(served: Served) -> None:
    day = workday(served, 2)
    before = (await served.get("/halls/longtan/slots", date=day.isoformat(), item=ITEM)).json()["slots"][0]
    assert set(before) == {"slot", "queue", "starts_at", "ends_at", "remaining"}
    for number in range(before["remaining"]):
        answer = await book(served, await served.citizen(f"full-{number}"), "longtan", before["slot"], day)
        assert answer.status_code == 201
    answer = await book(served, await served.citizen("late"), "longtan", before["slot"], day)
    assert (answer.status_code, answer.json()["code"]) == (409, "slot-full")
    after = (await served.get("/halls/longtan/slots", date=day.isoformat(), item=ITEM)).json()["slots"][0]
    assert after["remaining"] == 0


async def test_days_off_and_days_too_far_offer_nothing_and_cannot_be_booked(served: Served) -> None:
    me = await served.citizen("far")
    today = datetime.now(SHANGHAI).date()
    sunday = today + timedelta(days=(6 - today.weekday()) or 7)
    far = workday(served, 6)
    cases = [(far, "slots-not-offered"), (today - timedelta(days=1), "slots-not-offered")]
    if not is_working_day(served.parts.catalogue.calendar, sunday):
        cases.append((sunday, "not-a-working-day"))
    for day, code in cases:
        assert (await served.get("/halls/tanghe/slots", date=day.isoformat())).json()["slots"] == []
        answer = await book(served, me, "tanghe", "b-0900", day)
        assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_items_that_are_not_booked_or_not_handled_here_are_refused(served: Served) -> None:
    me, day = await served.citizen("item"), workday(served)
    items = served.parts.catalogue.items.values()
    walk_in = next(known.name for known in items if not known.plan.bookable)
    elsewhere = next(known.name for known in items if known.plan.bookable and known.plan.queue == "c")
    answer = await book(served, me, "tanghe", "b-0900", day, item=walk_in)
    assert answer.json()["code"] == "not-bookable"
    assert (await served.get("/halls/tanghe/slots", date=day.isoformat(), item=walk_in)).json()["slots"] == []
    answer = await book(served, me, "guotan", "b-0900", day, item=elsewhere)
    assert answer.json()["code"] == "item-not-here"
    answer = await book(served, me, "guotan", "b-0900", day, item="nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-item")


@pytest.mark.parametrize("who", ["citizen", "kiosk"])
async def test_checking_in_takes_the_ticket_and_no_second_number(served: Served, who: str) -> None:
    hall = "zhangdian" if who == "citizen" else "yuantan"
    me, day = await served.citizen(f"early-{who}"), workday(served, 3)
    made = (await book(served, me, hall, "b-0900", day)).json()["appointment"]
    arriving = me if who == "citizen" else served.bearer("kiosk", hall=hall)
    served.clock.at = datetime(day.year, day.month, day.day, 8, 50, tzinfo=SHANGHAI)
    try:
        answer = await served.post(f"/appointments/{made}/check-in", None, arriving)
        assert answer.status_code == 201
        assert (answer.json()["ticket"], answer.json()["queue"]) == ("B001", "b")
        assert (await served.get(f"/tickets/{answer.json()['follow']}")).json()["status"] == "waiting"
        again = await served.post(f"/appointments/{made}/check-in", None, arriving)
        assert (again.status_code, again.json()["code"]) == (409, "already-checked-in")
        seen = (await served.get(f"/appointments/{made}", me)).json()
        assert (seen["status"], seen["ticket"]) == ("checked-in", answer.json()["id"])
    finally:
        served.clock.at = None


async def test_the_calendar_entry_is_one_that_calendars_read(served: Served) -> None:
    me, day = await served.citizen("cal"), workday(served)
    made = (await book(served, me, "tanghe", "b-1100", day)).json()["appointment"]
    answer = await served.get(f"/appointments/{made}/calendar.ics", me)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = answer.content.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert lines[-2:] == [b"END:VCALENDAR", b""]
    assert all(len(line) <= 75 for line in lines)
    assert f"DTSTART:{day:%Y%m%d}T030000Z".encode() in lines
    await served.post(f"/appointments/{made}/cancel", None, me)
    assert b"STATUS:CANCELLED" in (await served.get(f"/appointments/{made}/calendar.ics", me)).content


async def test_a_citizen_books_within_the_limits_of_one_person(served: Served) -> None:
    me, day = await served.citizen("greedy"), workday(served)
    assert (await book(served, me, "tanghe", "b-1300", day)).status_code == 201
    answer = await book(served, me, "yuantan", "b-1400", day)
    assert (answer.status_code, answer.json()["code"]) == (409, "item-booked-that-day")
