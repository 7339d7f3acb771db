"""Months and quarters are frozen when they are over, once, and amended with their reasons when they are corrected."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest_asyncio
from eventsourcing.persistence import Tracking
from psycopg_pool import AsyncConnectionPool

from adapters import envelope, reactor, store
from adapters.freezing import Freezing
from adapters.log import LogReader
from adapters.loop import CommandLoop
from adapters.runner import ProjectionRunner
from adapters.store import Row
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from adapters.views import Views
from domain.message import Stamp
from domain.rectification import ReviewRuled
from domain.review import ReviewGiven, ReviewInvited
from domain.snapshot import FiguresAmended, FiguresFrozen
from projections import PROJECTIONS
from tests.adapters.http.serving import Clock, running
from tests.logs import Log


def on(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


class Office:
    """A log, the views that follow it, and the clock that freezes."""

    def __init__(
        self, log: Log, views: ViewsRecorder, reading: AsyncConnectionPool[Any], loop: CommandLoop
    ) -> None:
        self.log = log
        self.recorder = views
        self.views = Views(reading)
        self.reader = LogReader(reading)
        self.loop = loop
        self.clock = Clock()
        self.freezing = self.started()

    def started(self) -> Freezing:
        return Freezing(
            LogTail(self.log.url), self.recorder, self.views, self.reader, self.loop.submit, self.clock
        )

    async def fire(self, at: str) -> list[Any]:
        """What came of it, as (period, event)."""
        self.clock.at = on(at)
        before, _ = await self.reader.moment(2**62)
        if before > self.recorder.position(reactor.NAME):
            self.recorder.insert_tracking(Tracking(reactor.NAME, before))
        await self.views.wait("performance", before)
        await self.freezing.fire()
        after, _ = await self.reader.moment(2**62)
        for name in ("performance", "snapshots"):
            await self.views.wait(name, after)
        return [(r.subject, r.event) for r in await self.reader(before, 100)]


@pytest_asyncio.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    log = Log(database_url)
    recorder = ViewsRecorder(store.datastore(database_url), PROJECTIONS)
    recorder.create_table()
    with recorder.datastore.get_connection() as connection:
        tables = ", ".join(f"view_{projection.NAME}" for projection in PROJECTIONS)
        connection.execute(f"TRUNCATE {tables}")
        connection.execute("DELETE FROM notification_tracking WHERE application_name <> '__migration__'")
    tail = LogTail(database_url)
    loop = CommandLoop(lambda: store.connect(database_url))
    runner = ProjectionRunner(recorder, tail, PROJECTIONS)
    async with (
        AsyncConnectionPool[Any](database_url, open=False, kwargs={"autocommit": True}) as reading,
        running(loop.run()),
        running(runner.run()),
    ):
        yield Office(log, recorder, reading, loop)
    await tail.close()
    recorder.datastore.close()


def rated(grade: str) -> ReviewGiven:
    return ReviewGiven(
        review="r", grade=grade, channel="web", hall="tanghe", unit="market", uninvited=True, person="p"
    )  # type: ignore[arg-type]


async def test_a_period_is_frozen_when_it_is_over_and_amended_when_it_is_corrected(office: Office) -> None:
    log = office.log
    await log.append("review-ticket.t1", rated("satisfied"), at=on("2026-02-10T09:00"))
    await log.append("review-ticket.t2", rated("dissatisfied"), at=on("2026-03-10T09:00"))
    frozen = await office.fire("2026-04-01T00:30")
    assert [(period, type(event)) for period, event in frozen] == [("2026-02", FiguresFrozen)]
    assert await office.fire("2026-04-01T00:31") == []

    frozen = await office.fire("2026-04-01T01:00")
    assert [period for period, _ in frozen] == ["2026-03", "2026-q1"]
    everything = {group.by: group.rates for group in frozen[1][1].groups}
    assert everything["hall"]["bad"] == everything["all"]["bad"] == (1, 2)
    assert everything["unit"]["active_review"] == (2, 2)

    # What is recorded in April of April moves nothing of March.
    invited = ReviewInvited(channel="sms", hall="tanghe", unit="market")
    await log.append("review-ticket.t3", invited, at=on("2026-04-01T09:00"))
    assert await office.fire("2026-04-01T10:00") == []

    # A ruling does, and says so; a program that was started anew says it as well, and once.
    office.freezing = office.started()
    await log.append(
        "review-ticket.t2", ReviewRuled("malicious", "x", "supervision"), at=on("2026-04-02T09:00")
    )
    amended = await office.fire("2026-04-02T10:00")
    assert [(period, type(event)) for period, event in amended] == [
        ("2026-03", FiguresAmended),
        ("2026-q1", FiguresAmended),
    ]
    by_figure = {(c.by, c.figure): (c.was, c.now) for c in amended[1][1].changes}
    assert by_figure["hall", "bad"] == ((1, 2), (0, 1))
    assert [cause.type for cause in amended[1][1].causes] == ["review-ruled"]
    assert await office.fire("2026-04-02T10:01") == []

    # So does what is told afterwards of a month that is over.
    late = Stamp(at=on("2026-02-11T09:00"), recorded_at=on("2026-04-03T09:00"), by="admin:a", command="late")
    await log.append_rows(
        [Row("review-ticket.t9", 1, 0, "review-given", envelope.write(rated("satisfied"), late))]
    )
    amended = await office.fire("2026-04-03T10:00")
    assert sorted(period for period, _ in amended) == ["2026-02", "2026-q1"]
    office.freezing = office.started()
    assert await office.fire("2026-04-03T10:01") == []


async def test_what_ended_before_the_log_began_is_not_frozen(office: Office) -> None:
    told = Stamp(at=on("2011-05-02T09:00"), recorded_at=on("2026-02-02T09:00"), by="admin:a", command="old")
    await office.log.append_rows(
        [Row("review-ticket.t1", 1, 0, "review-given", envelope.write(rated("satisfied"), told))]
    )
    assert [period for period, _ in await office.fire("2026-03-05T09:00")] == ["2026-02"]
