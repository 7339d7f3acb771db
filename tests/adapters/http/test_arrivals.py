"""Arriving at a hall: by voucher or by document, in the right hall or not, on the right day or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

import pytest

from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import LI, book, workday

pytestmark = pytest.mark.asyncio(loop_scope="module")

ZHANG = {"name": "张三", "id_number": "110101199003070492", "phone": "13900139000"}


@contextmanager
def standing_there(served: Served, day: date, hour: int, minute: int = 0) -> Iterator[None]:
    served.clock.at = datetime.combine(day, time(hour, minute), SHANGHAI)
    try:
        yield
    finally:
        served.clock.at = None


async def arrive(served: Served, hall: str, role: str = "kiosk", **body: Any) -> Any:
    return await served.post(f"/halls/{hall}/check-in", body, served.bearer(role, hall=hall))  # type: ignore[arg-type]


async def test_a_voucher_is_the_ticket_in_its_hall_on_its_day(served: Served) -> None:
    me, day = await served.citizen("voucher"), workday(served)
    made = (await book(served, me, "guotan", "b-0900", day)).json()
    with standing_there(served, day, 8, 50):
        answer = await arrive(served, "tanghe", voucher=made["voucher"])
        assert (answer.status_code, answer.json()["code"]) == (409, "appointment-in-another-hall")
        assert answer.json()["facts"]["hall"] == "guotan"
        answer = await arrive(served, "guotan", voucher=made["voucher"])
        assert answer.status_code == 201
        assert (answer.json()["ticket"], answer.json()["stream"]) == ("B001", f"slots-guotan-{day}")
        answer = await arrive(served, "guotan", voucher=made["voucher"])
        assert answer.json()["code"] == "already-checked-in"


async def test_a_document_at_the_kiosk_finds_todays_appointment(served: Served) -> None:
    clerk, day, next_day = served.bearer("clerk", hall="huyang"), workday(served, 1), workday(served, 2)
    made = await book(served, clerk, "huyang", "b-0900", day, person=LI)
    assert made.status_code == 201
    assert (await book(served, clerk, "huyang", "b-0900", next_day, person=LI)).status_code == 201
    number = LI["id_number"]
    with standing_there(served, day, 8, 40):
        answer = await arrive(served, "huyang", id_number=number)
        assert (answer.status_code, answer.json()["code"]) == (409, "too-early")
    with standing_there(served, day, 8, 50):
        answer = await arrive(served, "tanghe", id_number=number)
        assert answer.json()["code"] == "appointment-in-another-hall"
        answer = await arrive(served, "huyang", "clerk", id_number=number.lower())
        assert answer.status_code == 201
    seen = (await served.get(f"/appointments/{made.json()['appointment']}", clerk)).json()
    assert (seen["status"], seen["late"]) == ("checked-in", False)
    with standing_there(served, next_day, 11):
        answer = await arrive(served, "huyang", id_number=number)
        assert answer.status_code == 201, "late is served all the same"


async def test_the_wrong_day_is_told_with_the_right_one(served: Served) -> None:
    clerk, today, day = served.bearer("clerk", hall="heilong"), workday(served, 1), workday(served, 2)
    made = (await book(served, clerk, "heilong", "b-0900", day, person=ZHANG)).json()
    with standing_there(served, today, 9):
        for body in ({"id_number": ZHANG["id_number"]}, {"voucher": made["voucher"]}):
            answer = await arrive(served, "heilong", **body)
            assert (answer.status_code, answer.json()["code"]) == (409, "appointment-another-day")
            assert answer.json()["facts"]["date"] == day.isoformat()
            assert day.isoformat() in answer.json()["detail"]


async def test_who_has_no_appointment_is_told_to_take_a_ticket(served: Served) -> None:
    answer = await arrive(served, "tanghe", id_number="11010519491231003X")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-appointment")
    answer = await arrive(served, "tanghe", voucher="tanghe.20260302.forged.forged")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-appointment")


@pytest.mark.parametrize("body", [{}, {"voucher": "x", "id_number": "y"}])
async def test_one_thing_is_shown(served: Served, body: dict[str, str]) -> None:
    answer = await arrive(served, "tanghe", **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "arrival-unclear")


async def test_a_check_in_is_taken_back_by_its_halls_staff_as_long_as_nobody_called_the_ticket(
    served: Served,
) -> None:
    me, day = await served.citizen("back"), workday(served)
    made = (await book(served, me, "guotan", "b-1000", day)).json()
    clerk, undo = served.bearer("clerk", hall="guotan"), "/halls/guotan/check-in/undo"
    with standing_there(served, day, 9, 50):
        came = (await arrive(served, "guotan", voucher=made["voucher"])).json()
        for asker, status in (
            (me, 403),
            (served.bearer("clerk", hall="tanghe"), 403),
            (clerk, 200),
            (clerk, 200),
        ):
            answer = await served.post(undo, {"ticket": came["ticket"]}, asker)
            assert answer.status_code == status, answer.text
        assert (answer.json()["appointment"], answer.json()["status"]) == (made["appointment"], "booked")
        assert (await served.get(f"/tickets/{came['follow']}")).json()["status"] == "left"
        seen = (await served.get(f"/appointments/{made['voucher']}")).json()
        assert (seen["status"], seen["ticket"]) == ("booked", None)
        again = (await arrive(served, "guotan", voucher=made["voucher"])).json()
        assert int(again["ticket"][1:]) == int(came["ticket"][1:]) + 1
        window = served.bearer("clerk", hall="guotan", window="w01")
        opening = await served.post("/halls/guotan/windows/w01/open", {}, window)
        assert opening.status_code == 200, opening.text
        called = await served.post("/halls/guotan/windows/w01/call", {"ticket": again["ticket"]}, window)
        assert called.status_code == 200, called.text
        answer = await served.post(undo, {"ticket": again["id"]}, clerk)
        assert (answer.status_code, answer.json()["code"]) == (409, "ticket-called")


async def test_whoever_stands_at_the_desk_early_is_checked_in_there_and_not_at_the_kiosk(
    served: Served,
) -> None:
    clerk, day = served.bearer("clerk", hall="zhangdian"), workday(served, 1)
    made = (await book(served, clerk, "zhangdian", "b-1000", day, person=ZHANG)).json()
    with standing_there(served, day, 8):
        answer = await arrive(served, "zhangdian", voucher=made["voucher"])
        assert (answer.status_code, answer.json()["code"]) == (409, "too-early")
        answer = await arrive(served, "zhangdian", "clerk", id_number=ZHANG["id_number"])
        assert answer.status_code == 201, answer.text
        place = (await served.get(f"/tickets/{answer.json()['follow']}")).json()
        assert place["why"]["zh"].startswith("按取号先后排队"), "until its time, without precedence"
