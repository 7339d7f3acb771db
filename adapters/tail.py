"""The log as it grows: read in pages by position, with a wake-up when there may be more.

PostgreSQL's NOTIFY is the wake-up and never the guarantee: it is lost with its connection, and a connection may be
dead without saying so. So the tail also looks by itself, and every question to PostgreSQL has a time limit.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from adapters import store
from adapters.cancelling import obey
from adapters.catalogue import select_configured
from adapters.store import Row

log = structlog.get_logger()

POLL_S = 0.5
"""How long ``wait`` lasts at most: a lost wake-up costs no more than this."""

ANSWER_S = 5.0
"""How long PostgreSQL may take to answer before the connection counts as dead."""

RETRY_S = 2.0
"""The longest pause between two tries to connect."""

PACE_S = (0.04, 0.1)
"""The shortest and longest rest between two pages in a stream of events, if nothing else is said. What comes after a
quiet moment is read at once; reading each of many as it comes would cost everybody many times what a page does."""

FLOOD = 3_000
"""From so many events a second on, a rest may be as long as their page is of a second of them: what is done once a
page, such as writing a document, is then done for many."""

REST = 4
"""A reader rests so many times as long as it was busy with a page: commands come first."""

SETTINGS = (
    # A page's plan is made while the table may still be empty, and must not remain a scan as it grows.
    "SET enable_seqscan = off; SET enable_sort = off; SET default_transaction_read_only = on; "
    # The server, too, notices when we are gone: an election must not wait for the two hours of TCP.
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
)

TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('mingting:' || %s, 0))"

T = TypeVar("T")


class LogTail:
    """Reads the log after a position; for one reader, who holds one connection from the first question to ``close``.

    Nothing is raised because PostgreSQL is away: the question waits, and is asked again on a new connection, for as
    long as it takes.

    Args:
        alone_as: a duty that only one process may do at a time. Every connection then takes the duty's advisory lock
            before it answers anything, so whoever has been given a page held the lock when the page was read; the
            others wait in their first question and take over within a second of the lock being free.
        pace_s: the shortest and longest rest between two pages, while they come neither empty nor full.
    """

    def __init__(
        self, database_url: str, *, alone_as: str | None = None, pace_s: tuple[float, float] = PACE_S
    ) -> None:
        self._database_url = database_url
        self._duty = alone_as
        self._pace_s = pace_s
        self._connection: AsyncConnection[TupleRow] | None = None
        self._listening = False
        self._seen = 0
        self._resting = False
        self._read = 0
        """How many events the last page held."""
        self._read_at = 0.0

    @property
    def connected(self) -> bool:
        """The log is being read; with a duty: and it is ours."""
        return self._connection is not None

    async def page(self, after: int, limit: int) -> list[Row]:
        """The log after a position, at most ``limit`` events of it, in order. Positions may have gaps."""
        if self._resting:
            shortest, longest = self._pace_s
            busy = time.monotonic() - self._read_at
            longest = max(longest, min(self._read / FLOOD, 1.0))
            await asyncio.sleep(min(max(shortest - busy, REST * busy), longest))
        rows = await self._ask(lambda connection: store.select_page(connection, after, limit))
        if rows:
            self._seen = max(self._seen, rows[-1].position)
            if self._read and self._listening:
                # Whoever reads page after page waits for nothing; waking them would cost every commit.
                await self._ask(_unsubscribe)
                self._listening = False
        self._read, self._read_at = len(rows), time.monotonic()
        self._resting = 0 < len(rows) < limit
        return rows

    async def configured(self, until: int) -> list[Row]:
        """The events of configuration up to a position, in order."""
        return await self._ask(lambda connection: select_configured(connection, 0, until))

    async def head(self) -> int:
        """The position of the last event there is; 0 if there is none."""
        self._seen = await self._ask(_head)
        return self._seen

    async def wait(self, after: int) -> None:
        """Return when there may be more than ``after``, at the latest after ``POLL_S``."""
        if self._seen > after or self._connection is None:
            return
        if self._listening:
            await self._listen(POLL_S)
        else:
            # Only who waits hears: for a reader that never does, wake-ups would pile up in its connection.
            await self._ask(_subscribe)
            self._listening = True

    async def close(self) -> None:
        if (connection := self._connection) is not None:
            self._connection, self._listening = None, False
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()

    async def _ask(self, question: Callable[[AsyncConnection[TupleRow]], Awaitable[T]]) -> T:
        pause = 0.05
        while True:
            try:
                connection = self._connection or await self._connect()
                async with asyncio.timeout(ANSWER_S):
                    answer = await question(connection)
                obey()
                return answer
            except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as error:
                log.warning("tail-waiting", duty=self._duty, error=str(error) or "no answer")
                await self.close()
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_S)

    async def _connect(self) -> AsyncConnection[TupleRow]:
        connection = await AsyncConnection.connect(
            self._database_url,
            autocommit=True,
            connect_timeout=3,
            keepalives=1,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=4000,
            application_name=f"mingting-{self._duty or 'tail'}",
        )
        try:
            async with asyncio.timeout(ANSWER_S):
                await connection.execute(SETTINGS)
            if self._duty is not None:
                await self._take_duty(connection, self._duty)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        return connection

    async def _take_duty(self, connection: AsyncConnection[TupleRow], duty: str) -> None:
        while True:
            async with asyncio.timeout(ANSWER_S):
                found = await connection.execute(TRY_LOCK, (duty,))
                if await found.fetchone() == (True,):
                    return
            await asyncio.sleep(1)

    async def _listen(self, seconds: float) -> None:
        assert self._connection is not None
        try:
            async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            log.warning("tail-waiting", duty=self._duty, error=str(error))
            await self.close()
        obey()


async def _subscribe(connection: AsyncConnection[TupleRow]) -> None:
    await connection.execute("LISTEN stored_events")


async def _unsubscribe(connection: AsyncConnection[TupleRow]) -> None:
    await connection.execute("UNLISTEN stored_events")


async def _head(connection: AsyncConnection[TupleRow]) -> int:
    found = await connection.execute("SELECT coalesce(max(notification_id), 0) FROM stored_events")
    row = await found.fetchone()
    assert row is not None
    return int(row[0])
