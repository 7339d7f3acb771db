"""The citizens' pages over HTTP: the ways through them, and what they say when something is refused."""

import asyncio
import gzip
import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
import pytest
from psycopg_pool import PoolTimeout

from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import ITEM, book, workday
from tests.adapters.http.test_rectifications import bad_review

pytestmark = pytest.mark.asyncio(loop_scope="module")

OURS = {"Origin": "http://hall.test"}
BYTES_MAX = 100 * 1024


async def page(
    served: Served, path: str, who: dict[str, str] | None = None, **cookies: str
) -> httpx.Response:
    held = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    return await served.client.get(path, headers=(who or {}) | held)


async def send(
    served: Served, path: str, form: dict[str, Any], who: dict[str, str] | None = None
) -> httpx.Response:
    return await served.client.post(path, data=form, headers=(who or {}) | OURS)


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, name
    return found[1]


async def test_somebody_books_in_four_steps_and_holds_a_voucher(served: Served) -> None:
    me = await served.citizen("page-1")
    found = await page(served, "/items?q=sbk")
    assert f'href="/items/{ITEM}"' in found.text
    assert f'href="/book/{ITEM}"' in (await page(served, f"/items/{ITEM}")).text
    halls = await page(served, f"/book/{ITEM}")
    assert f'href="/book/{ITEM}/heilong"' in halls.text
    times = await page(served, f"/book/{ITEM}/heilong?day={workday(served)}")
    form = {"key": hidden(times.text, "key"), "date": hidden(times.text, "date"), "slot": "b-0900"}
    held = await send(served, f"/book/{ITEM}/heilong", form, me)
    assert held.status_code == 303
    assert (await send(served, f"/book/{ITEM}/heilong", form, me)).headers["location"] == held.headers[
        "location"
    ]
    check = await page(served, held.headers["location"], me)
    assert "data-until" in check.text
    made = await send(
        served, held.headers["location"] + "/confirm", {"key": hidden(check.text, "key"), "whom": "self"}, me
    )
    assert made.status_code == 303
    voucher = made.headers["location"]
    shown = await page(served, voucher)
    assert "预约凭证" in shown.text
    code = await page(served, f"{voucher}/qr.svg")
    assert (code.headers["content-type"].split(";")[0], code.text[:4]) == ("image/svg+xml", "<svg")
    position = (await served.get(voucher)).json()["position"]
    await served.get("/appointments", me, after=position)
    assert f'href="{voucher}"' in (await page(served, "/mine", me)).text


async def test_who_has_not_signed_in_chooses_a_time_and_is_led_to_sign_in_and_back(served: Served) -> None:
    path = f"/book/{ITEM}/heilong?day={workday(served)}"
    assert (await page(served, path)).status_code == 200
    sent = await send(served, path, {"date": workday(served).isoformat(), "slot": "b-0900"})
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/sign-in?next=%2Fbook%2F")


async def test_a_form_that_is_wrong_comes_back_with_what_was_typed_and_the_reason_beside_the_field(
    served: Served,
) -> None:
    me = await served.citizen("page-2")
    held = await served.post(
        "/halls/heilong/holds", {"item": ITEM, "date": workday(served).isoformat(), "slot": "b-1000"}, me
    )
    path = f"/holds/{held.json()['hold']}/confirm"
    typed = {
        "whom": "other", "person.name": "李四", "person.id_number": "12345", "on_behalf.kind": "relative",
        "on_behalf.consent": "spoken", "key": "k1",
    }  # fmt: skip
    wrong = await send(served, path, typed, me)
    assert wrong.status_code == 422
    assert 'value="李四"' in wrong.text
    assert 'role="alert"' in wrong.text
    assert 'value="other" checked' in wrong.text
    empty = await send(served, path, typed | {"person.name": ""}, me)
    assert 'aria-describedby="f-person.name-error" aria-invalid="true"' in empty.text
    made = await send(served, path, typed | {"person.id_number": "110101199003070134"}, me)
    assert made.status_code == 303, made.text
    assert "李*" in (await page(served, made.headers["location"])).text


