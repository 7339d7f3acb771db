"""What a day at the windows has shown so far: how long things take, who gives up, and whether order is kept.

Only what an expected wait is made of is kept, bounded, and learnt from the day's own events in constant time. A
window that is open may still be without its clerk; what tells is how long its lines had people waiting while it
called nobody (``passed_over``), not how long it was idle: nobody can be called from an empty line.
"""

from collections.abc import Iterable

import msgspec

HELD_KEPT = 40
"""Of the services of a queue the last so many are remembered: an hour of a busy queue."""

DELAYS_KEPT = 200
ARRIVALS_KEPT = 60


class Wait(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Seconds: half of those in this place wait no longer than ``p50``, nine in ten no longer than ``p90``. ``assumed``
    tells, as long as no window has opened that day, as if how many called from the queue by the hall's plan."""

    p50: int
    p90: int
    assumed: int = 0


class Line(msgspec.Struct):
    """A queue's day. ``held`` are seconds for which its last services held a window, from the call to the end;
    ``arrivals`` the instants of its last tickets. ``crowded_s`` is how long somebody waited in it, up to
    ``crowded_since`` if somebody does now."""

    services: int = 0
    seconds: float = 0.0
    held: list[float] = []
    arrivals: list[float] = []
    crowded_s: float = 0.0
    crowded_since: float | None = None

    def crowded(self, at: float) -> float:
        return self.crowded_s + (0.0 if self.crowded_since is None else max(0.0, at - self.crowded_since))


class Experience(msgspec.Struct):
    """A hall's day. ``delays`` are the ``passed_over`` seconds of windows when they called again. ``choices`` counts
    the calls with more than one person to choose from; ``out_of_turn`` are those of them that were picked by hand and
    did not take whoever came first to the window's first queue that had anybody. ``gone`` people gave up; all who
    waited did so for ``waited_s``."""

    lines: dict[str, Line] = {}
    delays: list[float] = []
    choices: int = 0
    out_of_turn: int = 0
    gone: int = 0
    waited_s: float = 0.0
    freed: dict[str, dict[str, float]] = {}
    """By free window, how crowded each line it serves had been when it became free."""

    def line(self, name: str) -> Line:
        if (known := self.lines.get(name)) is None:
            known = self.lines[name] = Line()
        return known

    def came(self, name: str, at: float) -> None:
        """Somebody new joined a line."""
        line = self.line(name)
        _keep(line.arrivals, at, ARRIVALS_KEPT)
        if line.crowded_since is None:
            line.crowded_since = at

    def returned(self, name: str, at: float) -> None:
        """Somebody was sent to a line from a window."""
        line = self.line(name)
        if line.crowded_since is None:
            line.crowded_since = at

    def called(self, window: str, choice: int, in_turn: bool, waited_s: float, at: float) -> None:
        """A window called somebody out of ``choice`` people who waited in its lines."""
        if window in self.freed:
            _keep(self.delays, self.passed_over(window, at), DELAYS_KEPT)
        if choice > 1:
            self.choices += 1
            self.out_of_turn += not in_turn
        self.waited_s += max(0.0, waited_s)

    def gave_up(self, waited_s: float) -> None:
        self.gone += 1
        self.waited_s += max(0.0, waited_s)

    def stayed(self, waited_s: float) -> None:
        """Somebody who had waited so long has not given up after all."""
        self.gone -= 1
        self.waited_s -= max(0.0, waited_s)

    def emptied(self, name: str, at: float) -> None:
        """The last in a line was called from it or left it."""
        line = self.line(name)
        line.crowded_s, line.crowded_since = line.crowded(at), None

    def served(self, name: str, held_s: float) -> None:
        line = self.line(name)
        line.services += 1
        line.seconds += held_s
        _keep(line.held, held_s, HELD_KEPT)

    def unserved(self, name: str, held_s: float) -> None:
        """The last service of a queue that took so long had not ended after all."""
        line = self.line(name)
        line.services -= 1
        line.seconds -= held_s
        if held_s in line.held:
            del line.held[len(line.held) - 1 - line.held[::-1].index(held_s)]

    def free(self, window: str, lines: Iterable[str], at: float) -> None:
        """A window has nobody in hand and may call from these lines."""
        self.freed[window] = {name: self.line(name).crowded(at) for name in lines}

    def passed_over(self, window: str, at: float) -> float:
        """For how many seconds a free window has let people wait in its lines."""
        freed = self.freed.get(window, {})
        return max((self.line(name).crowded(at) - before for name, before in freed.items()), default=0.0)


def _keep(values: list[float], value: float, most: int) -> None:
    values.append(value)
    if len(values) > most:
        del values[0]
