"""What the log stood at: as_of the head is what the views say, and as_of before is what they said."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from adapters import envelope, reactor
from adapters.http import past
from adapters.http.past import folded
from domain.message import Stamp
from domain.queue import DayOpened, TicketIssued
from projections import case_file, rectifications
from tests.adapters.http.serving import Served
from tests.adapters.http.test_rectifications import bad_review
from tests.adapters.http.test_reviews import served_ticket
from tests.histories import HALL

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOVING = ("as_of", "position", "stale", "workdays_left")


async def told(served: Served, path: str, who: dict[str, str] | None, **query: Any) -> dict[str, Any]:
    answer = await served.get(path, who, **query)
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in answer.json().items() if name not in MOVING}


async def now_told(served: Served, path: str, after: int, **query: Any) -> dict[str, Any]:
    """The view when it holds everything up to a position. This server's boards hear nothing and reload when they are
    stale: such a screen is waited for."""
    admin = served.bearer("admin")
    if not path.endswith("/board"):
        return await told(served, path, admin, after=after, **query)
    for _ in range(400):
        answer = (await served.get(path, admin)).json()
        if answer["position"] >= after:
            break
        await asyncio.sleep(0.02)
    return {name: value for name, value in answer.items() if name not in MOVING}


async def head(served: Served) -> int:
    """The newest position, when the policies have said what they had to say."""
    known = 0
    async with asyncio.timeout(30):
        while True:
            known = max([known, *(row.position for row in await served.parts.log(known, 1_000_000, None))])
            if (await served.parts.views.position(reactor.NAME))[0] >= known:
                return known
            await asyncio.sleep(0.02)


async def test_as_of_the_head_is_what_the_views_say(office: Served) -> None:
    service, _, me = await bad_review(office, "tanghe", "past one")
    case = (await office.post("/cases", {"item": "demo-shebaoka-shenling", "hall": "tanghe"}, me)).json()[
        "case"
    ]
    at, admin = await head(office), office.bearer("admin")
    for path, query in (
        ("/halls/tanghe/board", {}),
        ("/halls/tanghe/day", {}),
        (f"/cases/{case}", {}),
        (f"/rectifications/{service}", {}),
        ("/rectifications", {"status": "open", "hall": "tanghe", "due_in": "5"}),
        ("/rectifications/survey", {"hall": "tanghe"}),
        ("/cases", {"hall": "tanghe", "status": "received"}),
        ("/cases", {"rule": "directive"}),
        ("/cases/survey", {}),
        ("/performance", {"hall": "tanghe", "by": "window"}),
    ):
        then = await told(office, path, admin, as_of=at, **query)
        now = await now_told(office, path, at, **query)
        assert then == now, path
        assert await told(office, path, admin, as_of=datetime.now(UTC).isoformat(), **query) == now, path


async def test_as_of_before_is_what_the_views_said(office: Served) -> None:
    await served_ticket(office, "yuantan")
    before, admin = await head(office), office.bearer("admin")
    paths = ("/halls/yuantan/board", "/halls/yuantan/day", "/rectifications", "/performance")
    said = {path: await now_told(office, path, before) for path in paths}
    moment = datetime.now(UTC).isoformat()
    service, _, _ = await bad_review(office, "yuantan", "past two")
    after = await head(office)
    for path in paths:
        assert await now_told(office, path, after) != said[path], path
        assert await told(office, path, admin, as_of=before) == said[path], path
        assert await told(office, path, admin, as_of=moment) == said[path], path
    answer = await office.get(f"/rectifications/{service}", admin, as_of=before)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-rectification")
    assert (await office.get("/rectifications", admin, as_of=1)).json()["rectifications"] == []


async def test_a_list_of_the_past_has_pages(office: Served) -> None:
    for n in range(3):
        await bad_review(office, "guotan", f"past page {n}")
    at, admin = await head(office), office.bearer("admin")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await office.get("/rectifications", admin, as_of=at, hall="guotan", limit=2, **cursor)).json()
        seen += [work["rectification"] for work in page["rectifications"]]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    now = (await office.get("/rectifications", admin, hall="guotan")).json()["rectifications"]
    assert seen == [work["rectification"] for work in now]
    assert len(seen) == 3


async def test_a_list_of_the_past_is_what_a_fold_of_the_whole_log_is(office: Served) -> None:
    """Taken from the view where nothing has happened since, and folded anew where something has."""
    clerk, admin = office.bearer("clerk", "chen", hall="zhangdian"), office.bearer("admin")
    services = [(await bad_review(office, "zhangdian", f"fold {n}"))[0] for n in range(4)]
    moments = [await head(office)]
    for service in services[:2]:
        await office.post(f"/rectifications/{service}/contact", {"outcome": "reached"}, clerk)
        moments.append(await head(office))
    await bad_review(office, "zhangdian", "fold later")
    moments.append(await head(office))
    log = await office.parts.log(0, 1_000_000, None)
    for at in moments:
        views = folded(rectifications, [one for one in log if one.position <= at]).values()
        for step in ("contact", "verify"):
            query = {"as_of": at, "hall": "zhangdian", "step": step, "limit": 2}
            seen: list[str] = []
            cursor: dict[str, str] = {}
            while True:
                page = (await office.get("/rectifications", admin, **query, **cursor)).json()
                seen += [work["rectification"] for work in page["rectifications"]]
                if page["cursor"] is None:
                    break
                cursor = {"cursor": page["cursor"]}
            then = [one for one in views if (one.hall, one.step) == ("zhangdian", step)]
            assert sorted(seen) == sorted(one.rectification for one in then), (at, step)
            assert len(set(seen)) == len(seen)


async def test_cases_are_listed_and_counted_as_they_stood(office: Served) -> None:
    me, admin = await office.citizen("past cases"), office.bearer("admin")
    asked = {"item": "demo-shebaoka-shenling", "hall": "longtan"}
    cases = [(await office.post("/cases", asked, me)).json()["case"] for _ in range(3)]
    received = await head(office)
    await office.post(f"/cases/{cases[0]}/direct", {"directive": "d1", "content": "请尽快"}, admin)
    directed = await head(office)
    clerk = office.bearer("clerk", "ma", hall="longtan")
    await office.post(f"/cases/{cases[1]}/accept", None, clerk)
    await office.post("/cases", asked, me)
    await head(office)

    async def listed(at: int, **query: Any) -> set[str]:
        found = (await office.get("/cases", admin, as_of=at, hall="longtan", **query)).json()["cases"]
        return {one["case"] for one in found}

    async def statuses(at: int) -> dict[str, int]:
        survey = (await office.get("/cases/survey", admin, as_of=at, hall="longtan")).json()
        assert survey["all"] == sum(survey["statuses"].values())
        return dict(survey["statuses"])

    assert await listed(received) == await listed(directed, status="received") == {*cases}
    assert await statuses(received) == await statuses(directed) == {"received": 3}
    first = (await office.get("/cases", admin, as_of=received, hall="longtan", limit=2)).json()
    rest = (
        await office.get("/cases", admin, as_of=received, hall="longtan", limit=2, cursor=first["cursor"])
    ).json()
    assert [len(first["cases"]), len(rest["cases"]), rest["cursor"]] == [2, 1, None]
    assert {one["case"] for one in (*first["cases"], *rest["cases"])} == {*cases}
    assert {one["status"] for one in first["cases"]} == {"received"}
    file = await office.get("/cases/export", admin, as_of=received, hall="longtan", format="csv")
    rows = file.content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("办件编号")
    assert len(rows) == 1 + len(cases)
    assert all("已收件" in row for row in rows[1:])
    assert (await office.get("/cases/export", clerk)).status_code == 403
    now = (await office.get("/cases/survey", admin, hall="longtan")).json()
    assert now["statuses"] == {"received": 3, "accepted": 1}


async def test_what_is_left_is_told_as_of_then_and_not_of_now(office: Served) -> None:
    service, _, _ = await bad_review(office, "tanghe", "left")
    admin, at = office.bearer("admin"), await head(office)
    moment = (await office.parts.log.moment(at))[1]
    path = f"/rectifications/{service}"
    try:
        office.clock.at = moment
        then = (await office.get(path, admin)).json()
        office.clock.at = moment + timedelta(days=60)
        now = (await office.get(path, admin)).json()
        past = (await office.get(path, admin, as_of=at)).json()
    finally:
        office.clock.at = None
    assert (past["workdays_left"], past["signal"]) == (then["workdays_left"], then["signal"])
    assert now["workdays_left"] < 0 < past["workdays_left"] + 1


@pytest.mark.parametrize(
    "wrong",
    ["yesterday", "2026-03-02T09:00:00", "-1", "1" * 30, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"],
)
async def test_a_past_that_is_none_is_refused(office: Served, wrong: str) -> None:
    answer = await office.get("/rectifications", office.bearer("admin"), as_of=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_figure_leads_to_the_very_events_in_the_log(office: Served) -> None:
    service, _, _ = await bad_review(office, "huyang", "figure")
    admin, at = office.bearer("admin"), await head(office)
    figures = (await office.get("/performance", admin, hall="huyang", after=at)).json()
    proof = (await office.get("/performance/bad/events", admin, hall="huyang")).json()
    shown = figures["performance"][0]["rates"]["bad"]
    assert (proof["numerator"], proof["denominator"]) == (shown["numerator"], shown["denominator"]) == (1, 1)
    assert proof["definition"] == figures["definitions"]["bad"]
    (one,) = proof["evidence"]
    assert one["stream"] == f"review-{service}"
    event = (await office.parts.log(one["events"][0]["position"] - 1, 1, None))[0]
    assert (event.id, event.event.grade) == (one["events"][0]["id"], "very-dissatisfied")
    assert (await office.get("/performance/bad/events", admin, hall="huyang", as_of=1)).json()[
        "evidence"
    ] == []
    unknown = await office.get("/performance/nothing/events", admin)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-figure")
    elsewhere = office.bearer("supervisor", "other", hall="tanghe")
    refused = await office.get("/performance/bad/events", elsewhere, hall="huyang")
    assert (refused.status_code, refused.json()["code"]) == (403, "other-hall")
    # The difference between two moments would show the public one person's rating.
    assert (await office.get("/performance", as_of=at)).status_code == 401


@pytest_asyncio.fixture(loop_scope="module")
async def long_day(office: Served) -> str:
    """A day of 12,000 events, written straight into the log."""
    day = "2020-03-02"
    stream, at = f"queue-tanghe-{day}", datetime(2020, 3, 2, 1, tzinfo=UTC)
    now = datetime.now(UTC)

    def stamp(n: int) -> Stamp:
        return Stamp(at=at + timedelta(seconds=n), by="x", command=f"d{n}", recorded_at=now)

    events: list[Any] = [DayOpened(HALL)]
    events += [TicketIssued(f"A{n:05}", f"t{n}", "a") for n in range(1, 12_000)]
    rows = [
        (
            stream,
            n,
            event.__struct_config__.tag,
            envelope.write(event, stamp(n), 0),
        )
        for n, event in enumerate(events, start=1)
    ]
    connecting = await psycopg.AsyncConnection.connect(office.url, autocommit=True)
    async with connecting as connection, connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO stored_events (originator_id, originator_version, topic, state)"
            " VALUES (%s, %s, %s, %s)",
            rows,
        )
    return day


async def test_a_day_of_twelve_thousand_events_is_folded_anew(office: Served, long_day: str) -> None:
    """How long it takes: ``python -m loadtests.past``."""
    at = await head(office)
    for path in ("/halls/tanghe/board", "/halls/tanghe/day"):
        shown = await office.get(path, office.bearer("admin"), date=long_day, as_of=at)
        assert shown.status_code == 200
    board = (await office.get("/halls/tanghe/board", date=long_day, as_of=at)).json()
    assert board["queues"][0]["waiting"] == 11_999


async def test_what_comes_into_the_view_while_a_past_list_is_read_is_not_counted_in_it() -> None:
    """The stream was there before, and its document was not: the view follows the log a little later."""
    view: set[str] = set()
    read: list[set[str]] = []

    class Log:
        async def touched(self, category: str, position: int) -> list[str]:
            return ["case-late"]

        async def streams(self, streams: list[str], position: int) -> list[Any]:
            return []

    class View:
        async def wait(self, name: str, after: int) -> None: ...

        async def known(self, name: str, keys: list[str]) -> list[str]:
            return [key for key in keys if key in view]

    async def look(then: Mapping[str, Any]) -> int:
        read.append({*then})
        view.add("late")
        return len(view - {*then})

    parts: Any = SimpleNamespace(log=Log(), views=View())
    assert await past._beside_what_moved(parts, case_file, 7, look) == 0
    assert read == [set(), {"late"}]
