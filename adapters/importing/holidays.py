"""A year's holidays out of a file: the State Council's notice as it is published, a table, or the document itself.

The notice says in sentences what is off and what is worked (``2月15日（周日）至23日（周一）放假调休。2月14日上班。``);
what stands in brackets is left out. Nothing is guessed: whoever imports it sees every day before it is in force.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from adapters.importing.records import UnreadableFile

COLUMNS = ("date", "kind")
KINDS = {"rest": "rest_days", "off": "rest_days", "放假": "rest_days", "休": "rest_days"} | {
    "work": "extra_workdays",
    "上班": "extra_workdays",
    "班": "extra_workdays",
}
DAY = re.compile(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:至(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日)?")
TITLE = re.compile(r"国务院办公厅关于\s*(\d{4})年\s*部分节假日安排的通知")
NUMBER = re.compile(r"国办发\S{0,4}〔\d{4}〕\s*\d+号")
ISSUED = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*(?:$|（此件|\n)")
SPAN_DAYS_MAX = 20


def read_holidays(text: str) -> dict[str, Any]:
    """What a file says of a year's holidays, as fields of a calendar; what it does not say is left out.

    Raises:
        UnreadableFile: it is no notice of holidays.
    """
    if text.lstrip().startswith("{"):
        return _document(text)
    if title := TITLE.search(text):
        return _notice(text, int(title[1]), title[0])
    if all(column in text.partition("\n")[0].lower() for column in COLUMNS):
        return _table(text)
    raise UnreadableFile(
        "读不出放假安排：应是通知全文，或有 date 和 kind 两列的表。",
        "No holidays were found: the notice's whole text is wanted, or a table with date and kind.",
    )


def _no_date(told: str) -> UnreadableFile:
    return UnreadableFile(f"日期不对：{told}", f"This is no date: {told}")


def _document(text: str) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UnreadableFile("这个文件不是有效的 JSON。", "The file is no valid JSON.") from error
    if not isinstance(told.get("year"), int) or not isinstance(told.get("rest_days"), list):
        raise UnreadableFile("文件中没有 year 或 rest_days。", "The document has no year or no rest_days.")
    return {str(name): value for name, value in told.items()}


def _table(text: str) -> dict[str, Any]:
    header, *lines = [line.strip() for line in text.splitlines() if line.strip()]
    names = [name.strip().lower() for name in header.split(",")]
    days: dict[str, list[str]] = {"rest_days": [], "extra_workdays": []}
    for line in lines:
        told = dict(zip(names, (cell.strip() for cell in line.split(",")), strict=False))
        kind = KINDS.get(told.get("kind", "").lower())
        try:
            day = date.fromisoformat(told.get("date", ""))
        except ValueError as error:
            raise _no_date(line[:40]) from error
        if kind is None:
            raise UnreadableFile(
                f"既不是放假，也不是上班：{line[:40]}", f"Neither rest nor work: {line[:40]}"
            )
        days[kind].append(day.isoformat())
    if not days["rest_days"]:
        raise UnreadableFile("表中没有放假日期。", "The table names no day off.")
    return {"year": int(max(days["rest_days"])[:4]), **days}


def _notice(text: str, year: int, title: str) -> dict[str, Any]:
    days: dict[str, set[date]] = {"rest_days": set(), "extra_workdays": set()}
    bare = re.sub(r"（[^（）]*）|\([^()]*\)", "", text)
    for sentence in re.split(r"[。；\n]", bare):
        # A sentence may say both, each after its own days.
        for part in re.split(r"(?<=上班)|(?<=放假调休)|(?<=放假)", sentence):
            field = "extra_workdays" if part.endswith("上班") else "rest_days" if "放假" in part else None
            if field is not None:
                days[field] |= set(_days(part, year))
    if not days["rest_days"]:
        raise UnreadableFile("通知中没有读到放假日期。", "The notice names no day off.")
    told: dict[str, Any] = {
        "year": year,
        "title": {
            "zh": re.sub(r"\s", "", title),
            "en": f"Notice of the General Office of the State Council on the holidays of {year}",
        },
        **{field: [day.isoformat() for day in sorted(found)] for field, found in days.items()},
    }
    if number := NUMBER.search(text):
        told["number"] = re.sub(r"\s", "", number[0])
    if issued := [*ISSUED.finditer(text)]:
        told["issued"] = date(*map(int, issued[-1].groups())).isoformat()
    return told


def _days(part: str, year: int) -> Iterator[date]:
    """Every day that a part of a sentence names. What it begins with a month goes on in it (``1日、3日``)."""
    month = None
    for found in DAY.finditer(part):
        in_year, in_month, day, until_year, until_month, until_day = (
            None if text is None else int(text) for text in found.groups()
        )
        month = in_month or month
        if month is None or day is None:
            continue
        try:
            first = date(in_year or year, month, day)
            last = first
            if until_day is not None:
                month = until_month or month
                last = date(until_year or year, month, until_day)
        except ValueError as error:
            raise _no_date(found[0]) from error
        if not 0 <= (last - first).days <= SPAN_DAYS_MAX:
            raise UnreadableFile(f"起止日期不对：{found[0]}", f"This is no span of days: {found[0]}")
        yield from (first + timedelta(days=n) for n in range((last - first).days + 1))
