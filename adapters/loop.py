"""The command loop: one writer per process decides everything that waits and appends it in one transaction.

Under light load a batch is one command and its latency one commit; under heavy load the batch grows by itself.
A refusal is answered without writing and spoils no neighbour. Whoever wrote one of our streams first makes the
batch be decided again, this time under the table lock, so a second conflict cannot happen. When the connection
breaks around a COMMIT, nobody is answered before the log has been asked whether the batch is in it.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import msgspec
import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from adapters import envelope, store
from adapters.memory import Memory, Unreadable
from adapters.store import KeyRow, Row
from domain.handling import Act, Ask, Held, Pending, perform
from domain.message import Refused, Stamp

log = structlog.get_logger()

PATIENCE_S = 5.0
"""The longest a caller waits for its answer."""

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


class Receipt(msgspec.Struct, gc=False):
    """The answer to an accepted command: where the first stream it asked now stands, the position of the last
    event it brought about, and its own result (a Struct; plain JSON values when ``replayed``)."""

    stream: str
    version: int
    position: int
    result: Any
    replayed: bool = False
    """The same idempotency key had been used before: this is the first receipt again."""


class RequestKey(msgspec.Struct, frozen=True, gc=False):
    """An idempotency key as the asker scoped it, and a digest of what was asked with it."""

    key: str
    digest: bytes


class StoreUnavailable(Exception):
    """The log could not take the command in time; nothing is known to have happened. Safe to ask again."""


class VersionMovedOn(Exception):
    """The stream is not at the version the asker had seen."""

    def __init__(self, stream: str, version: int) -> None:
        super().__init__(f"{stream} is at version {version}")
        self.version = version


class KeyReused(Exception):
    """The idempotency key was used before with another request."""


class _Asked(msgspec.Struct):
    act: Act
    stamp: Stamp
    key: RequestKey | None
    if_match: int | None
    since: float
    answer: asyncio.Future[Receipt]


class _Look(msgspec.Struct):
    """A question to a stream as it stands."""

    stream: str
    read: Callable[[Held], Any]
    since: float
    answer: asyncio.Future[Any]


class _Decided(msgspec.Struct):
    """An act that was decided in a batch and waits for it to be stored."""

    asked: _Asked
    receipt: Receipt
    last: int
    """Which row of the batch holds its last event; -1 if it brought about none."""


class _Conflict(Exception):
    """Somebody else wrote one of the batch's streams first."""


class _NotHeld(Exception):
    def __init__(self, stream: str) -> None:
        self.stream = stream


