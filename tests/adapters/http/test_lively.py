"""The demonstration made live: a fortnight that keeps every promise of the log, and people at the door."""

import asyncio
import itertools
import re
from datetime import UTC, datetime

import pytest

from adapters import store
from adapters.check import check
from adapters.demonstration import plans
from adapters.demonstration.fortnight import CASES, DAYS, fortnight
from adapters.demonstration.lively import Lively, LivelyOptions, play, tell_fortnight
from adapters.importing.courier import Courier
from adapters.importing.records import Stopped
from domain import queue
from domain.message import day_of
from domain.workdays import SHANGHAI, Calendar, is_working_day
from projections import PROJECTIONS, case_file
from tests.adapters.http.serving import Served
from tests.spec import NINE

pytestmark = pytest.mark.asyncio(loop_scope="module")

HALL = "yuantan"


async def test_the_same_fortnight_is_made_up_whenever_it_is_asked_for() -> None:
    found = plans.plans()
    plan = next(named.plan for named in found.halls if named.hall == HALL)
    items = {named.item: named.plan for named in found.items if named.plan.queue in ("a", "b")}
    calendar = Calendar(found.years)
    told = fortnight(HALL, plan, items, calendar, NINE)
    assert told == fortnight(HALL, plan, items, calendar, NINE)
    happenings = list(itertools.chain(*told))
    days = {day_of(h.stream) for h in happenings if h.stream.startswith("queue-")}
    assert len(days) == DAYS
    assert all(is_working_day(calendar, day) for day in days)
    assert len({h.key for h in happenings}) == len(happenings)
    assert max(h.at for h in happenings) <= NINE


async def test_a_fortnight_is_told_without_a_refusal_and_twice_is_once(office: Served) -> None:
    account = await tell_fortnight(Courier(office.client), HALL)
    assert account["refused"] == 0
    assert account["replayed"] == 0
    again = await tell_fortnight(Courier(office.client), HALL)
    assert again["replayed"] == again["commands"] == account["commands"]
    async with await store.connect(office.url) as connection:
        assert (await check(connection, PROJECTIONS)).broken == []
    await office.parts.views.wait(case_file.NAME, office.stored())
    cases = (await office.get("/cases", office.bearer("admin"), hall=HALL, limit=100)).json()["cases"]
    assert len(cases) == DAYS * CASES
    for one in cases:
        day = datetime.fromisoformat(one["opened_at"]).astimezone(SHANGHAI).date()
        assert re.fullmatch(rf"[A-Za-z0-9-]+{day:%Y%m%d}\d{{4}}", one["number"]), one["number"]
    assert len({one["number"] for one in cases}) == len(cases)


async def test_a_number_that_is_taken_at_the_import_door_is_given_to_its_case(office: Served) -> None:
    """A case opened here has the next serial; one that is not there gets none."""
    at, stream = datetime.now(UTC).isoformat(), f"numbers-demo-permit-{datetime.now(SHANGHAI).date()}"
    for n, (where, code) in enumerate(((stream, "unknown-case"), ("numbers-2026-03-02", "unknown-stream"))):
        command = {"type": "take-number", "case": "tanghe.20260302.nobody"}
        told = {"stream": where, "at": at, "key": f"number-{n}", "command": command}
        (receipt,) = (await office.post("/import", [told], office.bearer("admin"))).json()["receipts"]
        assert receipt["problem"]["code"] == code


async def test_people_come_are_called_served_and_rate_and_the_first_windows_stay_free(office: Served) -> None:
    people = Lively(office.client, HALL, pace=60.0)
    playing = asyncio.create_task(people.play(60))
    async with asyncio.timeout(20):
        while people.served < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        people.close()
        await playing
    assert people.issued >= people.served >= 3
    day = datetime.now(UTC).astimezone(SHANGHAI).date()
    seen = await office.parts.loop.peek(queue.stream(HALL, day), lambda held: held.state)
    assert [seen.windows[window].clerk for window in ("w01", "w02") if window in seen.windows] == [None, None]
    assert {window.state for window in seen.windows.values()} == {"closed"}


async def test_only_halls_of_the_demonstration_are_made_live(office: Served) -> None:
    with pytest.raises(Stopped, match="none of the demonstration's halls"):
        await tell_fortnight(Courier(office.client), "elsewhere")
    with pytest.raises(Stopped, match="0 to 120"):
        await play(LivelyOptions(minutes=121))


async def test_a_press_makes_the_hall_live_another_stops_it(office: Served) -> None:
    ours = {"Origin": "http://hall.test"}
    pressed = await office.client.post("/demo/play", data={"hall": ""}, headers=ours)
    assert pressed.headers["location"] == "/demo"
    watching = office.bearer("supervisor", hall="tanghe")
    async with asyncio.timeout(20):
        while not (await office.get("/halls/tanghe/day", watching)).is_success:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert "停下" in (await office.client.get("/demo")).text
    await office.client.post("/demo/play", data={"stop": "1"}, headers=ours)
    assert "停下" not in (await office.client.get("/demo")).text
