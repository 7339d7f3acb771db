"""Freezes the figures of every month and quarter when it is over, and amends them when something later counts in it.

A period that ended before the log began is not frozen: nobody has published it. An hour passes before a period is
frozen, for what the policies still have to say of its last evening.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import get_args

import msgspec
from eventsourcing.persistence import Tracking

from adapters import reactor
from adapters.log import LogReader
from adapters.published import between
from adapters.timekeeping import Duty, Submit, keep_time
from adapters.view_tables import ViewsRecorder
from adapters.views import ViewBehind, Views
from domain.catalogue import EVENTS
from domain.handling import Act, Ask
from domain.message import Recorded, Stamp, day_of
from domain.queue import ServiceFinished
from domain.snapshot import CAUSES_MAX, AmendFigures, By, Cause, FreezeFigures, Group, stream
from domain.workdays import SHANGHAI, local_date
from projections import figures, performance, snapshots

NAME = "freezing"
"""How far the log has been compared with what is frozen, in the tracking table."""

GRACE = timedelta(hours=1)
TRIES = 5

TOPICS = [tag for tag, kind in EVENTS.items() if kind in performance.MINE]


class Freezing:
    """``run`` until cancelled; what it asks a stream that knows it already answers with nothing."""

    def __init__(
        self,
        duty: Duty,
        tracking: ViewsRecorder,
        views: Views,
        log: LogReader,
        submit: Submit,
        clock: Callable[[], datetime],
        every_s: float = 60.0,
    ) -> None:
        self._duty = duty
        self._tracking = tracking
        self._views = views
        self._log = log
        self._submit = submit
        self._clock = clock
        self._every_s = every_s

    async def run(self) -> None:
        await keep_time(self.fire, self._duty, self._views, (snapshots.NAME,), self._every_s)

    async def fire(self) -> int:
        """Freeze what is over and amend what has changed; the position of the last event that came of it."""
        now = self._clock()
        # First how far is compared, then the freezing: what is recorded in between is compared the next time.
        head, _ = await self._views.position(performance.NAME)
        frozen = await self._frozen()
        last = 0
        async for period in self._over(now):
            if period not in frozen:
                position, groups = await self._counted(period, now)
                last = max(last, await self._ask(period, FreezeFigures(position, groups), now))
        return max(last, await self._amend(frozen, head, now))

    async def _amend(self, frozen: set[str], head: int, now: datetime) -> int:
        compared = await asyncio.to_thread(self._tracking.position, NAME)
        if head <= compared:
            return 0
        moved: dict[str, list[Cause]] = {}
        since = await self._log.until(head, topics=TOPICS, after=compared) if frozen else []
        for recorded in since:
            for period in {name for on in await self._days(recorded) for name in periods(on)} & frozen:
                tag = str(recorded.event.__struct_config__.tag)
                moved.setdefault(period, []).append(Cause(recorded.position, recorded.id, tag))
        last = 0
        for period, causes in sorted(moved.items()):
            position, groups = await self._counted(period, now)
            amending = AmendFigures(position, groups, tuple(causes[:CAUSES_MAX]))
            last = max(last, await self._ask(period, amending, now))
        await asyncio.to_thread(self._tracking.insert_tracking, Tracking(NAME, head))
        return last

    async def _days(self, recorded: Recorded) -> set[str]:
        """The days that an event can have moved a count of: its own, and of a bad review every day it counted on."""
        name = performance.key(recorded)
        if name is None:
            return set()
        if isinstance(recorded.event, ServiceFinished):
            return {day_of(recorded.stream).isoformat()}
        if name.startswith("bad/"):
            told = await self._log.until(recorded.position, stream=recorded.stream)
            return {performance.day(one.stamp.at) for one in told}
        return {performance.day(recorded.stamp.at)}

    async def _counted(self, period: str, now: datetime) -> tuple[int, tuple[Group, ...]]:
        """The figures of a period and the position they are counted up to.

        Raises:
            ViewBehind: the policies or the view have not passed the period's end, or the view would not rest.
        """
        first, last = (date.fromisoformat(day) for day in figures.days_of(period))
        ended = await self._log.position_at(datetime.combine(last, time.max, SHANGHAI))
        for name in (reactor.NAME, performance.NAME):
            await self._views.wait(name, ended)
        for _ in range(TRIES):
            position, _ = await self._views.position(performance.NAME)
            views = await between(self._views, first, last)
            if position == (await self._views.position(performance.NAME))[0]:
                return position, tuple(groups(views, first.isoformat(), last.isoformat()))
        raise ViewBehind(f"{performance.NAME} moves on while {period} is counted")

    async def _over(self, now: datetime) -> AsyncIterator[str]:
        """The periods that have ended since the log began, the oldest first."""
        begun = await self._log.begun()
        if begun is None:
            return
        day = local_date(begun).replace(day=1)
        today = (now - GRACE).astimezone(SHANGHAI).date()
        while True:
            month, quarter = periods(day.isoformat())
            following = (day + timedelta(days=31)).replace(day=1)
            if following > today:
                return
            yield month
            if periods(following.isoformat())[1] != quarter:
                yield quarter
            day = following

    async def _frozen(self) -> set[str]:
        found: set[str] = set()
        cursor: str | None = None
        while True:
            page = await self._views.find(snapshots.NAME, None, "first", 500, cursor)
            found |= {msgspec.json.decode(doc, type=snapshots.View).snapshot for doc in page.docs}
            if (cursor := page.cursor) is None:
                return found

    async def _ask(self, period: str, command: FreezeFigures | AmendFigures, now: datetime) -> int:
        what = "freeze" if isinstance(command, FreezeFigures) else f"amend-{command.position}"
        stamp = Stamp(at=now, by="clock:figures", command=f"snapshot:{period}:{what}")
        receipt = await self._submit(Act((Ask(stream(period), command),)), stamp)
        position: int = receipt.position
        return position


def periods(day: str) -> tuple[str, str]:
    """The month and the quarter of a day."""
    return day[:7], figures.quarter(day)


def groups(views: Iterable[performance.View], first: str, last: str) -> Iterator[Group]:
    """What is frozen of some documents: the figures of all, of each hall and of each unit."""
    kept = [*views]
    chosen = figures.Chosen(first, last)
    by: By
    for by in get_args(By):
        for name, told in figures.figures(kept, by, chosen=chosen).items():
            rates = {figure: (rate.numerator, rate.denominator) for figure, rate in told.rates.items()}
            yield Group(by, name, {figure: pair for figure, pair in rates.items() if pair != (0, 0)})
