"""Forecasts of the lines in this process: one for all who ask, made anew when the line has changed.

Playing on a line takes milliseconds, and receipts are given by the thousand a second. So a process spends at most a
twentieth of its time on it: meanwhile whoever asks is told the last forecast in proportion to those ahead of them, and
before there is one, what the formula says.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from domain.experience import Wait
from domain.handling import Held
from domain.line import ahead_of_newcomer
from domain.queue import IssueTicket, Queue, Ticket, newcomer, stream
from domain.wait import Forecast, assumed, expected, forecast
from domain.workdays import Calendar

FRESH_FOR = timedelta(seconds=15)
"""A line in which nothing happens is played on again after this time: services go on meanwhile."""

PAUSE = 19
"""After a forecast none is made for so many times what it took."""

KEPT = 1_000


class _Kept(NamedTuple):
    version: int
    assumed: bool
    told: Forecast


class Forecasts:
    """Expected waits. Args:
    clock: seconds of this process, for the pauses.
    calendar: tells on which days halls keep their hours; nothing is assumed without it.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        calendar: Callable[[], Calendar] | None = None,
    ) -> None:
        self._clock = clock
        self._calendar = calendar
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._free_at = 0.0
        self.made = 0
        """How many forecasts were made."""

    def newcomers(self, stream: str, held: Held, at: datetime) -> dict[str, Wait]:
        """What whoever would join a line now can expect, by queue; queues from which no window calls are not in it."""
        day, is_assumed = self._day(held, at)
        told = {line: expected(day, line, len(numbers)) for line, numbers in day.lines.items()}
        formula = {line: wait for line, wait in told.items() if wait is not None}
        kept = self._fresh(stream, held.version, day, is_assumed, at) if formula else None
        if kept is not None:
            formula = {
                line: kept.told.behind(line, len(day.lines[line])) or wait for line, wait in formula.items()
            }
        return {line: _said(wait, day, line, is_assumed) for line, wait in formula.items()}

    def wait(self, stream: str, held: Held, ticket: Ticket, ahead: int, at: datetime) -> Wait | None:
        """What a ticket that waits, or would, with so many ahead is told; none while no window would call it."""
        day, is_assumed = self._day(held, at)
        if (told := expected(day, ticket.queue, ahead, ticket)) is None:
            return None
        if (kept := self._fresh(stream, held.version, day, is_assumed, at)) is not None:
            wait = kept.told.tickets.get(ticket.number) if kept.version == held.version else None
            told = wait or kept.told.behind(ticket.queue, ahead, ticket.skill) or told
        return _said(told, day, ticket.queue, is_assumed)

    def _day(self, held: Held, at: datetime) -> tuple[Queue, bool]:
        """The day that is asked about, and whether its windows are those the plan assumes."""
        day: Queue = held.state
        if day.begun or self._calendar is None:
            return day, False
        as_if = assumed(day, at, self._calendar())
        return (day, False) if as_if is None else (as_if, True)

    def teller(self, hall: str, day: date, at: datetime) -> Callable[[Held, IssueTicket], Wait | None]:
        """Tells whoever asks a hall for a ticket on a day, at a moment, what wait to expect."""
        line = stream(hall, day)

        def tell(held: Held, asked: IssueTicket) -> Wait | None:
            ticket = newcomer(held.state, asked, at)
            return self.wait(line, held, ticket, ahead_of_newcomer(held.state, ticket, at), at)

        return tell

    def _fresh(self, stream: str, version: int, day: Queue, is_assumed: bool, at: datetime) -> _Kept | None:
        """The last forecast, made anew if the line has changed and there is time for it."""
        kept = self._kept.get(stream)
        if kept is not None and kept.assumed != is_assumed:
            kept = None
        if kept is None or kept.version != version or abs(at - kept.told.at) > FRESH_FOR:
            kept = self._make(stream, version, day, is_assumed, at) or kept
        return kept

    def _make(self, stream: str, version: int, day: Queue, is_assumed: bool, at: datetime) -> _Kept | None:
        began = self._clock()
        if began < self._free_at:
            return None
        kept = self._kept[stream] = _Kept(version, is_assumed, forecast(day, at))
        self._kept.move_to_end(stream)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self.made += 1
        ended = self._clock()
        self._free_at = ended + PAUSE * (ended - began)
        return kept


def _said(wait: Wait, day: Queue, line: str, is_assumed: bool) -> Wait:
    """A wait with the number of windows it assumes, if it does."""
    return Wait(wait.p50, wait.p90, day.queues[line].assumed_windows) if is_assumed else wait
