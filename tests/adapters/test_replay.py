"""Recorded days and cases through a running server: its own figures are those of the record, once and again."""

import asyncio
import secrets
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from adapters.importing.cases import CasesOptions, import_cases
from adapters.importing.records import Stopped
from adapters.importing.replay import ReplayOptions, replay
from tests.adapters.recorded import days, figures, file, row
from tests.adapters.test_permit_cases import logs

DAY = datetime.now(UTC).date() - timedelta(days=7)
"""The log keeps nothing that has not happened yet, so the day lies in the past of whoever runs this."""

COUNTS = ("issued", "served", "left", "windows", "overlaps", "never_joined")


class Server(Protocol):
    url: str


@pytest.fixture
async def admin(server: Server) -> Any:
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
        wish = {"role": "admin", "subject": "import"}
        token = (await client.post("/api/v1/dev/tokens", json=wish)).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
async def hall(admin: httpx.AsyncClient) -> str:
    """A hall of the test's own, with a queue and a window that no record knows."""
    name = f"hall-{secrets.token_hex(4)}"
    plan = {
        "name": {"zh": "测试厅", "en": "Test hall"},
        "region": "411328000000",
        "queues": [{"queue": "general", "prefix": "P", "name": {"zh": "综合", "en": "General"}}],
        "windows": [
            {"window": "w1", "name": {"zh": "1号", "en": "1"}, "kind": "general", "queues": ["general"]}
        ],
    }
    (await admin.put(f"/api/v1/halls/{name}", json=plan)).raise_for_status()
    return name


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "record.csv"
    path.write_bytes(data)
    return path


def assert_figures(told: dict[str, Any], data: bytes) -> None:
    expected = figures(data, {skipped["line"] for skipped in told["skipped"]})
    assert {name: told[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
    assert told["wait_s"] == pytest.approx(expected["wait_s"], abs=0.001)
    assert told["service_s"]["mean"] == pytest.approx(expected["service_s"]["mean"], abs=0.001)
    assert told["refused"] == 0


@pytest.mark.parametrize(("name", "data"), days().items(), ids=days())
async def test_a_played_day_has_on_the_server_the_figures_of_its_record(
    server: Server, hall: str, tmp_path: Path, name: str, data: bytes
) -> None:
    options = ReplayOptions(file=written(tmp_path, data), hall=hall, day=DAY, url=server.url)
    told = await replay(options)
    assert_figures(told, data)
    assert (told["hall"], told["date"], told["replayed"]) == (hall, DAY.isoformat(), 0)
    again = await replay(options)
    same = set(told) - {"replayed", "elapsed_s"}
    assert {name: again[name] for name in same} == {name: told[name] for name in same}
    assert again["replayed"] == told["commands"]


async def test_the_figures_of_each_queue_add_up_to_the_halls(
    server: Server, hall: str, tmp_path: Path, admin: httpx.AsyncClient
) -> None:
    rows = (
        row(type="PS"),
        row(call_id="2", type="NW", outcome="HANG"),
        row(call_id="3", type="PS", server="TOVA"),
    )
    await replay(ReplayOptions(file=written(tmp_path, file(*rows)), hall=hall, day=DAY, url=server.url))
    day = (await admin.get(f"/api/v1/halls/{hall}/day", params={"date": DAY.isoformat()})).json()
    assert {q["queue"]: (q["issued"], q["served"], q["abandoned"]) for q in day["queues"]} == {
        "general": (0, 0, 0),
        "ps": (2, 2, 0),
        "nw": (1, 0, 1),
    }
    assert {w["window"]: w["served"] for w in day["windows"] if w["served"]} == {"avi": 1, "tova": 1}


async def test_a_day_that_was_cut_goes_on_where_it_was(
    server: Server, hall: str, tmp_path: Path, admin: httpx.AsyncClient
) -> None:
    data = days()["made up"]
    path = written(tmp_path, data)
    slow = ReplayOptions(file=path, hall=hall, day=DAY, url=server.url, speed=60)
    playing = asyncio.create_task(replay(slow))
    async with asyncio.timeout(30):
        begun = 0
        while not begun:
            told = await admin.get(f"/api/v1/halls/{hall}/day", params={"date": DAY.isoformat()})
            begun = told.json().get("issued", 0)
            await asyncio.sleep(0.02)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    told = await replay(ReplayOptions(file=path, hall=hall, day=DAY, url=server.url))
    assert 0 < told["replayed"] < told["commands"]
    assert_figures(told, data)


async def test_without_a_date_the_whole_record_lies_in_the_latest_past(
    server: Server, hall: str, tmp_path: Path
) -> None:
    told = await replay(ReplayOptions(file=written(tmp_path, file(row())), hall=hall, url=server.url))
    today = datetime.now(UTC).date()
    assert today - timedelta(days=1) <= date.fromisoformat(told["date"]) <= today + timedelta(days=1)
    assert (told["issued"], told["served"], told["refused"]) == (1, 1, 0)


async def test_a_record_of_nobody_has_figures_of_nobody(server: Server, hall: str, tmp_path: Path) -> None:
    options = ReplayOptions(file=written(tmp_path, file("?")), hall=hall, day=DAY, url=server.url)
    told = await replay(options)
    assert (told["issued"], told["served"], told["left"], told["windows"], told["commands"]) == (
        0,
        0,
        0,
        0,
        0,
    )
    assert [skipped["line"] for skipped in told["skipped"]] == [2]


async def test_what_cannot_be_played_is_said_before_anything_is_told(
    server: Server, hall: str, tmp_path: Path
) -> None:
    path = written(tmp_path, file(row()))
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    for options, why in (
        (ReplayOptions(file=path, hall="no-such-hall", day=DAY, url=server.url), f"no hall .*{hall}"),
        (ReplayOptions(file=path, hall=hall, day=tomorrow, url=server.url), "past this moment"),
        (ReplayOptions(file=path, hall=hall, day=DAY, url=server.url, speed=-1), "speed"),
        (ReplayOptions(file=tmp_path / "absent.csv", hall=hall, url=server.url), "cannot be read"),
        (ReplayOptions(file=path, hall=hall, day=DAY, url=server.url, token="forged"), "401"),
    ):
        with pytest.raises(Stopped, match=why):
            await replay(options)


@pytest.mark.parametrize(("name", "data"), logs().items(), ids=logs())
async def test_imported_cases_are_opened_stepped_through_and_closed_once(
    server: Server, hall: str, tmp_path: Path, name: str, data: bytes
) -> None:
    unit = f"unit-{secrets.token_hex(4)}"
    options = CasesOptions(file=written(tmp_path, data), unit=unit, hall=hall, url=server.url)
    told = await import_cases(options)
    lines = data.decode().splitlines()
    assert told["steps"] == len(lines) - 1
    assert told["opened"] == told["cases"] == told["closed"] + told["still_open"]
    assert (told["refused"], told["skipped"], told["replayed"]) == (0, [], 0)
    again = await import_cases(options)
    same = set(told) - {"replayed", "elapsed_s"}
    assert {name: again[name] for name in same} == {name: told[name] for name in same}
    assert again["replayed"] == told["commands"]
