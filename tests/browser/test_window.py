"""The window's console in a browser, on the whole program: by keyboard, by two at once, through a cut line."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Complaints, Open
from tests.browser.desk import configure
from tests.browser.line import Line
from tests.browser.seeing import DESK, axe_clean
from tests.running import Running, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A program of its own: in the shared one other tests leave people in the lines."""
    with running(tmp_path_factory.mktemp("own")) as found:
        yield found


HALL = "heilong"
PATH = f"/api/v1/halls/{HALL}"


def issue(server: Running, queue: str = "a") -> str:
    """Somebody takes a ticket; its number."""
    kiosk = server.token("kiosk", f"kiosk-{HALL}-01", hall=HALL)
    return str(server.post(f"{PATH}/tickets", {"queue": queue}, kiosk)["ticket"])


def standing(server: Running) -> dict[str, str]:
    """How the tickets in the hall stand, by the server's own word."""
    line = server.get(f"{PATH}/line", server.token("supervisor", "who-looks", hall=HALL))
    return {ticket["ticket"]: ticket["status"] for ticket in line["tickets"]}


def console(visit: Open, window: str, **told: Any) -> Page:
    page = visit("/window", *DESK, account=f"clerk-{HALL}-{window}", **told)
    expect(page.locator("[data-part=state]")).not_to_be_empty()
    return page


def press(page: Page, act: str, key: str) -> None:
    """Press a key as soon as its act can be done."""
    expect(page.locator(f"[data-press={act}], [data-dialog={act}]")).to_be_enabled()
    page.keyboard.press(key)


def number(page: Page) -> Any:
    return page.locator("[data-part=number]")


def says(page: Page) -> Any:
    return page.locator("[data-part=says]")


