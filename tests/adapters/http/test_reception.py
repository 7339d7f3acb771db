"""The desk by the door over HTTP: a ticket given up on the phone or at the desk, and put right at the desk."""

import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

HALL = "yuantan"


async def test_a_ticket_is_given_up_by_whoever_holds_its_link_and_put_right_by_the_hall(
    served: Served,
) -> None:
    plan = served.parts.catalogue.hall(HALL)
    first, second = plan.queues[0], plan.queues[1]
    kiosk, clerk = served.bearer("kiosk", hall=HALL), served.bearer("clerk", "li", hall=HALL)
    mine, other = [
        (await served.post(f"/halls/{HALL}/tickets", {"queue": first.queue}, kiosk)).json() for _ in range(2)
    ]

    change = f"/halls/{HALL}/numbers/{other['ticket']}/change"
    for asker in (
        kiosk,
        served.bearer("clerk", "wang", hall="tanghe"),
        served.bearer("supervisor", hall=HALL),
    ):
        assert (await served.post(change, {"queue": second.queue}, asker)).status_code == 403
    assert (await served.post(change, {}, clerk)).status_code == 422
    answer = await served.post(change, {"queue": second.queue, "priority": "elderly"}, clerk)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["ticket"], told["queue"], told["status"]) == (other["ticket"], second.queue, "waiting")
    place = (await served.get(f"/tickets/{other['follow']}")).json()
    assert (place["queue"], place["ahead"]) == (second.queue, 0)
    assert place["why"]["zh"].startswith("优先类别：老年人")

    for link in ("nonsense", mine["id"]):
        assert (await served.post(f"/tickets/{link}/leave")).status_code == 404
    for _ in range(2):
        answer = await served.post(f"/tickets/{mine['follow']}/leave")
        assert (answer.status_code, answer.json()["status"]) == (200, "left")
    seen = (await served.get(f"/tickets/{mine['follow']}")).json()
    assert (seen["status"], seen["left"]) == ("left", "gave-up")
    gone = await served.post(f"/halls/{HALL}/numbers/{other['ticket']}/leave", {}, clerk)
    assert (gone.status_code, gone.json()["status"]) == (200, "left")
    line = (await served.get(f"/halls/{HALL}/line", clerk)).json()
    assert [one["ticket"] for one in line["tickets"]] == []
    answer = await served.post(change, {"queue": first.queue}, clerk)
    assert (answer.status_code, answer.json()["code"]) == (409, "ticket-not-waiting")


async def test_an_item_brings_its_queue(served: Served) -> None:
    kiosk, clerk = served.bearer("kiosk", hall="tanghe"), served.bearer("clerk", "li", hall="tanghe")
    item = served.parts.catalogue.item("demo-dibao")
    other = next(one for one in served.parts.catalogue.hall("tanghe").queues if one.queue != item.plan.queue)
    taken = (await served.post("/halls/tanghe/tickets", {"queue": other.queue}, kiosk)).json()
    change = f"/halls/tanghe/numbers/{taken['ticket']}/change"
    told = (await served.post(change, {"item": "demo-dibao"}, clerk)).json()
    assert (told["queue"], told["item"]) == (item.plan.queue, "demo-dibao")
    assert (await served.post(change, {"item": "no-such"}, clerk)).status_code == 404


async def test_a_citizen_gives_up_on_the_page_that_is_followed(served: Served) -> None:
    kiosk = served.bearer("kiosk", hall="heilong")
    line = served.parts.catalogue.hall("heilong").queues[0].queue
    taken = (await served.post("/halls/heilong/tickets", {"queue": line}, kiosk)).json()
    page = f"/follow/{taken['follow']}"
    assert f'action="{page}/leave"' in (await served.client.get(page)).text
    origin = {"Origin": "http://hall.test"}
    answer = await served.client.post(f"{page}/leave", headers=origin)
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    after = (await served.client.get(page)).text
    assert "已退号" in after
    assert "/leave" not in after
