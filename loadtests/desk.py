"""People at the windows, asking the command loop in its own process: as many commands as it will take."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from itertools import count

import msgspec

from adapters.loop import CommandLoop, RequestKey
from domain import acts, queue
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.handling import Act
from domain.message import Stamp, Text

CALLERS = 256
DAY = date(2099, 3, 2)
"""Not a day that is past: the clock would close it as forgotten."""

LINES = tuple(f"line-{n}" for n in range(8))

numbers = count(1)


class Load(msgspec.Struct):
    """What was done in a stretch of time. Latencies are in milliseconds, in order."""

    commands: int
    events: int
    seconds: float
    latencies_ms: list[float]

    @property
    def rate(self) -> float:
        """Commands a second."""
        return self.commands / self.seconds


def plan(windows: int) -> HallPlan:
    """A hall with 8 queues; each window serves two of them."""
    name = Text("压测", "Load")
    return HallPlan(
        name=name,
        region="411328000000",
        queues=tuple(QueuePlan(line, chr(ord("A") + n), name) for n, line in enumerate(LINES)),
        windows=tuple(
            WindowPlan(f"w{n}", name, "general", (LINES[n % 8], LINES[(n + 1) % 8])) for n in range(windows)
        ),
    )


class Desk:
    """A window of a hall whose people come one after the other: a ticket, a call, the service, its end."""

    def __init__(self, loop: CommandLoop, hall: str, window: int, plan: HallPlan, keyed: bool) -> None:
        self._loop = loop
        self._hall = hall
        self._window = f"w{window}"
        self._line = LINES[window % 8]
        self._plan = plan
        self._keyed = keyed
        self.position = 0
        self.latencies_ms: list[float] = []

    async def open(self) -> None:
        command = queue.OpenWindow(self._window, f"clerk-{self._window}")
        await self._ask(acts.open_window(self._hall, DAY, self._plan, command), "clerk")

    async def take_ticket(self) -> None:
        reference = f"{self._hall}.{DAY:%Y%m%d}.{secrets.token_urlsafe(16)}"
        command = queue.IssueTicket(reference, self._line, "id-card")
        await self._ask(acts.take_ticket(self._hall, DAY, self._plan, command), "kiosk")

    async def call(self) -> None:
        await self._ask(acts.call_next(self._hall, DAY, self._window), "clerk")

    async def start(self) -> None:
        await self._ask(acts.at_window(self._hall, DAY, queue.StartService(self._window)), "clerk")

    async def finish(self) -> None:
        command = queue.FinishService(self._window, ("id-card",))
        await self._ask(acts.at_window(self._hall, DAY, command), "clerk")

    async def steps(self, going_on: Callable[[], bool]) -> AsyncIterator[None]:
        """One person after the other, a command at a time. Who is being called has always taken a number: every
        window takes one before it calls."""
        while True:
            for step in (self.take_ticket, self.call, self.start, self.finish):
                if not going_on():
                    return
                began = time.perf_counter()
                await step()
                self.latencies_ms.append((time.perf_counter() - began) * 1000)
                yield

    async def serve(self, going_on: Callable[[], bool], every_s: float = 0.0) -> None:
        """Until told to stop, a command every so many seconds at most."""
        next_at = time.perf_counter()
        async for _ in self.steps(going_on):
            next_at += every_s
            if (pause := next_at - time.perf_counter()) > 0:
                await asyncio.sleep(pause)

    async def _ask(self, act: Act, role: str) -> None:
        key = RequestKey(secrets.token_hex(20), os.urandom(20)) if self._keyed else None
        stamp = Stamp(
            at=datetime.now(UTC),
            by=f"{role}:{role}-{self._window}",
            command=secrets.token_hex(16),
            key=None if key is None else key.key,
        )
        receipt = await self._loop.submit(act, stamp, key=key)
        self.position = max(self.position, receipt.position)


async def opened(loop: CommandLoop, halls: int, *, callers: int = CALLERS, keyed: bool = False) -> list[Desk]:
    """Desks with open windows, spread over so many halls of their own."""
    turn = next(numbers)
    shared = plan(-(-callers // halls))
    desks = [Desk(loop, f"hall-{turn}-{n % halls}", n // halls, shared, keyed) for n in range(callers)]
    await asyncio.gather(*(desk.open() for desk in desks))
    return desks


async def busy(desks: list[Desk], going_on: Callable[[], bool]) -> Load:
    """All desks at once, each asking its next command as soon as the last is answered."""
    before = max(desk.position for desk in desks)
    began = time.perf_counter()
    await asyncio.gather(*(desk.serve(going_on) for desk in desks))
    elapsed = time.perf_counter() - began
    latencies = sorted(ms for desk in desks for ms in desk.latencies_ms)
    # Nobody else writes, so what was stored meanwhile is ours.
    events = max(desk.position for desk in desks) - before
    return Load(len(latencies), events, elapsed, latencies)


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Whether they are not yet over."""
    until = time.perf_counter() + seconds
    return lambda: time.perf_counter() < until
