"""The kiosk in a browser: its main tasks by touch and by keyboard, its scanner, its printer and its way home."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.desk import HALL, Desk, configure
from tests.browser.line import Line
from tests.browser.seeing import KIOSK, KIOSK_WIDE, axe_clean
from tests.running import Running, running

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A program of its own: in the shared one other tests leave people in the lines."""
    with running(tmp_path_factory.mktemp("own")) as found:
        yield found


HOME = f"/halls/{HALL}/kiosk"
ACCOUNT = f"kiosk-{HALL}-01"
PRINTING = "window.printed = 0; window.print = () => { window.printed += 1; };"

SMALL = """() => [...document.querySelectorAll("a, button, input, summary, label.key")]
    .filter((node) => node.getClientRects().length && !node.matches("label.key input"))
    .map((node) => [node.textContent.trim().slice(0, 20), Math.round(node.getBoundingClientRect().height)])
    .filter(([, height]) => height < 72)"""
"""What is to be touched and is not 72 pixels high."""


@pytest.fixture
def kiosk(visit: Open) -> Page:
    return visit(HOME, *KIOSK, account=ACCOUNT, script=PRINTING)


@pytest.fixture
def waiting(server: Running, desk: Desk) -> Iterator[str]:
    """Somebody waits."""
    yield desk.issue()
    desk.call()
    desk.serve()


def number(page: Page) -> Locator:
    return page.locator(".slip .number")


def test_a_number_is_taken_in_two_touches_and_printed(kiosk: Page, desk: Desk) -> None:
    kiosk.get_by_role("link", name="综合业务").click()
    kiosk.get_by_role("button", name="取号").click()
    expect(number(kiosk)).to_have_text(re.compile(r"^A\d{3}$"))
    expect(kiosk.locator(".slip svg")).to_be_visible()
    kiosk.wait_for_function("printed === 1")
    assert "A0" not in kiosk.url
    axe_clean(kiosk)
    kiosk.emulate_media(media="print")
    expect(number(kiosk)).to_be_visible()
    for beside in (".where", ".reach", "h1"):
        expect(kiosk.locator(beside)).to_be_hidden()
    kiosk.emulate_media(media="screen")
    kiosk.get_by_role("link", name="完成").click()
    expect(kiosk).to_have_url(re.compile(f"{HOME}$"))
    desk.call()
    desk.serve()


