"""Browsers: a cookie that says who somebody is, forms that only our own pages may send, and the ways to sign in."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest

from adapters.http.identity import Identity
from adapters.http.oidc import CodeFlow, OidcTokens
from adapters.http.problems import Rejected
from adapters.http.session import COOKIE, LIFETIME_S, Sessions
from adapters.settings import Settings
from tests.adapters.http.serving import SECRET, Served, serving
from tests.adapters.http.test_oidc import provider

OURS = {"Origin": "http://hall.test"}
CLERK = Identity(role="clerk", subject="clerk-w01", hall="tanghe", window="w01")


def cookie(sessions: Sessions, identity: Identity = CLERK) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={sessions.begin(identity).value}"}


def asked(headers: dict[str, str], method: str = "GET", sessions: Sessions | None = None) -> Identity | None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return (sessions or Sessions(SECRET)).of(method, [(b"host", b"hall.test"), *raw])


# --- the cookie -----------------------------------------------------------------------------------------------


def test_a_session_is_who_signed_in_and_stands_in_a_cookie_no_script_can_read() -> None:
    begun = Sessions(SECRET).begin(CLERK)
    assert (begun.httponly, begun.samesite, begun.secure) == (True, "lax", False)
    assert "clerk" not in (begun.value or "")
    found = asked({"Cookie": f"other=1; {COOKIE}={begun.value}"})
    assert found is not None
    assert (found.by, found.hall, found.window) == ("clerk:clerk-w01", "tanghe", "w01")


def test_with_https_the_cookie_goes_by_nothing_else() -> None:
    assert Sessions(SECRET, secure=True).begin(CLERK).secure


@pytest.mark.parametrize("sealed", ["", "x", "!", "AAAA" * 20, "A" * 9000])
def test_what_was_not_sealed_here_is_nobody(sealed: str) -> None:
    assert asked({"Cookie": f"{COOKIE}={sealed}"}) is None
    assert asked(cookie(Sessions(b"another secret of thirty-two bytes"))) is None


def test_a_session_ends_after_a_working_day_or_with_its_token() -> None:
    now = 1_000_000.0
    begun = Sessions(SECRET, now=lambda: now)
    for expires, seconds in ((0.0, LIFETIME_S), (now + 60, 60), (now + 99 * LIFETIME_S, LIFETIME_S)):
        held = cookie(begun, Identity(role="clerk", subject="c", expires=expires))
        assert asked(held, sessions=Sessions(SECRET, now=lambda s=seconds: now + s - 1)) is not None  # type: ignore[misc]
        assert asked(held, sessions=Sessions(SECRET, now=lambda s=seconds: now + s)) is None  # type: ignore[misc]


@pytest.mark.parametrize(
    ("headers", "admitted"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Origin": "http://hall.test"}, True),
        ({"Origin": "https://hall.test"}, True),
        ({}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://evil.test"}, False),
        ({"Origin": "https://hall.test.evil.test"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://hall.test"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
    ],
)
def test_what_changes_something_must_come_from_a_page_of_ours(
    headers: dict[str, str], admitted: bool
) -> None:
    held = cookie(Sessions(SECRET)) | headers
    assert asked(held) is not None
    if admitted:
        assert asked(held, "POST") is not None
    else:
        with pytest.raises(Rejected) as rejected:
            asked(held, "POST")
        assert rejected.value.code == "not-same-origin"


def test_sessions_that_began_before_an_account_was_signed_out_hold_no_more() -> None:
    now, ended = [1_000_000.0], {"clerk:clerk-w01": 0.0}
    sessions = Sessions(SECRET, now=lambda: now[0], ended_at=lambda account: ended.get(account, 0.0))
    before, other = cookie(sessions), cookie(sessions, Identity(role="clerk", subject="clerk-w02"))
    ended["clerk:clerk-w01"] = now[0] = 1_000_060.0
    assert asked(before, sessions=sessions) is None
    assert asked(other, sessions=sessions) is not None
    now[0] += 1
    assert asked(cookie(sessions), sessions=sessions) is not None  # they may sign in again


# --- at the door ----------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/halls/tanghe/windows/w01/open", "/halls/tanghe/tickets"])
async def test_both_lanes_of_the_api_take_a_session_and_hold_it_to_our_pages(
    served: Served, path: str
) -> None:
    body = {"queue": "a"} if path.endswith("tickets") else None
    held = cookie(served.parts.sessions)
    forged = await served.post(path, body, held | {"Origin": "http://evil.test"})
    assert (forged.status_code, forged.json()["code"]) == (403, "not-same-origin")
    assert (await served.post(path, body, held | OURS)).status_code in (200, 201)
    other = await served.post(path.replace("tanghe", "yuantan"), body, held | OURS)
    assert (other.status_code, other.json()["code"]) == (403, "other-hall")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_token_goes_before_a_session(served: Served) -> None:
    both = cookie(served.parts.sessions) | served.bearer("auditor")
    assert (await served.get("/events", both, limit=1)).status_code == 200
    assert (await served.get("/events", cookie(served.parts.sessions))).status_code == 403


# --- signing in -----------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
async def test_in_the_demonstration_anybody_signs_in_as_a_ready_account_and_out_again(served: Served) -> None:
    page = await served.client.get("/sign-in?next=/halls/tanghe/screen")
    assert "演示" in page.text
    assert 'value="clerk-w01"' in page.text
    form = {"account": "clerk-w01", "next": "/halls/tanghe/screen"}
    answer = await served.client.post("/sign-in", data=form, headers=OURS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/halls/tanghe/screen")
    held = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
    served.client.cookies.clear()
    assert (await served.get("/halls/tanghe/day", held)).status_code == 200
    out = await served.client.post("/sign-out", headers=held | OURS)
    assert re.search(rf'{COOKIE}=("")?; .*Max-Age=0', out.headers["set-cookie"])


@pytest.mark.asyncio(loop_scope="module")
async def test_no_other_site_signs_somebody_in(served: Served) -> None:
    for headers in ({}, {"Origin": "http://evil.test"}):
        answer = await served.client.post("/sign-in", data={"account": "clerk-w01"}, headers=headers)
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("text/html")
        assert "set-cookie" not in answer.headers


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "where", ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:x", "x\r\ny"]
)
async def test_signing_in_leads_nowhere_outside(served: Served, where: str) -> None:
    answer = await served.client.post("/sign-in", data={"account": "auditor-01", "next": where}, headers=OURS)
    served.client.cookies.clear()
    assert answer.headers["location"] == "/"


@pytest.mark.asyncio(loop_scope="module")
async def test_pages_are_chinese_until_somebody_chooses(served: Served) -> None:
    page = await served.client.get("/sign-in", headers={"Accept-Language": "en"})
    assert '<html lang="zh-CN">' in page.text
    chosen = await served.client.post(
        "/preferences",
        data={"language": "en", "size": "large", "theme": "neon", "back": "/sign-in"},
        headers=OURS,
    )
    assert chosen.headers["location"] == "/sign-in"
    page = await served.client.get("/sign-in")
    served.client.cookies.clear()
    assert '<html lang="en" data-size="large">' in page.text
    assert "no password is needed" in page.text
    assert "data-size" in page.text


# --- over an identity provider --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider's own libraries
async def test_with_a_provider_one_signs_in_by_its_code_and_only_in_the_browser_that_asked(
    database_url: str,
) -> None:
    user = oidc_provider_mock.User(sub="u1", claims={"role": "clerk", "hall": "tanghe"})
    with provider(user) as issuer:
        async with httpx.AsyncClient(timeout=20, follow_redirects=False) as http:
            flow = CodeFlow(
                issuer, http, client_id="mingting", client_secret="secret", scope="openid profile"
            )
            settings = Settings(oidc_issuer=issuer)
            tokens = OidcTokens(issuer, "mingting", http)
            async with serving(database_url, tokens=tokens, settings=settings, code_flow=flow) as served:
                browser = served.client
                assert (
                    await browser.post("/sign-in", data={"account": "clerk-w01"}, headers=OURS)
                ).status_code == 404
                begun = await browser.get("/sign-in?next=/sign-in/done")
                sent = await browser.get(begun.headers["location"])
                told: dict[str, Any] = parse_qs(urlsplit(sent.headers["location"]).query)
                assert told["code_challenge_method"] == ["S256"]
                assert told["redirect_uri"] == ["http://hall.test/sign-in/back"]
                back = await http.post(sent.headers["location"], data={"sub": "u1"})
                where = back.headers["location"]

                kept = dict(browser.cookies)
                browser.cookies.clear()
                stolen = await browser.get(where)
                assert stolen.status_code == 403, "another browser has no sign-in under way"
                browser.cookies.update(kept)
                assert (await browser.get(re.sub("state=[^&]*", "state=x", where))).status_code == 403

                done = await browser.get(where)
                assert (done.status_code, done.headers["location"]) == (303, "/sign-in/done")
                taken = await served.post("/halls/tanghe/tickets", {"queue": "a"}, OURS)
                assert taken.status_code == 201
                browser.cookies.clear()
                browser.cookies.update(kept)
                assert (await browser.get(where)).status_code == 403, "a code is good once"
