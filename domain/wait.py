"""How long somebody will probably wait: from those ahead, the windows at work and the day's own services."""

from math import sqrt

import msgspec

from domain.queue import Pace, Queue, windows_serving

PLAN_WEIGHT = 5
"""The planned service time counts like so many services of the day, until the day outweighs it (ours, no rule)."""

P90_DEVIATIONS = 1.2816
"""How many standard deviations the ninetieth percentile of a normal distribution lies above its mean."""


class Wait(msgspec.Struct, frozen=True, gc=False):
    """Seconds: half of those in this place wait no longer than ``p50``, nine in ten no longer than ``p90``."""

    p50: int
    p90: int


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


def _service_seconds(queue: Queue, line: str) -> float:
    pace = queue.paces.get(line, Pace())
    planned = queue.queues[line].service_minutes * 60
    return (pace.seconds + PLAN_WEIGHT * planned) / (pace.services + PLAN_WEIGHT)


def _turns_at(turns: int, deviations: float) -> float:
    """A quantile of the sum of so many exponential intervals of mean 1 (Wilson and Hilferty's approximation)."""
    ninth = 1 / (9 * turns)
    return float(turns * (1 - ninth + deviations * sqrt(ninth)) ** 3)
