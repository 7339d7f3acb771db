"""The kiosk's pages over HTTP, without scripts: numbers, slips, check-in, places, ratings, and what they refuse."""

import asyncio
import re
from datetime import datetime
from html import unescape

import httpx
import msgspec
import pytest

from adapters.http.identity import Role
from adapters.http.session import COOKIE
from adapters.people import demonstration_identity
from domain.hall import HallPlan
from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

OURS = {"Origin": "http://hall.test"}


class Kiosk:
    """A kiosk of a hall as its browser speaks to the pages."""

    def __init__(self, served: Served, hall: str, **claims: str) -> None:
        self.served = served
        self.home = f"/halls/{hall}/kiosk"
        self.headers = served.bearer("kiosk", f"kiosk-{hall}", hall=hall, **claims) | OURS
        served.client.cookies.clear()

    async def get(self, path: str = "") -> str:
        answer = await self.served.client.get(self.home + path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def says(self, words: str) -> str:
        """The first page, once it says so: the board it reads follows within a second or two."""
        async with asyncio.timeout(30):
            while words not in (page := await self.get()):  # noqa: ASYNC110  # nobody signals what is waited for
                await asyncio.sleep(0.2)
        return page

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.served.client.post(self.home + path, data=fields, headers=self.headers)

    async def slip(self, path: str, **fields: str) -> str:
        """Send a form that ends with a slip; the slip's page."""
        answer = await self.post(path, **fields)
        assert (answer.status_code, answer.headers.get("location")) == (303, f"{self.home}/slip"), answer.text
        return await self.get("/slip")


def number_on(page: str) -> str:
    found = re.search(r'<p class="number">([A-Z]+[0-9]+)</p>', page)
    assert found is not None
    return found[1]


async def follow_of(served: Served, hall: str) -> tuple[str, str]:
    """A ticket of queue a: its number and its follow link."""
    told = await served.post(f"/halls/{hall}/tickets", {"queue": "a"}, served.bearer("kiosk", hall=hall))
    return told.json()["ticket"], told.json()["follow"]


async def test_a_number_is_taken_in_two_touches_and_its_slip_is_nobody_elses(served: Served) -> None:
    kiosk = Kiosk(served, "tanghe")
    assert f'href="{kiosk.home}/queues/b"' in await kiosk.get()
    page = await kiosk.get("/queues/b")
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key is not None
    slip = await kiosk.slip("/tickets", queue="b", priority="ordinary", key=key[1])
    assert number_on(slip) == "B001"
    assert "<svg" in slip
    again = await kiosk.slip("/tickets", queue="b", priority="ordinary", key=key[1])
    assert number_on(again) == "B001", "a touch that is sent twice takes one number"
    await served.client.get(f"{kiosk.home}/begin", headers=kiosk.headers)
    gone = await served.client.get(f"{kiosk.home}/slip", headers=kiosk.headers)
    assert (gone.status_code, gone.headers["location"]) == (303, kiosk.home)


async def test_whoever_has_priority_touches_it_instead(served: Served) -> None:
    kiosk = Kiosk(served, "tanghe")
    await follow_of(served, "tanghe")
    assert "老年人" in await kiosk.get("/queues/a")
    number = number_on(await kiosk.slip("/tickets", queue="a", priority="elderly", key="elder"))
    line = (await served.get("/halls/tanghe/line", served.bearer("supervisor", hall="tanghe"))).json()
    assert [t["priority"] for t in line["tickets"] if t["ticket"] == number] == ["elderly"]


async def test_a_device_that_is_nobody_is_led_to_its_enrolment_and_let_in_there(served: Served) -> None:
    served.client.cookies.clear()
    answer = await served.client.get("/halls/tanghe/kiosk")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/enrol?next=")
    made = (
        await served.post(
            "/devices", {"role": "kiosk", "hall": "tanghe", "name": "east"}, served.bearer("admin")
        )
    ).json()
    wrong = await served.client.post("/enrol", data={"code": "22222222"}, headers=OURS)
    assert wrong.status_code == 404
    assert "验证码不正确" in wrong.text
    assert 'value="22222222"' in wrong.text
    let_in = await served.client.post("/enrol", data={"code": made["code"], "key": "k1"}, headers=OURS)
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/halls/tanghe/kiosk")
    session = {"Cookie": f"{COOKIE}={let_in.cookies[COOKIE]}"}
    home = await served.client.get("/halls/tanghe/kiosk", headers=session)
    assert home.status_code == 200
    assert COOKIE in home.cookies, "the page of a device renews its session"
    elsewhere = await served.client.get("/halls/yuantan/kiosk", headers=session)
    assert elsewhere.status_code in (200, 403)
    served.client.cookies.clear()


async def test_people_of_other_roles_are_no_kiosk(served: Served) -> None:
    served.client.cookies.clear()
    answer = await served.client.get("/halls/tanghe/kiosk", headers=served.bearer("citizen", person="p1"))
    assert answer.status_code == 403


async def configured(served: Served, hall: str, **changed: object) -> None:
    plan: HallPlan = msgspec.structs.replace(served.parts.catalogue.hall(hall), **changed)
    body = msgspec.to_builtins(plan)
    answer = await served.client.put(f"/api/v1/halls/{hall}", json=body, headers=served.bearer("admin"))
    assert answer.status_code == 200, answer.text


async def test_a_full_hall_is_said_with_the_next_free_booking(served: Served) -> None:
    await configured(served, "huyang", capacity=1)
    kiosk = Kiosk(served, "huyang")
    await kiosk.slip("/tickets", queue="a", key="first")
    await kiosk.says("大厅等候人数已满")
    refused = await kiosk.post("/tickets", queue="a", key="second")
    assert refused.status_code == 409
    assert "现在不能取号" in refused.text
    assert "最近可预约" in refused.text
    assert f'href="{kiosk.home}/begin"' in refused.text


async def test_a_closed_day_offers_no_numbers(served: Served) -> None:
    kiosk = Kiosk(served, "heilong")
    await kiosk.slip("/tickets", queue="a", key="only")
    closed = await served.post(
        "/halls/heilong/day/close", {"force": True}, served.bearer("supervisor", hall="heilong")
    )
    assert closed.status_code == 200
    home = await kiosk.says("今天的业务已经结束")
    assert "/queues/" not in home
    refused = await kiosk.post("/tickets", queue="a", key="late")
    assert "今天的业务已经结束" in refused.text


async def taken(served: Served, hall: str, role: Role, **claims: str) -> tuple[int, str | None]:
    """What the API says to somebody who asks for a number: its status and the code of a refusal."""
    answer = await served.post(
        f"/halls/{hall}/tickets", {"queue": "a"}, served.bearer(role, hall=hall, **claims)
    )
    return answer.status_code, answer.json().get("code")


async def test_out_of_hours_the_page_offers_what_the_api_gives_and_staff_give_a_number_all_the_same(
    served: Served,
) -> None:
    await configured(served, "longtan", tickets_within_hours=True)
    kiosk = Kiosk(served, "longtan")
    refused = [
        (datetime(2026, 12, 5, 10, 0, tzinfo=SHANGHAI), "tickets-not-today", "今天不取号：不是服务日"),
        (datetime(2026, 12, 7, 8, 29, tzinfo=SHANGHAI), "tickets-not-yet", "08:30开始取号，09:00开始办理"),
        (datetime(2026, 12, 7, 17, 0, tzinfo=SHANGHAI), "tickets-over", "今天的服务17:00结束，不再取号"),
    ]
    try:
        for served.clock.at, code, words in refused:
            home = await kiosk.get()
            assert words in home
            assert "/queues/" not in home
            assert "可预约" in home
            assert (await taken(served, "longtan", "kiosk"))[1] == code
            stale = await served.client.get(f"{kiosk.home}/queues/a", headers=kiosk.headers)
            assert (stale.status_code, words in stale.text) == (409, True)
            shut = await served.client.get("/halls/longtan/take")
            assert words in shut.text
        assert await taken(served, "longtan", "clerk", window="w01") == (201, None)
        served.clock.at = datetime(2026, 12, 7, 16, 59, tzinfo=SHANGHAI)
        assert "/queues/a" in await kiosk.get()
        first = await kiosk.slip("/tickets", queue="a", key="in time")
        served.clock.at = datetime(2026, 12, 7, 17, 0, tzinfo=SHANGHAI)
        again = await kiosk.slip("/tickets", queue="a", key="in time")
        assert number_on(again) == number_on(first), "what was given in time is told again"
    finally:
        served.clock.at = None


async def test_a_demonstration_gives_numbers_at_any_hour_and_says_so(served: Served) -> None:
    served.clock.at = datetime(2026, 12, 6, 3, 0, tzinfo=SHANGHAI)
    try:
        home = await Kiosk(served, "tanghe").get()
        assert "现在不在服务时间，仍可取号" in home
        assert "/queues/a" in home
        assert (await taken(served, "tanghe", "kiosk"))[0] == 201
    finally:
        served.clock.at = None


async def booked(served: Served, hall: str, subject: str) -> dict[str, str]:
    """An appointment of today at ten, for a citizen of the demonstration."""
    item = "demo-shebaoka-shenling"
    slots = (await served.get(f"/halls/{hall}/slots", item=item)).json()["slots"]
    body = {"item": item, "date": slots[1]["starts_at"][:10], "slot": slots[1]["slot"]}
    made = await served.post(f"/halls/{hall}/appointments", body, await served.citizen(subject))
    assert made.status_code == 201, made.text
    told: dict[str, str] = made.json()
    return told


MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=SHANGHAI)


