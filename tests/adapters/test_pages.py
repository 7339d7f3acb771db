"""The pages as they are sent: what they say, in which languages, and what they never load."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from html.parser import HTMLParser
from typing import Any, NamedTuple

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.demonstration import plans
from adapters.http.access import ACCESS
from adapters.http.identity import ROLES, Identity
from adapters.http.session import Sessions
from adapters.web import demo, roles, screens
from adapters.web.assets import FOLDER
from adapters.web.pages import together
from adapters.web.screens import Boards, Shown, window_number
from adapters.web.site import Site
from domain.hall import DayException, HallPlan, QueuePlan, SessionPlan, WindowPlan
from domain.message import Text
from domain.workdays import Calendar
from projections import board

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
TODAY = date(2026, 3, 2)
GENERAL = Text("综合受理一窗", "General reception 1")
PLAN = HallPlan(
    name=Text("演示<b>中心</b>", "Demonstration & Centre"),
    region="411328000000",
    queues=(QueuePlan("a", "A", Text("综合业务", "General services")),),
    windows=(WindowPlan("w01", GENERAL, "general", ("a",)),),
    demonstration=True,
)
EMPTY = Shown(
    "tanghe",
    TODAY,
    "open",
    [board.QueueOnBoard("a", "A", Text("综合业务", "General services"), 7, 2, None)],
    [],
    [],
    9,
    NOW,
    False,
)


class Hall(NamedTuple):
    plan: HallPlan


class Halls(NamedTuple):
    halls: dict[str, Hall]
    calendar: Calendar = Calendar()


class Wall:
    """Boards as a test has them."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown

    async def board(self, hall: str, day: date) -> bytes:
        assert (hall, day) == ("tanghe", TODAY)
        return msgspec.json.encode(self.shown)


class Away:
    """Boards that cannot be had."""

    async def board(self, hall: str, day: date) -> bytes:
        raise ConnectionError("the store is away")


async def nobody(token: str) -> Identity:
    raise AssertionError("these pages ask for no token")


def opened(
    boards: Boards, *, tokens: bool = True, halls: dict[str, Hall] | None = None
) -> TestClient[Litestar]:
    catalogue = Halls({"tanghe": Hall(PLAN)} if halls is None else halls)
    site = Site(Sessions(b"s" * 32), nobody, lambda: NOW, development_tokens=tokens)
    pages = together(
        site, demo.routes(site, catalogue, plans.accounts()), screens.routes(site, catalogue, boards)
    )
    return TestClient(Litestar([pages], openapi_config=None), base_url="http://hall.example:8000")


@pytest.fixture
def site() -> Iterator[TestClient[Litestar]]:
    with opened(Wall(EMPTY)) as client:
        yield client


def call(
    ticket: str, window: str, position: int, name: Text = GENERAL, *, recalled: bool = False
) -> board.Call:
    return board.Call(ticket, window, name, NOW + timedelta(seconds=position), recalled, position)


def screen(*calls: board.Call, **told: Any) -> str:
    """The screen of a hall with these calls, the newest first."""
    with opened(Wall(msgspec.structs.replace(EMPTY, calls=list(calls), **told))) as client:
        return str(client.get("/halls/tanghe/screen").text)


PAGES = ("/demo", "/halls/tanghe/screen", "/roles/clerk", "/halls/nowhere/screen")


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


# --- every page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_chinese_and_marks_what_is_english(site: TestClient[Litestar], path: str) -> None:
    tags = Tags(site.get(path).text).tags
    assert ("html", {"lang": "zh-CN"}) in tags
    assert any(attributes.get("lang") == "en" for _, attributes in tags)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_script_or_style_of_its_own_and_loads_nothing_from_elsewhere(
    site: TestClient[Litestar], path: str
) -> None:
    for tag, attributes in Tags(site.get(path).text).tags:
        assert tag != "style"
        assert tag != "script" or attributes["src"]
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("src", "href", "action"):
            assert (attributes.get(name) or "/").startswith(("/", "#")), attributes
            assert not (attributes.get(name) or "/").startswith("//"), attributes


