"""What the command line says to whoever mistook something: one sentence, and what to do."""

import socket
import sys
from pathlib import Path

import pytest

import app
from adapters import cli
from adapters.process import CannotListen, listening


@pytest.fixture(autouse=True)
def _no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program's log is not set up: it would take the place of the tests' own."""
    monkeypatch.setattr("adapters.journal.configure", lambda level: None)


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


def test_a_taken_address_is_said_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"^cannot listen on 127\.0\.0\.1 port {port}: [^(]*; choose"):
            listening("127.0.0.1", port)


def test_an_address_with_colons_is_written_as_browsers_take_it() -> None:
    assert "http://[::1]:8000/demo" in cli.welcome("::1", 8000, demonstration=True)