async def test_a_place_whose_time_is_over_says_so_and_books_nothing(served: Served) -> None:
    me = await served.citizen("page-3")
    held = await served.post(
        "/halls/heilong/holds", {"item": ITEM, "date": workday(served).isoformat(), "slot": "b-1100"}, me
    )
    served.clock.at = datetime.now(SHANGHAI) + timedelta(minutes=6)
    try:
        for answer in (
            await page(served, f"/holds/{held.json()['hold']}", me),
            await send(served, f"/holds/{held.json()['hold']}/confirm", {"whom": "self"}, me),
        ):
            assert answer.status_code == 404
            assert "您还没有预约成功" in answer.text
    finally:
        served.clock.at = None


async def test_an_appointment_is_moved_and_given_back_on_its_page(served: Served) -> None:
    me = await served.citizen("page-4")
    made = (await book(served, me, "heilong", "b-0900", workday(served, 2))).json()
    day = workday(served, 3).isoformat()
    assert "原来约在" in (await page(served, f"/appointments/{made['voucher']}/move?day={day}", me)).text
    moved = await send(served, f"/appointments/{made['voucher']}/move", {"date": day, "slot": "b-1000"}, me)
    assert moved.status_code == 303
    assert "已改期" in (await page(served, f"/appointments/{made['voucher']}")).text
    gone = await send(served, moved.headers["location"] + "/cancel", {"reason": ""}, me)
    assert gone.headers["location"] == moved.headers["location"]
    assert "已取消" in (await page(served, moved.headers["location"])).text


async def test_who_finds_a_day_full_waits_for_it_and_takes_what_becomes_free(office: Served) -> None:
    day, me = workday(office, 4), await office.citizen("page-w")
    halls = (await office.get(f"/items/{ITEM}/halls", hall="zhangdian")).json()["halls"]
    free = next(one["remaining"] for one in halls[0]["days"] if one["date"] == day.isoformat())
    slots = (await office.get("/halls/zhangdian/slots", item=ITEM, date=day.isoformat())).json()["slots"]
    taken = [slot["slot"] for slot in slots for _ in range(slot["remaining"])]
    assert len(taken) == free
    first = None
    for nth, slot in enumerate(taken):
        other = await office.citizen(f"fills {nth}")
        made = await book(office, other, "zhangdian", slot, day)
        assert made.status_code == 201, made.text
        first = first or (other, made.json()["voucher"])
    assert first is not None
    full = await page(office, f"/book/{ITEM}/zhangdian?day={day}")
    assert "候补这一天" in full.text
    joined = await send(office, f"/book/{ITEM}/zhangdian/wait", {"date": day.isoformat()}, me)
    assert joined.status_code == 303, joined.text
    where = joined.headers["location"]
    assert "有空位时最先给您" in (await page(office, where)).text
    await send(office, f"/appointments/{first[1]}/cancel", {}, first[0])
    for _ in range(100):
        offered = (await page(office, where)).text
        if "接受这个号" in offered:
            break
        await asyncio.sleep(0.05)
    made = await send(office, f"{where}/accept", {"key": hidden(offered, "key")})
    assert made.headers["location"].startswith("/appointments/")
    assert "已预约" in (await page(office, made.headers["location"])).text
    again = await send(office, f"{where}/leave", {})
    assert again.status_code in (303, 409)


async def test_who_takes_part_in_a_draw_sees_how_it_stands_and_may_take_it_back(served: Served) -> None:
    day, now, me = workday(served, 5), datetime.now(UTC), await served.citizen("page-d")
    first = datetime.combine(day, time(5), SHANGHAI)
    declaring = {
        "date": day.isoformat(),
        "queue": "b",
        "opens_at": (now + timedelta(minutes=1)).isoformat(),
        "draws": [first.isoformat()],
    }
    declared = await served.post("/halls/yuantan/lotteries", declaring, served.bearer("admin", "a"))
    assert declared.status_code == 201, declared.text
    await served.parts.views.wait("lotteries", declared.json()["position"])
    assert "登记摇号" in (await page(served, f"/book/{ITEM}/yuantan")).text
    early = await send(served, f"/book/{ITEM}/yuantan/draw", {"date": day.isoformat()}, me)
    assert (early.status_code, "登记于" in early.text or "开始" in early.text) == (409, True)
    served.clock.at = now + timedelta(minutes=2)
    made = await send(served, f"/book/{ITEM}/yuantan/draw", {"date": day.isoformat()}, me)
    assert made.status_code == 303, made.text
    where = made.headers["location"]
    shown = await page(served, where)
    assert "已登记，等待摇号" in shown.text
    gone = await send(served, f"{where}/withdraw", {"key": hidden(shown.text, "key")})
    assert gone.headers["location"] == where
    assert "已撤回登记" in (await page(served, where)).text
    served.clock.at = None


