"""A rush on the last places, over HTTP, at three serving processes on one database: nothing is sold twice or lost."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from adapters.embedded import EmbeddedServers
from adapters.http.identity import DevelopmentTokens
from domain.workdays import SHANGHAI
from tests.running import ROOT, running

SECRET = "a secret of this rush, long enough to be one"
ITEM = "demo-shebaoka-shenling"
CLIENTS = 500
TOKENS = DevelopmentTokens(SECRET.encode())

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


class Hall:
    """The hall as its citizens reach it: each request goes to the next of the three processes."""

    def __init__(self, urls: list[str], environment: dict[str, str]) -> None:
        # A connection that the server is about to close for idleness (5 s) is not used again.
        limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=50, keepalive_expiry=2)
        self.clients = [httpx.AsyncClient(base_url=url, limits=limits, timeout=30) for url in urls]
        self.turn = cycle(self.clients)
        self.environment = environment
        self.days: list[str] = []

    async def ask(
        self, method: str, path: str, person: str, body: Any = None, **query: str
    ) -> httpx.Response:
        token = TOKENS.sign("citizen", person, person=person)
        return await next(self.turn).request(
            method,
            f"/api/v1{path}",
            json=body,
            params=query or None,
            headers={"Authorization": f"Bearer {token}"},
        )

    async def book(self, person: str, slot: str, day: int = 0) -> httpx.Response:
        body = {"item": ITEM, "date": self.days[day], "slot": slot}
        return await self.ask("POST", "/halls/tanghe/appointments", person, body)

    async def fill(self, slot: str, day: int, places: int) -> list[tuple[str, str]]:
        """So many of a slot's six places, each booked by somebody: the persons and their appointments."""
        people = [f"{day}-{slot}-{n}" for n in range(places)]
        made = [await self.book(person, slot, day) for person in people]
        return [(person, answer.json()["appointment"]) for person, answer in zip(people, made, strict=True)]

    async def left(self, slot: str, day: int = 0) -> int:
        answer = await self.ask("GET", "/halls/tanghe/slots", "somebody", date=self.days[day], item=ITEM)
        return next(one["remaining"] for one in answer.json()["slots"] if one["slot"] == slot)


@pytest.fixture(scope="module")
def deployment() -> Iterator[tuple[list[str], dict[str, str]]]:
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, ExitStack() as stack:
        servers = stack.enter_context(EmbeddedServers(Path(data)))
        environment = {
            "MINGTING_DATABASE_URL": servers.database_url,
            "MINGTING_NATS_URL": servers.nats_url,
            "MINGTING_SECRET": SECRET,
            "MINGTING_DEVELOPMENT_TOKENS": "true",
        }
        programs = [
            stack.enter_context(running(Path(data) / name, environment, work=name == "one"))
            for name in ("one", "two", "three")
        ]
        yield [program.url for program in programs], environment


@pytest_asyncio.fixture(loop_scope="module")
async def hall(deployment: tuple[list[str], dict[str, str]]) -> Any:
    found = Hall(*deployment)
    day = datetime.now(SHANGHAI).date()
    while len(found.days) < 2:
        day += timedelta(days=1)
        answer = await found.ask("GET", "/halls/tanghe/slots", "somebody", date=day.isoformat(), item=ITEM)
        if answer.json()["slots"]:
            found.days.append(day.isoformat())
    yield found
    for client in found.clients:
        await client.aclose()


def codes(answers: list[httpx.Response]) -> Counter[str]:
    return Counter(answer.json().get("code", str(answer.status_code)) for answer in answers)


async def test_of_five_hundred_clients_one_gets_the_last_place(hall: Hall) -> None:
    await hall.fill("b-0900", 0, 5)
    assert await hall.left("b-0900") == 1
    answers = await asyncio.gather(*(hall.book(f"rush-{n}", "b-0900") for n in range(CLIENTS)))
    assert codes(answers) == {"201": 1, "slot-full": CLIENTS - 1}
    assert await hall.left("b-0900") == 0


async def test_a_last_place_is_held_for_one_and_booked_by_nobody_else(hall: Hall) -> None:
    await hall.fill("b-1000", 0, 5)
    body = {"item": ITEM, "date": hall.days[0], "slot": "b-1000"}
    holding = (hall.ask("POST", "/halls/tanghe/holds", f"h-{n}", body) for n in range(60))
    booking = (hall.book(f"d-{n}", "b-1000") for n in range(60))
    answers = await asyncio.gather(*holding, *booking)
    assert codes(answers) == {"201": 1, "slot-full": 119}
    got = next(n for n, answer in enumerate(answers) if answer.status_code == 201)
    if got < 60:
        name = answers[got].json()["hold"]
        confirmed = await asyncio.gather(
            *(hall.ask("POST", f"/holds/{name}/confirm", f"h-{got}") for _ in range(6))
        )
        assert {answer.status_code for answer in confirmed} == {201}
        assert {answer.json()["appointment"] for answer in confirmed} == {name}
    assert await hall.left("b-1000") == 0


async def test_places_given_back_in_a_rush_are_each_taken_once(hall: Hall) -> None:
    kept = await hall.fill("b-1100", 0, 6)
    cancelling = (
        hall.ask("POST", f"/appointments/{name}/cancel", who) for who, name in kept[:3] for _ in range(2)
    )
    booking = (hall.book(f"q-{n}", "b-1100") for n in range(60))
    answers = await asyncio.gather(*cancelling, *booking)
    assert codes(answers[:6]) == {"200": 6}
    bought = codes(answers[6:])
    assert set(bought) <= {"201", "slot-full"}
    assert await hall.left("b-1100") == 3 - bought["201"] >= 0
    late = await asyncio.gather(*(hall.book(f"late-{n}", "b-1100") for n in range(9)))
    assert codes(late)["201"] == 3 - bought["201"]


async def test_who_moves_between_two_days_in_a_rush_keeps_exactly_one_place(hall: Hall) -> None:
    here = await hall.fill("b-1300", 0, 6)
    there = await hall.fill("b-1300", 1, 4)
    moves = [(who, name, 1) for who, name in here] + [(who, name, 0) for who, name in there]
    answers = await asyncio.gather(
        *(
            hall.ask(
                "POST", f"/appointments/{name}/reschedule", who, {"date": hall.days[day], "slot": "b-1300"}
            )
            for who, name, day in moves
            for _ in range(2)
        )
    )
    assert set(codes(answers)) <= {"200", "slot-full", "cancelled"}
    places = Counter[int]()
    for nth, (who, name, there_) in enumerate(moves):
        moved = [a.json()["appointment"] for a in answers[2 * nth : 2 * nth + 2] if a.status_code == 200]
        assert len(moved) <= 1
        old = (await hall.ask("GET", f"/appointments/{name}", who)).json()
        assert old["status"] == ("cancelled" if moved else "booked")
        if moved:
            new = (await hall.ask("GET", f"/appointments/{moved[0]}", who)).json()
            assert new["status"] == "booked"
        places[there_ if moved else 1 - there_] += 1
    assert places.total() == 10
    for day in (0, 1):
        assert await hall.left("b-1300", day) == 6 - places[day]


async def test_the_log_breaks_no_promise_after_all_this(hall: Hall) -> None:
    found = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app", "check"],
        cwd=ROOT,
        env=os.environ | hall.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.stdout, found.stderr
    assert json.loads(found.stdout)["broken"] == []
