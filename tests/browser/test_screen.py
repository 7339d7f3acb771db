"""The hall screen in a browser, on the whole program: what people in the hall see, and when."""

import json
import math
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Complaints
from tests.browser.desk import HALL, Desk
from tests.browser.line import Line
from tests.running import Running

SCREEN = f"/halls/{HALL}/screen"

Open = Callable[..., Page]


def tell(capsys: pytest.CaptureFixture[str], what: str) -> None:
    """Print a measured figure; it is for the reader, and no promise of the test's."""
    with capsys.disabled():
        sys.stdout.write(f"\n{what}\n")


def newest(page: Page) -> Any:
    return page.locator(".call").first


WATCH_NEWEST = """() => {
    window.first = {};
    new MutationObserver(() => {
        const number = document.querySelector(".call .ticket")?.textContent;
        if (number && !(number in first)) first[number] = Date.now();
    }).observe(document.querySelector(".calls"), {subtree: true, childList: true, characterData: true});
}"""


def test_a_called_number_appears_with_its_window(
    visit: Open, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    page = visit(SCREEN)
    page.evaluate(WATCH_NEWEST)
    desk.issue()
    began = time.time()
    number = desk.call()
    answered = time.time()
    expect(newest(page).locator(".ticket")).to_have_text(number)
    seen = page.evaluate("(number) => first[number] / 1e3", number)
    tell(
        capsys,
        f"call: answered after {(answered - began) * 1e3:.0f} ms, seen after {(seen - began) * 1e3:.0f} ms",
    )
    expect(newest(page).locator(".window")).to_contain_text("2号窗口")
    expect(newest(page).locator(".window")).to_contain_text("Window 2")
    expect(newest(page)).to_have_attribute("data-fresh", "")
    expect(page.locator("[data-part=spoken]")).to_have_text(f"请{number}到2号窗口")
    expect(newest(page)).not_to_have_attribute("data-fresh", "")
    desk.serve()


def test_a_recall_is_marked(visit: Open, desk: Desk) -> None:
    page = visit(SCREEN)
    desk.issue()
    number = desk.call()
    expect(newest(page).locator(".ticket")).to_have_text(number)
    expect(newest(page).locator(".again")).to_be_hidden()
    desk.do("recall")
    expect(newest(page).locator(".again")).to_be_visible()
    expect(newest(page).locator(".ticket")).to_have_text(number)
    desk.serve()


def test_waiting_counts_follow_the_line(visit: Open, desk: Desk) -> None:
    page = visit(SCREEN)
    waiting = page.locator(".queues li").first.locator(".waiting")
    before = desk.waiting()
    desk.issue()
    expect(waiting).to_have_text(str(before + 1))
    desk.call()
    expect(waiting).to_have_text(str(before))
    desk.serve()


WATCH_FLASHES = """() => {
    window.flashed = [];
    window.spoken = "";
    const reader = document.querySelector("[data-part=spoken]");
    new MutationObserver(() => { spoken += reader.textContent + "；"; }).observe(reader, { childList: true });
    setInterval(() => document.querySelectorAll(".call[data-fresh] .ticket").forEach((ticket) =>
        flashed.includes(ticket.textContent) || flashed.push(ticket.textContent)), 50);
}"""


def old(page: Page) -> float:
    """Wait until the screen says that its data may be old; after how many seconds it did."""
    began = time.monotonic()
    expect(page.locator("body")).to_have_attribute("data-stale", "")
    return time.monotonic() - began


def true_again(page: Page) -> None:
    """Wait until the screen no longer says so."""
    expect(page.locator("body")).not_to_have_attribute("data-stale", "")


def test_a_cut_line_is_said_and_the_calls_made_meanwhile_are_all_shown_after_it(
    visit: Open, desk: Desk, line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    page = visit(SCREEN, url=line.url)
    before = desk.whole_visit()
    expect(newest(page).locator(".ticket")).to_have_text(before)
    page.evaluate(WATCH_FLASHES)

    line.cut()
    said = old(page)
    expect(page.locator(".alarm")).to_be_visible()
    expect(page.locator(".alarm")).to_contain_text("数据可能已过时，正在重新连接")
    missed = [desk.whole_visit() for _ in range(9)]
    expect(newest(page).locator(".ticket")).to_have_text(before)

    line.mend()
    began = time.monotonic()
    true_again(page)
    tell(
        capsys, f"cut: said after {said:.2f} s, true again {time.monotonic() - began:.2f} s after its return"
    )
    expect(newest(page).locator(".ticket")).to_have_text(missed[-1])
    page.wait_for_function("(missed) => missed.every((ticket) => flashed.includes(ticket))", arg=missed)
    spoken = page.evaluate("spoken")
    assert "；".join(f"请{ticket}到2号窗口" for ticket in missed) in spoken


def test_a_line_that_dies_without_a_word_is_said_too_and_taken_up_again(
    visit: Open, desk: Desk, line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    page = visit("/halls", url=line.url)
    page.clock.install()
    page.goto(line.url + SCREEN)
    before = desk.whole_visit()
    expect(newest(page).locator(".ticket")).to_have_text(before)
    line.hush()
    said = old(page)
    tell(capsys, f"hushed: said after {said:.2f} s")
    number = desk.whole_visit()
    page.clock.fast_forward(11_000)  # longer than the screen waits before it gives the line up
    line.mend()
    true_again(page)
    expect(newest(page).locator(".ticket")).to_have_text(number)


def test_a_screen_that_is_refused_goes_on_asking(visit: Open, line: Line) -> None:
    page = visit("/halls", url=line.url)
    page.clock.install()
    page.goto(line.url + SCREEN)
    true_again(page)
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503)

    page.route("**/board/events", refuse)
    line.cut()
    line.mend()
    old(page)
    deadline = time.monotonic() + 20
    while len(asked) < 3:
        assert time.monotonic() < deadline, "the screen has given up"
        page.clock.fast_forward(10_000)
        page.wait_for_timeout(50)  # the request is on its way
    expect(page.locator("body")).to_have_attribute("data-stale", "")
    page.unroute("**/board/events")
    page.clock.fast_forward(21_000)
    true_again(page)


def test_the_screen_reads_without_scripts(visit: Open, desk: Desk) -> None:
    number = desk.whole_visit()
    desk.waiting()
    page = visit(SCREEN, java_script_enabled=False)
    expect(newest(page).locator(".ticket")).to_have_text(number)


def test_before_the_first_ticket_it_says_how_one_is_served_and_then_shows_the_line(
    visit: Open, server: Running
) -> None:
    page = visit("/halls/zhangdian/screen")
    expect(page.locator(".advice")).to_contain_text("取号机")
    expect(page.locator(".queues")).to_be_hidden()
    kiosk = server.token("kiosk", "kiosk-zhangdian-01", hall="zhangdian")
    server.post("/api/v1/halls/zhangdian/tickets", {"queue": "a"}, kiosk)
    expect(page.locator(".queues .waiting").first).to_have_text("1")
    expect(page.locator(".advice")).to_be_hidden()
    expect(page.locator(".none")).to_contain_text("窗口尚未开放")


def test_numbers_and_windows_can_be_read_from_ten_metres(visit: Open, desk: Desk) -> None:
    """On 55 inches at 1080p a pixel is 0.63 mm: 72 of them are 45 mm."""
    for _ in range(7):
        desk.whole_visit()
    page = visit(SCREEN)
    expect(page.locator(".call")).to_have_count(6)
    sizes = page.evaluate(
        """() => [...document.querySelectorAll(".call")].map((row) =>
            [".ticket", ".window"].map((part) => parseFloat(getComputedStyle(row.querySelector(part)).fontSize)))"""
    )
    assert sizes[0][0] >= 120
    assert all(ticket >= 72 and window >= 72 for ticket, window in sizes)


OVERFLOWING = """() => {
    const spilled = [...document.querySelectorAll(".screen *")].filter((node) =>
        node.getClientRects().length && !node.closest(".heard-only") && getComputedStyle(node).display !== "inline"
        && getComputedStyle(node).overflow === "visible" && node.scrollWidth > node.clientWidth + 1);
    const root = document.documentElement;
    return [root.scrollWidth - innerWidth, root.scrollHeight - innerHeight, spilled.map((node) => node.className)];
}"""


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160), (1080, 1920), (1366, 768)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_overflows(visit: Open, desk: Desk, width: int, height: int, theme: str) -> None:
    desk.whole_visit()
    page = visit(f"{SCREEN}?theme={theme}", width, height)
    expect(page.locator("[data-part=date-zh]")).to_contain_text("星期")
    assert page.evaluate(OVERFLOWING) == [0, 0, []]


def test_forty_queues_turn_page_by_page_and_long_names_stay_in_their_place(
    visit: Open, server: Running, desk: Desk
) -> None:
    name = {
        "zh": "不动产登记与交易税收综合受理专用窗口（二楼东区）",
        "en": "Real estate registration and transaction tax",
    }
    document = server.get(f"/api/v1/halls/{HALL}/board")
    queues = [
        {
            "queue": f"q{n}",
            "prefix": f"Q{chr(65 + n % 26)}",
            "name": name,
            "waiting": n * 9,
            "windows_open": n + 1,
            "last_called": None,
        }
        for n in range(40)
    ]
    calls = [
        {
            "ticket": f"QA{1000 + n}",
            "window": w,
            "window_name": name,
            "at": document["as_of"],
            "recalled": n > 1,
            "position": 1,
        }
        for n, w in enumerate(("no-server", "w120", "w7", "east", "w88"))
    ]
    board = document | {"queues": queues, "calls": calls, "state": "open", "stale": False}
    page = visit(SCREEN)
    page.route(
        "**/board/events", lambda route: route.fulfill(content_type="text/event-stream", body=stream(board))
    )
    page.clock.install()
    page.reload()
    expect(page.locator(".call")).to_have_count(5)
    rows = page.locator(".queues li")
    turned = page.locator("[data-part=queue-page]")
    expect(turned).to_have_text(re.compile(r"^\d / \d$"))
    number, pages = map(int, turned.inner_text().split(" / "))
    assert page.evaluate(OVERFLOWING) == [0, 0, []]
    expect(rows).to_have_count(math.ceil(len(queues) / pages))
    page.clock.fast_forward(8_000)
    expect(turned).to_have_text(f"{number % pages + 1} / {pages}")
    fit = math.ceil(len(queues) / pages)
    expect(rows.first.locator(".waiting")).to_have_text(str(number % pages * fit * 9))
    assert page.evaluate(OVERFLOWING) == [0, 0, []]


def stream(document: Any) -> str:
    return f"retry: 100\nevent: board\nid: 1\ndata: {json.dumps(document)}\n\n"


def test_a_new_day_is_a_new_page(visit: Open, server: Running, desk: Desk) -> None:
    tomorrow = server.get(f"/api/v1/halls/{HALL}/board") | {"date": "2099-01-01", "calls": []}
    page = visit("/")
    page.clock.install()
    page.route(
        "**/board/events",
        lambda route: route.fulfill(content_type="text/event-stream", body=stream(tomorrow)),
    )
    page.goto(server.url + SCREEN)
    expect(page.locator(".none")).to_be_visible()
    page.unroute("**/board/events")
    page.evaluate("window.yesterday = true")
    page.clock.run_for(31_000)  # screens do not all come back in the same moment
    page.wait_for_function("window.yesterday === undefined")
    expect(page.locator("body")).to_have_attribute("data-hall", HALL)


def test_no_page_complains_and_none_asks_another_host(
    visit: Open, desk: Desk, complaints: Complaints
) -> None:
    for path in ("/", SCREEN, "/roles/clerk"):
        visit(path).wait_for_timeout(1_500)
    assert complaints.said == []


def test_pages_send_the_strict_content_security_policy(visit: Open) -> None:
    page = visit("/")
    answer = page.request.get(page.url)
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_first_page_fits_a_phone(visit: Open) -> None:
    page = visit("/", 390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.goto(page.url + "roles/citizen")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