async def test_a_ticket_is_followed_by_its_link_alone_from_the_line_to_the_rating(served: Served) -> None:
    clerk = served.bearer("clerk", hall="guotan")
    window = "/halls/guotan/windows/w01"
    await served.post(f"{window}/open", None, clerk)
    links = [
        (await served.post("/halls/guotan/tickets", {"queue": "a"}, clerk)).json()["follow"] for _ in range(2)
    ]
    second = await page(served, f"/follow/{links[1]}")
    assert "前面还有 1 人" in second.text
    assert "请回到大厅" in second.text
    assert "<html" not in (await page(served, f"/follow/{links[1]}/now")).text
    await served.post(f"{window}/call-next", None, clerk)
    assert "请到" in (await page(served, f"/follow/{links[0]}")).text
    for step in ("start", "finish"):
        await served.post(f"{window}/{step}", None, clerk)
    done = (await page(served, f"/follow/{links[0]}")).text
    link = re.search(r'href="(/reviews/[^"]+)"', done)
    assert link is not None
    form = await page(served, link[1])
    assert "评价自愿" in form.text
    nothing = await send(served, link[1], {"key": "k"})
    assert nothing.status_code == 422
    rated = await send(
        served,
        link[1],
        {"grade": "very-satisfied", "tags-very-satisfied": ["510", "517"], "tags-satisfied": "406"},
    )
    assert rated.status_code == 303, rated.text
    assert "谢谢您的评价" in (await page(served, rated.headers["location"])).text
    assert "已经评价过了" in (await page(served, link[1])).text


async def test_whoever_is_at_the_hall_takes_a_number_on_the_phone_and_is_told_what_is_missing(
    served: Served,
) -> None:
    me, clerk = await served.citizen("page-t"), served.bearer("clerk", hall="longtan")
    nobody_yet = (await page(served, "/halls/longtan/take", me)).text
    assert ('value="a"' in nobody_yet, "现在没有窗口在办这项业务" in nobody_yet) == (True, True)

    async def board_at(position: int) -> None:
        # No stream brings this server's boards: what it holds is let go, and read again from the view that has it.
        assert (await served.get("/halls/longtan/line", clerk, after=position)).status_code == 200
        vars(served.parts.boards)["_boards"].clear()
        assert (await served.get("/halls/longtan/board", after=position)).status_code == 200

    await board_at((await served.post("/halls/longtan/windows/w01/open", None, clerk)).json()["position"])
    assert 'value="a"' in (await page(served, "/halls/longtan/take", me)).text
    assert (await send(served, "/halls/longtan/take", {}, me)).status_code == 422
    taken = await send(served, "/halls/longtan/take", {"queue": "a", "key": "t1"}, me)
    assert taken.headers["location"].startswith("/follow/")
    again = await send(served, "/halls/longtan/take", {"queue": "a", "key": "t1"}, me)
    assert again.headers["location"] == taken.headers["location"], (
        "a form that is sent twice takes one number"
    )
    assert "A001" in (await page(served, taken.headers["location"])).text
    await board_at((await served.post("/halls/longtan/windows/w01/close", None, clerk)).json()["position"])
    assert "现在没有窗口在办这项业务" in (await page(served, "/halls/longtan/take", me)).text


