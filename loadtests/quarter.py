"""One seeded quarter of a county, and everything it must come to: ``python -m loadtests.quarter``.

From 1 October to 31 December people are served, cases run, services are rated and bad reviews are rectified, in time
or not; the notice of the next year comes late, servers are killed and connections cut. Afterwards the log is told a
second time by ``recount``: each deadline has passed exactly once and at the right instant, each figure and each frozen
snapshot is what counting again comes to, and ``mingting check`` finds nothing.
"""

import argparse
import asyncio
import heapq
import itertools
import json
import random
import sys
import tempfile
import time as clock
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg_pool import AsyncConnectionPool
from rich.console import Console
from rich.progress import Progress

from adapters import journal, reactor, store
from adapters import log as logged
from adapters.check import check
from adapters.demonstration import plans
from adapters.embedded import EmbeddedServers
from adapters.freezing import Freezing
from adapters.log import LogReader
from adapters.loop import CommandLoop, Receipt, RequestKey, StoreUnavailable
from adapters.published import between
from adapters.reactor import Reactor
from adapters.runner import ProjectionRunner
from adapters.scheduler import Scheduler
from adapters.store import GroupCommitRecorder
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Views
from domain import acts, calendar, case, hall, queue, rectification, respite, review
from domain.calendar import GazetteCalendar
from domain.handling import Act, Ask
from domain.item import ItemPlan, PublishItem
from domain.message import Refused, Stamp, Text
from domain.review_tags import TAGS
from domain.workdays import SHANGHAI, Year
from loadtests import recount
from loadtests.recount import Bit, Days, Row
from projections import PROJECTIONS, figures, snapshots

GRADES = ("very-satisfied", "satisfied", "fairly-satisfied", "dissatisfied", "very-dissatisfied")
HALLS = ("tanghe", "yuantan", "guotan", "huyang")
NEXT_YEAR = Year(
    year=2027,
    title=Text("模拟用的放假通知", "a notice made up for the simulation"),
    issued=date(2026, 12, 29),
    rest_days=(date(2027, 1, 1), *(date(2027, 2, 5) + timedelta(days=n) for n in range(8))),
    extra_workdays=(date(2027, 1, 9), date(2027, 1, 30)),
)

MOVING = (
    respite.Extend,
    respite.Resume,
    rectification.ExtendRectification,
    rectification.ResumeRectification,
)
"""What moves a deadline, as a plan does: the instants of the new one may be in the past already."""

Do = Callable[[], Coroutine[Any, Any, None]]


class Scale(NamedTuple):
    """How much happens. The whole of it is the quarter that was asked for: 20,000 services, 6,000 of them rated."""

    first: date = date(2026, 10, 1)
    last: date = date(2026, 12, 31)
    until: date = date(2027, 2, 28)
    """When even the longest deadline of the last day has passed."""
    halls: int = 4
    tickets: int = 68
    """A hall's on a working day."""
    case_share: float = 0.19
    rated_share: float = 0.37
    noticed: date = date(2026, 12, 29)
    restart_days: int = 11


class Outcome(NamedTuple):
    """What the quarter came to; nothing in ``wrong`` if all is as it should be."""

    services: int
    ratings: int
    bad: int
    deadlines: int
    restarts: int
    events: int
    snapshots: int
    amendments: int
    wrong: list[str]


