"""The administration's pages: a change is shown before it is stored, and what was typed is never lost."""

import json
from html import unescape

import httpx
import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


def admin(served: Served) -> dict[str, str]:
    return served.bearer("admin", "chief") | {"Origin": "http://hall.test"}


async def sent(served: Served, path: str, **form: str) -> httpx.Response:
    return await served.client.post(path, data=form, headers=admin(served))


def document(page: str) -> str:
    inside = page.partition("<textarea")[2].partition(">")[2]
    return unescape(inside.partition("</textarea>")[0])


async def test_only_an_administrator_sees_them(served: Served) -> None:
    assert (await served.client.get("/admin")).status_code == 303
    clerk = served.bearer("clerk", "li", hall="guotan")
    for path in ("/admin", "/admin/items", "/admin/devices", "/admin/notices", "/admin/views"):
        assert (await served.client.get(path, headers=clerk)).status_code == 403
        assert (await served.client.get(path, headers=admin(served))).status_code == 200


async def test_a_document_is_rehearsed_then_put_in_force_and_its_history_told(served: Served) -> None:
    path = "/admin/documents/halls/zhangdian"
    page = (await served.client.get(path, headers=admin(served))).text
    changed = json.loads(document(page)) | {"recalls": 7}
    before = served.stored()
    rehearsed = await sent(served, path, document=json.dumps(changed), act="rehearse", key="k1")
    assert rehearsed.status_code == 200
    assert "recalls" in rehearsed.text
    assert "今后七天可预约的名额" in rehearsed.text
    assert served.stored() == before
    stored = await sent(served, path, document=json.dumps(changed), act="save", key="k1")
    assert (stored.status_code, stored.headers["location"]) == (303, f"{path}?saved=1")
    again = await sent(served, path, document=json.dumps(changed), act="save", key="k1")
    assert again.status_code == 303
    assert served.stored() == before + 1
    shown = (await served.client.get(path, headers=admin(served))).text
    assert json.loads(document(shown))["recalls"] == 7
    assert "第2版 · 1处改动" in shown


async def test_a_wrong_document_keeps_what_was_typed_and_says_where_it_is_wrong(served: Served) -> None:
    path = "/admin/documents/halls/zhangdian"
    broken = await sent(served, path, document='{"name": ', act="rehearse")
    assert broken.status_code == 422
    assert document(broken.text) == '{"name":'
    page = (await served.client.get(path, headers=admin(served))).text
    wrong = json.loads(document(page)) | {"recalls": "many"}
    answer = await sent(served, path, document=json.dumps(wrong), act="rehearse")
    assert answer.status_code == 422
    assert "<code>recalls</code>" in answer.text
    assert json.loads(document(answer.text))["recalls"] == "many"


async def test_items_are_imported_after_a_rehearsal_row_by_row(served: Served) -> None:
    rows = "item,name_zh,unit_zh,handling,queue\nadmin-new,新事项,某局,immediate,general\nbroken,,,,\n"
    rehearsed = await sent(served, "/admin/items/import", csv=rows, act="rehearse")
    assert rehearsed.status_code == 200, rehearsed.text
    assert "预演结果" in rehearsed.text
    assert "未采纳" in rehearsed.text
    assert (await served.get("/items/admin-new")).status_code == 404


async def test_a_device_is_invited_by_a_code_shown_once(served: Served) -> None:
    nameless = await sent(served, "/admin/devices", role="kiosk", hall="guotan")
    assert nameless.status_code == 422
    shown = await sent(served, "/admin/devices", name="东门取号机", role="kiosk", hall="guotan")
    assert 'class="code"' in shown.text
    listed = (await served.client.get("/admin/devices", headers=admin(served))).text
    assert "东门取号机" in listed
    assert 'class="code"' not in listed


async def test_a_notice_is_worded_anew_and_back(served: Served) -> None:
    path = "/admin/notice-templates/appointment-cancelled"
    known = (await served.get("/notice-templates", admin(served))).json()["templates"]
    template = next(one for one in known if "cancelled" in one["template"])
    path = f"/admin/notice-templates/{template['template']}"
    words = {"wording.zh": "您的预约已取消。", "wording.en": "Your appointment is cancelled."}
    assert (await sent(served, path, act="save", **words)).status_code == 303
    assert "您的预约已取消。" in (await served.client.get(path, headers=admin(served))).text
    assert (await sent(served, path, act="default", **words)).status_code == 303
    now = (await served.get("/notice-templates", admin(served))).json()["templates"]
    assert (
        next(one for one in now if one["template"] == template["template"])["wording"] == template["default"]
    )
