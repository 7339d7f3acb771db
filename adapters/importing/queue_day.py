"""A recorded day of waiting and service, read into what the hall's own commands would have told that day.

The columns are those of a call centre's record: ``type`` is the queue, ``q_start`` the ticket's issue,
``q_exit`` its call or the moment its holder left, ``outcome`` ``AGENT`` a service and anything else a
departure without one, ``ser_start`` and ``ser_exit`` the service, ``server`` the window. ``0:00:00`` means no
time at all: what happened at the stroke of midnight cannot be told from what did not, and is not guessed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

import msgspec

from adapters.importing.records import (
    Happening,
    Row,
    Senseless,
    Skipped,
    digest,
    empty,
    read_rows,
    slugs,
    too_early,
)
from domain import queue
from domain.message import Command, Text

COLUMNS = ("type", "q_start", "q_exit", "q_time", "outcome", "ser_start", "ser_exit", "server")
TIMES = ("vru_entry", "vru_exit", "q_start", "q_exit", "ser_start", "ser_exit")
"""A row's times of day in the order in which they follow each other. The first two, of the voice response
unit, only tell whether midnight passed before the line was joined."""

DAY_S = 24 * 3600
HALF_DAY_S = DAY_S // 2
REASON = "as-recorded"
"""Why a ticket was called when it was: the record says so, whoever else was waiting."""


class Service(msgspec.Struct, frozen=True):
    """What happened at a window, in seconds after the day's midnight."""

    window: str
    starts: int
    ends: int


class Visit(msgspec.Struct, frozen=True):
    """Somebody who joined a line at ``joined`` and left it at ``left``: called to a service, or giving up."""

    line: int
    identity: str
    queue: str
    joined: int
    left: int
    service: Service | None = None


class Day(msgspec.Struct, frozen=True):
    """A record as it was understood. Names of queues and windows are the record's own.

    ``overlaps`` counts the services that began at their window before the one before them had ended; there
    the earlier one ends when the later starts.
    """

    visits: tuple[Visit, ...]
    skipped: tuple[Skipped, ...]
    never_joined: int
    overlaps: int

    @property
    def ends(self) -> int:
        """The last moment of the record, in seconds after the day's midnight."""
        return max((v.service.ends if v.service else v.left for v in self.visits), default=0)


def read_day(data: bytes) -> Day:
    """Read a record; rows that make no sense are skipped with their line number and the reason.

    Raises:
        UnreadableFile: the file as a whole is not such a record.
    """
    rows, skipped = read_rows(data, COLUMNS)
    visits: list[Visit] = []
    never_joined = 0
    for row in rows:
        try:
            visit = _visit(row)
        except Senseless as senseless:
            skipped.append(Skipped(row.line, senseless.reason))
            continue
        if visit is None:
            never_joined += 1
        else:
            visits.append(visit)
    in_turn, overlaps = _one_at_a_time(visits)
    skipped.sort(key=lambda s: s.line)
    return Day(tuple(in_turn), tuple(skipped), never_joined, overlaps)


def _visit(row: Row) -> Visit | None:
    """A row's visit; None if its caller never joined the line.

    Raises:
        Senseless: the row contradicts itself or says too little.
    """
    cells = row.cells
    waited = _whole_number(cells["q_time"])
    _, _, joined, left, starts, ends = _in_sequence(_time_of_day(cells, name) for name in TIMES)
    if not cells["outcome"]:
        raise empty("outcome")
    if waited == 0 and starts is None and ends is None:
        return None
    if not cells["type"]:
        raise empty("type")
    if cells["outcome"] != "AGENT":
        if joined is None or left is None:
            raise Senseless(
                "没办理就离开，却缺 q_start 或 q_exit",
                "Left without service, and q_start or q_exit is missing",
            )
        if left < joined:
            raise too_early("q_exit", "q_start")
        return Visit(row.line, row.identity, cells["type"], joined, left)
    return _served(row, joined, left, starts, ends)


def _served(row: Row, joined: int | None, called: int | None, starts: int | None, ends: int | None) -> Visit:
    if not row.cells["server"]:
        raise empty("server")
    if (starts is None) != (ends is None):
        raise Senseless("ser_start和ser_exit缺一个", "One of ser_start and ser_exit is missing")
    if joined is None:
        if starts is None:
            raise Senseless("q_start和ser_start都没有", "Neither q_start nor ser_start is there")
        joined = called = starts
    if called is None:
        raise empty("q_exit")
    if called < joined:
        raise too_early("q_exit", "q_start")
    if starts is None or ends is None:
        starts = ends = called
    if ends < starts:
        raise too_early("ser_exit", "ser_start")
    if ends < joined:
        raise Senseless("办理在取号之前就结束了", "The service ended before its ticket was issued")
    starts = max(starts, called)
    service = Service(row.cells["server"], starts, max(ends, starts))
    return Visit(row.line, row.identity, row.cells["type"], joined, called, service)


