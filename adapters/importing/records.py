"""A file of comma-separated records, read line by line: what cannot be read is reported and left out."""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from domain.message import Command, Text

if TYPE_CHECKING:
    # A server reads records too, and has no console.
    from rich.console import Console


class Stopped(Exception):
    """An import cannot begin or go on; the text tells a person why and what to do."""


class UnreadableFile(Stopped):
    """The file as a whole is not a record of this kind: not text, empty, or without a column it must have."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = Text(zh, en)


class Skipped(msgspec.Struct, frozen=True):
    """A line that makes no sense, and why. The file's first line is 1."""

    line: int
    reason: Text


class Row(msgspec.Struct, frozen=True):
    """A line's cells by column, without surrounding blanks.

    ``identity`` names the row by what it says and not by where it stands: a file that was mended and is
    imported again meets its old rows as they were. Rows that say the same are told apart by counting them.
    """

    line: int
    cells: dict[str, str]
    identity: str


class Senseless(Exception):
    """A row contradicts itself or lacks what it must have; ``reason`` tells people what."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = Text(zh, en)


class Happening(msgspec.Struct, frozen=True):
    """A command with the time it happened and a key that is the same whenever the same record is read.

    ``told_at`` is when it can be told at the earliest, later than ``at`` where the record has a thing begin
    before another that must precede it in its stream has ended.
    """

    stream: str
    at: datetime
    told_at: datetime
    key: str
    line: int
    command: Command


def read_file(file: Path) -> bytes:
    """Raises:
    Stopped: the file cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise Stopped(f"{file} cannot be read: {error.strerror}") from error


def read_rows(data: bytes, columns: Collection[str]) -> tuple[list[Row], list[Skipped]]:
    """Read a CSV file whose header names at least the given columns, in any order and any case.

    A byte-order mark, any line ends and empty lines are fine. Every line is read by itself, so an open quote
    spoils its own line only.

    Raises:
        UnreadableFile: the file is no text, is empty or lacks a column.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile("文件是 UTF-16 编码，应为 UTF-8", "The file is UTF-16; UTF-8 is expected")
    lines = re.split("\r\n|\n|\r", data.decode("utf-8-sig", errors="replace"))
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise UnreadableFile("文件是空的", "The file is empty")
    try:
        header = [cell.lower() for cell in _cells(lines[start])]
    except csv.Error as error:
        raise UnreadableFile("列名一行的引号没有成对", f"The header is no line of CSV: {error}") from error
    lacking = sorted(set(columns) - set(header))
    if lacking:
        names = ", ".join(lacking)
        raise UnreadableFile(f"缺少这些列：{names}", f"These columns are missing: {names}")
    twice = sorted(name for name in columns if header.count(name) > 1)
    if twice:
        names = ", ".join(twice)
        raise UnreadableFile(f"列名重复：{names}", f"A column is named twice: {names}")
    return _rows(lines, start, header, columns)


def _rows(
    lines: Sequence[str], start: int, header: Sequence[str], columns: Collection[str]
) -> tuple[list[Row], list[Skipped]]:
    rows: list[Row] = []
    skipped: list[Skipped] = []
    seen: Counter[str] = Counter()
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if not line.strip():
            continue
        try:
            said = _said(line, header, columns)
        except Senseless as senseless:
            skipped.append(Skipped(number, senseless.reason))
        else:
            words = digest(*(f"{name}={said[name]}" for name in sorted(said)))
            rows.append(Row(number, said, f"{words}-{seen[words]}" if seen[words] else words))
            seen[words] += 1
    return rows, skipped


def _said(line: str, header: Sequence[str], columns: Collection[str]) -> dict[str, str]:
    """A line's cells by column.

    Raises:
        Senseless: it is no row under this header, or not text where it must be.
    """
    try:
        cells = _cells(line)
    except csv.Error as error:
        raise Senseless("引号没有成对", f"This is no line of CSV: {error}") from error
    if len(cells) != len(header):
        raise Senseless(
            f"有{len(cells)}格，而列名有{len(header)}个",
            f"{len(cells)} cells under {len(header)} column names",
        )
    said = dict(zip(header, cells, strict=True))
    if any("\ufffd" in said[name] for name in columns):
        raise Senseless("文字编码读不出，应为 UTF-8", "The text is not UTF-8")
    return said


def checked(command: Command) -> None:
    """Look whether the server would take a command for well-formed.

    Raises:
        Senseless: a field is too long, too short or otherwise not what it must be.
    """
    try:
        msgspec.convert(msgspec.to_builtins(command), type(command))
    except msgspec.ValidationError as error:
        raise unlike(error) from error


def unlike(error: msgspec.ValidationError, within: str = "") -> Senseless:
    """What is wrong with a document, by its field. English is all msgspec speaks: its sentence is kept.

    Args:
        within: what of a field's path nobody wrote who wrote the file (``plan.``).
    """
    what, _, path = str(error).partition(" - at `$.")
    said, _, named = what.rstrip("`").partition("`")
    if said == "Object missing required field ":
        return Senseless(f"没有填写{named}", f"{named} is missing")
    if said == "Object contains unknown field ":
        return Senseless(f"不认识的项目：{named}", f"There is no field {named}")
    field = path.rstrip("`").removeprefix(within)
    return Senseless(f"{field or '内容'}填写得不对", f"{field}: {what}" if field else what)


def empty(column: str) -> Senseless:
    """A cell says nothing where it must."""
    return Senseless(f"{column}是空的", f"{column} is empty")


def too_early(column: str, other: str) -> Senseless:
    """A time comes before the one it follows."""
    return Senseless(f"{column}早于{other}", f"{column} is before {other}")


def leave_out(skipped: Iterable[Skipped], file: Path, console: "Console") -> list[dict[str, Any]]:
    """Tell whoever sits at the console which lines are left out and why; answers the same for a program."""
    told = [{"line": row.line, "reason": row.reason.en} for row in skipped]
    for row in told:
        console.print(
            f"{file.name}:{row['line']}: 跳过 skipped: {row['reason']}", markup=False, highlight=False
        )
    return told


def digest(*words: str) -> str:
    """Twenty hexadecimal digits that stand for these words, the same on every machine and in every year."""
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:20]


def slugs(names: Iterable[str]) -> dict[str, str]:
    """Ids for names as a record has them: ``NO_SERVER`` is ``no-server``. No two names share an id."""
    ids: dict[str, str] = {}
    for name in sorted(set(names)):
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].rstrip("-")
        if not slug or slug in ids.values():
            slug = f"{slug[:33].rstrip('-') or 'x'}-{digest(name)[:6]}"
        ids[name] = slug
    return ids


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], strict=True))]
