"""Writes the demonstration region into a log that lacks it."""

import contextlib
import secrets
from datetime import UTC, datetime

from adapters.demonstration import plans
from adapters.loop import CommandLoop, VersionMovedOn
from domain.handling import Act
from domain.message import Stamp


async def seed(loop: CommandLoop) -> int:
    """Write what is missing of the demonstration region; what is there stays as somebody has configured it since.
    Answers the last position written, 0 if nothing was missing."""
    position = 0
    for number, ask in enumerate(plans.asks()):
        stamp = Stamp(at=datetime.now(UTC), by="admin:seed", command=f"seed-{secrets.token_hex(8)}-{number}")
        with contextlib.suppress(VersionMovedOn):
            position = max(position, (await loop.submit(Act((ask,)), stamp, if_match=0)).position)
    return position
