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
    paused = await done("pause", {"reason": "lunch"})
    assert (paused["state"], paused["pause"]) == ("paused", "lunch")
    board = (await served.get(f"/halls/{name}/board", clerk, as_of=paused["position"])).json()
    (shown,) = [window for window in board["windows"] if window["window"] == "w01"]
    assert shown["pause"] == {"reason": "lunch", "name": {"zh": "午餐", "en": "Lunch"}}
    assert (await done("resume"))["state"] == "open"
    assert (await done("close"))["state"] == "closed"


async def test_a_ticket_takes_every_detour_over_http(hall: tuple[Served, str]) -> None:
    served, name = hall
    admin, clerk, other = (
        served.bearer("admin"),
        served.bearer("clerk", "qian"),
        served.bearer("clerk", "sun"),
    )
    for line in ("x", "y"):
        await served.post(
            f"/halls/{name}/queues", {"queue": line, "name": {"zh": "测试", "en": "Test"}}, admin
        )
    here, there = f"/halls/{name}/windows/w11", f"/halls/{name}/windows/w12"
    await served.post(f"{here}/open", {"queues": ["x"]}, clerk)
    await served.post(f"{there}/open", {"queues": ["y", "x"]}, other)
    taken = (await served.post(f"/halls/{name}/tickets", {"queue": "x"}, served.bearer("kiosk"))).json()
    number = taken["ticket"]

    async def done(path: str, body: Any = None, who: dict[str, str] = clerk) -> tuple[str, str, str]:
        answer = await served.post(path, body, who)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        return told["ticket"], told["status"], told["queue"]

    async def refused(path: str, body: Any = None, who: dict[str, str] = clerk) -> str:
        answer = await served.post(path, body, who)
        assert answer.status_code == 409, answer.text
        return str(answer.json()["code"])

    assert await refused(f"{here}/undo") == "nothing-to-undo"
    await done(f"{here}/call-next")
    assert await done(f"{here}/return") == (number, "waiting", "x")
    await done(f"{here}/call-next")
    assert await done(f"{here}/no-show") == (number, "missed", "x")
    assert await done(f"{here}/undo") == (number, "called", "x")
    await done(f"{here}/no-show")
    assert await done(f"{there}/return", {"ticket": number}, other) == (number, "waiting", "x")
    await done(f"{here}/call-next")
    assert await done(f"{here}/park", {"pool": "window"}) == (number, "parked", "x")
    assert await refused(f"{there}/unpark", {"ticket": number}, other) == "ticket-kept"
    await done(f"{here}/unpark", {"ticket": number})
    assert await done(f"{here}/transfer", {"to_window": "w12"}) == (number, "waiting", "x")
    assert (await served.get(f"/tickets/{taken['follow']}")).json()["why"]["en"].startswith("Kept for")
    assert await refused(f"{here}/call-next") == "nobody-waiting"
    assert await done(f"{here}/undo") == (number, "called", "x")
    await done(f"{here}/start")
    assert await done(f"{here}/split", {"queue": "y", "items": ["one"]}) == (number, "waiting", "y")
    assert await done(f"{there}/call-next", None, other) == (number, "called", "y")
    await done(f"{there}/start", None, other)
    assert await done(f"{there}/finish", None, other) == (number, "served", "y")
    assert await done(f"{there}/undo", None, other) == (number, "serving", "y")
    assert await done(f"{there}/finish", None, other) == (number, "served", "y")


async def test_only_the_staff_see_that_a_window_calls_for_help(hall: tuple[Served, str]) -> None:
    served, name = hall
    clerk, window = served.bearer("clerk", "zhou", hall=name), f"/halls/{name}/windows/w02"
    raised = await served.post(f"{window}/alarm", {"kind": "threat"}, clerk)
    assert raised.json()["alarm"] == "threat"
    after = raised.json()["position"]
    # The public board is open to all; the alarms are not.
    assert (await served.get(f"/halls/{name}/alarms")).status_code == 401
    assert (await served.get(f"/halls/{name}/alarms", served.bearer("kiosk"))).status_code == 403
    seen = await served.get(f"/halls/{name}/alarms", clerk)
    assert seen.status_code == 200
    shown = (await served.get(f"/halls/{name}/board")).text
    assert "threat" not in shown
    assert "alarm" not in shown
    cleared = await served.post(f"{window}/clear-alarm", None, served.bearer("supervisor", hall=name))
    assert cleared.json()["alarm"] is None
    assert cleared.json()["position"] > after


async def test_a_day_is_ended_by_whoever_runs_the_hall(hall: tuple[Served, str]) -> None:
    served, name = hall
    day, admin = "2026-03-02", served.bearer("admin")
    at = {**admin, "Mingting-At": "2026-03-02T09:00:00+08:00"}
    window = f"/halls/{name}/windows/w01"
    await served.post(f"/halls/{name}/tickets", {"queue": "a"}, at, date=day)
    await served.post(f"{window}/open", None, at, date=day)
    await served.post(f"{window}/call-next", None, at, date=day)
    path = f"/halls/{name}/day/close"
    assert (await served.post(path, None, served.bearer("clerk"), date=day)).status_code == 403
    assert (await served.post(path, None, at, date=day)).json()["code"] == "window-busy"
    closed = (await served.post(path, {"force": True}, at, date=day)).json()
    assert (closed["closed"], closed["left"], closed["date"]) == (True, 1, day)
    assert (await served.post(path, None, at, date=day)).json()["closed"]


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
