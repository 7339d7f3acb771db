"""A file of comma-separated records, read line by line: what cannot be read is reported and left out."""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from domain.message import Command


class Stopped(Exception):
    """An import cannot begin or go on; the text tells a person why and what to do."""


class UnreadableFile(Stopped):
    """The file as a whole is not a record of this kind: not text, empty, or without a column it must have."""


class Skipped(msgspec.Struct, frozen=True):
    """A line that makes no sense, and why. The file's first line is 1."""

    line: int
    reason: str


class Row(msgspec.Struct, frozen=True):
    """A line's cells by column, without surrounding blanks.

    ``identity`` names the row by what it says and not by where it stands: a file that was mended and is
    imported again meets its old rows as they were. Rows that say the same are told apart by counting them.
    """

    line: int
    cells: dict[str, str]
    identity: str


class Senseless(Exception):
    """A row contradicts itself or lacks what it must have; the text is the reason."""


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
        raise UnreadableFile("the file is UTF-16; UTF-8 is expected")
    lines = re.split("\r\n|\n|\r", data.decode("utf-8-sig", errors="replace"))
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise UnreadableFile("the file is empty")
    try:
        header = [cell.lower() for cell in _cells(lines[start])]
    except csv.Error as error:
        raise UnreadableFile(f"the header is not a line of CSV: {error}") from error
    lacking = sorted(set(columns) - set(header))
    if lacking:
        raise UnreadableFile(f"the header lacks {', '.join(lacking)}")
    twice = sorted(name for name in columns if header.count(name) > 1)
    if twice:
        raise UnreadableFile(f"the header names {', '.join(twice)} twice")
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
            cells = _cells(line)
        except csv.Error as error:
            skipped.append(Skipped(number, f"not a line of CSV: {error}"))
            continue
        if len(cells) != len(header):
            skipped.append(Skipped(number, f"{len(cells)} cells where the header has {len(header)}"))
            continue
        said = dict(zip(header, cells, strict=True))
        if any("\ufffd" in said[name] for name in columns):
            skipped.append(Skipped(number, "not UTF-8"))
        else:
            words = digest(*(f"{name}={said[name]}" for name in sorted(said)))
            rows.append(Row(number, said, f"{words}-{seen[words]}" if seen[words] else words))
            seen[words] += 1
    return rows, skipped


def checked(command: Command) -> None:
    """Look whether the server would take a command for well-formed.

    Raises:
        Senseless: a field is too long, too short or otherwise not what it must be.
    """
    try:
        msgspec.convert(msgspec.to_builtins(command), type(command))
    except msgspec.ValidationError as error:
        raise Senseless(str(error)) from error


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
