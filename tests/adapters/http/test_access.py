"""The access table, walked: every route, every role, and nobody."""

import pytest

from adapters.http.access import ACCESS, API
from adapters.http.identity import ROLES, Role
from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS = {
    "hall": "tanghe",
    "number": "A001",
    "device": "nothing",
    "window": "w01",
    "id": "tanghe.20260302.nothing",
    "case": "tanghe.20260302.nothing",
    "item": "nothing",
    "year": "2026",
    "version": "1",
    "follow": "nothing",
    "link": "nothing",
    "figure": "bad",
    "file": "nothing",
    "person": "nobody",
    "notice": "nothing",
    "template": "nothing",
}
FOR_PROGRAMS = ("/api/", "/health/", "/metrics", "/schema", "/asyncapi")
"""Beside these there are pages, which anybody may fetch and which themselves ask these."""

STREAMS = {
    ("GET", f"{API}/boards/events"),
    *(("GET", f"{API}/halls/{{hall}}/{what}/events") for what in ("board", "alarms", "line")),
}
"""Goes on for ever once it is admitted; its own tests are in test_screens."""


async def asked(served: Served, method: str, route: str, headers: dict[str, str]) -> tuple[int, str]:
    path = route
    for word, value in WORDS.items():
        path = path.replace(f"{{{word}}}", value)
    answer = await served.client.request(method, path, headers=headers)
    problem = answer.json() if "problem" in answer.headers["content-type"] else {}
    return answer.status_code, problem.get("code", "")


def routes_of(served: Served) -> set[tuple[str, str]]:
    app = served.door.framework
    return {
        (method, route.path_format)
        for route in app.routes  # type: ignore[attr-defined]
        for method in route.methods - {"OPTIONS"}
        if route.path_format.startswith(FOR_PROGRAMS)
    }


async def test_the_table_and_the_routes_are_the_same(served: Served) -> None:
    assert routes_of(served) == set(ACCESS)


@pytest.mark.parametrize(("method", "route"), [key for key in ACCESS if key not in STREAMS])
async def test_a_route_admits_whom_the_table_names_and_nobody_else(
    served: Served, method: str, route: str
) -> None:
    admitted = ACCESS[method, route]
    status, code = await asked(served, method, route, {})
    if admitted is None:
        assert code != "not-yours"
    else:
        assert (status, code) == (401, "no-identity")
    for role in ROLES:
        status, code = await asked(served, method, route, served.bearer(role))
        if admitted is not None and role not in admitted:
            assert (status, code) == (403, "not-yours"), role
        else:
            assert status not in (401, 500), role
            assert code != "not-yours" or route == f"{API}/reviews", role


@pytest.mark.parametrize("role", ["clerk", "kiosk"])
async def test_staff_and_devices_act_only_in_their_own_hall(served: Served, role: Role) -> None:
    there = served.bearer(role, hall="yuantan")
    answer = await served.post("/halls/tanghe/tickets", {"queue": "a"}, there)
    assert (answer.status_code, answer.json()["code"]) == (403, "other-hall")
    assert (await served.post("/halls/yuantan/tickets", {"queue": "a"}, there)).status_code == 201


async def test_a_clerk_whose_token_names_a_window_acts_at_no_other(served: Served) -> None:
    clerk = served.bearer("clerk", "wang", hall="yuantan", window="w02")
    answer = await served.post("/halls/yuantan/windows/w03/open", None, clerk)
    assert (answer.status_code, answer.json()["code"]) == (403, "other-window")
    assert (await served.post("/halls/yuantan/windows/w02/open", None, clerk)).status_code == 200


async def test_a_public_board_is_open_to_staff_of_another_hall(served: Served) -> None:
    assert (
        await served.get("/halls/tanghe/board", served.bearer("clerk", hall="yuantan"))
    ).status_code == 200


async def test_a_token_that_does_not_hold_is_refused_even_where_none_is_needed(served: Served) -> None:
    answer = await served.get("/halls", {"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer ", "bearer"])
async def test_an_authorization_of_another_kind_is_no_identity(served: Served, header: str) -> None:
    answer = await served.get("/halls", {"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "no-identity")


async def test_a_window_is_opened_in_ones_own_name(served: Served) -> None:
    clerk = served.bearer("clerk", "zhao", hall="tanghe")
    answer = await served.post("/halls/tanghe/windows/w04/open", {"clerk": "li"}, clerk)
    assert (answer.status_code, answer.json()["code"]) == (403, "another-clerk")


async def test_only_clerks_and_admins_choose_the_day(served: Served) -> None:
    kiosk = served.bearer("kiosk", hall="tanghe")
    answer = await served.post("/halls/tanghe/tickets", {"queue": "a"}, kiosk, date="2026-03-02")
    assert answer.status_code == 403
    clerk = served.bearer("clerk", hall="tanghe")
    answer = await served.post("/halls/tanghe/tickets", {"queue": "a"}, clerk, date="2026-03-02")
    assert answer.json()["stream"] == "queue-tanghe-2026-03-02"


@pytest.mark.parametrize("path", ["tickets", "windows/w04/open", "windows/w04/alarm", "day/close"])
async def test_no_day_is_begun_before_it_has_come(served: Served, path: str) -> None:
    """It would keep the plan that the hall has now, whatever is changed until then."""
    admin, body = served.bearer("admin"), {"queue": "a"} if path == "tickets" else None
    for day in ("2099-01-01", "9999-12-31"):
        answer = await served.post(f"/halls/tanghe/{path}", body, admin, date=day)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "date")
