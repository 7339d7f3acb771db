"""A table out of an Excel workbook (Office Open XML): its first sheet, the first row naming the columns."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

UNPACKED_BYTES_MAX = 80_000_000
"""A workbook is a zip: what it would unpack to is asked before it is unpacked."""

COLUMNS_MAX = 200


class NoWorkbook(Exception):
    """The bytes are no workbook that could be read; the message says why."""


def rows(data: bytes) -> Iterator[dict[str, str]]:
    """Each row by its columns' names, cells as texts, empty rows left out.

    Raises:
        NoWorkbook: it is none, or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            if sum(part.file_size for part in parts.infolist()) > UNPACKED_BYTES_MAX:
                raise NoWorkbook("the workbook is too large")
        # As read-only a sheet is streamed; a formula is its last value, for nothing is computed here.
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        lines = sheet.iter_rows(max_col=COLUMNS_MAX, values_only=True)
        names = [_text(cell).strip() for cell in next(lines, ())]
        for line in lines:
            cells = {name: _text(cell) for name, cell in zip(names, line, strict=False) if name}
            if any(cell.strip() for cell in cells.values()):
                yield cells
        book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, SyntaxError) as error:
        raise NoWorkbook(str(error) or "no workbook") from error


def _text(cell: Any) -> str:
    """What stands in a cell, as somebody would type it: 8 and not 8.0."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date():
            return cell.isoformat()
    return str(cell)
