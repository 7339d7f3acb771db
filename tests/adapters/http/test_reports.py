"""What is handed upward as a file: the figures of a period, and the list of rectifications."""

import csv
import io
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from projections.definitions import CATALOGUE, RATE_NAMES
from tests.adapters.http.serving import Served
from tests.adapters.http.test_past import head
from tests.adapters.http.test_rectifications import bad_review

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def workbook(served: Served, path: str, who: dict[str, str], **query: Any) -> Workbook:
    answer = await served.get(path, who, **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    return load_workbook(io.BytesIO(answer.content))


async def test_the_report_holds_every_figure_with_its_halves_and_its_definition(office: Served) -> None:
    await bad_review(office, "tanghe", "report")
    admin, at = office.bearer("admin"), await head(office)
    book = await workbook(office, "/performance/export", admin, after=at, by="hall")
    assert book.sheetnames == ["说明", "合计", "大厅", "明细", "指标口径"]
    figures = (await office.get("/performance", admin, by="all")).json()["performance"][0]["rates"]
    total = {row[1]: row[2:5] for row in book["合计"].iter_rows(min_row=2, values_only=True)}
    assert total.keys() == {name.zh for name in RATE_NAMES.values()}
    for figure, rate in figures.items():
        numerator, denominator, value = total[RATE_NAMES[figure].zh]
        assert (numerator, denominator) == (rate["numerator"], rate["denominator"])
        assert value == (None if rate["value"] is None else pytest.approx(rate["value"], abs=0.006))
    heads = next(book["大厅"].iter_rows(max_row=1, values_only=True))
    assert len(heads) == 1 + len(RATE_NAMES) - len(CATALOGUE)
    assert "即办事项占比" not in heads
    assert "差评率" in heads
    about = dict(book["说明"].iter_rows(values_only=True))
    assert about["日志序号"] >= at
    english = await workbook(office, "/performance/export", admin, lang="en")
    assert english.sheetnames[0] == "About"


async def test_a_report_as_csv_is_its_detail(office: Served) -> None:
    admin = office.bearer("admin")
    answer = await office.get("/performance/export", admin, format="csv", by="unit", lang="en")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["figure"] for row in rows} == {name.en for name in RATE_NAMES.values()}
    for who in (None, await office.citizen("nobody"), office.bearer("clerk")):
        assert (await office.get("/performance/export", who)).status_code in (401, 403)


async def test_the_list_of_rectifications_is_exported_as_it_is_filtered_and_without_who_rated(
    office: Served,
) -> None:
    mine, _, _ = await bad_review(office, "heilong", "export one")
    await bad_review(office, "longtan", "export two")
    supervisor = office.bearer("supervisor", "director", hall="heilong")
    book = await workbook(office, "/rectifications/export", supervisor, status="open")
    rows = [*book["差评整改"].iter_rows(min_row=2, values_only=True)]
    assert [row[0] for row in rows] == [mine]
    assert rows[0][5:7] == ("非常不满意", "联系核实")
    answer = await office.get("/rectifications/export", supervisor, format="csv", step="verify")
    assert answer.content.decode("utf-8-sig").count("\r\n") == 1
    assert (await office.get("/rectifications/export", supervisor, hall="longtan")).status_code == 403
    assert (await office.get("/rectifications/export")).status_code == 401


async def test_a_file_of_the_past_holds_what_was_known_then(office: Served) -> None:
    """The figures' report and a day at the windows, as the page of that moment shows them."""
    await bad_review(office, "huyang", "before")
    director, at = office.bearer("supervisor", "director", hall="huyang"), await head(office)
    kiosk = office.bearer("kiosk")
    then = {
        "figures": (await office.get("/performance", director, by="all", hall="huyang", after=at)).json(),
        "day": (await office.get("/halls/huyang/day", director, after=at)).json(),
    }
    await bad_review(office, "huyang", "after")
    assert (await office.post("/halls/huyang/tickets", {"queue": "a"}, kiosk)).status_code == 201
    now = await head(office)
    for as_of, known in ((str(at), True), (None, False)):
        past = {} if as_of is None else {"as_of": as_of}
        book = await workbook(office, "/performance/export", director, after=now, **past)
        rows = {row[1]: row[2:4] for row in book["合计"].iter_rows(min_row=2, values_only=True)}
        bad = then["figures"]["performance"][0]["rates"]["bad"]
        assert (rows["差评率"] == (bad["numerator"], bad["denominator"])) is known
        answer = await office.get("/halls/huyang/day/export", director, after=now, **past)
        (hall, *_) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert (int(hall["issued"]) == then["day"]["issued"]) is known
        assert ("-as-of-" in answer.headers["content-disposition"]) is known
    stated = await office.get("/performance/export", director, as_of="yesterday")
    assert (stated.status_code, stated.json()["code"]) == (422, "invalid")
