"""Tables for spreadsheets: readable by Excel, and never a formula that somebody else has written."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from adapters.spreadsheet import FORMULA_BEGINS, TEXT_MAX, Cell, Share, Sheet, to_csv, to_xlsx

NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1", '=HYPERLINK("http://x","y")', "\r=1"]
CELLS = st.none() | st.integers(-(2**40), 2**40) | st.text(max_size=20) | st.sampled_from(NASTY)


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def read_xlsx(data: bytes) -> list[list[tuple[str, object]]]:
    """Each cell's type and content in the first sheet, as a spreadsheet reads it."""
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    return [[(cell.data_type, cell.value) for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize("text", NASTY)
def test_what_begins_like_a_formula_stays_a_text(text: str) -> None:
    ((cell,),) = read_csv(to_csv([[text]]))
    assert cell == f"'{text}"
    assert read_xlsx(to_xlsx(Sheet("x", [[text]])))[0][0][0] == "s"


def test_numbers_stay_numbers_and_nothing_stays_nothing() -> None:
    row = [-5, 0.25, None, "综合", date(2026, 3, 2)]
    assert to_csv([row]) == "\ufeff-5,0.25,,综合,2026-03-02\r\n".encode()
    cells = read_xlsx(to_xlsx(Sheet("x", [row])))[0]
    assert cells == [("n", -5), ("n", 0.25), ("n", None), ("s", "综合"), ("s", "2026-03-02")]


def test_a_share_is_shown_in_per_cent() -> None:
    book = load_workbook(io.BytesIO(to_xlsx(Sheet("x", [["rate"], [Share(0.125)]], widths=(30,)))))
    assert (book["x"]["A2"].value, book["x"]["A2"].number_format) == (0.125, "0.0%")
    assert (book["x"]["A1"].font.bold, book["x"].column_dimensions["A"].width) == (True, 30)
    assert to_csv([[Share(0.125)]]) == "\ufeff0.125\r\n".encode()


def test_a_workbook_has_its_sheets_in_order_and_no_character_that_it_cannot_hold() -> None:
    book = load_workbook(io.BytesIO(to_xlsx(Sheet("一", [["a\x00b\x0b"]]), Sheet("二", [["y" * 40_000]]))))
    assert book.sheetnames == ["一", "二"]
    assert (book["一"]["A1"].value, len(book["二"]["A1"].value)) == ("ab", TEXT_MAX)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=4))
def test_every_table_comes_back_and_no_cell_begins_like_a_formula(table: list[list[Cell]]) -> None:
    for row, found in zip(table, read_csv(to_csv(table)), strict=True):
        for cell, text in zip(row, found, strict=True):
            if isinstance(cell, str):
                assert text.removeprefix("'") == cell.removeprefix("'")
                assert not text.startswith(FORMULA_BEGINS)
            else:
                assert text == ("" if cell is None else str(cell))
    kinds = {kind for row in read_xlsx(to_xlsx(Sheet("x", table))) for kind, _ in row}
    assert kinds <= {"n", "s", "inlineStr"}, "no formula"
