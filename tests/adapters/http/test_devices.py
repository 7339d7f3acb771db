"""Devices over HTTP: a code of an administrator, a session of the device, and the end of it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

KIOSK = {"role": "kiosk", "hall": "tanghe", "name": "一楼东侧"}
OURS = {"Origin": "http://hall.test"}


async def invited(served: Served, **more: object) -> dict[str, str]:
    answer = await served.post("/devices", KIOSK | more, served.bearer("admin"))
    assert answer.status_code == 201, answer.text
    told: dict[str, str] = answer.json()
    return told


async def test_a_device_is_let_in_by_its_code_and_takes_tickets_by_its_session(served: Served) -> None:
    made = await invited(served)
    typed = made["code"].replace("-", " ").lower()
    answer = await served.post("/devices/enrol", {"code": typed})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["role"], told["hall"], told["status"]) == ("kiosk", "tanghe", "enrolled")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert int(cookie.partition("Max-Age=")[2].partition(";")[0]) > 300 * 86_400
    session = {"Cookie": cookie.partition(";")[0], **OURS}
    served.client.cookies.clear()
    assert (await served.post("/halls/tanghe/tickets", {"queue": "a"}, session)).status_code == 201
    there = await served.post("/halls/yuantan/tickets", {"queue": "a"}, session)
    assert (there.status_code, there.json()["code"]) == (403, "other-hall")

    gone = await served.post(f"/devices/{made['device']}/revoke", {"reason": "moved"}, served.bearer("admin"))
    assert gone.json()["status"] == "revoked"
    after = await served.post("/halls/tanghe/tickets", {"queue": "a"}, session)
    assert (after.status_code, after.json()["code"]) == (401, "no-identity")


async def test_a_code_works_once_and_not_after_its_time(served: Served) -> None:
    made = await invited(served)
    assert (await served.post("/devices/enrol", {"code": made["code"]})).status_code == 200
    served.client.cookies.clear()
    again = await served.post("/devices/enrol", {"code": made["code"]})
    assert (again.status_code, again.json()["code"]) == (409, "device-code-used")
    late = await invited(served)
    served.clock.at = datetime.now(UTC) + timedelta(minutes=20)
    try:
        answer = await served.post("/devices/enrol", {"code": late["code"]})
    finally:
        served.clock.at = None
    assert (answer.status_code, answer.json()["code"]) == (409, "device-code-over")
    wrong = await served.post("/devices/enrol", {"code": "ABCD-2345"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "unknown-device-code")


async def test_an_invitation_and_an_enrolment_may_be_sent_twice(served: Served) -> None:
    key = {"Idempotency-Key": "twice-1"}
    first = await served.post("/devices", KIOSK, served.bearer("admin") | key)
    assert (await served.post("/devices", KIOSK, served.bearer("admin") | key)).json() == first.json()
    code = {"code": first.json()["code"]}
    key = {"Idempotency-Key": "twice-2"}
    assert (await served.post("/devices/enrol", code, key)).status_code == 200
    served.client.cookies.clear()
    again = await served.post("/devices/enrol", code, key)
    assert again.status_code == 200
    assert "set-cookie" in again.headers
    served.client.cookies.clear()


async def test_the_list_of_devices_tells_how_each_stands_and_no_code(served: Served) -> None:
    made = await invited(served, role="screen", window="w03", name="三号窗口屏")
    answer = await served.get("/devices", served.bearer("auditor"), hall="tanghe")
    shown = {one["device"]: one for one in answer.json()["devices"]}[made["device"]]
    assert (shown["status"], shown["window"], shown["enrolled_at"]) == ("invited", "w03", None)
    assert made["code"] not in answer.text


async def test_a_device_is_invited_to_a_hall_and_a_window_that_exist(served: Served) -> None:
    for body, field in (({"hall": "nowhere"}, "unknown-hall"), ({"window": "w99"}, "invalid")):
        answer = await served.post("/devices", KIOSK | body, served.bearer("admin"))
        assert answer.json()["code"] == field
