"""Bookings and queue days of another system, as CSV: tried without a trace or written down, every rejected row told.

Asking again with the same or a mended file writes nothing twice: a booking's reference and a command's key are made of
what the row says.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import date
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta

from adapters.http import errors
from adapters.http.access import API
from adapters.http.appointments import visit
from adapters.http.asking import Asking, Reply, encode
from adapters.http.commands import Command
from adapters.http.events import IMPORT_MAX, Told, enter
from adapters.http.hall_days import why_not_offered
from adapters.http.items import dry_run, too_many
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from adapters.importing import courier
from adapters.importing.permit_cases import batches, read_cases, story
from adapters.importing.queue_day import read_day, timeline
from adapters.importing.records import (
    Happening,
    Row,
    Senseless,
    UnreadableFile,
    digest,
    read_rows,
)
from adapters.people import Identity as Person
from adapters.people import checked as checked_person
from domain import acts, case, citizen, offering, queue, slots
from domain.booking import Channel
from domain.handling import Rehearsal
from domain.message import Refused, Stamp, Text
from domain.workdays import SHANGHAI

BYTES_MAX = 4_000_000
ROWS_MAX = 2_000
T = TypeVar("T")

FUTURE = Text("记录的时间晚于现在", "The record reaches past this moment")
COLUMNS = ("item", "date", "slot", "name", "id_number")


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A CSV file as text; its first line names the columns."""

    csv: Annotated[str, Meta(min_length=1, max_length=BYTES_MAX)]


class RowTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a line of the file, the header being line 1; ``code`` and ``message`` say why it was rejected."""

    line: int
    outcome: Literal["booked", "same", "rejected"]
    appointment: str | None = None
    voucher: str | None = None
    code: str | None = None
    message: Text | None = None


class BookingsImported(msgspec.Struct, frozen=True, kw_only=True):
    """``same``: the row was imported before. With ``dry_run`` nothing was written, and ``booked`` is what would be."""

    dry_run: bool
    booked: int
    same: int
    rejected: int
    receipts: list[RowTold]


class DayImported(msgspec.Struct, frozen=True, kw_only=True):
    """``receipts`` are the lines that were rejected; ``visits`` those that tell of somebody in line."""

    dry_run: bool
    hall: str
    date: date
    visits: int
    commands: int
    overlaps: int
    never_joined: int
    rejected: int
    receipts: list[RowTold]


class CasesImported(msgspec.Struct, frozen=True, kw_only=True):
    """``receipts`` are the lines that were rejected; ``cases`` those that the file tells of."""

    dry_run: bool
    hall: str
    cases: int
    commands: int
    rejected: int
    receipts: list[RowTold]


async def read(reader: Callable[[bytes], T], table: Table) -> T:
    """A table as what a reader makes of it.

    Raises:
        Rejected: 422, it is no such table.
    """
    try:
        # A large one takes its time: others are served meanwhile.
        return await asyncio.to_thread(reader, table.csv.encode())
    except UnreadableFile as error:
        raise Rejected(422, "invalid", errors=[FieldError("csv", str(error), error.reason)]) from error


def commands(parts: Parts) -> list[Command]:
    async def bookings(asked: Asking, words: list[str], body: Table, query: bytes) -> Reply:
        hall, dry = words[0], dry_run(query)
        parts.catalogue.hall(hall)
        rows, skipped = await read(lambda data: read_rows(data, COLUMNS), body)
        if len(rows) > ROWS_MAX:
            raise too_many("csv", ROWS_MAX)
        told = [_senseless(row.line, row.reason) for row in skipped]
        trial = Rehearsal() if dry else None
        for row in rows:
            try:
                told.append(await book(asked, hall, row, trial))
            except (Senseless, Refused, Rejected) as error:
                told.append(_rejected(row.line, error))
        told.sort(key=lambda one: one.line)
        many = {
            outcome: sum(one.outcome == outcome for one in told) for outcome in ("booked", "same", "rejected")
        }
        return Reply(200, encode(BookingsImported(dry_run=dry, receipts=told, **many)))

    async def book(asked: Asking, hall: str, row: Row, trial: Rehearsal | None) -> RowTold:
        """One row, written down, or tried behind the rows that were fine.

        Raises:
            Senseless, Refused, Rejected: why it is not booked.
        """
        cells = row.cells
        day, channel = _date(cells["date"]), _share(cells.get("share", ""))
        plan = parts.catalogue.hall(hall)
        if (why := why_not_offered(parts, plan, day)) is not None:
            raise why
        line, intervals, versions = visit(parts, hall, cells["item"], ())
        person = checked_person(
            Person(name=cells["name"], id_number=cells["id_number"], phone=cells.get("phone") or None)
        )
        appointment = f"{hall}.{day:%Y%m%d}.{digest(hall, row.identity)}"
        stream = slots.stream(hall, day)
        if await parts.loop.peek(stream, lambda held: appointment in held.state.appointments):
            return RowTold(row.line, "same", appointment, parts.seal.seal(appointment))
        key = (
            await parts.people.find(person.id_type, person.id_number)
            if trial is not None
            else await parts.people.enrol(person)
        )
        command = slots.BookSlot(
            appointment,
            _slot(cells["slot"], line),
            line,
            cells["item"],
            key or digest(person.id_type, person.id_number),
            channel,
            intervals,
            item_versions=versions,
        )
        offered = offering.offer(plan, day, parts.catalogue.calendar)
        act = acts.book(hall, day, command, offered=offered, limits=plan.limits)
        if trial is None:
            await parts.loop.submit(act, asked.part(row.line).stamp)
            return RowTold(row.line, "booked", appointment, parts.seal.seal(appointment))
        for name in (stream, citizen.stream(command.person)):
            if name not in trial:
                trial.take(name, await parts.loop.peek(name, deepcopy))
        trial.perform(act, asked.part(row.line).stamp)
        return RowTold(row.line, "booked")

    async def queue_day(asked: Asking, words: list[str], body: Table, query: bytes) -> Reply:
        hall, dry, on = words[0], dry_run(query), _asked_day(query)
        plan = parts.catalogue.hall(hall)
        recorded = await read(read_day, body)
        happenings = timeline(recorded, hall, on, SHANGHAI)
        if happenings and max(one.at for one in happenings) > parts.clock():
            raise Rejected(422, "time-in-future", errors=[FieldError("date", FUTURE.en, FUTURE)])
        told = [_senseless(row.line, row.reason) for row in recorded.skipped]
        if dry:
            told += await asyncio.to_thread(_tried, happenings, queue.OpenDay(plan), asked.stamp)
        else:
            for begin in range(0, len(happenings), IMPORT_MAX):
                told += await entered(asked, happenings[begin : begin + IMPORT_MAX])
        told.sort(key=lambda one: one.line)
        report = DayImported(
            dry_run=dry,
            hall=hall,
            date=on,
            visits=len(recorded.visits),
            commands=len(happenings),
            overlaps=recorded.overlaps,
            never_joined=recorded.never_joined,
            rejected=len(told),
            receipts=told,
        )
        return Reply(200, encode(report))

    async def cases(asked: Asking, words: list[str], body: Table, query: bytes) -> Reply:
        hall, dry, unit = words[0], dry_run(query), _asked_unit(query)
        parts.catalogue.hall(hall)
        file = await read(read_cases, body)
        told = [_senseless(row.line, row.reason) for row in file.skipped]
        stories = story(file, hall, unit)
        if dry:
            told += await asyncio.to_thread(_tried_cases, stories, asked.stamp)
        else:
            for parcel in batches(stories, IMPORT_MAX):
                told += await entered(asked, parcel)
        told.sort(key=lambda one: one.line)
        report = CasesImported(
            dry_run=dry,
            hall=hall,
            cases=len(file.cases),
            commands=sum(map(len, stories)),
            rejected=len(told),
            receipts=told,
        )
        return Reply(200, encode(report))

    async def entered(asked: Asking, happenings: Sequence[Happening]) -> list[RowTold]:
        """Tell happenings in their order; the lines whose command was refused."""
        receipts = await asyncio.gather(
            *(enter(parts, asked, Told(h.stream, h.at, h.key, courier.told(h))) for h in happenings)
        )
        return [
            RowTold(happening.line, "rejected", code=receipt.problem.code, message=receipt.problem.text)
            for happening, receipt in zip(happenings, receipts, strict=True)
            if receipt.problem is not None
        ]

    return [
        Command(
            f"{API}/halls/{{hall}}/appointments/import",
            Table,
            bookings,
            BookingsImported,
            about="Take over bookings (item, date, slot, name, id_number; phone, share), or only try (dry_run)",
            bytes_max=BYTES_MAX,
        ),
        Command(
            f"{API}/halls/{{hall}}/queue-days/import",
            Table,
            queue_day,
            DayImported,
            about="Take over a recorded day at the windows (date), or only try (dry_run)",
            bytes_max=BYTES_MAX,
        ),
        Command(
            f"{API}/halls/{{hall}}/cases/import",
            Table,
            cases,
            CasesImported,
            about="Take over recorded applications of a unit (unit), or only try (dry_run)",
            bytes_max=BYTES_MAX,
        ),
    ]


def _tried(happenings: Sequence[Happening], opening: queue.OpenDay, stamp: Stamp) -> list[RowTold]:
    """The lines whose commands an untouched day would refuse."""
    day, told = queue.initial(), []
    for line, at, command in (
        (0, happenings[0].at if happenings else stamp.at, opening),
        *((one.line, one.at, one.command) for one in happenings),
    ):
        then = msgspec.structs.replace(stamp, at=at)
        try:
            for event in queue.decide(command, day, then):  # type: ignore[arg-type]  # a record's are the queue's
                day = queue.evolve(day, event, then)
        except Refused as refused:
            told.append(_rejected(line, refused))
    return told


def _tried_cases(stories: Sequence[Sequence[Happening]], stamp: Stamp) -> list[RowTold]:
    """The lines whose commands cases that nobody knows yet would refuse."""
    told = []
    for happenings in stories:
        state = case.initial()
        for one in happenings:
            then = msgspec.structs.replace(stamp, at=one.at)
            try:
                for event in case.decide(one.command, state, then):  # type: ignore[arg-type]  # a case's
                    state = case.evolve(state, event, then)
            except Refused as refused:
                told.append(_rejected(one.line, refused))
    return told


def _rejected(line: int, error: Exception) -> RowTold:
    if isinstance(error, Senseless):
        return _senseless(line, error.reason)
    problem = errors.told(error, ())
    return RowTold(line, "rejected", code=problem.code, message=problem.text)


def _senseless(line: int, reason: Text) -> RowTold:
    return RowTold(line, "rejected", code="invalid", message=reason)


def _date(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError as error:
        raise Senseless(f"日期不对：{cell[:20]}", f"This is no date: {cell[:20]!r}") from error


def _share(cell: str) -> Channel:
    if cell not in ("", "public", "internal"):
        raise Senseless(
            f"share 只能是 public 或 internal：{cell[:20]}",
            f"share is neither public nor internal: {cell[:20]!r}",
        )
    return "internal" if cell == "internal" else "public"


def _slot(cell: str, line: str) -> str:
    """A slot by its name or by the time it begins."""
    if re.fullmatch(r"[0-2][0-9]:[0-5][0-9]", cell, re.ASCII):
        return f"{line}-{cell.replace(':', '')}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}-[0-9]{4}", cell, re.ASCII):
        raise Senseless(f"时段不对：{cell[:20]}", f"This is neither a slot nor a time: {cell[:20]!r}")
    return cell


def _asked_day(query: bytes) -> date:
    """Raises:
    Rejected: 422, no day is told.
    """
    try:
        return date.fromisoformat(parse_qs(query.decode("latin-1"))["date"][-1])
    except (KeyError, ValueError) as error:
        raise Rejected(422, "invalid", errors=[FieldError("date", "a date: YYYY-MM-DD")]) from error


def _asked_unit(query: bytes) -> str:
    """Raises:
    Rejected: 422, no unit is told.
    """
    unit = parse_qs(query.decode("latin-1")).get("unit", [""])[-1].strip()
    if not 1 <= len(unit) <= 100:
        raise Rejected(422, "invalid", errors=[FieldError("unit", "a unit's name of 1 to 100 characters")])
    return unit
