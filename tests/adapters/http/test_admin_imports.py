"""Files that administrators take over: tried, told row by row, confirmed, done, and nothing twice."""

import asyncio
import io
import re
from datetime import datetime

import httpx
import openpyxl
import pytest

from adapters.web.admin_imports import BYTES_MAX, IMPORTS
from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.recorded import made_day
from tests.adapters.test_holidays import NOTICE

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
ITEMS = (
    "item,name_zh,kind,level,applicants,unit_zh,handling,promised_limit_workdays,queue,online_depth,visits\n"
    "imported-one,导入的事项,public-service,county,person,某局,promised,5,general,III,1\n"
    "imported-two,坏的,public-service,county,person,某局,promised,many,general,III,1\n"
)


def admin(served: Served) -> dict[str, str]:
    return served.bearer("admin", "chief") | {"Origin": "http://hall.test"}


async def chosen(served: Served, kind: str, name: str, data: bytes, **asked: str) -> httpx.Response:
    return await served.client.post(
        f"/admin/imports/{kind}", files={"file": (name, data)}, data=asked, headers=admin(served)
    )


async def ended(served: Served, path: str) -> str:
    """The page of an import when nothing more is happening."""
    for _ in range(1000):
        page = (await served.client.get(path, headers=admin(served))).text
        if "正在" not in page:
            return page
        await asyncio.sleep(0.02)
    raise AssertionError(page)


async def tried(served: Served, kind: str, name: str, data: bytes, **asked: str) -> tuple[str, str]:
    answer = await chosen(served, kind, name, data, **asked)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    return path, await ended(served, path)


def workbook(table: str) -> bytes:
    book = openpyxl.Workbook()
    for line in table.splitlines():
        book.active.append(line.split(","))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("name", ["items.csv", "items-gbk.csv", "items.xlsx"])
async def test_items_are_tried_with_what_they_change_then_published(served: Served, name: str) -> None:
    table = ITEMS.replace("imported", name.replace(".", "-"))
    data = {
        "items.csv": table.encode("utf-8-sig"),
        "items-gbk.csv": table.encode("gb18030"),
        "items.xlsx": workbook(table),
    }[name]
    before = served.stored()
    path, page = await tried(served, "items", name, data)
    assert served.stored() == before
    assert "promised_limit_workdays不是数字：many" in page
    assert "导入其余各行" in page
    assert "导入的事项" in page
    assert (await served.client.post(path, headers=admin(served))).status_code == 303
    assert "导入完成。" in await ended(served, path)
    assert served.stored() == before + 1
    await served.client.post(path, headers=admin(served))
    assert served.stored() == before + 1


async def test_bookings_are_taken_over_in_parts_and_each_rejected_line_keeps_its_number(
    served: Served,
) -> None:
    rows = ["item,date,slot,name,id_number"]
    rows += ["no-such-item,2026-11-23,09:00,王芳,11010519491231002X"] * 120
    rows += ["demo-dibao,2026-11-23,10:00,王芳,11010519491231002X"]
    served.clock.at = SUNDAY
    try:
        path, page = await tried(served, "bookings", "b.csv", "\n".join(rows).encode(), hall="tanghe")
        assert "导入其余各行" in page
        await served.client.post(path, headers=admin(served))
        done = await ended(served, path)
    finally:
        served.clock.at = None
    lines = [int(found) for found in re.findall(r'<th scope="row">(\d+)</th>', done)]
    assert lines == list(range(2, 122))
    assert "<dt>已预约</dt><dd>1</dd>" in done


async def test_a_day_and_cases_are_taken_over_for_their_hall(served: Served) -> None:
    path, page = await tried(served, "day", "d.csv", made_day(), hall="heilong", date="2026-01-05")
    assert "确认导入" in page or "导入其余各行" in page
    before = served.stored()
    await served.client.post(path, headers=admin(served))
    assert "导入完成。" in await ended(served, path)
    assert served.stored() > before
    cases = (
        "case:concept:name,case:startdate,case:enddate_planned,case:enddate,case:channel,concept:name,"
        "org:resource,org:group,time:timestamp\n"
        "c1,2026-01-05T09:00:00+08:00,2026-01-12T18:00:00+08:00,2026-01-06T09:00:00+08:00,Desk,收件,li,g,"
        "2026-01-05T09:05:00+08:00\n"
        "c2,soon,,,Desk,收件,li,g,2026-01-05T09:05:00+08:00\n"
    )
    path, page = await tried(served, "cases", "c.csv", cases.encode(), hall="heilong", unit="某县某局")
    assert "<dt>办件</dt><dd>1</dd>" in page
    before = served.stored()
    await served.client.post(path, headers=admin(served))
    assert "导入完成。" in await ended(served, path)
    assert served.stored() == before + 4
    assert "不是带时区的时间" in page


async def test_a_notice_of_holidays_is_filled_into_the_years_form_and_not_stored(served: Served) -> None:
    before = served.stored()
    page = await chosen(served, "calendar", "通知.txt", NOTICE.encode())
    assert page.status_code == 200, page.text
    assert 'value="2026-02-15"' in page.text
    assert "还没有生效" in page.text
    assert served.stored() == before


@pytest.mark.parametrize(
    ("kind", "name", "data", "said"),
    [
        ("items", "a.csv", b"", "文件是空的。"),
        ("items", "a.xls", b"\xd0\xcf\x11\xe0", "请另存为 CSV"),
        ("items", "a.xlsx", b"PK\x03\x04nothing", "这个 Excel 文件打不开。"),
        ("items", "a.csv", b"x" * (BYTES_MAX + 1), "文件超过4MB"),
        ("items", "a.csv", b"x" * (BYTES_MAX + 200_000), "文件超过4MB"),
        ("calendar", "a.txt", "一首诗".encode(), "读不出放假安排"),
    ],
)
async def test_a_wrong_file_gets_a_clear_sentence(
    served: Served, kind: str, name: str, data: bytes, said: str
) -> None:
    answer = await chosen(served, kind, name, data)
    assert answer.status_code == 422
    assert said in answer.text


async def test_what_is_not_chosen_is_asked_for(served: Served) -> None:
    none = await served.client.post("/admin/imports/items", data={"x": "y"}, headers=admin(served))
    assert none.status_code == 422
    assert "请填写这一项。" in none.text
    no_date = await chosen(served, "day", "d.csv", made_day(), hall="heilong")
    assert no_date.status_code == 422
    path, page = await tried(served, "bookings", "b.csv", b"a,b\n1,2\n", hall="tanghe")
    assert "没有导入。" in page
    assert "缺少这些列：date" in page
    assert (await served.client.get(path, headers=served.bearer("admin", "another"))).status_code == 404


async def test_every_import_has_its_page(served: Served) -> None:
    for kind in IMPORTS:
        page = await served.client.get(f"/admin/imports/{kind}", headers=admin(served))
        assert page.status_code == 200
    assert (await served.client.get("/admin/imports/dreams", headers=admin(served))).status_code == 404
