"""Imports recorded applications into a running server: opened, stepped through and closed as they once were."""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import track

from adapters.importing.courier import BATCH, courier
from adapters.importing.permit_cases import batches, read_cases, story
from adapters.importing.records import Stopped, leave_out, read_file


class CasesOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``mingting import-cases`` is told: whose cases these are, and the hall they are filed under."""

    file: Path
    unit: str
    hall: str
    url: str = "http://127.0.0.1:8000"
    token: str | None = None


async def import_cases(options: CasesOptions) -> dict[str, Any]:
    """Import the file and answer what the server took of it. Importing again changes nothing.

    Raises:
        Stopped: it cannot begin or go on.
    """
    began = time.monotonic()
    if not 1 <= len(options.unit) <= 100:
        raise Stopped("a unit has a name of 1 to 100 characters")
    console = Console(stderr=True)
    file = read_cases(await asyncio.to_thread(read_file, options.file))
    skipped = leave_out(file.skipped, options.file, console)
    async with courier(options.url, options.token) as to:
        await to.find_hall(options.hall)
        parcels = list(batches(story(file, options.hall, options.unit), BATCH))
        for parcel in track(parcels, "导入办件 importing cases", console=console):
            await to.tell(parcel)
    accepted = to.account.accepted
    opened, closed = accepted.get("open-case", 0), accepted.get("close", 0)
    return {
        "hall": options.hall,
        "unit": options.unit,
        "cases": len(file.cases),
        "opened": opened,
        "steps": accepted.get("record-step", 0),
        "closed": closed,
        "still_open": opened - closed,
        "skipped": skipped,
        **to.account.summary(),
        "elapsed_s": round(time.monotonic() - began, 3),
    }
