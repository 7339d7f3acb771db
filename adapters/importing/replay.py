"""Plays a recorded day at a hall of a running server, at its own pace or as fast as it goes."""

import asyncio
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from adapters.importing.courier import BATCH, PATIENCE_S, Courier, courier
from adapters.importing.queue_day import Day, read_day, timeline
from adapters.importing.records import Happening, Stopped, leave_out, read_file

ZONE = ZoneInfo("Asia/Shanghai")


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``mingting replay`` is told.

    Without a ``day`` it is the latest one on which the whole record lies in the past: nothing can be said to
    have happened later than now. ``speed`` is how many recorded seconds pass in one: 60 is an hour a minute, 0
    as fast as it goes.
    """

    file: Path
    hall: str
    day: date | None = None
    speed: float = 0.0
    url: str = "http://127.0.0.1:8000"
    token: str | None = None


async def replay(options: ReplayOptions) -> dict[str, Any]:
    """Play the file and answer the day's figures as the server has them.

    Playing again is safe: what the server knows it answers from its log, without waiting for the pace.

    Raises:
        Stopped: it cannot begin or go on.
    """
    began = time.monotonic()
    if not options.speed >= 0:
        raise Stopped(f"the speed {options.speed} is less than 0")
    console = Console(stderr=True)
    recorded = read_day(await asyncio.to_thread(read_file, options.file))
    skipped = leave_out(recorded.skipped, options.file, console)
    on = _day(options, recorded)
    happenings = timeline(recorded, options.hall, on, ZONE)
    async with courier(options.url, options.token) as to:
        await to.find_hall(options.hall)
        screen = f"大屏 Screen: {options.url}/halls/{options.hall}/screen?date={on}"
        console.print(screen, markup=False, highlight=False, soft_wrap=True)
        try:
            await play(to, happenings, options.speed, console)
        except asyncio.CancelledError:
            told = f"已中断，同一命令加 --date {on} 可继续。Cut; the same command with --date {on} goes on."
            console.print(told, markup=False, highlight=False)
            raise
        figures = await _figures(to, options.hall, on)
    return {
        "hall": options.hall,
        "date": on.isoformat(),
        **figures,
        "overlaps": recorded.overlaps,
        "never_joined": recorded.never_joined,
        "skipped": skipped,
        **to.account.summary(),
        "elapsed_s": round(time.monotonic() - began, 3),
    }


def _day(options: ReplayOptions, recorded: Day) -> date:
    latest = (datetime.now(ZONE) - timedelta(seconds=recorded.ends)).date()
    if options.day is None:
        return latest
    if options.day > latest:
        raise Stopped(
            f"the record would reach past this moment on {options.day}; {latest} is the latest day for it"
        )
    return options.day


async def play(to: Courier, happenings: Sequence[Happening], speed: float, console: Console) -> None:
    """Tell the happenings at their pace. Those the server knows already are not waited for again.

    Raises:
        Stopped: the server would not listen any more.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        bar = progress.add_task("", total=len(happenings))
        pace = _Pace(speed)
        done = 0
        while done < len(happenings):
            batch = happenings[done : done + await pace.ready(happenings, done)]
            receipts = await to.tell(batch)
            done += len(batch)
            if done < len(happenings) and all(receipt.replayed for receipt in receipts):
                pace.jump(happenings[done].told_at)
            _show(progress, bar, to, batch[-1].told_at, len(batch))


def _show(progress: Progress, bar: TaskID, to: Courier, at: datetime, told: int) -> None:
    counts = to.account.accepted
    issued, served, left = (counts.get(c, 0) for c in ("issue-ticket", "finish-service", "leave-line"))
    progress.update(
        bar,
        advance=told,
        description=f"{at:%H:%M} 取号 issued {issued} · 办结 served {served} · 离开 left {left}",
    )


class _Pace:
    """How far a record may have been told by now."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._recorded: datetime | None = None
        self._since = 0.0

    def jump(self, to: datetime) -> None:
        """Let it be ``to`` in the record now."""
        self._recorded, self._since = to, time.monotonic()

    async def ready(self, happenings: Sequence[Happening], start: int) -> int:
        """Wait until the next happening is due; how many are."""
        if not self._speed:
            return BATCH
        first = happenings[start].told_at
        if self._recorded is None:
            self.jump(first)
        assert self._recorded is not None
        due = (first - self._recorded).total_seconds() / self._speed
        await asyncio.sleep(max(0.0, due - (time.monotonic() - self._since)))
        passed = max(due, time.monotonic() - self._since) * self._speed
        now = max(first, self._recorded + timedelta(seconds=passed))
        window = happenings[start : start + BATCH]
        return sum(h.told_at <= now for h in window)


async def _figures(to: Courier, hall: str, on: date) -> dict[str, Any]:
    """The day as the server counts it, once it has counted everything it was told."""
    until = time.monotonic() + PATIENCE_S
    while True:
        day = await to.read(f"/api/v1/halls/{hall}/day", date=on.isoformat(), after=to.account.position)
        if day is None or day["position"] >= to.account.position:
            break
        if time.monotonic() > until:
            raise Stopped(f"everything was told, but the day's figures still lag after {PATIENCE_S:.0f} s")
        await asyncio.sleep(0.2)
    day = day or {"issued": 0, "served": 0, "abandoned": 0, "no_shows": 0}
    return {
        "issued": day["issued"],
        "served": day["served"],
        "left": day["abandoned"] + day["no_shows"],
        "wait_s": day.get("wait_s"),
        "service_s": day.get("service_s"),
        "windows": sum(window["served"] > 0 for window in day.get("windows", ())),
    }
