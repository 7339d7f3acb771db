"""A proxy before PostgreSQL that cuts the connection at a chosen message, as networks do."""

import asyncio
import contextlib
from pathlib import Path
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class CuttingProxy:
    """Forwards connections until told to cut one: before a message goes in, or before its reply comes out."""

    def __init__(self, database_url: str) -> None:
        self._target = conninfo_to_dict(database_url)
        self._before: bytes | None = None
        self._reply_to: bytes | None = None
        self._refusing = False
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.cuts = 0
        self.url = ""

    def cut_before(self, message: bytes) -> None:
        """Cut instead of passing on the next data that holds ``message``."""
        self._before = message

    def cut_reply_to(self, message: bytes) -> None:
        """Pass on the next data that holds ``message``, wait until it is answered, and cut."""
        self._reply_to = message

    def refuse(self) -> None:
        """Close every connection and accept none."""
        self._refusing = True
        for writer in self._open:
            writer.close()

    def accept(self) -> None:
        self._refusing = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = make_conninfo(**(self._target | {"host": "127.0.0.1", "port": port}))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        assert self._server is not None
        self._server.close()

    async def _serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        if self._refusing:
            client_out.close()
            return
        host = str(self._target.get("host", "127.0.0.1"))
        port = str(self._target.get("port", "5432"))
        if host.startswith("/"):
            server_in, server_out = await asyncio.open_unix_connection(Path(host) / f".s.PGSQL.{port}")
        else:
            server_in, server_out = await asyncio.open_connection(host, int(port))
        self._open |= {client_out, server_out}
        muted = asyncio.Event()
        await asyncio.gather(
            self._forward(client_in, server_out, muted), self._answer(server_in, client_out, muted)
        )
        for writer in (client_out, server_out):
            self._open.discard(writer)
            writer.close()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, muted: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self._before and self._before in data:
                    self._before = None
                    self.cuts += 1
                    break
                if self._reply_to and self._reply_to in data:
                    self._reply_to = None
                    self.cuts += 1
                    muted.set()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, muted: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if muted.is_set():
                    break
                writer.write(data)
                await writer.drain()
        writer.close()