async def test_who_has_booked_checks_in_by_a_scanned_code_whatever_stands_around_it(served: Served) -> None:
    served.clock.at = MONDAY
    try:
        made = await booked(served, "tanghe", "scanned")
        served.clock.at = datetime.fromisoformat(made["starts_at"])
        kiosk = Kiosk(served, "tanghe")
        link = f"https://hall.example/appointments/{made['voucher']}?from=paper"
        slip = await kiosk.slip("/check-in", voucher=link, key="scan")
        assert number_on(slip).startswith("B")
        wrong = await kiosk.post("/check-in", voucher="nothing", key="scan2")
        assert wrong.status_code == 404
        assert 'value="nothing"' in wrong.text
        empty = await kiosk.post("/check-in")
        assert empty.status_code == 422
    finally:
        served.clock.at = None


async def test_who_has_booked_checks_in_by_the_number_of_a_document(served: Served) -> None:
    served.clock.at = MONDAY
    try:
        made = await booked(served, "tanghe", "documented")
        served.clock.at = datetime.fromisoformat(made["starts_at"])
        kiosk = Kiosk(served, "tanghe")
        number = demonstration_identity("documented").id_number
        slip = await kiosk.slip("/check-in/document", id_number=number, key="document")
        assert number not in slip
        wrong = await kiosk.post("/check-in/document", id_number="123")
        assert wrong.status_code in (404, 422)
        assert 'value="123"' in wrong.text
    finally:
        served.clock.at = None