def _in_sequence(times: Iterable[int | None]) -> list[int | None]:
    """Times of day as seconds after the first midnight: one more than 12 hours before the one it follows
    belongs to the next day."""
    told: list[int | None] = []
    before = 0
    for seconds in times:
        if seconds is None:
            told.append(None)
        else:
            days = max(0, -((seconds - before + HALF_DAY_S) // DAY_S))
            before = seconds + days * DAY_S
            told.append(before)
    return told


def _time_of_day(cells: dict[str, str], name: str) -> int | None:
    """Seconds after midnight; None for ``0:00:00``, and for a column we can do without that tells no time."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])", cells.get(name, ""), re.ASCII)
    if found is not None:
        hours, minutes, seconds = (int(part) for part in found.groups())
        return (hours * 60 + minutes) * 60 + seconds or None
    if name in COLUMNS:
        told = cells[name][:20]
        raise Senseless(f"{name}不是时间：{told}", f"{name} is no time of day: {told!r}")
    return None


def _whole_number(cell: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", cell, re.ASCII):
        raise Senseless(f"q_time不是秒数：{cell[:20]}", f"q_time is no number of seconds: {cell[:20]!r}")
    return int(cell)


def _one_at_a_time(visits: Sequence[Visit]) -> tuple[list[Visit], int]:
    """The visits with each service ended by the time the next at its window starts, and how many so were."""
    last: dict[str, int] = {}
    ended = list(visits)
    overlaps = 0
    for i in sorted((i for i, v in enumerate(visits) if v.service), key=lambda i: _turn(visits[i])):
        service = visits[i].service
        assert service is not None
        before = last.get(service.window)
        if before is not None:
            earlier = ended[before].service
            assert earlier is not None
            if earlier.ends > service.starts:
                overlaps += 1
                cut = msgspec.structs.replace(earlier, ends=service.starts)
                ended[before] = msgspec.structs.replace(ended[before], service=cut)
        last[service.window] = i
    return ended, overlaps


def _turn(visit: Visit) -> tuple[int, int, int]:
    """The order of services at one window."""
    assert visit.service is not None
    return visit.service.starts, visit.service.ends, visit.line


# --- the commands that tell it ------------------------------------------------------------------------------


def timeline(day: Day, hall: str, on: date, zone: tzinfo) -> list[Happening]:
    """The day's commands in the order in which they can be told, each with the time it happened.

    That order is the order of time but for one case: a ticket that was called while its window still served
    another, some time before its own service, is told as called when the window is free, with its own
    recorded time. So waits and services come out as recorded, and no window has two tickets in hand. At the
    same second tickets are issued first, then people leave, then each window goes through its own sequence.
    """
    stream = queue.stream(hall, on)
    midnight = datetime.combine(on, time(0), zone)
    told = sorted(_told(day, hall, on), key=lambda t: t.place)
    return [
        Happening(
            stream,
            midnight + timedelta(seconds=t.at),
            midnight + timedelta(seconds=t.place[0]),
            f"replay.{hall}.{on.isoformat()}.{t.key}",
            t.line,
            t.command,
        )
        for t in told
    ]


class _Told(msgspec.Struct, frozen=True):
    place: tuple[int, int, int]
    """When it can be told, what goes first at that second, and its number in that sequence."""
    at: int
    key: str
    line: int
    command: Command


def _told(day: Day, hall: str, on: date) -> Iterator[_Told]:
    queues = slugs(v.queue for v in day.visits)
    windows = slugs(v.service.window for v in day.visits if v.service)
    begin = f"{hall}.{on:%Y%m%d}"
    references = {v.line: f"{begin}.{digest(begin, v.identity)}" for v in day.visits}
    first = min(day.visits, key=lambda v: (v.joined, v.line), default=None)
    for n, (name, line) in enumerate(queues.items()):
        # A window says what it serves when it opens, maybe long before that queue has its first ticket.
        assert first is not None
        added = queue.AddQueue(line, Text(name[:100], name[:100]))
        # A mended file may begin earlier: its key is another then, and the queue stays as it is.
        yield _Told((first.joined, 0, n), first.joined, f"queue.{line}.{first.joined}", first.line, added)
    for n, visit in enumerate(sorted(day.visits, key=lambda v: (v.joined, v.line))):
        ticket = references[visit.line]
        issue = queue.IssueTicket(ticket, queues[visit.queue])
        yield _Told((visit.joined, 1, n), visit.joined, f"{visit.identity}.issue", visit.line, issue)
        if visit.service is None:
            leave = queue.LeaveLine(ticket)
            yield _Told((visit.left, 2, n), visit.left, f"{visit.identity}.leave", visit.line, leave)
    yield from _at_windows(day, queues, windows, references)


def _at_windows(
    day: Day, queues: dict[str, str], windows: dict[str, str], references: dict[int, str]
) -> Iterator[_Told]:
    """A window's day: it opens with its first call, then calls, starts and finishes one ticket at a time."""
    serves: dict[str, set[str]] = {}
    for visit in day.visits:
        if visit.service:
            serves.setdefault(visit.service.window, set()).add(queues[visit.queue])
    free: dict[str, int] = {}
    served = sorted((v for v in day.visits if v.service), key=_turn)
    for n, visit in enumerate(served):
        assert visit.service is not None
        window, service = windows[visit.service.window], visit.service
        called = max(visit.left, free.get(window, 0))
        if window not in free:
            # The record names who served: the window and the clerk at it are one and the same.
            lines = tuple(sorted(serves[service.window]))
            opening = queue.OpenWindow(window, window, lines)
            key = f"window.{window}.{visit.left}.{digest(*lines)}"
            yield _Told((called, 3, 4 * n), visit.left, key, visit.line, opening)
        free[window] = service.ends
        steps: tuple[tuple[str, int, int, Command], ...] = (
            ("call", called, visit.left, queue.CallTicket(window, references[visit.line], REASON)),
            ("start", service.starts, service.starts, queue.StartService(window)),
            ("finish", service.ends, service.ends, queue.FinishService(window)),
        )
        for k, (verb, told_at, at, command) in enumerate(steps, 1):
            place = (told_at, 3, 4 * n + k)
            yield _Told(place, at, f"{visit.identity}.{verb}", visit.line, command)
