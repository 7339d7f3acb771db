"""``mingting export``: events, cases or reviews as JSON lines, CSV, a workbook, or the data sets of GB/T 39046.

Nobody's name, document or phone number is in a file: people are keys in events, and not told at all elsewhere.
"""

import csv
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO

import msgspec

from adapters import gbt39046
from adapters.catalogue import Catalogue
from adapters.gbt39046 import DataSet
from adapters.log import LogReader
from adapters.settings import BadSetting
from adapters.spreadsheet import CSV_ENCODING, Cell, Sheet, to_xlsx, write_csv
from adapters.views import Views
from domain.message import Recorded
from domain.rectification import UNFOUNDED, ReviewRuled
from domain.review import ReviewAdded, ReviewGiven
from domain.review_tags import STARS
from domain.workdays import SHANGHAI, local_date
from projections import case_file

What = Literal["events", "cases", "reviews"]
Format = Literal["jsonl", "csv", "xlsx", "gbt39046"]

PAGE = 2_000
ROWS_MAX = 1_048_575
"""What a sheet holds below its head."""

Row = dict[str, Any]


class Options(NamedTuple):
    what: What
    format: Format = "jsonl"
    output: Path | None = None
    """A file; for the data sets a directory. ``None``: standard output."""
    first: date | None = None
    last: date | None = None
    hall: str | None = None

    def takes(self, at: datetime, hall: str | None) -> bool:
        """Whether something of a moment and a hall was asked for."""
        day = local_date(at)
        return (
            self.hall in (None, hall)
            and (self.first is None or day >= self.first)
            and (self.last is None or day <= self.last)
        )


class Sources(NamedTuple):
    """What is exported from."""

    log: LogReader
    views: Views
    catalogue: Catalogue


async def export(options: Options, sources: Sources) -> dict[str, Any]:
    """Write what was asked for; how many rows there were, by table where there are several.

    Raises:
        BadSetting: the format is none of what was asked for, or needs a place to go.
    """
    if options.format == "gbt39046":
        return await _data_sets(options, sources)
    rows = ROWS[options.what](options, sources)
    if options.format == "xlsx":
        if options.output is None:
            raise BadSetting("a workbook needs a file: --output FILE")
        table: list[list[Cell]] = [list(FIELDS[options.what])]
        async for row in rows:
            if len(table) > ROWS_MAX:
                raise BadSetting(
                    f"more than {ROWS_MAX} rows do not fit a sheet; ask for fewer days, or for CSV"
                )
            table.append(_cells(options.what, row))
        options.output.write_bytes(to_xlsx(Sheet(options.what, table)))
        return {"rows": len(table) - 1}
    count = 0
    with ExitStack() as stack:
        encoding = CSV_ENCODING if options.format == "csv" else "utf-8"
        out: TextIO = sys.stdout
        if options.output is not None:
            out = stack.enter_context(options.output.open("w", encoding=encoding, newline=""))
        if options.format == "csv":
            write_csv(out, [list(FIELDS[options.what])])
        async for row in rows:
            count += 1
            if options.format == "csv":
                write_csv(out, [_cells(options.what, row)])
            else:
                out.write(msgspec.json.encode(row).decode() + "\n")
    return {"rows": count}


def _cells(what: What, row: Row) -> list[Cell]:
    """A row in the order of its fields; what is no plain value is told as JSON."""
    return [_cell(row[name]) for name in FIELDS[what]]


def _cell(value: Any) -> Cell:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat()
    if value is None or isinstance(value, str | int | float):
        return value
    return msgspec.json.encode(value).decode()


# --- what is exported -----------------------------------------------------------------------------------------

FIELDS: dict[What, tuple[str, ...]] = {
    "events": (
        "position", "id", "stream", "version", "type", "at", "recorded_at", "by", "correlation", "causation",
        "hall", "data",
    ),
    "cases": (
        "case", "number", "item", "item_version", "hall", "unit", "channel", "kind", "ticket", "test", "status",
        "decision", "means", "opened_at", "accepted_at", "closed_at", "due_at", "statutory_at", "provisional",
        "in_time", "signal", "raised",
    ),
    "reviews": (
        "service", "review", "grade", "stars", "tags", "comment", "channel", "stage", "anonymous", "real_name", "hall",
        "unit", "item", "window", "clerk", "test", "given_at", "finding", "adopted", "added_grade",
        "added_comment", "added_channel", "added_at",
    ),
}  # fmt: skip


async def _events(options: Options, sources: Sources) -> AsyncIterator[Row]:
    position = 0
    while page := await sources.log(position, PAGE):
        position = page[-1].position
        for one in page:
            if options.takes(one.stamp.at, one.stamp.hall):
                yield _event(one)


