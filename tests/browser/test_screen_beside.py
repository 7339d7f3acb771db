"""What a hall's screens do beside showing calls: they speak, tell waits and notices, keep the hours, and never grow."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import HALL, Desk, configure
from tests.browser.line import Line
from tests.browser.test_screen import OVERFLOWING, SCREEN, stream
from tests.running import Running

Open = Callable[..., Page]

SPEECH = """
    window.said = [];
    window.atOnce = 0;
    let speaking = 0;
    window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    const synthesis = new EventTarget();
    synthesis.getVoices = () => [{ name: "far", lang: "zh-CN", localService: false },
                                 { name: "here", lang: "zh-CN", localService: true }];
    synthesis.cancel = () => {};
    synthesis.speak = (utterance) => {
        speaking += 1;
        window.atOnce = Math.max(window.atOnce, speaking);
        window.said.push(`${utterance.voice.name}: ${utterance.text}`);
        const end = () => {
            if (window.holding) return setTimeout(end, 20);
            speaking -= 1;
            utterance.onend({});
        };
        setTimeout(end, 200);
    };
    Object.defineProperty(window, "speechSynthesis", { value: synthesis });
"""
"""A browser with two Chinese voices, one of which would send the words away. Who speaks goes on while ``holding``."""

CHIMES = """
    window.chimes = 0;
    const Own = window.OscillatorNode;
    window.OscillatorNode = class extends Own { start(...at) { window.chimes += 0.5; super.start(...at); } };
"""

FED = """
    window.EventSource = class extends EventTarget {
        constructor() { super(); this.readyState = 1; window.source = this; }
        close() {}
    };
    window.EventSource.CLOSED = 2;
"""
"""A browser whose boards come from the test."""

FEED = """([count, board]) => {
    const calls = board.calls;
    for (let n = 0; n < count; n += 1) {
        window.fed = (window.fed ?? 0) + 1;
        const number = `A${String(window.fed % 1000).padStart(3, "0")}`;
        calls.unshift({ ...calls[0], ticket: number, position: 1e6 + window.fed, recalled: window.fed % 3 === 0 });
        calls.length = 20;
        const queues = board.queues.map((queue) => ({ ...queue, waiting: window.fed % 50 }));
        const data = JSON.stringify({ ...board, queues, calls });
        source.dispatchEvent(new MessageEvent("board", { data }));
    }
}"""


def call_of(server: Running, document: dict[str, Any]) -> dict[str, Any]:
    return {
        "ticket": "A001",
        "window": "w02",
        "window_name": {"zh": "综合", "en": "General"},
        "at": document["as_of"],
        "recalled": False,
        "position": 1,
    }


def spelled(number: str) -> str:
    """``A零零一``, as it is called out in a hall."""
    return number.translate(str.maketrans("0123456789", "零一二三四五六七八九"))


def test_calls_are_spoken_one_after_the_other_and_a_recall_twice(visit: Open, desk: Desk) -> None:
    page = visit(SCREEN, script=SPEECH + CHIMES)
    hint = page.get_by_role("button", name="开启语音播报")
    expect(hint).to_be_visible()
    unheard = desk.whole_visit()
    expect(page.locator(".call .ticket").first).to_have_text(unheard)
    hint.click()
    expect(hint).to_be_hidden()
    expect(page.locator("[data-state=voice]")).to_be_visible()
    page.evaluate("window.holding = true")
    first = desk.whole_visit()
    desk.issue()
    second = desk.call()
    desk.do("recall")
    expect(page.locator(".call .again").first).to_be_visible()
    page.evaluate("window.holding = false")
    page.wait_for_function("() => said.length === 3")
    desk.serve()
    # The second was called again before its turn came: it is said as it was called last, as often as recalls are.
    assert page.evaluate("said") == [
        f"here: 请{spelled(number)}号，到2号窗口" for number in (first, second, second)
    ]
    assert page.evaluate("atOnce") == 1
    assert page.evaluate("chimes") == 2


def test_calls_of_a_cut_line_are_spoken_after_its_return_while_somebody_is_waited_for(
    visit: Open, desk: Desk, line: Line
) -> None:
    page = visit(SCREEN, url=line.url, script=SPEECH)
    page.get_by_role("button", name="开启语音播报").click()
    expect(page.locator("[data-state=voice]")).to_be_visible()
    line.cut()
    expect(page.locator("body")).to_have_attribute("data-stale", "")
    desk.issue()
    number = desk.call()
    line.mend()
    page.wait_for_function("(digits) => said.some((words) => words.includes(digits))", arg=spelled(number))
    desk.serve()


def test_an_announcement_that_never_ends_is_broken_off_and_the_next_is_heard(
    visit: Open, server: Running
) -> None:
    document = server.get(f"/api/v1/halls/{HALL}/board")
    board = document | {"state": "open", "stale": False, "calls": [call_of(server, document)] * 20}
    endless = SPEECH.replace("utterance.onend({});", "if (said.length > 1) utterance.onend({});")
    page = visit("/halls", script=FED + endless)
    page.clock.install()
    page.goto(page.url.removesuffix("/halls") + SCREEN)
    page.wait_for_function("() => window.source !== undefined")
    page.clock.run_for(1_000)  # whether the browser minds
    page.locator("main").click()
    page.evaluate(FEED, [2, board])
    page.clock.run_for(5_000)
    page.wait_for_function("() => said.length === 1")
    page.clock.run_for(30_000)
    page.wait_for_function("() => said.length === 2")


def test_without_a_chinese_voice_a_chime_calls(visit: Open, desk: Desk) -> None:
    page = visit(SCREEN, script=CHIMES)
    page.locator("main").click()
    expect(page.locator("[data-state=chime]")).to_be_visible()
    desk.whole_visit()
    page.wait_for_function("() => chimes >= 1")


def test_a_screen_that_is_to_be_silent_neither_speaks_nor_asks_for_it(visit: Open, desk: Desk) -> None:
    page = visit(f"{SCREEN}?voice=off", script=SPEECH)
    number = desk.whole_visit()
    expect(page.locator(".call .ticket").first).to_have_text(number)
    page.locator("main").click()
    expect(page.get_by_role("button", name="开启语音播报")).to_be_hidden()
    assert page.evaluate("said") == []


def test_a_month_of_calls_leaves_a_screen_no_larger(visit: Open, server: Running) -> None:
    board = server.get(f"/api/v1/halls/{HALL}/board") | {"state": "open", "stale": False}
    board["calls"] = [call_of(server, board)] * 20
    for path in (SCREEN, f"/halls/{HALL}/windows/w02/screen"):
        page = visit(path, script=FED + SPEECH)
        page.locator("main").click()
        page.wait_for_function("() => window.source !== undefined")
        counted = page.context.new_cdp_session(page)

        def size(count: int, page: Page = page, counted: Any = counted) -> tuple[int, int, int]:
            page.evaluate(FEED, [count, board])
            counted.send("HeapProfiler.collectGarbage")
            held = counted.send("Memory.getDOMCounters")
            used = counted.send("Runtime.getHeapUsage")["usedSize"]
            return held["nodes"], held["jsEventListeners"], int(used)

        size(200)
        nodes, listeners, used = size(200)
        later = size(4000)
        assert later[0] <= nodes + 10
        assert later[1] <= listeners + 2
        assert later[2] <= used + 500_000


@pytest.fixture
def told(server: Running) -> Callable[..., None]:
    """Configures what the hall's screens say."""

    return lambda **display: configure(server, HALL, display=display)


