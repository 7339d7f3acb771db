"""The command line hands a table over to a running server and names every row it rejects."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from adapters.http.imports import COLUMNS
from domain.workdays import SHANGHAI
from tests.adapters.recorded import made_day
from tests.running import Running


def test_bookings_are_handed_over_by_the_command_line(server: Running, tmp_path: Path) -> None:
    file = tmp_path / "bookings.csv"
    file.write_text(f"{','.join(COLUMNS)}\nno-such-item,2026-11-23,09:00,王芳,11010519491231002X\n")
    told = server.command("import-bookings", str(file), "--hall", "tanghe", "--dry-run", "--url", server.url)
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert (report["dry_run"], report["booked"], report["rejected"]) == (True, 0, 1)
    assert report["rows_rejected"][0]["line"] == 2
    assert "bookings.csv:2:" in told.stderr


def test_a_queue_day_is_handed_over_by_the_command_line(server: Running, tmp_path: Path) -> None:
    file, day = tmp_path / "day.csv", datetime.now(SHANGHAI).date() - timedelta(days=40)
    file.write_bytes(made_day(30))
    asked = ("import-day", str(file), "--hall", "longtan", "--date", str(day), "--url", server.url)
    tried = json.loads(server.command(*asked, "--dry-run").stdout)
    made = server.command(*asked)
    assert made.returncode == 0, made.stderr
    report = json.loads(made.stdout)
    assert report["visits"] == tried["visits"] > 0
    assert report["rows_rejected"] == tried["rows_rejected"]
    token = server.token("supervisor", "zhao", hall="longtan")
    line = server.get(f"/api/v1/halls/longtan/line?date={day}", token)
    assert len(line["windows"]) >= 1
