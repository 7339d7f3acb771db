"""How long somebody will probably wait.

``forecast`` plays on the line as it is, many times over: everybody who waits in the order of the hall's policy, the
windows that are open with what they prefer and who is in hand there since when, services as long as those of the
last hour, clerks as prompt and patience as short as the day has shown, and people yet to come. Of the waits that
come out, the middle is P50 and the ninetieth of a hundred P90. ``expected`` is a formula for a receipt that cannot
wait for a forecast. Neither says anything as long as no window calls.

Chance is a fixed table: the same line is always told the same wait.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count, cycle
from math import inf, log, sqrt

import msgspec

from domain.experience import Experience, Line, Wait
from domain.line import Queue, Window, standing, windows_serving

PLAN_WEIGHT = 5
"""The planned service time counts like so many services of the day, until the day outweighs it (ours, no rule)."""

P90_DEVIATIONS = 1.2816
"""How many standard deviations the ninetieth percentile of a normal distribution lies above its mean."""

RUNS = 60
RUNS_MIN = 24
STEPS = 5_000
"""How often the line is played on: fewer times if it is long, so that a forecast stays within milliseconds."""

HORIZON_S = 4 * 3600.0
"""Nobody is told a longer wait than this: no day at the windows is known further ahead."""

PLANNED_SPREAD = (0.32, 0.49, 0.68, 0.90, 1.25, 2.36)
"""Services around the planned time before the day has shown any: six equally likely ones of a lognormal
distribution of mean 1 and deviation 0.7 of the logarithm (ours, no rule)."""

PROMPTNESS_S = (5.0, 10.0, 20.0)
"""After how long a free clerk calls, as far as the day has not shown it (ours, no rule)."""

AWAY_S = 60.0
"""A window that let people wait longer than any has that day is back in about as long again, or so much more."""

PATIENCE_S = 3600.0
"""Weight of "nobody gives up" in seconds waited (ours, no rule)."""

PICKS = 10
"""Weight of "nobody is called out of turn" in calls (ours, no rule)."""

ARRIVALS_OVER_S = 1800.0
"""People yet to come are as many as came in the last half hour."""


class Forecast(msgspec.Struct, frozen=True):
    """The waits from a moment on of everybody in line, by ticket number, and of whoever joins a line next, by queue.
    Lines from which no window calls are not in it. ``lengths`` tells how many waited in each line."""

    at: datetime
    tickets: dict[str, Wait]
    newcomers: dict[str, Wait]
    lengths: dict[str, int]

    def behind(self, line: str, ahead: int) -> Wait | None:
        """What a newcomer to a line can expect that has moved on since: in proportion to those ahead."""
        if (wait := self.newcomers.get(line)) is None:
            return None
        scale = (ahead + 1) / (self.lengths[line] + 1)
        return Wait(round(wait.p50 * scale), round(wait.p90 * scale))


# --- by playing on --------------------------------------------------------------------------------------------


def _table() -> tuple[float, ...]:
    """Numbers evenly strewn over [0, 1) (a multiplicative generator of full period 65,536)."""
    state, told = 1, []
    for _ in range(65_521):
        state = (state * 48_271) % 2_147_483_647
        told.append(state / 2_147_483_647)
    return tuple(told)


CHANCE = _table()


class _Desk(msgspec.Struct, frozen=True, gc=False):
    """An open window: the lines it calls from, and what is known of when it will: ``passed_over`` seconds, or a
    ticket of the line ``serving`` in hand for ``held_s``."""

    lines: tuple[int, ...]
    passed_over: float = 0.0
    serving: int | None = None
    held_s: float = 0.0


class _Place(msgspec.Struct, gc=False):
    """Somebody in a line. From ``gone_at`` on they hold their place without being there, so that their own wait can
    be told, had they stayed; a ``name`` is an index of a wait to be told."""

    name: int
    gone_at: float


def forecast(queue: Queue, at: datetime) -> Forecast:
    """Everybody's wait as the line stands; a few milliseconds."""
    open_windows = [window for window in queue.windows.values() if window.state == "open"]
    served = dict.fromkeys(line for window in open_windows for line in window.queues)
    index = {line: n for n, line in enumerate(served)}
    now = at.timestamp()
    known = [queue.experience.lines.get(line, Line()) for line in served]
    desks = [_desk(queue, window, index, known, now) for window in open_windows]
    lines = [[ticket.number for ticket in standing(queue, line, at)] for line in served]
    names = [number for numbers in lines for number in numbers]
    holds = [_holds(queue, line, known[n]) for line, n in index.items()]
    arrivals = [sum(now - a < ARRIVALS_OVER_S for a in line.arrivals) / ARRIVALS_OVER_S for line in known]
    play = _Play(desks, [len(n) for n in lines], holds, arrivals, queue.experience)
    waits = [_quantiles(seconds) for seconds in play.waits()] if desks else []
    return Forecast(
        at,
        dict(zip(names, waits, strict=False)),
        dict(zip(served, waits[len(names) :], strict=True)),
        {line: len(numbers) for line, numbers in zip(served, lines, strict=True)},
    )


