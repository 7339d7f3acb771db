"""A backup is the whole as it stood at one moment; it is restored into an empty place, whole or not at all."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import psycopg
import pytest

from adapters.backup import DUMP, MANIFEST, SECRET, backup, restore
from adapters.embedded import EmbeddedServers
from adapters.settings import BadSetting
from tests.logs import Log, visits

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def empty(servers: EmbeddedServers) -> Iterator[str]:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    yield urlsplit(servers.database_url)._replace(path="/restored").geturl()
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE restored WITH (FORCE)")


@pytest.fixture
async def log(database_url: str) -> Log:
    log = Log(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS people (key text)")
    await log.append("queue-tanghe-2026-03-02", *visits(1, 9))
    return log


async def test_what_was_backed_up_is_what_is_restored(log: Log, empty: str, tmp_path: Path) -> None:
    data, kept = tmp_path / "data", tmp_path / "kept"
    data.mkdir()
    (data / SECRET).write_text("a secret that was made once")
    made = backup(log.url, data, kept, NOW)
    assert (made.events, made.position, made.secret) == (36, 36, True)
    assert {(kept / name).stat().st_mode & 0o777 for name in (DUMP, SECRET, MANIFEST)} == {0o600}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert restore(empty, elsewhere, kept) == made
    assert (elsewhere / SECRET).read_text() == "a secret that was made once"
    again = Log.__new__(Log)
    again.url = empty
    assert await again.rows() == await log.rows()
    with psycopg.connect(empty) as connection:
        # What is appended next goes on behind what was restored.
        row = connection.execute("SELECT nextval('stored_events_notification_id_seq')").fetchone()
    assert row == (37,)


async def test_it_is_restored_by_servers_that_lack_the_newest_settings_and_whole_or_not_at_all(
    log: Log, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    backup(log.url, None, kept, NOW)
    behind: list[bytes] = []

    def spoilt(source: BinaryIO, target: BinaryIO) -> None:
        behind.append(source.read())
        target.write(behind[0] + b"SELECT what_there_is_not;\n")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", spoilt)
        with pytest.raises(BadSetting, match="what_there_is_not"):
            restore(empty, None, kept)
    assert b"CREATE TABLE" in behind[0], "the newest setting was found at the beginning, and left out"
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT to_regclass('stored_events')").fetchone() == (None,)
    assert restore(empty, None, kept).events == 36


async def test_nothing_is_written_over(log: Log, empty: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    backup(log.url, None, kept, NOW)
    with pytest.raises(BadSetting, match="holds a backup already"):
        backup(log.url, None, kept, NOW)
    with pytest.raises(BadSetting, match="lies among the data"):
        backup(log.url, tmp_path, tmp_path / "again", NOW)
    with pytest.raises(BadSetting, match="has a log already"):
        restore(log.url, None, kept)
    assert len(await log.rows()) == 36


async def test_a_damaged_backup_is_found_before_anything_is_touched(
    log: Log, empty: str, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    backup(log.url, None, kept, NOW)
    dump = bytearray((kept / DUMP).read_bytes())
    dump[-1] ^= 1
    (kept / DUMP).write_bytes(dump)
    with pytest.raises(BadSetting, match="is damaged"):
        restore(empty, None, kept)
    (kept / DUMP).unlink()
    with pytest.raises(BadSetting, match="is missing"):
        restore(empty, None, kept)
    with pytest.raises(BadSetting, match="holds no backup"):
        restore(empty, None, tmp_path)
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT to_regclass('stored_events')").fetchone() == (None,)
