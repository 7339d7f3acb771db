"""A hall changes its plan: who is hit is told first, and nobody is stranded silently."""

import pytest

from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import book, workday

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_closure_tells_who_is_hit_and_cancels_only_whom_it_names(served: Served) -> None:
    admin, day = served.bearer("admin", "director"), workday(served, 2)
    me, late = await served.citizen("early bird"), await served.citizen("late bird")
    first = (await book(served, me, "longtan", "b-0900", day)).json()["appointment"]
    plan = (await served.get("/halls/longtan")).json()
    for shown in ("hall", "version", "position", "as_of"):
        plan.pop(shown)
    plan["windows"] = [
        {k: v for k, v in window.items() if k not in ("state", "pause")} for window in plan["windows"]
    ]
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
