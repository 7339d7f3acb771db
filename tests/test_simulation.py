"""One seeded day of a hall, with what days bring: lost replies, doubled commands, two servers, restarts, deadlines.

Citizens book and walk in, clerks at six windows press twice, somebody is displeased, servers come and go and
connections break. In the evening, and after the deadlines have passed, every promise is asked for.
"""

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from adapters import store
from adapters.check import check
from adapters.demonstration import plans
from adapters.loop import CommandLoop, Receipt, RequestKey
from adapters.reactor import Reactor
from adapters.runner import ProjectionRunner
from adapters.scheduler import Scheduler
from adapters.store import GroupCommitRecorder
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Views
from domain import acts, case, delivery, hall, queue, rectification, review, slots
from domain.handling import Act, Ask
from domain.message import Refused, Stamp
from domain.offering import offer
from domain.order import PRIORITY_NAMES
from domain.review_tags import TAGS
from domain.steps import RecordStep
from domain.workdays import SHANGHAI
from projections import PROJECTIONS, deadlines

DAY = date(2026, 3, 2)
NAME = "tanghe"
EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=SHANGHAI)
GRADES = ["very-satisfied", "satisfied", "fairly-satisfied", "dissatisfied", "very-dissatisfied"]

Do = Callable[[], Coroutine[Any, Any, None]]


