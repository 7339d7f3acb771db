"""Items from other platforms: imported with a report of every row, or only compared (要素同源自查)."""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta

from adapters.http import errors
from adapters.http.access import API
from adapters.http.asking import Asking, Reply, encode
from adapters.http.commands import Command
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from adapters.importing import item_table, workbook
from adapters.importing.item_table import NamedPlan
from adapters.importing.records import Senseless
from domain import item
from domain.differences import Change, differences
from domain.handling import Act, Ask
from domain.item import Item, PublishItem
from domain.message import Refused, Text

ROWS_MAX = 2_000
BYTES_MAX = 8_000_000


class ItemsListed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A listing: documents as ``PUT /items/{item}`` takes them, each with its name, or the same as CSV or as an Excel
    workbook (in base64) whose first row names the columns; lists are separated by semicolons."""

    items: Annotated[tuple[dict[str, Any], ...], Meta(max_length=ROWS_MAX)] = ()
    csv: Annotated[str, Meta(max_length=BYTES_MAX)] | None = None
    xlsx: Annotated[bytes, Meta(max_length=BYTES_MAX)] | None = None


class RowReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a row is, counted from 1, against what is published; ``refused`` says why."""

    row: int
    outcome: Literal["new", "changed", "same", "refused"]
    item: str | None = None
    changes: list[Change] = []
    code: str | None = None
    message: Text | None = None
    position: int | None = None


class ImportReport(msgspec.Struct, frozen=True):
    """``dry_run``: nothing was published."""

    dry_run: bool
    receipts: list[RowReport]


class Comparison(msgspec.Struct, frozen=True):
    """``only_here`` and ``only_there`` name items that one of the two lacks."""

    receipts: list[RowReport]
    only_here: list[str]
    only_there: list[str]


def commands(parts: Parts) -> list[Command]:
    async def import_(asked: Asking, words: list[str], body: ItemsListed, query: bytes) -> Reply:
        dry = dry_run(query)
        await parts.catalogue.refresh()
        reports: list[RowReport] = []
        for report, named in _rows(parts, asked, await _documents(body)):
            wanted = named is not None and not dry and report.outcome in ("new", "changed")
            reports.append(await publish(asked, report, named) if wanted and named else report)
        await parts.catalogue.refresh()
        return Reply(200, encode(ImportReport(dry, reports)))

    async def publish(asked: Asking, report: RowReport, named: NamedPlan) -> RowReport:
        ask = Ask(item.stream(named.item), PublishItem(named.plan))
        receipt = await asked.part(report.row).submitted(parts.loop, Act((ask,)))
        return msgspec.structs.replace(report, position=receipt.position)

    async def compare(asked: Asking, words: list[str], body: ItemsListed, query: bytes) -> Reply:
        await parts.catalogue.refresh()
        reports = [report for report, _ in _rows(parts, asked, await _documents(body))]
        here, there = set(parts.catalogue.items), {report.item for report in reports if report.item}
        told = [report for report in reports if report.outcome != "same"]
        return Reply(200, encode(Comparison(told, sorted(here - there), sorted(there - here))))

    return [
        Command(
            f"{API}/items/import",
            ItemsListed,
            import_,
            ImportReport,
            about="Publish a listing of items, or only say what it would change (dry_run)",
            bytes_max=BYTES_MAX,
        ),
        Command(
            f"{API}/items/compare",
            ItemsListed,
            compare,
            Comparison,
            about="Compare another platform's listing with what is published here",
            bytes_max=BYTES_MAX,
        ),
    ]


def dry_run(query: bytes) -> bool:
    """Raises:
    Rejected: 422, it is neither true nor false.
    """
    told = parse_qs(query.decode("latin-1")).get("dry_run", ["false"])[-1]
    if told not in ("true", "false"):
        raise Rejected(422, "invalid", errors=[FieldError("dry_run", "true or false")])
    return told == "true"


def too_many(field: str, rows_max: int) -> Rejected:
    """A table has more rows than are taken at once."""
    said = Text(f"最多{rows_max}行，请分成几份", f"{rows_max} rows at most; please split the file")
    return Rejected(422, "invalid", errors=[FieldError(field, said.en, said)])


def _rows(
    parts: Parts, asked: Asking, documents: Sequence[Any]
) -> Iterator[tuple[RowReport, NamedPlan | None]]:
    """Each row's report, and its item where it is one."""
    seen: set[str] = set()
    for row, document in enumerate(documents, start=1):
        try:
            if isinstance(document, Senseless):
                raise document
            named = item_table.checked(document)
            if named.item in seen:
                raise Senseless("前面已有这个事项", "An earlier row has this item")
            seen.add(named.item)
        except Senseless as senseless:
            yield RowReport(row, "refused", code="invalid", message=senseless.reason), None
            continue
        yield _report(parts, asked, row, named), named


def _report(parts: Parts, asked: Asking, row: int, named: NamedPlan) -> RowReport:
    known = parts.catalogue.items.get(named.item)
    was = None if known is None else known.plan
    published = Item() if known is None else Item(known.plan, known.number)
    try:
        events = item.decide(PublishItem(named.plan), published, asked.stamp)
    except Refused as refused:
        problem = errors.told(refused, ())
        return RowReport(row, "refused", named.item, code=problem.code, message=problem.text)
    if not events:
        return RowReport(row, "same", named.item)
    outcome: Literal["new", "changed"] = "new" if was is None else "changed"
    return RowReport(row, outcome, named.item, differences(was, named.plan))


async def _documents(body: ItemsListed) -> list[Any]:
    """The rows as documents; what cannot be read as one is told as the reason.

    Raises:
        Rejected: 422, there are too many, or the workbook is none.
    """
    found = list(body.items)
    for field, table in (("csv", _csv(body.csv or "")), ("xlsx", await _xlsx(body.xlsx))):
        for number, row in enumerate(table):
            if number >= ROWS_MAX:
                raise too_many(field, ROWS_MAX)
            found.append(_document(row))
    return found


def _document(row: dict[str, str] | Senseless) -> Any:
    if isinstance(row, Senseless):
        return row
    try:
        return item_table.from_row(row)
    except Senseless as senseless:
        return senseless


def _csv(text: str) -> Iterator[dict[str, str] | Senseless]:
    for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))):
        whole = None not in row and None not in row.values()
        yield row if whole else Senseless("格数与列名不一致", "There are not as many cells as column names")


async def _xlsx(data: bytes | None) -> Sequence[dict[str, str]]:
    """Raises:
    Rejected: 422, it is no workbook.
    """
    if data is None:
        return ()
    try:
        # Unpacking takes its time: others are served meanwhile.
        return await asyncio.to_thread(lambda: list(islice(workbook.rows(data), ROWS_MAX + 1)))
    except workbook.NoWorkbook as error:
        raise Rejected(422, "invalid", errors=[FieldError("xlsx", str(error))]) from error
