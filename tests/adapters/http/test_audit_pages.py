"""The auditor's pages over HTTP: the log searched and read, and who looked at whom."""

import re
from html import unescape

import pytest

from tests.adapters.http.serving import Served
from tests.adapters.http.test_rectifications import bad_review
from tests.adapters.http.test_supervise_pages import seen, words

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROW = re.compile(r'<a href="/audit/events/(\d+)">\d+</a>')


async def test_only_auditors_and_admins_read_the_log(office: Served) -> None:
    for role in ("auditor", "admin"):
        await seen(office, "/audit", office.bearer(role))
    for path in ("/audit", "/audit/looks", "/audit/events/1"):
        await seen(office, path, office.bearer("supervisor"), 403)


async def test_a_person_is_found_by_their_key_and_read_page_by_page(office: Served) -> None:
    _, review, me = await bad_review(office, "tanghe", "audited")
    identity = await office.parts.tokens.identify(me["Authorization"].partition(" ")[2])
    auditor = office.bearer("auditor")
    found = await seen(office, f"/audit?person={identity.person}", auditor)
    assert review in found
    assert "等了两个小时" in found
    assert "非常不满意" in words(found)
    newest = [int(position) for position in ROW.findall(await seen(office, "/audit", auditor))]
    assert len(newest) == 50
    assert newest == sorted(newest, reverse=True)
    page = await seen(office, f"/audit?before={newest[-1]}", auditor)
    assert max(int(position) for position in ROW.findall(page)) == newest[-1] - 1
    nothing = await seen(office, "/audit?person=nobody-of-ours", auditor)
    assert "没有符合条件的事件" in nothing
    typed = await seen(office, "/audit?tag=no-such&by=clerk:li", auditor, 404)
    assert 'value="clerk:li"' in typed


async def test_an_event_is_read_in_words_and_as_it_is_stored(office: Served) -> None:
    auditor = office.bearer("auditor")
    (event,) = (await office.get("/events", auditor, tag="hall-configured", limit=1)).json()["events"]
    page = unescape(await seen(office, f"/audit/events/{event['position']}", auditor))
    assert "配置大厅" in page
    assert "大厅名称" in page
    assert "原来没有" in page
    assert '"specversion": "1.0"' in page
    assert f'"position": {event["position"]}' in page
    await seen(office, "/audit/events/999999999", auditor, 404)
    await seen(office, "/audit/events/nonsense", auditor, 404)


async def test_an_event_of_configuration_says_in_words_what_it_changed(office: Served) -> None:
    admin, path = office.bearer("admin"), "/regions/411328000000/terms"
    terms = (await office.get(path, admin)).json()["terms"] | {"review_days": 17}
    put = await office.client.put(f"/api/v1{path}", json=terms, headers=admin)
    page = words(await seen(office, f"/audit/events/{put.json()['position']}", office.bearer("auditor")))
    assert "可评价期限" in page
    assert "17" in page


async def test_who_looked_at_whom_and_why_is_one_list(office: Served) -> None:
    service, review, me = await bad_review(office, "yuantan", "looked at")
    director = office.bearer("supervisor", "curious", hall="yuantan")
    await office.post(f"/reviews/{review}/reveal", {"reason": "回访前核对"}, director)
    person = (await office.parts.tokens.identify(me["Authorization"].partition(" ")[2])).person
    for query in ("", "?by=supervisor:curious"):
        page = await seen(office, f"/audit/looks{query}", office.bearer("auditor"))
        told = words(page)
        for what in ("curious", "回访前核对", service):
            assert what in told
        assert f"/audit?person={person}" in page
    assert "回访前核对" not in await seen(
        office, "/audit/looks?by=supervisor:other", office.bearer("auditor")
    )
