"""Recorded applications, read from an event log into what their desks would have told: one row is one step.

``case:startdate`` opens a case and accepts it, for the promised end is counted from there and no other moment of
acceptance is on record. ``case:channel`` is its channel, every row a step (``concept:name``) of ``org:resource``
of ``org:group`` at ``time:timestamp``, ``case:enddate_planned`` the promised end, and ``case:enddate``, where
there is one, closes it.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import msgspec

from adapters.importing.records import (
    Happening,
    Row,
    Senseless,
    Skipped,
    checked,
    digest,
    empty,
    read_rows,
    slugs,
    too_early,
)
from domain import case
from domain.message import Command
from domain.steps import RecordStep

COLUMNS = (
    "case:concept:name", "case:startdate", "case:enddate_planned", "case:enddate", "case:channel",
    "concept:name", "org:resource", "org:group", "time:timestamp",
)  # fmt: skip

CHANNELS: dict[str, case.Channel] = {"internet": "web", "desk": "window", "post": "post"}
"""The record's channels in ours; anything else, e-mail for one, is filed under ``other``."""

NO_DECISION = "导入的记录只有办结时间，没有决定。The imported record has a closing time and no decision."

ITEM = "imported"
"""The item of imported cases: their records do not say which one it was."""


class Step(msgspec.Struct, frozen=True):
    line: int
    identity: str
    at: datetime
    command: RecordStep


class RecordedCase(msgspec.Struct, frozen=True):
    """A case as its rows tell it; ``line`` is the first of them."""

    name: str
    line: int
    channel: case.Channel
    starts: datetime
    planned: datetime
    ends: datetime | None
    steps: list[Step]


class CaseFile(msgspec.Struct, frozen=True):
    """The cases of a file in the order in which they were opened, and the rows that make no sense."""

    cases: tuple[RecordedCase, ...]
    skipped: tuple[Skipped, ...]


def read_cases(data: bytes) -> CaseFile:
    """Read an event log. A row that makes no sense, or says of its case what an earlier row denies, is skipped.

    Raises:
        UnreadableFile: the file as a whole is not such a log.
    """
    rows, skipped = read_rows(data, COLUMNS)
    cases: dict[str, RecordedCase] = {}
    for row in rows:
        try:
            told = _case(row)
            step = _step(row)
            known = cases.setdefault(told.name, told)
            _agree(known, told)
        except Senseless as senseless:
            skipped.append(Skipped(row.line, senseless.reason))
        else:
            known.steps.append(step)
    skipped.sort(key=lambda s: s.line)
    return CaseFile(tuple(sorted(cases.values(), key=lambda c: (c.starts, c.line))), tuple(skipped))


def _case(row: Row) -> RecordedCase:
    cells = row.cells
    name = cells["case:concept:name"]
    if not name:
        raise empty("case:concept:name")
    starts, planned = _instant(cells, "case:startdate"), _instant(cells, "case:enddate_planned")
    ends = _instant(cells, "case:enddate") if cells["case:enddate"] else None
    if planned < starts:
        raise too_early("case:enddate_planned", "case:startdate")
    if ends is not None and ends < starts:
        raise too_early("case:enddate", "case:startdate")
    channel = CHANNELS.get(cells["case:channel"].lower(), "other")
    return RecordedCase(name, row.line, channel, starts, planned, ends, [])


def _step(row: Row) -> Step:
    cells = row.cells
    # "EMPTY" is how this record writes that no group is known.
    unit = None if cells["org:group"] in ("", "EMPTY") else cells["org:group"]
    command = RecordStep(
        name=cells["concept:name"], handler=cells["org:resource"], unit=unit, step=row.identity
    )
    checked(command)
    return Step(row.line, row.identity, _instant(cells, "time:timestamp"), command)


def _agree(known: RecordedCase, told: RecordedCase) -> None:
    for word, column in COLUMN_OF.items():
        if getattr(known, word) != getattr(told, word):
            raise Senseless(
                f"与同一办件第{known.line}行的{column}不一致",
                f"Line {known.line} of the same case tells another {column}",
            )


COLUMN_OF = {
    "starts": "case:startdate",
    "planned": "case:enddate_planned",
    "ends": "case:enddate",
    "channel": "case:channel",
}


def _instant(cells: dict[str, str], name: str) -> datetime:
    told = cells[name][:40]
    try:
        at = datetime.fromisoformat(cells[name])
    except ValueError as error:
        raise Senseless(f"{name}不是带时区的时间：{told}", f"{name} is no time: {told!r}") from error
    if at.tzinfo is None:
        raise Senseless(f"{name}不是带时区的时间：{told}", f"{name} has no offset: {told!r}")
    return at


# --- the commands that tell it --------------------------------------------------------------------------------


def story(file: CaseFile, hall: str, unit: str) -> list[list[Happening]]:
    """Each case's commands, in the order of time.

    A case stays together: a policy that looks at it between two batches must not find the case of years ago that
    was closed in time still open, and raise its alarm. A step recorded before its case began is told after the
    beginning, and one recorded after the end after it, both with their own times.
    """
    names = slugs(c.name for c in file.cases)
    return [sorted(_told(c, names[c.name], hall, unit), key=lambda h: h.told_at) for c in file.cases]


def reference(recorded: RecordedCase, slug: str, hall: str, unit: str) -> str:
    """The case's reference: its hall, its day, its own number, and what tells it from another unit's."""
    return f"{hall}.{_day(recorded):%Y%m%d}.{slug}-{digest(unit, recorded.name)[:12]}"


def _day(recorded: RecordedCase) -> date:
    return recorded.starts.date()


def _told(recorded: RecordedCase, slug: str, hall: str, unit: str) -> Iterator[Happening]:
    """A case's happenings; those at one instant in the order in which they can follow each other."""
    stream = case.stream(reference(recorded, slug, hall, unit))

    def happening(at: datetime, verb: str, line: int, command: Command) -> Happening:
        return Happening(stream, at, max(at, recorded.starts), f"cases.{stream}.{verb}", line, command)

    opening = case.OpenCase(
        item=ITEM,
        item_version=1,
        hall=hall,
        unit=unit,
        applicant=f"imported-{digest(unit, recorded.name)}",
        channel=recorded.channel,
        kind="promised",
        promised_end=recorded.planned,
    )
    yield happening(recorded.starts, "open", recorded.line, opening)
    yield happening(recorded.starts, "accept", recorded.line, case.Accept())
    for step in sorted(recorded.steps, key=lambda s: s.at):
        yield happening(step.at, step.identity, step.line, step.command)
    if recorded.ends is not None:
        yield happening(recorded.ends, "close", recorded.line, case.Close(NO_DECISION))


def batches(stories: Sequence[Sequence[Happening]], size: int) -> Iterator[list[Happening]]:
    """The stories in a row, cut between cases wherever a batch would grow past ``size``; a longer case is cut."""
    batch: list[Happening] = []
    for told in stories:
        if batch and len(batch) + len(told) > size:
            yield batch
            batch = []
        batch += told
        while len(batch) > size:
            yield batch[:size]
            batch = batch[size:]
    if batch:
        yield batch
