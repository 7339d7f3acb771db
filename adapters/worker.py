"""What goes on behind the requests: the relay to NATS, the projections, the policies and the deadlines.

Each part is elected by itself (its ``LogTail`` takes the duty's lock): with several workers one does it and the
others wait to take over. A part that fails is started again, and says so in the log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

log = structlog.get_logger()

STEADY_S = 60
"""A part that ran as long as this is started again at once when it fails."""


async def work(parts: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
    """Keep all parts going until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for name, part in parts.items():
            tasks.create_task(_keep(name, part))


async def _keep(name: str, part: Callable[[], Awaitable[None]]) -> None:
    pause = 0.5
    clock = asyncio.get_running_loop().time
    while True:
        started = clock()
        try:
            await part()
            log.error("part-ended", part=name)
        except Exception:
            log.exception("part-failed", part=name)
        pause = 0.5 if clock() - started > STEADY_S else min(pause * 2, 10.0)
        await asyncio.sleep(pause)
