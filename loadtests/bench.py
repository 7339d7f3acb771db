"""``make bench``: what the program can carry on this machine, each figure beside a floor of the same run.

Its servers are its own: embedded ones in a directory that is gone afterwards, on a unix socket and loopback ports.
Prints a table and, last, one line of JSON.
"""

import argparse
import logging
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
import psutil
import psycopg
import structlog
import uvloop
from psycopg import sql
from rich.console import Console

from adapters.embedded import EmbeddedServers
from adapters.opening import command_loop, migrate
from adapters.process import settle_memory
from adapters.settings import Settings
from loadtests import calibration, desk, floors, following, serving, state, wrk
from loadtests.desk import Load
from loadtests.figures import Figure, percentile, show
from projections import PROJECTIONS

SECRET = secrets.token_urlsafe(32)


class Scale(NamedTuple):
    """How long to measure. A turn takes each thing that is compared once; the turns are repeated."""

    turns: int
    seconds: float
    events: int
    """In the log that the relay and the views follow."""
    paced: float
    """Commands a second while the views' lag is watched."""


FULL = Scale(turns=3, seconds=4, events=60_000, paced=1000)
TINY = Scale(turns=1, seconds=0.3, events=1_200, paced=200)


class Where(NamedTuple):
    """The servers under measurement, and a directory for those that a part starts itself."""

    database_url: str
    nats_url: str
    data: Path

    def database(self, name: str) -> Settings:
        """An empty database of that name, with the program's tables."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = urlsplit(self.database_url)._replace(path=f"/{name}").geturl()
        settings = Settings(database_url=url, nats_url=self.nats_url, secret=SECRET)
        migrate(settings)
        return settings


# --- commands ---------------------------------------------------------------------------------------------------


def commands(where: Where, scale: Scale) -> list[Figure]:
    """The command loop beside single-row INSERTs and the library's own recorder, taken in turns."""
    settings = where.database("bench_commands")
    assert settings.database_url is not None
    floor = Figure(name=floors.name(), unit="rows/s", runs=[])
    library = Figure(name="eventsourcing's recorder, 8 threads", unit="events/s", runs=[])
    loads: dict[str, list[Load]] = {}
    for _ in range(scale.turns):
        floor.runs.append(floors.single_rows(settings.database_url, scale.seconds))
        library.runs.append(floors.library(settings.database_url, scale.seconds))
        for name, halls, keyed in (("one hall", 1, False), ("100 halls", 100, False), ("keyed", 1, True)):
            load = uvloop.run(_busy(settings, scale.seconds, halls, keyed))
            loads.setdefault(name, []).append(load)
    one = _commands("commands, one hall", loads["one hall"])
    one.beside(floor, 1.0)
    one.beside(library, 15.0)
    hundred = _commands("commands, 100 halls", loads["100 halls"])
    hundred.beside(floor, 1.0)
    hundred.beside(library, 15.0)
    keyed_ones = _commands("commands with a key each, one hall", loads["keyed"])
    keyed_ones.beside(one)
    events = Figure(
        name="events, one hall",
        unit="events/s",
        runs=[load.events / load.seconds for load in loads["one hall"]],
    )
    events.beside(floor)
    return [floor, library, one, events, hundred, keyed_ones]


async def _busy(settings: Settings, seconds: float, halls: int, keyed: bool) -> Load:
    async with command_loop(settings) as loop:
        desks = await desk.opened(loop, halls, keyed=keyed)
        return await desk.busy(desks, desk.for_seconds(seconds))


def _commands(name: str, loads: Sequence[Load]) -> Figure:
    latencies = sorted(ms for load in loads for ms in load.latencies_ms)
    return Figure(
        name=name,
        unit="commands/s",
        runs=[load.rate for load in loads],
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
        note=f"{desk.CALLERS} callers in the process: tickets, calls, starts, ends",
    )


# --- what follows the log ---------------------------------------------------------------------------------------


def followers(where: Where, scale: Scale) -> list[Figure]:
    """The relay, the views and their lag, on a log of queue days."""
    settings = where.database("bench_following")
    url = settings.database_url
    assert url is not None
    uvloop.run(_fill(settings, scale.events))
    relay = Figure(name="relay, catching up", unit="events/s", runs=[], target=20_000)
    for _ in range(scale.turns):
        relay.runs.append(uvloop.run(following.relay_everything(url, where.nats_url)))
    folded = uvloop.run(following.fold_everything(url))
    rebuilt = uvloop.run(following.rebuild_everything(url))
    lags, rate = uvloop.run(_lag(where, settings, scale))
    uvloop.run(following.drop_stream(where.nats_url))
    return [
        relay,
        Figure(name="all views, folded in one pass", unit="events/s", runs=[folded]),
        Figure(
            name="all views, rebuilt while they serve",
            unit="events/s",
            runs=[rebuilt],
            target=30_000,
            note=f"{len(PROJECTIONS)} views",
        ),
        Figure(
            name="lag of all views behind a receipt",
            unit="ms",
            runs=[percentile(lags, 0.5)],
            p50_ms=percentile(lags, 0.5),
            p99_ms=percentile(lags, 0.99),
            note=f"at {rate:,.0f} commands/s",
        ),
    ]


async def _fill(settings: Settings, events: int) -> None:
    async with command_loop(settings) as loop:
        desks = await desk.opened(loop, 20)
        await desk.busy(desks, lambda: sum(len(d.latencies_ms) for d in desks) < events)