class Quarter:
    """The county: an agenda of what happens when, and the program it happens to, in parts that can be killed."""

    def __init__(self, url: str, seed: int, scale: Scale) -> None:
        self.url = url
        self.scale = scale
        self.chance = random.Random(seed)
        self.now = datetime.combine(scale.first, time(7), SHANGHAI)
        self.agenda: list[tuple[datetime, int, Do]] = []
        self.serial = itertools.count()
        self.refused: Counter[str] = Counter()
        self.restarts = 0
        found = plans.plans()
        self.halls = {
            ask.stream.partition("-")[2]: ask.command.plan
            for ask in plans.asks()
            if isinstance(ask.command, hall.ConfigureHall)
        }
        self.items: list[tuple[str, ItemPlan]] = [
            (ask.stream.partition("-")[2], ask.command.plan)
            for ask in plans.asks()
            if isinstance(ask.command, PublishItem)
        ]
        began = datetime.combine(scale.first - timedelta(days=30), time(), SHANGHAI)
        known = [(began, y.year, {*y.rest_days}, {*y.extra_workdays}) for y in found.years]
        late = datetime.combine(scale.noticed, time(9), SHANGHAI)
        self.days = Days([*known, (late, 2027, {*NEXT_YEAR.rest_days}, {*NEXT_YEAR.extra_workdays})])
        self.began = began

    # --- the program and its parts ---

    async def start(self, stack: AsyncExitStack) -> None:
        self.recorder = GroupCommitRecorder(store.datastore(self.url))
        self.views_recorder = ViewsRecorder(store.datastore(self.url), PROJECTIONS)
        stack.callback(self.recorder.datastore.close)
        stack.callback(self.views_recorder.datastore.close)
        store.migrate(self.recorder)
        self.views_recorder.create_table()
        with self.views_recorder.datastore.get_connection() as connection:
            connection.execute(logged.CREATE_INDEX)
        self.pool: AsyncConnectionPool[Any] = await stack.enter_async_context(
            AsyncConnectionPool(self.url, open=False, min_size=1, kwargs={"autocommit": True}, check=_alive)
        )
        self.views, self.log = Views(self.pool), LogReader(self.pool)
        self.running: list[asyncio.Task[None]] = []
        self.tails: list[LogTail] = []
        self._start_parts()
        stack.push_async_callback(self._stop_parts)

    def _start_parts(self) -> None:
        self.tails = [LogTail(self.url, pace_s=(0.002, 0.01)) for _ in range(4)]
        self.loop = CommandLoop(lambda: store.connect(self.url))
        working = CommandLoop(lambda: store.connect(self.url))
        parts = (
            self.loop,
            working,
            ProjectionRunner(self.views_recorder, self.tails[0], PROJECTIONS),
            Reactor(self.views_recorder, self.tails[1], self.views, working.submit),
        )
        self.scheduler = Scheduler(self.tails[2], self.views, working.submit, lambda: self.now)
        self.freezing = Freezing(
            self.tails[3], self.views_recorder, self.views, self.log, working.submit, lambda: self.now
        )
        self.running = [asyncio.create_task(part.run()) for part in parts]

    async def _stop_parts(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        for tail in self.tails:
            await tail.close()

    async def restart(self) -> None:
        """Everything that runs is killed where it stands, or all connections are cut."""
        self.restarts += 1
        if self.restarts % 3:
            await self._stop_parts()
            self._start_parts()
            return
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )

    async def settled(self) -> None:
        """Wait until policies and views have taken in everything, and nothing more has come of it."""
        while True:
            head, _ = await self.log.moment(2**62)
            for name in (reactor.NAME, *(projection.NAME for projection in PROJECTIONS)):
                await self.views.wait(name, head, timeout=60)
            if head == (await self.log.moment(2**62))[0]:
                return

    async def ask(self, act: Act, by: str, hall_: str) -> Receipt | None:
        """Ask it; one in thirty presses twice, and whoever finds the store away asks again. ``None``: refused."""
        key = RequestKey(f"{by}:{next(self.serial)}", b"x")
        stamp = Stamp(at=self.now, by=by, command=f"q{next(self.serial)}", hall=hall_)
        presses = 2 if self.chance.random() < 0.03 else 1
        receipt: Receipt | None = None
        for _ in range(presses):
            receipt = await self._asked(act, stamp, key)
        return receipt

    async def _asked(self, act: Act, stamp: Stamp, key: RequestKey) -> Receipt | None:
        for _ in range(100):
            try:
                return await self.loop.submit(act, stamp, key=key)
            except Refused as refused:
                self.refused[refused.code] += 1
                return None
            except StoreUnavailable:
                await asyncio.sleep(0.05)
        raise AssertionError("the store never came back")

    # --- the days ---

    def at(self, when: datetime, do: Do) -> None:
        heapq.heappush(self.agenda, (when, next(self.serial), do))

    def workday(self, days: int, hour: int = 0) -> datetime:
        """A moment in the opening hours so many working days from now: what people do, they do then."""
        on = self.now.astimezone(SHANGHAI).date()
        on = self.days.walk(on, max(1, days), self.now)
        return datetime.combine(on, time(hour or self.chance.randrange(9, 17)), SHANGHAI) + timedelta(
            minutes=self.chance.randrange(60), seconds=self.chance.randrange(60)
        )

    async def run(self, progress: Callable[[date], None]) -> None:
        for ask in plans.asks():
            stamp = Stamp(at=self.began, by="admin:seed", command=f"seed-{next(self.serial)}")
            await self.loop.submit(Act((ask,)), stamp)
        notice = Ask(calendar.stream(2027), GazetteCalendar(NEXT_YEAR))
        self.at(datetime.combine(self.scale.noticed, time(9), SHANGHAI), lambda: self._noticed(notice))
        day = self.scale.first
        while day <= self.scale.until:
            self.now = datetime.combine(day, time(7), SHANGHAI)
            await self.night()
            if day <= self.scale.last and self.days.works(day, self.now):
                self.plan_day(day)
            ends = datetime.combine(day, time(23), SHANGHAI)
            while self.agenda and self.agenda[0][0] < ends:
                self.now, _, do = heapq.heappop(self.agenda)
                await do()
            progress(day)
            day += timedelta(days=1)

    async def _noticed(self, notice: Ask) -> None:
        await self.ask(Act((notice,)), "admin:a", HALLS[0])
        await self.tick()  # what it moves is moved before anything else happens

    async def night(self) -> None:
        """What the clock brings about before the doors open."""
        await self.tick()
        while await self.patiently(self.freezing.fire):
            await self.settled()

    async def tick(self) -> None:
        """What has passed is recorded, as the program does it every second."""
        await self.settled()
        while await self.patiently(self.scheduler.fire):
            await self.settled()

    async def patiently(self, fire: Callable[[], Coroutine[Any, Any, int]]) -> int:
        for _ in range(100):
            try:
                return await fire()
            except (StoreUnavailable, psycopg.OperationalError):
                await asyncio.sleep(0.05)
        raise AssertionError("the store never came back")

    def plan_day(self, day: date) -> None:
        begins = datetime.combine(day, time(8, 30), SHANGHAI)
        for name in HALLS[: self.scale.halls]:
            for n in range(self.scale.tickets):
                at = begins + timedelta(seconds=n * 28_800 / self.scale.tickets + self.chance.randrange(60))
                self.at(at, lambda name=name, n=n: self.visit(name, n))  # type: ignore[misc]
        if (day - self.scale.first).days % self.scale.restart_days == self.scale.restart_days - 1:
            self.at(begins + timedelta(hours=3), self.restart)

    # --- people ---

    async def visit(self, name: str, n: int) -> None:
        """Somebody takes a number, is served, and perhaps leaves an application behind."""
        day, plan = self.now.astimezone(SHANGHAI).date(), self.halls[name]
        window = self.chance.choice(plan.windows)
        clerk = f"clerk:{name}-{window.window}"
        item, published = self.chance.choice(self.items)
        ticket = f"{name}.{day:%Y%m%d}.t{n}"
        opening = queue.OpenWindow(window.window, f"{name}-{window.window}")
        await self.ask(acts.open_window(name, day, plan, opening), clerk, name)
        await self.ask(
            acts.take_ticket(name, day, plan, queue.IssueTicket(ticket, window.queues[0], item)),
            "kiosk:k",
            name,
        )
        self.now += timedelta(seconds=self.chance.randrange(5, 20))
        await self.ask(acts.call_next(name, day, window.window), clerk, name)
        await self.ask(acts.at_window(name, day, queue.StartService(window.window)), clerk, name)
        self.now += timedelta(seconds=self.chance.randrange(10, 40))
        applied = f"{name}.{day:%Y%m%d}.c{n}" if self.chance.random() < self.scale.case_share else None
        finish = queue.FinishService(window.window, (item,), "case-opened" if applied else "done", applied)
        if await self.ask(acts.at_window(name, day, finish), clerk, name) is None:
            return
        if applied is not None:
            await self.applies(name, applied, item, published, ticket, clerk)
        elif self.chance.random() < self.scale.rated_share:
            later = self.now + timedelta(minutes=self.chance.randrange(1, 30))
            late = self.chance.random() < 0.3
            when = self.workday(self.chance.randrange(1, 8)) if late else later
            place = (name, name, window.window, item, clerk.partition(":")[2])
            self.at(when, lambda: self.rates(f"ticket.{ticket}", *place))

    async def applies(self, name: str, ref: str, item: str, plan: ItemPlan, ticket: str, clerk: str) -> None:
        test = self.chance.random() < 0.01
        command = case.OpenCase(
            item=item,
            item_version=1,
            hall=name,
            unit=name,
            applicant=f"p{self.chance.randrange(5000)}",
            channel=self.chance.choice(("window", "web", "mobile")),
            kind=plan.handling,
            promised_limit_workdays=plan.promised_limit_workdays,
            statutory_limit_workdays=plan.statutory_limit_workdays,
            ticket=ticket,
            test=test,
        )
        stream = case.stream(ref)
        if await self.ask(Act((Ask(stream, command), Ask(stream, case.Accept()))), clerk, name) is None:
            return
        limit = plan.promised_limit_workdays or 1
        if self.chance.random() < 0.08:
            stop = respite.Suspend("inspection", "现场核验", 3)
            begins = self.workday(self.chance.randrange(1, limit + 1))
            self.at(begins, lambda: self.stops(name, stream, stop, respite.Resume("合格"), clerk))
        if self.chance.random() < 0.05:
            more = respite.Extend(self.chance.randrange(1, 5), "材料复杂", "head")
            self.at(self.workday(self.chance.randrange(1, limit + 1)), lambda: self.does(name, stream, more))
        takes = self.chance.randrange(1, limit + 4 if self.chance.random() < 0.15 else limit + 1)
        self.at(self.workday(takes), lambda: self.closes(name, ref, item, clerk, test))

    async def stops(self, name: str, stream: str, stop: Any, go_on: Any, clerk: str) -> None:
        if await self.ask(Act((Ask(stream, stop),)), clerk, name) is not None:
            resumes = self.workday(self.chance.randrange(1, 6))
            self.at(resumes, lambda: self.does(name, stream, go_on, clerk))

    async def does(self, name: str, stream: str, command: Any, by: str = "supervisor:wang") -> None:
        if await self.ask(Act((Ask(stream, command),)), by, name) and isinstance(command, MOVING):
            await self.tick()

    async def closes(self, name: str, ref: str, item: str, clerk: str, test: bool) -> None:
        stream = case.stream(ref)
        done = (case.Decide("granted"), case.Close())
        if await self.ask(Act(tuple(Ask(stream, one) for one in done)), clerk, name) is None:
            if self.now.astimezone(SHANGHAI).date() < self.scale.until - timedelta(days=10):
                self.at(self.workday(2), lambda: self.closes(name, ref, item, clerk, test))
        elif self.chance.random() < self.scale.rated_share:
            by = clerk.partition(":")[2]
            when = self.workday(self.chance.randrange(1, 8))
            self.at(when, lambda: self.rates(f"case.{ref}", name, name, None, item, by, test))

    async def rates(
        self,
        service: str,
        name: str,
        unit: str,
        window: str | None,
        item: str,
        clerk: str,
        test: bool = False,
    ) -> None:
        grade: Any = self.chance.choices(GRADES, [54, 25, 11, 6, 4])[0]
        person = f"p{self.chance.randrange(5000)}" if self.chance.random() < 0.8 else None
        command = review.GiveReview(
            review=f"{service}.r",
            grade=grade,
            tags=tuple(list(TAGS[grade])[:1]),
            channel=self.chance.choice(("web", "mobile", "qr-code", "tablet", "kiosk", "phone")),
            person=person,
            hall=name,
            unit=unit,
            window=window,
            item=item,
            test=test,
            clerk=clerk,
        )
        stream = review.stream(service)
        if await self.ask(Act((Ask(stream, command),)), "citizen:p", name) is None:
            return
        if grade in review.BAD and not test:
            self.at(
                self.workday(self.chance.choice((1, 1, 1, 2, 3))), lambda: self.contacts(name, stream, person)
            )

    # --- rectification ---

    async def contacts(self, name: str, stream: str, person: str | None) -> None:
        if await self.step(name, stream, rectification.Contact("reached", None)):
            self.at(self.workday(1), lambda: self.verifies(name, stream, person))

    async def verifies(self, name: str, stream: str, person: str | None) -> None:
        draw = self.chance.random()
        if draw < 0.06:
            pause = rectification.PauseRectification("evidence-awaited", "等待鉴定")
            if await self.step(name, stream, pause):
                when = self.workday(self.chance.randrange(1, 5))
                self.at(when, lambda: self.resumes(name, stream, person))
                return
        if draw > 0.9:
            finding: Any = self.chance.choice(("mis-rated", "malicious"))
            if await self.step(name, stream, rectification.Verify(finding, "核查")):
                when = self.workday(self.chance.randrange(1, 9))
                self.at(when, lambda: self.rules(name, stream, person))
            return
        if not await self.step(name, stream, rectification.Verify("true", "属实")):
            return
        if draw > 0.8:
            extend = rectification.ExtendRectification(self.chance.randrange(1, 5), "需会商", "head")
            await self.step(name, stream, extend)
        planned = 0.6 < draw < 0.8 and await self.step(name, stream, rectification.Rectify("plan", "台账"))
        takes = self.chance.randrange(1, 18 if planned else 6)
        self.at(self.workday(takes), lambda: self.rectifies(name, stream, person))

    async def resumes(self, name: str, stream: str, person: str | None) -> None:
        await self.step(name, stream, rectification.ResumeRectification())
        self.at(self.workday(1), lambda: self.verifies(name, stream, person))

    async def rules(self, name: str, stream: str, person: str | None) -> None:
        finding: Any = self.chance.choice(("mis-rated", "malicious", "true"))
        if await self.step(name, stream, rectification.Rule(finding, "复核", "supervision-office")):
            if finding == "true":
                self.at(self.workday(2), lambda: self.rectifies(name, stream, person))
            else:
                self.at(self.workday(1), lambda: self.feeds_back(name, stream, person))

    async def rectifies(self, name: str, stream: str, person: str | None) -> None:
        if self.chance.random() < 0.03:
            return  # left lying
        if await self.step(name, stream, rectification.Rectify("measures", "已整改")):
            self.at(self.workday(1), lambda: self.feeds_back(name, stream, person))

    async def feeds_back(self, name: str, stream: str, person: str | None) -> None:
        if await self.step(name, stream, rectification.FeedBack("已反馈", "phone")) and person is not None:
            self.at(self.workday(self.chance.randrange(1, 4)), lambda: self.calls_back(name, stream, person))

    async def calls_back(self, name: str, stream: str, person: str) -> None:
        if await self.step(name, stream, rectification.CallBack(True, None)) and self.chance.random() < 0.4:
            grade: Any = self.chance.choice(GRADES)
            more = review.AddReview(review=f"{stream}.a", grade=grade, channel="web", person=person)
            self.at(self.workday(1), lambda: self.does(name, stream, more, "citizen:p"))

    async def step(self, name: str, stream: str, command: Any) -> bool:
        asked = await self.ask(Act((Ask(stream, command),)), "supervisor:wang", name)
        planned = isinstance(command, rectification.Rectify) and command.remedy == "plan"
        if asked is not None and (planned or isinstance(command, MOVING)):
            await self.tick()
        return asked is not None

    # --- what it has come to ---

    async def outcome(self) -> Outcome:
        await self.settled()
        async with await store.connect(self.url) as connection:
            report = await check(connection, PROJECTIONS)
            stored = await store.select_page(connection, 0, 10_000_000)
        rows = [_row(one) for one in stored]
        wrong = [f"check: {sentence}" for sentence in report.broken]
        end = datetime.combine(self.scale.until, time(7), SHANGHAI)
        expected, found = recount.fires(rows, self.days, end), recount.recorded(rows)
        wrong += [f"never passed: {one}" for one in (expected - found)]
        wrong += [f"passed and should not have: {one}" for one in (found - expected)]
        wrong += await self._figures_wrong(rows)
        taken = await self._snapshots()
        for one in taken:
            wrong += self._snapshot_wrong(one, rows)
        given = [row for row in rows if row.tag == "review-given" and not row.event.get("test")]
        bad = {row.stream for row in given if row.event["grade"] in review.BAD}
        opened = Counter(row.stream for row in rows if row.tag == "rectification-opened")
        if opened != Counter(bad):
            wrong.append("bad reviews and rectifications are not one to one")
        served = sum(row.tag in ("service-finished", "case-closed") for row in rows)
        return Outcome(
            services=served,
            ratings=len(given),
            bad=len(bad),
            deadlines=found.total(),
            restarts=self.restarts,
            events=len(rows),
            snapshots=len(taken),
            amendments=sum(len(one.amendments) for one in taken),
            wrong=wrong,
        )

    async def _figures_wrong(self, rows: list[Row]) -> list[str]:
        """What the program tells against what counting again comes to, by everything it can be told by."""
        wrong: list[str] = []
        groups: dict[figures.By, Callable[[Bit], str | None]] = {
            "all": lambda bit: figures.EVERYTHING,
            "hall": lambda bit: bit.hall,
            "unit": lambda bit: bit.unit,
            "item": lambda bit: bit.item,
            "window": lambda bit: bit.window,
            "clerk": lambda bit: bit.clerk,
            "channel": lambda bit: bit.channel,
            "month": lambda bit: bit.day[:7],
        }
        first, last = self.scale.first, self.scale.until
        views = await between(self.views, first, last)
        chosen = figures.Chosen(first.isoformat(), last.isoformat())
        for by, group in groups.items():
            told = figures.figures(views, by, chosen=chosen)
            again = recount.recount(rows, chosen.first, chosen.last, group)
            pairs = {
                name: {figure: (rate.numerator, rate.denominator) for figure, rate in one.rates.items()}
                for name, one in told.items()
            }
            wrong += _different(f"by {by}", pairs, again, figures.NOT_BY[by])
        return wrong

    async def _snapshots(self) -> list[snapshots.View]:
        page = await self.views.find(snapshots.NAME, None, "first", 100)
        return [msgspec.json.decode(doc, type=snapshots.View) for doc in page.docs]

    def _snapshot_wrong(self, view: snapshots.View, rows: list[Row]) -> list[str]:
        """What was frozen is what the log came to up to there, and what amendments left is what it has come to."""
        wrong: list[str] = []
        frozen: dict[tuple[str, str], dict[str, tuple[int, int]]] = {
            (g.by, g.name): g.rates for g in view.groups
        }
        states = (
            ("frozen", frozen, view.frozen_position),
            ("amended", {(by, name): rates for (by, name), rates in view.now().items()}, rows[-1].position),
        )
        grouping: dict[str, Callable[[Bit], str | None]] = {
            "all": lambda bit: figures.EVERYTHING,
            "hall": lambda bit: bit.hall,
            "unit": lambda bit: bit.unit,
        }
        for what, groups, position in states:
            known = [row for row in rows if row.position <= position]
            for by, group in grouping.items():
                again = recount.recount(known, view.first, view.last, group)
                told = {name: rates for (kind, name), rates in groups.items() if kind == by}
                without = figures.NOT_BY[by]  # type: ignore[index]
                wrong += _different(f"{view.snapshot} {what} by {by}", told, again, without)
        return wrong


