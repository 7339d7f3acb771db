"""How long the past takes: ``python -m loadtests.past``.

A log of days of 12,000 events is written as the recorder writes it, reviews and their rectification among them, and
folded into the views. Then the list of rectifications, the figures of a day and of a month, a board and one
rectification are asked for as they stood at moments near and far, by the functions the routes call.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import psycopg
from psycopg_pool import AsyncConnectionPool
from rich.console import Console
from rich.table import Table

from adapters import envelope, store
from adapters import log as logged
from adapters.embedded import EmbeddedServers
from adapters.http import figures as routes
from adapters.http.past import of_stream, reading
from adapters.log import LogReader
from adapters.runner import rebuild
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Views
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.message import Event, Stamp, Text
from domain.queue import DayOpened, ServiceFinished, ServiceStarted, TicketCalled, TicketIssued
from domain.review import ReviewGiven, ReviewInvited
from domain.workdays import SHANGHAI
from loadtests.rectifications import story
from projections import board, figures, performance, rectifications

A_DAY = 12_000
TARGET_S = 2.0
NAME = Text("大厅", "Hall")
PLAN = HallPlan(
    name=NAME,
    region="411328000000",
    queues=(QueuePlan("a", "A", NAME),),
    windows=(WindowPlan("w1", NAME, "general", ("a",)),),
)

Line = tuple[datetime, str, Event]


def day_of_events(on: date, rng: random.Random, first: int) -> Iterator[Line]:
    """About 12,000 events of one hall on one day: tickets, a third of them rated, some badly, in order of time."""
    begins = datetime(on.year, on.month, on.day, 0, 30, tzinfo=UTC)
    queue = f"queue-tanghe-{on}"
    lines: list[Line] = [(begins, queue, DayOpened(PLAN))]
    tickets = A_DAY * 10 // 57
    for n in range(1, tickets + 1):
        at = begins + timedelta(seconds=n * 28_000 / tickets)
        number, ticket = f"A{n:04}", f"tanghe.{on:%Y%m%d}.{first + n}"
        steps: list[Event] = [
            TicketIssued(number, ticket, "a"),
            TicketCalled(number, "w1"),
            ServiceStarted(number, "w1"),
            ServiceFinished(number, "w1", ticket, "a"),
        ]
        lines += [(at + timedelta(seconds=s), queue, event) for s, event in enumerate(steps)]
        stream, after = f"review-ticket.{ticket}", at + timedelta(seconds=4)
        invited = ReviewInvited(
            channel="qr-code", hall="tanghe", unit="tanghe", window="w1", item=f"i{n % 40}"
        )
        lines.append((after, stream, invited))
        draw = rng.random()
        if draw < 0.3:
            given = ReviewGiven(
                review="r", grade="satisfied", channel="web", hall="tanghe", unit="tanghe", item=f"i{n % 40}"
            )
            lines.append((after + timedelta(minutes=2), stream, given))
        elif draw < 0.33:
            for m, told in enumerate(story(first + n, after, rng)):
                lines.append((after + timedelta(minutes=3 + m), f"review-ticket.bad.{first + n}", told.event))
    yield from sorted(lines, key=lambda line: line[0])


def write(url: str, days: int, last: date) -> int:
    """Write the log; how many events it has."""
    rng, versions, count = random.Random(1), dict[str, int](), 0
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        copying = "COPY stored_events (originator_id, originator_version, topic, state) FROM STDIN"
        for back in range(days - 1, -1, -1):
            on = last - timedelta(days=back)
            with cursor.copy(copying) as copy:
                for at, stream, event in day_of_events(on, rng, count):
                    count += 1
                    version = versions[stream] = versions.get(stream, 0) + 1
                    stamp = Stamp(at=at, by="clerk:li", command=f"c{count}")
                    topic = str(type(event).__struct_config__.tag)
                    copy.write_row((stream, version, topic, envelope.write(event, stamp, 0)))
        cursor.execute("ANALYZE")
    return count


async def open_then(parts: Any, moment: str) -> Any:
    """The first page of what was open."""
    works = await reading(parts, rectifications, 0, moment)
    return await works.find({"status": "open"}, "due_at", 50, None)


async def told(parts: Any, first: date, moment: str) -> None:
    """The figures by unit from a day on, as the route tells them."""
    views, _, _ = await routes.then(parts, first, moment)
    figures.figures(views, "unit", chosen=figures.Chosen(first.isoformat()))


async def measure(url: str, days: int, last: date, rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    async with AsyncConnectionPool[Any](url, kwargs={"autocommit": True}, min_size=2) as pool:
        parts: Any = SimpleNamespace(log=LogReader(pool), views=Views(pool))
        known = await parts.views.find(rectifications.NAME, None, "key", 1)
        one = f"review-{msgspec.json.decode(known.docs[0], type=rectifications.View).service}"
        for back in sorted({1, 7, days // 2, days - 2}):
            on = last - timedelta(days=back)
            moment = datetime(on.year, on.month, on.day, 14, tzinfo=SHANGHAI).isoformat()
            month = max(on - timedelta(days=30), last - timedelta(days=days - 1))

            board_of = f"queue-tanghe-{on}"
            questions: dict[str, Callable[[], Awaitable[Any]]] = {
                "open rectifications": partial(open_then, parts, moment),
                "figures of the day": partial(told, parts, on, moment),
                "figures of a month": partial(told, parts, month, moment),
                "the board": partial(of_stream, parts, board, board_of, moment),
                "one rectification": partial(of_stream, parts, rectifications, one, moment),
            }
            for name, ask in questions.items():
                for _ in range(rounds):
                    began = time.perf_counter()
                    await ask()
                    times.setdefault(f"{name}, {back} days ago", []).append(time.perf_counter() - began)
    return times


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--days", type=int, default=60)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    console, last = Console(), datetime.now(UTC).date() - timedelta(days=1)
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, EmbeddedServers(Path(data)) as servers:
        recorder = store.GroupCommitRecorder(store.datastore(servers.database_url))
        kept = [performance, rectifications]
        views = ViewsRecorder(store.datastore(servers.database_url), kept)
        store.migrate(recorder)
        views.create_table()
        with views.datastore.get_connection() as connection:
            connection.execute(logged.CREATE_INDEX)
        count = write(servers.database_url, asked.days, last)
        tail = LogTail(servers.database_url)

        async def fold() -> None:
            await rebuild(views, tail, kept, lambda position: None)
            await tail.close()

        asyncio.run(fold())
        times = asyncio.run(measure(servers.database_url, asked.days, last, asked.rounds))
        for each in (recorder, views):
            each.datastore.close()
    shown = Table("as of", "median s", "worst s", title=f"{count:,} events in {asked.days} days")
    for name, taken in times.items():
        shown.add_row(name, f"{sorted(taken)[len(taken) // 2]:.2f}", f"{max(taken):.2f}")
    console.print(shown)
    of_a_day = max(max(taken) for name, taken in times.items() if "month" not in name)
    console.print(f"worst but for a month's figures {of_a_day:.2f} s; target {TARGET_S:g} s")
    if of_a_day > TARGET_S:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
