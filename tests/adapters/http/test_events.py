"""The log for auditors, and what an admin writes down of elsewhere."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from adapters.http.events import COMMANDS
from tests.adapters.http.serving import Served

module_loop = pytest.mark.asyncio(loop_scope="module")


def told(day: str, key: str, at: str, **command: Any) -> dict[str, Any]:
    return {"stream": f"queue-tanghe-{day}", "at": f"{day}T{at}+08:00", "key": key, "command": command}


async def entered(served: Served, *what: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await served.post("/import", list(what), served.bearer("admin", "import"))
    assert answer.status_code == 200, answer.text
    receipts: list[dict[str, Any]] = answer.json()["receipts"]
    return receipts


def plan(served: Served) -> Any:
    return msgspec.to_builtins(served.parts.catalogue.hall("tanghe"))


@module_loop
async def test_the_log_is_read_page_by_page_as_cloudevents(served: Served) -> None:
    auditor = served.bearer("auditor")
    await served.post("/halls/guotan/tickets", {"queue": "a"}, served.bearer("kiosk", "k1"))
    seen: list[int] = []
    after = 0
    while True:
        page = (await served.get("/events", auditor, after=after, limit=40)).json()
        assert set(page) == {"events", "cursor", "position", "as_of"}
        seen += [event["position"] for event in page["events"]]
        if page["cursor"] is None:
            break
        after = int(page["cursor"])
    assert len(seen) == served.stored()
    assert seen == sorted(set(seen))
    last = page["events"][-1]
    assert {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"} <= set(last)
    assert (last["specversion"], last["source"], last["type"]) == (
        "1.0",
        "/mingting",
        "mingting.queue.ticket-issued",
    )
    assert all(name.isalnum() and name == name.lower() for name in last), (
        "CloudEvents attributes are a-z and 0-9"
    )
    assert last["by"] == "kiosk:k1"
    assert last["data"]["number"] == "A001"


@module_loop
async def test_one_stream_of_the_log_is_read_alone(served: Served) -> None:
    receipt = (await served.post("/halls/heilong/tickets", {"queue": "a"}, served.bearer("kiosk"))).json()
    page = (await served.get("/events", served.bearer("auditor"), stream=receipt["stream"])).json()
    assert {event["subject"] for event in page["events"]} == {receipt["stream"]}
    assert [event["version"] for event in page["events"]] == list(range(1, receipt["version"] + 1))
    assert (await served.get("/events", served.bearer("auditor"), stream="queue-no-2026-01-01")).json()[
        "events"
    ] == []


@module_loop
async def test_the_log_is_searched_by_person_tag_asker_and_time(served: Served) -> None:
    me = await served.citizen("searched")
    key = served.parts.tokens.identify  # the key stands in the token
    person = (await key(me["Authorization"].partition(" ")[2])).person
    auditor, before = served.bearer("auditor"), datetime.now(UTC)
    taken = (await served.post("/halls/guotan/tickets", {"queue": "a"}, me)).json()
    await served.post("/halls/guotan/tickets", {"queue": "a"}, served.bearer("kiosk", "other"))
    case = {"item": "demo-shebaoka-shenling", "hall": "guotan"}
    opened = (await served.post("/cases", case, me)).json()

    async def found(**query: Any) -> list[tuple[str, str]]:
        answer = await served.get("/events", auditor, **query)
        assert answer.status_code == 200, answer.text
        return [(event["subject"], event["type"].rpartition(".")[2]) for event in answer.json()["events"]]

    mine = await found(person=person)
    assert (taken["stream"], "ticket-issued") in mine
    assert (opened["stream"], "case-opened") in mine
    assert all(tag != "day-opened" for _, tag in mine)
    assert await found(person=person, before=2**40) == mine[::-1]
    assert await found(person=person, tag="case-opened") == [(opened["stream"], "case-opened")]
    assert await found(by="kiosk:other", since=before.isoformat()) == [(taken["stream"], "ticket-issued")]
    assert await found(person=person, until=before.isoformat()) == []
    assert await found(person="nobody-at-all") == []
    assert (await served.get("/events", auditor, tag="no-such")).json()["code"] == "unknown-event"
    assert (await served.get("/events", auditor, since="2026-01-01T00:00:00")).status_code == 422


@module_loop
async def test_what_happened_elsewhere_is_decided_strictly_in_order(served: Served) -> None:
    day = "2026-03-04"
    steps = [told(day, "0", "08:00:00", type="open-day", plan=plan(served))]
    for number in range(100):
        steps += [
            told(day, f"i{number}", "09:00:00", type="issue-ticket", ticket=f"t{number}", queue="a"),
            told(day, f"o{number}", "09:00:00", type="open-window", window="w01", clerk="x"),
            told(day, f"c{number}", "09:01:00", type="call-next", window="w01"),
            told(day, f"n{number}", "09:02:00", type="mark-no-show", window="w01"),
        ]
    receipts = await entered(served, *steps)
    assert [receipt.get("problem") for receipt in receipts] == [None] * 401
    positions = [receipt["position"] for receipt in receipts[1::4]]
    assert positions == sorted(positions)
    page = (
        await served.get("/events", served.bearer("auditor"), stream=f"queue-tanghe-{day}", limit=1000)
    ).json()
    called = [event["data"]["number"] for event in page["events"] if event["data"]["type"] == "ticket-called"]
    assert called == [f"A{number:03d}" for number in range(1, 101)]
    assert page["events"][0]["time"] == f"{day}T08:00:00+08:00"
    assert page["events"][0]["by"] == "admin:import"


@module_loop
async def test_telling_it_again_changes_nothing(served: Served) -> None:
    steps = [
        told("2026-03-05", "0", "08:00:00", type="open-day", plan=plan(served)),
        told("2026-03-05", "1", "09:00:00", type="issue-ticket", ticket="t1", queue="a"),
    ]
    first = await entered(served, *steps)
    before = served.stored()
    again = await entered(served, *steps)
    assert [(one["position"], one["version"]) for one in again] == [
        (one["position"], one["version"]) for one in first
    ]
    assert [one.get("replayed") for one in again] == [True, True]
    assert served.stored() == before


@module_loop
async def test_one_that_is_refused_does_not_keep_the_rest_from_happening(served: Served) -> None:
    day = "2026-03-06"
    receipts = await entered(
        served,
        told(day, "a", "08:00:00", type="call-next", window="w01"),
        {"stream": "queue-tanghe", "at": f"{day}T08:00:00Z", "key": "j", "command": {"type": "close-day"}},
        {
            "stream": f"queue-moon-{day}",
            "at": f"{day}T08:00:00Z",
            "key": "k",
            "command": {"type": "close-day"},
        },
        told(day, "b", "08:00:00", type="open-day", plan=plan(served)),
        told(day, "c", "08:00:00", type="fly"),
        told(day, "d", "08:00:00", type="call-next"),
        told(day, "e", "08:00:00", window="w01"),
        told(day, "f", "08:00:00", type="issue-ticket", ticket="t1", queue="a", price=5),
        told(day, "g", "08:00:00", type="issue-ticket", ticket="t1", queue="a"),
        told(day, "g", "08:00:00", type="issue-ticket", ticket="t2", queue="a"),
        {"stream": "moon-1", "at": f"{day}T08:00:00Z", "key": "h", "command": {"type": "fly"}},
        {
            **told(day, "i", "08:00:00", type="close-day"),
            "at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        },
    )
    codes = [(receipt.get("problem") or {}).get("code") for receipt in receipts]
    assert codes == [
        "window-not-open", "unknown-stream", "unknown-hall", None, "unknown-command", "invalid",
        "unknown-command", "invalid", None, "idempotency-key-reused", "unknown-stream", "time-in-future",
    ]  # fmt: skip


@module_loop
async def test_more_than_five_hundred_at_once_are_too_many(served: Served) -> None:
    steps = [told("2026-03-07", f"k{n}", "08:00:00", type="close-day") for n in range(501)]
    answer = await served.post("/import", steps, served.bearer("admin"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@module_loop
async def test_an_import_may_be_larger_than_other_bodies(served: Served) -> None:
    steps = [told("2026-03-08", f"k{n}", "08:00:00", type="open-day", plan=plan(served)) for n in range(100)]
    assert len(await entered(served, *steps)) == 100


def test_every_command_of_the_domain_has_a_name_to_import_it_by() -> None:
    assert "issue-ticket" in COMMANDS["queue"]
    assert "open-case" in COMMANDS["case"]
    assert all(commands for commands in COMMANDS.values())
