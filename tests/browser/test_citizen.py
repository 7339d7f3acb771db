"""A citizen's main task in a browser: with JavaScript off, with the keyboard alone; and a line that moves."""

import json
import re
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from adapters.people import demonstration_identity
from tests.browser.conftest import Complaints, Open
from tests.browser.line import Line
from tests.browser.seeing import PHONE
from tests.browser.shots_citizen import ITEM, asked, free, ticket
from tests.running import Running


def test_a_phone_without_javascript_books_and_gives_back(visit: Open, complaints: Complaints) -> None:
    page = visit("/", *PHONE, java_script_enabled=False)
    page.get_by_label("要办的事项").fill("sbk")
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name=re.compile("^社会保障卡申领")).click()
    page.get_by_role("link", name="预约办理").click()
    page.get_by_role("link", name="选唐河县政务服务中心").click()
    last_free(page)
    expect(page.get_by_role("heading", name="演示登录")).to_be_visible()
    page.get_by_role("button", name=re.compile("citizen-03")).click()
    last_free(page)
    expect(page.locator(".timer")).to_contain_text("为您保留到")
    page.get_by_role("button", name="确认预约").click()
    expect(page.get_by_role("heading", name="预约凭证")).to_be_visible()
    page.get_by_text("取消预约").click()
    page.get_by_role("button", name="取消这个预约").click()
    expect(page.get_by_role("heading", name="已取消")).to_be_visible()
    assert complaints.said == []


def last_free(page: Page) -> None:
    """Choose the last day there is and its last free slot."""
    page.locator(".days a").last.click()
    expect(page.locator(".days a").last).to_have_attribute("aria-current", "date")
    page.locator(".slot:enabled").last.click()


def test_who_does_not_sign_in_finds_an_appointment_by_a_code_and_the_browser_computes_meanwhile(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    clerk = server.token("clerk", "clerk-heilong-w02", hall="heilong")
    day, slot = free(server, "heilong")
    person = {"name": "周八", "id_number": demonstration_identity("zhou").id_number, "mail": "zhou@hall.test"}
    body = {"item": ITEM, "date": day, "slot": slot, "person": person}
    made = server.post("/api/v1/halls/heilong/appointments", body, clerk)
    page = visit("/find", *PHONE)
    page.get_by_label("手机号或邮箱").fill("zhou@hall.test")
    page.get_by_label("预约的大厅").select_option("heilong")
    page.get_by_role("button", name="获取验证码").click()
    expect(page.get_by_role("button", name="查看预约")).to_be_visible()
    page.get_by_label("验证码").fill(_code_sent(server.data))
    page.get_by_role("button", name="查看预约").click()
    expect(page.locator(f'a[href="/appointments/{made["voucher"]}"]')).to_be_visible()
    assert complaints.said == []


def _code_sent(data: Path) -> str:
    """The code in the mail, which the demonstration writes into a file."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        for line in (
            (data / "notices.jsonl").read_text().splitlines() if (data / "notices.jsonl").exists() else ()
        ):
            told = json.loads(line)
            if told["address"] == "z***@hall.test" and (
                found := re.search(r"验证码\D{0,9}(\d{6})", told["text"])
            ):
                return found[1]
        time.sleep(0.1)
    raise AssertionError("no code was sent")


def test_the_keyboard_alone_books(visit: Open, complaints: Complaints) -> None:
    page = visit(f"/items/{ITEM}", *PHONE, account="citizen-03")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    # Today is there too, and in the evening full.
    for name in ("预约办理", "选龙潭镇便民服务中心", r"(?s)\d月\d+日.*余"):
        _enter(page, name)
    _enter(page, r"^\d\d:\d\d")
    expect(page.locator(".timer b")).to_have_text(re.compile(r"^\d:\d\d$"))
    _enter(page, "确认预约")
    expect(page.get_by_role("heading", name="预约凭证")).to_be_visible()
    assert complaints.said == []


def test_the_keyboard_alone_answers_what_a_case_asks_for(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    page = visit(asked(server, server.token("citizen", "citizen-03")), *PHONE, account="citizen-03")
    first = page.get_by_role("radio", name="用电子证照")
    for _ in range(40):
        page.keyboard.press("Tab")
        if first.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("1.2.156.3005.2.0001")
    _enter(page, "^提交$")
    expect(page.get_by_role("status")).to_contain_text("您已在网上提交")
    expect(page.get_by_text("1.2.156.3005.2.0001").first).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("等您补正")
    assert complaints.said == []


def test_the_keyboard_alone_gives_a_number_up(visit: Open, server: Running, complaints: Complaints) -> None:
    page = visit(ticket(server), *PHONE)
    _reach(page, "^不等了$")
    page.keyboard.press("Enter")
    _enter(page, "^退号$")
    expect(page.get_by_role("main")).not_to_contain_text("前面还有")
    expect(page.get_by_role("button", name="退号")).to_have_count(0)
    assert complaints.said == []


def _enter(page: Page, name: str) -> None:
    """Come to something so named by Tab, and press Enter on it; another page comes."""
    _reach(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _reach(page: Page, name: str) -> None:
    """Press Tab until something so named has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(document.activeElement.ariaLabel || document.activeElement.innerText || '').trim()"
        )
        if re.search(name, focused):
            return
    raise AssertionError(f"the keyboard does not come to {name}")


def test_halls_are_sorted_by_distance_on_a_press_and_nobody_is_told_where_the_phone_is(
    visit: Open, complaints: Complaints
) -> None:
    here = {"latitude": 32.41, "longitude": 112.755}
    page = visit(f"/book/{ITEM}", *PHONE, geolocation=here, permissions=["geolocation"])
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    expect(page.locator(".distance").first).to_be_empty()
    page.get_by_role("button", name="按距离排").click()
    expect(page.locator(".card h2").first).to_contain_text("湖阳镇便民服务中心 约 50 米")
    expect(page.locator(".card h2").last).to_contain_text("源潭镇")
    assert [url for url in sent if "/static/" not in url] == []
    assert (page.evaluate("localStorage.length"), complaints.said) == (0, [])


def test_without_a_position_halls_stay_sorted_by_place_and_the_page_says_so(visit: Open) -> None:
    page = visit(f"/book/{ITEM}", *PHONE)
    page.get_by_role("button", name="按距离排").click()
    expect(page.get_by_role("status").filter(has_text="可以按地名排")).to_be_visible()
    page.get_by_label("我在").select_option(label="湖阳镇")
    page.get_by_role("button", name="近的排前面").click()
    expect(page.locator(".card h2").first).to_contain_text("湖阳镇便民服务中心")


def test_a_place_in_line_moves_by_itself_and_says_when_it_is_old(
    visit: Open, server: Running, line: Line
) -> None:
    path = ticket(server)
    page = visit(path, *PHONE, url=line.url)
    ahead = page.locator(".ahead")
    expect(ahead).to_contain_text("前面还有")
    before = ahead.inner_text()
    clerk = server.token("clerk", "clerk-heilong-w02", hall="heilong")
    server.post("/api/v1/halls/heilong/windows/w02/call-next", token=clerk)
    expect(ahead).not_to_have_text(before)
    line.cut()
    expect(page.locator("[data-old]")).to_be_visible()
    line.mend()
    expect(page.locator("[data-old]")).to_be_hidden()
