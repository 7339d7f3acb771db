"""A hall changes its plan: who is hit is told first, and nobody is stranded silently."""

from typing import Any

import pytest

from domain.hall import HallPlan, WindowPlan
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import book, workday

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def plan_of(served: Served, hall: str) -> dict[str, Any]:
    """A hall's plan as an administrator would send it back."""
    shown = (await served.get(f"/halls/{hall}")).json()
    plan = {name: shown[name] for name in HallPlan.__struct_fields__ if name in shown}
    fields = WindowPlan.__struct_fields__
    plan["windows"] = [{name: one[name] for name in fields if name in one} for one in shown["windows"]]
    return plan


async def test_a_closure_tells_who_is_hit_and_cancels_only_whom_it_names(served: Served) -> None:
    admin, day = served.bearer("admin", "director"), workday(served, 2)
    me, late = await served.citizen("early bird"), await served.citizen("late bird")
    first = (await book(served, me, "longtan", "b-0900", day)).json()["appointment"]
    plan = await plan_of(served, "longtan")
    plan["exceptions"] = [{"date": day.isoformat(), "reason": {"zh": "停电", "en": "power cut"}}]
    answer = await served.client.put("/api/v1/halls/longtan", json=plan, headers=admin)
    assert answer.status_code == 200, answer.text

    answer = await book(served, late, "longtan", "b-0900", day)
    assert answer.json()["code"] == "hall-closed"
    asking = {"date": day.isoformat(), "reason": "停电"}
    tried = (await served.post("/halls/longtan/slots/revise", asking, admin)).json()
    assert (tried["applied"], [one["appointment"] for one in tried["hit"]]) == (False, [first])
    assert (await served.get(f"/appointments/{first}", me)).json()["status"] == "booked"
    answer = await served.post("/halls/longtan/slots/revise", asking | {"apply": True}, admin)
    assert (answer.status_code, answer.json()["code"]) == (409, "bookings-stranded")
    assert (await served.get(f"/appointments/{first}", me)).json()["status"] == "booked"
    meant = asking | {"apply": True, "cancel": [first]}
    done = (await served.post("/halls/longtan/slots/revise", meant, admin)).json()
    assert (done["applied"], [one["appointment"] for one in done["hit"]]) == (True, [first])
    assert (await served.get(f"/appointments/{first}", me)).json()["status"] == "cancelled"
    assert (await book(served, me, "longtan", "b-0900", workday(served, 3))).status_code == 201


async def test_whom_a_change_hits_is_moved_to_the_next_free_place_and_told(served: Served) -> None:
    admin, day, after = served.bearer("admin", "director"), workday(served, 2), workday(served, 3)
    me = await served.citizen("to be moved")
    made = (await book(served, me, "zhangdian", "b-0900", day)).json()
    plan = await plan_of(served, "zhangdian")
    plan["exceptions"] = [{"date": day.isoformat(), "reason": {"zh": "停电", "en": "power cut"}}]
    assert (await served.client.put("/api/v1/halls/zhangdian", json=plan, headers=admin)).status_code == 200
    asking = {"date": day.isoformat(), "reason": "停电"}
    (hit,) = (await served.post("/halls/zhangdian/slots/revise", asking, admin)).json()["hit"]
    assert (hit["to"]["date"], hit["to"]["slot"]) == (after.isoformat(), "b-0900")
    meant = asking | {"apply": True, "move": [made["appointment"]]}
    answer = await served.post("/halls/zhangdian/slots/revise", meant, admin)
    assert answer.status_code == 200, answer.text
    old = (await served.get(f"/appointments/{made['appointment']}", me)).json()
    new = (await served.get(f"/appointments/{old['moved_to']}", me)).json()
    assert (old["status"], new["status"], new["slot"]) == ("cancelled", "booked", "b-0900")
    assert new["starts_at"][:10] == after.isoformat()
    again = (await served.post("/halls/zhangdian/slots/revise", meant, admin)).json()
    assert (again["hit"], again["applied"]) == ([], True)


async def test_the_last_day_there_is_has_none_after_it_to_move_anybody_to(served: Served) -> None:
    body = {"date": "9999-12-31", "reason": "停电"}
    answer = await served.post("/halls/tanghe/slots/revise", body, served.bearer("admin"))
    assert (answer.status_code, answer.json()["hit"]) == (200, [])
