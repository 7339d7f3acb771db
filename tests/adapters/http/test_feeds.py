"""Calendars that are subscribed to: what was moved is moved in them, what was cancelled is said to be."""

from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from adapters.people import demonstration_identity
from adapters.seal import Veil
from tests.adapters.http.serving import SECRET, Served
from tests.adapters.http.test_appointments import book, workday

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def opened(served: Served, of: str, headers: dict[str, str]) -> str:
    """The path of a subscription, below the API's own."""
    answer = await served.post(f"{of}/open", None, headers)
    assert answer.status_code == 200, answer.text
    path: str = answer.json()["path"]
    return path.removeprefix("/api/v1")


async def read(served: Served, path: str, after: int = 0) -> list[Any]:
    if after:
        await served.parts.views.wait("appointments", after)
    answer = await served.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return [*Calendar.from_ical(answer.content).walk("VEVENT")]


async def test_a_move_is_a_change_of_the_same_entry_and_a_cancellation_another(served: Served) -> None:
    me, day = await served.citizen("calendar-1"), workday(served, 3)
    path = await opened(served, "/feeds/mine", me)
    assert await read(served, path) == []
    made = (await book(served, me, "tanghe", "b-0900", day)).json()
    (first,) = await read(served, path, made["position"])
    assert (str(first["uid"]), first["sequence"], str(first["status"])) == (
        f"{made['appointment']}@mingting",
        0,
        "CONFIRMED",
    )
    later = workday(served, 4)
    body = {"date": later.isoformat(), "slot": "b-1000"}
    moved = (await served.post(f"/appointments/{made['appointment']}/reschedule", body, me)).json()
    (second,) = await read(served, path, moved["position"])
    assert (second["uid"], second["sequence"]) == (first["uid"], 1)
    assert second["dtstart"].dt.date() == later
    gone = (await served.post(f"/appointments/{moved['appointment']}/cancel", None, me)).json()
    (third,) = await read(served, path, gone["position"])
    assert (third["uid"], third["sequence"], str(third["status"])) == (first["uid"], 2, "CANCELLED")
    other = (await book(served, me, "tanghe", "b-1100", later)).json()
    both = await read(served, path, other["position"])
    assert len({str(one["uid"]) for one in both}) == 2


async def test_a_calendar_says_nothing_that_the_vouchers_file_does_not(served: Served) -> None:
    me, day = await served.citizen("calendar-2"), workday(served, 5)
    path = await opened(served, "/feeds/mine", me)
    made = (await book(served, me, "tanghe", "b-0900", day)).json()
    (entry,) = await read(served, path, made["position"])
    file = (await served.get(f"/appointments/{made['appointment']}/calendar.ics", me)).content
    (alone,) = Calendar.from_ical(file).walk("VEVENT")
    assert set(entry) == set(alone)
    assert {name: str(entry[name]) for name in ("uid", "summary", "location")} == {
        name: str(alone[name]) for name in ("uid", "summary", "location")
    }
    identity = demonstration_identity("calendar-2")
    answer = (await served.get(path)).text
    for secret in (identity.name, identity.id_number, str(identity.phone), made["voucher"]):
        assert secret not in answer
        assert secret not in path
    person = (await served.get("/people/me", me)).json()["person"]
    assert person not in path


