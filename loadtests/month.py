"""A month of five halls with everything that goes wrong in time, and then every promise asked for.

    python -m loadtests.month [--days 30] [--halls 5] [--visitors 50] [--seed 20260302]

Three servers write to one PostgreSQL. Whatever is asked may be pressed twice at two servers at once, come again minutes
later because its answer was lost, come late as a command that no longer fits, or be stamped by a clock that is seconds
off; windows call all at once; clerks act on what they last saw; halls are closed, closed over somebody, or forgotten.
Ends with what ``mingting check`` finds, as one line of JSON; exit 1 if a promise was broken. A seed plays the same
people and faults; which of two commands at the same moment is first is the servers' affair.
"""

import argparse
import asyncio
import copy
import heapq
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import uvloop
from psycopg_pool import AsyncConnectionPool

from adapters import store
from adapters.attendance import Attendance
from adapters.check import Report, check
from adapters.closing import Closing
from adapters.demonstration import plans
from adapters.embedded import EmbeddedServers
from adapters.loop import CommandLoop, Receipt, RequestKey
from adapters.runner import ProjectionRunner
from adapters.store import GroupCommitRecorder
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Views
from domain import acts, queue, slots
from domain.closing import close_day, reopen_day
from domain.hall import ConfigureHall, HallPlan
from domain.handling import Act, Ask, Held
from domain.message import Refused, Stamp
from domain.offering import offer
from domain.order import PRIORITY_NAMES, Priority
from domain.workdays import SHANGHAI
from projections import PROJECTIONS

FIRST = date(2026, 3, 2)
SERVERS = 3
WINDOWS = 3

TWICE, LOST, STALE, SKEW_S = 0.12, 0.05, 0.05, 3.0
"""How often a command is pressed twice at once, comes again with its key, comes again late without it; and by how much
a server's clock may be off."""

Do = Callable[[], Coroutine[Any, Any, None]]


class Outcome(msgspec.Struct):
    """What was played and what came of it. ``answers`` counts accepted commands by their name and refusals by their
    code; ``wrong`` are answers that contradict each other."""

    days: int
    halls: int
    seed: int
    commands: int
    answers: dict[str, int]
    wrong: list[str]
    events: int
    broken: list[str]
    seconds: float


def copied_slots(held: Held) -> slots.Slots:
    found: slots.Slots = copy.deepcopy(held.state)
    return found


class Month:
    """The servers, and what all halls share: the calendar day and the count of answers."""

    def __init__(self, url: str, seed: int) -> None:
        self.url = url
        self.seed = seed
        self.day = FIRST
        self.loops = [CommandLoop(lambda: store.connect(url), streams=40) for _ in range(SERVERS)]
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.commands = 0
        self.serial = count()

    def night(self) -> datetime:
        """An hour after the day: whatever its clock closes and misses is due."""
        return datetime.combine(self.day, clock_time(1), SHANGHAI) + timedelta(days=1)


