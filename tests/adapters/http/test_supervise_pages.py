"""The supervisor's pages over HTTP: what they show, what their forms do, and that a figure is the sum of its events."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx
import pytest

from adapters.http.case_lists import UNDER_WAY
from adapters.web.supervise_words import newest_first
from tests.adapters.http.serving import Served
from tests.adapters.http.test_past import head, now_told
from tests.adapters.http.test_rectifications import bad_review

pytestmark = pytest.mark.asyncio(loop_scope="module")

OURS = {"Origin": "http://hall.test"}


async def seen(office: Served, path: str, who: dict[str, str], status: int = 200) -> str:
    answer = await office.client.get(path, headers=who)
    assert answer.status_code == status, answer.text[-800:]
    return unescape(answer.text)


async def sent(office: Served, path: str, who: dict[str, str], **form: Any) -> httpx.Response:
    return await office.client.post(path, data=form, headers=who | OURS)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def test_supervisors_and_nobody_below_them_see_the_board(office: Served) -> None:
    stranger = await office.client.get("/supervise")
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in?next=%2Fsupervise")
    await seen(office, "/supervise", office.bearer("clerk"), 403)
    for role in ("supervisor", "admin", "auditor"):
        await seen(office, "/supervise", office.bearer(role))


async def test_many_are_assigned_by_one_form_and_the_file_holds_the_picked(office: Served) -> None:
    one, _, _ = await bad_review(office, "tanghe", "page one")
    two, _, _ = await bad_review(office, "tanghe", "page two")
    director = office.bearer("supervisor", "director", hall="tanghe")
    board = await seen(office, "/supervise", director)
    assert f'value="{one}"' in board
    assert f'value="{two}"' in board
    wrong = await sent(office, "/supervise/rectifications", director, pick=[one], act="assign", clerk="")
    assert wrong.status_code == 422
    assert re.search(rf'value="{re.escape(one)}"[^>]* checked', wrong.text), "what was ticked stays ticked"
    done = await sent(
        office, "/supervise/rectifications", director, pick=[one, two], act="assign", clerk="li"
    )
    assert done.status_code == 303
    after = await seen(office, done.headers["location"], director)
    assert "已派单2件" in after
    assert len(re.findall(r"<td>li</td>", after)) == 2
    mine = await seen(office, "/supervise?clerk=li", director)
    assert mine.count('name="pick"') == 2
    file = await sent(office, "/supervise/rectifications", director, pick=[one], act="csv")
    rows = file.content.decode("utf-8-sig").splitlines()
    assert len(rows) == 2
    assert rows[1].startswith(one)


async def test_what_was_not_done_of_many_says_why_and_stays_ticked_with_what_was_typed(
    office: Served,
) -> None:
    one, _, _ = await bad_review(office, "longtan", "longer page one")
    two, _, _ = await bad_review(office, "longtan", "longer page two")
    director = office.bearer("supervisor", "director", hall="longtan")
    more = {"extend.workdays": "2", "extend.reason": "需要会商", "extend.approved_by": "分管领导"}
    path = "/supervise/rectifications"
    typed = await sent(
        office, path, director, pick=[one], act="extend", **(more | {"extend.workdays": "两天"})
    )
    assert typed.status_code == 422
    assert 'value="两天"' in typed.text
    done = await sent(office, path, director, pick=[one], act="extend", **more)
    assert "已批准延期1件" in await seen(office, done.headers["location"], director)
    partly = await sent(
        office, path, director, pick=[one, two], act="extend", **(more | {"extend.workdays": "3"})
    )
    told = unescape(partly.text)
    assert partly.status_code == 200
    assert "已批准延期1件" in told
    assert re.search(
        rf'class="undone"><li><a href="/supervise/rectifications/{re.escape(one)}">[^<]*</a> — \S+', told
    )
    assert re.search(rf'value="{re.escape(one)}"[^>]* checked', told)
    assert not re.search(rf'value="{re.escape(two)}"[^>]* checked', told)
    assert 'value="需要会商"' in told
    unheard = await sent(office, path, director, pick=[one], act="forget")
    assert unheard.status_code == 404


async def test_the_board_is_paged_and_its_tiles_say_what_their_lists_hold(office: Served) -> None:
    await bad_review(office, "zhangdian", "tiles")
    director = office.bearer("supervisor", "director", hall="zhangdian")
    board = await seen(office, "/supervise", director)
    tiles = re.findall(r'class="tile[^"]*" href="([^"]+)"[^>]*><b>(\d+)</b>', board)
    assert len(tiles) == 7
    for href, count in tiles:
        listed = await seen(office, href, director)
        assert listed.count('name="pick"') == int(count), href


async def test_a_bad_review_is_worked_through_by_its_forms_and_its_story_tells_it(office: Served) -> None:
    service, review, _ = await bad_review(office, "huyang", "page story")
    director = office.bearer("supervisor", "director", hall="huyang")
    path = f"/supervise/rectifications/{service}"
    at_first = datetime.now(UTC).isoformat()

    async def do(act: str, **form: str) -> str:
        done = await sent(office, f"{path}/{act}", director, **form)
        assert done.status_code == 303, words(done.text)
        return await seen(office, done.headers["location"], director)

    wrong = await sent(office, f"{path}/contact", director, outcome="", note="打过电话")
    assert wrong.status_code == 422
    assert "打过电话" in wrong.text
    early = await sent(office, f"{path}/feed-back", director, text="已改", means="phone")
    assert early.status_code == 409
    await do("contact", outcome="reached", note="已致歉")
    await do("verify", finding="true", note="属实")
    longer = await do("extend", workdays="2", reason="需要会商", approved_by="分管领导")
    assert "/extend" not in longer, "once only"
    await do("rectify", remedy="measures", text="已增开窗口")
    await do("feed-back", text="已增开窗口，欢迎再来", means="phone")
    last = await do("call-back", satisfied="yes", note="")
    told = words(last)
    for what in ("联系评价人", "核实", "延长期限", "整改", "反馈", "回访", "已增开窗口"):
        assert what in told
    assert "办结" in told
    looked = await sent(office, f"{path}/reveal", director, reason="核对电话")
    assert looked.status_code == 200
    assert "138" in looked.text
    assert looked.headers["cache-control"] == "no-store"
    story = words(await seen(office, path, director))
    assert re.search("director 查看评价人身份 .{0,20}核对电话", story)
    then = words(await seen(office, f"{path}?as_of={at_first.replace('+', '%2B')}", director))
    assert "查看评价人身份" not in then
    assert "只能查看，不能办理" in then
    assert "<textarea" not in await seen(office, f"{path}?as_of={at_first.replace('+', '%2B')}", director)
    auditor = await seen(office, path, office.bearer("auditor"))
    assert "/reveal" not in auditor
    assert "<textarea" not in auditor
    assert review in str((await office.get(f"/rectifications/{service}", director)).json())


async def test_a_figure_is_the_sum_of_the_events_it_leads_to(office: Served) -> None:
    await bad_review(office, "guotan", "page figures")
    director = office.bearer("supervisor", "director", hall="guotan")
    after = await head(office)
    await office.get("/performance", director, after=after)
    page = await seen(office, "/supervise/figures", director)
    links = re.findall(r'<a href="(/supervise/figures/[^"]+)" aria-label="[^"]*的(分子|分母)(\d+)"', page)
    assert {which for _, which, _ in links} == {"分子", "分母"}
    for href, which, number in links:
        proof = await seen(office, href, director)
        (book,) = set(re.findall(r'href="([^"]+/csv[^"]*)"', proof))
        lines = (await office.client.get(book, headers=director)).content.decode("utf-8-sig").splitlines()
        assert len(lines) == 1 + len(re.findall(r"<tr><td>", proof))
        part = "numerator" if which == "分子" else "denominator"
        assert f'<dd id="{part}">{number}</dd>' in proof, href
        column = 2 if which == "分子" else 3
        rows = re.findall(
            r"<tr><td>(.*?)</td><td>(.*?)</td><td class=\"number\">(\d+)</td><td class=\"number\">(\d+)</td>",
            proof,
            re.DOTALL,
        )
        assert sum(int(row[column]) for row in rows) == int(number), href
    # The same holds for the marks of the charts.
    marks = re.findall(
        r'<a href="(/supervise/figures/favourable[^"]+)" aria-label="[^"]*\((\d+)/(\d+)\)"', page
    )
    assert marks
    for href, numerator, denominator in marks:
        proof = await seen(office, href, director)
        assert f'<dd id="numerator">{numerator}</dd>' in proof
        assert f'<dd id="denominator">{denominator}</dd>' in proof
        for service in re.findall(r'href="(/supervise/services/[^"]+)"', proof):
            answer = await office.client.get(service, headers=director)
            assert answer.headers["location"].startswith("/supervise/rectifications/")


async def test_a_case_is_found_by_its_state_and_given_a_directive(office: Served) -> None:
    me = await office.citizen("page case")
    first = await head(office)
    asked = {"item": "demo-shebaoka-shenling", "hall": "heilong"}
    opened = (await office.post("/cases", asked, me)).json()
    case = opened["case"]
    director = office.bearer("supervisor", "director", hall="heilong")
    await office.get("/cases", director, after=opened["position"])
    listed = await seen(office, "/supervise/cases?status=received", director)
    assert f"/supervise/cases/{case}" in listed
    done = await sent(
        office, f"/supervise/cases/{case}/direct", director, content="请尽快受理", key="one-press"
    )
    again = await sent(
        office, f"/supervise/cases/{case}/direct", director, content="请尽快受理", key="one-press"
    )
    assert done.status_code == again.status_code == 303
    story = words(await seen(office, done.headers["location"], director))
    assert story.count("请尽快受理") == 1
    await seen(office, f"/supervise/cases/{case}", office.bearer("supervisor", "x", hall="tanghe"), 404)
    at = (await office.get("/cases/survey", director)).json()["position"]
    now = await seen(office, "/supervise/cases", director)
    (directed,) = re.findall(r'href="([^"]*rule=directive)"[^>]*><b>(\d+)</b>', now)
    listed = await seen(office, directed[0], director)
    assert listed.count('<td class="due">') == int(directed[1])
    before = await seen(office, f"/supervise/cases?as_of={first}", director)
    assert case not in before
    assert "只能查看" in before
    then = await seen(office, f"/supervise/cases?as_of={at}", director)
    assert f"/supervise/cases/{case}?as_of={at}" in then
    await seen(office, f"/supervise/cases/{case}?as_of={at}", director)
    gone = await office.post(f"/cases/{case}/withdraw", {"reason": "不办了"}, office.bearer("admin"))
    assert gone.status_code == 200, gone.text
    await office.get("/cases", director, after=gone.json()["position"])
    for path, there in (
        ("", False),
        ("?status=all", True),
        ("?status=withdrawn", True),
        (f"?as_of={at}", True),
    ):
        listed = await seen(office, f"/supervise/cases{path}", director)
        assert (f"/supervise/cases/{case}" in listed) is there, path
    counted = (await office.get("/cases/survey", director)).json()
    open_now = sum(n for status, n in counted["statuses"].items() if status in UNDER_WAY)
    board = words(await seen(office, "/supervise/cases", director))
    assert f"{open_now} 全部在办 {counted['all']} 全部办件" in board
    assert "过号" not in await seen(office, "/supervise/cases", director), "what a ticket is, no case is"


async def test_a_story_is_told_by_when_things_happened(office: Served) -> None:
    """What was written down later stands where it happened; of one moment what was told last comes first."""
    told = [
        {"at": "2026-03-02T09:00:00+08:00", "n": 1},
        {"at": "2026-03-04T09:00:00+08:00", "n": 2},
        {"at": "2026-03-03T01:00:00Z", "n": 3},
        {"at": "2026-03-02T09:00:00+08:00", "n": 4},
    ]
    assert [line["n"] for line in newest_first(told)] == [2, 3, 4, 1]


async def test_a_hall_is_seen_now_and_on_a_day_and_what_is_listed_exists(office: Served) -> None:
    director = office.bearer("supervisor", "director", hall="tanghe")
    hall = await office.client.get("/supervise/halls", headers=director)
    assert hall.headers["location"] == "/supervise/halls/tanghe"
    page = await seen(office, "/supervise/halls/tanghe", director)
    assert "十四天各时段取号" in page
    assert "<svg" in page
    await seen(office, "/supervise/halls/tanghe?date=2026-01-05", director)
    window, clerk = "/halls/tanghe/windows/w07", office.bearer("clerk", "clerk-w07", hall="tanghe")
    await office.post(f"{window}/open", {}, clerk)
    raised = (await office.post(f"{window}/alarm", {"kind": "help"}, clerk)).json()["position"]
    await now_told(office, "/halls/tanghe/board", raised)
    assert "公安户政窗口 · 求助" in words(await seen(office, "/supervise/halls/tanghe", director))
    everywhere = await seen(office, "/supervise/halls", office.bearer("admin"))
    assert everywhere.count('<section class="hall') == 7
    assert len(re.findall(r'data-hall="spot-', everywhere)) == 7, "the map shows what the list shows"
    assert "公安户政窗口 · 求助" in words(everywhere)
    assert 'aria-label="唐河县政务服务中心：需要关注' in everywhere
    one = await seen(office, "/supervise/halls?hall=tanghe", office.bearer("admin"))
    assert re.findall(r'data-hall="([^"]+)"', one) == ["spot-tanghe", "tanghe"]
    await office.post(f"{window}/clear-alarm", {}, clerk)
    bars = re.findall(
        r'href="([^"]*/tickets[^"]*(?:hour|band)=[^"]*)" aria-label="[^"]* (\d+)(?:个号|人)"', page
    )
    for href, count in bars:
        behind = await seen(office, href, director)
        assert f"共{count}个号" in words(behind), href
        assert behind.count('<tr><th scope="row">') == min(int(count), 50)
    for path in ("/supervise/flags", "/supervise/talks", "/supervise/suspensions"):
        await seen(office, path, director)
    for path in ("/supervise/flags", "/supervise/talks"):
        book = await office.client.get(f"{path}/xlsx", headers=director)
        assert book.content.startswith(b"PK")
        assert (await office.client.get(f"{path}/pdf", headers=director)).status_code == 404
        assert (await office.client.get(f"{path}/csv", headers=office.bearer("clerk"))).status_code == 403
    for href in set(re.findall(r'href="(/(?:supervise|api)[^"#]*)"', page)):
        answer = await office.client.get(href, headers=director)
        assert answer.status_code in (200, 303), href