def test_the_bar_tells_which_windows_pause_and_why(
    visit: Open, desk: Desk, told: Callable[..., None]
) -> None:
    told(notices=[])
    desk.do("pause", {"reason": "lunch"})
    page = visit(SCREEN)
    expect(page.locator(".bar")).to_contain_text("2号窗口（午餐）")
    assert page.evaluate(OVERFLOWING) == [0, 0, []]
    desk.do("resume")


def test_a_notice_is_there_from_the_first_moment(visit: Open, desk: Desk, told: Callable[..., None]) -> None:
    told(notices=[{"zh": "三楼暂停供水。", "en": "No water on the third floor."}])
    page = visit(SCREEN, java_script_enabled=False)
    expect(page.locator(".bar")).to_contain_text("三楼暂停供水。 No water on the third floor.")
    told(notices=[])


BULLETIN = {
    "waits": [{"queue": "a", "wait_s": {"p50": 700, "p90": 1500}}],
    "bookings": [
        {
            "starts_at": "2026-03-02T10:00:00+08:00",
            "ends_at": "2026-03-02T11:00:00+08:00",
            "booked": 5,
            "remaining": 3,
        }
    ],
    "notices": [{"zh": "长" * 120, "en": "long " * 60}],
    "results": [
        {"figure": "rectified", "name": {"zh": "差评整改率", "en": "bad reviews rectified"}, "value": 0.9649}
    ],
}


UNCUT = "node => [...node.children].every((part) => part.scrollHeight <= part.clientHeight * 1.25)"
"""No line is cut off: one more would be half of what is shown or more; letters alone may stand out a little."""


