"""How long somebody will probably wait.

``forecast`` plays on the line as it is, many times over: everybody who waits in the order of the hall's policy, the
windows that are open with what they prefer, what their clerks know and who is in hand there since when, services as
long as those of the last hour, clerks as prompt and patience as short as the day has shown, and people yet to come, who
need no skill. Who needs one, or is kept for a window, is passed over by those who may not call them. Of the waits that
come out, the middle is P50 and the ninetieth of a hundred P90. ``expected`` is a formula for a receipt that cannot
wait for a forecast. Neither says anything as long as no window calls; before the first one opens in a day a hall may
have them asked about the windows it plans (``assumed``).

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
from domain.hall import WindowPlan
from domain.line import Queue, Ticket, Window, may_call, standing, windows_calling, windows_serving
from domain.offering import sessions_on
from domain.workdays import SHANGHAI, Calendar

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

LOOKS_AGAIN_S = 60.0
"""After how long a window looks again that may call none of those who wait for it."""

ARRIVALS_OVER_S = 1800.0
"""People yet to come are as many as came in the last half hour."""


class Forecast(msgspec.Struct, frozen=True):
    """The waits from a moment on of everybody in line, by ticket number, and of whoever joins a line next, by queue;
    ``skilled`` by queue and skill, where those who need it are called by others than everybody is. Whom no window
    would call is not in it. ``lengths`` tells how many waited in each line."""

    at: datetime
    tickets: dict[str, Wait]
    newcomers: dict[str, Wait]
    lengths: dict[str, int]
    skilled: dict[tuple[str, str], Wait] = {}

    def behind(self, line: str, ahead: int, skill: str | None = None) -> Wait | None:
        """What a newcomer to a line can expect that has moved on since: in proportion to those ahead."""
        wait = self.newcomers.get(line)
        if skill is not None:
            wait = self.skilled.get((line, skill), wait)
        if wait is None:
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
    be told, had they stayed; a ``name`` is an index of a wait to be told. ``by`` has a bit for each desk that calls
    them."""

    name: int
    gone_at: float
    by: int


class _Lane(msgspec.Struct):
    """A line as it is played: who waits and who could come, each with the bits of the desks that would call them, and
    how it goes there. ``anybody`` are the desks that call whoever has no need of their own."""

    name: str
    anybody: int
    holds: list[float]
    arrivals: float
    waiting: dict[str, int]
    newcomers: dict[str | None, int]
    choosy: bool
    """Whether a desk that serves the line may not call everybody in it."""


def forecast(queue: Queue, at: datetime) -> Forecast:
    """Everybody's wait as the line stands; a few milliseconds."""
    calling = [window for window in queue.windows.values() if window.state == "open"]
    index = {line: n for n, line in enumerate(dict.fromkeys(line for w in calling for line in w.queues))}
    now = at.timestamp()
    desks = [_desk(queue, window, index, now) for window in calling]
    lanes = [_lane(queue, calling, line, at) for line in index]
    waits = [_quantiles(seconds) for seconds in _Play(desks, lanes, queue.experience).waits()]
    tickets = dict(zip((number for lane in lanes for number in lane.waiting), waits, strict=False))
    coming = [(lane.name, skill) for lane in lanes for skill in lane.newcomers]
    told = dict(zip(coming, waits[len(tickets) :], strict=True))
    return Forecast(
        at,
        tickets,
        {line: wait for (line, skill), wait in told.items() if skill is None},
        {line: len(queue.lines[line]) for line in index},
        {(line, skill): wait for (line, skill), wait in told.items() if skill is not None},
    )


def _lane(queue: Queue, calling: list[Window], line: str, at: datetime) -> _Lane:
    known = queue.experience.lines.get(line, Line())
    there = [(1 << n, window) for n, window in enumerate(calling) if line in window.queues]

    def by(skill: str | None) -> int:
        needed = {queue.queues[line].skill, skill} - {None}
        return sum(bit for bit, window in there if needed <= {*window.skills})

    def called_by(ticket: Ticket) -> int:
        if ticket.kept_for is None and ticket.skill is None:
            return anybody
        return sum(bit for bit, window in there if may_call(queue, window.plan.window, ticket))

    anybody = by(None)
    waiting = {ticket.number: called_by(ticket) for ticket in standing(queue, line, at)}
    skills = {skill for _, window in there for skill in window.skills}
    newcomers: dict[str | None, int] = {None: anybody} | {skill: by(skill) for skill in sorted(skills)}
    told = {skill: bits for skill, bits in newcomers.items() if bits and (skill is None or bits != anybody)}
    return _Lane(
        line,
        anybody,
        _holds(queue, line, known),
        sum(at.timestamp() - a < ARRIVALS_OVER_S for a in known.arrivals) / ARRIVALS_OVER_S,
        {number: bits for number, bits in waiting.items() if bits},
        told,
        {anybody, *waiting.values(), *told.values()} != {sum(bit for bit, _ in there)},
    )