async def test_a_phone_is_asked_for_its_code_and_keeps_out_of_the_address(served: Served) -> None:
    kiosk = Kiosk(served, "tanghe")
    answer = await kiosk.post("/check-in/phone", phone="13800138000")
    assert answer.status_code == 200
    assert "输入验证码" in answer.text
    assert 'name="phone" value="13800138000"' in answer.text
    wrong = await kiosk.post("/check-in/code", phone="13800138000", code="000000")
    assert wrong.status_code >= 400
    assert 'value="000000"' in wrong.text
    bad = await kiosk.post("/check-in/phone", phone="12")
    assert bad.status_code == 422


async def test_a_place_is_told_by_the_slips_code_or_by_the_number(served: Served) -> None:
    kiosk = Kiosk(served, "guotan")
    number, follow = await follow_of(served, "guotan")
    for said in (number, number.lower(), f"http://hall.test/follow/{follow}"):
        answer = await kiosk.post("/query", number=said)
        assert answer.status_code == 200, answer.text
        assert "前面还有0人" in answer.text
    unknown = await kiosk.post("/query", number="A999")
    assert (unknown.status_code, "没有这个排队号" in unknown.text) == (404, True)


async def test_a_number_tells_its_place_and_neither_its_holder_nor_how_to_rate_for_them(
    served: Served,
) -> None:
    number, _ = await follow_of(served, "guotan")
    kiosk = served.bearer("kiosk", hall="guotan")
    told = (await served.get(f"/halls/guotan/numbers/{number}", kiosk)).json()
    assert told["status"] == "waiting"
    assert "review" not in told
    assert "id" not in told
    assert (await served.get(f"/halls/guotan/numbers/{number}")).status_code == 401


