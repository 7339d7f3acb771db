"""Files being taken over: tried first, then, when somebody says so, for good; how far each has come.

A file lives here, in memory, between its trial and its confirmation, and is forgotten within the hour. What was taken
over is in the log; taking the same file over again writes nothing twice.
"""

import asyncio
import csv
import io
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple

import structlog

from adapters.http.problems import FieldError, Problem, problem
from adapters.importing import workbook
from adapters.web.api import Api, Refusal

log = structlog.get_logger()

KEPT_S = 3600.0
KEPT = 20
CHUNK = 100
"""How many rows are taken over at a time, so that it can be told how far it has come."""

State = Literal["trying", "tried", "importing", "done", "failed"]


class Chunk(NamedTuple):
    """Rows of a file as a file of their own: ``lines`` are theirs in the whole one, the header being line 1."""

    text: str
    lines: list[int]


Send = Callable[[Api, str, bool], Awaitable[dict[str, Any]]]
"""Asks the API to take over a table, or only to try it."""


class Job:
    """A file that somebody is taking over."""

    def __init__(self, kind: str, by: str, file: str, text: str, asked: dict[str, str], began: float) -> None:
        self.name = secrets.token_urlsafe(12)
        self.kind = kind
        self.by = by
        self.file = file
        self.text = text
        self.asked = asked
        self.began = began
        self.state: State = "trying"
        self.done = 0
        self.total = 0
        self.report: dict[str, Any] = {}
        self.problem: Problem | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self.state in ("trying", "importing")


class Jobs:
    """The files of this process."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def begin(self, job: Job) -> Job:
        """Keep a file; the oldest that nothing is done with make room."""
        now = time.monotonic()
        over = [name for name, one in self._jobs.items() if not one.running and now - one.began > KEPT_S]
        idle = [name for name, one in self._jobs.items() if not one.running]
        for name in {*over, *idle[: max(0, len(self._jobs) - KEPT + 1)]}:
            del self._jobs[name]
        self._jobs[job.name] = job
        return job

    def find(self, name: str, by: str) -> Job | None:
        """Somebody's own file."""
        found = self._jobs.get(name)
        return found if found is not None and found.by == by else None

    def run(self, job: Job, state: State, work: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        """Do something with a file behind the page that asked for it."""
        job.state, job.done = state, 0
        job.task = asyncio.create_task(_run(job, work))


async def _run(job: Job, work: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    ends: State = "tried" if job.state == "trying" else "done"
    try:
        job.report = await work()
        job.state = ends
    except Refusal as refusal:
        job.problem, job.state = refusal.problem, "failed"
    except Exception:
        log.exception("import-failed", kind=job.kind)
        job.problem, job.state = problem(500, "internal-error"), "failed"


# --- files ------------------------------------------------------------------------------------------------------


def no_table(code: str) -> Refusal:
    """A file is not what can be taken over here, said above the form and beside its field."""
    return Refusal(problem(422, code, errors=[FieldError("file", code)]))


def text_of(name: str, data: bytes) -> str:
    """A file as text: a workbook's first sheet as CSV, a text in UTF-8 or, as Excel writes it, in GB 18030.

    Raises:
        Refusal: it is neither.
    """
    if not data.strip():
        raise no_table("file-empty")
    if data[:4] == b"PK\x03\x04":
        try:
            rows = list(workbook.rows(data))
        except workbook.NoWorkbook as error:
            raise no_table("file-no-workbook") from error
        if not rows:
            raise no_table("file-empty")
        written = io.StringIO()
        writer = csv.DictWriter(written, list(rows[0]), lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({key: " ".join(cell.split()) for key, cell in row.items()} for row in rows)
        return written.getvalue()
    if b"\0" in data or name.lower().endswith((".xls", ".doc", ".docx", ".pdf", ".zip", ".rar")):
        raise no_table("file-not-text")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise no_table("file-not-text")


def chunks(text: str, grouped_by: str | None = None) -> list[Chunk]:
    """A table cut into smaller ones, rows that have a cell in common staying together if a column is named."""
    header, *lines = text.split("\n")
    numbered = [(number, line) for number, line in enumerate(lines, start=2) if line.strip()]
    names = [name.strip().lower() for name in header.removeprefix("\ufeff").split(",")]
    if grouped_by in names:
        column = names.index(grouped_by)
        numbered.sort(key=lambda one: (one[1].split(",") + [""] * len(names))[column])
    cut: list[Chunk] = []
    begin = 0
    while begin < len(numbered):
        end = min(begin + CHUNK, len(numbered))
        while grouped_by in names and end < len(numbered) and _same(numbered[end - 1], numbered[end], column):
            end += 1
        part = numbered[begin:end]
        cut.append(Chunk("\n".join([header, *(line for _, line in part)]), [number for number, _ in part]))
        begin = end
    return cut


def _same(a: tuple[int, str], b: tuple[int, str], column: int) -> bool:
    one, other = a[1].split(","), b[1].split(",")
    return len(one) > column and len(other) > column and one[column] == other[column]


async def taken_over(job: Job, api: Api, send: Send, cut: list[Chunk]) -> dict[str, Any]:
    """Take a file over, part by part; the reports of its parts as one, with the lines of the whole file."""
    job.total = sum(len(chunk.lines) for chunk in cut)
    together: dict[str, Any] = {}
    for chunk in cut:
        report = await send(api, chunk.text, False)
        for row in report["receipts"]:
            if 2 <= row.get("line", 0) < len(chunk.lines) + 2:
                row["line"] = chunk.lines[row["line"] - 2]
        for name, told in report.items():
            known = together.get(name)
            counted = isinstance(told, int) and not isinstance(told, bool) and known is not None
            together[name] = known + told if counted or (name == "receipts" and known) else told
        job.done += len(chunk.lines)
    return together
