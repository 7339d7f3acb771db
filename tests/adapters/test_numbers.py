"""Case numbers when several servers open cases at once: each number once, none left out."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime
from typing import Any

import psycopg
import pytest

from adapters import envelope, store
from adapters.http.case_opening import opening_act
from adapters.loop import CommandLoop
from adapters.store import GroupCommitRecorder
from domain.case import CaseNumbered, OpenCase
from domain.message import Stamp
from domain.numbers import SCHEME
from domain.workdays import SHANGHAI

DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
OPENING = OpenCase(
    item="permit",
    item_version=1,
    hall="tanghe",
    unit="office",
    applicant="p1",
    channel="web",
    kind="on-the-spot",
)


def opens(url: str, server: str, cases: int) -> list[str]:
    """What one process does: open cases, several at a time."""

    async def work() -> list[str]:
        loop = CommandLoop(lambda: store.connect(url))
        running = asyncio.create_task(loop.run())

        async def one(n: int) -> str:
            act = opening_act([(f"tanghe.20260302.{server}{n}", OPENING, "permit")], DAY, SCHEME)
            stamp = Stamp(at=AT, by="citizen:p1", command=f"{server}-{n}")
            receipt: Any = await loop.submit(act, stamp)
            number: str = receipt.result.number
            return number

        numbers: list[str] = []
        for first in range(0, cases, 5):
            numbers += await asyncio.gather(*(one(n) for n in range(first, first + 5)))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return numbers

    return asyncio.run(work())


@pytest.mark.timeout(60)
def test_two_processes_give_each_number_once_and_leave_none_out(database_url: str) -> None:
    recorder = GroupCommitRecorder(store.datastore(database_url))
    store.migrate(recorder)
    recorder.datastore.close()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        told = [pool.submit(opens, database_url, server, 40) for server in ("a", "b")]
        numbers = [number for one in told for number in one.result()]
    assert sorted(numbers) == [f"permit20260302{serial:04}" for serial in range(1, 81)]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT originator_id, originator_version, notification_id, topic, state FROM stored_events"
            " WHERE topic = 'case-numbered'"
        ).fetchall()
    stored = [envelope.read(*row).event for row in rows]
    assert sorted(event.number for event in stored if isinstance(event, CaseNumbered)) == sorted(numbers)