async def serve(served: Served, hall: str, window: str, line: str) -> None:
    clerk = served.bearer("clerk", f"c-{window}", hall=hall, window=window)
    path = f"/halls/{hall}/windows/{window}"
    assert (await served.post(f"{path}/open", {"queues": [line]}, clerk)).status_code == 200
    for what in ("call-next", "start", "finish"):
        assert (await served.post(f"{path}/{what}", None, clerk)).status_code == 200


async def test_a_service_that_ended_is_rated_by_the_slip_and_only_once(served: Served) -> None:
    kiosk = Kiosk(served, "zhangdian")
    _, follow = await follow_of(served, "zhangdian")
    early = await kiosk.post("/rate", slip=follow)
    assert (early.status_code, "服务结束后才能评价" in early.text) == (409, True)
    await serve(served, "zhangdian", "w01", "a")
    asked = await kiosk.post("/rate", slip=follow)
    assert "非常满意" in asked.text
    link = re.search(r'name="link" value="([^"]+)"', asked.text)
    assert link is not None
    why = await kiosk.post("/rate/grade", link=unescape(link[1]), grade="dissatisfied")
    assert "窗口人员业务不熟练" in why.text
    given = await kiosk.post(
        "/rate/give", **{"link": unescape(link[1]), "grade": "dissatisfied", "tags": "213", "key": "rated"}
    )
    assert (given.status_code, given.headers["location"]) == (303, f"{kiosk.home}/thanks")
    again = await kiosk.post("/rate", slip=follow)
    assert (again.status_code, "已经评价过" in again.text) == (409, True)


async def test_a_windows_own_device_asks_about_the_service_that_ended_there(served: Served) -> None:
    kiosk = Kiosk(served, "yuantan", window="w01")
    before = await kiosk.served.client.get(f"{kiosk.home}/rate", headers=kiosk.headers)
    assert (before.status_code, "没有可邀请评价的服务" in before.text) == (404, True)
    await follow_of(served, "yuantan")
    await serve(served, "yuantan", "w01", "a")
    assert "非常不满意" in await kiosk.get("/rate")


async def test_language_and_height_are_the_next_persons_own(served: Served) -> None:
    kiosk = Kiosk(served, "tanghe")
    low = await kiosk.post("/height", height="low", back=f"{kiosk.home}/help")
    assert (low.status_code, low.headers["location"]) == (303, f"{kiosk.home}/help")
    served.client.cookies.set("language", "en", domain="hall.test")
    page = await kiosk.get("/help")
    assert "data-low" in page
    assert "Windows that can help" in page
    begun = await served.client.get(f"{kiosk.home}/begin", headers=kiosk.headers)
    assert begun.headers["location"] == kiosk.home
    page = await kiosk.get("/help")
    assert "data-low" not in page
    assert "可以帮您的窗口" in page