class HallDay:
    """A hall on one day: an agenda of who does what when."""

    def __init__(self, month: Month, hall: str, plan: HallPlan, visitors: int) -> None:
        self.month, self.hall, self.plan, self.visitors = month, hall, plan, visitors
        self.day = month.day
        self.chance = Random(f"{month.seed} {hall} {self.day}")
        self.now = self.at(7)
        self.agenda: list[tuple[datetime, int, Do]] = []
        self.order = count()
        self.stream = queue.stream(hall, self.day)
        self.queues = tuple(line.queue for line in plan.queues)
        self.windows = [window.window for window in plan.windows][:WINDOWS]
        self.offered = offer(plan, self.day)

    # --- time -----------------------------------------------------------------------------------------------------

    def at(self, hour: float) -> datetime:
        return datetime.combine(self.day, clock_time(0), SHANGHAI) + timedelta(hours=hour)

    def later(self, minutes: float, do: Do) -> None:
        heapq.heappush(self.agenda, (self.now + timedelta(minutes=minutes), next(self.order), do))

    def between(self, first: float, last: float, do: Do) -> None:
        """At some time between two hours of the day."""
        moment = self.at(self.chance.uniform(first, last))
        heapq.heappush(self.agenda, (moment, next(self.order), do))

    async def live(self) -> None:
        """Play the day from the first booking to the evening."""
        for number in range(self.visitors // 3):
            self.between(7, 8.9, lambda number=number: self.books(number))  # type: ignore[misc]
        for number in range(self.visitors):
            self.between(8.6, 17, lambda number=number: self.walks_in(number))  # type: ignore[misc]
        for window in self.windows:
            self.between(8.5, 9, lambda window=window: self.works(window))  # type: ignore[misc]
        for _ in range(6):
            self.between(9, 17, self.all_call)
        if self.chance.random() < 0.7:
            self.between(17.2, 17.6, self.closes)
        while self.agenda:
            moment, _, do = heapq.heappop(self.agenda)
            self.now = max(self.now, moment)
            await do()

    # --- asking ---------------------------------------------------------------------------------------------------

    def stamp(self, by: str) -> Stamp:
        at = self.now + timedelta(seconds=self.chance.uniform(-SKEW_S, SKEW_S))
        return Stamp(at=at, by=by, command=f"m{next(self.month.serial)}", hall=self.hall)

    async def press(self, act: Act, by: str, what: str, key: RequestKey | None) -> Receipt | None:
        """Ask one of the servers; nothing but a receipt or a refusal is an answer."""
        self.month.commands += 1
        try:
            receipt = await self.chance.choice(self.month.loops).submit(act, self.stamp(by), key=key)
        except Refused as refused:
            self.month.answers[refused.code] += 1
            return None
        self.month.answers[what] += 1
        return receipt

    async def ask(self, act: Act, by: str, what: str) -> bool:
        """Ask, with whatever goes wrong in time; whether it was accepted."""
        key = RequestKey(f"{by}:{next(self.month.serial)}", what.encode())
        presses = 2 if self.chance.random() < TWICE else 1
        told = await asyncio.gather(*(self.press(act, by, what, key) for _ in range(presses)))
        receipts = [receipt for receipt in told if receipt is not None]
        if len({(r.stream, r.version, r.position) for r in receipts}) > 1:
            self.month.wrong.append(f"{what} at {self.stream}: one key and two receipts")
        first = receipts[0] if receipts else None
        if self.chance.random() < LOST:
            self.later(self.chance.uniform(0.1, 10), lambda: self.again(act, by, what, key, first))
        if self.chance.random() < STALE:
            self.later(
                self.chance.uniform(1, 20), lambda: self.ignore(self.press(act, by, f"late {what}", None))
            )
        return first is not None

    async def again(self, act: Act, by: str, what: str, key: RequestKey, first: Receipt | None) -> None:
        """The answer was lost, or so it seemed: the same key has the same receipt, or is refused as before or not."""
        told = await self.press(act, by, f"repeated {what}", key)
        if first is not None and (
            told is None
            or (told.stream, told.version, told.position) != (first.stream, first.version, first.position)
        ):
            self.month.wrong.append(f"{what} at {self.stream}: the same key has another receipt")

    async def ignore(self, coming: Coroutine[Any, Any, Any]) -> None:
        await coming

    async def state(self) -> queue.Queue:
        """The day as one of the servers has it: copied, for a clerk looks and acts later."""

        def packed(held: Held) -> bytes:
            return msgspec.msgpack.encode(held.state)

        seen = await self.chance.choice(self.month.loops).peek(self.stream, packed)
        return msgspec.msgpack.decode(seen, type=queue.Queue)

    # --- citizens -------------------------------------------------------------------------------------------------

    def reference(self, kind: str) -> str:
        return f"{self.hall}.{self.day:%Y%m%d}.{kind}{next(self.order)}"

    async def books(self, number: int) -> None:
        if not self.offered.slots:
            return
        wanted = self.chance.choice(self.offered.slots)
        person, name = f"p{self.chance.randrange(300)}", self.reference("b")
        by = f"citizen:{person}"
        if self.chance.random() < 0.3:
            hold = slots.HoldPlace(name, wanted.slot, wanted.queue, "item", person)
            await self.ask(acts.hold_place(self.hall, self.day, hold, offered=self.offered), by, "hold")
            if self.chance.random() < 0.7:
                self.later(self.chance.uniform(0.5, 7), lambda: self.confirms(name, person))
            return
        booking = slots.BookSlot(name, wanted.slot, wanted.queue, "item", person)
        if await self.ask(acts.book(self.hall, self.day, booking, offered=self.offered), by, "book"):
            self.expects(name, person, wanted.starts_at)

    async def confirms(self, name: str, person: str) -> None:
        act = acts.confirm(self.hall, self.day, slots.ConfirmHold(name, person), person)
        if await self.ask(act, f"citizen:{person}", "confirm"):
            self.expects(name, person, self.now + timedelta(hours=2))

    def expects(self, name: str, person: str, starts_at: datetime) -> None:
        """Who has booked moves, cancels, comes or does not."""
        away = (starts_at - self.now).total_seconds() / 60
        what = self.chance.random()
        if what < 0.1:
            self.later(3, lambda: self.cancels(name, person))
        elif what < 0.2:
            self.later(3, lambda: self.moves(name, person))
        elif what < 0.9:
            arriving = max(1.0, away + self.chance.uniform(-25, 30))
            for _ in range(1 + (self.chance.random() < 0.1)):
                self.later(arriving, lambda: self.checks_in(name))

    async def cancels(self, name: str, person: str) -> None:
        act = acts.cancel(self.hall, self.day, slots.CancelAppointment(name))
        await self.ask(act, f"citizen:{person}", "cancel")

    async def moves(self, name: str, person: str) -> None:
        wanted, other = self.chance.choice(self.offered.slots), self.reference("b")
        booking = slots.BookSlot(other, wanted.slot, wanted.queue, "item", person, instead_of=name)
        there = acts.book(self.hall, self.day, booking, offered=self.offered)
        await self.ask(acts.move(self.hall, self.day, name, there, other), f"citizen:{person}", "move")

    async def checks_in(self, name: str) -> None:
        arriving = slots.CheckIn(name, self.reference("c"))
        came = await self.ask(acts.check_in(self.hall, self.day, self.plan, arriving), "kiosk:k1", "check in")
        if came and self.chance.random() < 0.1:
            self.later(self.chance.uniform(0, 10), lambda: self.goes_again(name, arriving.ticket))

    async def goes_again(self, name: str, ticket: str) -> None:
        """Before anybody called them, perhaps; and most come back."""
        undo = acts.undo_check_in(self.hall, self.day, ticket)
        if await self.ask(undo, "clerk:desk", "take back a check-in") and self.chance.random() < 0.8:
            self.later(self.chance.uniform(1, 90), lambda: self.checks_in(name))

    async def walks_in(self, number: int) -> None:
        usual: list[Priority] = ["ordinary"] * 9
        priority = self.chance.choice([*usual, self.chance.choice(list(PRIORITY_NAMES))])
        asked = queue.IssueTicket(self.reference("w"), self.chance.choice(self.queues), None, priority)
        taken = await self.ask(acts.take_ticket(self.hall, self.day, self.plan, asked), "kiosk:k1", "take")
        if taken and self.chance.random() < 0.05:
            right = queue.ChangeTicket(asked.ticket, self.chance.choice(self.queues), priority="elderly")
            correcting = acts.at_desk(self.hall, self.day, right)
            self.later(
                self.chance.uniform(0, 20), lambda: self.ignore(self.ask(correcting, "clerk:desk", "correct"))
            )
        if taken and self.chance.random() < 0.08:
            leaving = Act((Ask(self.stream, queue.LeaveLine(asked.ticket)),))
            self.later(
                self.chance.uniform(1, 40), lambda: self.ignore(self.ask(leaving, "kiosk:k1", "leave"))
            )

    # --- windows --------------------------------------------------------------------------------------------------

    async def does(self, window: str, command: acts.TicketCommand) -> bool:
        act = acts.at_window(self.hall, self.day, command)
        return await self.ask(act, f"clerk:{window}", type(command).__name__)

    async def all_call(self) -> None:
        """Three people come and all windows call at the same moment, at any server: no ticket is told to two."""
        await asyncio.gather(*(self.walks_in(number) for number in range(3)))
        calls = (
            self.press(acts.call_next(self.hall, self.day, window), f"clerk:{window}", "call at once", None)
            for window in self.windows
        )
        told = [receipt.result.id for receipt in await asyncio.gather(*calls) if receipt is not None]
        if len(told) != len(set(told)):
            self.month.wrong.append(f"{self.stream}: one ticket called at two windows")

    async def works(self, window: str) -> None:
        """What a clerk does next, from what they see; then again a little later, until the evening."""
        if self.now > self.at(17.5):
            return
        seen = await self.state() if self.now > self.at(8.5) else queue.initial()
        desk = seen.windows.get(window)
        pause = self.chance.uniform(0.2, 3)
        if desk is None or desk.state != "open":
            opening = queue.OpenWindow(window, f"clerk of {window}", self.queues)
            act = acts.open_window(self.hall, self.day, self.plan, opening)
            await self.ask(act, f"clerk:{window}", "open")
        elif desk.serving is None:
            if not await self.idle(window, seen):
                pause = self.chance.uniform(3, 12)
        elif seen.tickets[desk.serving].status == "called":
            await self.called(window)
        else:
            pause = self.chance.uniform(1, 12)
            self.later(pause, lambda: self.serving(window))
        self.later(pause + 0.1, lambda: self.works(window))

    async def idle(self, window: str, seen: queue.Queue) -> bool:
        """Whether there was anybody to be had."""
        aside = [t.number for t in seen.tickets.values() if t.status in ("parked", "missed")]
        what = self.chance.random()
        if what < 0.05:
            for turn in (queue.PauseWindow(window, "lunch"), queue.CloseWindow(window)):
                if self.chance.random() < 0.6:
                    act = acts.turn_window(self.hall, self.day, turn)
                    await self.ask(act, f"clerk:{window}", type(turn).__name__)
        elif what < 0.35 and aside:
            number = self.chance.choice(aside)
            kinds = (queue.UnparkTicket, queue.ReturnToLine, queue.CallTicket)
            await self.does(window, self.chance.choice(kinds)(window, number))
        elif seen.waiting or what > 0.9:
            await self.does(window, queue.CallNext(window))
        else:
            return False
        return True

    async def called(self, window: str) -> None:
        command = self.chance.choices(
            (
                queue.StartService(window),
                queue.Recall(window),
                queue.MarkNoShow(window),
                queue.TransferTicket(window, self.chance.choice(self.queues)),
                queue.ParkTicket(window),
                queue.ReturnToLine(window),
            ),
            (70, 10, 9, 4, 5, 2),
        )[0]
        await self.does(window, command)

    async def serving(self, window: str) -> None:
        command = self.chance.choices(
            (
                queue.FinishService(window, ("item",)),
                queue.SplitVisit(window, self.chance.choice(self.queues), "item-2"),
                queue.ParkTicket(window, "a document", self.chance.choice(("hall", "window"))),
                queue.TransferTicket(window, to_window=self.chance.choice(self.windows)),
            ),
            (84, 6, 6, 4),
        )[0]
        if await self.does(window, command) and self.chance.random() < 0.08:
            undoing = queue.UndoLast(window)
            self.later(self.chance.uniform(0.05, 0.5), lambda: self.ignore(self.does(window, undoing)))

    async def closes(self) -> None:
        """By force and by mistake on some days: the day is opened again, and closed once those at windows are done."""
        mistaken = self.chance.random() < 0.5
        if mistaken and await self.close(force=True):
            days = slots.stream(self.hall, self.day)
            closed = slots.closed_over(await self.month.loops[0].peek(days, copied_slots))
            await self.ask(reopen_day(self.hall, self.day, closed), "supervisor:zhao", "open the day again")
        if not await self.close(force=False):
            await self.close(force=True)

    async def close(self, *, force: bool) -> bool:
        """Whether nobody came between the look at the bookings and the act."""
        for _ in range(3):
            since = self.now - timedelta(seconds=SKEW_S)
            days = slots.stream(self.hall, self.day)
            to_come = slots.still_to_come(await self.month.loops[0].peek(days, copied_slots), since)
            closing = close_day(self.hall, self.day, queue.CloseDay(force), to_come)
            if await self.ask(closing, "supervisor:zhao", "close the day"):
                return True
        return False


async def play(url: str, *, days: int, halls: int, visitors: int, seed: int) -> Outcome:
    """Play so many days of so many halls on an empty database, and check what they left behind."""
    began = time.monotonic()
    recorder, views_recorder = (
        GroupCommitRecorder(store.datastore(url)),
        ViewsRecorder(store.datastore(url), PROJECTIONS),
    )
    store.migrate(recorder)
    views_recorder.create_table()
    month = Month(url, seed)
    configured = [ask for ask in plans.asks() if isinstance(ask.command, ConfigureHall)][:halls]
    async with AsyncExitStack() as stack:
        for datastore in (recorder.datastore, views_recorder.datastore):
            stack.callback(datastore.close)
        views = Views(await stack.enter_async_context(AsyncConnectionPool(url, open=False, min_size=1)))
        tail = LogTail(url)
        stack.push_async_callback(tail.close)
        runner = ProjectionRunner(views_recorder, tail, PROJECTIONS)
        for work in (*(loop.run() for loop in month.loops), runner.run()):
            stack.push_async_callback(_end, asyncio.create_task(work))
        by_clock = (
            Closing(tail, views, month.loops[0], month.night, every_s=1),
            Attendance(tail, views, month.loops[0].submit, month.night, every_s=1),
        )
        for nth in range(days):
            month.day = FIRST + timedelta(days=nth)
            named = [(a.stream.partition("-")[2], a.command.plan) for a in configured]  # type: ignore[attr-defined]
            await asyncio.gather(*(HallDay(month, hall, plan, visitors).live() for hall, plan in named))
            for duty in by_clock:
                await _caught_up(url, runner)
                await duty.fire()
            print(f"{month.day}  {month.commands:,} commands", file=sys.stderr)
        await _caught_up(url, runner)
        async with await store.connect(url) as connection:
            report: Report = await check(connection, PROJECTIONS)
    return Outcome(
        days,
        halls,
        seed,
        month.commands,
        dict(sorted(month.answers.items())),
        month.wrong,
        report.events,
        report.broken,
        round(time.monotonic() - began, 1),
    )


async def _caught_up(url: str, runner: ProjectionRunner) -> None:
    """Raises:
    TimeoutError: the views do not come up with the log.
    """
    async with asyncio.timeout(120), await store.connect(url) as connection:
        while True:
            found = await connection.execute("SELECT coalesce(max(notification_id), 0) FROM stored_events")
            row = await found.fetchone()
            if row is not None and runner.position >= row[0]:
                return
            await asyncio.sleep(0.02)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.month", description=__doc__)
    for name, default in (("days", 30), ("halls", 5), ("visitors", 50), ("seed", 20260302)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, EmbeddedServers(Path(data)) as servers:
        outcome = uvloop.run(play(servers.database_url, **vars(options)))
    print(json.dumps(msgspec.to_builtins(outcome), ensure_ascii=False))
    return bool(outcome.broken or outcome.wrong)


if __name__ == "__main__":
    raise SystemExit(main())
