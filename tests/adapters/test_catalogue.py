"""The catalogue in memory: it knows what this process configured at once, and what others did within a second."""

import asyncio
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from adapters import store
from adapters.catalogue import Catalogue
from adapters.loop import CommandLoop
from domain import calendar, hall, item
from domain.calendar import GazetteCalendar
from domain.hall import ConfigureHall, HallPlan, QueuePlan
from domain.handling import Act, Ask
from domain.item import ItemPlan, PublishItem
from domain.message import Refused, Stamp, Text
from domain.workdays import Year
from tests.adapters.http.serving import running
from tests.spec import NINE

NAME = Text("大厅", "Hall")
PLAN = HallPlan(name=NAME, region="411328000000", queues=(QueuePlan("a", "A", NAME),), windows=())
ITEM = ItemPlan(
    name=NAME, kind="permit", level="county", applicants=("person",), unit=NAME, handling="on-the-spot", queue="a",
    online_depth="III", visits=1,
)  # fmt: skip


def stamp(number: int) -> Stamp:
    return Stamp(at=NINE, by="admin:a", command=f"c{number}")


async def test_the_catalogue_follows_what_any_process_configures(database_url: str) -> None:
    recorder = store.GroupCommitRecorder(store.datastore(database_url))
    store.migrate(recorder)
    recorder.datastore.close()
    loop = CommandLoop(lambda: store.connect(database_url))
    pool = AsyncConnectionPool[Any](database_url, open=False, kwargs={"autocommit": True})
    async with running(loop.run()), pool:
        catalogue = Catalogue(pool)
        await catalogue.refresh()
        assert catalogue.halls == {}
        with pytest.raises(Refused, match="unknown-hall"):
            catalogue.hall("h")
        with pytest.raises(Refused, match="unknown-item"):
            catalogue.item("i")
        await loop.submit(Act((Ask(hall.stream("h"), ConfigureHall(PLAN)),)), stamp(1))
        await catalogue.refresh()
        assert catalogue.hall("h") == PLAN
        assert catalogue.halls["h"].version == 1
        async with running(catalogue.follow()):
            year = Year(year=2026, title=NAME, issued=NINE.date(), rest_days=(NINE.date(),))
            await loop.submit(Act((Ask(calendar.stream(2026), GazetteCalendar(year)),)), stamp(2))
            receipt = await loop.submit(Act((Ask(item.stream("i"), PublishItem(ITEM)),)), stamp(3))
            async with asyncio.timeout(20):
                while catalogue.position < receipt.position:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        assert catalogue.item("i").number == 1
        assert catalogue.calendar.gazetted == {2026}


async def test_a_configuration_that_newer_software_wrote_leaves_the_rest_in_place(database_url: str) -> None:
    pool = AsyncConnectionPool[Any](database_url, open=False, kwargs={"autocommit": True})
    async with pool:
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO stored_events (originator_id, originator_version, topic, state)"
                " VALUES ('hall-new', 1, 'hall-configured', %s)",
                (
                    b'{"at":"2026-03-02T09:00:00Z","by":"x","command":"n","v":99,"event":{"type":"hall-configured","plan":{}}}',
                ),
            )
        catalogue = Catalogue(pool)
        await catalogue.refresh()
        assert set(catalogue.halls) == {"h"}
