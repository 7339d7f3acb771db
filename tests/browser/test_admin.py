"""Administrators' and auditors' main tasks in a browser by keyboard alone, and the forms without a script."""

from playwright.sync_api import expect

from tests.browser.conftest import Complaints, Open
from tests.browser.seeing import tab_to
from tests.running import Running


def test_a_hall_is_changed_by_keyboard_alone(visit: Open, server: Running, complaints: Complaints) -> None:
    was = server.get("/api/v1/halls/yuantan")["recalls"]
    page = visit("/admin", 1366, 768, account="admin-01")
    tab_to(page, 'a[href="/admin/documents/halls/yuantan"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/halls/yuantan")
    tab_to(page, 'a[href$="/yuantan/calling"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/calling")
    tab_to(page, 'input[name="recalls"]')
    page.keyboard.press("Control+a")
    page.keyboard.type(str(was + 1))
    page.keyboard.press("Enter")
    expect(page.locator("#rehearsal table.changes tbody tr")).to_have_count(1)
    expect(page.locator("#rehearsal table.changes tbody")).to_contain_text("重呼次数")
    tab_to(page, '#rehearsal button[value="save"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/calling?saved=1")
    assert server.get("/api/v1/halls/yuantan")["recalls"] == was + 1
    assert complaints.said == []


def test_rows_come_and_go_by_keyboard_with_what_was_typed_kept(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    page = visit("/admin/documents/halls/yuantan/plan", 1366, 768, account="admin-01")
    expect(page.locator(".week .held")).to_have_count(10)
    page.locator("#f-sessions-0 > summary").press("Enter")
    page.locator('input[name="sessions.0.public"]').fill("9")
    tab_to(page, 'button[value="add exceptions"]')
    page.keyboard.press("Enter")
    expect(page.locator('input[name="exceptions.0.date"]')).to_be_focused()
    expect(page.locator('input[name="sessions.0.public"]')).to_have_value("9")
    page.locator('button[value="remove exceptions.0"]').press("Enter")
    expect(page.locator('input[name="exceptions.0.date"]')).to_have_count(0)
    expect(page.locator('button[value="add exceptions"]')).to_be_focused()
    # The week above the rows follows them: three slots of nine, and what staff and partners have.
    expect(page.locator(".week .held b").first).to_have_text("30")
    assert complaints.said == []


def test_the_same_rows_come_without_javascript(visit: Open, server: Running) -> None:
    page = visit(
        "/admin/documents/halls/yuantan/queues", 1366, 768, account="admin-01", java_script_enabled=False
    )
    rows = page.locator('input[type="hidden"][name="queues"]')
    before = rows.count()
    page.locator('button[value="add queues"]').click()
    expect(rows).to_have_count(before + 1)
    page.locator(f'input[name="queues.{before}.name.zh"]').fill("新队列")
    page.locator("button.button", has_text="预演这次改动").click()
    expect(page.locator(".error").nth(1)).to_be_visible()
    expect(page.locator(f'input[name="queues.{before}.name.zh"]')).to_have_value("新队列")


def test_an_event_is_found_and_read_by_keyboard_alone(
    visit: Open, server: Running, complaints: Complaints
) -> None:
    page = visit("/audit", 1366, 768, account="auditor-01")
    tab_to(page, 'select[name="tag"]')
    for _ in range(200):
        if page.evaluate("document.activeElement.value") == "calendar-gazetted":
            break
        page.keyboard.press("ArrowDown")
    tab_to(page, "form.filters button")
    page.keyboard.press("Enter")
    page.wait_for_url("**tag=calendar-gazetted**")
    tab_to(page, "tbody a[href^='/audit/events/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/events/*")
    expect(page.locator("table.changes")).to_contain_text("放假日期")
    assert complaints.said == []
