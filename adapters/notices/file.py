"""Notices into a file, a line of JSON each: what a demonstration has instead of a provider."""

import asyncio
from pathlib import Path
from typing import Literal

import msgspec

from adapters.notices.channel import ChannelDown, Message


class FileChannel:
    name: Literal["file"] = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, message: Message) -> str | None:
        line = msgspec.json.encode(message._asdict()) + b"\n"
        try:
            await asyncio.to_thread(self._append, line)
        except OSError as error:
            raise ChannelDown(f"{self._path}: {error.strerror}") from error
        return None

    async def close(self) -> None:
        pass

    def _append(self, line: bytes) -> None:
        self._path.touch(mode=0o600)
        with self._path.open("ab") as file:
            file.write(line)
