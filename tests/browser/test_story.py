"""One visit from its booking to what became of its bad review, in five browsers at once; and how fast pages are."""

import re
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from statistics import median

import pytest
from playwright.sync_api import Locator, Page, expect

from domain.workdays import SHANGHAI
from tests.browser.conftest import Complaints, Open
from tests.browser.desk import configure
from tests.browser.oversight import Oversight
from tests.browser.seeing import DESK, KIOSK, PHONE
from tests.running import Running

HALL, NAME = "yuantan", "源潭镇便民服务中心"
"""No other test of a browser comes to this hall."""

COMPLAINT = "等了两个小时，没有人解释"
REMEDY = "已加开一个窗口，并向群众说明等候时间"
ANSWER = "已当面致歉，今后超过十五分钟即加开窗口"


@pytest.fixture
def open_today(server: Running) -> Iterator[str]:
    """The hall keeps hours today, whatever day it is, and lets people check in before their slot; the day."""
    before = server.get(f"/api/v1/halls/{HALL}")
    day = datetime.now(SHANGHAI).date().isoformat()
    session = {"opens": "00:00:00", "closes": "23:59:00", "slot_minutes": 5}
    reason = {"zh": "加开", "en": "Extra hours"}
    exceptions = [{"date": day, "reason": reason, "sessions": [session]}]
    configure(server, HALL, exceptions=exceptions, booking=before["booking"] | {"early_minutes": 30})
    yield day
    configure(server, HALL, exceptions=before["exceptions"], booking=before["booking"])


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Figures that are measured, printed for the reader when the test has ended; none is a promise of the test's."""
    said: list[str] = []
    yield said
    with capsys.disabled():
        sys.stdout.write("".join(f"\n{line}" for line in said) + "\n")


def reloaded_until(wanted: Locator) -> None:
    """Load the page again until something is on it: views follow the log some moments later."""
    deadline = time.monotonic() + 20
    while not wanted.is_visible():
        assert time.monotonic() < deadline, wanted
        wanted.page.wait_for_timeout(50)
        wanted.page.reload()


CLICKED = """() => document.addEventListener("click", () => { window.clicked = Date.now(); }, true)"""
CALLED = """() => new MutationObserver(() => {
    const number = document.querySelector(".call[data-fresh] .ticket")?.textContent;
    if (number && !window.seen) requestAnimationFrame(() => { window.seen ??= Date.now(); });
}).observe(document.querySelector(".calls"), {subtree: true, childList: true, attributes: true, characterData: true})"""


def test_a_visit_from_the_booking_to_the_answer_to_a_bad_rating(
    visit: Open, complaints: Complaints, open_today: str, tell: list[str]
) -> None:
    citizen = visit("/", *PHONE, account="citizen-03")
    kiosk = visit(
        f"/halls/{HALL}/kiosk", *KIOSK, account=f"kiosk-{HALL}-01", script="window.print = () => {};"
    )
    screen = visit(f"/halls/{HALL}/screen", account=f"screen-{HALL}-01")
    clerk = visit("/window", *DESK, account=f"clerk-{HALL}-w01")
    supervisor = visit("/supervise", *DESK, account=f"supervisor-{HALL}-01")

    voucher = book(citizen, open_today)
    number = check_in(kiosk, voucher)
    reloaded_until(citizen.get_by_role("link", name="看排队进度"))
    citizen.get_by_role("link", name="看排队进度").click()
    expect(citizen.locator(".ticket .number")).to_have_text(number)

    screen.evaluate(CALLED)
    clerk.evaluate(CLICKED)
    clerk.locator("[data-press=open]").click()
    expect(clerk.locator("[data-part=state]")).to_have_text("正在办公")
    clerk.locator("[data-press=call-next]").click()
    expect(screen.locator(".call[data-fresh] .ticket")).to_have_text(number)
    expect(screen.locator(".call .window").first).to_contain_text("1号窗口")
    expect(clerk.locator("[data-part=number]")).to_have_text(number)
    expect(citizen.locator(".banner.call")).to_contain_text("综合受理窗口")
    screen.wait_for_function("() => window.seen")  # drawn, not only told
    seen, clicked = screen.evaluate("seen"), clerk.evaluate("clicked")
    tell.append(f"hall screen: the number is drawn {seen - clicked} ms after the clerk's click")
    clerk.locator("[data-press=start]").click()
    expect(clerk.locator("[data-part=caption]")).to_have_text("正在办理")
    clerk.locator("[data-dialog=finish]").click()
    clerk.locator("#finish-dialog").get_by_role("button", name="办结").click()
    expect(clerk.locator("[data-part=number]")).to_have_text("—")

    rate(citizen)
    service = rectify(supervisor)
    citizen.goto(citizen.url.partition("/reviews/")[0] + "/mine")
    reloaded_until(citizen.locator("a[href^='/reviews/']"))
    citizen.locator("a[href^='/reviews/']").click()
    story = citizen.locator(".timeline")
    reloaded_until(story.get_by_text(ANSWER))
    for done in ("开始整改", "联系核实", "完成整改", REMEDY, "反馈结果"):
        expect(story).to_contain_text(done)
    expect(citizen.get_by_text("整改以后，您现在")).to_be_visible()
    assert service in supervisor.url
    assert complaints.said == []


