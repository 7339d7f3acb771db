"""The waiting list over HTTP: joined on a full day, offered what becomes free, told by notice."""

import asyncio
from typing import Any

import pytest

from projections import notices
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import ITEM, book, workday
from tests.adapters.http.test_offers import plan_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

SESSION = {
    "opens": "09:00:00",
    "closes": "10:00:00",
    "slot_minutes": 60,
    "public": 1,
    "internal": 0,
    "walk_in": 2,
}


async def one_place(served: Served, hall: str, nth: int = 2) -> Any:
    """A day of a hall that has one place in each line."""
    day = workday(served, nth)
    plan = await plan_of(served, hall)
    plan["exceptions"] = [
        {"date": day.isoformat(), "reason": {"zh": "短日", "en": "short day"}, "sessions": [SESSION]}
    ]
    answer = await served.client.put(f"/api/v1/halls/{hall}", json=plan, headers=served.bearer("admin", "a"))
    assert answer.status_code == 200, answer.text
    return day


async def join(served: Served, hall: str, day: Any, who: dict[str, str]) -> Any:
    return await served.post(f"/halls/{hall}/waiting", {"item": ITEM, "date": day.isoformat()}, who)


async def settled(served: Served, who: dict[str, str], name: str, status: str) -> Any:
    """As the policy leaves it, a moment later."""
    async with asyncio.timeout(10):
        while (shown := (await served.get(f"/waiting/{name}", who)).json())["status"] != status:  # noqa: ASYNC110 (no event to wait for)
            await asyncio.sleep(0.02)
    return shown


async def test_a_freed_place_goes_down_the_list_until_somebody_takes_it(office: Served) -> None:
    served, hall = office, "heilong"
    day = await one_place(served, hall)
    holder, first, second, other = [await served.citizen(f"waits {n}") for n in range(4)]
    assert (await join(served, hall, day, first)).json()["code"] == "places-free"
    made = (await book(served, holder, hall, "b-0900", day)).json()
    one, two = [(await join(served, hall, day, who)).json() for who in (first, second)]
    assert (one["ahead"], two["ahead"]) == (0, 1)
    assert (await join(served, hall, day, first)).json()["code"] == "already-waiting"
    assert (await served.post(f"/waiting/{one['waiting']}/accept", None, first)).json()[
        "code"
    ] == "nothing-offered"
    assert (await served.post(f"/appointments/{made['appointment']}/cancel", None, holder)).status_code == 200
    assert (await book(served, other, hall, "b-0900", day)).json()["code"] in ("waiting-first", "slot-full")
    shown = await settled(served, first, one["waiting"], "offered")
    assert shown["offer"]["slot"] == "b-0900"
    assert shown["offers_left"] == 1
    assert (await served.post(f"/waiting/{one['waiting']}/decline", None, first)).status_code == 200
    shown = await settled(served, second, two["waiting"], "offered")
    taken = await served.post(f"/waiting/{two['link']}/accept")
    assert taken.status_code == 200, taken.text
    again = await served.post(f"/waiting/{two['waiting']}/accept", None, second)
    assert again.json()["appointment"] == taken.json()["appointment"]
    seen = (await served.get(f"/appointments/{taken.json()['appointment']}", second)).json()
    assert (seen["status"], seen["slot"]) == ("booked", "b-0900")
    listed = (await served.get("/waiting", second, after=again.json()["position"])).json()["waiting"]
    assert [one["status"] for one in listed] == ["booked"]
    left = await served.post(f"/waiting/{one['waiting']}/leave", None, first)
    assert left.status_code == 200
    assert (await served.get(f"/waiting/{one['waiting']}", first)).json()["status"] == "left"
    await served.parts.views.wait(notices.NAME, left.json()["position"])
    told = await served.parts.views.find(notices.NAME, {"template": "place-offered"}, "queued_at", 100)
    assert sum(f'"hall":"{hall}"'.encode() in doc for doc in told.docs) == 2


async def test_nobody_elses_place_on_the_list_can_be_told_from_none(office: Served) -> None:
    served, hall = office, "huyang"
    day = await one_place(served, hall, 3)
    holder, me, other = [await served.citizen(f"lists {n}") for n in range(3)]
    assert (await book(served, holder, hall, "b-0900", day)).status_code == 201
    mine = (await join(served, hall, day, me)).json()
    for name, who in (
        (mine["waiting"], other),
        (mine["waiting"], None),
        ("x", me),
        (mine["waiting"] + "x", me),
    ):
        answers = [await served.get(f"/waiting/{name}", who)]
        answers += [
            await served.post(f"/waiting/{name}/{what}", None, who) for what in ("accept", "decline", "leave")
        ]
        assert {answer.json()["code"] for answer in answers} == {"unknown-waiting"}
    for link, who in ((mine["link"], None), (mine["waiting"], served.bearer("clerk", hall=hall))):
        assert (await served.get(f"/waiting/{link}", who)).json()["status"] == "waiting"


async def test_a_citizen_joins_for_themselves_and_staff_for_somebody(served: Served) -> None:
    kiosk = served.bearer("kiosk", hall="tanghe")
    assert (await join(served, "tanghe", workday(served, 1), kiosk)).status_code == 403
    clerk = served.bearer("clerk", hall="tanghe")
    assert (await join(served, "tanghe", workday(served, 1), clerk)).json()["code"] == "person-needed"
