"""Events, cases and reviews as files, and the national data sets as the standard prints them."""

import csv
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from openpyxl import load_workbook

from adapters import exporting, gbt39046
from adapters.exporting import Options, Sources
from adapters.settings import BadSetting
from domain.review_tags import STARS
from tests.adapters.http.conftest import office, served
from tests.adapters.http.serving import Served
from tests.adapters.http.test_past import head
from tests.adapters.http.test_rectifications import bad_review

__all__ = ["office", "served"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

STANDARD = Path(__file__).parents[2].parent / "shared" / "gbt39046.csv"
ITEM = "demo-shebaoka-shenling"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sources(office: Served) -> AsyncIterator[tuple[Sources, str, str]]:
    """A case from its receipt to its closing, and a bad review."""
    service, _, _ = await bad_review(office, "tanghe", "export")
    clerk, me = office.bearer("clerk", "chen", hall="tanghe"), await office.citizen("export")
    case: str = (await office.post("/cases", {"item": ITEM, "hall": "tanghe"}, me)).json()["case"]
    for command, body in (
        ("accept", {"document": "SL-1"}),
        ("step", {"name": "审查", "handler": "li", "action": "passed", "opinion": "=属实"}),
        ("decide", {"result": "granted"}),
        ("close", {}),
    ):
        answer = await office.post(f"/cases/{case}/{command}", body, clerk)
        assert answer.status_code == 200, answer.text
    at = await head(office)
    for name in ("case_file", "rectifications"):
        await office.parts.views.wait(name, at)
    parts = office.parts
    yield Sources(parts.log, parts.views, parts.catalogue), case, service  # type: ignore[arg-type]


async def test_every_event_is_a_line(sources: Any, tmp_path: Path) -> None:
    held, case, _ = sources
    told = await exporting.export(Options("events", output=tmp_path / "e.jsonl"), held)
    lines = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    assert len(lines) == told["rows"] == len(await held.log(0, 1_000_000))
    assert [line["position"] for line in lines] == sorted(line["position"] for line in lines)
    (opened,) = [line for line in lines if line["stream"] == f"case-{case}" and line["type"] == "case-opened"]
    assert opened["data"]["item"] == ITEM
    none = Options("events", output=tmp_path / "n.jsonl", last=date(2000, 1, 1))
    assert await exporting.export(none, held) == {"rows": 0}


async def test_cases_and_reviews_are_tables_without_who_applied_or_rated(
    sources: Any, tmp_path: Path
) -> None:
    held, case, service = sources
    await exporting.export(Options("cases", "csv", tmp_path / "c.csv"), held)
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["case"] == case]
    assert (row["status"], row["decision"]) == ("closed", "granted")
    assert not {"applicant", "person"} & row.keys()
    await exporting.export(Options("reviews", "xlsx", tmp_path / "r.xlsx"), held)
    heads, *rows = load_workbook(tmp_path / "r.xlsx")["reviews"].iter_rows(values_only=True)
    (rated,) = [dict(zip(heads, row, strict=True)) for row in rows if row[0] == service]
    assert (rated["grade"], rated["real_name"], rated["adopted"]) == ("very-dissatisfied", True, True)
    assert "person" not in heads
    elsewhere = Options("reviews", "csv", tmp_path / "h.csv", hall="yuantan")
    assert await exporting.export(elsewhere, held) == {"rows": 0}


async def test_the_data_sets_of_the_standard_are_filled_from_the_case(sources: Any, tmp_path: Path) -> None:
    held, _, _ = sources
    told = await exporting.export(Options("cases", "gbt39046", tmp_path), held)
    assert told["rows"] == {"表5": 1, "表6": 1, "表7": 1, "表8": 1, "表11": 0}

    def table(name: str) -> dict[str, str]:
        with (tmp_path / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            heads, *rows = csv.reader(file)
        found: dict[str, str] = {}
        for head_, cell in zip(heads, rows[0], strict=True):
            found.setdefault(head_, cell)
        return found

    number = table("表5-办事申请")["办件编号"]
    accepted, step, closed = table("表6-事项受理"), table("表7-事项办理"), table("表8-事项办结")
    assert {accepted["办件编号"], step["办件编号"], closed["办件编号"]} == {number}
    assert (accepted["受理文书编号"], accepted["办件类型"]) == ("SL-1", "即办件")
    assert len(accepted["受理时间"]) == len("20260302T090000")
    assert len(closed["办结时间"]) == len("2026030209:00:00")
    assert (step["业务动作"], step["环节处理意见"]) == ("通过", "'=属实")
    assert table("表5-办事申请")["申请者证件号码"] == ""

    told = await exporting.export(Options("reviews", "gbt39046", tmp_path), held)
    rated = table("表9-政务服务绩效评价")
    assert (rated["满意度"], rated["满意度代码"], rated["评价次数"]) == ("非常不满意", "5", "1")
    assert (rated["评价渠道"], rated["行政区划"], rated["评价人"]) == ("二维码", "411328000", "")


async def test_what_cannot_be_written_says_why(sources: Any, tmp_path: Path) -> None:
    held, _, _ = sources
    for options, why in (
        (Options("events", "gbt39046", tmp_path), "of cases and of reviews"),
        (Options("cases", "gbt39046"), "need a directory"),
        (Options("cases", "xlsx"), "needs a file"),
    ):
        with pytest.raises(BadSetting, match=why):
            await exporting.export(options, held)


ITEMS = {5: 26, 6: 13, 7: 21, 8: 11, 9: 9, 11: 11}
"""How many data items each table of the standard has."""


async def test_names_order_and_formats_are_the_standard_s() -> None:
    tables = (*gbt39046.OF_CASES, *gbt39046.OF_REVIEWS)
    assert {table.number: len(table.fields) for table in tables} == ITEMS
    if STANDARD.exists():
        printed: dict[str, list[tuple[str, str]]] = {}
        with STANDARD.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                printed.setdefault(row["table"], []).append((row["name"], row["format"]))
        for table in tables:
            assert list(table.fields) == printed[str(table.number)], table.number


@pytest.mark.parametrize(
    ("value", "form", "fits"),
    [
        ("1" * 31, "an..24", False),
        ("1" * 24, "an..24", True),
        ("12", "n1", False),
        ("x" * 9999, "..ul", True),
    ],
)
async def test_what_does_not_fit_is_told_and_not_cut(value: str, form: str, fits: bool) -> None:
    assert gbt39046.too_long(value, form) is not fits


async def test_the_two_outlets_count_the_grades_in_opposite_directions() -> None:
    for grade, stars in STARS.items():
        assert stars + gbt39046.GRADES.index(grade) + 1 == 6, grade
    assert (STARS["very-satisfied"], STARS["very-dissatisfied"]) == (5, 1)