def _desk(queue: Queue, window: Window, index: dict[str, int], known: list[Line], now: float) -> _Desk:
    lines = tuple(index[line] for line in window.queues)
    if window.serving is None:
        return _Desk(lines, queue.experience.passed_over(window.plan.window, now))
    ticket = queue.tickets[window.serving]
    since = ticket.called_at.timestamp() if ticket.called_at else now
    return _Desk(lines, serving=index.get(ticket.queue, -1), held_s=max(0.0, now - since))


def _holds(queue: Queue, name: str, line: Line) -> list[float]:
    """For how long services of a queue hold a window, in order of length: all equally likely."""
    planned = queue.queues[name].service_minutes * 60
    prior = [planned * share for share in PLANNED_SPREAD] if line.services < PLAN_WEIGHT else []
    return sorted([*line.held, *prior])


class _Play:
    """A line with its windows, ready to be played on."""

    def __init__(
        self,
        desks: list[_Desk],
        lengths: list[int],
        holds: list[list[float]],
        arrivals: list[float],
        day: Experience,
    ) -> None:
        self._desks = desks
        self._lengths = lengths
        self._holds = holds
        self._arrivals = arrivals
        self._delays = sorted([*day.delays, *PROMPTNESS_S])
        self._leaving = day.gone / (day.waited_s + PATIENCE_S)
        """People who give up, for each second that one waits."""
        self._picks = day.out_of_turn / (day.choices + PICKS)
        self._chance: Callable[[], float] = cycle(CHANCE).__next__

    def waits(self) -> list[list[float]]:
        """The waits of every run: of those in line, line by line, and then of a newcomer to each line."""
        people = sum(self._lengths) + len(self._lengths)
        runs = min(RUNS, max(RUNS_MIN, STEPS // max(1, people + len(self._desks))))
        told: list[list[float]] = [[] for _ in range(people)]
        for _ in range(runs):
            for name, seconds in enumerate(self._run(people)):
                told[name].append(seconds)
        return told

    def _run(self, people: int) -> list[float]:
        chance, lines = self._chance, self._people()
        waits = [HORIZON_S] * people
        last = [0.0] * len(lines)
        left = people
        heap = [(self._first_call(desk), n) for n, desk in enumerate(self._desks)]
        heapify(heap)
        while heap and left:
            at, n = heappop(heap)
            if at >= HORIZON_S:
                break
            serves = self._desks[n].lines
            for line in serves:
                # Rounding by chance: half a person is one every other time.
                for _ in range(int(self._arrivals[line] * (at - last[line]) + chance())):
                    lines[line].append(_Place(-1, at + self._patience()))
                last[line] = at
            while (found := self._choose(lines, serves)) is not None:
                line, nth = found
                place = lines[line].pop(nth)
                if place.name >= 0:
                    waits[place.name] = at
                    left -= 1
                if place.gone_at > at:
                    heappush(heap, (at + self._draw(self._holds[line]) + self._draw(self._delays), n))
                    break
        return waits

    def _people(self) -> list[list[_Place]]:
        """Everybody in line with the patience they happen to have, and at each end a newcomer who is not there."""
        names = count()
        lines = [[_Place(next(names), self._patience()) for _ in range(length)] for length in self._lengths]
        for line in lines:
            line.append(_Place(next(names), 0.0))
        return lines

    def _choose(self, lines: list[list[_Place]], serves: tuple[int, ...]) -> tuple[int, int] | None:
        """Whom a window calls: the head of its first line that has anybody, or by hand anyone in its lines."""
        if self._chance() < self._picks:
            nth = int(self._chance() * sum(len(lines[line]) for line in serves))
            for line in serves:
                if nth < len(lines[line]):
                    return line, min(nth, int(self._chance() * len(lines[line])))
                nth -= len(lines[line])
            return None
        return next(((line, 0) for line in serves if lines[line]), None)

    def _first_call(self, desk: _Desk) -> float:
        """When a window will call for the first time."""
        if desk.serving is None:
            return self._rest(self._delays, desk.passed_over, AWAY_S + desk.passed_over)
        holds = self._holds[desk.serving] if desk.serving >= 0 else self._delays
        return self._rest(holds, desk.held_s, desk.held_s) + self._draw(self._delays)

    def _rest(self, seconds: list[float], elapsed: float, beyond: float) -> float:
        """What is left of something that has lasted so long; up to ``beyond`` if nothing ever lasted longer."""
        longer = bisect_right(seconds, elapsed) if elapsed > 0 else 0
        if longer == len(seconds):
            return beyond * self._chance()
        return seconds[longer + int(self._chance() * (len(seconds) - longer))] - elapsed

    def _draw(self, seconds: list[float]) -> float:
        return seconds[int(self._chance() * len(seconds))]

    def _patience(self) -> float:
        return -log(1.0 - self._chance()) / self._leaving if self._leaving else inf


def _quantiles(seconds: list[float]) -> Wait:
    seconds.sort()
    return Wait(round(_nearest_rank(seconds, 50)), round(_nearest_rank(seconds, 90)))


def _nearest_rank(ordered: list[float], percent: int) -> float:
    return ordered[-(-percent * len(ordered) // 100) - 1]


# --- by formula -----------------------------------------------------------------------------------------------


def expected(queue: Queue, line: str, ahead: int) -> Wait | None:
    """The wait of a ticket in a line with so many ahead; none as long as no window calls from that line.

    With w windows, tickets are taken up one by one, each on average service/w after the last (M/M/w queue), so the
    wait is a sum of such intervals. Windows are counted whole, though they may call from other lines first.
    """
    windows = list(windows_serving(queue, line))
    if not windows:
        return None
    turns = ahead + 1 - sum(window.serving is None for window in windows)
    if turns <= 0:
        return Wait(0, 0)
    interval = _service_seconds(queue, line) / len(windows)
    return Wait(round(interval * _turns_at(turns, 0.0)), round(interval * _turns_at(turns, P90_DEVIATIONS)))


def _service_seconds(queue: Queue, name: str) -> float:
    line = queue.experience.lines.get(name, Line())
    planned = queue.queues[name].service_minutes * 60
    return (line.seconds + PLAN_WEIGHT * planned) / (line.services + PLAN_WEIGHT)


def _turns_at(turns: int, deviations: float) -> float:
    """A quantile of the sum of so many exponential intervals of mean 1 (Wilson and Hilferty's approximation)."""
    ninth = 1 / (9 * turns)
    return float(turns * (1 - ninth + deviations * sqrt(ninth)) ** 3)
