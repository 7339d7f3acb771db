"""The supervisor's main task in a browser with nothing but the keyboard: find the bad review, assign it, answer it."""

from playwright.sync_api import expect

from tests.browser.conftest import Complaints, Open
from tests.browser.line import Line
from tests.browser.oversight import Oversight
from tests.browser.seeing import DESK, tab_to
from tests.running import Running


def test_a_bad_review_is_assigned_and_worked_on_by_keyboard_alone(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    at_work = Oversight(server, window="w11")
    service = at_work.bad("by keyboard", "键盘也能办")
    page = visit("/supervise", *DESK, account="supervisor-01")
    tab_to(page, f'input[value="{service}"]')
    page.keyboard.press("Space")
    expect(page.get_by_text("已选1件")).to_be_visible()
    tab_to(page, "#bulk-clerk")
    page.keyboard.type("clerk-w11")
    tab_to(page, 'button[value="assign"]')
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="已派单1件")).to_be_visible()
    tab_to(page, f'a[href="/supervise/rectifications/{service}"]')
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/rectifications/{service}")
    expect(page.get_by_text("clerk-w11").first).to_be_visible()
    tab_to(page, "#f-contact-outcome, input[name=outcome]")
    page.keyboard.press("Space")
    tab_to(page, "#f-contact-note")
    page.keyboard.type("已致电道歉")
    tab_to(page, ".act[open] button")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline")).to_contain_text("已致电道歉")
    expect(page.locator("h1")).to_be_visible()
    assert server.get(f"/api/v1/rectifications/{service}", at_work.supervisor)["step"] == "verify"
    assert complaints.said == []


def test_what_is_most_urgent_is_found_and_worked_through_to_the_answer_by_keyboard_alone(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    at_work = Oversight(server, window="w02", hall="zhangdian")
    service = at_work.bad("the most urgent", "第一个要办的")
    page = visit("/supervise", *DESK, account="supervisor-zhangdian-01")
    expect(page.locator(".next .what")).to_contain_text("联系评价人")
    tab_to(page, ".next a.button")
    page.keyboard.press("Enter")
    radio, text = ".act[open] input[type=radio]", ".act[open] textarea"
    for next_act, fields in (
        ("联系评价人", (radio, text)),
        ("核实情况", (radio, text)),
        ("整改", (radio, text)),
        ("反馈", (text, radio)),
    ):
        expect(page.locator(".act[open] summary")).to_have_text(next_act)
        for field in fields:
            tab_to(page, field)
            if field == radio:
                page.keyboard.press("Space")
            else:
                page.keyboard.type(f"已{next_act}")
        tab_to(page, ".act[open] button")
        page.keyboard.press("Enter")
        expect(page.locator(".timeline")).to_contain_text(f"已{next_act}")
    expect(page.locator(".act[open] summary")).to_have_text("回访评价人")
    tab_to(page, ".crumb a")
    page.keyboard.press("Enter")
    expect(page.locator(".next .what")).to_contain_text("回访评价人")
    assert server.get(f"/api/v1/rectifications/{service}", at_work.supervisor)["step"] == "call-back"
    assert complaints.said == []


def test_all_are_picked_by_one_box(visit: Open, server: Running, complaints: Complaints) -> None:
    Oversight(server, window="w11").bad("picked")
    page = visit("/supervise", *DESK, account="supervisor-01")
    page.get_by_label("选择本页全部").check()
    rows = page.locator("tbody tr").count()
    expect(page.get_by_text(f"已选{rows}件")).to_be_visible()
    page.locator("tbody input").first.uncheck()
    expect(page.get_by_text(f"已选{rows - 1}件")).to_be_visible()
    assert complaints.said == []


def test_the_halls_move_by_themselves_on_the_map_and_in_the_list_and_say_when_the_line_is_cut(
    visit: Open, server: Running, line: Line
) -> None:
    page = visit("/supervise/halls", *DESK, account="admin-01", url=line.url)
    card, spot = page.locator("[data-hall=zhangdian]"), page.locator("[data-hall=spot-zhangdian]")
    waiting = card.locator("dd").first
    before = int(waiting.inner_text())
    server.post(
        "/api/v1/halls/zhangdian/tickets", {"queue": "a"}, server.token("kiosk", "k", hall="zhangdian")
    )
    expect(waiting).to_have_text(str(before + 1))
    expect(spot.locator(".count")).to_have_text(str(before + 1))
    line.cut()
    expect(page.get_by_text("连接中断")).to_be_visible()
    line.mend()
    expect(page.get_by_text("连接中断")).to_be_hidden()


def test_the_past_is_reached_by_keys_and_says_so(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    Oversight(server, window="w11").bad("is of now")
    page = visit("/supervise", *DESK, account="supervisor-01")
    expect(page.locator("tbody tr").first).to_be_visible()
    tab_to(page, ".then-box summary")
    page.keyboard.press("Enter")
    tab_to(page, "#as-of-slide")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("只能查看，不能办理")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(0)
    expect(page.locator("#as-of-slide")).to_be_focused()
    assert "as_of=" in page.url
    page.keyboard.press("End")
    expect(page.locator("tbody tr").first).to_be_visible()
    expect(page.get_by_text("只能查看，不能办理")).to_be_hidden()
    assert complaints.said == []


SOON = "const later = setInterval; window.setInterval = (run, ms) => later(run, ms === 60_000 ? 200 : ms);"
"""What is done every minute is done at once."""


def test_a_list_left_open_shows_what_has_come_and_interrupts_nobody(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    at_work = Oversight(server, window="w11")
    page = visit("/supervise", *DESK, account="supervisor-01", script=SOON)
    first = at_work.bad("comes while one looks")
    box = page.locator(f'input[value="{first}"]')
    expect(box).to_be_visible()
    box.check()
    second = at_work.bad("comes while one is at work")
    expect(page.get_by_text("已选1件")).to_be_visible()
    expect(page.locator(f'input[value="{second}"]')).to_have_count(0)
    box.uncheck()
    page.evaluate("document.activeElement.blur()")
    expect(page.locator(f'input[value="{second}"]')).to_be_visible()
    assert complaints.said == []


def test_a_day_is_closed_and_opened_again_by_keyboard_and_the_window_is_told(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    hall, kiosk = "huyang", server.token("kiosk", "kiosk-huyang-01", hall="huyang")
    number = server.post(f"/api/v1/halls/{hall}/tickets", {"queue": "a"}, kiosk)["ticket"]
    console = visit("/window", *DESK, account="clerk-huyang-w01")
    expect(console.locator("[data-part=rows]")).to_contain_text(number)
    page = visit("/supervise", *DESK, account="supervisor-huyang-01")
    page.goto(f"{server.url}/supervise/halls/{hall}")
    expect(page.get_by_role("link", name="结束今天的业务…")).to_be_visible()
    # The hall's page is written anew as the hall moves: what is pressed there is found and pressed in one.
    page.get_by_role("link", name="结束今天的业务…").press("Enter")
    expect(page.locator(".points")).to_contain_text("1人还在等候")
    tab_to(page, ".button.danger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="1个号因此作废")).to_be_visible()
    expect(console.locator("[data-part=caption]")).to_contain_text("今天的业务已于")
    expect(console.get_by_role("button", name="开窗")).to_be_hidden()
    page.get_by_role("button", name="恢复今天的业务").press("Enter")
    expect(page.get_by_role("link", name="结束今天的业务…")).to_be_visible()
    expect(console.locator("[data-part=rows]")).to_contain_text(number)
    expect(console.get_by_role("button", name="开窗")).to_be_enabled()
    assert complaints.said == []