def test_the_bar_takes_turns_with_bookings_results_and_notices_of_any_length(
    visit: Open, server: Running, desk: Desk
) -> None:
    page = visit("/halls")
    page.clock.install()
    page.route("**/bulletin", lambda route: route.fulfill(json=BULLETIN))
    told = stream(
        server.get(f"/api/v1/halls/{HALL}/board")
    )  # and no beats: the server's clock would count the turns
    page.route("**/board/events", lambda route: route.fulfill(content_type="text/event-stream", body=told))
    page.goto(page.url.removesuffix("/halls") + SCREEN)
    text = page.locator(".bar .text")
    expect(text).not_to_be_empty()
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))  # whatever the machine has to do meanwhile
    seen = []
    for _ in range(6):
        page.clock.run_for(9_000)
        seen.append(text.inner_text())
        for width, height in ((1920, 1080), (1080, 1920), (3840, 2160)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(OVERFLOWING) == [0, 0, []]
            assert text.evaluate(UNCUT), width
    together = " ".join(seen)
    assert "10:00–11:00 已约5人、余号3个" in together
    assert "差评整改率96.4%" in together
    assert together.count("长") == 120
    assert together.count("long") == 60


def test_the_expected_wait_is_a_range_of_minutes_and_a_dash_where_nobody_calls(
    visit: Open, desk: Desk
) -> None:
    for _ in range(3):
        desk.issue()
    page = visit(SCREEN)
    ranges = page.locator(".queues li .range")
    expect(ranges.first).not_to_have_text("–")
    expect(ranges.first).to_have_text(re.compile(r"^[≤>\d]"))
    for _ in range(3):
        desk.call()
        desk.serve()


@pytest.mark.parametrize(("hour", "ground"), [("10", "rgb(243, 241, 236)"), ("21", "rgb(10, 17, 32)")])
def test_screens_are_light_by_day_and_dark_by_night(visit: Open, hour: str, ground: str) -> None:
    page = visit("/")
    page.route(
        f"**{SCREEN}",
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            body=answer.text().replace('data-now="', f'data-now="2026-03-02T{hour}:00:00+08:00" data-then="'),
        ),
    )
    page.route("**/board/events", lambda route: route.abort())
    page.goto(page.url.rstrip("/") + SCREEN)
    page.wait_for_function(
        "(ground) => getComputedStyle(document.documentElement).backgroundColor === ground", arg=ground
    )


WINDOW = f"/halls/{HALL}/windows/w02/screen"


def test_a_window_says_that_its_line_is_cut_and_shows_what_was_called_meanwhile(
    visit: Open, desk: Desk, line: Line
) -> None:
    page = visit(WINDOW, url=line.url)
    expect(page.locator("body")).to_have_attribute("data-state", "open")
    line.cut()
    expect(page.locator("body")).to_have_attribute("data-stale", "")
    expect(page.get_by_text("数据可能已过时")).to_be_visible()
    desk.issue()
    number = desk.call()
    line.mend()
    expect(page.locator(".ticket")).to_have_text(number)
    expect(page.locator("body")).not_to_have_attribute("data-stale", "")
    desk.serve()


def test_a_window_shows_whom_it_calls_that_it_waits_and_why_it_pauses(visit: Open, desk: Desk) -> None:
    page = visit(WINDOW)
    expect(page.locator("body")).to_have_attribute("data-state", "open")
    desk.issue()
    number = desk.call()
    expect(page.locator(".ticket")).to_have_text(number)
    expect(page.locator("body")).to_have_attribute("data-fresh", "")
    expect(page.locator(".again")).to_be_hidden()
    desk.do("recall")
    expect(page.locator(".again")).to_be_visible()
    desk.serve()
    expect(page.get_by_text("请等候叫号")).to_be_visible()
    desk.do("pause", {"reason": "lunch"})
    expect(page.get_by_text("暂停服务")).to_contain_text("午餐 Lunch")
    desk.do("resume")


@pytest.fixture
def called(desk: Desk) -> Iterator[str]:
    """A number that stands at the window for the length of a test."""
    desk.issue()
    yield desk.call()
    desk.serve()


@pytest.mark.parametrize(("width", "height"), [(1280, 160), (1920, 1080), (1080, 1920), (3840, 2160)])
def test_a_window_fits_every_screen_down_to_a_bar_of_diodes(
    visit: Open, called: str, width: int, height: int
) -> None:
    page = visit(WINDOW, width, height)
    expect(page.locator(".ticket")).to_have_text(called)
    assert page.evaluate(OVERFLOWING.replace(".screen *", ".window-screen *")) == [0, 0, []]
    box = page.locator(".ticket").bounding_box()
    assert box is not None
    assert box["height"] >= 0.15 * min(height, width)
    assert box["x"] + box["width"] <= width


def test_a_window_that_is_none_is_said_to_be_none(visit: Open) -> None:
    page = visit("/")
    answer = page.request.get(page.url + f"halls/{HALL}/windows/w99/screen")
    assert answer.status == 404
    assert "没有这个窗口" in answer.text()
