"""The administration's pages: a change is shown before it is stored, and what was typed is never lost."""

import json
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx
import pytest

from adapters.web.admin_kinds import KINDS
from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


def admin(served: Served) -> dict[str, str]:
    return served.bearer("admin", "chief") | {"Origin": "http://hall.test"}


async def sent_to(served: Served, path: str, **form: str) -> httpx.Response:
    return await served.client.post(path, data=form, headers=admin(served))


class Inputs(HTMLParser):
    """What a browser would send of the form of a page if its user touched nothing."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self._inside = False
        self._select: str | None = None
        self._area: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = "sheet" in told.get("class", "").split()
        elif not self._inside:
            return
        elif tag == "input" and (told.get("type") != "checkbox" or "checked" in told):
            self.sent.append((told["name"], told.get("value", "")))
        elif tag == "select":
            self._select = told["name"]
            self.sent.append((self._select, ""))
        elif tag == "option" and "selected" in told:
            self.sent[-1] = (self.sent[-1][0], told["value"])
        elif tag == "textarea":
            self._area = told["name"]
            self.sent.append((self._area, ""))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.sent[-1] = (self._area, self.sent[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            self._area = None


async def opened(served: Served, path: str) -> list[tuple[str, str]]:
    page = await served.client.get(path, headers=admin(served))
    assert page.status_code == 200, page.text
    return Inputs(page.text).sent


async def pressed(served: Served, path: str, sent: list[tuple[str, str]], **changed: str) -> httpx.Response:
    """Send the form with some fields filled in otherwise."""
    together = [(name, text) for name, text in sent if name not in changed] + list(changed.items())
    body = urlencode(together)
    headers = admin(served) | {"Content-Type": "application/x-www-form-urlencoded"}
    return await served.client.post(path, content=body, headers=headers)


async def test_only_an_administrator_sees_them(served: Served) -> None:
    assert (await served.client.get("/admin")).status_code == 303
    clerk = served.bearer("clerk", "li", hall="guotan")
    for path in (
        "/admin",
        "/admin/items",
        "/admin/devices",
        "/admin/imports",
        "/admin/notices",
        "/admin/views",
    ):
        assert (await served.client.get(path, headers=clerk)).status_code == 403
        assert (await served.client.get(path, headers=admin(served))).status_code == 200


@pytest.mark.parametrize(
    ("kind", "part"), [(kind, part) for kind, known in KINDS.items() for part in known.parts]
)
async def test_a_form_that_nobody_touched_changes_nothing(served: Served, kind: str, part: str) -> None:
    name = {"halls": "zhangdian", "calendars": "2026", "terms": "411328000000"}.get(kind)
    if name is None:
        name = (await served.get("/items")).json()["items"][0]["item"]
    path = f"/admin/documents/{kind}/{name}/{part}"
    answer = await pressed(served, path, await opened(served, path), act="rehearse")
    assert answer.status_code == 200, answer.text
    assert "与现在的配置相同，没有改动。" in answer.text


async def test_a_change_is_rehearsed_in_words_then_put_in_force_once(served: Served) -> None:
    path = "/admin/documents/halls/zhangdian/calling"
    sent = await opened(served, path)
    before = served.stored()
    rehearsed = await pressed(served, path, sent, recalls="7", act="rehearse")
    assert rehearsed.status_code == 200
    assert '<th scope="row">重呼次数</th>' in rehearsed.text
    assert served.stored() == before
    ready = Inputs(rehearsed.text).sent
    for _ in range(2):
        stored = await pressed(served, path, ready, act="save")
        assert (stored.status_code, stored.headers["location"]) == (303, f"{path}?saved=1")
    assert served.stored() == before + 1
    assert dict(await opened(served, path))["recalls"] == "7"


async def test_what_was_changed_after_its_rehearsal_is_rehearsed_again(served: Served) -> None:
    path = "/admin/documents/halls/zhangdian/calling"
    rehearsed = await pressed(served, path, await opened(served, path), recalls="3", act="rehearse")
    before = served.stored()
    again = await pressed(served, path, Inputs(rehearsed.text).sent, recalls="4", act="save")
    assert again.status_code == 200
    assert "内容又有改动，请再看一遍。" in again.text
    assert served.stored() == before


async def test_rows_come_and_go_by_buttons(served: Served) -> None:
    path = "/admin/documents/halls/zhangdian/queues"
    sent = await opened(served, path)
    rows = [text for name, text in sent if name == "queues"]
    added = Inputs((await pressed(served, path, sent, do="add queues")).text).sent
    assert len([name for name, _ in added if name == "queues"]) == len(rows) + 1
    gone = Inputs((await pressed(served, path, added, do=f"remove queues.{len(rows)}")).text).sent
    assert [one for one in gone if one[0] != "key"] == [one for one in sent if one[0] != "key"]
    same = await pressed(served, path, sent, do="remove nothing.7")
    assert same.status_code == 200


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(served: Served) -> None:
    path = "/admin/documents/halls/zhangdian/queues"
    sent = await opened(served, path)
    wrong = await pressed(served, path, sent, **{"queues.0.service_minutes": "many", "queues.0.prefix": ""})
    assert wrong.status_code == 422
    assert 'id="f-queues-0-service_minutes-error">请填写数字。' in wrong.text
    assert 'id="f-queues-0-prefix-error">请填写这一项。' in wrong.text
    assert '<a href="#f-queues-0-service_minutes">队列 · 预计办理时长</a>' in wrong.text
    assert dict(Inputs(wrong.text).sent)["queues.0.service_minutes"] == "many"


async def test_a_refusal_names_the_field_in_words_and_stands_beside_it(served: Served) -> None:
    path = "/admin/documents/halls/zhangdian/plan"
    sent = await opened(served, path)
    refused = await pressed(served, path, sent, **{"sessions.0.walk_in": "0"})
    assert refused.status_code == 422
    assert 'id="f-sessions-0-walk_in-error">每个时段都须为未预约者保留名额。' in refused.text
    queues = "/admin/documents/halls/zhangdian/queues"
    sent = await opened(served, queues)
    added = Inputs((await pressed(served, queues, sent, do="add queues")).text).sent
    last = max(int(text) for name, text in added if name == "queues")
    twice = {
        f"queues.{last}.queue": dict(sent)["queues.0.queue"],
        f"queues.{last}.prefix": "Z",
        f"queues.{last}.name.zh": "又一个",
    }
    refused = await pressed(served, queues, added, **twice)
    assert refused.status_code == 422
    assert "队列 · 代号中有重复的名称。" in refused.text
    assert f'id="f-queues-{last}-queue-error"' in refused.text


async def test_versions_are_listed_by_name_and_one_may_go_back(served: Served) -> None:
    path = "/admin/documents/halls/heilong/calling"
    was = dict(await opened(served, path))["recalls"]
    rehearsed = await pressed(served, path, await opened(served, path), recalls="9", act="rehearse")
    assert (await pressed(served, path, Inputs(rehearsed.text).sent, act="save")).status_code == 303
    listed = (await served.client.get("/admin/versions/halls/heilong", headers=admin(served))).text
    assert "重呼次数" in listed
    assert "管理员 chief" in listed
    old = (await served.client.get("/admin/versions/halls/heilong/1", headers=admin(served))).text
    assert "恢复到这一版" in old
    back = await sent_to(served, "/admin/versions/halls/heilong/1", key="back")
    assert back.status_code == 303
    assert dict(await opened(served, path))["recalls"] == was
    assert (
        await served.client.get("/admin/versions/halls/heilong/99", headers=admin(served))
    ).status_code == 404


async def test_a_new_hall_and_a_new_year_begin_with_an_empty_form(served: Served) -> None:
    hall = "/admin/documents/halls/brand-new/basics"
    sent = await opened(served, hall)
    told = {"name.zh": "新大厅", "region": "411328000000"}
    rehearsed = await pressed(served, hall, sent, **told, act="rehearse")
    assert rehearsed.status_code == 200, rehearsed.text
    assert (await pressed(served, hall, Inputs(rehearsed.text).sent, act="save")).status_code == 303
    made = (await served.get("/halls/brand-new")).json()
    assert made["name"] == {"zh": "新大厅", "en": "新大厅"}
    assert made["tickets_within_hours"], "a new hall keeps its hours unless it says otherwise"
    year = "/admin/documents/calendars/2031/days"
    sent = Inputs((await pressed(served, year, await opened(served, year), do="add rest_days")).text).sent
    told = {"title.zh": "2031年放假", "issued": "2030-11-01", "rest_days.0.from": "2031-01-01"}
    rehearsed = await pressed(served, year, sent, **told, **{"rest_days.0.to": "2031-01-03"})
    assert "01-01–01-03" in rehearsed.text
    for nowhere in ("/admin/documents/calendars/soon/days", "/admin/documents/planets/x/days"):
        assert (await served.client.get(nowhere, headers=admin(served))).status_code == 404


async def test_a_new_thing_is_named_first(served: Served) -> None:
    asked = await served.client.get("/admin/new/halls", headers=admin(served))
    assert "新建大厅" in asked.text
    wrong = await served.client.get("/admin/new/items?name=有汉字", headers=admin(served))
    assert wrong.status_code == 422
    named = await served.client.get("/admin/new/items?name=Xin-1", headers=admin(served))
    assert named.headers["location"] == "/admin/documents/items/xin-1"


async def test_the_document_itself_is_kept_for_whoever_wants_it(served: Served) -> None:
    path = "/admin/json/halls/zhangdian"
    sent = dict(await opened(served, path))
    broken = await sent_to(served, path, document='{"name": ', act="rehearse")
    assert broken.status_code == 422
    assert dict(Inputs(broken.text).sent)["document"] == '{"name":'
    wrong = json.loads(sent["document"]) | {"recalls": "many"}
    answer = await sent_to(served, path, document=json.dumps(wrong), act="rehearse")
    assert answer.status_code == 422
    assert "<code>recalls</code>" in answer.text


async def test_a_device_is_invited_by_a_code_shown_once(served: Served) -> None:
    nameless = await sent_to(served, "/admin/devices", role="kiosk", hall="guotan")
    assert nameless.status_code == 422
    shown = await sent_to(served, "/admin/devices", name="东门取号机", role="kiosk", hall="guotan")
    assert 'class="code"' in shown.text
    assert "<svg" in shown.text
    listed = (await served.client.get("/admin/devices", headers=admin(served))).text
    assert "东门取号机" in listed
    assert 'class="code"' not in listed


async def test_a_notice_is_worded_anew_and_back(served: Served) -> None:
    path = "/admin/notice-templates/appointment-cancelled"
    known = (await served.get("/notice-templates", admin(served))).json()["templates"]
    template = next(one for one in known if "cancelled" in one["template"])
    path = f"/admin/notice-templates/{template['template']}"
    words = {"wording.zh": "您的预约已取消。", "wording.en": "Your appointment is cancelled."}
    assert (await sent_to(served, path, act="save", **words)).status_code == 303
    assert "您的预约已取消。" in (await served.client.get(path, headers=admin(served))).text
    assert (await sent_to(served, path, act="default", **words)).status_code == 303
    now = (await served.get("/notice-templates", admin(served))).json()["templates"]
    assert (
        next(one for one in now if one["template"] == template["template"])["wording"] == template["default"]
    )
