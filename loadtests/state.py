"""What a held stream costs in memory: the bound of the command loop's cache is a number of events, not of bytes."""

import gc
import inspect
import tracemalloc
from datetime import UTC, datetime, timedelta
from itertools import count

from adapters import envelope
from adapters.loop import CommandLoop
from domain import queue
from domain.handling import Ask, Held, fold, fresh, perform
from domain.message import Command, Stamp
from loadtests.desk import DAY, LINES, plan

VISITS = 5_000
WINDOWS = 24


def bytes_per_event(visits: int = VISITS) -> tuple[float, float]:
    """Bytes that a queue day holds per event, and per ticket, read from the log as after a restart: four events a
    visit, everybody called and served."""
    rows = _written(visits)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        held = fresh(queue.stream("tanghe", DAY))
        for version, (topic, state) in enumerate(rows, 1):
            recorded = envelope.read(queue.stream("tanghe", DAY), version, version, topic, state)
            fold(held, recorded.stream, recorded.event, recorded.stamp, version, version)
            del recorded
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(held.state.tickets) == visits
    return (after - before) / len(rows), (after - before) / visits


def cache_bound_events() -> int:
    """How many events the streams that a command loop holds may have in all."""
    bound: int = inspect.signature(CommandLoop).parameters["events"].default
    return bound


def _written(visits: int) -> list[tuple[str, bytes]]:
    """A queue day as it stands in the log: topic and bytes of each event."""
    name = queue.stream("tanghe", DAY)
    held: Held = fresh(name)
    clock = datetime(2026, 3, 2, 1, tzinfo=UTC)
    rows: list[tuple[str, bytes]] = []
    numbers = count()

    def do(command: Command) -> None:
        nth = next(numbers)
        stamp = Stamp(at=clock + timedelta(seconds=nth), by="clerk:clerk-w01", command=f"{nth:032x}")
        for pending in perform((Ask(name, command),), lambda stream: held, stamp):
            tag = str(type(pending.event).__struct_config__.tag)
            rows.append((tag, envelope.write(pending.event, stamp, pending.nth)))

    do(queue.OpenDay(plan(WINDOWS)))
    for nth in range(WINDOWS):
        do(queue.OpenWindow(f"w{nth}", f"clerk-w{nth}"))
    for visit in range(visits):
        window = f"w{visit % WINDOWS}"
        do(queue.IssueTicket(f"tanghe.20260302.{visit:022x}", LINES[visit % WINDOWS % 8], "id-card"))
        do(queue.CallNext(window))
        do(queue.StartService(window))
        do(queue.FinishService(window, ("id-card",)))
    return rows
