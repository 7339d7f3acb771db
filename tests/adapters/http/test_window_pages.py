"""The window's pages as they are sent over HTTP: who may, where they are led, what they hold."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

ITEM = "demo-budongchan-chaxun"


def told(page: str) -> Any:
    """What a console's page was told."""
    found = re.search(r'data-told="([^"]*)"', page)
    assert found is not None
    return json.loads(html.unescape(found[1]))


async def test_a_clerk_finds_their_window_with_its_line_and_its_items(served: Served) -> None:
    clerk = served.bearer("clerk", "clerk-w01", hall="tanghe", window="w01")
    page = await served.client.get("/window", headers=clerk)
    assert page.status_code == 200
    here = told(page.text)
    assert (here["hall"], here["window"], here["confined"]) == ("tanghe", "w01", True)
    assert here["line"]["state"] == "not-open"
    assert {"item", "name", "queue"} == set(here["items"][0])


async def test_who_has_no_window_chooses_hall_and_window(served: Served) -> None:
    admin = served.bearer("admin", "admin-01")
    halls = (await served.client.get("/window", headers=admin)).text
    assert '/window?hall=tanghe"' in halls
    windows = (await served.client.get("/window?hall=tanghe", headers=admin)).text
    assert "/window?hall=tanghe&amp;window=w12" in windows
    there = await served.client.get("/window?hall=tanghe&window=w12", headers=admin)
    assert told(there.text)["window"] == "w12"
    again = await served.client.get("/window", headers=admin)  # the browser keeps what was chosen
    assert (told(again.text)["hall"], told(again.text)["window"]) == ("tanghe", "w12")
    other = await served.client.get("/window?hall=yuantan", headers=admin)
    assert "/window?hall=yuantan&amp;window=w01" in other.text
    served.client.cookies.clear()
    assert (await served.client.get("/window?hall=tanghe&window=w99", headers=admin)).status_code == 404


async def test_nobody_is_led_to_sign_in_and_a_citizen_is_told_no(served: Served) -> None:
    nobody = await served.client.get("/window")
    assert (nobody.status_code, nobody.headers["location"]) == (303, "/sign-in?next=%2Fwindow")
    assert (await served.client.get("/window", headers=await served.citizen("c"))).status_code == 403


async def test_a_case_is_opened_for_a_ticket_and_taken_to_its_delivery_by_forms(served: Served) -> None:
    clerk = served.bearer("clerk", "clerk-w02", hall="tanghe", window="w02") | {"Origin": "http://hall.test"}
    kiosk = served.bearer("kiosk", hall="tanghe")
    taken = (await served.post("/halls/tanghe/tickets", {"item": ITEM}, kiosk)).json()
    blank = await served.client.get(f"/window/cases/new?ticket={taken['ticket']}&item={ITEM}", headers=clerk)
    assert f'value="{ITEM}" selected' in blank.text
    typed = {
        "ticket": taken["ticket"],
        "item": ITEM,
        "person.name": "测试甲",
        "person.id_number": "11010119900307771X",
        "key": "one",
    }
    wrong = await served.client.post("/window/cases/new", data=typed, headers=clerk)
    assert (wrong.status_code, "测试甲" in wrong.text) == (422, True)
    typed["person.id_number"] = "110101199003077715"
    opened = [await served.client.post("/window/cases/new", data=typed, headers=clerk) for _ in range(2)]
    assert [answer.status_code for answer in opened] == [303, 303]
    where = opened[0].headers["location"]
    assert opened[1].headers["location"] == where  # sent twice, one case
    page = (await served.client.get(where, headers=clerk)).text
    case = where.removeprefix("/window/cases/").partition("?")[0]
    assert f"/window?case={case}" in page
    assert "一次性告知补正" in page

    async def do(act: str, **fields: str) -> str:
        answer = await served.client.post(f"/window/cases/{case}/{act}", data=fields, headers=clerk)
        assert answer.status_code == 303, answer.text
        return (await served.client.get(answer.headers["location"], headers=clerk)).text

    assert "等申请人补正" in await do("request-correction", missing="申请表")
    assert "已收件，待受理" in await do("correct", provided="申请表")
    assert "已受理，在办" in await do("accept")
    await do("step", name="现场核验", action="passed", opinion="一致", key="two")
    unreasoned = await served.client.post(
        f"/window/cases/{case}/decide", data={"result": "refused"}, headers=clerk
    )
    assert unreasoned.status_code == 422
    assert "已作决定" in await do("decide", result="granted")
    assert "办件已办结" in await do("close")
    delivered = await do("deliver", means="window")
    assert "送达" in delivered
    here = told((await served.client.get(f"/window?case={case}", headers=clerk)).text)
    assert (here["case"]["case"], here["case"]["ticket"]) == (case, taken["id"])
    number = here["case"]["number"]
    listed = (await served.client.get(f"/window/cases?number={number}", headers=clerk)).text
    assert f"/window/cases/{case}" in listed
    elsewhere = served.bearer("clerk", "clerk-yuantan-w01", hall="yuantan", window="w01")
    assert case not in (await served.client.get(f"/window/cases?number={number}", headers=elsewhere)).text
    assert (await served.client.get(f"/window/cases/{case}", headers=elsewhere)).status_code == 404