async def test_whoever_rated_badly_sees_what_is_done_and_rates_again_once_it_was_answered(
    office: Served,
) -> None:
    service, _, me = await bad_review(office, "huyang", "page-5")
    link = office.parts.invitations.seal(service)
    assert "整改反馈后，您可以在这里追评一次" in (await page(office, f"/reviews/{link}", me)).text
    stranger = (await page(office, f"/reviews/{link}")).text
    assert "整改" not in stranger
    clerk = office.bearer("clerk", "chen", hall="huyang")
    for step, body in (
        ("contact", {"outcome": "reached"}),
        ("verify", {"finding": "true", "note": "属实"}),
        ("rectify", {"remedy": "measures", "text": "已增开一个窗口"}),
        ("feed-back", {"text": "谢谢指正", "means": "phone"}),
    ):
        done = await office.post(f"/rectifications/{service}/{step}", body, clerk)
        assert done.status_code == 200, done.text
    await office.get(f"/rectifications/{service}", me, after=done.json()["position"])
    shown = (await page(office, f"/reviews/{link}", me)).text
    for words in ("已增开一个窗口", "谢谢指正", "追评（只有一次）"):
        assert words in shown
    more = await send(office, f"/reviews/{link}/add", {"grade": "satisfied", "comment": "好多了"}, me)
    assert more.status_code == 303, more.text
    assert "您已经追评" in (await page(office, f"/reviews/{link}", me)).text


async def test_a_case_tells_what_is_asked_of_its_applicant_and_nobody_else(office: Served) -> None:
    me, other = await office.citizen("page-6"), await office.citizen("page-7")
    clerk = office.bearer("clerk", hall="tanghe")
    made = (await office.post("/cases", {"item": "demo-shenfenzheng-buling", "hall": "tanghe"}, me)).json()
    asked = await office.post(f"/cases/{made['case']}/request-correction", {"missing": ["居民户口簿"]}, clerk)
    await office.get(f"/cases/{made['case']}", me, after=asked.json()["position"])
    shown = await page(office, f"/cases/{made['case']}", me)
    assert "请补正以下材料" in shown.text
    assert "居民户口簿" in shown.text
    assert (await page(office, f"/cases/{made['case']}", other)).status_code == 404
    assert (await page(office, f"/cases/{made['case']}")).status_code == 303


async def test_what_a_case_asks_for_is_handed_in_from_afar_and_counts_once_the_office_has_received_it(
    office: Served,
) -> None:
    me, clerk = await office.citizen("page-8"), office.bearer("clerk", hall="tanghe")
    made = (await office.post("/cases", {"item": "demo-shenfenzheng-buling", "hall": "tanghe"}, me)).json()
    case = f"/cases/{made['case']}"
    asked = await office.post(
        f"{case}/request-correction", {"missing": ["居民户口簿"], "answer_workdays": 5}, clerk
    )
    await office.get(case, me, after=asked.json()["position"])
    form = {"key": "once", "how-0": ""}
    nothing = await send(office, f"{case}/hand-in", form, me)
    assert nothing.status_code == 422
    empty = await send(office, f"{case}/hand-in", form | {"how-0": "licence"}, me)
    assert (empty.status_code, "f-licence-0-error" in empty.text) == (422, True)
    personal = await send(
        office, f"{case}/hand-in", form | {"how-0": "statement", "statement-0": "我是110101199003070134"}, me
    )
    assert (personal.status_code, "请不要填写身份证号或手机号" in personal.text) == (422, True)
    assert "我是110101199003070134" in personal.text, "what was typed is kept"
    told = form | {"how-0": "licence", "licence-0": "1.2.156.3005.2.0001"}
    for _ in range(2):
        sent = await send(office, f"{case}/hand-in", told, me)
        assert sent.status_code == 303, sent.text
    shown = (await page(office, sent.headers["location"], me)).text
    assert "您已在网上提交" in shown
    assert "1.2.156.3005.2.0001" in shown
    file = (await office.get(case, me)).json()
    assert file["status"] == "correcting", "nothing moves before the office has received it"
    assert [line["what"] for line in file["timeline"]].count("case-papers-handed-in") == 1
    desk = (await page(office, f"/window{case}", clerk)).text
    assert "申请人网上提交，待核对接收" in desk
    assert (await office.post(f"{case}/hand-in", {"papers": []}, clerk)).status_code == 403
    received = await office.post(f"{case}/correct", {"provided": ["居民户口簿"]}, clerk)
    after = (await office.get(case, me, after=received.json()["position"])).json()
    assert (after["status"], after["handed_in"]) == ("received", [])


