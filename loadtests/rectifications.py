"""How long the supervisor's list takes with many open rectifications: ``python -m loadtests.rectifications``.

The documents are made by the projection out of events and saved as the runner saves them. What is timed is all that the
route does between its request and its bytes: the query, the decoding, the working days left, the encoding.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from psycopg_pool import AsyncConnectionPool
from rich.console import Console
from rich.table import Table

from adapters import store
from adapters.embedded import EmbeddedServers
from adapters.view_tables import Save, ViewsRecorder
from adapters.views import Views
from domain import policies
from domain.message import Recorded, Stamp
from domain.rectification import OpenRectification, RectificationOpened, ReviewerContacted, ReviewVerified
from domain.review import ReviewGiven
from domain.urging import RectificationAssigned
from domain.workdays import Calendar
from loadtests.figures import percentile
from projections import rectifications

HALLS, UNITS, CLERKS = 20, 60, 300
PAGE = 50
TARGET_MS = 50.0
CALENDAR = Calendar()


def story(nth: int, now: datetime, rng: random.Random) -> Iterator[Recorded]:
    """A bad review of the last weeks and how far its rectification has come."""
    service = f"ticket.hall-{nth % HALLS}.{nth:09}"
    stream, at = f"review-{service}", now - timedelta(minutes=rng.randrange(30 * 24 * 60))
    stamp = Stamp(at=at, by="citizen:p", command=f"c{nth}")
    given = ReviewGiven(
        review=f"{service}.r",
        grade=rng.choice(("dissatisfied", "very-dissatisfied")),
        tags=("113",),
        comment="跑了三个窗口,等了两个小时",
        channel="qr-code",
        person=f"{nth:032}",
        hall=f"hall-{nth % HALLS}",
        unit=f"unit-{rng.randrange(UNITS)}",
    )
    first = Recorded(stream, 1, nth + 1, stamp, given)
    events: list[Any] = [given]
    for ask in policies.react(first, CALENDAR):
        assert isinstance(ask.command, OpenRectification)
        told = ask.command
        events.append(RectificationOpened(told.rectification, told.unit, told.clock, told.dues))
    later = [
        RectificationAssigned(f"clerk-{rng.randrange(CLERKS)}"),
        ReviewerContacted("reached", "已致电"),
        ReviewVerified("true", "属实"),
    ]
    events += later[: rng.randrange(4)]
    for version, event in enumerate(events, start=1):
        yield Recorded(stream, version, nth + 1, stamp, event)


def fill(recorder: ViewsRecorder, count: int, now: datetime) -> None:
    """Save the documents; the view stays at the beginning of the log, in which there is nothing of them."""
    rng = random.Random(1)
    for start in range(0, count, 2_000):
        docs: dict[str, bytes | None] = {}
        facets: dict[str, dict[str, Any]] = {}
        for nth in range(start, min(start + 2_000, count)):
            view: rectifications.View | None = None
            for recorded in story(nth, now, rng):
                view = rectifications.evolve(view, recorded)
            assert view is not None
            docs[view.service] = msgspec.json.encode(view)
            facets[view.service] = rectifications.facets(view)
        recorder.save([Save(rectifications.NAME, 0, 0, docs, facets)])


def questions(now: datetime, rng: random.Random) -> dict[str, dict[str, Any]]:
    """What a supervisor asks the list, each as the route words it."""
    week = [(">=", now), ("<=", now + timedelta(days=7))]
    hall, unit = f"hall-{rng.randrange(HALLS)}", f"unit-{rng.randrange(UNITS)}"
    return {
        "open, by deadline": {"status": "open"},
        "open, of a hall": {"status": "open", "hall": hall},
        "open, of a unit": {"status": "open", "unit": unit},
        "open, at a step": {"status": "open", "step": rng.choice(("contact", "verify", "rectify"))},
        "overdue": {"status": "open", "due_at": [("<", now)]},
        "due within a week, of a unit": {"status": "open", "unit": unit, "due_at": week},
        "of a clerk": {"status": "open", "clerk": f"clerk-{rng.randrange(CLERKS)}"},
        "of a hall, unit and step": {"status": "open", "hall": hall, "unit": unit, "step": "verify"},
    }


async def ask(
    views: Views, where: dict[str, Any], now: datetime, cursor: str | None
) -> tuple[float, str | None]:
    began = time.perf_counter()
    page = await views.find(rectifications.NAME, where, "due_at", PAGE, cursor)
    found = (msgspec.json.decode(doc, type=rectifications.View) for doc in page.docs)
    msgspec.json.encode([rectifications.present(view, CALENDAR, now) for view in found])
    return (time.perf_counter() - began) * 1000, page.cursor


async def measure(url: str, rounds: int, now: datetime) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    rng = random.Random(2)
    async with AsyncConnectionPool[Any](url, kwargs={"autocommit": True}, min_size=2) as pool:
        await pool.wait()
        views = Views(pool)
        for _ in range(rounds):
            for name, where in questions(now, rng).items():
                first, cursor = await ask(views, where, now, None)
                times.setdefault(name, []).append(first)
                if cursor is not None:
                    second, _ = await ask(views, where, now, cursor)
                    times.setdefault(f"{name}, second page", []).append(second)
    return times


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--count", type=int, default=100_000, help="open rectifications")
    told.add_argument("--rounds", type=int, default=60)
    options = told.parse_args()
    console, now = Console(), datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, EmbeddedServers(Path(data)) as running:
        recorder = store.GroupCommitRecorder(store.datastore(running.database_url))
        views = ViewsRecorder(store.datastore(running.database_url), [rectifications])
        store.migrate(recorder)
        views.create_table()
        fill(views, options.count, now)
        with views.datastore.get_connection() as connection:
            connection.execute("ANALYZE")
        times = asyncio.run(measure(running.database_url, options.rounds, now))
        for each in (recorder, views):
            each.datastore.close()
    shown = Table(
        "question", "p50 ms", "p95 ms", title=f"{options.count:,} open rectifications, pages of {PAGE}"
    )
    for name, taken in times.items():
        shown.add_row(name, *(f"{percentile(sorted(taken), share):.1f}" for share in (0.5, 0.95)))
    everything = sorted(one for taken in times.values() for one in taken)
    p50, p95 = percentile(everything, 0.5), percentile(everything, 0.95)
    worst = max(percentile(sorted(taken), 0.95) for taken in times.values())
    console.print(shown)
    console.print(
        f"all: p50 {p50:.1f} ms, p95 {p95:.1f} ms; worst question's p95 {worst:.1f} ms; target {TARGET_MS:g} ms"
    )
    if worst > TARGET_MS:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