async def test_the_counter_takes_a_ticket_and_books_for_somebody_without_a_phone(served: Served) -> None:
    clerk = served.bearer("clerk", "clerk-w02", hall="tanghe", window="w02") | {"Origin": "http://hall.test"}
    taking = {"item": ITEM, "priority": "elderly", "key": "three"}
    slips = [await served.client.post("/window/counter/ticket", data=taking, headers=clerk) for _ in range(2)]
    numbers = [re.findall(r'class="number">(\w+)<', slip.text) for slip in slips]
    assert len(numbers[0]) == 1
    assert numbers[0] == numbers[1]  # sent twice, one ticket
    assert "<svg" in slips[0].text
    lacking = await served.client.post("/window/counter/ticket", data={"item": ""}, headers=clerk)
    assert lacking.status_code == 422
    nobody = await served.client.post(
        "/window/counter/check-in", data={"id_number": "110101199003077715"}, headers=clerk
    )
    assert nobody.status_code in (404, 409)
    assert 'value="110101199003077715"' in nobody.text
    undo = "/window/counter/check-in/undo"
    wrong = await served.client.post(undo, data={"ticket": numbers[0][0].lower()}, headers=clerk)
    assert wrong.status_code == 409
    assert f"{numbers[0][0]}号不是预约签到取得的" in wrong.text
    assert (await served.client.post(undo, data={"ticket": ""}, headers=clerk)).status_code == 422
    desk = "/window/counter/number"
    asked = {"number": numbers[0][0].lower(), "priority": "disabled", "act": "change"}
    assert f"{numbers[0][0]}号已改好" in (await served.client.post(desk, data=asked, headers=clerk)).text
    nothing = await served.client.post(desk, data={"number": numbers[0][0], "act": "change"}, headers=clerk)
    assert nothing.status_code == 422
    left = await served.client.post(desk, data=asked | {"act": "leave"}, headers=clerk)
    assert f"{numbers[0][0]}号已退" in left.text
    assert (await served.client.post(desk, data={"number": "X999"}, headers=clerk)).status_code in (404, 422)

    bookable = next(
        known.name
        for known in served.parts.catalogue.items.values()
        if known.plan.bookable and known.plan.queue == "a"
    )
    today = served.parts.clock().date()
    for days in range(1, 12):
        day = f"{today + timedelta(days=days)}"
        shown = (
            await served.client.get(f"/window/counter/booking?item={bookable}&date={day}", headers=clerk)
        ).text
        if found := re.search(r'name="slot" value="([^"]+)"', shown):
            break
    assert found is not None
    typed = {
        "item": bookable,
        "date": day,
        "slot": found[1],
        "person.name": "测试乙",
        "person.id_number": "1",
        "consent": "spoken",
        "key": "four",
    }
    wrong = await served.client.post("/window/counter/booking", data=typed, headers=clerk)
    assert (wrong.status_code, "测试乙" in wrong.text) == (422, True)
    typed["person.id_number"] = "110101199003077715"
    made = await served.client.post("/window/counter/booking", data=typed, headers=clerk)
    assert made.status_code == 303, made.text
    voucher = await served.client.get(made.headers["location"], headers=clerk)
    assert voucher.status_code == 200
    assert "测*" in voucher.text


async def test_a_paper_rating_is_copied_by_one_and_confirmed_by_another(served: Served) -> None:
    origin = {"Origin": "http://hall.test"}
    one = served.bearer("clerk", "one", hall="zhangdian") | origin
    two = served.bearer("clerk", "two", hall="zhangdian") | origin
    kiosk = served.bearer("kiosk", hall="zhangdian")
    number = (await served.post("/halls/zhangdian/tickets", {"queue": "a"}, kiosk)).json()["ticket"]
    typed = {"number.number": number, "grade": "satisfied", "tags": "411", "comment": "很快"}
    early = await served.client.post("/window/paper", data=typed, headers=one)
    assert (early.status_code, "很快" in early.text) == (409, True)
    for command in ("open", "call-next", "start", "finish"):
        await served.post(f"/halls/zhangdian/windows/w01/{command}", None, one)
    unclear = {
        "service": {"ticket": "x"},
        "number": {"hall": "zhangdian", "number": number},
        "grade": "satisfied",
    }
    assert (await served.post("/reviews/paper", unclear, one)).json()["code"] == "service-unclear"
    elsewhere = {"number": {"hall": "tanghe", "number": number}, "grade": "satisfied"}
    assert (await served.post("/reviews/paper", elsewhere, one)).json()["code"] == "other-hall"

    entered = await served.client.post("/window/paper", data=typed, headers=one)
    assert entered.status_code == 303, entered.text
    where = entered.headers["location"]
    assert "须由另一人确认" in (await served.client.get(where, headers=one)).text
    page = (await served.client.get(where, headers=two)).text
    confirm = re.search(r'action="(/window/paper/[^"]+/confirm)"', page)
    assert confirm is not None
    assert (await served.client.post(confirm[1], headers=one)).status_code == 409
    back = confirm[1].replace("/confirm", "/reject")
    assert (await served.client.post(back, data={"reason": ""}, headers=two)).status_code == 422
    done = await served.client.post(confirm[1], headers=two)
    assert done.status_code == 303
    assert "没有待确认" in (await served.client.get(done.headers["location"], headers=two)).text