def press(page: Page, wanted: str) -> None:
    """Go to what is called so and press it, with the keyboard."""
    for _ in range(15):
        page.keyboard.press("Tab")
        if wanted in page.evaluate("document.activeElement.textContent"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{wanted} cannot be reached")


def test_a_number_is_taken_with_the_keyboard_alone(kiosk: Page, desk: Desk) -> None:
    press(kiosk, "综合业务")
    expect(kiosk.get_by_role("heading", name="综合业务")).to_be_visible()
    press(kiosk, "老年人")
    expect(number(kiosk)).to_have_text(re.compile(r"^A\d{3}$"))
    desk.call()
    desk.serve()


def test_what_a_scanner_types_goes_into_the_field_and_its_enter_sends_it(
    kiosk: Page, server: Running, desk: Desk
) -> None:
    token = server.token("kiosk", hall=HALL)
    given = server.post(f"/api/v1/halls/{HALL}/tickets", {"queue": "a"}, token)
    kiosk.get_by_role("link", name="查询排队").click()
    expect(kiosk.locator("[data-scan]")).to_be_focused()
    kiosk.locator("h1").click()
    kiosk.keyboard.type(f"http://hall.example/follow/{given['follow']}\n")
    expect(kiosk.locator("h1")).to_have_text(given["ticket"])
    expect(kiosk.locator(".ahead")).to_contain_text("前面还有0人")
    desk.call()
    desk.serve()


def test_a_number_is_looked_up_on_the_keypad(kiosk: Page, waiting: str) -> None:
    kiosk.goto(kiosk.url + "/query")
    for key in ("9", "清空", *waiting[:-1], "8", "退格", waiting[-1]):
        kiosk.get_by_role("button", name=key, exact=True).click()
    expect(kiosk.locator("#f-number")).to_have_value(waiting)
    kiosk.get_by_role("button", name="查询").click()
    expect(kiosk.locator("h1")).to_have_text(waiting)


def test_a_service_is_rated_in_three_touches(kiosk: Page, server: Running, desk: Desk) -> None:
    token = server.token("kiosk", hall=HALL)
    given = server.post(f"/api/v1/halls/{HALL}/tickets", {"queue": "a"}, token)
    desk.call()
    desk.serve()
    kiosk.get_by_role("link", name="服务评价").click()
    expect(kiosk.locator("[data-scan]")).to_be_focused()
    kiosk.keyboard.type(given["follow"] + "\n")
    grade = kiosk.get_by_role("button", name="非常满意", exact=True)
    expect(grade).to_be_visible()
    axe_clean(kiosk)
    grade.click()
    expect(kiosk.get_by_role("button", name="提交评价")).to_be_visible()
    axe_clean(kiosk)
    assert kiosk.evaluate(SMALL) == []
    kiosk.get_by_role("button", name="提交评价").click()
    expect(kiosk.get_by_role("heading", name="谢谢您的评价")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [KIOSK, KIOSK_WIDE])
def test_whatever_is_touched_is_72_pixels_high_and_in_sight(visit: Open, width: int, height: int) -> None:
    page = visit(HOME, width, height, account=ACCOUNT, script=PRINTING)
    for path in ("", "/queues/a", "/check-in", "/check-in/document", "/check-in/mail", "/query", "/help"):
        page.goto(page.url.partition(HOME)[0] + HOME + path)
        assert page.evaluate(SMALL) == [], path
        assert page.evaluate("document.querySelector('main').scrollHeight <= innerHeight"), path


def test_low_controls_are_in_the_lower_half_until_the_next_person(kiosk: Page) -> None:
    kiosk.get_by_role("button", name="低位操作").click()
    expect(kiosk.get_by_role("button", name="恢复高度")).to_be_visible()
    tops = kiosk.evaluate(
        "() => [...document.querySelectorAll('main a, .reach button')].map((n) => n.getBoundingClientRect().top)"
    )
    assert min(tops) >= KIOSK[1] / 2
    assert kiosk.evaluate(SMALL) == []
    kiosk.get_by_role("link", name="综合业务").click()
    expect(kiosk.get_by_role("button", name="取号")).to_be_visible()
    top = kiosk.get_by_role("button", name="取号").bounding_box()
    assert top is not None
    assert top["y"] >= KIOSK[1] / 2
    kiosk.get_by_role("link", name="返回首页").click()
    expect(kiosk.get_by_role("button", name="低位操作")).to_be_visible()


def test_the_language_is_switched_and_the_next_person_begins_in_chinese(kiosk: Page, desk: Desk) -> None:
    kiosk.goto(kiosk.url + "/check-in")
    kiosk.get_by_role("button", name="English").click()
    expect(kiosk.get_by_role("heading", name="Check in")).to_be_visible()
    kiosk.goto(kiosk.url.removesuffix("/check-in") + "/queues/a")
    kiosk.get_by_role("button", name="Take a number").click()
    expect(kiosk.get_by_role("heading", name="Your number")).to_be_visible()
    axe_clean(kiosk)
    kiosk.get_by_role("link", name="Back to the first page").click()
    expect(kiosk).to_have_url(re.compile(f"{HOME}$"))
    kiosk.goto(kiosk.url + "/check-in")
    expect(kiosk.get_by_role("heading", name="预约签到")).to_be_visible()
    desk.call()
    desk.serve()


def test_a_kiosk_that_is_left_alone_asks_and_goes_home(visit: Open, complaints: Complaints) -> None:
    page = visit(f"{HOME}/help", *KIOSK, account=ACCOUNT)
    page.clock.install()
    page.reload()
    page.clock.run_for(51_000)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    axe_clean(page)
    page.get_by_role("button", name="继续使用").click()
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    page.clock.run_for(61_000)
    expect(page).to_have_url(re.compile(f"{HOME}$"))
    assert complaints.said == []


def test_the_lines_on_the_first_page_move_by_themselves(kiosk: Page, server: Running, desk: Desk) -> None:
    count = kiosk.locator('[data-queue="a"] [data-part="waiting"]')
    before = desk.waiting()
    desk.issue()
    expect(count).to_have_text(str(before + 1))
    desk.call()
    expect(count).to_have_text(str(before))
    desk.serve()


def test_a_full_hall_is_said_by_itself_and_gives_numbers_again_as_soon_as_somebody_is_called(
    visit: Open, server: Running
) -> None:
    configure(server, "guotan", capacity=1)
    page = visit("/halls/guotan/kiosk", *KIOSK, account="kiosk-guotan-01", script=PRINTING)
    line = page.get_by_role("link", name="综合业务")
    expect(line).to_be_visible()
    clerk = server.token("clerk", "clerk-guotan-w01", hall="guotan", window="w01")
    server.post(
        "/api/v1/halls/guotan/tickets",
        {"queue": "a"},
        server.token("kiosk", "kiosk-guotan-01", hall="guotan"),
    )
    expect(page.get_by_role("heading", name="现在不能取号")).to_be_visible(timeout=45_000)
    expect(line).to_have_count(0)
    expect(page.locator('[data-queue="a"]')).to_contain_text("可预约")
    axe_clean(page)
    server.post("/api/v1/halls/guotan/windows/w01/open", {}, clerk)
    server.post("/api/v1/halls/guotan/windows/w01/call-next", {}, clerk)
    expect(line).to_be_visible(timeout=45_000)


def test_a_cut_line_is_said_on_the_first_page_and_forgotten_after_its_return(visit: Open, line: Line) -> None:
    page = visit(HOME, *KIOSK, url=line.url, account=ACCOUNT)
    alarm = page.locator("[data-part=alarm]")
    expect(page.locator("[data-part=clock]")).to_have_text(re.compile(r"\d\d:\d\d"))
    expect(alarm).to_be_hidden()
    line.cut()
    expect(alarm).to_be_visible()
    line.mend()
    expect(alarm).to_be_hidden()
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")


def test_a_device_types_its_code_and_is_a_kiosk_for_good_until_it_is_revoked(
    visit: Open, server: Running
) -> None:
    admin = server.token("admin")
    made = server.post("/api/v1/devices", {"role": "kiosk", "hall": HALL, "name": "门厅"}, admin)
    page = visit(HOME, *KIOSK)
    page.get_by_label("验证码").fill(made["code"])
    page.get_by_role("button", name="登记").click()
    expect(page).to_have_url(re.compile(f"{HOME}$"))
    server.post(f"/api/v1/devices/{made['device']}/revoke", {}, admin)
    page.reload()
    expect(page.get_by_role("heading", name="登记本机")).to_be_visible()