def _event(one: Recorded) -> Row:
    stamp, data = one.stamp, msgspec.to_builtins(one.event)
    return {
        "position": one.position,
        "id": one.id,
        "stream": one.stream,
        "version": one.version,
        "type": data.pop("type"),
        "at": stamp.at,
        "recorded_at": stamp.recorded_at,
        "by": stamp.by,
        "correlation": stamp.correlation,
        "causation": stamp.causation,
        "hall": stamp.hall,
        "data": data,
    }


async def _case_views(options: Options, sources: Sources) -> AsyncIterator[case_file.View]:
    where = {"hall": options.hall} if options.hall is not None else {}
    cursor: str | None = None
    while True:
        page = await sources.views.find(case_file.NAME, where, "key", PAGE, cursor)
        for doc in page.docs:
            view = msgspec.json.decode(doc, type=case_file.View)
            if options.takes(view.opened_at, view.hall):
                yield view
        if (cursor := page.cursor) is None:
            return


async def _cases(options: Options, sources: Sources) -> AsyncIterator[Row]:
    async for view in _case_views(options, sources):
        yield {name: getattr(view, name) for name in FIELDS["cases"]}


async def _reviews(options: Options, sources: Sources) -> AsyncIterator[Row]:
    """Every rating with what has become of it, in the order they were given."""
    found: dict[str, Row] = {}
    last, _ = await sources.log.moment(2**62)
    for one in await sources.log.until(last, topics=("review-given", "review-added", "review-ruled")):
        match one.event:
            case ReviewGiven():
                found[one.subject] = _given(one)
            case ReviewAdded(grade=grade, comment=comment, channel=channel) if one.subject in found:
                found[one.subject] |= {
                    "added_grade": grade,
                    "added_comment": comment,
                    "added_channel": channel,
                    "added_at": one.stamp.at,
                }
            case ReviewRuled(finding) if one.subject in found:
                found[one.subject] |= {"finding": finding, "adopted": finding not in UNFOUNDED}
    for row in found.values():
        if options.takes(row["given_at"], row["hall"]):
            yield row


def _given(one: Recorded) -> Row:
    event = one.event
    told = dict.fromkeys(FIELDS["reviews"])
    told |= {name: getattr(event, name) for name in told if hasattr(event, name)}
    return told | {
        "service": one.subject,
        "real_name": event.person is not None,
        "stars": STARS[event.grade],
        "given_at": one.stamp.at,
        "adopted": True,
    }


ROWS: dict[What, Callable[[Options, Sources], AsyncIterator[Row]]] = {
    "events": _events,
    "cases": _cases,
    "reviews": _reviews,
}


# --- the data sets of the standard ----------------------------------------------------------------------------


async def _data_sets(options: Options, sources: Sources) -> dict[str, Any]:
    """A CSV file for each table, and how often a value did not fit the standard's length: nothing is cut off."""
    tables = {"cases": gbt39046.OF_CASES, "reviews": gbt39046.OF_REVIEWS}.get(options.what)
    if tables is None:
        raise BadSetting("GB/T 39046 has data sets of cases and of reviews")
    if options.output is None:
        raise BadSetting("the data sets need a directory: --output DIR")
    options.output.mkdir(parents=True, exist_ok=True)
    counts = dict.fromkeys((table.number for table in tables), 0)
    long: dict[str, int] = {}
    numbers = {view.case: view.number or view.case async for view in _case_views(Options("cases"), sources)}
    with ExitStack() as stack:
        outs: dict[int, TextIO] = {}
        for table in tables:
            path = options.output / f"表{table.number}-{table.title}.csv"
            outs[table.number] = stack.enter_context(path.open("w", encoding=CSV_ENCODING, newline=""))
            csv.writer(outs[table.number], lineterminator="\r\n").writerow(name for name, _ in table.fields)
        async for filled in _filled(options, sources, numbers):
            for table, values in filled:
                row = table.row(values)
                write_csv(outs[table.number], [row])
                counts[table.number] += 1
                for (name, form), value in zip(table.fields, row, strict=True):
                    if gbt39046.too_long(value, form):
                        long[f"表{table.number} {name}"] = long.get(f"表{table.number} {name}", 0) + 1
    return {"rows": {f"表{number}": count for number, count in counts.items()}, "too_long": long}


async def _filled(
    options: Options, sources: Sources, numbers: Mapping[str, str]
) -> AsyncIterator[Iterable[tuple[DataSet, gbt39046.Values]]]:
    def region(hall: str) -> str:
        found = sources.catalogue.halls.get(hall)
        return gbt39046.region_code(found.plan.region) if found is not None else ""

    if options.what == "cases":
        async for view in _case_views(options, sources):
            item = sources.catalogue.items.get(view.item)
            if not view.test:
                yield gbt39046.of_case(view, item.plan if item else None, region(view.hall))
        return
    async for row in _reviews(options, sources):
        kind, _, name = row["service"].partition(".")
        number = numbers.get(name, name) if kind == "case" else name
        if not row["test"]:
            yield gbt39046.of_rating(number, row, region(row["hall"]))
