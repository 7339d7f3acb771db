"""What goes on behind the requests: the relay to NATS, the projections, the policies and the deadlines.

One process does this at a time, by election; a second one waits and takes over within seconds. Each part is
restarted by itself when it fails, and says so in the log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from adapters.election import elected

log = structlog.get_logger()

DUTY = "work"


async def work(database_url: str, parts: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
    """Do the worker's duty, whenever it is ours, until cancelled."""
    while True:
        async with elected(database_url, DUTY) as lost:
            log.info("worker-elected")
            tasks = [asyncio.create_task(_keep(name, part)) for name, part in parts.items()]
            try:
                await lost.wait()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def _keep(name: str, part: Callable[[], Awaitable[None]]) -> None:
    pause = 0.5
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await part()
            log.error("part-ended", part=name)
        except Exception:
            log.exception("part-failed", part=name)
        if asyncio.get_running_loop().time() - started > 60:
            pause = 0.5
        await asyncio.sleep(pause)
        pause = min(pause * 2, 10.0)
