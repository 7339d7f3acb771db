"""A lottery over HTTP: declared with a commitment, asked for, drawn by the clock, verified by anybody."""

from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import pytest_asyncio

from adapters.lots import Lots, Seeds
from adapters.tail import LogTail
from domain.lottery import Entry, Lot, commitment, draw
from domain.workdays import SHANGHAI
from tests.adapters.http.serving import SECRET, Served
from tests.adapters.http.test_appointments import ITEM, book, workday
from tests.adapters.http.test_offers import plan_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

HALL = "guotan"
SESSION = {
    "opens": "09:00:00",
    "closes": "11:00:00",
    "slot_minutes": 60,
    "public": 1,
    "internal": 1,
    "walk_in": 2,
}


class Clocked:
    """The server with the clock of its lotteries, which the test sets."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.tail = LogTail(served.url)
        parts = served.parts
        limits = parts.catalogue.hall(HALL).limits
        self.lots = Lots(self.tail, parts.views, parts.loop, Seeds(SECRET), lambda hall: limits, served.clock)  # type: ignore[arg-type]

    async def fire(self, at: datetime) -> None:
        self.served.clock.at = at
        while True:
            await self.served.parts.views.wait("lotteries", await self.tail.head())
            if not await self.lots.fire():
                return


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clocked(served: Served) -> AsyncIterator[Clocked]:
    made = Clocked(served)
    yield made
    await made.tail.close()


async def two_places(served: Served, day: date) -> None:
    """The day has one place at nine and one at ten in each line."""
    plan = await plan_of(served, HALL)
    short = {"date": day.isoformat(), "reason": {"zh": "短日", "en": "short day"}, "sessions": [SESSION]}
    answer = await served.client.put(
        f"/api/v1/halls/{HALL}", json=plan | {"exceptions": [short]}, headers=served.bearer("admin", "zhao")
    )
    assert answer.status_code == 200, answer.text


async def ask(served: Served, who: dict[str, str], day: date, *wishes: str) -> Any:
    body = {"item": ITEM, "date": day.isoformat(), "wishes": wishes}
    return await served.post(f"/halls/{HALL}/draw-requests", body, who)


async def test_scarce_places_are_drawn_and_what_is_given_back_is_drawn_again(clocked: Clocked) -> None:
    served, admin = clocked.served, clocked.served.bearer("admin", "zhao")
    day, now = workday(served, 3), datetime.now(SHANGHAI)
    await two_places(served, day)
    opens = now + timedelta(minutes=1)
    first, second = (datetime.combine(day, time(hour), SHANGHAI) - timedelta(days=1) for hour in (9, 15))
    declaring = {
        "date": day.isoformat(),
        "queue": "b",
        "opens_at": opens.isoformat(),
        "draws": [first.isoformat(), second.isoformat()],
    }
    declared = await served.post(f"/halls/{HALL}/lotteries", declaring, admin)
    assert declared.status_code == 201, declared.text
    people = [await served.citizen(f"hopes {n}") for n in range(4)]
    assert (await book(served, people[0], HALL, "b-0900", day)).json()["code"] == "drawn-by-lot"
    assert (await ask(served, people[0], day)).json()["code"] == "lottery-not-open"
    served.clock.at = opens + timedelta(minutes=1)
    asked = [(await ask(served, who, day)).json() for who in people]
    assert (await ask(served, people[0], day)).json()["code"] == "already-requested"
    assert (await served.post(f"/draw-requests/{asked[3]['link']}/withdraw")).status_code == 200
    await clocked.fire(first - timedelta(seconds=1))
    (told,) = (await served.get(f"/halls/{HALL}/lotteries")).json()["lotteries"]
    assert (told["drawn"], told["asked"]) == ([], 4)
    assert told["commitments"] == declared.json()["commitments"]
    await clocked.fire(first)
    (told,) = (await served.get(f"/halls/{HALL}/lotteries")).json()["lotteries"]
    (drawn,) = told["drawn"]
    assert commitment(drawn["seed"]) == told["commitments"][0]
    entries = [Entry(one["request"], tuple(one["wishes"]), one["slots"]) for one in drawn["entries"]]
    lots = [Lot(one["slot"], one["free"], one["then"]) for one in drawn["lots"]]
    assert {one.request for one in entries} == {one["request"] for one in asked[:3]}
    won = draw(drawn["seed"], entries, lots)
    assert [(one.request, one.slot) for one in won] == [(one["request"], one["slot"]) for one in drawn["won"]]
    states = {}
    for who, one in zip(people, asked, strict=True):
        shown = (await served.get(f"/draw-requests/{one['request']}", who)).json()
        states[one["request"]] = shown["status"]
        assert shown["appointment"] == (one["request"] if shown["status"] == "won" else None)
    assert sorted(states.values()) == ["waiting", "withdrawn", "won", "won"]
    winner = people[[one["request"] for one in asked].index(won[0].request)]
    assert (await served.post(f"/appointments/{won[0].request}/cancel", None, winner)).status_code == 200
    await clocked.fire(second)
    (told,) = (await served.get(f"/halls/{HALL}/lotteries")).json()["lotteries"]
    (again,) = told["drawn"][1]["won"]
    assert states[again["request"]] == "waiting"
    assert again["slot"] == won[0].slot
    assert told["due_at"] is None
    late = await served.citizen("comes late")
    assert (await ask(served, late, day)).json()["code"] == "lottery-over"
    assert (await book(served, late, HALL, "b-0900", day)).json()["code"] == "slot-full"
    served.clock.at = None


async def test_whom_their_own_limits_keep_from_it_gives_the_place_to_the_next_draw(clocked: Clocked) -> None:
    served, admin = clocked.served, clocked.served.bearer("admin", "zhao")
    day, now = workday(served, 4), datetime.now(SHANGHAI)
    opens, first = now + timedelta(minutes=1), datetime.combine(day, time(5), SHANGHAI)
    declaring = {
        "date": day.isoformat(),
        "queue": "b",
        "opens_at": opens.isoformat(),
        "draws": [first.isoformat(), (first + timedelta(hours=1)).isoformat()],
    }
    assert (await served.post(f"/halls/{HALL}/lotteries", declaring, admin)).status_code == 201
    me = await served.citizen("busy that day")
    served.clock.at = opens + timedelta(minutes=1)
    mine = (await ask(served, me, day, "b-0900")).json()
    assert (await book(served, me, "tanghe", "b-0900", day)).status_code == 201
    await clocked.fire(first)
    shown = (await served.get(f"/draw-requests/{mine['request']}", me)).json()
    assert (shown["status"], shown["appointment"]) == ("not-booked", None)
    answer = await served.post(
        f"/halls/{HALL}/holds", {"item": ITEM, "date": day.isoformat(), "slot": "b-0900"}, me
    )
    assert answer.json()["code"] == "drawn-by-lot"
    served.clock.at = None


async def test_nobody_elses_request_can_be_told_from_none(served: Served) -> None:
    other = await served.citizen("curious")
    for name in ("x", "guotan.20260302.nothing"):
        answers = [await served.get(f"/draw-requests/{name}", other)]
        answers.append(await served.post(f"/draw-requests/{name}/withdraw", None, other))
        assert {answer.json()["code"] for answer in answers} == {"unknown-request"}
    day = workday(served, 1)
    answer = await ask(served, other, day)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-lottery")