async def _lag(where: Where, settings: Settings, scale: Scale) -> tuple[list[float], float]:
    """The worker runs as the program runs it, in a process of its own."""
    url = settings.database_url
    assert url is not None
    command = [sys.executable, "-m", "app", "work", "--database-url", url, "--nats-url", where.nats_url]
    with (
        tempfile.NamedTemporaryFile() as told,
        serving.running(command, Path(told.name), {"MINGTING_SECRET": SECRET}) as worker,
    ):
        async with command_loop(settings) as loop:
            desks = await desk.opened(loop, 20)
            await following.caught_up(url)
            worker.see_that_it_runs()
            return await following.lag(url, desks, scale.seconds, scale.paced)


# --- requests ---------------------------------------------------------------------------------------------------


def requests(where: Where, scale: Scale) -> list[Figure]:
    """Durable tickets over HTTP, through the web framework and in the lean lane, beside a server that does nothing;
    and the memory all of it takes before the first request."""
    if shutil.which("wrk") is None:
        sys.stderr.write(wrk.MISSING + "\n")
        return []
    with (
        serving.serve(where.data / "lean") as lean,
        serving.serve(where.data / "typed", "loadtests.typed") as typed,
        serving.command("loadtests.empty", where.data / "empty.log") as nothing,
    ):
        memory = lean.memory_mib()
        targets = {"empty": wrk.nothing(nothing.url), "typed": wrk.tickets(typed), "lean": wrk.tickets(lean)}
        told: dict[str, list[wrk.Told]] = {name: [] for name in targets}
        for turn in range(scale.turns + 1):
            for name, target in targets.items():
                lean.rest()
                typed.rest()
                run = target.press(scale.seconds if turn else 1)
                if turn:  # the first turn opens the day at every hall
                    told[name].append(run)
    floor = _requests("empty typed JSON POST, Litestar on uvicorn", told["empty"])
    through = _requests("ticket, typed route", told["typed"], 30.0)
    through.beside(floor, 0.6)
    hot = _requests("ticket, lean lane", told["lean"], 30.0)
    hot.beside(floor, 0.9)
    targets_mib = {"serving": 150.0}
    return [
        floor,
        through,
        hot,
        *(
            Figure(name=f"memory, {name}", unit="MiB", runs=[mib], target=targets_mib.get(name), least=False)
            for name, mib in memory.items()
        ),
    ]


def _requests(name: str, runs: Sequence[wrk.Told], p99_ms_target: float | None = None) -> Figure:
    return Figure(
        name=name,
        unit="requests/s",
        runs=[run.rate for run in runs],
        p50_ms=statistics.median(run.p50_ms for run in runs),
        p99_ms=statistics.median(run.p99_ms for run in runs),
        p99_ms_target=p99_ms_target,
        note=f"wrk, {wrk.CONNECTIONS} connections",
    )


# --- memory of streams ------------------------------------------------------------------------------------------


def cache(where: Where, scale: Scale) -> list[Figure]:
    """What the command loop's cache of streams costs, and may come to cost."""
    per_event, per_ticket = state.bytes_per_event(max(100, scale.events // 12))
    bound = state.cache_bound_events()
    return [
        Figure(
            name="held stream, per event", unit="B", runs=[per_event], note=f"{per_ticket:,.0f} B per ticket"
        ),
        Figure(
            name="held streams at their bound",
            unit="MiB",
            runs=[bound * per_event / 2**20],
            note=f"{bound:,} events",
        ),
    ]


# --- the whole --------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[Where, Scale], list[Figure]]] = {
    "commands": commands,
    "followers": followers,
    "requests": requests,
    "cache": cache,
    "waits": lambda where, scale: calibration.figures(1 if scale is FULL else 40),
}


def machine(data: Path) -> dict[str, object]:
    """What the absolute figures belong to."""
    mounts = [p for p in psutil.disk_partitions(all=True) if data.is_relative_to(p.mountpoint)]
    return {
        "cpus": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "filesystem": max(mounts, key=lambda p: len(p.mountpoint)).fstype if mounts else None,
        "python": sys.version.split()[0],
        "load_before": round(psutil.getloadavg()[0], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all without any")
    parser.add_argument("--tiny", action="store_true", help="see that it runs; its figures mean nothing")
    options = parser.parse_args()
    if strange := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(strange))}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    began = time.monotonic()
    figures: list[Figure] = []
    failed: dict[str, str] = {}
    # Not /tmp, which may be memory: a floor on it would not be durable.
    with tempfile.TemporaryDirectory(prefix="mingting-bench-", dir="/var/tmp") as data:
        about = machine(Path(data))
        with EmbeddedServers(Path(data)) as servers:
            settle_memory()
            where = Where(servers.database_url, servers.nats_url, Path(data))
            for part in options.parts or PARTS:
                sys.stderr.write(f"measuring {part} …\n")
                try:
                    figures += PARTS[part](where, TINY if options.tiny else FULL)
                except Exception as error:
                    # What the other parts have measured, or will, is not lost.
                    failed[part] = f"{type(error).__name__}: {error}"
    show(figures, Console(width=None if sys.stdout.isatty() else 160))
    for part, why in failed.items():
        print(f"{part} could not be measured: {why}")
    about["seconds"] = round(time.monotonic() - began)
    told = [{"value": figure.value, **msgspec.to_builtins(figure)} for figure in figures]
    print(msgspec.json.encode({"machine": about, "figures": told, "failed": failed}).decode())
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