class _Batch:
    """What one transaction will hold."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.stamps: list[tuple[Pending, Stamp]] = []
        self.keys: dict[str, tuple[KeyRow, _Decided]] = {}
        self.decided: list[_Decided] = []
        self.repeats: list[tuple[_Asked, _Decided]] = []
        self.refused: list[tuple[_Asked, Exception]] = []
        self.looked: dict[str, int] = {}
        """The streams that were looked at, each with the version it had before this batch."""
        self.unreadable: Unreadable = {}

    def add(self, pending: Iterable[Pending], stamp: Stamp) -> None:
        for p in pending:
            topic = type(p.event).__struct_config__.tag
            self.rows.append(Row(p.stream, p.version, 0, str(topic), envelope.write(p.event, stamp, p.nth)))
            self.stamps.append((p, stamp))

    @property
    def unguarded(self) -> set[str]:
        """The streams that decisions relied on and that the batch does not write: no append can conflict there."""
        return self.looked.keys() - {pending.stream for pending, _ in self.stamps}


class CommandLoop:
    """Owns writing. ``submit`` from the same event loop; ``run`` until cancelled.

    Args:
        connect: opens a connection for appending.
        batch: the most commands decided into one transaction.
        waiting: the most commands that may wait; one more is told to come back (``StoreUnavailable``).
        streams, events: how many streams, and streams of how many events in all, stay in memory.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[AsyncConnection[TupleRow]]],
        *,
        batch: int = 256,
        waiting: int = 4096,
        streams: int = 4096,
        events: int = 2_000_000,
    ) -> None:
        self._connect = connect
        self._connection: AsyncConnection[TupleRow] | None = None
        self._batch = batch
        self._waiting = waiting
        self._queue: deque[_Asked] = deque()
        self._looks: list[_Look] = []
        self._told: list[_Look] = []
        """Those being answered now."""
        self._wake = asyncio.Event()
        self._memory = Memory(streams, events)
        self._unsettled: tuple[_Asked, ...] = ()
        self._down_since: float | None = None
        self.batches = self.commands = self.conflicts = 0

    # --- asking -----------------------------------------------------------------------------------------------

    async def submit(
        self, act: Act, stamp: Stamp, *, key: RequestKey | None = None, if_match: int | None = None
    ) -> Receipt:
        """Decide an act and store what follows from it.

        Raises:
            Refused: a rule said no.
            VersionMovedOn: the first stream is not at ``if_match``.
            KeyReused: the key belongs to another request.
            StoreUnavailable: too many wait, or the log did not answer within ``PATIENCE_S``.
        """
        since = self._admit(len(self._queue))
        asked = _Asked(act, stamp, key, if_match, since, asyncio.get_running_loop().create_future())
        self._queue.append(asked)
        self._wake.set()
        return await asked.answer

    async def peek(self, stream: str, read: Callable[[Held], T]) -> T:
        """Tell something of a stream as the log has it now, whichever process wrote it.

        Args:
            read: makes the answer; it changes nothing and keeps nothing of what it is given.

        Raises:
            StoreUnavailable: as ``submit``; and whatever ``read`` raises.
        """
        since = self._admit(len(self._looks))
        look = _Look(stream, read, since, asyncio.get_running_loop().create_future())
        self._looks.append(look)
        self._wake.set()
        answer: T = await look.answer
        return answer

    def _admit(self, waiting: int) -> float:
        now = time.monotonic()
        if waiting >= self._waiting:
            raise StoreUnavailable("too many commands are waiting")
        if self._down_since is not None and now - self._down_since > 1:
            raise StoreUnavailable("PostgreSQL cannot be reached")
        return now

    @property
    def cached(self) -> tuple[int, int]:
        """How many streams, and of how many events, are held in memory."""
        return len(self._memory), self._memory.events

    @property
    def loads(self) -> int:
        """How many streams were read into memory."""
        return self._memory.loads

    @property
    def available(self) -> bool:
        return self._down_since is None

    # --- running ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Take what waits, settle it, and so on; heals its connection by itself."""
        clock = asyncio.create_task(self._expire())
        try:
            while True:
                await self._wake.wait()
                self._told, self._looks = self._looks, []
                if self._told:
                    await self._tell(self._told)
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._batch))]
                if not self._queue and not self._looks:
                    self._wake.clear()
                batch = [asked for asked in batch if not asked.answer.done()]
                if batch:
                    await self._settle(batch)
        finally:
            clock.cancel()
            everybody: list[_Asked | _Look] = [*self._queue, *self._looks, *self._told]
            for waiting in everybody:
                _fail(waiting, StoreUnavailable("the server is stopping"))
            if self._connection is not None:
                await self._connection.close()

    async def _expire(self) -> None:
        """Answer those who have waited too long. Their command may still be stored; the key or id tells."""
        while True:
            await asyncio.sleep(0.25)
            limit = time.monotonic() - PATIENCE_S
            everybody: list[_Asked | _Look] = [*self._queue, *self._unsettled, *self._looks, *self._told]
            for waiting in everybody:
                if waiting.since < limit:
                    _fail(waiting, StoreUnavailable("the log did not answer in time"))

    async def _tell(self, looks: list[_Look]) -> None:
        """Answer questions, between batches: all that is in memory then is also in the log."""
        batch = _Batch()
        streams = {look.stream for look in looks}
        try:
            connection = await self._connected()
            await self._memory.catch_up(streams, connection, batch.unreadable)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            log.warning("log-unreachable", error=str(error))
            await self._disconnect()
            for look in looks:
                _fail(look, StoreUnavailable("PostgreSQL cannot be reached"))
            return
        for look in looks:
            try:
                if (held := self._memory.get(look.stream)) is None:
                    raise batch.unreadable[look.stream]
                told = look.read(held)
                if not look.answer.done():
                    look.answer.set_result(told)
            except Exception as error:
                _fail(look, error)
        self._memory.trim()

    async def _settle(self, asked: list[_Asked]) -> None:
        """Decide and store a batch, whatever happens to the connection meanwhile."""
        self._unsettled = tuple(asked)
        exclusive = False
        while asked:
            batch = _Batch()
            try:
                connection = await self._connected()
                if exclusive:
                    await store.lock(connection)
                await self._decide(asked, batch, connection)
                if batch.rows or batch.keys:
                    self._answer(batch, await self._append(connection, batch))
                else:
                    if exclusive:
                        await connection.execute("ROLLBACK")
                    self._answer(batch, 0)
                break
            except _Conflict:
                self.conflicts += 1
                exclusive = True
                self._memory.distrust(batch.looked)
                await self._roll_back()
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                log.warning("log-unreachable", error=str(error))
                self._memory.distrust(batch.looked)
                await self._disconnect()
                if (last := await self._fate(batch)) is not None:
                    self._answer(batch, last)
                    break
            except Exception as error:
                log.exception("batch-failed")
                self._memory.distrust(batch.looked)
                await self._disconnect()
                for one in asked:
                    _fail(one, error)
                break
            asked = [one for one in asked if not one.answer.done()]
        self._unsettled = ()
        self.batches += 1

    async def _append(self, connection: AsyncConnection[TupleRow], batch: _Batch) -> int:
        try:
            return await store.append(connection, batch.rows, [row for row, _ in batch.keys.values()])
        except psycopg.errors.UniqueViolation as error:
            raise _Conflict from error

    async def _decide(
        self, asked: list[_Asked], batch: _Batch, connection: AsyncConnection[TupleRow]
    ) -> None:
        used = await self._used_keys(asked, connection)
        named = {ask.stream for one in asked for ask in one.act.asks if isinstance(ask, Ask)}
        if shared := self._memory.shared(named):
            await self._memory.catch_up(shared, connection, batch.unreadable)
        await self._memory.load(named, connection, batch.stamps, batch.unreadable)
        for one in asked:
            if one.answer.done():
                continue
            if one.key is not None and one.key.key in used:
                _replay(one, used[one.key.key])
            elif one.key is not None and one.key.key in batch.keys:
                batch.repeats.append((one, batch.keys[one.key.key][1]))
            else:
                await self._decide_one(one, batch, connection)
        await self._check_unguarded(batch, connection)

    async def _check_unguarded(self, batch: _Batch, connection: AsyncConnection[TupleRow]) -> None:
        """What was refused, or found already so, must not have been judged by what another process has changed."""
        if unguarded := batch.unguarded:
            newest = await store.select_versions(connection, sorted(unguarded))
            if any(newest.get(name, 0) != batch.looked[name] for name in unguarded):
                raise _Conflict

    async def _decide_one(self, one: _Asked, batch: _Batch, connection: AsyncConnection[TupleRow]) -> None:
        touched: dict[str, int] = {}

        def hold(stream: str) -> Held:
            held = self._memory.get(stream)
            if held is None:
                raise batch.unreadable.get(stream) or _NotHeld(stream)
            touched.setdefault(stream, held.version)
            batch.looked.setdefault(stream, held.version)
            return held

        while True:
            try:
                main = one.act.stream
                if one.if_match is not None and hold(main).version != one.if_match:
                    raise VersionMovedOn(main, hold(main).version)
                pending = perform(one.act.asks, hold, one.stamp)
                held = hold(main)
                receipt = Receipt(main, held.version, held.position, one.act.answer(hold))
            except _NotHeld as missing:
                await self._undo(touched, batch, connection)
                await self._memory.load({missing.stream}, connection, batch.stamps, batch.unreadable)
                continue
            except (Refused, VersionMovedOn) as refused:
                await self._undo(touched, batch, connection)
                batch.refused.append((one, refused))
                return
            except Exception as error:
                log.exception("command-failed", command=one.stamp.command)
                await self._undo(touched, batch, connection)
                _fail(one, error)
                return
            break
        batch.add(pending, one.stamp)
        decided = _Decided(one, receipt, len(batch.rows) - 1 if pending else -1)
        batch.decided.append(decided)
        if one.key is not None:
            last = pending[-1] if pending else None
            stored = _encode([receipt.stream, receipt.version, receipt.result])
            row = KeyRow(
                one.key.key, one.key.digest, stored, last and last.stream, last.version if last else None
            )
            batch.keys[one.key.key] = row, decided

    def _answer(self, batch: _Batch, last: int) -> None:
        """The batch is stored: tell everyone where."""
        base = last - len(batch.rows) + 1
        for row_number, (pending, _) in enumerate(batch.stamps):
            if (held := self._memory.get(pending.stream)) is not None:
                held.position = base + row_number
        for decided in batch.decided:
            if decided.last >= 0:
                decided.receipt.position = base + decided.last
            elif (held := self._memory.get(decided.receipt.stream)) is not None:
                decided.receipt.position = held.position
            if not decided.asked.answer.done():
                decided.asked.answer.set_result(decided.receipt)
        for one, refused in batch.refused:
            _fail(one, refused)
        for one, decided in batch.repeats:
            stored = batch.keys[decided.asked.key.key][0] if decided.asked.key else None
            if stored is not None:
                _replay(one, (stored.digest, stored.receipt, decided.receipt.position))
        self.commands += len(batch.decided)
        self._memory.stored(len(batch.rows))

    async def _undo(
        self, touched: dict[str, int], batch: _Batch, connection: AsyncConnection[TupleRow]
    ) -> None:
        """Take back what a refused act had already folded into its streams."""
        moved = set()
        for name, version in touched.items():
            held = self._memory.get(name)
            if held is not None and held.version != version:
                moved.add(name)
                self._memory.forget(name)
        touched.clear()
        await self._memory.load(moved, connection, batch.stamps, batch.unreadable)

    async def _used_keys(
        self, asked: list[_Asked], connection: AsyncConnection[TupleRow]
    ) -> dict[str, tuple[bytes, bytes, int]]:
        keys = [one.key.key for one in asked if one.key is not None]
        return await store.select_keys(connection, keys) if keys else {}

    # --- the connection ---------------------------------------------------------------------------------------

    async def _connected(self) -> AsyncConnection[TupleRow]:
        """The connection, opened anew as often as it takes; between tries the waits double up to a second."""
        pause = 0.05
        while self._connection is None or self._connection.closed:
            try:
                self._connection = await self._connect()
            except psycopg.OperationalError as error:
                if self._down_since is None:
                    log.warning("log-unreachable", error=str(error))
                    self._down_since = time.monotonic()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
        self._down_since = None
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._connection.close()
            self._connection = None

    async def _roll_back(self) -> None:
        if self._connection is not None:
            try:
                await self._connection.rollback()
            except psycopg.Error:
                await self._disconnect()

    async def _fate(self, batch: _Batch) -> int | None:
        """Whether a batch whose COMMIT went unanswered is in the log; its last position if it is.

        Under the lock the old transaction has ended one way or the other. A batch is in the log whole or not at
        all, so its first row speaks for it: the envelope's command id makes the bytes its own.
        """
        if not batch.rows and not batch.keys:
            return None
        while True:
            connection = await self._connected()
            try:
                await store.lock(connection)
                try:
                    if batch.rows:
                        return await self._stored_at(connection, batch.rows)
                    keys = await store.select_keys(connection, list(batch.keys))
                    stored = all(
                        name in keys and keys[name][:2] == (row.digest, row.receipt)
                        for name, (row, _) in batch.keys.items()
                    )
                    return 0 if stored else None
                finally:
                    await connection.execute("ROLLBACK")
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                log.warning("log-unreachable", error=str(error))
                await self._disconnect()

    async def _stored_at(self, connection: AsyncConnection[TupleRow], rows: list[Row]) -> int | None:
        first = rows[0]
        found = await store.select_event(connection, first.stream, first.version)
        if found is None or found.state != first.state:
            return None
        return found.position + len(rows) - 1


def _fail(waiting: _Asked | _Look, error: Exception) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error)


def _replay(asked: _Asked, stored: tuple[bytes, bytes, int]) -> None:
    digest, receipt, position = stored
    assert asked.key is not None
    if digest != asked.key.digest:
        _fail(asked, KeyReused(asked.key.key))
    elif not asked.answer.done():
        stream, version, result = msgspec.json.decode(receipt)
        asked.answer.set_result(Receipt(stream, version, position, result, replayed=True))
