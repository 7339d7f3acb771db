"""The whole program as a process: killed and started again, and on servers that somebody else started."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from adapters.embedded import EmbeddedServers
from tests.adapters.recorded import days, figures
from tests.running import ROOT, Running, running

pytestmark = pytest.mark.timeout(
    300
)  # two programs each, and a whole day: long on a machine with much else to do

DAY = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
REAL_DAY = ROOT.parent / "shared" / "data" / "queue-day.csv"


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mingting-") as directory:
        yield Path(directory)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A real service centre's day where it is at hand, a made-up one elsewhere."""
    if REAL_DAY.exists():
        return REAL_DAY
    path = tmp_path / "day.csv"
    path.write_bytes(max(days().values(), key=len))
    return path


def replaying(program: Running, record: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "app", "replay", str(record), "--hall", "tanghe", "--date", DAY]
    return subprocess.Popen(
        [*command, "--url", program.url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def checked(program: Running) -> dict[str, Any]:
    """What ``mingting check`` says, once the relay and the views have had their turn."""
    deadline = time.monotonic() + 60
    while any(p["lag_events"] for p in program.get("/health/ready")["projections"]):
        assert time.monotonic() < deadline, "the views did not catch up"
        time.sleep(0.1)
    found = program.command("check", "--data", str(program.data))
    assert found.returncode == 0, found.stdout + found.stderr
    report: dict[str, Any] = json.loads(found.stdout)
    return report


@pytest.fixture
def partner() -> Iterator[tuple[str, list[int]]]:
    """A partner's address, and the positions of what was posted to it."""
    taken: list[int] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append(json.loads(body)["position"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name in the library)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as serving:
        serving.daemon_threads = True
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/", taken
        serving.shutdown()


def test_killed_in_the_middle_of_a_replay_it_goes_on_and_every_promise_holds(
    data: Path, record: Path, partner: tuple[str, list[int]]
) -> None:
    url, taken = partner
    with running(data) as program:
        body = {"name": "partner", "url": url, "subjects": ["queue"], "events": ["ticket-left"]}
        program.post("/api/v1/webhooks", body, program.token("admin"))
        replay = replaying(program, record)
        auditor = program.token("auditor")
        while not program.get(f"/api/v1/events?stream=queue-tanghe-{DAY}&after=0&limit=300", auditor)[
            "cursor"
        ]:
            assert replay.poll() is None, replay.communicate()
            time.sleep(0.02)
        program.process.send_signal(signal.SIGKILL)
        program.process.wait()
        replay.send_signal(signal.SIGINT)
        replay.communicate(timeout=70)

    with running(data) as program:
        replay = replaying(program, record)
        out, errors = replay.communicate(timeout=90)
        assert replay.returncode == 0, errors
        told = json.loads(out.splitlines()[-1])
        assert told["replayed"] > 0, "the first part was known already"
        expected = figures(record.read_bytes(), {row["line"] for row in told["skipped"]})
        for name in ("issued", "served", "left", "windows", "overlaps"):
            assert told[name] == expected[name]
        assert told["wait_s"] == pytest.approx(expected["wait_s"], abs=0.001)
        assert told["service_s"]["mean"] == pytest.approx(expected["service_s"]["mean"], abs=0.001)
        assert checked(program)["broken"] == []
        program.until(
            "/api/v1/webhooks", program.token("admin"), lambda w: w["webhooks"][0]["lag_events"] == 0
        )
        told_once = list(dict.fromkeys(taken))
        assert len(told_once) == expected["left"], "a partner misses nothing"
        assert told_once == sorted(told_once), "and hears it in order, the last before the kill perhaps twice"
        assert len(taken) - len(told_once) <= 1


def test_a_second_start_finds_its_data_and_nothing_is_left_running_after_a_stop(data: Path) -> None:
    with running(data) as program:
        kiosk = program.token("kiosk", hall="tanghe")
        first = program.post("/api/v1/halls/tanghe/tickets", {"queue": "a"}, kiosk)
        admin = program.token("admin", "chief")
        item = program.get("/api/v1/items/demo-shebaoka-shenling", admin)
        item = {
            word: told for word, told in item.items() if word not in ("item", "version", "position", "as_of")
        }
        program.put("/api/v1/items/demo-shebaoka-shenling", item | {"visits": 3}, admin)
        children = psutil.Process(program.process.pid).children(recursive=True)
        assert {"postgres", "nats-server"} <= {child.name() for child in children}
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    with running(data) as program:
        kiosk = program.token("kiosk", hall="tanghe")
        second = program.post("/api/v1/halls/tanghe/tickets", {"queue": "a"}, kiosk)
        assert (first["ticket"], second["ticket"]) == ("A001", "A002")
        assert second["ahead"] == 1
        # Seeding leaves alone what somebody has configured since.
        assert program.get("/api/v1/items/demo-shebaoka-shenling")["visits"] == 3


def test_two_programs_serve_one_hall_on_servers_that_somebody_else_started(data: Path) -> None:
    with EmbeddedServers(data) as theirs:
        environment = {
            "MINGTING_DATABASE_URL": theirs.database_url,
            "MINGTING_NATS_URL": theirs.nats_url,
            "MINGTING_SECRET": "a secret of this deployment, long enough",
            "MINGTING_DEVELOPMENT_TOKENS": "true",
        }
        with running(data / "one", environment) as one, running(data / "two", environment) as two:
            kiosk = one.token("kiosk", hall="tanghe")
            numbers = [
                program.post("/api/v1/halls/tanghe/tickets", {"queue": "a"}, kiosk)["ticket"]
                for program in (one, two) * 5
            ]
            assert numbers == [f"A{n:03d}" for n in range(1, 11)]
            clerk = two.token("clerk", hall="tanghe", window="w01")
            two.post("/api/v1/halls/tanghe/windows/w01/open", {"queues": ["a"]}, clerk)
            called = one.post("/api/v1/halls/tanghe/windows/w01/call-next", {}, clerk)
            assert called["ticket"] == "A001"
            for program in (one, two):
                board = program.get(f"/api/v1/halls/tanghe/board?after={called['position']}")
                assert [(c["ticket"], c["window"]) for c in board["calls"]] == [("A001", "w01")]
            # Each started a worker; every duty is done by one of them.
            assert len(psutil.Process(one.process.pid).children()) == 1
            found = subprocess.run(
                [sys.executable, "-m", "app", "check"],
                cwd=ROOT,
                env=os.environ | environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert json.loads(found.stdout)["broken"] == []
        assert theirs.postgres.pid is not None
        assert theirs.nats.pid is not None
