"""Files taken over by administrators: chosen, tried with a report of every row, confirmed, done."""

import json
import time
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from litestar import get, post
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.problems import FieldError, problem
from adapters.importing.holidays import read_holidays
from adapters.importing.item_table import COLUMNS as ITEM_COLUMNS
from adapters.importing.records import UnreadableFile
from adapters.web.admin_documents import show, stands
from adapters.web.admin_jobs import Chunk, Job, Jobs, chunks, no_table, taken_over, text_of
from adapters.web.admin_kinds import KINDS
from adapters.web.admin_shape import fill
from adapters.web.admin_told import Told
from adapters.web.api import Api, Refusal
from adapters.web.site import Form, Page, Visit, Visiting
from adapters.web.words import N_
from domain.message import Text

BYTES_MAX = 4_000_000
ROWS_SHOWN = 200

NO_IMPORT = Text("没有这一种导入。", "There is no such import.")
NO_JOB = Text("这次导入已不在，请重新选择文件。", "This import is gone; please choose the file again.")


class Import(NamedTuple):
    """What can be taken over: which columns its file has, and what else is asked."""

    title: str
    about: str
    columns: tuple[str, ...]
    asks: tuple[str, ...] = ()
    path: str = ""
    grouped_by: str | None = None
    whole: bool = False
    """Its rows belong together, and are taken over at once."""


IMPORTS: dict[str, Import] = {
    "items": Import(
        N_("事项"),
        N_("CSV、Excel 或 JSON。多个值用分号隔开；空格子表示没有。"),
        ITEM_COLUMNS,
        path="/items/import",
        whole=True,
    ),
    "calendar": Import(
        N_("放假安排"),
        N_("国务院办公厅通知的全文（文本文件），或两列的表：日期，放假或上班。读出的日期先填入表单，核对后再生效。"),
        ("date", "kind"),
    ),
    "bookings": Import(
        N_("已有的预约"),
        N_("从原来的系统接管尚未到期的预约。CSV 或 Excel；slot 填开始时间，如 09:00。"),
        ("item", "date", "slot", "name", "id_number", "phone", "share"),
        ("hall",),
        "/halls/{hall}/appointments/import",
    ),
    "day": Import(
        N_("排队记录"),
        N_("某一天窗口排队叫号的原始记录。CSV 或 Excel。"),
        ("q_start", "q_exit", "outcome", "ser_start", "ser_exit", "server"),
        ("hall", "date"),
        "/halls/{hall}/queue-days/import",
        whole=True,
    ),
    "cases": Import(
        N_("办件记录"),
        N_("办件的过程记录，每行一个环节。CSV 或 Excel。"),
        ("case:concept:name", "case:startdate", "case:enddate_planned", "case:enddate", "case:channel",
         "concept:name", "org:resource", "org:group", "time:timestamp"),
        ("hall", "unit"),
        "/halls/{hall}/cases/import",
        grouped_by="case:concept:name",
    ),
}  # fmt: skip


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""
    jobs = Jobs()

    @get("/admin/imports")
    async def imports(visit: Visiting) -> Page:
        visit.require("admin")
        return visit.page("admin/imports.html", imports=IMPORTS)

    @get("/admin/imports/{kind:str}")
    async def choose(visit: Visiting, kind: FromPath[str]) -> Page:
        visit.require("admin")
        if kind not in IMPORTS:
            return visit.missing(NO_IMPORT)
        return await _choose(visit, kind, Form())

    @post("/admin/imports/{kind:str}", request_max_body_size=BYTES_MAX + 100_000)
    async def sent(visit: Visiting, kind: FromPath[str]) -> Page:
        who = visit.require("admin")
        if kind not in IMPORTS:
            return visit.missing(NO_IMPORT)
        try:
            form, file = await visit.form(), await visit.file("file")
        except ClientException as error:
            large = error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            why = no_table("file-too-large" if large else "bad-request")
            return await _choose(visit, kind, Form().wrong(why))
        asked = form.given(*IMPORTS[kind].asks)
        async with form.back_to(lambda wrong: _choose(visit, kind, wrong)):
            form.needs(*IMPORTS[kind].asks)
            if file is None:
                raise Refusal(problem(422, "form-incomplete", errors=[FieldError("file", "field-missing")]))
            if len(file[1]) > BYTES_MAX:
                raise no_table("file-too-large")
            text = text_of(*file)
            if kind == "calendar":
                return await _calendar(visit, text)
        job = jobs.begin(Job(kind, who.subject, file[0], text, asked, time.monotonic()))
        api = visit.api

        async def tried() -> dict[str, Any]:
            return await _send(job, api, job.text, True)

        jobs.run(job, "trying", tried)
        return visit.go(f"/admin/imports/{kind}/{job.name}")

    @get("/admin/imports/{kind:str}/{name:str}")
    async def state(visit: Visiting, kind: FromPath[str], name: FromPath[str]) -> Page:
        who = visit.require("admin")
        job = jobs.find(name, who.subject)
        if kind not in IMPORTS or job is None:
            return visit.missing(NO_JOB)
        return _state(visit, job)

    @post("/admin/imports/{kind:str}/{name:str}")
    async def confirm(visit: Visiting, kind: FromPath[str], name: FromPath[str]) -> Page:
        who = visit.require("admin")
        job = jobs.find(name, who.subject)
        if kind not in IMPORTS or job is None:
            return visit.missing(NO_JOB)
        if job.state == "tried":
            api = visit.api

            async def send(api: Api, text: str, dry: bool) -> dict[str, Any]:
                return await _send(job, api, text, dry)

            async def done() -> dict[str, Any]:
                what = IMPORTS[kind]
                cut = [Chunk(job.text, [])] if what.whole else chunks(job.text, what.grouped_by)
                return await taken_over(job, api, send, cut)

            jobs.run(job, "importing", done)
        return visit.go(f"/admin/imports/{kind}/{name}")

    return [imports, choose, sent, state, confirm]