def _different(
    what: str, told: dict[str, dict[str, tuple[int, int]]], again: recount.Told, without: frozenset[str]
) -> list[str]:
    """Figures that are not the same; those that have nothing to divide are told or not, as it may be."""
    wrong: list[str] = []
    for name in sorted(told.keys() | again.keys()):
        ours, plain = told.get(name, {}), again.get(name, {})
        for figure in (*recount.ADDED, "items_covered", "units_covered"):
            a, b = ours.get(figure, (0, 0)), plain.get(figure, (0, 0))
            if figure not in without and a != b and (a[1] or b[1]):
                wrong.append(f"{what}: {figure} of {name} is told as {a} and counted as {b}")
    return wrong


def _row(stored: store.Row) -> Row:
    state = json.loads(stored.state)
    event = state["event"]
    return Row(
        stored.position, stored.stream, stored.topic, datetime.fromisoformat(state["at"]), state["by"], event
    )


async def _alive(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute("SELECT 1")


async def play(
    url: str, seed: int, scale: Scale, progress: Callable[[date], None] = lambda day: None
) -> Outcome:
    """Let the quarter happen on an empty database."""
    quarter = Quarter(url, seed, scale)
    async with AsyncExitStack() as stack:
        await quarter.start(stack)
        await quarter.run(progress)
        return await quarter.outcome()


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--seed", type=int, default=20261001)
    told.add_argument("--tickets", type=int, default=Scale().tickets, help="a hall's on a working day")
    options = told.parse_args()
    journal.configure("error")  # connections are cut on purpose
    scale, console = Scale(tickets=options.tickets), Console(stderr=True)
    began = clock.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="mingting-") as data,
        EmbeddedServers(Path(data)) as servers,
        Progress(console=console) as bar,
    ):
        days = bar.add_task("quarter", total=(scale.until - scale.first).days + 1)
        found = asyncio.run(play(servers.database_url, options.seed, scale, lambda day: bar.advance(days)))
    for sentence in found.wrong[:40]:
        console.print(f"WRONG {sentence}", highlight=False)
    shown = found._asdict() | {"wrong": len(found.wrong), "elapsed_s": round(clock.monotonic() - began, 1)}
    sys.stdout.write(json.dumps(shown) + "\n")
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