@pytest.mark.parametrize(
    "path", ["/items/nothing", "/book/nothing", "/follow/x", "/reviews/x", "/appointments/x"]
)
async def test_what_is_not_there_is_a_page_that_says_so(served: Served, path: str) -> None:
    answer = await page(served, path, language="en")
    assert answer.status_code == 404
    assert "Back to the first page" in answer.text


BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("method", "path", "status", "words", "code"),
    [
        ("GET", "/nowhere", 404, "没有找到", "unknown-path"),
        ("GET", "/halls/tanghe/nothing", 404, "没有找到", "unknown-path"),
        ("POST", "/nowhere", 404, "没有找到", "unknown-path"),
        ("GET", "/find/code", 405, "这个地址不能直接打开", "method-not-allowed"),
        ("POST", "/halls", 405, "这个地址不能直接打开", "method-not-allowed"),
        ("GET", "/?q=%00", 400, "没有办成", "bad-request"),
    ],
)
async def test_what_no_page_takes_is_a_page_for_a_browser_and_a_problem_for_a_program(
    served: Served, method: str, path: str, status: int, words: str, code: str
) -> None:
    for language, home in (("zh", "返回首页"), ("en", "Back to the first page")):
        cookie = {"Cookie": f"language={language}"}
        answer = await served.client.request(method, path, headers=BROWSER | OURS | cookie)
        assert (answer.status_code, home in answer.text) == (status, True)
        assert language == "en" or words in answer.text
        assert answer.headers["content-security-policy"]
    for at, headers in ((path, {}), (f"/api/v1{path}", BROWSER)):
        answer = await served.client.request(method, at, headers=headers | OURS)
        assert answer.headers["content-type"] == "application/problem+json"
        assert at != path or (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_form_that_is_too_large_is_a_page_that_says_so(served: Served) -> None:
    large = {"reason": "长" * served.parts.settings.body_bytes_max}
    answer = await served.client.post("/find", data=large, headers=BROWSER | OURS)
    assert (answer.status_code, "内容太大" in answer.text) == (413, True)


async def test_a_fault_of_the_program_is_a_page_that_tells_nothing_of_it(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*asked: object, **more: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(served.parts.boards, "board", fails)
    monkeypatch.setattr(served.parts.views, "find", fails)
    kiosk, me = served.bearer("kiosk", hall="tanghe"), await served.citizen("page-fault")
    for path, who, words in (
        ("/mine", me, "再试一次"),
        ("/halls/tanghe/kiosk", kiosk, 'href="/halls/tanghe/kiosk/begin"'),
    ):
        answer = await page(served, path, BROWSER | who)
        assert (answer.status_code, "inside" in answer.text, words in answer.text) == (500, False, True)
        assert "系统暂时不可用" in answer.text


async def test_while_the_store_is_away_the_list_of_halls_waits_once_and_not_for_each_of_them(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: set[str] = set()
    everybody = asyncio.Event()

    async def away(hall: str, *asked: object, **more: object) -> None:
        waiting.add(hall)
        if len(waiting) == len(served.parts.catalogue.halls):
            everybody.set()
        await everybody.wait()
        raise PoolTimeout("couldn't get a connection")

    monkeypatch.setattr(served.parts.boards, "board", away)
    answer = await asyncio.wait_for(page(served, "/halls"), 20)
    assert (answer.status_code, "唐河县政务服务中心" in answer.text) == (200, True)


async def test_a_first_page_with_all_it_needs_fits_a_slow_line(served: Served) -> None:
    answer = await page(served, "/")
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text)
    together = [answer.content, *[(await served.client.get(path)).content for path in named]]
    assert sum(len(gzip.compress(body)) for body in together) < BYTES_MAX
