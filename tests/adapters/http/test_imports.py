"""Bookings and queue days of another system over HTTP: tried, taken over, and every rejected row told."""

import csv
import io
from datetime import datetime
from typing import Any

import pytest

from adapters.http.imports import COLUMNS
from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.recorded import made_day

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
PEOPLE = ("11010519491231002X", "110105198001010032")


def table(*rows: tuple[str, ...]) -> dict[str, str]:
    file = io.StringIO()
    csv.writer(file).writerows([COLUMNS, *rows])
    return {"csv": file.getvalue()}


def row(
    slot: str = "09:00", item: str = "demo-dibao", day: str = "2026-11-23", person: int = 0
) -> tuple[str, ...]:
    return item, day, slot, "王芳", PEOPLE[person]


async def imported(
    served: Served, body: dict[str, str], hall: str = "tanghe", **query: str
) -> dict[str, Any]:
    served.clock.at = SUNDAY
    try:
        answer = await served.post(
            f"/halls/{hall}/appointments/import", body, served.bearer("admin"), **query
        )
    finally:
        served.clock.at = None
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_bookings_are_tried_without_a_trace_then_taken_over_once(served: Served) -> None:
    body = table(
        row(),
        row("10:00", person=1),
        row(item="no-such-item"),
        row("25:99"),
        row(day="tomorrow"),
        row(day="2026-11-22", person=1),
        row("11:00"),
        ("demo-dibao", "2026-11-23", "09:00", "王芳", "110105194912310021"),
    )
    before = served.stored()
    tried = await imported(served, body, dry_run="true")
    assert served.stored() == before
    assert (tried["dry_run"], tried["booked"], tried["same"], tried["rejected"]) == (True, 2, 0, 6)
    why = {one["line"]: one.get("code") for one in tried["receipts"]}
    assert why == {
        2: None,
        3: None,
        4: "unknown-item",
        5: "invalid",
        6: "invalid",
        7: "not-a-working-day",
        8: "item-booked-that-day",
        9: "invalid-resident-id",
    }
    made = await imported(served, body)
    assert (made["booked"], made["rejected"]) == (2, 6)
    assert {one["line"]: one.get("code") for one in made["receipts"]} == why
    stored = served.stored()
    again = await imported(served, body)
    assert (again["booked"], again["same"], again["rejected"]) == (0, 2, 6)
    assert served.stored() == stored
    shown = (await served.get(f"/appointments/{made['receipts'][0]['voucher']}")).json()
    assert (shown["starts_at"][:16], shown["status"]) == ("2026-11-23T09:00", "booked")
    elsewhere = table(row("14:00"), row("14:00", day="2026-11-24"), row("15:00", day="2026-11-24"))
    tried, made = [await imported(served, elsewhere, "guotan", dry_run=dry) for dry in ("true", "false")]
    for told in (tried, made):
        codes = [one.get("code") for one in told["receipts"]]
        assert codes == ["item-booked-that-day", None, "item-booked-that-day"], "in whichever hall"


async def test_a_file_that_is_no_such_table_or_asker_is_told_so(served: Served) -> None:
    admin = served.bearer("admin")
    path = "/halls/tanghe/appointments/import"
    lacking = await served.post(path, {"csv": "item,date\nx,y"}, admin)
    assert (lacking.status_code, lacking.json()["errors"][0]["message"]) == (
        422,
        "These columns are missing: id_number, name, slot",
    )
    clerk = await served.post(path, table(row()), served.bearer("clerk", hall="tanghe"))
    assert (clerk.status_code, clerk.json()["code"]) == (403, "not-yours")
    ragged = await imported(served, {"csv": ",".join(COLUMNS) + "\na,b"})
    assert [(one["line"], one["code"]) for one in ragged["receipts"]] == [(2, "invalid")]


async def test_a_queue_day_is_tried_then_taken_over_once_with_its_senseless_rows_told(served: Served) -> None:
    admin, path = served.bearer("admin"), "/halls/yuantan/queue-days/import"
    data = made_day().decode()
    body = {"csv": data + "\nsenseless line"}
    before = served.stored()
    tried = await served.post(path, body, admin, date="2026-03-02", dry_run="true")
    assert tried.status_code == 200, tried.text
    assert served.stored() == before
    told = tried.json()
    assert told["receipts"][-1]["message"]["zh"].startswith("有1格，而列名有")
    made = (await served.post(path, body, admin, date="2026-03-02")).json()
    assert made["receipts"] == told["receipts"]
    assert (made["visits"], made["commands"]) == (told["visits"], told["commands"])
    stored = served.stored()
    assert stored >= before + made["commands"] - made["rejected"]
    assert (await served.post(path, body, admin, date="2026-03-02")).status_code == 200
    assert served.stored() == stored
    day = (
        await served.get("/halls/yuantan/line", served.bearer("clerk", hall="yuantan"), date="2026-03-02")
    ).json()
    assert day["state"] == "open"
    ahead = await served.post(path, body, admin, date="2099-01-01")
    assert (ahead.status_code, ahead.json()["code"]) == (422, "time-in-future")
    nameless = await served.post(path, body, admin)
    assert (nameless.status_code, nameless.json()["errors"][0]["field"]) == (422, "date")
