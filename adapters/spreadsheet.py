"""Tables as CSV or as an Excel workbook, for whoever counts on.

What people have named may begin like a formula; no spreadsheet may run it. In a workbook texts are texts by their
type. In CSV there is no type: a text that begins like a formula gets an apostrophe before it.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple, TextIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter


class Share(NamedTuple):
    """A part of one, shown in per cent."""

    value: float


Cell = str | int | float | date | Share | None
Table = Sequence[Sequence[Cell]]

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet may take for a formula (OWASP, CSV Injection), full-width ones too."""

TEXT_MAX = 32_767
"""Characters that a cell of a workbook holds."""

TITLE_MAX = 31
_NOT_IN_TITLES = str.maketrans("[]:*?/\\", "       ")

_NOTHING = {n: None for n in range(32) if n not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}
"""Characters that no XML document may hold."""

_BOLD, _WRAPPED = Font(bold=True), Alignment(wrap_text=True, vertical="top")


class Sheet(NamedTuple):
    """One sheet of a workbook: its first row is the head, ``widths`` are those of its columns in characters."""

    title: str
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int] = ()


CSV_ENCODING = "utf-8-sig"
"""UTF-8 with the mark by which Excel knows it."""


def to_csv(table: Iterable[Sequence[Cell]]) -> bytes:
    """A table as a whole file."""
    text = io.StringIO()
    write_csv(text, table)
    return text.getvalue().encode(CSV_ENCODING)


def write_csv(out: TextIO, table: Iterable[Sequence[Cell]]) -> None:
    """Row by row; lines end as RFC 4180 wants."""
    csv.writer(out, lineterminator="\r\n").writerows([_plain(cell) for cell in row] for row in table)


def to_xlsx(*sheets: Sheet) -> bytes:
    """A workbook."""
    book = Workbook(write_only=True)
    for title, rows, widths in sheets:
        sheet = book.create_sheet(title.translate(_NOT_IN_TITLES)[:TITLE_MAX])
        sheet.freeze_panes = "A2"
        for nth, width in enumerate(widths, start=1):
            sheet.column_dimensions[get_column_letter(nth)].width = width
        for nth, row in enumerate(rows):
            sheet.append([_cell(sheet, cell, head=nth == 0) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _plain(cell: Cell) -> str | int | float:
    if isinstance(cell, Share):
        return round(cell.value, 6)
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return cell
    text = str(cell)
    return f"'{text}" if text.lstrip(" \u3000").startswith(FORMULA_BEGINS) else text


def _cell(sheet: Any, cell: Cell, *, head: bool) -> Any:
    if isinstance(cell, Share):
        made = WriteOnlyCell(sheet, cell.value)
        made.number_format = "0.0%"
    elif cell is None or isinstance(cell, int | float):
        made = WriteOnlyCell(sheet, cell)
    else:
        made = WriteOnlyCell(sheet, str(cell).translate(_NOTHING)[:TEXT_MAX])
        made.data_type = "s"  # a text, whatever it begins with
        made.alignment = _WRAPPED
    if head:
        made.font = _BOLD
    return made
