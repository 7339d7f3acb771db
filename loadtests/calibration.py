"""Is what people were told about their wait true? A recorded day, played through the domain without servers.

    python -m loadtests.calibration [FILE]

Every ticket is told a wait at its issue by several predictors at once; when it is called, the real wait is known. A
good P50 is not exceeded by 40 to 60 of a hundred, a good P90 by at most 20 and at least 5: people who were told
"5 to 12 minutes" should neither miss their call nor find the range meaningless.

The naive predictors know a mean only; their P90 is that of an exponential time of this mean.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from math import log
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from adapters.importing.queue_day import read_day, timeline
from adapters.importing.records import Happening
from domain import queue
from domain.experience import Wait
from domain.hall import HallPlan
from domain.message import Stamp, Text
from domain.queue import Queue, TicketCalled, TicketIssued
from domain.wait import Forecast, expected, forecast
from domain.workdays import SHANGHAI
from loadtests.figures import Figure

REAL_DAY = Path(__file__).parents[1].parent / "shared" / "data" / "queue-day.csv"
DAY = date(2026, 3, 2)
PLAN = HallPlan(name=Text("回放", "Replay"), region="411328000000", queues=(), windows=())
OLD = timedelta(minutes=3)
"""So old, in the time of the day, the forecast may be by which "behind the last forecast" tells a wait."""

Predict = Callable[[Queue, str, datetime], Wait | None]
"""A predictor: what the ticket of a number is told at its issue, the ticket being in line."""


class Calibration(msgspec.Struct, frozen=True):
    """How a predictor did: of the ``served`` tickets it was asked for, those that were ``told`` a wait, the shares of
    these whose real wait was within their P50 and P90, and by how many seconds the P50 was off on average."""

    predictor: str
    served: int
    told: int
    within_p50: float
    within_p90: float
    off_s: float


def calibrations(data: bytes, every: int = 1) -> list[Calibration]:
    """Play a day and compare what each predictor told with what was.

    Args:
        every: ask the predictors for every so many-th ticket only; a forecast takes milliseconds.

    Raises:
        UnreadableFile: the data are no record of a day.
    """
    happenings = timeline(read_day(data), "replay", DAY, SHANGHAI)
    predictors: dict[str, Predict] = {
        "forecast": _forecast,
        "behind the last forecast": _behind_the_last(),
        "formula": _formula,
        "mean wait so far": (waits := _MeanSoFar()).predict,
        "ahead x mean service / windows": _ahead_by_service,
    }
    told: dict[str, dict[str, Wait | None]] = {name: {} for name in predictors}
    issued: dict[str, datetime] = {}
    real: dict[str, float] = {}
    for day, event, at in _played(happenings):
        match event:
            case TicketIssued(number=number):
                issued[number] = at
                for name, predict in predictors.items() if len(issued) % every == 0 else ():
                    told[name][number] = predict(day, number, at)
            case TicketCalled(number=number) if number not in real:
                real[number] = (at - issued[number]).total_seconds()
                waits.add(real[number])
    asked = {number: seconds for number, seconds in real.items() if number in told["forecast"]}
    return [_calibration(name, told[name], asked) for name in predictors]


def _played(happenings: Iterable[Happening]) -> Iterable[tuple[Queue, object, datetime]]:
    """The day after each of its events."""
    day = queue.initial()
    opened = False
    for happening in happenings:
        stamp = Stamp(at=happening.at, by="replay", command="replay")
        commands = [happening.command] if opened else [queue.OpenDay(PLAN), happening.command]
        opened = True
        for command in commands:
            for event in queue.decide(command, day, stamp):  # type: ignore[arg-type]  # a record's are the queue's
                day = queue.evolve(day, event, stamp)
                yield day, event, happening.at


def _calibration(name: str, told: dict[str, Wait | None], real: dict[str, float]) -> Calibration:
    pairs = [(wait, seconds) for number, seconds in real.items() if (wait := told[number]) is not None]
    many = max(1, len(pairs))
    return Calibration(
        name,
        len(real),
        len(pairs),
        round(sum(seconds <= wait.p50 for wait, seconds in pairs) / many, 3),
        round(sum(seconds <= wait.p90 for wait, seconds in pairs) / many, 3),
        round(sum(abs(seconds - wait.p50) for wait, seconds in pairs) / many, 1),
    )


# --- predictors -----------------------------------------------------------------------------------------------


def _forecast(day: Queue, number: str, at: datetime) -> Wait | None:
    """What the follow page shows, and a receipt while the process is not flooded."""
    return forecast(day, at).tickets.get(number)


def _formula(day: Queue, number: str, at: datetime) -> Wait | None:
    return expected(day, day.tickets[number].queue, queue.ahead(day, number, at))


def _behind_the_last() -> Predict:
    """What a receipt tells while the process is flooded: a forecast minutes old, in proportion to those ahead."""
    last: Forecast | None = None

    def predict(day: Queue, number: str, at: datetime) -> Wait | None:
        nonlocal last
        if last is None or not timedelta(0) <= at - last.at <= OLD:
            last = forecast(day, at)
        formula = _formula(day, number, at)
        ticket = day.tickets[number]
        return formula and (last.behind(ticket.queue, queue.ahead(day, number, at)) or formula)

    return predict


class _MeanSoFar:
    def __init__(self) -> None:
        self.waits = 0
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self.waits += 1
        self.seconds += seconds

    def predict(self, day: Queue, number: str, at: datetime) -> Wait | None:
        return _exponential(self.seconds / self.waits) if self.waits else None


def _ahead_by_service(day: Queue, number: str, at: datetime) -> Wait | None:
    line = day.tickets[number].queue
    windows = sum(1 for _ in queue.windows_serving(day, line))
    known = day.experience.lines.get(line)
    if not windows or known is None or not known.services:
        return None
    return _exponential(queue.ahead(day, number, at) * known.seconds / known.services / windows)


def _exponential(mean: float) -> Wait:
    return Wait(round(mean), round(mean * log(10)))


NAIVE = ("mean wait so far", "ahead x mean service / windows")


def figures(every: int = 1) -> list[Figure]:
    """The calibration of the recorded day for the bench: what is told, beside two naive predictors.

    Raises:
        FileNotFoundError: there is no recorded day.
    """
    found = {one.predictor: one for one in calibrations(REAL_DAY.read_bytes(), every)}
    told = []
    for name in ("forecast", *NAIVE):
        one = found[name]
        for percentile, share, aim in (
            ("P50", one.within_p50, "40 to 60"),
            ("P90", one.within_p90, "80 to 95"),
        ):
            told.append(
                Figure(
                    name=f"real wait <= told {percentile}, {name}",
                    unit="% of tickets",
                    runs=[round(share * 100, 1)],
                    note=f"wanted: {aim}; {one.told:,} tickets, P50 off by {one.off_s:.0f} s on average",
                )
            )
    return told


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.calibration", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=REAL_DAY, help="a recorded queue day (CSV)")
    file: Path = parser.parse_args(argv).file
    if not file.exists():
        print(f"There is no {file}.", file=sys.stderr)
        return 1
    found = calibrations(file.read_bytes())
    table = Table(title=f"Told and real waits, {found[0].served} served tickets of {file.name}")
    for heading in ("Told by", "told", "real <= P50", "real <= P90", "off by (s)"):
        table.add_column(heading, justify="left" if heading == "Told by" else "right")
    for one in found:
        table.add_row(
            one.predictor, str(one.told), f"{one.within_p50:.1%}", f"{one.within_p90:.1%}", f"{one.off_s:.0f}"
        )
    Console(stderr=True).print(table)
    print(json.dumps({"calibration": msgspec.to_builtins(found)}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
