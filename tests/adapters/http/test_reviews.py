"""How a service comes to be rated: by invitation, at a device, by phone, on paper; and never by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters import qr
from domain.review import ReviewGiven
from tests.adapters.http.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

WELL = {"grade": "satisfied", "tags": ["411"], "channel": "qr-code"}


async def served_ticket(
    served: Served, hall: str, window: str = "w01", taken_by: dict[str, str] | None = None
) -> dict[str, Any]:
    clerk = served.bearer("clerk", f"{hall}-{window}", hall=hall)
    who = taken_by or served.bearer("kiosk", hall=hall)
    taken: dict[str, Any] = (await served.post(f"/halls/{hall}/tickets", {"queue": "a"}, who)).json()
    for command in ("open", "call-next", "start", "finish"):
        answer = await served.post(f"/halls/{hall}/windows/{window}/{command}", None, clerk)
        assert answer.status_code == 200, answer.text
    return taken


async def invitation_of(served: Served, ticket: dict[str, Any]) -> str:
    link: str = (await served.get(f"/tickets/{ticket['follow']}")).json()["review"]
    return link


async def given(served: Served, link: str, who: dict[str, str] | None = None, **more: Any) -> tuple[int, str]:
    answer = await served.post("/reviews", {"service": {"invitation": link}} | WELL | more, who)
    return answer.status_code, answer.json().get("code", "")


async def test_an_invitation_tells_what_is_rated_and_rates_it_once(served: Served) -> None:
    ticket = await served_ticket(served, "tanghe")
    link = await invitation_of(served, ticket)
    told = (await served.get(f"/reviews/{link}")).json()
    assert (told["service"], told["hall"], told["window"]) == (f"ticket.{ticket['id']}", "tanghe", "w01")
    assert (told["state"], told["item"]) == ("open", None)
    assert told["tags"]["satisfied"]["411"]["zh"] == "跑大厅一次办完"
    assert not {"person", "applicant"} & set(told)
    assert await given(served, link) == (201, "")
    assert (await served.get(f"/reviews/{link}")).json()["state"] == "rated"
    assert await given(served, link) == (409, "already-reviewed")


async def test_an_invitation_cannot_be_guessed_altered_or_made_of_another_link(served: Served) -> None:
    mine, other = await served_ticket(served, "yuantan"), await served_ticket(served, "yuantan")
    link = await invitation_of(served, mine)
    seal = link.rpartition(".")[2]
    for wrong in (
        mine["follow"],
        f"ticket.{mine['follow']}",
        f"ticket.{other['id']}.{seal}",
        f"{link}x",
        "x",
        seal,
    ):
        assert await given(served, wrong) == (404, "unknown-invitation"), wrong
        answer = await served.get(f"/reviews/{wrong}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-invitation")
    # Nor does an invitation follow a ticket.
    assert (await served.get(f"/tickets/{link}")).status_code == 404
    assert await given(served, link) == (201, "")


async def test_staff_rate_nothing_by_an_invitation(served: Served) -> None:
    link = await invitation_of(served, await served_ticket(served, "heilong"))
    for role in ("clerk", "supervisor", "auditor", "partner", "screen"):
        assert (await given(served, link, served.bearer(role)))[0] in (401, 403), role
    assert await given(served, link, await served.citizen("invited")) == (201, "")


async def test_a_waiting_ticket_has_no_invitation(served: Served) -> None:
    kiosk = served.bearer("kiosk", hall="huyang")
    taken = (await served.post("/halls/huyang/tickets", {"queue": "a"}, kiosk)).json()
    assert (await served.get(f"/tickets/{taken['follow']}")).json()["review"] is None


async def test_a_device_whose_time_runs_out_has_stored_nothing(served: Served) -> None:
    await served_ticket(served, "longtan")
    device = served.bearer("kiosk", "device-1", hall="longtan", window="w01")
    shown = (await served.get("/halls/longtan/windows/w01/invitation", device)).json()
    before = [event.position for event in await served.parts.log(0, 100_000, None)]
    try:
        served.clock.at = datetime.now(UTC) + timedelta(hours=1)
        told = (await served.get(f"/reviews/{shown['invitation']}")).json()
    finally:
        served.clock.at = None
    assert told["state"] == "open"
    stored = await served.parts.log(0, 100_000, None)
    stream = f"review-{shown['service']}"
    assert not [e for e in stored if e.stream == stream and type(e.event).__name__ == "ReviewGiven"]
    assert [event.position for event in stored] == before
    assert await given(served, shown["invitation"], device, channel="tablet") == (201, "")
    answer = await served.get("/halls/longtan/windows/w01/invitation", device)
    assert (answer.status_code, answer.json()["code"]) == (404, "nobody-to-invite")


async def test_a_device_shows_its_own_window_and_staff_never_hold_the_link(served: Served) -> None:
    path = "/halls/longtan/windows/w01/invitation"
    elsewhere = served.bearer("kiosk", "device-2", hall="longtan", window="w02")
    assert (await served.get(path, elsewhere)).json()["code"] == "other-window"
    assert (await served.get(path, served.bearer("clerk", hall="longtan"))).status_code == 403


async def test_a_clerk_shows_a_code_and_is_told_whether_it_was_rated_but_never_how(served: Served) -> None:
    path = "/halls/yuantan/windows/w01/invitation"
    clerk = served.bearer("clerk", "yuantan-w01", hall="yuantan", window="w01")
    idle = served.bearer("clerk", "yuantan-w09", hall="yuantan")
    assert (await served.get(path.replace("w01", "w09") + "/state", idle)).json()["ticket"] is None
    ticket = await served_ticket(served, "yuantan")
    told = (await served.get(f"{path}/state", clerk)).json()
    assert (told["ticket"], told["state"]) == (ticket["ticket"], "open")
    assert "invitation" not in told
    shown = await served.get(f"{path}/code", clerk)
    link = served.parts.seal.shown(f"ticket.{ticket['id']}", "yuantan-w01")
    assert shown.content == qr.svg(f"http://hall.test/reviews/{link}")
    assert (await served.get(f"/reviews/{link}")).json()["state"] == "open"
    assert (await given(served, link, clerk))[0] == 403
    assert (await given(served, link.replace("~", "~A")))[0] == 404
    assert await given(served, link) == (201, "")
    assert (await given(served, await invitation_of(served, ticket)))[0] == 409  # one service, one rating
    stored = await served.parts.log(0, 100_000, f"review-ticket.{ticket['id']}")
    (rating,) = [e.event for e in stored if isinstance(e.event, ReviewGiven)]
    assert (rating.shown_by, rating.grade) == ("yuantan-w01", "satisfied")
    told = (await served.get(f"{path}/state", clerk)).json()
    assert told["state"] == "rated"
    assert not {"grade", "tags", "comment"} & told.keys()
    assert (await served.get(f"{path}/code", clerk)).json()["code"] == "nobody-to-invite"
    elsewhere = served.bearer("clerk", "yuantan-w02", hall="yuantan", window="w02")
    assert (await served.get(f"{path}/code", elsewhere)).json()["code"] == "other-window"


async def test_the_hotline_rates_by_phone_and_in_no_other_way(served: Served) -> None:
    ticket = await served_ticket(served, "guotan")
    body = {"service": {"ticket": ticket["id"]}} | WELL
    hotline = served.bearer("partner", "12345")
    assert (await served.post("/reviews", body, hotline)).status_code == 403
    assert (await served.post("/reviews", body | {"channel": "phone"}, hotline)).status_code == 201


async def test_a_form_on_paper_counts_when_a_second_person_confirms_it(served: Served) -> None:
    ticket = await served_ticket(served, "zhangdian")
    service = {"ticket": ticket["id"]}
    form = {"service": service, "grade": "satisfied", "tags": ["411"]}
    one, two = (served.bearer("clerk", name, hall="zhangdian") for name in ("one", "two"))
    elsewhere = served.bearer("clerk", "three", hall="tanghe")
    assert (await served.post("/reviews/paper", form, elsewhere)).json()["code"] == "other-hall"
    assert (
        await served.post("/reviews", {**form, "channel": "paper"}, served.bearer("kiosk"))
    ).status_code == 403
    entered = await served.post("/reviews/paper", form, one)
    assert entered.status_code == 201
    name = entered.json()["review"]
    assert (await served.post(f"/reviews/{name}/confirm", None, one)).json()["code"] == "second-person-needed"
    assert (await served.post(f"/reviews/{name}/confirm", None, elsewhere)).json()["code"] == "other-hall"
    wrong = await served.post(f"/reviews/{name}/reject", {"reason": "抄错"}, two)
    assert wrong.status_code == 200
    again = (await served.post("/reviews/paper", form, one)).json()["review"]
    assert (await served.post(f"/reviews/{again}/confirm", None, two)).status_code == 200
    assert (await served.post("/reviews", {"service": service} | WELL, served.bearer("kiosk"))).json()[
        "code"
    ] == "already-reviewed"


async def test_what_looks_suspicious_is_listed_with_its_reason_and_deleted_by_nobody(served: Served) -> None:
    device = served.bearer("kiosk", "device-9", hall="yuantan")
    ratings = []
    for _ in range(4):
        ticket = await served_ticket(served, "yuantan")
        body = {"service": {"ticket": ticket["id"]}} | WELL | {"channel": "tablet"}
        ratings.append((await served.post("/reviews", body, device)).json()["service"])
    listed = (await served.get("/reviews/suspicious", served.bearer("supervisor"), hall="yuantan")).json()[
        "flags"
    ]
    assert [flag["reviews"] for flag in listed if flag["reason"] == "one-device"] == [ratings]
    for service in ratings:
        events = await served.parts.log(0, 10, f"review-{service}")
        assert "ReviewGiven" in {type(event.event).__name__ for event in events}
    elsewhere = served.bearer("supervisor", hall="tanghe")
    assert (await served.get("/reviews/suspicious", elsewhere, hall="yuantan")).status_code == 403


async def test_whose_ticket_it_was_rates_by_its_reference_and_nobody_else_does(served: Served) -> None:
    """Staff at a window see the reference of every ticket they call."""
    me, other = await served.citizen("whose ticket"), await served.citizen("not whose ticket")
    ticket = await served_ticket(served, "guotan", taken_by=me)
    rating = {"service": {"ticket": ticket["id"]}, "grade": "satisfied", "channel": "mobile"}
    answer = await served.post("/reviews", rating, other)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-service")
    assert (await served.post("/reviews", rating, me)).status_code == 201