def book(citizen: Page, day: str) -> str:
    """Find an item by its initials and book it in the hall for today; the address that the voucher's code says."""
    citizen.get_by_label("要办的事项").fill("sbk")
    citizen.get_by_role("button", name="查找").click()
    citizen.get_by_role("link", name=re.compile("^社会保障卡申领")).click()
    citizen.get_by_role("link", name="预约办理").click()
    citizen.get_by_role("link", name=f"选{NAME}").click()
    citizen.locator(f".days a[href$='{day}']").click()
    citizen.locator(".slot:enabled").first.click()
    citizen.get_by_role("button", name="确认预约").click()
    expect(citizen.get_by_role("heading", name="预约凭证")).to_be_visible()
    return citizen.url


def check_in(kiosk: Page, voucher: str) -> str:
    """Hold the voucher under the scanner, which types what it reads; the number on the slip."""
    kiosk.get_by_role("link", name="预约签到").click()
    expect(kiosk.locator("[data-scan]")).to_be_focused()
    kiosk.keyboard.type(f"{voucher}\n")
    number = kiosk.locator(".slip .number")
    expect(number).to_have_text(re.compile(r"^B\d{3}$"))
    return number.inner_text()


def rate(citizen: Page) -> None:
    """From the page that followed the ticket, as it is: it has heard that the service ended."""
    citizen.get_by_role("link", name="评价这次服务").click()
    citizen.get_by_text("非常不满意", exact=True).click()
    citizen.get_by_text("服务态度差效率低").click()
    citizen.get_by_text("再说几句").click()
    citizen.get_by_label("意见或建议").fill(COMPLAINT)
    citizen.get_by_role("button", name="提交评价").click()
    expect(citizen.get_by_role("heading", name="谢谢您的评价")).to_be_visible()


def rectify(supervisor: Page) -> str:
    """See the bad review with its deadline, give it to somebody and take every step up to the answer; its reference."""
    row = supervisor.locator("tbody tr").filter(has_text=COMPLAINT)
    reloaded_until(row)
    expect(row.locator(".due time")).to_be_visible()
    expect(row.locator(".due .left")).to_have_text(re.compile("剩|最后一天"))
    service = str(row.locator("input").get_attribute("value"))
    row.locator("input").check()
    supervisor.get_by_label("派给").fill(f"clerk-{HALL}-w02")
    supervisor.get_by_role("button", name="派单").click()
    expect(supervisor.get_by_role("status").filter(has_text="已派单1件")).to_be_visible()
    row.get_by_role("link").click()
    act(supervisor, "contact", {"outcome": "reached"}, note="已致电，确有其事")
    act(supervisor, "verify", {"finding": "true"}, note="属实")
    act(supervisor, "rectify", {"remedy": "measures"}, text=REMEDY)
    act(supervisor, "feed-back", {"means": "phone"}, text=ANSWER)
    return service


def act(supervisor: Page, name: str, chosen: dict[str, str], **typed: str) -> None:
    """Fill in the form of a step and send it; the story tells it."""
    form = supervisor.locator(f"form[action$='/{name}']")
    for field, value in chosen.items():
        form.locator(f"input[name='{field}'][value='{value}']").check()
    for field, text in typed.items():
        form.locator(f"[name='{field}']").fill(text)
    form.get_by_role("button").click()
    expect(supervisor.locator(".timeline")).to_contain_text(next(iter(typed.values())))


PAINTED = """new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.painted = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});"""

ROWS = """document.addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => {
    if (document.querySelector("tbody tr")) window.rows = performance.now();
}));"""


def test_pages_arrive_fast_and_light(
    visit: Open, complaints: Complaints, server: Running, tell: list[str]
) -> None:
    """Figures, each the middle of several loads: largest paints with nothing kept and the machine four times slower,
    what comes over the line, and a supervisor's first rows with the list drawn."""
    page = visit("/halls", *PHONE, script=PAINTED)
    slow = page.context.new_cdp_session(page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    slow.send("Network.enable")
    slow.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    slow.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    for path in ("/", "/items?q=身份证"):
        paints = []
        for _ in range(3):
            sizes.clear()
            page.goto(server.url + path)
            page.wait_for_function("() => window.painted > 0")
            page.evaluate("() => new Promise(requestIdleCallback)")  # nothing larger comes
            paints.append(page.evaluate("painted"))
        assert sizes
        tell.append(f"{path}: largest paint after {median(paints):.0f} ms, {sum(sizes) / 1024:.0f} KiB")
    Oversight(server, window="w10").bad("is looked for")
    rows = visit("/supervise", *DESK, account="supervisor-01", script=ROWS)
    drawn = []
    for _ in range(5):
        rows.reload()
        rows.wait_for_function("() => window.rows > 0")
        drawn.append(rows.evaluate("rows"))
    tell.append(f"/supervise: first rows after {median(drawn):.0f} ms, at first {drawn[0]:.0f} ms")
    assert complaints.said == []
