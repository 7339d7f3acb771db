"""A day at the windows over HTTP, through the lean lane and through the web framework alike."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from adapters.http.front import Door
from tests.adapters.http.serving import Served, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["lean", "typed"])
async def hall(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[tuple[Served, str]]:
    """A server with or without the lane, and a hall of its own."""
    async with serving(database_url, lean=request.param == "lean") as running:
        yield running, "tanghe" if request.param == "lean" else "yuantan"


async def test_a_ticket_from_its_taking_to_its_end(hall: tuple[Served, str]) -> None:
    served, name = hall
    kiosk, clerk = served.bearer("kiosk", hall=name), served.bearer("clerk", "li", hall=name)
    w01 = f"/halls/{name}/windows/w01"

    async def done(command: str, body: Any = None) -> dict[str, Any]:
        answer = await served.post(f"{w01}/{command}", body, clerk)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    taken = (await served.post(f"/halls/{name}/tickets", {"queue": "a", "priority": "elderly"}, kiosk)).json()
    assert set(taken) == {
        "stream",
        "version",
        "position",
        "id",
        "ticket",
        "queue",
        "ahead",
        "wait_s",
        "follow",
    }
    assert (taken["ticket"], taken["ahead"]) == ("A001", 0)
    assert (await done("open"))["state"] == "open"
    called = await done("call-next")
    assert (called["id"], called["ticket"], called["window"], called["status"]) == (
        taken["id"],
        "A001",
        "w01",
        "called",
    )
    assert (await done("recall"))["ticket"] == "A001"
    assert (await done("start"))["status"] == "serving"
    assert (await done("park", {"reason": "照片"}))["status"] == "parked"
    assert (await done("unpark", {"ticket": "A001"}))["status"] == "called"
    assert (await done("transfer", {"queue": "b"}))["queue"] == "b"
    assert (await done("call", {"ticket": "A001"}))["status"] == "called"
    assert (await done("no-show"))["status"] == "missed"
    assert (await done("call", {"ticket": taken["id"]}))["ticket"] == "A001"
    await done("start")
    assert (await done("finish", {"items": ["demo-shebaoka-shenling"]}))["status"] == "served"
    assert (await done("pause", {"reason": "lunch"}))["state"] == "paused"
    assert (await done("resume"))["state"] == "open"
    assert (await done("close"))["state"] == "closed"


async def test_a_ticket_is_taken_for_an_item_and_waits_in_the_items_queue(hall: tuple[Served, str]) -> None:
    served, name = hall
    item = next(known for known in served.parts.catalogue.items.values() if known.plan.queue == "b")
    taken = await served.post(
        f"/halls/{name}/tickets", {"item": item.name}, served.bearer("kiosk", hall=name)
    )
    assert (taken.json()["queue"], taken.json()["ticket"]) == ("b", "B001")


async def test_the_holder_of_the_link_sees_their_place_and_why(hall: tuple[Served, str]) -> None:
    served, name = hall
    kiosk, clerk = served.bearer("kiosk", hall=name), served.bearer("clerk", "wu", hall=name)
    await served.post(
        f"/halls/{name}/queues", {"queue": "z", "name": {"zh": "测试", "en": "Test"}}, served.bearer("admin")
    )
    first, second = [
        (await served.post(f"/halls/{name}/tickets", {"queue": "z"}, kiosk)).json() for _ in range(2)
    ]
    old = (await served.post(f"/halls/{name}/tickets", {"queue": "z", "priority": "elderly"}, kiosk)).json()
    seen = (await served.get(f"/tickets/{second['follow']}")).json()
    assert (seen["ticket"], seen["hall"], seen["queue"], seen["status"]) == (
        second["ticket"],
        name,
        "z",
        "waiting",
    )
    assert (seen["ahead"], seen["wait_s"]) == (2, None)
    assert seen["queue_name"] == {"zh": "测试", "en": "Test"}
    assert (
        (await served.get(f"/tickets/{old['follow']}"))
        .json()["why"]["en"]
        .startswith("Priority: elderly person")
    )
    await served.post(f"/halls/{name}/windows/w05/open", {"queues": ["z"]}, clerk)
    seen = (await served.get(f"/tickets/{first['follow']}")).json()
    assert seen["ahead"] == 1
    assert seen["wait_s"]["p50"] <= seen["wait_s"]["p90"]
    await served.post(f"/halls/{name}/windows/w05/call-next", None, clerk)
    seen = (await served.get(f"/tickets/{old['follow']}")).json()
    assert (seen["status"], seen["window"], seen["ahead"]) == ("called", "w05", None)
    assert set(seen["window_name"]) == {"zh", "en"}


async def test_an_unknown_link_and_a_forged_one_look_the_same(hall: tuple[Served, str]) -> None:
    served, name = hall
    taken = (
        await served.post(f"/halls/{name}/tickets", {"queue": "a"}, served.bearer("kiosk", hall=name))
    ).json()
    answers = [
        await served.get(f"/tickets/{link}")
        for link in (
            taken["id"],
            taken["follow"][:-1] + "_",
            f"{taken['id']}.{'A' * 22}",
            served.parts.seal.seal(f"{name}.20260302.never-issued"),
            served.parts.seal.seal("nothing like a reference"),
            "x",
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


async def test_what_is_not_known_here_is_told_apart(hall: tuple[Served, str]) -> None:
    served, name = hall
    kiosk, clerk = served.bearer("kiosk"), served.bearer("clerk", "zheng")

    async def code(path: str, body: Any, who: dict[str, str]) -> tuple[int, str]:
        answer = await served.post(path, body, who)
        return answer.status_code, answer.json()["code"]

    assert await code("/halls/nowhere/tickets", {"queue": "a"}, kiosk) == (404, "unknown-hall")
    assert await code(f"/halls/{name}/tickets", {"queue": "nothing"}, kiosk) == (404, "unknown-queue")
    assert await code(f"/halls/{name}/tickets", {"item": "nothing"}, kiosk) == (404, "unknown-item")
    assert await code(f"/halls/{name}/windows/w77/call-next", None, clerk) == (404, "unknown-window")
    assert await code(f"/halls/{name}/windows/w-%20-/call-next", None, clerk) == (404, "unknown-window")
    assert await code("/halls/nowhere/windows/w01/call-next", None, clerk) == (404, "unknown-hall")
    assert await code(f"/halls/{name}/windows/w02/call-next", None, clerk) == (409, "window-not-open")


async def test_a_longer_or_other_path_goes_its_usual_way(hall: tuple[Served, str]) -> None:
    served, name = hall
    kiosk = served.bearer("kiosk")
    for path in (f"/halls/{name}/tickets/more", f"/hills/{name}/tickets", f"/halls/{name}/x/w01/call-next"):
        assert (await served.post(path, {"queue": "a"}, kiosk)).status_code == 404
    assert (await served.get(f"/halls/{name}/tickets", kiosk)).status_code == 405
    assert (await served.post(f"/halls/{name}/tickets/", {"queue": "a"}, kiosk)).status_code == 201


async def test_the_lane_is_used_exactly_when_it_is_asked_for(
    hall: tuple[Served, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    served, name = hall
    reached: list[str] = []
    framework = served.door.framework

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        await framework(scope, receive, send)

    monkeypatch.setattr(served.door, "framework", watching)
    await served.post(f"/halls/{name}/tickets", {"queue": "a"}, served.bearer("kiosk"))
    await served.post(f"/halls/{name}/windows/w01/call-next", None, served.bearer("clerk"))
    await served.post("/appointments/x/check-in", None, served.bearer("kiosk"))
    await served.post(f"/halls/{name}/appointments", {}, await served.citizen("x"))
    lean = isinstance(served.door, Door) and name == "tanghe"
    assert len([path for path in reached if "dev/tokens" not in path]) == (0 if lean else 4)
