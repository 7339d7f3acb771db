"""Receipts: every command says where it stands in the log, and may be asked again without harm."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


def keyed(headers: dict[str, str], key: str) -> dict[str, str]:
    return headers | {"Idempotency-Key": key}


async def test_a_receipt_says_where_in_the_log_the_command_stands(served: Served) -> None:
    kiosk = served.bearer("kiosk", hall="guotan")
    first = await served.post("/halls/guotan/tickets", {"queue": "a"}, kiosk)
    second = await served.post("/halls/guotan/tickets", {"queue": "a"}, kiosk)
    assert first.status_code == 201
    assert (first.json()["ticket"], second.json()["ticket"]) == ("A001", "A002")
    assert second.json()["version"] == first.json()["version"] + 1
    assert second.json()["position"] == first.json()["position"] + 1
    assert second.headers["etag"] == f'"{second.json()["version"]}"'
    assert served.stored() >= second.json()["position"]


@pytest.mark.parametrize("path", ["/halls/heilong/tickets", "/cases"])
async def test_the_same_key_and_body_get_the_first_receipt_again(served: Served, path: str) -> None:
    body = {"queue": "a"} if "tickets" in path else {"item": ITEM, "hall": "heilong"}
    who = keyed(await served.citizen("wang"), "k1")
    first = await served.post(path, body, who)
    before = served.stored()
    again = await served.post(path, body, who)
    assert again.status_code == first.status_code == 201
    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert served.stored() == before


async def test_fifty_at_once_with_one_key_are_one_ticket(served: Served) -> None:
    kiosk = keyed(served.bearer("kiosk", hall="longtan"), "fifty")
    answers = await asyncio.gather(
        *(served.post("/halls/longtan/tickets", {"queue": "a"}, kiosk) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 49


@pytest.mark.parametrize("path", ["/halls/heilong/tickets", "/halls/heilong/windows/w01/transfer"])
async def test_a_key_used_with_another_body_is_refused(served: Served, path: str) -> None:
    clerk = keyed(served.bearer("clerk", "ke", hall="heilong"), "k2")
    await at_a_window(served, "heilong", "w01", "ke")
    assert (await served.post(path, {"queue": "a"}, clerk)).status_code in (200, 201)
    answer = await served.post(path, {"queue": "b"}, clerk)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_repeat_of_call_next_calls_no_second_person(served: Served) -> None:
    kiosk = served.bearer("kiosk", hall="huyang")
    for _ in range(2):
        await served.post("/halls/huyang/tickets", {"queue": "a"}, kiosk)
    clerk = served.bearer("clerk", "liu", hall="huyang")
    await served.post("/halls/huyang/windows/w01/open", None, clerk)
    first = await served.post("/halls/huyang/windows/w01/call-next", None, keyed(clerk, "c"))
    again = await served.post("/halls/huyang/windows/w01/call-next", None, keyed(clerk, "c"))
    assert first.json()["ticket"] == "A001"
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_key_is_its_askers_own_and_of_one_route(served: Served) -> None:
    one, other = served.bearer("kiosk", "k1"), served.bearer("kiosk", "k2")
    answers = [
        await served.post("/halls/longtan/tickets", {"queue": "b"}, keyed(one, "same")),
        await served.post("/halls/longtan/tickets", {"queue": "b"}, keyed(other, "same")),
        await served.post("/halls/zhangdian/tickets", {"queue": "b"}, keyed(one, "same")),
    ]
    assert len({answer.json()["id"] for answer in answers}) == 3


@pytest.mark.parametrize("key", ["", "k" * 201])
async def test_a_key_has_one_to_two_hundred_characters(served: Served, key: str) -> None:
    answer = await served.post("/halls/longtan/tickets", {"queue": "a"}, keyed(served.bearer("kiosk"), key))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-invalid")


async def test_a_key_of_any_characters_will_do_and_does_not_enter_the_log(served: Served) -> None:
    key = "张三 110105 " + "中" * 190
    headers = {
        b"authorization": served.bearer("kiosk")["Authorization"].encode(),
        b"idempotency-key": key.encode(),
    }
    url = "/api/v1/halls/longtan/tickets"
    answers = [await served.client.post(url, json={"queue": "a"}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    page = await served.get("/events", served.bearer("auditor"), after=answers[0].json()["position"] - 1)
    assert "张三" not in page.text


async def test_a_refused_command_may_be_asked_again_with_its_key(served: Served) -> None:
    clerk = served.bearer("clerk", "sun", hall="yuantan")
    await served.post("/halls/yuantan/windows/w01/open", None, clerk)
    path = "/halls/yuantan/windows/w01/call-next"
    assert (await served.post(path, None, keyed(clerk, "n"))).json()["code"] == "nobody-waiting"
    await served.post("/halls/yuantan/tickets", {"queue": "a"}, clerk)
    assert (await served.post(path, None, keyed(clerk, "n"))).json()["ticket"] == "A001"


@pytest.mark.parametrize("written", ['"{}"', "{}"])
async def test_who_expects_an_older_version_is_told_that_it_moved_on(served: Served, written: str) -> None:
    kiosk = served.bearer("kiosk")
    version = (await served.post("/halls/zhangdian/tickets", {"queue": "a"}, kiosk)).json()["version"]
    before = served.stored()
    match = {"If-Match": written.format(version - 1)}
    answer = await served.post("/halls/zhangdian/tickets", {"queue": "a"}, kiosk | match)
    assert (answer.status_code, answer.json()["code"]) == (412, "version-moved-on")
    assert answer.headers["etag"] == f'"{version}"'
    assert served.stored() == before
    match = {"If-Match": written.format(version)}
    assert (await served.post("/halls/zhangdian/tickets", {"queue": "a"}, kiosk | match)).status_code == 201


@pytest.mark.parametrize("told", ["*", "x", '"-1"', '""', 'W/"1"', "9" * 400])
async def test_an_if_match_that_is_no_version_is_refused(served: Served, told: str) -> None:
    answer = await served.post(
        "/halls/zhangdian/tickets", {"queue": "a"}, served.bearer("kiosk") | {"If-Match": told}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "if-match-invalid")


async def test_an_admin_may_say_when_it_happened_and_the_log_keeps_both_times(served: Served) -> None:
    at = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    admin = served.bearer("admin", "import") | {"Mingting-At": "2026-03-03T17:30:00+08:00"}
    began = datetime.now(UTC)
    receipt = (await served.post("/halls/tanghe/tickets", {"queue": "a"}, admin)).json()
    assert receipt["stream"] == "queue-tanghe-2026-03-03"
    page = await served.get("/events", served.bearer("auditor"), stream=receipt["stream"])
    event = page.json()["events"][-1]
    assert datetime.fromisoformat(event["time"]) == at
    assert began <= datetime.fromisoformat(event["recordedat"]) <= datetime.now(UTC)


async def test_nobody_else_may_say_when_it_happened(served: Served) -> None:
    for role in ("kiosk", "clerk", "citizen"):
        headers = served.bearer(role) | {"Mingting-At": "2026-03-03T17:30:00+08:00"}
        answer = await served.post("/halls/tanghe/tickets", {"queue": "a"}, headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "time-not-yours")


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("yesterday", "time-invalid"),
        ("2026-03-03T17:30:00", "time-invalid"),
        ("0001-01-01T00:00:00+14:00", "time-invalid"),
        ("", "time-invalid"),
        ("2100-01-01T00:00:00+08:00", "time-in-future"),
        ("9999-12-31T23:59:59-14:00", "time-in-future"),
    ],
)
async def test_what_is_recorded_has_a_time_and_lies_in_the_past(served: Served, told: str, code: str) -> None:
    headers = served.bearer("admin") | {"Mingting-At": told}
    answer = await served.post("/halls/tanghe/tickets", {"queue": "a"}, headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_reader_that_names_its_position_reads_its_own_write(served: Served) -> None:
    day = (await served.get("/halls/tanghe/day", served.bearer("clerk"))).json()
    receipt = (await served.post("/halls/tanghe/tickets", {"queue": "c"}, served.bearer("kiosk"))).json()
    after = await served.get("/halls/tanghe/day", served.bearer("clerk"), after=receipt["position"])
    assert after.json()["issued"] == day["issued"] + 1
    assert after.json()["position"] >= receipt["position"]
    assert datetime.fromisoformat(after.json()["as_of"]).tzinfo is not None


async def test_a_position_that_never_comes_is_not_waited_for_long(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("reading", "halls"):
        monkeypatch.setattr(f"adapters.http.{part}.WAIT_S", 0.3)
    for path in ("/halls/tanghe/day", "/halls/tanghe/board", "/halls", "/cases", "/performance"):
        answer = await served.get(path, served.bearer("admin"), after=10**12)
        assert (answer.status_code, answer.json()["code"]) == (503, "view-behind"), path
        assert answer.headers["retry-after"] == "1"


ITEM = "demo-shebaoka-shenling"


async def at_a_window(served: Served, hall: str, window: str, clerk: str) -> None:
    """A clerk at an open window with a ticket in hand."""
    headers = served.bearer("clerk", clerk, hall=hall)
    await served.post(f"/halls/{hall}/windows/{window}/open", None, headers)
    await served.post(f"/halls/{hall}/tickets", {"queue": "a"}, headers)
    await served.post(f"/halls/{hall}/windows/{window}/call-next", None, headers)
