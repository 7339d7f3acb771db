"""The streams that the command loop has in memory, folded, the least recently asked first to go.

What is held is what the log has, and inside a batch what has been decided on top of it.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable

import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from adapters import envelope, store
from domain.handling import Held, Pending, fold, fresh
from domain.message import Stamp

log = structlog.get_logger()

Unreadable = dict[str, envelope.UnreadableEvent]
"""Streams that this code cannot read, and why: they fail the commands that ask them, and no others."""


class Memory:
    """Streams by name.

    Args:
        streams, events: how many streams, and streams of how many events in all, are kept.
    """

    def __init__(self, streams: int, events: int) -> None:
        self._streams_max = streams
        self._events_max = events
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._shared: set[str] = set()
        """Those that another process was seen to write."""
        self.events = 0
        """Of how many events all held streams are."""
        self.loads = 0
        """How many streams were read from their beginning."""

    def __len__(self) -> int:
        return len(self._held)

    def get(self, stream: str) -> Held | None:
        """A stream, if it is held."""
        return self._held.get(stream)

    def shared(self, streams: Collection[str]) -> set[str]:
        """Those of some streams that another process was seen to write: they are read again before each batch."""
        return self._shared.intersection(streams)

    async def catch_up(
        self, streams: Collection[str], connection: AsyncConnection[TupleRow], unreadable: Unreadable
    ) -> None:
        """Bring streams to where the log has them, whoever wrote there: what is held is folded on from where it
        stands. Only between batches, when memory holds nothing that the log does not."""
        known = {name: self._held[name].version for name in streams if name in self._held}
        held = {name: self._held.get(name) or fresh(name) for name in streams}
        for name in known:
            self.forget(name)
        self.loads += len(held) - len(known)
        await _read(held, connection, unreadable)
        self._held |= held
        self.events += sum(one.version for one in held.values())
        self._shared |= {
            name for name, version in known.items() if name in held and held[name].version > version
        }

    async def load(
        self,
        streams: Collection[str],
        connection: AsyncConnection[TupleRow],
        decided: Iterable[tuple[Pending, Stamp]],
        unreadable: Unreadable,
    ) -> None:
        """Bring in the streams that are not held: what the log has, then what is ``decided`` on top of it."""
        loaded = {name: fresh(name) for name in streams if name not in self._held}
        for name in streams:
            if name in self._held:
                self._held.move_to_end(name)
        if not loaded:
            return
        self.loads += len(loaded)
        await _read(loaded, connection, unreadable)
        for pending, stamp in decided:
            if (held := loaded.get(pending.stream)) is not None:
                fold(held, pending.stream, pending.event, stamp, pending.version, held.position)
        self._held |= loaded
        self.events += sum(held.version for held in loaded.values())

    def forget(self, stream: str) -> None:
        """Let go of a stream: it is read anew when it is next asked for."""
        if (held := self._held.pop(stream, None)) is not None:
            self.events -= held.version

    def distrust(self, streams: Collection[str]) -> None:
        """What is held of streams may not stand: somebody else may have written them."""
        for stream in streams:
            self.forget(stream)
        self._shared.update(streams)

    def stored(self, events: int) -> None:
        """So many more events of held streams are in the log; what is too much goes."""
        self.events += events
        self.trim()

    def trim(self) -> None:
        """Let go of the streams that were asked for least recently, until no more are held than may be."""
        while len(self._held) > 1 and (len(self._held) > self._streams_max or self.events > self._events_max):
            stream, held = self._held.popitem(last=False)
            self.events -= held.version
            self._shared.discard(stream)
        if len(self._shared) > self._streams_max:
            self._shared &= self._held.keys()


async def _read(held: dict[str, Held], connection: AsyncConnection[TupleRow], unreadable: Unreadable) -> None:
    """Fold what the log has of streams behind what is held of them; what cannot be read is taken out."""
    for row in await store.select_since(connection, {name: one.version for name, one in held.items()}):
        if (one := held.get(row.stream)) is None:
            continue
        try:
            recorded = envelope.read(*row)
        except envelope.UnreadableEvent as error:
            log.error("stream-unreadable", stream=row.stream, error=str(error))
            unreadable[row.stream] = error
            del held[row.stream]
        else:
            fold(one, row.stream, recorded.event, recorded.stamp, row.version, row.position)
