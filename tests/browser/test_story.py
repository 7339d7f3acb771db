"""The whole story of a visit across five browsers at once: nobody in it uses anything but their own page."""

import re
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from domain.hall import HallPlan
from domain.workdays import SHANGHAI
from tests.browser.conftest import Complaints, Open
from tests.browser.seeing import DESK, KIOSK, PHONE
from tests.browser.shots_citizen import ITEM
from tests.running import Running

HALL = "yuantan"
EARLY_MINUTES = 240
COMMENT = "等了很久，没有人解释"
REMEDY = "已增开一个窗口"


@pytest.fixture
def open_today(server: Running) -> Iterator[None]:
    """The hall keeps hours today, whatever day it is, and lets people check in long before their slot."""
    admin = server.token("admin", "admin-01")
    (hall,) = [one for one in server.get("/api/v1/halls")["halls"] if one["hall"] == HALL]
    plan = {name: value for name, value in hall.items() if name in HallPlan.__struct_fields__}
    session = {"opens": "00:00:00", "closes": "23:59:00", "slot_minutes": 5}
    today = {
        "date": datetime.now(SHANGHAI).date().isoformat(),
        "reason": {"zh": "加开", "en": "Extra hours"},
        "sessions": [session],
    }
    extra = plan | {
        "exceptions": [today],
        "booking": plan["booking"] | {"early_minutes": EARLY_MINUTES},
        "forgotten_after_minutes": 480,
    }
    server.put(f"/api/v1/halls/{HALL}", extra, admin)
    yield
    server.put(f"/api/v1/halls/{HALL}", plan, admin)


@pytest.mark.usefixtures("open_today")
def test_a_visit_from_the_booking_to_the_answer_to_a_bad_rating(visit: Open, complaints: Complaints) -> None:
    phone = visit(f"/book/{ITEM}/{HALL}", *PHONE, account="citizen-03")
    kiosk = visit(f"/halls/{HALL}/kiosk", *KIOSK, account=f"kiosk-{HALL}-01")
    screen = visit(f"/halls/{HALL}/screen")
    window = visit("/window", *DESK, account=f"clerk-{HALL}-w01")
    supervisor = visit("/supervise", *DESK, account=f"supervisor-{HALL}-01")

    voucher = _book(phone)
    number = _check_in(kiosk, voucher)
    _call(window, screen, number)
    window.keyboard.press("F4")
    expect(window.locator("[data-part=caption]")).to_have_text("正在办理")
    window.keyboard.press("F6")
    window.keyboard.press("F6")
    expect(window.locator("[data-part=number]")).to_have_text("—")
    _rate(phone)
    _rectify(supervisor)

    phone.reload()
    expect(phone.locator(".timeline")).to_contain_text(REMEDY)
    expect(phone.get_by_role("button", name="提交追评")).to_be_visible()
    assert complaints.said == []


def _book(phone: Page) -> str:
    """The citizen takes the first time today; the voucher's code."""
    phone.locator(".slot:enabled").first.click()
    phone.get_by_role("button", name="确认预约").click()
    expect(phone.get_by_role("heading", name="预约凭证")).to_be_visible()
    return phone.url.rpartition("/")[2]


def _check_in(kiosk: Page, voucher: str) -> str:
    """The kiosk's scanner reads the voucher; the number on the slip."""
    kiosk.get_by_role("link", name="签到").first.click()
    kiosk.keyboard.type(f"{voucher}\n")
    expect(kiosk.locator(".slip .number")).to_have_text(re.compile(r"^[A-Z]+\d{3}$"))
    return kiosk.locator(".slip .number").inner_text()


def _call(window: Page, screen: Page, number: str) -> None:
    """The clerk calls, and the screen flashes. How long that took is said as a figure, not asserted."""
    window.keyboard.press("F10")
    expect(window.locator("[data-part=state]")).to_have_text("正在办公")
    began = time.perf_counter()
    window.keyboard.press("F2")
    screen.wait_for_selector(f'[data-fresh] .ticket:text-is("{number}")')
    print(f"\ncalled: on the screen {round((time.perf_counter() - began) * 1000)} ms after the key")  # noqa: T201
    expect(window.locator("[data-part=number]")).to_have_text(number)


def _rate(phone: Page) -> None:
    """From the voucher to the line, and from there to three taps and a word."""
    phone.reload()
    phone.get_by_role("link", name="看排队进度").click()
    phone.get_by_role("link", name="评价这次服务").click()
    phone.get_by_text("非常不满意", exact=True).click()
    phone.get_by_text("服务态度差效率低").click()
    phone.get_by_text("再说几句").click()
    phone.get_by_label("意见或建议").fill(COMMENT)
    phone.get_by_role("button", name="提交评价").click()
    expect(phone.get_by_role("heading", name="谢谢您的评价")).to_be_visible()


def _rectify(supervisor: Page) -> None:
    """The supervisor finds it with its deadline, and goes through with it."""
    row = supervisor.locator(".rows tbody tr").first
    for _ in range(20):
        supervisor.reload()
        if row.count():
            break
        supervisor.wait_for_timeout(250)
    expect(row).to_contain_text("工作日")
    row.get_by_role("link").first.click()
    expect(supervisor.locator(".comment")).to_contain_text(COMMENT)
    for told in (
        {"outcome": "reached"},
        {"finding": "true", "note": "属实"},
        {"remedy": "measures", "text": REMEDY},
        {"text": "谢谢指正", "means": "phone"},
    ):
        act = supervisor.locator("details.act[open]").first
        for name, value in told.items():
            choice = act.locator(f'input[name="{name}"][value="{value}"]')
            if choice.count():
                choice.check()
            else:
                act.locator(f'[name="{name}"]').fill(value)
        with supervisor.expect_navigation():
            act.locator("button.button").click()