class Hall:
    """The simulated day: an agenda of what happens when, and two servers it happens through."""

    def __init__(self, url: str, seed: int) -> None:
        self.url = url
        self.chance = Random(seed)
        self.now = EIGHT
        self.agenda: list[tuple[datetime, int, Do]] = []
        self.serial = count()
        self.loops: list[CommandLoop] = []
        self.running: dict[CommandLoop, asyncio.Task[None]] = {}
        self.told: Counter[str] = Counter()
        self.bad: list[str] = []
        self.plan = next(
            ask.command.plan
            for ask in plans.asks()
            if isinstance(ask.command, hall.ConfigureHall) and NAME in ask.stream
        )

    # --- time and servers ---

    def later(self, minutes: float, do: Do) -> None:
        heapq.heappush(self.agenda, (self.now + timedelta(minutes=minutes), next(self.serial), do))

    async def run(self) -> None:
        while self.agenda:
            self.now, _, do = heapq.heappop(self.agenda)
            await do()

    def start_loop(self) -> None:
        loop = CommandLoop(lambda: store.connect(self.url), streams=20)
        self.running[loop] = asyncio.create_task(loop.run())
        self.loops.append(loop)

    async def restart(self) -> None:
        """A server is killed and another one starts; what it held in memory is gone."""
        loop = self.loops.pop(0)
        task = self.running.pop(loop)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.start_loop()

    async def break_connections(self) -> None:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )

    async def ask(self, act: Act, by: str, what: str) -> Receipt | None:
        """Ask one of the servers; one in five presses twice, sometimes at two servers at once."""
        key = RequestKey(f"{by}:{next(self.serial)}", what.encode())
        presses = 2 if self.chance.random() < 0.2 else 1
        answers = await asyncio.gather(
            *(
                self.chance.choice(self.loops).submit(
                    act, Stamp(at=self.now, by=by, command=f"s{next(self.serial)}", hall=NAME), key=key
                )
                for _ in range(presses)
            ),
            return_exceptions=True,
        )
        receipts = [answer for answer in answers if isinstance(answer, Receipt)]
        for answer in answers:
            if isinstance(answer, Refused):
                self.told[answer.code] += 1
            elif not isinstance(answer, Receipt):
                raise AssertionError(f"{what} was answered by {answer!r}")
        if receipts:
            self.told[what] += 1
            places = {(r.stream, r.version, r.position) for r in receipts}
            assert len(places) == 1, f"one key, two answers: {places}"
        return receipts[0] if receipts else None

    # --- people ---

    async def books(self, number: int) -> None:
        slot = (
            f"{self.chance.choice('abcdef')}-{self.chance.choice(['0900', '1000', '1100', '1300', '1400'])}"
        )
        command = slots.BookSlot(f"{NAME}.20260302.b{number}", slot, slot[0], "demo-item", f"p{number % 90}")
        receipt = await self.ask(
            acts.book(NAME, DAY, command, offered=offer(self.plan, DAY)), f"citizen:p{number}", "booked"
        )
        if receipt:
            start = datetime.combine(DAY, time(int(slot[2:4])), SHANGHAI)
            away = (start - self.now).total_seconds() / 60
            what = self.chance.random()
            if what < 0.1:
                self.later(5, lambda: self.cancels(command.appointment))
            elif what < 0.9:
                self.later(
                    away + self.chance.uniform(-25, 30), lambda: self.checks_in(command.appointment, number)
                )

    async def cancels(self, appointment: str) -> None:
        await self.ask(acts.cancel(NAME, DAY, slots.CancelAppointment(appointment)), "citizen:p", "cancelled")

    async def checks_in(self, appointment: str, number: int) -> None:
        command = slots.CheckIn(appointment, f"{NAME}.20260302.c{number}")
        act = acts.check_in(NAME, DAY, self.plan, command)
        if await self.ask(act, "kiosk:k1", "checked-in") is None and self.told["too-early"]:
            self.later(15, lambda: self.ask_again(act))

    async def ask_again(self, act: Act) -> None:
        await self.ask(act, "kiosk:k1", "checked-in")

    async def walks_in(self, number: int) -> None:
        priority = self.chance.choice(list(PRIORITY_NAMES)) if self.chance.random() < 0.15 else "ordinary"
        command = queue.IssueTicket(
            f"{NAME}.20260302.w{number}", self.chance.choice("abcdef"), None, priority
        )
        receipt = await self.ask(acts.take_ticket(NAME, DAY, self.plan, command), "kiosk:k1", "issued")
        if receipt and self.chance.random() < 0.05:
            leave = Act((Ask(queue.stream(NAME, DAY), queue.LeaveLine(command.ticket)),))
            self.later(20, lambda: self.leaves(leave))

    async def leaves(self, leave: Act) -> None:
        await self.ask(leave, "kiosk:k1", "left")

    async def opens(self, window: str) -> None:
        await self.ask(
            acts.open_window(NAME, DAY, self.plan, queue.OpenWindow(window, f"clerk-{window}")),
            "clerk:x",
            "opened",
        )
        self.later(1, lambda: self.calls(window))

    async def calls(self, window: str) -> None:
        receipt = await self.ask(acts.call_next(NAME, DAY, window), f"clerk:{window}", "called")
        if receipt is None:
            if self.now < EIGHT + timedelta(hours=9):
                self.later(4, lambda: self.calls(window))
        elif self.chance.random() < 0.1:
            await self.ask(acts.at_window(NAME, DAY, queue.Recall(window)), f"clerk:{window}", "recalled")
            self.later(1, lambda: self.does(window, queue.MarkNoShow(window), "missed"))
        elif self.chance.random() < 0.05:
            self.later(1, lambda: self.does(window, queue.TransferTicket(window, "a"), "transferred"))
        else:
            self.later(0.5, lambda: self.serves(window))

    async def does(self, window: str, command: acts.TicketCommand, what: str) -> None:
        await self.ask(acts.at_window(NAME, DAY, command), f"clerk:{window}", what)
        self.later(0.5, lambda: self.calls(window))

    async def serves(self, window: str) -> None:
        await self.ask(acts.at_window(NAME, DAY, queue.StartService(window)), f"clerk:{window}", "started")
        self.later(self.chance.uniform(3, 14), lambda: self.finishes(window))

    async def finishes(self, window: str) -> None:
        number = next(self.serial)
        opened = f"{NAME}.20260302.k{number}" if self.chance.random() < 0.25 else None
        command = queue.FinishService(window, ("demo-item",), "case-opened" if opened else "done", opened)
        receipt = await self.ask(acts.at_window(NAME, DAY, command), f"clerk:{window}", "finished")
        assert receipt is not None, (window, self.now, self.told)
        ticket = receipt.result["id"] if receipt.replayed else receipt.result.id
        if opened:
            self.later(1, lambda: self.opens_case(opened))
        if self.chance.random() < 0.5:
            self.later(2, lambda: self.rates(f"ticket.{ticket}"))
        self.later(0.5, lambda: self.calls(window))

    async def opens_case(self, name: str) -> None:
        stream = case.stream(name)
        command = case.OpenCase(
            item="demo-item",
            item_version=1,
            hall=NAME,
            unit="social-security",
            applicant="p1",
            channel="window",
            kind="promised",
            promised_limit_workdays=3,
        )
        await self.ask(Act((Ask(stream, command), Ask(stream, case.Accept()))), "clerk:w01", "case-accepted")
        if self.chance.random() < 0.6:
            done = (
                RecordStep("审查", "li"),
                case.Decide("granted"),
                case.Close(),
                delivery.Deliver("window"),
            )
            self.later(60, lambda: self.works(Act(tuple(Ask(stream, c) for c in done))))

    async def works(self, act: Act) -> None:
        await self.ask(act, "clerk:w01", "case-delivered")

    async def rates(self, service: str) -> None:
        grade = self.chance.choices(GRADES, [50, 25, 10, 8, 7])[0]
        command = review.GiveReview(
            review=f"r{next(self.serial)}",
            grade=grade,
            tags=tuple(list(TAGS[grade])[:2]),
            channel="qr-code",
            hall=NAME,
            unit="social-security",
            person="p1",
        )
        stream = review.stream(service)
        receipt = await self.ask(Act((Ask(stream, command),)), "citizen:p1", "rated")
        if receipt and grade in review.BAD:
            self.bad.append(stream)
            if self.chance.random() < 0.5:
                self.later(30, lambda: self.contacts(stream))

    async def contacts(self, stream: str) -> None:
        receipt = await self.ask(
            Act((Ask(stream, rectification.Contact("reached")),)), "supervisor:wang", "contacted"
        )
        if receipt is None:  # the policy has not opened it yet
            self.later(1, lambda: self.contacts(stream))


