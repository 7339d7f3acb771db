"""Tables out of Excel workbooks: cells as somebody would type them, and nothing that unpacks without end."""

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from adapters.importing import workbook


def sheet(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_cells_are_told_as_somebody_would_type_them() -> None:
    data = sheet(("a", "b", "c", "d"), ("食品", 8.0, True, date(2026, 3, 2)), (None, "  "), ("x", 1.5))
    assert list(workbook.rows(data)) == [
        {"a": "食品", "b": "8", "c": "true", "d": "2026-03-02T00:00:00"},
        {"a": "x", "b": "1.5", "c": "", "d": ""},
    ]


def test_an_empty_workbook_has_no_rows() -> None:
    assert list(workbook.rows(sheet())) == []


def test_a_workbook_that_would_unpack_without_end_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    monkeypatch.setattr(workbook, "UNPACKED_BYTES_MAX", 1_000_000)
    with pytest.raises(workbook.NoWorkbook, match="too large"):
        list(workbook.rows(file.getvalue()))
