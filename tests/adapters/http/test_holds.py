"""Places held over HTTP while a form is filled in, and appointments moved: nobody else's, and never two."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import ITEM, LI, book, workday

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def hold(served: Served, who: dict[str, str], hall: str, slot: str, nth: int = 1) -> Any:
    body = {"item": ITEM, "date": workday(served, nth).isoformat(), "slot": slot}
    return await served.post(f"/halls/{hall}/holds", body, who)


async def left(served: Served, hall: str, slot: str, nth: int) -> int:
    answer = await served.get(f"/halls/{hall}/slots", date=workday(served, nth).isoformat(), item=ITEM)
    return next(one["remaining"] for one in answer.json()["slots"] if one["slot"] == slot)


async def test_a_held_place_is_booked_by_whoever_holds_it(served: Served) -> None:
    me, other = await served.citizen("holder"), await served.citizen("not the holder")
    held = await hold(served, me, "huyang", "b-0900")
    assert held.status_code == 201
    name = held.json()["hold"]
    before = datetime.fromisoformat(held.json()["until"]) - datetime.now(SHANGHAI)
    assert timedelta(minutes=4) < before <= timedelta(minutes=5)
    for path in ("confirm", "release"):
        answer = await served.post(f"/holds/{name}/{path}", None, other)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-hold")
    made = await served.post(f"/holds/{name}/confirm", None, me)
    assert (made.status_code, made.json()["appointment"], made.json()["slot"]) == (201, name, "b-0900")
    assert (await served.get(f"/appointments/{made.json()['voucher']}", me)).json()["status"] == "booked"
    again = await served.post(f"/holds/{name}/confirm", None, me)
    assert again.json()["appointment"] == name


async def test_a_hold_takes_a_place_until_it_is_let_go_or_its_time_is_over(served: Served) -> None:
    me, day = await served.citizen("hesitant"), 2
    free = await left(served, "huyang", "b-1000", day)
    name = (await hold(served, me, "huyang", "b-1000", day)).json()["hold"]
    assert await left(served, "huyang", "b-1000", day) == free - 1
    assert (await served.post(f"/holds/{name}/release", None, me)).status_code == 200
    assert await left(served, "huyang", "b-1000", day) == free
    name = (await hold(served, me, "huyang", "b-1000", day)).json()["hold"]
    served.clock.at = datetime.now(SHANGHAI) + timedelta(minutes=5, seconds=1)
    try:
        assert await left(served, "huyang", "b-1000", day) == free
        answer = await served.post(f"/holds/{name}/confirm", None, me)
        assert (answer.status_code, answer.json()["code"]) == (409, "hold-over")
    finally:
        served.clock.at = None


async def test_another_choice_lets_the_first_go_and_another_hall_is_refused(served: Served) -> None:
    me, day = await served.citizen("choosing"), 3
    free = await left(served, "huyang", "b-0900", day)
    await hold(served, me, "huyang", "b-0900", day)
    await hold(served, me, "huyang", "b-1000", day)
    assert await left(served, "huyang", "b-0900", day) == free
    answer = await hold(served, me, "guotan", "b-1100", day)
    assert (answer.status_code, answer.json()["code"]) == (409, "held-elsewhere")


async def test_behind_a_partner_stand_many_people_and_each_may_hold_a_place(served: Served) -> None:
    partner, other, day = served.bearer("partner", "app"), served.bearer("partner", "another app"), 5
    first = (await hold(served, partner, "huyang", "b-0900", day)).json()["hold"]
    second = (await hold(served, partner, "huyang", "b-1000", day)).json()["hold"]
    assert (await served.get(f"/holds/{first}", partner)).status_code == 200
    assert (await served.post(f"/holds/{first}/confirm", {"person": LI}, other)).status_code == 404
    assert (await served.post(f"/holds/{first}/confirm", {"person": LI}, partner)).status_code == 201
    assert (await served.post(f"/holds/{second}/release", None, partner)).status_code == 200


async def test_who_has_booked_the_item_is_told_before_the_form(served: Served) -> None:
    me = await served.citizen("twice")
    await book(served, me, "huyang", "b-0900", workday(served, 4))
    answer = await hold(served, me, "huyang", "b-1100", 4)
    assert (answer.status_code, answer.json()["code"]) == (409, "item-booked-that-day")


async def test_a_clerk_holds_while_somebody_on_the_telephone_tells_their_name(served: Served) -> None:
    clerk = served.bearer("clerk", "wang", hall="huyang")
    name = (await hold(served, clerk, "huyang", "b-1100")).json()["hold"]
    answer = await served.post(f"/holds/{name}/confirm", None, clerk)
    assert (answer.status_code, answer.json()["code"]) == (422, "person-needed")
    behalf = {"kind": "assisted", "consent": "spoken"}
    body = {"person": LI, "on_behalf": behalf}
    key = clerk | {"Idempotency-Key": "call-1"}
    made = await served.post(f"/holds/{name}/confirm", body, key)
    assert made.status_code == 201
    assert (await served.post(f"/holds/{name}/confirm", body, key)).json() == made.json()
    seen = (await served.get(f"/appointments/{name}", clerk)).json()
    assert (seen["person"]["name"], seen["on_behalf"]) == ("李*", behalf)


async def test_an_appointment_moved_twice_at_once_is_one_appointment(served: Served) -> None:
    me = await served.citizen("restless")
    made = (await book(served, me, "heilong", "b-0900", workday(served, 1))).json()["appointment"]
    targets = [(nth, slot) for nth in (1, 2, 3) for slot in ("b-1000", "b-1100")]
    answers = await asyncio.gather(
        *(
            served.post(
                f"/appointments/{made}/reschedule",
                {"date": workday(served, nth).isoformat(), "slot": slot},
                me,
            )
            for nth, slot in targets
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"cancelled"}
    moved = next(answer.json()["appointment"] for answer in answers if answer.status_code == 200)
    assert (await served.get(f"/appointments/{made}", me)).json()["moved_to"] == moved


async def test_items_of_one_visit_are_booked_together_and_each_counts(served: Served) -> None:
    me, day = await served.citizen("one thing"), workday(served, 1)
    items = served.parts.catalogue.items.values()
    more = next(k.name for k in items if k.plan.bookable and k.plan.queue == "b" and k.name != ITEM)
    elsewhere = next(k.name for k in items if k.plan.bookable and k.plan.queue == "a")
    made = await book(served, me, "tanghe", "b-0900", day, more=[more])
    assert made.status_code == 201, made.text
    start, end = (datetime.fromisoformat(made.json()[name]) for name in ("starts_at", "ends_at"))
    intervals = sum(served.parts.catalogue.item(name).plan.slots for name in (ITEM, more))
    assert end - start == intervals * timedelta(hours=1)
    seen = (await served.get(f"/appointments/{made.json()['appointment']}", me)).json()
    assert [one["item"] for one in seen["more"]] == [more]
    answer = await book(served, me, "tanghe", "b-1500", day, item=more)
    assert answer.json()["code"] == "item-booked-that-day"
    for wrong, code in ((elsewhere, "items-of-several-queues"), (ITEM, "named-twice")):
        answer = await book(served, me, "tanghe", "b-1500", day, more=[wrong])
        assert (answer.status_code, answer.json()["code"]) == (422, code)
