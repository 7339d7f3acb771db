"""Tables for spreadsheets: readable by Excel, and never a formula that somebody else has written."""

import csv
import io
import zipfile
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.spreadsheet import FORMULA_BEGINS, Cell, to_csv, to_xlsx

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1", '=HYPERLINK("http://x","y")', "\r=1"]
CELLS = st.none() | st.integers(-(2**40), 2**40) | st.text(max_size=20) | st.sampled_from(NASTY)


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def read_xlsx(data: bytes) -> list[list[tuple[str, str]]]:
    """Each cell's type and content."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        for name in book.namelist():
            ElementTree.fromstring(book.read(name))
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row] for row in sheet.iter(f"{SPACE}row")
    ]


@pytest.mark.parametrize("text", NASTY)
def test_what_begins_like_a_formula_stays_a_text(text: str) -> None:
    ((cell,),) = read_csv(to_csv([[text]]))
    assert cell == f"'{text}"
    assert b"<f>" not in to_xlsx([[text]])
    assert read_xlsx(to_xlsx([[text]]))[0][0][0] == "inlineStr"


def test_numbers_stay_numbers_and_nothing_stays_nothing() -> None:
    row = [-5, 0.25, None, "综合", date(2026, 3, 2)]
    assert to_csv([row]) == "\ufeff-5,0.25,,综合,2026-03-02\r\n".encode()
    cells = read_xlsx(to_xlsx([row]))[0]
    assert cells == [
        ("n", "-5"),
        ("n", "0.25"),
        ("n", ""),
        ("inlineStr", "综合"),
        ("inlineStr", "2026-03-02"),
    ]


def test_the_same_table_is_the_same_file() -> None:
    assert to_xlsx([["a", 1]]) == to_xlsx([["a", 1]])


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=4))
def test_every_table_comes_back_and_no_cell_begins_like_a_formula(table: list[list[Cell]]) -> None:
    for row, found in zip(table, read_csv(to_csv(table)), strict=True):
        for cell, text in zip(row, found, strict=True):
            if isinstance(cell, str):
                assert text.removeprefix("'") == cell.removeprefix("'")
                assert not text.startswith(FORMULA_BEGINS)
            else:
                assert text == ("" if cell is None else str(cell))
    assert [len(row) for row in read_xlsx(to_xlsx(table))] == [len(row) for row in table]
