"""Sends a CSV file to a running server that takes it over, and tells every row that was rejected."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from rich.console import Console

from adapters.importing.courier import courier
from adapters.importing.records import Stopped, read_file


class TableOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``mingting import-bookings`` and ``import-day`` are told: with ``day`` it is a day at the windows."""

    file: Path
    hall: str
    day: date | None = None
    dry_run: bool = False
    url: str = "http://127.0.0.1:8000"
    token: str | None = None


async def import_table(options: TableOptions) -> dict[str, Any]:
    """Send the file; the server's report without the rows that were fine.

    Raises:
        Stopped: the file cannot be read, or the server would not take it.
    """
    data = await asyncio.to_thread(read_file, options.file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Stopped(f"{options.file} is not UTF-8") from error
    query = {"dry_run": str(options.dry_run).lower()} | (
        {"date": options.day.isoformat()} if options.day else {}
    )
    kind = "queue-days" if options.day else "appointments"
    async with courier(options.url, options.token) as to:
        report = await to.post(
            f"/api/v1/halls/{quote(options.hall, safe='')}/{kind}/import", {"csv": text}, **query
        )
    console = Console(stderr=True)
    rejected = [row for row in report.pop("receipts") if row["outcome"] == "rejected"]
    for row in rejected:
        told = row["message"]
        said = told["zh"] if told["zh"] == told["en"] else f"{told['zh']} {told['en']}"
        console.print(
            f"{options.file.name}:{row['line']}: 未导入 rejected: {said}", markup=False, highlight=False
        )
    return {**report, "rows_rejected": rejected}
