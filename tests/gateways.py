"""Providers of notices on this machine: an SMTP server and an HTTP gateway that keep what they were given, and can
be told to refuse."""

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default

import msgspec


class Mailbox:
    """A mail server's ear. ``answers`` are given to ``RCPT`` in turn before every other is accepted."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.answers: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 hall.test ESMTP")
        while line := (await reader.readline()).decode().strip():
            match line.split()[0].upper():
                case "EHLO" | "HELO":
                    say("250-hall.test")
                    say("250 SMTPUTF8")
                case "RCPT" if self.answers:
                    say(self.answers.pop(0))
                case "DATA":
                    say("354 go on")
                    await writer.drain()
                    raw = await reader.readuntil(b"\r\n.\r\n")
                    mail = email.message_from_bytes(raw[:-5], policy=default)
                    assert isinstance(mail, EmailMessage)
                    self.mails.append(mail)
                    say("250 taken")
                case "QUIT":
                    say("221 bye")
                    await writer.drain()
                    break
                case _:
                    say("250 fine")
            await writer.drain()
        writer.close()


class Asked(msgspec.Struct):
    """A request as a gateway got it."""

    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, str]:
        found: dict[str, str] = msgspec.json.decode(self.body)
        return found


class Gateway:
    """A gateway for short messages. ``statuses`` are answered in turn before every other request is taken."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[Asked] = []
        self.statuses: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in head[1:])}
        self.asked.append(Asked(headers, await reader.readexactly(int(headers["content-length"]))))
        status = self.statuses.pop(0) if self.statuses else 200
        body = b'{"id": "g-%d"}' % len(self.asked)
        writer.write(
            b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body))
        )
        writer.write(body)
        await writer.drain()
        writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/send"


@asynccontextmanager
async def listening(provider: Mailbox | Gateway) -> AsyncIterator[None]:
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    async with server:
        yield
