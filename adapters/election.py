"""One of several: a duty that only one process may do at a time, kept by a lock that PostgreSQL lets go by itself."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator

import psycopg
import structlog
from psycopg import AsyncConnection

log = structlog.get_logger()


def lock_id(duty: str) -> int:
    """The advisory lock that stands for a duty in this database."""
    return zlib.crc32(f"mingting:{duty}".encode())


@contextlib.asynccontextmanager
async def elected(database_url: str, duty: str) -> AsyncIterator[asyncio.Event]:
    """Wait until the duty is ours; the event that is handed out is set when it no longer is.

    The lock lives as long as its connection: a process that dies, or is cut off, loses the duty without a word.
    """
    lost = asyncio.Event()
    connection = await _locked(database_url, duty)
    watch = asyncio.create_task(_watch(connection, lost))
    try:
        yield lost
    finally:
        watch.cancel()
        await connection.close()


async def _locked(database_url: str, duty: str) -> AsyncConnection:
    pause = 0.1
    while True:
        try:
            connection = await AsyncConnection.connect(
                database_url, autocommit=True, connect_timeout=3, application_name=f"mingting-{duty}"
            )
            while True:
                found = await connection.execute("SELECT pg_try_advisory_lock(%s)", (lock_id(duty),))
                if (row := await found.fetchone()) and row[0]:
                    return connection
                await asyncio.sleep(1)
        except psycopg.OperationalError as error:
            log.warning("election-waiting", duty=duty, error=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


async def _watch(connection: AsyncConnection, lost: asyncio.Event) -> None:
    """Ask once a second whether the lock's connection still lives."""
    try:
        while True:
            await asyncio.sleep(1)
            async with asyncio.timeout(3):
                await connection.execute("SELECT 1")
    except (psycopg.OperationalError, TimeoutError) as error:
        log.warning("duty-lost", error=str(error))
        lost.set()