def test_a_service_from_opening_to_its_end_and_back_by_keyboard_alone(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    first = issue(server)
    page = console(visit, "w01")
    press(page, "open", "F10")
    expect(page.locator("[data-part=state]")).to_have_text("正在办公")
    press(page, "call-next", "F2")
    expect(number(page)).to_have_text(first)
    expect(page.locator("[data-part=caption]")).to_have_text("已叫号，等人来")
    press(page, "recall", "F3")
    expect(says(page)).to_have_text(f"已重呼{first}。")
    press(page, "start", "F4")
    expect(page.locator("[data-part=caption]")).to_have_text("正在办理")
    expect(page.locator("[data-part=times]")).to_have_text(
        re.compile(r"取号 → \d\d:\d\d叫号 → \d\d:\d\d开始$")
    )
    press(page, "finish", "F6")
    expect(page.locator("#finish-dialog")).to_be_visible()
    axe_clean(page)
    page.keyboard.press("Enter")
    expect(says(page)).to_have_text(re.compile(rf"^{first}已办结。 .*开始 → \d\d:\d\d结束 \(办理\d+秒\)$"))
    expect(page.locator("[data-part=invited]")).to_contain_text(f"已邀请{first}评价（到", timeout=30_000)
    press(page, "invite", "Shift+F2")
    expect(page.locator("#invite-dialog img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-part=served]")).to_have_text("1", timeout=30_000)
    expect(number(page)).to_have_text("—")
    undo = page.locator("[data-press=undo]")
    expect(undo).to_contain_text(re.compile(rf"撤销办结{first} \(\d+秒\)"))
    press(page, "undo", "Control+z")
    expect(number(page)).to_have_text(first)
    expect(page.locator("[data-part=caption]")).to_have_text("正在办理")
    assert standing(server)[first] == "serving"
    press(page, "finish", "F6")
    page.keyboard.press("F6")  # the key that asks also confirms
    expect(number(page)).to_have_text("—")
    assert first not in standing(server)
    assert complaints.said == []


def test_of_two_windows_that_call_one_ticket_the_second_is_told_where_it_is(
    visit: Open, server: Running
) -> None:
    ticket = issue(server)
    pages = [console(visit, window) for window in ("w01", "w02")]
    rows = []
    for page in pages:
        if page.locator("[data-press=open]").is_visible():
            press(page, "open", "F10")
        expect(page.locator("[data-part=state]")).to_have_text("正在办公")
        row = page.locator(f"tr[data-ticket={ticket}] [data-act=call]")
        expect(row).to_be_enabled()
        rows.append(row.element_handle())
    for row in rows:
        assert row is not None
        row.dispatch_event("click")  # both at once: neither has heard of the other
    told = [page.locator(".told[data-kind=good], .told[data-kind=bad]") for page in pages]
    for one in told:
        expect(one).to_be_visible()
    kinds = {one.get_attribute("data-kind"): page for one, page in zip(told, pages, strict=True)}
    assert set(kinds) == {"good", "bad"}
    expect(number(kinds["good"])).to_have_text(ticket)
    expect(number(kinds["bad"])).to_have_text("—")
    expect(says(kinds["bad"])).to_contain_text(f"{ticket}号不在等候。 {ticket}现在在")
    press(kinds["good"], "no-show", "F7")
    expect(number(kinds["good"])).to_have_text("—")


def test_a_press_that_was_meant_for_another_ticket_does_nothing_and_says_so(
    visit: Open, server: Running
) -> None:
    """Two browsers at one window; the second has not heard what the first did."""
    page = console(visit, "w03")
    first, second = issue(server), issue(server)
    press(page, "open", "F10")
    expect(page.locator("[data-press=call-next]")).to_be_enabled()
    press(page, "call-next", "F2")
    expect(number(page)).to_have_text(first)
    late = visit("/", *DESK, account=f"clerk-{HALL}-w03")
    late.route("**/line/events", lambda route: route.abort())
    late.goto(f"{server.url}/window")
    expect(number(late)).to_have_text(first)
    press(page, "no-show", "F7")
    expect(page.locator("[data-press=call-next]")).to_be_enabled()
    press(page, "call-next", "F2")
    expect(number(page)).to_have_text(second)
    press(late, "no-show", "F7")
    expect(says(late)).to_contain_text(f"现在是{second}号，您操作的是{first}号")
    expect(number(late)).to_have_text(second)
    assert standing(server)[second] == "called"
    press(page, "no-show", "F7")
    expect(number(page)).to_have_text("—")


def test_a_press_whose_answer_was_lost_is_not_done_twice_even_over_a_reload(
    visit: Open, server: Running
) -> None:
    page = console(visit, "w01")
    first, second = issue(server, "b"), issue(server, "b")
    if page.locator("[data-press=open]").is_visible():
        press(page, "open", "F10")
    expect(page.locator("[data-press=call-next]")).to_be_enabled()
    keys = []

    def done_and_lost(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    page.route("**/call-next*", done_and_lost)
    press(page, "call-next", "F2")
    expect(says(page)).to_contain_text("还没有得到确认")
    page.keyboard.press("F2")  # an impatient finger
    page.reload()
    expect(says(page)).to_contain_text("还没有得到确认")
    page.unroute("**/call-next*")
    expect(says(page)).to_contain_text("在中断前已经执行，没有重复")
    expect(number(page)).to_have_text(first)
    assert len(keys) >= 2
    assert len(set(keys)) == 1
    assert standing(server) == {**standing(server), first: "called", second: "waiting"}
    press(page, "no-show", "F7")
    expect(number(page)).to_have_text("—")


def test_a_cut_line_is_said_within_three_seconds_and_what_was_not_done_is_done_once_afterwards(
    visit: Open, server: Running, line: Line
) -> None:
    page = console(visit, "w02", url=line.url)
    waiting = issue(server, "b")
    if page.locator("[data-press=open]").is_visible():
        press(page, "open", "F10")
    expect(page.locator("[data-press=call-next]")).to_be_enabled()
    line.cut()
    press(page, "call-next", "F2")
    expect(page.locator("[data-part=stale]")).to_contain_text("连接中断")
    expect(says(page)).to_contain_text("还没有得到确认")
    assert standing(server)[waiting] == "waiting"
    line.mend()
    expect(says(page)).to_contain_text("刚刚执行")
    expect(page.locator("[data-part=stale]")).to_be_hidden(timeout=15_000)
    [called] = [ticket for ticket, status in standing(server).items() if status == "called"]
    expect(number(page)).to_have_text(called)


def test_enter_confirms_what_was_chosen_from_a_list_and_goes_from_the_search_to_what_it_found(
    visit: Open, server: Running
) -> None:
    page = console(visit, "w03")
    issue(server)
    if page.locator("[data-press=open]").is_visible():
        press(page, "open", "F10")
    press(page, "call-next", "F2")
    press(page, "start", "F4")
    expect(page.locator("[data-part=caption]")).to_have_text("正在办理")
    mine = number(page).inner_text()
    press(page, "finish", "F6")
    page.locator("#finish-dialog [data-find]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#finish-dialog")).to_be_visible()
    expect(page.locator("#finish-dialog [data-items] input").first).to_be_focused()
    page.keyboard.press("Escape")
    press(page, "split", "Shift+F6")
    expect(page.locator("#split-item")).to_be_focused()
    page.keyboard.press("Enter")
    expect(says(page)).to_contain_text(f"{mine}本项已办结，排队等候下一项。")


def test_a_console_whose_sign_in_was_ended_says_so_and_leads_back(visit: Open, server: Running) -> None:
    page = console(visit, "w03")
    ended = {"role": "clerk", "subject": f"clerk-{HALL}-w03", "reason": "left the hall"}
    server.post("/api/v1/accounts/end-sign-ins", ended, server.token("admin", "admin-01"))
    expect(says(page)).to_contain_text("登录已失效")
    expect(page.locator("[data-part=sign-in]")).to_be_visible()


def test_where_the_day_tells_no_start_a_service_is_finished_from_the_call(
    visit: Open, server: Running
) -> None:
    configure(server, "huyang", starts_told=False)
    kiosk = server.token("kiosk", "kiosk-huyang-01", hall="huyang")
    ticket = server.post("/api/v1/halls/huyang/tickets", {"queue": "a"}, kiosk)["ticket"]
    page = visit("/window", *DESK, account="clerk-huyang-w01")
    press(page, "open", "F10")
    press(page, "call-next", "F2")
    expect(page.locator("[data-press=start]")).to_be_hidden()
    press(page, "finish", "F6")
    page.keyboard.press("F6")
    expect(says(page)).to_contain_text(f"{ticket}已办结。")


def test_an_alarm_is_seen_at_every_window_of_the_hall(visit: Open, server: Running) -> None:
    page, other = console(visit, "w01"), console(visit, "w02")
    page.keyboard.press("Shift+F1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(other.locator(".alarms")).to_contain_text("人身威胁")
    page.get_by_role("button", name="解除呼叫").click()
    expect(other.locator(".alarms")).to_be_empty()


def test_the_console_needs_no_scrolling_at_a_desk(visit: Open) -> None:
    page = console(visit, "w01")
    assert json.loads(
        page.evaluate("JSON.stringify([document.documentElement.scrollHeight <= innerHeight, scrollX])")
    ) == [True, 0]
