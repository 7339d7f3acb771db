"""The connection to NATS: it heals by itself, and takes a page of messages in one piece."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping

import nats.errors
import structlog
from nats.aio.client import Client

log = structlog.get_logger()


class Connection(Client):
    """The library's client, and one thing more."""

    async def publish_page(self, messages: Iterable[tuple[str, Mapping[str, str], bytes]]) -> None:
        """Publish messages, given as subject, headers and body, in one piece.

        One by one, the library looks at every letter of every header anew: five times the work. Whoever gives them
        answers for it that names and values are printable ASCII.
        """
        await self._send_command(b"".join(_written(*message) for message in messages))
        await self._flush_pending()


def _written(subject: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A message as the protocol has it (docs.nats.io, HPUB)."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    head = f"NATS/1.0\r\n{lines}\r\n".encode("ascii")
    return b"HPUB %b %d %d\r\n%b%b\r\n" % (subject.encode(), len(head), len(head) + len(body), head, body)


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A client that connects by itself, now and after every break. It is handed out at once, connected or not, and
    closed at the end."""
    client = Connection()
    keeper = asyncio.create_task(_keep_connected(client, url))
    await asyncio.sleep(0)
    try:
        yield client
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await client.close()


async def _keep_connected(client: Connection, url: str) -> None:
    while True:
        closed = asyncio.Event()

        async def on_closed(closed: asyncio.Event = closed) -> None:
            closed.set()

        async def on_disconnected() -> None:
            if not client.is_closed:  # by ourselves, at the end
                log.warning("nats-disconnected")

        try:
            await client.connect(
                url.split(","),
                name="mingting",
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.5,  # type: ignore[arg-type]  # declared int, used as seconds to sleep
                connect_timeout=2,
                ping_interval=5,
                error_cb=_on_error,
                disconnected_cb=on_disconnected,
                reconnected_cb=_on_reconnected,
                closed_cb=on_closed,
            )
            log.info("nats-connected")
            await closed.wait()
        except (nats.errors.Error, OSError, TimeoutError) as error:
            log.warning("nats-refused", error=str(error))
        await asyncio.sleep(1)


async def _on_error(error: Exception) -> None:
    log.warning("nats-error", error=str(error) or type(error).__name__)


async def _on_reconnected() -> None:
    log.info("nats-reconnected")
