"""The appointments of a hall's day, for its staff."""

import re

import pytest

from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import LI, book, workday
from tests.adapters.http.test_arrivals import ZHANG, arrive, standing_there

pytestmark = pytest.mark.asyncio(loop_scope="module")

HALL = "longtan"


async def test_the_halls_staff_see_who_is_expected_and_check_them_in_from_the_list(served: Served) -> None:
    clerk, day = served.bearer("clerk", "li", hall=HALL), workday(served, 1)
    later = (await book(served, clerk, HALL, "b-1000", day, person=ZHANG)).json()
    first = (await book(served, clerk, HALL, "b-0900", day, person=LI)).json()
    await book(served, clerk, HALL, "b-0900", workday(served, 2), person=LI)
    path = f"/halls/{HALL}/appointments"
    for nobody in (None, served.bearer("kiosk", hall=HALL), await served.citizen("nosy")):
        assert (await served.get(path, nobody, date=day.isoformat())).status_code in (401, 403)
    elsewhere = served.bearer("clerk", "li", hall="tanghe")
    assert (await served.get(path, elsewhere)).json()["code"] == "other-hall"

    listed = (await served.get(path, clerk, date=day.isoformat(), after=first["position"])).json()
    assert [one["appointment"] for one in listed["appointments"]] == [
        first["appointment"],
        later["appointment"],
    ]
    shown = listed["appointments"][0]
    assert (shown["status"], shown["item_name"]["en"] != "") == ("booked", True)
    assert shown["person"]["name"].endswith("*")
    assert LI["id_number"] not in str(listed)
    page = (await served.get(path, clerk, date=day.isoformat(), limit=1)).json()
    rest = (await served.get(path, clerk, date=day.isoformat(), limit=1, cursor=page["cursor"])).json()
    assert [one["appointment"] for one in rest["appointments"]] == [later["appointment"]]

    origin = clerk | {"Origin": "http://hall.test"}
    with standing_there(served, day, 8, 55):
        seen = (await served.client.get("/window/day", headers=clerk)).text
        assert len(re.findall('action="/window/counter/check-in"', seen)) == 2
        sent = {"appointment": first["appointment"], "key": "from-the-list"}
        slip = await served.client.post("/window/counter/check-in", data=sent, headers=origin)
        assert (slip.status_code, "B001" in slip.text) == (200, True)
        assert (await arrive(served, HALL, "clerk", id_number=LI["id_number"])).json()["code"] == (
            "already-checked-in"
        )
        ticket = (await served.get(f"/appointments/{first['appointment']}", clerk)).json()["ticket"]
        back = await served.client.post(
            "/window/counter/check-in/undo", data={"ticket": ticket, "key": "back"}, headers=origin
        )
        assert (back.status_code, back.headers.get("Location", "")[:18]) == (303, "/window/day?after=")
        state = (await served.get(f"/appointments/{first['appointment']}", clerk)).json()["status"]
        assert state == "booked"
    only = await served.get(path, clerk, date=day.isoformat(), status="cancelled")
    assert only.json()["appointments"] == []
    assert (await served.get(path, clerk, status="sleeping")).status_code == 422
