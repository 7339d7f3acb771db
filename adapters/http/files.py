"""What is handed out as a file for a spreadsheet: tables as a download, and lists as tables."""

from collections.abc import AsyncIterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from litestar import Response
from litestar.params import QueryParameter

from adapters.spreadsheet import Cell, Sheet, to_csv, to_xlsx
from domain.message import Text
from domain.workdays import SHANGHAI

Format = Literal["csv", "xlsx"]
FormatAsked = Annotated[Format, QueryParameter(name="format")]

MEDIA: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

EXPORT_MAX = 100_000
"""Rows of a file of a list: as many as are ever open at once."""


class Column(NamedTuple):
    """What heads a column of a list, and its width in a workbook in characters."""

    name: Text
    width: int


def file(name: str, format_: Format, *sheets: Sheet) -> Response[bytes]:
    """Sheets as a download; CSV has the first of them."""
    return Response(
        to_csv(sheets[0].rows) if format_ == "csv" else to_xlsx(*sheets),
        media_type=MEDIA[format_],
        headers={"Content-Disposition": f'attachment; filename="{name}.{format_}"'},
    )


def stood(moment: datetime | None) -> str:
    """What is added to the name of a file that tells how it stood at a moment; nothing to one of now."""
    return "" if moment is None else f"-as-of-{moment.astimezone(SHANGHAI):%Y-%m-%dT%H%M}"


async def list_file(
    name: str,
    format_: Format,
    title: str,
    columns: Mapping[str, Column],
    rows: AsyncIterable[Mapping[str, Any]],
    read_at: datetime,
) -> Response[bytes]:
    """A list as a download that is named for the day on which it was read.

    Args:
        rows: by the columns' names; instants are told in the halls' time.
    """
    head: list[Cell] = [f"{column.name.zh} {column.name.en}" for column in columns.values()]
    table = [head, *[[_cell(row[column]) for column in columns] async for row in rows]]
    widths = [column.width for column in columns.values()]
    return file(f"{name}-{read_at.astimezone(SHANGHAI):%Y-%m-%d}", format_, Sheet(title, table, widths))


def _cell(value: Any) -> Cell:
    if isinstance(value, datetime):
        return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    cell: Cell = value
    return cell