async def _choose(visit: Visit, kind: str, form: Form) -> Page:
    halls = (await visit.api.get("/halls", limit=100))["halls"] if "hall" in IMPORTS[kind].asks else []
    return visit.page("admin/import_choose.html", kind=kind, what=IMPORTS[kind], halls=halls, form=form)


async def _calendar(visit: Visit, text: str) -> Page:
    """The calendar's form with what a notice says filled in; nothing is stored yet.

    Raises:
        Refusal: 422, the file says nothing of holidays.
    """
    try:
        told = read_holidays(text)
    except UnreadableFile as error:
        wrong = [FieldError("file", str(error), error.reason)]
        raise Refusal(problem(422, "invalid", errors=wrong)) from error
    standing = await stands(visit, "calendars", str(told["year"]))
    shape = standing.kind.shape.part(standing.kind.parts["days"].fields)
    known = {field.name for field in shape.fields}
    draft = fill(shape, standing.document | {name: told[name] for name in told if name in known})
    return show(visit, standing, "days", shape, draft, Form(), taken=True)


def _state(visit: Visit, job: Job) -> Page:
    told = Told(visit.say, {})
    rows = job.report.get("receipts", [])
    for row in rows[:ROWS_SHOWN]:
        if "changes" in row and "lines" not in row:
            row["lines"] = [told.leaf(KINDS["items"].shape, change) for change in row["changes"]]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
    wrong = [
        (row.get("line") or row["row"] + 1, row["message"], row.get("item"))
        for row in rows
        if row["outcome"] in ("rejected", "refused")
    ]
    fine = [row for row in rows if row["outcome"] not in ("rejected", "refused", "same")]
    return visit.page(
        "admin/import_job.html",
        job=job,
        what=IMPORTS[job.kind],
        counts=counts,
        wrong=wrong[:ROWS_SHOWN],
        wrong_more=max(0, len(wrong) - ROWS_SHOWN),
        fine=fine[:ROWS_SHOWN],
        fine_more=max(0, len(fine) - ROWS_SHOWN),
        worth=_worth(job),
        faults=[error.text for error in job.problem.errors if error.text] if job.problem else [],
    )


def _worth(job: Job) -> int:
    """How much there is to take over of a file that was tried."""
    report = job.report
    if job.kind == "items":
        return sum(row["outcome"] in ("new", "changed") for row in report.get("receipts", ()))
    return int(report.get("booked", report.get("commands", 0)))


async def _send(job: Job, api: Api, text: str, dry: bool) -> dict[str, Any]:
    query = [f"dry_run={'true' if dry else 'false'}"]
    query += [f"{name}={quote(job.asked[name])}" for name in ("date", "unit") if name in job.asked]
    path = IMPORTS[job.kind].path.format(hall=quote(job.asked.get("hall", ""), safe=""))
    body: dict[str, Any] = {"csv": text}
    if job.kind == "items" and text.lstrip().startswith(("[", "{")):
        try:
            listed = json.loads(text)
        except ValueError as error:
            raise Refusal(problem(422, "file-not-json")) from error
        body = listed if isinstance(listed, dict) else {"items": listed}
    report: dict[str, Any] = await api.post(f"{path}?{'&'.join(query)}", body)
    return report