def _desk(queue: Queue, window: Window, index: dict[str, int], now: float) -> _Desk:
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

    def __init__(self, desks: list[_Desk], lanes: list[_Lane], day: Experience) -> None:
        self._desks = desks
        self._lanes = lanes
        self._delays = sorted([*day.delays, *PROMPTNESS_S])
        self._leaving = day.gone / (day.waited_s + PATIENCE_S)
        """People who give up, for each second that one waits."""
        self._picks = day.out_of_turn / (day.choices + PICKS)
        self._chance: Callable[[], float] = cycle(CHANCE).__next__

    def waits(self) -> list[list[float]]:
        """The waits of every run: of those in line, line by line, and then of the newcomers to each line."""
        people = sum(len(lane.waiting) + len(lane.newcomers) for lane in self._lanes)
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
                lane = self._lanes[line]
                for _ in range(int(lane.arrivals * (at - last[line]) + chance())):
                    lines[line].append(_Place(-1, at + self._patience(), lane.anybody))
                last[line] = at
            while (found := self._choose(lines, n)) is not None:
                line, nth = found
                place = lines[line].pop(nth)
                if place.name >= 0:
                    waits[place.name] = at
                    left -= 1
                if place.gone_at > at:
                    heappush(heap, (at + self._draw(self._lanes[line].holds) + self._draw(self._delays), n))
                    break
            else:
                if any(lines[line] for line in serves):
                    heappush(heap, (at + LOOKS_AGAIN_S, n))
        return waits

    def _people(self) -> list[list[_Place]]:
        """Everybody in line with the patience they happen to have, and at each end newcomers who are not there."""
        names = count()
        lines = [
            [_Place(next(names), self._patience(), by) for by in lane.waiting.values()]
            for lane in self._lanes
        ]
        for line, lane in zip(lines, self._lanes, strict=True):
            line += [_Place(next(names), 0.0, by) for by in lane.newcomers.values()]
        return lines

    def _choose(self, lines: list[list[_Place]], desk: int) -> tuple[int, int] | None:
        """Whom a window calls: the first it may call of its first line that has such a one, or by hand anyone of these
        in its lines."""
        serves, bit = self._desks[desk].lines, 1 << desk
        if self._chance() < self._picks:
            nth = int(self._chance() * sum(len(lines[line]) for line in serves))
            for line in serves:
                if nth < len(lines[line]):
                    picked = min(nth, int(self._chance() * len(lines[line])))
                    if lines[line][picked].by & bit:
                        return line, picked
                    break
                nth -= len(lines[line])
        for line in serves:
            if not self._lanes[line].choosy:
                if lines[line]:
                    return line, 0
                continue
            for nth, place in enumerate(lines[line]):
                if place.by & bit:
                    return line, nth
        return None

    def _first_call(self, desk: _Desk) -> float:
        """When a window will call for the first time."""
        if desk.serving is None:
            return self._rest(self._delays, desk.passed_over, AWAY_S + desk.passed_over)
        holds = self._lanes[desk.serving].holds if desk.serving >= 0 else self._delays
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


# --- before the first window opens ----------------------------------------------------------------------------


def assumed(queue: Queue, at: datetime, calendar: Calendar) -> Queue | None:
    """The day as if as many windows called from each queue as its plan assumes. They know what the queue needs and
    nothing else, and are late as long as people have waited since the hall's hours began.

    Returns:
        ``None`` once any window has opened, outside the hall's hours of the day, and where nothing is assumed.
    """
    if queue.begun or queue.closed or queue.plan is None:
        return None
    if not any(line.assumed_windows for line in queue.queues.values()):
        return None
    local = at.astimezone(SHANGHAI)
    sessions = sessions_on(queue.plan, local.date(), calendar)
    opens = max((s.opens for s in sessions if s.opens <= local.time() < s.closes), default=None)
    named = {
        f"{line.queue} {n}": Window(
            WindowPlan(f"{line.queue} {n}", line.name, "general", (line.queue,)),
            (line.queue,),
            "open",
            skills=() if line.skill is None else (line.skill,),
        )
        for line in queue.queues.values()
        for n in range(line.assumed_windows)
    }
    if opens is None:
        return None
    since = datetime.combine(local.date(), opens, SHANGHAI).timestamp()
    waited = {line: known.crowded(since) for line, known in queue.experience.lines.items()}
    freed = {name: {line: waited.get(line, 0.0) for line in w.queues} for name, w in named.items()}
    experience = msgspec.structs.replace(queue.experience, freed=freed, lines={**queue.experience.lines})
    return msgspec.structs.replace(queue, windows=named, experience=experience)


# --- by formula -----------------------------------------------------------------------------------------------


def expected(queue: Queue, line: str, ahead: int, ticket: Ticket | None = None) -> Wait | None:
    """The wait of a ticket, or of anybody, in a line with so many ahead; none as long as no window would call them.

    With w windows, tickets are taken up one by one, each on average service/w after the last (M/M/w queue), so the
    wait is a sum of such intervals; if only some of the windows call the ticket, the last interval is theirs. Windows
    are counted whole, though they may call from other lines first.
    """
    windows = list(windows_serving(queue, line))
    able = list(windows_calling(queue, ticket)) if ticket is not None else _knowing(queue, line, windows)
    if not able:
        return None
    turns = ahead + 1 - sum(window.serving is None for window in windows)
    if turns <= 0 and any(window.serving is None for window in able):
        return Wait(0, 0)
    turns, service = max(turns, 1), _service_seconds(queue, line)
    interval, last = service / len(windows), service / len(able) - service / len(windows)
    return Wait(
        round(interval * _turns_at(turns, 0.0) + last),
        round(interval * _turns_at(turns, P90_DEVIATIONS) + last),
    )


def _knowing(queue: Queue, line: str, windows: list[Window]) -> list[Window]:
    skill = queue.queues[line].skill
    return [window for window in windows if skill is None or skill in window.skills]


def _service_seconds(queue: Queue, name: str) -> float:
    line = queue.experience.lines.get(name, Line())
    planned = queue.queues[name].service_minutes * 60
    return (line.seconds + PLAN_WEIGHT * planned) / (line.services + PLAN_WEIGHT)


def _turns_at(turns: int, deviations: float) -> float:
    """A quantile of the sum of so many exponential intervals of mean 1 (Wilson and Hilferty's approximation)."""
    ninth = 1 / (9 * turns)
    return float(turns * (1 - ninth + deviations * sqrt(ninth)) ** 3)