@pytest.mark.parametrize("path", PAGES)
def test_every_file_a_page_names_exists_and_may_be_kept_for_ever(
    site: TestClient[Litestar], path: str
) -> None:
    named = [a.get("src") or a.get("href") or "" for _, a in Tags(site.get(path).text).tags]
    files = [name for name in named if name.startswith("/static/")]
    assert files
    for name in files:
        answer = site.get(name)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_theme_may_be_asked_for_by_name(site: TestClient[Litestar]) -> None:
    assert "dark.css" not in site.get("/demo?theme=light").text
    assert re.search(r'dark\.css">', site.get("/demo?theme=dark").text)
    for other in ("/demo", "/demo?theme=neon"):
        assert 'dark.css" media="(prefers-color-scheme: dark)"' in site.get(other).text


def test_no_static_file_speaks_of_another_host() -> None:
    for path in FOLDER.iterdir():
        outside = set(re.findall(r"https?://[^\s\"')]+", path.read_text())) - {"http://www.w3.org/2000/svg"}
        assert not outside, path


def test_a_file_of_another_version_is_asked_for_again_and_one_that_is_the_same_is_not_sent_twice(
    site: TestClient[Litestar],
) -> None:
    answer = site.get("/static/an-older-version/screen.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    again = site.get("/static/an-older-version/screen.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpages.py", "%2e%2e%2f%2e%2e%2fapp.py"])
def test_nothing_but_the_static_files_is_served(site: TestClient[Litestar], name: str) -> None:
    assert site.get(f"/static/x/{name}").status_code == 404


# --- the screen -----------------------------------------------------------------------------------------------


def test_the_newest_call_stands_first_with_its_window_in_both_languages() -> None:
    html = screen(call("B002", "w01", 8), call("A001", "w12", 7))
    assert html.index("B002") < html.index("A001")
    newest = html[html.index("B002") : html.index("A001")]
    for words in (
        "请到",
        "Please go to",
        '<span class="number">1</span>号窗口',
        "Window",
        GENERAL.zh,
        GENERAL.en,
    ):
        assert words in newest


def test_a_ticket_called_again_stands_once_and_says_so() -> None:
    html = screen(call("A001", "w01", 9, recalled=True), call("B002", "w02", 8), call("A001", "w01", 7))
    assert html.count("A001") == 1
    assert html.index("A001") < html.index('<p class="again">重呼') < html.index("B002")


def test_what_is_called_before_the_page_came_is_marked_so_that_only_later_calls_flash() -> None:
    assert 'data-position="9"' in screen(call("A001", "w01", 7))


def test_waiting_counts_and_open_windows_are_told_per_queue() -> None:
    html = screen()
    for words in (
        "综合业务",
        "General services",
        '<p class="waiting">7</p>',
        '<span class="windows">2</span>',
    ):
        assert words in html


def test_the_time_of_the_data_is_the_time_of_the_hall() -> None:
    assert '<time data-part="as-of">09:30:00</time>' in screen()


def test_a_closed_day_shows_no_calls() -> None:
    assert "A001" not in screen(call("A001", "w01", 7), state="closed")


def test_the_screen_reads_without_scripts_and_comes_again_by_itself() -> None:
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in screen()


KEPT = msgspec.structs.replace(
    PLAN,
    sessions=(
        SessionPlan(time(0), time(12)),
        SessionPlan(time(13), time(23, 59), weekdays=tuple(range(1, 8))),
    ),
)
FLOODED = msgspec.structs.replace(
    KEPT, exceptions=(DayException(TODAY, Text("防汛", "flood")),), demonstration=False
)
OPEN = board.WindowOnBoard("w01", GENERAL, "general", "open", None, None, None)


@pytest.mark.parametrize(
    ("state", "windows", "plan", "says"),
    [
        ("open", [OPEN], KEPT, "尚无叫号"),
        ("open", [], KEPT, "窗口尚未开放"),
        ("not-open", [], KEPT, "今日尚未开始叫号"),
        ("not-open", [], PLAN, "今日尚未开始叫号"),
        ("not-open", [], FLOODED, "今天不开放"),
        ("closed", [], KEPT, "今日服务已结束"),
    ],
)
def test_a_screen_without_calls_says_how_the_hall_stands_and_shows_lines_or_how_one_is_served(
    state: board.DayState, windows: list[board.WindowOnBoard], plan: HallPlan, says: str
) -> None:
    shown = msgspec.structs.replace(EMPTY, state=state, windows=windows)
    with opened(Wall(shown), halls={"tanghe": Hall(plan)}) as client:
        html = client.get("/halls/tanghe/screen").text
    said = re.findall(r'<p data-state="[^"]*">([^ ]+) ', html)
    assert said == [f"{says}，请稍候" if says == "窗口尚未开放" else says]
    assert ('data-part="lines" hidden' in html) == (state != "open")
    assert ('data-part="advice" hidden' in html) == (state == "open")


def test_a_day_that_is_no_day_of_service_says_why_and_when_the_hall_opens_next() -> None:
    shown = msgspec.structs.replace(EMPTY, state="not-open", queues=[])
    with opened(Wall(shown), halls={"tanghe": Hall(FLOODED)}) as client:
        html = client.get("/halls/tanghe/screen").text
    assert re.search(r'data-state="rests">防汛 <span lang="en">flood', html)
    assert re.search(r'data-state="rests closed">下次开放 <b>.*\d\d:\d\d</b>', html)


def test_names_are_text_and_never_markup() -> None:
    html = screen(call("A001", "hall", 7, Text("<script>x</script>", 'a"b')))
    assert "演示&lt;b&gt;中心&lt;/b&gt;" in html
    assert "&lt;script&gt;x&lt;/script&gt;" in html


def test_old_data_are_marked_old_from_the_first_moment() -> None:
    assert "data-stale" in screen(stale=True)
    assert "data-stale" not in screen(stale=False)


def test_a_screen_that_starts_while_the_store_is_away_comes_up_and_says_so() -> None:
    with opened(Away()) as client:
        answer = client.get("/halls/tanghe/screen")
    assert answer.status_code == 200
    assert "data-stale" in answer.text
    assert "screen.js" in answer.text


def test_an_unknown_hall_is_a_page_in_both_languages(site: TestClient[Litestar]) -> None:
    answer = site.get("/halls/nowhere/screen")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "没有这个大厅" in answer.text
    assert "There is no such hall" in answer.text


@pytest.mark.parametrize(
    ("window", "number"),
    [
        ("w03", "3"),
        ("w12", "12"),
        ("7", "7"),
        ("east-020", "20"),
        ("aviva", ""),
        ("w2-east", ""),
        ("no-server", ""),
    ],
)
def test_a_window_whose_name_ends_in_a_number_is_called_by_it(window: str, number: str) -> None:
    assert window_number(window) == number


# --- colours --------------------------------------------------------------------------------------------------


def tokens(name: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", (FOLDER / name).read_text()))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from relative luminance."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [{}, tokens("dark.css")], ids=["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aaa(theme: dict[str, str]) -> None:
    colours = tokens("mingting.css") | theme
    for ink, grounds in {
        "ink": ("ground", "sheet", "sunken"),
        "muted": ("ground", "sheet"),
        "call": ("ground", "sheet"),
        "link": ("sheet", "ground"),
        "on-fresh": ("fresh", "fresh-dim"),
        "on-brand": ("brand",),
    }.items():
        for ground in grounds:
            assert contrast(colours[ink], colours[ground]) >= 7, (ink, ground)
    # Numbers that are no longer sure are grey, and very large: 4.5 is what AAA asks of large text (1.4.6).
    for ground in ("ground", "sheet"):
        assert contrast(colours["pale"], colours[ground]) >= 4.5
    assert contrast("#ffffff", colours["alarm"]) >= 4.5


# --- the first page and the roles -----------------------------------------------------------------------------


def test_the_first_page_leads_to_every_screen_and_document(site: TestClient[Litestar]) -> None:
    html = site.get("/demo").text
    for path in ("/halls/tanghe/screen", "/schema", "/asyncapi.json", "/health/ready"):
        assert f'href="{path}"' in html
    assert "演示数据" in html


def test_a_hall_that_is_real_is_not_called_a_demonstration() -> None:
    real = msgspec.structs.replace(PLAN, demonstration=False)
    with opened(Wall(EMPTY), tokens=False, halls={"tanghe": Hall(real)}) as client:
        for path in ("/demo", "/halls/tanghe/screen"):
            assert "演示数据" not in client.get(path).text


def test_the_first_page_of_a_new_installation_says_that_there_is_no_hall() -> None:
    with opened(Wall(EMPTY), halls={}) as client:
        assert "还没有配置大厅" in client.get("/demo").text
        assert client.get("/roles/clerk").status_code == 404


def test_demonstration_roles_exist_only_where_anybody_may_have_a_token() -> None:
    with opened(Wall(EMPTY), tokens=False) as client:
        assert "/roles/" not in client.get("/demo").text
        assert client.get("/roles/clerk").status_code == 404


def test_every_role_of_the_program_has_its_page(site: TestClient[Litestar]) -> None:
    assert [role.role for role in roles.ROLES] == list(ROLES)
    first = site.get("/demo").text
    for role in ROLES:
        assert f'href="/roles/{role}"' in first
        assert site.get(f"/roles/{role}").status_code == 200
    assert site.get("/roles/emperor").status_code == 404


@pytest.mark.parametrize("role", roles.ROLES, ids=lambda role: role.role)
def test_a_role_may_do_what_its_first_steps_ask(role: roles.Role) -> None:
    for step in role.steps:
        admitted = ACCESS[step.method, step.path]
        assert admitted is None or role.role in admitted, step.path


def test_commands_go_to_the_host_the_reader_came_to(site: TestClient[Litestar]) -> None:
    html = site.get("/roles/clerk").text
    assert "http://hall.example:8000/api/v1/halls/tanghe/windows/w01/call-next" in html
    assert "{&#34;role&#34;:&#34;clerk&#34;" in html


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (45, "不到1分钟", "under 1 min"),
        (60, "1分钟", "1 min"),
        (3600, "60分钟", "60 mins"),
        (7800, "2小时", "2 hrs"),
    ],
)
def test_a_stretch_of_time_is_told_as_people_say_it(seconds: float, zh: str, en: str) -> None:
    site = Site(Sessions(b"s" * 32), nobody, lambda: NOW, development_tokens=True)
    assert [site.templates[language].filters["duration"](seconds) for language in ("zh", "en")] == [zh, en]


@pytest.mark.parametrize(
    ("left", "late", "said"),
    [(2, False, "剩2个工作日"), (0, False, "最后一天"), (0, True, "已逾期"), (-3, True, "逾期3个工作日")],
)
def test_on_the_days_off_behind_a_deadline_nobody_is_told_that_it_is_the_last_day(
    left: int, late: bool, said: str
) -> None:
    site = Site(Sessions(b"s" * 32), nobody, lambda: NOW, development_tokens=True)
    one = {"due_at": NOW.isoformat(), "provisional": False, "workdays_left": left, "late": late}
    source = '{% import "supervise/parts.html" as p with context %}{{ p.deadline(one) }}'
    shown = site.templates["zh"].from_string(source).render(one=one)
    assert said in shown
    assert shown.count("个工作日") + shown.count("最后一天") + shown.count("已逾期") == 1
