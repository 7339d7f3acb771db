"""PostgreSQL or NATS go away under the running program: it says so, loses nothing and heals by itself."""

import json
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.embedded import EmbeddedServers
from tests.running import Running, running

BOARD = "/api/v1/halls/tanghe/board"


@pytest.fixture(scope="module")
def theirs() -> Iterator[EmbeddedServers]:
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, EmbeddedServers(Path(data)) as servers:
        yield servers


@pytest.fixture(scope="module")
def program(theirs: EmbeddedServers) -> Iterator[Running]:
    environment = {
        "MINGTING_DATABASE_URL": theirs.database_url,
        "MINGTING_NATS_URL": theirs.nats_url,
        "MINGTING_SECRET": "a secret of this deployment, long enough",
        "MINGTING_DEVELOPMENT_TOKENS": "true",
    }
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, running(Path(data), environment) as found:
        yield found


@pytest.fixture(scope="module")
def kiosk(program: Running) -> str:
    return program.token("kiosk", hall="tanghe")


def ticket(program: Running, kiosk: str, key: str) -> Any:
    return program.post("/api/v1/halls/tanghe/tickets", {"queue": "a"}, kiosk, Idempotency_Key=key)


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not heal"
        time.sleep(0.1)


def waiting(program: Running) -> int:
    queues = program.get(BOARD)["queues"]
    return int(next((queue["waiting"] for queue in queues if queue["queue"] == "a"), 0))


def test_without_nats_commands_succeed_and_the_stream_catches_up(
    program: Running, theirs: EmbeddedServers, kiosk: str
) -> None:
    before = waiting(program)
    theirs.nats.stop()
    until(lambda: program.get("/health/ready")["status"] == "degraded")
    for n in range(3):
        assert ticket(program, kiosk, f"without-nats-{n}")["ticket"]
    theirs.nats.start()
    until(lambda: program.get("/health/ready")["status"] == "ready")
    until(lambda: waiting(program) == before + 3)
    until(lambda: program.get(BOARD)["stale"] is False)


def test_a_wiped_stream_is_written_again_from_the_log(
    program: Running, theirs: EmbeddedServers, kiosk: str
) -> None:
    before = waiting(program)
    theirs.nats.stop()
    shutil.rmtree(theirs.nats.directory / "jetstream")
    ticket(program, kiosk, "while-wiped")
    theirs.nats.start()
    until(lambda: program.get("/health/ready")["status"] == "ready")
    until(lambda: waiting(program) == before + 1)
    database, nats = ("--database-url", theirs.database_url), ("--nats-url", theirs.nats_url)

    def whole() -> bool:
        report = json.loads(program.command("check", *database, *nats).stdout)
        assert report["broken"] == []
        return bool(report["published"] == report["events"])

    until(whole)


def test_without_postgresql_commands_are_refused_with_a_time_to_come_back_and_nothing_is_lost(
    program: Running, theirs: EmbeddedServers, kiosk: str
) -> None:
    first, me = ticket(program, kiosk, "before"), program.token("citizen", "citizen-01")
    theirs.postgres.stop()
    with pytest.raises(urllib.error.HTTPError) as refused:
        ticket(program, kiosk, "meanwhile")
    assert refused.value.code == 503
    assert int(refused.value.headers["Retry-After"]) > 0
    assert json.loads(refused.value.read())["code"] == "store-unavailable"
    browser = {"Accept": "text/html", "Authorization": f"Bearer {me}", "Cookie": "language=en"}
    with pytest.raises(urllib.error.HTTPError) as unseen:
        urllib.request.urlopen(urllib.request.Request(f"{program.url}/mine", headers=browser), timeout=30)
    assert unseen.value.code == 503
    assert int(unseen.value.headers["Retry-After"]) > 0
    shown = unseen.value.read().decode()
    assert "The system is not available" in shown
    assert '<a class="button" href="/mine">Try again</a>' in shown
    with pytest.raises(urllib.error.HTTPError) as unready:
        program.get("/health/ready")
    assert unready.value.code == 503
    unready.value.close()
    theirs.postgres.start()

    def served() -> bool:
        try:
            ticket(program, kiosk, "meanwhile")
        except urllib.error.HTTPError as error:
            error.close()
            return False
        return True

    until(served)
    again = ticket(program, kiosk, "meanwhile")
    assert int(again["ticket"][1:]) == int(first["ticket"][1:]) + 1
    assert ticket(program, kiosk, "before")["ticket"] == first["ticket"]
    until(lambda: program.get(f"{BOARD}?after={again['position']}")["stale"] is False)