@pytest.mark.parametrize("seed", [1, 20260302])
async def test_a_day_keeps_every_promise_through_faults(database_url: str, seed: int) -> None:
    recorder = GroupCommitRecorder(store.datastore(database_url))
    views_recorder = ViewsRecorder(store.datastore(database_url), PROJECTIONS)
    _begin(recorder, views_recorder)
    day = Hall(database_url, seed)
    async with AsyncExitStack() as stack:
        stack.callback(recorder.datastore.close)
        stack.callback(views_recorder.datastore.close)
        pool = await stack.enter_async_context(AsyncConnectionPool(database_url, open=False, min_size=1))
        views = Views(pool)
        for _ in range(2):
            day.start_loop()
        work: list[asyncio.Task[None]] = []
        tails: list[LogTail] = []

        def start_work() -> None:
            tails[:] = [LogTail(database_url) for _ in range(3)]
            loop = CommandLoop(lambda: store.connect(database_url))
            runner = ProjectionRunner(views_recorder, tails[0], PROJECTIONS)
            reactor = Reactor(views_recorder, tails[1], views, loop.submit)
            scheduler = Scheduler(tails[2], views, loop.submit, lambda: day.now, every_s=0.05)
            work[:] = [asyncio.create_task(part.run()) for part in (loop, runner, reactor, scheduler)]

        async def stop_work() -> None:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            for tail in tails:
                await tail.close()

        async def restart_work() -> None:
            await stop_work()
            start_work()

        start_work()
        for ask in plans.asks():
            await day.ask(Act((ask,)), "admin:seed", "configured")
        _fill(day, restart_work)
        await day.run()

        # The deadlines of all bad reviews pass while nobody looks; then the worker comes back.
        day.now = EIGHT + timedelta(days=60)
        await restart_work()
        await _quiet(views, database_url)

        async with await store.connect(database_url) as connection:
            report = await check(connection, PROJECTIONS)
            log = await store.select_page(connection, 0, 1_000_000)
        await stop_work()
        for task in day.running.values():
            task.cancel()
        await asyncio.gather(*day.running.values(), return_exceptions=True)

    assert report.broken == []
    assert day.told["called"] > 60
    assert day.told["checked-in"] > 10
    assert len(day.bad) >= 3
    topics = Counter((row.topic, row.stream) for row in log)
    for stream in day.bad:
        assert topics["rectification-opened", stream] == 1
    calls = [row for row in log if row.topic == "ticket-called"]
    assert len(calls) == day.told["called"]
    overdue = sum(topics["rectification-overdue", stream] for stream in day.bad)
    assert overdue >= len(day.bad), "each was at least not rectified in time"


def _begin(recorder: GroupCommitRecorder, views_recorder: ViewsRecorder) -> None:
    store.migrate(recorder)
    views_recorder.create_table()
    tables = ["stored_events", "request_keys", "parked_streams", "view_generations"]
    tables += [f"view_{projection.NAME}" for projection in PROJECTIONS]
    with recorder.datastore.get_connection() as connection:
        connection.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        connection.execute("DELETE FROM notification_tracking WHERE application_name <> '__migration__'")


def _fill(day: Hall, restart_work: Do) -> None:
    for number in range(60):
        day.later(day.chance.uniform(-600, -200) + 10, lambda number=number: day.books(number))
    for number in range(110):
        day.later(day.chance.uniform(55, 480), lambda number=number: day.walks_in(number))
    for number in range(1, 7):
        day.later(50 + number, lambda number=number: day.opens(f"w{number:02d}"))
    for minutes in (95, 210, 330):
        day.later(minutes, day.restart)
    for minutes in (130, 260):
        day.later(minutes, day.break_connections)
    for minutes in (180, 300):
        day.later(minutes, restart_work)


async def _quiet(views: Views, url: str) -> None:
    """Until neither a policy nor a deadline nor a projection has anything left to do."""
    async with await store.connect(url) as connection:
        for _ in range(600):
            found = await connection.execute(
                "SELECT coalesce(max(notification_id), 0), coalesce((SELECT min(notification_id)"
                " FROM notification_tracking WHERE application_name <> '__migration__'), 0) FROM stored_events"
            )
            head, reached = await found.fetchone() or (0, 0)
            with suppress(psycopg.Error):
                due = await views.find(deadlines.NAME, {"due_at": ("<=", EIGHT + timedelta(days=60))})
                if head == reached and not due.docs:
                    return
            await asyncio.sleep(0.1)
    raise AssertionError(f"the views are at {reached}, the log at {head}, {len(due.docs)} deadlines are due")
