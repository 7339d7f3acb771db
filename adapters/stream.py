"""The log's copy in NATS JetStream: how it is declared, written and followed.

Order in the stream is the order of the log, nothing is missing and nothing is there twice: a page of the log is one
atomic batch that names the sequence it follows, so of two writers one is refused, and a batch whose answer was lost is
settled by reading the stream's last message. Nothing but the stream itself remembers how far it goes.

Between the messages the relay says on ``mingting-current``, which is not in the stream, up to where the stream was the
whole log, and when. That is what tells a board which has nothing new to show from one that hears nothing.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext, api

from adapters.cancelling import obey
from adapters.cloudevents import POSITION, Unreadable, message, plain, recorded
from adapters.connection import Connection
from adapters.store import Row
from domain.message import Recorded

log = structlog.get_logger()

STREAM = "MINGTING"
EVERYTHING = "mingting.>"
CURRENT = "mingting-current"
ANSWER_S = 5.0
DUPLICATE_WINDOW_S = 120.0
PAUSE_S = 2.0
"""The longest pause between two tries to follow the stream."""

PULL = 500
HEARTBEAT_S = 0.5
SILENCE_S = 2.0
"""A consumer that sent neither message nor heartbeat for so long is taken for lost."""

WRONG_LAST_SEQUENCE, DUPLICATE_IN_BATCH, STREAM_NAME_IN_USE = 10071, 10201, 10058


class StreamUnavailable(Exception):
    """NATS did not take or answer what was asked. Whether a batch is stored must be looked up."""


class StreamMovedOn(Exception):
    """The stream does not end where its writer left it: it was wiped, or somebody else writes."""


class StreamRewritten(Exception):
    """What the stream holds is not what its follower had seen: the log was restored to an earlier moment. Whoever
    folded the stream starts again from documents."""


class Last(NamedTuple):
    """The stream's last message: its sequence, and position, log stream and id of its event; of an empty stream
    zeros and empty names."""

    sequence: int = 0
    position: int = 0
    stream: str = ""
    id: str = ""


class Current(msgspec.Struct, frozen=True, gc=False):
    """At ``at``, everything in the log was in the stream: up to ``position``, at ``sequence``."""

    position: int
    sequence: int
    at: datetime


Item = Recorded | Current | Unreadable

_read_current = msgspec.json.Decoder(Current).decode


# --- writing --------------------------------------------------------------------------------------------------


class EventStream:
    """The stream as its one writer sees it. Everything raises ``StreamUnavailable`` while NATS is away.

    Args:
        max_bytes: what the stream may hold; -1 for as much as the server allows. A full stream refuses what is new:
            it would rather stop than lose what is old.
    """

    def __init__(self, client: Connection, *, max_bytes: int = -1, replicas: int = 1) -> None:
        self._client = client
        self._jetstream = client.jetstream(timeout=ANSWER_S)
        self._config = api.StreamConfig(
            name=STREAM,
            subjects=[EVERYTHING],
            storage=api.StorageType.FILE,
            discard=api.DiscardPolicy.NEW,
            max_bytes=max_bytes,
            num_replicas=replicas,
            duplicate_window=DUPLICATE_WINDOW_S,
            allow_atomic=True,
            deny_delete=True,
            deny_purge=True,
        )
        self._regions: dict[str, str] = {}

    async def resume(self) -> Last:
        """Declare the stream where it is missing or was declared otherwise; where its last writer left off."""
        with self._answering():
            await self._declare()
            info = await self._jetstream.stream_info(
                STREAM, subjects_filter="mingting.*.*.hall.hall-configured"
            )
            self._regions = await self._regions_in(list(info.state.subjects or ()))
            if info.state.messages == 0:
                return Last(info.state.last_seq)
            found = await self._jetstream.get_msg(STREAM, info.state.last_seq)
            headers = found.headers or {}
            return Last(
                info.state.last_seq,
                int(headers[POSITION]),
                plain(headers["ce-subject"]),
                plain(headers["ce-id"]),
            )

    async def publish(self, rows: Sequence[Row], after: int) -> int:
        """Write a page of the log behind the sequence ``after``, whole or not at all; the last sequence then.

        Raises:
            StreamMovedOn: the stream does not end at ``after``, or holds one of the events.
            StreamUnavailable: the page may be in the stream or not.
        """
        batch = secrets.token_hex(11)
        messages = [message(row, self._regions) for row in rows]
        for nth, (_, headers, _) in enumerate(messages, 1):
            headers["Nats-Batch-Id"] = batch
            headers["Nats-Batch-Sequence"] = str(nth)
        messages[0][1]["Nats-Expected-Last-Sequence"] = str(after)
        subject, headers, event = messages.pop()
        headers["Nats-Batch-Commit"] = "1"
        with self._answering():
            if messages:
                await self._client.publish_page(messages)
            reply = await self._client.request(subject, event, timeout=ANSWER_S, headers=headers)
        answer = msgspec.json.decode(reply.data)
        if (error := answer.get("error")) is None:
            return int(answer["seq"])
        if error["err_code"] in (WRONG_LAST_SEQUENCE, DUPLICATE_IN_BATCH):
            raise StreamMovedOn(error["description"])
        raise StreamUnavailable(error["description"])

    async def check(self, sequence: int) -> None:
        """See that the stream ends at a sequence.

        Raises:
            StreamMovedOn: it does not, or is not there.
        """
        with self._answering():
            try:
                info = await self._jetstream.stream_info(STREAM)
            except nats.js.errors.NotFoundError as error:
                raise StreamMovedOn("the stream is gone") from error
        if info.state.last_seq != sequence:
            raise StreamMovedOn(f"the stream ends at {info.state.last_seq}, not {sequence}")

    async def confirm(self, current: Current) -> None:
        """Tell all followers that the stream is the whole log."""
        with self._answering():
            await self._client.publish(CURRENT, msgspec.json.encode(current))

    async def drop(self) -> None:
        """Delete the stream with all it holds."""
        with self._answering():
            await self._jetstream.delete_stream(STREAM)

    async def _declare(self) -> None:
        try:
            await self._jetstream.add_stream(self._config)
        except nats.js.errors.BadRequestError as error:
            if error.err_code != STREAM_NAME_IN_USE:
                raise
            await self._jetstream.update_stream(self._config)

    async def _regions_in(self, subjects: list[str]) -> dict[str, str]:
        """Hall → region as the stream tells it: where a hall has moved, by its last configuration."""
        by_hall: dict[str, list[str]] = {}
        for subject in subjects:
            by_hall.setdefault(subject.split(".")[2], []).append(subject)
        regions = {}
        for hall, told in by_hall.items():
            newest = told[0]
            if len(told) > 1:
                last = [await self._jetstream.get_last_msg(STREAM, subject) for subject in told]
                newest = str(max(last, key=lambda found: found.seq or 0).subject)
            regions[hall] = newest.split(".")[1]
        return regions

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        # What is written while the client reconnects would be kept and sent later, when nobody expects it any more.
        if not self._client.is_connected:
            raise StreamUnavailable("NATS cannot be reached")
        try:
            yield
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise StreamUnavailable(str(error) or type(error).__name__) from error
        finally:
            obey()


# --- following ------------------------------------------------------------------------------------------------


def at_windows(halls: Collection[str]) -> list[str]:
    """The subjects of what happens at the windows of some halls."""
    return [f"mingting.*.{hall}.queue.*" for hall in sorted(halls)]


async def declared(client: Client) -> bool:
    """Whether there is a stream; nothing was published where no relay has run yet."""
    try:
        await client.jetstream(timeout=ANSWER_S).stream_info(STREAM)
    except nats.js.errors.NotFoundError:
        return False
    return True


async def follow(
    client: Client, after: int = 0, subjects: Sequence[str] = (EVERYTHING,)
) -> AsyncGenerator[Item, None]:
    """The events behind a position, in order, each once, for as long as one listens; between them ``Current`` whenever
    everything that ``subjects`` name is known to have been yielded up to then.

    It goes on by itself after NATS was away, was restarted or lost its store: an ephemeral consumer is made anew,
    starting at the message of the last event seen. Positions decide what was seen, never sequences: these begin
    again when the stream is written anew.

    Raises:
        StreamRewritten: the events already yielded are not in the stream any more.
    """
    follower = _Follower(client, after, tuple(subjects))
    pause = 0.1
    try:
        while True:
            try:
                item = await follower.next()
                pause = 0.1
            except (nats.errors.Error, TimeoutError, OSError, StreamUnavailable) as error:
                # A stream that nobody has declared yet is the first second of every installation.
                missing = isinstance(error, nats.js.errors.NotFoundError)
                (log.info if missing else log.warning)(
                    "following-waits", error=str(error) or type(error).__name__
                )
                await follower.detach()
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_S)
            else:
                yield item
    finally:
        await follower.detach()


class _Follower:
    """A pull consumer that nobody has to acknowledge, watched: a gap in its numbers, silence or any refusal ends it."""

    def __init__(self, client: Client, after: int, subjects: tuple[str, ...]) -> None:
        self._client = client
        self._jetstream: JetStreamContext = client.jetstream(timeout=ANSWER_S)
        self._subjects = subjects
        self._position = after
        self._sequence = 0
        """Everything of ours up to this sequence of the stream has been yielded, or was seen before."""
        self._seen: tuple[int, str] | None = None
        """Position and id of the last event yielded."""
        self._before: tuple[int, str] | None = None
        """The same of the last message, yielded or not, since the consumer was made."""
        self._due: Current | None = None
        self._subscriptions: list[Subscription] = []
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._consumer = self._ask = self._inbox = ""
        self._wanted = self._delivered = self._reconnects = 0
        self._heard = self._yielded = 0.0

    async def next(self) -> Item:
        if not self._subscriptions:
            await self._attach()
        while True:
            obey()
            if self._due is not None and self._due.sequence <= self._sequence:
                due, self._due = self._due, None
                return due
            if self._wanted == 0:
                await self._pull()
            message = await self._message()
            if message.subject == CURRENT:
                await self._current(_read_current(message.data))
            elif status := (message.headers or {}).get("Status"):
                self._told(status, message)
            elif item := self._event(message):
                return item

    async def detach(self) -> None:
        subscriptions, self._subscriptions = self._subscriptions, []
        for subscription in subscriptions:
            with contextlib.suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()

    async def _attach(self) -> None:
        if not self._client.is_connected:
            raise StreamUnavailable("NATS cannot be reached")
        self._arrived, self._inbox, self._due, self._before = (
            asyncio.Queue(),
            self._client.new_inbox(),
            None,
            None,
        )
        self._reconnects = self._client.stats["reconnects"]
        for subject in (self._inbox, CURRENT):
            self._subscriptions.append(await self._client.subscribe(subject, cb=self._arrived.put))
        # One message earlier than what is wanted, to see that what follows still follows what we have.
        start = max(1, await self._first_after(self._position) - 1)
        consumer = await self._jetstream.add_consumer(
            STREAM,
            api.ConsumerConfig(
                name=secrets.token_hex(8),
                deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=start,
                ack_policy=api.AckPolicy.NONE,
                filter_subjects=None if self._subjects == (EVERYTHING,) else list(self._subjects),
                inactive_threshold=30,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        self._consumer = consumer.name
        self._ask = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer.name}"
        self._sequence, self._wanted, self._delivered = start - 1, 0, 0
        self._heard = time.monotonic()

    async def _first_after(self, position: int) -> int:
        """The sequence of the first message behind a position; if there is none, the next there will be.

        Both numbers only grow, and a sequence by no more than a position. So each look at a message narrows both ends,
        and where no position was left out, the first look is the last.
        """
        state = (await self._jetstream.stream_info(STREAM)).state
        low, high = max(state.first_seq, 1), state.last_seq + 1
        guess = position
        while low < high:
            guess = min(max(guess, low), high - 1)
            found = await self._jetstream.get_msg(STREAM, guess, EVERYTHING, next=True)
            ahead = int((found.headers or {})[POSITION]) - position
            if ahead > 0:
                low, high = max(low, guess - ahead + 1), guess
            else:
                low, high = guess + 1, min(high, guess - ahead + 1)
            guess = (low + high) // 2
        return low

    async def _pull(self) -> None:
        request = {"batch": PULL, "expires": int(10e9), "idle_heartbeat": int(HEARTBEAT_S * 1e9)}
        await self._client.publish(self._ask, msgspec.json.encode(request), reply=self._inbox)
        self._wanted = PULL

    async def _message(self) -> Msg:
        while self._arrived.empty():
            if self._client.stats["reconnects"] != self._reconnects:
                raise StreamUnavailable("the connection is a new one")
            if time.monotonic() - self._heard > SILENCE_S:
                raise StreamUnavailable("the consumer is silent")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    return await self._arrived.get()
            obey()
        return self._arrived.get_nowait()

    def _told(self, status: str, message: Msg) -> None:
        """The consumer said something about itself."""
        self._heard = time.monotonic()
        if status in ("404", "408"):
            self._wanted = 0  # the request has run out; the next one is due
        elif status != "100":
            raise StreamUnavailable(f"consumer: {status} {(message.headers or {}).get('Description', '')}")

    def _event(self, message: Msg) -> Recorded | Unreadable | None:
        self._heard = time.monotonic()
        self._wanted -= 1
        self._delivered += 1
        numbers = message.metadata.sequence
        if numbers.consumer != self._delivered:
            raise StreamUnavailable(f"message {self._delivered} of the consumer was lost")
        headers = message.headers or {}
        this = int(headers[POSITION]), headers["ce-id"]
        before, self._before = self._before, this
        self._sequence = numbers.stream
        if this[0] <= self._position:
            return None
        if self._seen is not None and before != self._seen:
            raise StreamRewritten(f"{before} stands where {self._seen} stood")
        self._seen, self._position, self._yielded = this, this[0], self._heard
        return recorded(headers, message.data)

    async def _current(self, current: Current) -> None:
        if current.position < self._position:
            # Older news may overtake an event by a little; a log that ends before what we have was cut off.
            if time.monotonic() - self._yielded > 1:
                raise StreamRewritten(f"the log ends at {current.position}, {self._position} was seen")
        elif self._subjects == (EVERYTHING,):
            self._due = self._due or current
        elif await self._caught_up():
            self._due, self._sequence = current, max(self._sequence, current.sequence)

    async def _caught_up(self) -> bool:
        """Whether the consumer has sent everything that its subjects have, and we have taken it."""
        info = await self._jetstream.consumer_info(STREAM, self._consumer)
        sent = info.delivered.consumer_seq if info.delivered else 0
        return info.num_pending == 0 and sent == self._delivered
