"""What a citizen has and can have: appointments, a held place, their cases, and the halls that handle an item."""

from datetime import datetime, timedelta

import pytest

from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import ITEM, book, workday
from tests.adapters.http.test_rectifications import bad_review

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_citizen_sees_their_own_appointments_in_the_order_of_time_and_nobody_elses(
    served: Served,
) -> None:
    me, other = await served.citizen("list"), await served.citizen("list-other")
    second = (await book(served, me, "huyang", "b-1000", workday(served, 2))).json()
    first = (await book(served, me, "heilong", "b-0900", workday(served, 1))).json()
    mine = (await served.get("/appointments", me, after=first["position"])).json()["appointments"]
    assert [one["appointment"] for one in mine] == [first["appointment"], second["appointment"]]
    assert mine[0]["hall_name"]["en"]
    assert (await served.get(f"/appointments/{mine[0]['voucher']}")).json()["status"] == "booked"
    assert "person" not in mine[0]
    assert (await served.get("/appointments", other)).json()["appointments"] == []
    later = workday(served, 2) + timedelta(days=1)
    assert (await served.get("/appointments", me, since=later.isoformat())).json()["appointments"] == []


async def test_whoever_holds_a_voucher_reads_the_appointment_without_signing_in_but_does_not_change_it(
    served: Served,
) -> None:
    made = (await book(served, await served.citizen("v"), "heilong", "b-1000", workday(served))).json()
    shown = await served.get(f"/appointments/{made['voucher']}")
    assert shown.json()["person"]["name"].endswith("*")
    assert (await served.get(f"/appointments/{made['voucher']}/calendar.ics")).text.startswith(
        "BEGIN:VCALENDAR"
    )
    assert (await served.get(f"/appointments/{made['appointment']}")).status_code == 404
    assert (await served.post(f"/appointments/{made['voucher']}/cancel")).status_code == 401


async def test_a_held_place_is_shown_to_its_holder_until_its_time_is_over(served: Served) -> None:
    me, other = await served.citizen("h"), await served.citizen("h2")
    body = {"item": ITEM, "date": workday(served).isoformat(), "slot": "b-1100"}
    held = (await served.post("/halls/heilong/holds", body, me)).json()
    shown = (await served.get(f"/holds/{held['hold']}", me)).json()
    assert (shown["item"], shown["until"]) == (ITEM, held["until"])
    assert (await served.get(f"/holds/{held['hold']}", other)).status_code == 404
    served.clock.at = datetime.now(SHANGHAI) + timedelta(minutes=6)
    try:
        assert (await served.get(f"/holds/{held['hold']}", me)).status_code == 404
    finally:
        served.clock.at = None


async def test_the_halls_of_an_item_stand_with_the_nearest_first_and_their_places_by_day(
    served: Served,
) -> None:
    halls = (await served.get(f"/items/{ITEM}/halls", region="411328101000")).json()["halls"]
    assert halls[0]["hall"] == "yuantan", "源潭 itself before the county's other halls"
    assert halls[0]["nearness"] > halls[1]["nearness"]
    assert all(day["remaining"] >= 0 for hall in halls for day in hall["days"])
    day = halls[1]["days"][-1]
    slots = (await served.get(f"/halls/{halls[1]['hall']}/slots", item=ITEM, date=day["date"])).json()[
        "slots"
    ]
    assert day["remaining"] == sum(slot["remaining"] for slot in slots)


async def test_a_hall_tells_how_many_wait_and_for_how_long(served: Served) -> None:
    clerk = served.bearer("clerk", hall="longtan")
    await served.post("/halls/longtan/windows/w01/open", None, clerk)
    await served.post("/halls/longtan/tickets", {"queue": "b"}, clerk)
    halls = (await served.get(f"/items/{ITEM}/halls")).json()["halls"]
    here = next(hall for hall in halls if hall["hall"] == "longtan")
    assert here["waiting"] == 1


async def test_a_citizen_lists_their_own_cases_only(served: Served) -> None:
    me, other = await served.citizen("c"), await served.citizen("c2")
    made = (await served.post("/cases", {"item": ITEM, "hall": "tanghe"}, me)).json()
    mine = (await served.get("/cases", me, after=made["position"])).json()["cases"]
    assert [one["case"] for one in mine] == [made["case"]]
    assert (await served.get("/cases", other)).json()["cases"] == []


async def test_a_citizen_lists_their_own_bad_reviews_with_their_links(office: Served) -> None:
    _, review, me = await bad_review(office, "zhangdian", "own reviews")
    mine = (await office.get("/reviews", me)).json()["reviews"]
    assert [(one["review"], one["step"]) for one in mine] == [(review, "contact")]
    assert (await office.get(f"/reviews/{mine[0]['invitation']}", me)).json()["review"] == review
    assert (await office.get("/reviews", await office.citizen("no reviews"))).json()["reviews"] == []
