"""What the command line says to whoever mistook something: one sentence, and what to do."""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from adapters import cli
from adapters.process import CannotListen, listen, taken
from adapters.settings import Settings


@pytest.fixture(autouse=True)
def _in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The program's log and signals would take the place of the tests' own."""
    monkeypatch.setattr("adapters.journal.configure", lambda level: None)
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def said(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What the program ends with."""
    monkeypatch.setattr(sys, "argv", ["mingting", *arguments])
    with pytest.raises(SystemExit) as ended:
        app.main()
    return str(ended.value.code)


def test_without_a_command_all_of_them_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.parse([])
    shown = capsys.readouterr().err
    assert all(
        f"    {name} " in shown or f"    {name}\n" in shown for name in ("serve", "replay", "import-day")
    )


def test_a_day_that_is_none_is_told_how_days_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.parse(["replay", "day.csv", "--hall", "tanghe", "--date", "2026-13-01"])
    assert "'2026-13-01' is no date: YYYY-MM-DD" in capsys.readouterr().err


def test_data_that_cannot_be_written_are_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    told = said(monkeypatch, "serve", "--port", "0", "--data", str(tmp_path / "file" / "data"))
    assert told.startswith(f"mingting: {tmp_path}/file/data cannot be used: Not a directory; ")
    assert "DATA=" in told


def test_whoever_is_told_to_end_while_it_starts_stops_what_it_has_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stopped: list[str] = []

    @contextlib.contextmanager
    def slow(settings: Settings) -> Iterator[Settings]:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            yield settings
        finally:
            stopped.append("servers")

    monkeypatch.setattr(app, "servers", slow)
    assert said(monkeypatch, "serve", "--port", "0", "--data", str(tmp_path)) == "130"
    assert stopped == ["servers"]


def test_why_the_database_cannot_be_reached_is_said_and_its_password_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    urls = (
        f"--database-url=postgresql://hall:geheim@127.0.0.1:{port}/x",
        f"--nats-url=nats://127.0.0.1:{port}",
    )
    told = said(monkeypatch, "serve", "--port", "0", *urls)
    assert "PostgreSQL cannot be used" in told
    assert "Connection refused" in told
    assert "geheim" not in told


def test_a_taken_address_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        port = theirs.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"^cannot listen on 127\.0\.0\.1 port {port}: [^(]*; choose"):
            taken("127.0.0.1", port)


def test_until_everything_is_there_who_knocks_is_refused_and_not_kept_waiting() -> None:
    with taken("127.0.0.1", 0) as ours, taken("127.0.0.1", ours.getsockname()[1]) as late:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(ours.getsockname(), timeout=5)
        listen(ours)
        socket.create_connection(ours.getsockname(), timeout=5).close()
        with pytest.raises(CannotListen, match="in use"):
            listen(late)


def test_an_address_with_colons_is_written_as_browsers_take_it() -> None:
    assert "http://[::1]:8000/demo" in cli.welcome("::1", 8000, demonstration=True)