async def test_calendars_are_told_how_often_to_read_and_what_has_not_changed_is_not_sent_again(
    served: Served,
) -> None:
    me = await served.citizen("calendar-3")
    path = await opened(served, "/feeds/mine", me)
    made = (await book(served, me, "tanghe", "b-1000", workday(served, 5))).json()
    await read(served, path, made["position"])
    first = await served.get(path)
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in first.text
    assert "X-PUBLISHED-TTL:PT1H" in first.text
    again = await served.get(path, {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    gone = (await served.post(f"/appointments/{made['appointment']}/cancel", None, me)).json()
    await served.parts.views.wait("appointments", gone["position"])
    changed = await served.get(path, {"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


async def test_a_revoked_address_tells_nobody_anything_and_the_next_one_is_another(served: Served) -> None:
    me = await served.citizen("calendar-4")
    path = await opened(served, "/feeds/mine", me)
    assert await opened(served, "/feeds/mine", me) == path, "asked again it is the same"
    gone = (await served.post("/feeds/mine/revoke", None, me)).json()
    assert (gone["open"], gone["path"]) == (False, None)
    assert (await served.get(path)).json()["code"] == "unknown-feed"
    other = await opened(served, "/feeds/mine", me)
    assert other != path
    assert (await served.get(path)).status_code == 404
    assert (await served.get(other)).status_code == 200
    assert (await served.get("/feeds/nonsense/calendar.ics")).status_code == 404
    nameless = served.bearer("citizen", "nobody")
    assert (await served.post("/feeds/mine/open", None, nameless)).json()["code"] == "person-needed"
    erased = await served.post("/people/me/erase", {"basis": "consent-withdrawn"}, me)
    assert erased.status_code == 200, erased.text
    assert (await served.get(other)).status_code == 404, "nobody reads about whoever was erased"


async def test_a_halls_calendar_counts_and_names_nobody(served: Served) -> None:
    clerk = served.bearer("clerk", "li", hall="heilong")
    path = await opened(served, "/halls/heilong/feed", clerk)
    day = workday(served, 2)
    for name in ("hall-1", "hall-2"):
        made = await book(served, await served.citizen(name), "heilong", "b-0900", day)
        assert made.status_code == 201, made.text
    entries = await read(served, path, made.json()["position"])
    assert [str(one["summary"]) for one in entries] == ["预约2人 · 2 booked"]
    assert entries[0]["dtend"].dt - entries[0]["dtstart"].dt > timedelta(0)
    assert demonstration_identity("hall-1").name not in (await served.get(path)).text
    again = await served.get(path, {"If-None-Match": (await served.get(path)).headers["etag"]})
    assert again.status_code == 304
    elsewhere = served.bearer("clerk", "li", hall="guotan")
    assert (await served.post("/halls/heilong/feed/open", None, elsewhere)).status_code == 403
    assert (await served.post("/halls/heilong/feed/revoke", None, clerk)).status_code == 403
    chief = served.bearer("supervisor", "wang", hall="heilong")
    assert (await served.post("/halls/heilong/feed/revoke", None, chief)).status_code == 200
    assert (await served.get(path)).status_code == 404


async def test_the_page_makes_an_address_and_takes_it_back(served: Served) -> None:
    me = await served.citizen("calendar-5") | {"Origin": "http://hall.test"}
    assert "/mine/calendar" in (await served.client.get("/mine", headers=me)).text
    assert "webcal:" not in (await served.client.get("/mine/calendar", headers=me)).text
    for act, there in (("open", True), ("revoke", False)):
        answer = await served.client.post(
            f"/mine/calendar/{act}", data={"key": act}, headers=me, follow_redirects=True
        )
        assert ("webcal://hall.test/api/v1/feeds/" in answer.text) is there
    clerk = served.bearer("clerk", "li", hall="guotan") | {"Origin": "http://hall.test"}
    page = await served.client.post(
        "/halls/guotan/calendar/open", data={"key": "x"}, headers=clerk, follow_redirects=True
    )
    assert "webcal://hall.test/api/v1/feeds/" in page.text
    assert "/halls/guotan/calendar/revoke" not in page.text, "which is the supervisor's"


async def test_an_address_is_made_by_nobody_else_and_for_nothing_else() -> None:
    veil = Veil(SECRET, "calendar feeds")
    link = veil.draw("person.p1/3")
    assert veil.lift(link) == "person.p1/3"
    assert "person" not in link
    for wrong in (link[:-1], f"{link}A", link[::-1], "", "é", "x" * 500):
        assert veil.lift(wrong) is None
    assert Veil(SECRET, "other").lift(link) is None
    assert Veil(SECRET[::-1], "calendar feeds").lift(link) is None
