"""Following a line over HTTP, on a real socket: phones by their secret link, the hall's staff by their role."""

import asyncio
import json
from typing import Any

import httpx_sse

from tests.adapters.http.test_screens import listening


async def test_a_line_is_followed_on_phones_and_at_windows_and_resumed(database_url: str) -> None:
    async with listening(database_url) as (served, client):
        kiosk, clerk = (
            served.bearer("kiosk", hall="tanghe"),
            served.bearer("clerk", "li", hall="tanghe"),
        )

        async def told(events: Any, kind: str, position: int) -> tuple[str, dict[str, Any]]:
            """The first event of a kind that holds a position."""
            async with asyncio.timeout(10):
                while True:
                    event = await anext(events)
                    if event.event == kind and int(event.id) >= position:
                        return event.id, json.loads(event.data)

        taken = [
            (
                await served.post(
                    "/halls/tanghe/tickets",
                    {"queue": "a", "priority": "elderly"} if n else {"queue": "a"},
                    kiosk,
                )
            ).json()
            for n in range(2)
        ]
        phone_path = f"/api/v1/tickets/{taken[0]['follow']}/events"
        line_path = "/api/v1/halls/tanghe/line/events"
        async with (
            httpx_sse.aconnect_sse(client, "GET", phone_path) as phone,
            httpx_sse.aconnect_sse(client, "GET", line_path, headers=clerk) as desk,
        ):
            phone_events, desk_events = phone.aiter_sse(), desk.aiter_sse()
            _, place = await told(phone_events, "place", taken[1]["position"])
            assert (place["ticket"], place["ahead"]) == ("A001", 1)
            _, line = await told(desk_events, "line", taken[1]["position"])
            assert [t["ticket"] for t in line["tickets"]] == ["A002", "A001"]
            await served.post("/halls/tanghe/windows/w01/open", None, clerk)
            called = (await served.post("/halls/tanghe/windows/w01/call", {"ticket": "A001"}, clerk)).json()
            last, place = await told(phone_events, "place", called["position"])
            assert (place["status"], place["window"]) == ("called", "w01")
            _, line = await told(desk_events, "line", called["position"])
            assert [(t["ticket"], t["status"]) for t in line["tickets"]] == [
                ("A002", "waiting"),
                ("A001", "called"),
            ]
        headers = {"Last-Event-ID": last}
        async with httpx_sse.aconnect_sse(client, "GET", phone_path, headers=headers) as phone:
            again = await anext(phone.aiter_sse())
            assert int(again.id) >= int(last)
            assert json.loads(again.data)["status"] == "called"

        shown = (await served.get("/halls/tanghe/line", clerk, after=called["position"])).json()
        assert [t["ticket"] for t in shown["tickets"]] == ["A002", "A001"]
        assert shown["position"] >= called["position"]
        place = (await served.get(f"/tickets/{taken[0]['follow']}", after=called["position"])).json()
        assert place["window_name"]["zh"]

        for path, headers, status, code in (
            ("/api/v1/tickets/no-such-link/events", {}, 404, "unknown-ticket"),
            (line_path, {}, 401, "no-identity"),
            (line_path, served.bearer("citizen"), 403, "not-yours"),
            ("/api/v1/halls/tanghe/line", served.bearer("clerk", hall="yuantan"), 403, "other-hall"),
            ("/api/v1/halls/nowhere/line/events", served.bearer("admin"), 404, "unknown-hall"),
        ):
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code), path
