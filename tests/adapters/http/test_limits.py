"""Who asks too often is told when to ask again; a hall's devices and staff are not counted with the people there."""

from typing import Any

import httpx
import pytest

from adapters.http.identity import Identity
from adapters.http.limits import Limits, Peers
from adapters.http.problems import Rejected
from adapters.settings import Settings
from tests.adapters.http.serving import Served, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

HALL = "203.0.113.7"
ELSEWHERE = "198.51.100.9"
PROXY = "10.1.2.3"
LOOPBACK = ("127.0.0.0/8", "::1/128")


class Hand:
    """A clock that is moved by hand."""

    at = 1000.0

    def __call__(self) -> float:
        return self.at


def limits(peers: Peers | None = None, now: Hand | None = None, held_max: int = 100) -> Limits:
    return Limits(peers or Peers((), "x-forwarded-for", LOOPBACK), 60, 3, now or Hand(), held_max=held_max)


def asks(counted: Limits, host: str, identity: Identity | None = None) -> int:
    """How many seconds whoever asks from an address has to wait; 0 if they are admitted."""
    scope: Any = {"client": (host, 1)}
    try:
        counted.take(scope, identity)
    except Rejected as rejected:
        return int(rejected.headers["Retry-After"])
    return 0


async def test_so_many_at_once_then_so_many_a_minute() -> None:
    now = Hand()
    counted = limits(now=now)
    assert [asks(counted, HALL) for _ in range(4)] == [0, 0, 0, 1]
    assert asks(counted, ELSEWHERE) == 0, "another address is counted apart"
    now.at += 1.0
    assert [asks(counted, HALL) for _ in range(2)] == [0, 1]
    now.at += 600
    assert [asks(counted, HALL) for _ in range(4)] == [0, 0, 0, 1]


async def test_devices_and_staff_are_counted_by_who_they_are_and_people_by_address() -> None:
    counted = limits()
    kiosk = Identity(role="kiosk", subject="device-k1", hall="tanghe", device="k1")
    screen = Identity(role="screen", subject="device-s1", hall="tanghe", device="s1")
    people = [Identity(role="citizen", subject=name, person=name) for name in "abcd"]
    assert [asks(counted, HALL, one) for one in people] == [0, 0, 0, 1], "a hall's people are one address"
    assert [asks(counted, HALL, kiosk) for _ in range(4)] == [0, 0, 0, 1]
    assert asks(counted, HALL, screen) == 0
    assert asks(counted, ELSEWHERE, kiosk) == 1, "wherever it stands"


async def test_this_machine_is_not_counted_and_a_site_of_ipv6_is_one_address() -> None:
    counted = limits()
    assert {asks(counted, host) for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1") for _ in range(9)} == {0}
    assert [asks(counted, f"2001:db8:1:1::{n}") for n in range(1, 5)] == [0, 0, 0, 1]
    assert asks(counted, "2001:db8:1:2::1") == 0


async def test_however_many_ask_no_more_are_remembered_than_may_be() -> None:
    counted = limits(held_max=10)
    for n in range(500):
        asks(counted, f"203.0.{n // 250}.{n % 250}")
    assert len(counted) == 10


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        (PROXY, [f"{ELSEWHERE}, {HALL}"], HALL),
        (PROXY, [ELSEWHERE, f"{HALL}, 10.9.9.9"], HALL),
        (PROXY, [], PROXY),
        (PROXY, ["nonsense"], PROXY),
        (PROXY, [f"nonsense, {HALL}"], HALL),
        (HALL, [ELSEWHERE], HALL),
    ],
    ids=["the nearest", "past a second proxy", "silent", "nonsense", "behind nonsense", "not a proxy"],
)
async def test_only_a_proxy_of_ours_is_believed(peer: str, told: list[str], client: str) -> None:
    peers = Peers(("10.0.0.0/8",), "X-Forwarded-For", LOOPBACK)
    scope: Any = {"client": (peer, 1), "headers": [(b"x-forwarded-for", one.encode()) for one in told]}
    peers.name(scope)
    assert scope["client"][0] == client


def client(served: Served, host: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(served.door, client=(host, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://hall.test")


async def test_a_page_a_read_and_a_booking_are_refused_with_a_time_to_come_back(database_url: str) -> None:
    settings = Settings(requests_a_minute=1, requests_at_once=3, proxies=("10.0.0.0/8",))
    async with serving(database_url, settings=settings) as served, client(served, HALL) as phone:
        for _ in range(3):
            assert (await phone.get("/api/v1/halls")).status_code == 200
        citizen = served.bearer("citizen", "zhang", person="zhang")
        for answer in (
            await phone.get("/api/v1/halls", headers={"Accept-Language": "en"}),
            await phone.get("/"),
            await phone.post("/api/v1/halls/tanghe/appointments", json={}, headers=citizen),
        ):
            assert answer.status_code == 429
            assert answer.headers["content-type"] == "application/problem+json"
            assert 0 < int(answer.headers["retry-after"]) <= 60
            told = answer.json()
            assert told["code"] == "too-many-requests"
            assert "请求过于频繁" in told["text"]["zh"]
            assert told["text"]["en"].startswith("Too many requests")
        for language, words in (("zh", "请稍候再试"), ("en", "Please wait a moment")):
            browser = {"Accept": "text/html", "Cookie": f"language={language}"}
            page = await phone.get("/halls", headers=browser)
            assert (page.status_code, words in page.text) == (429, True), page.text
            assert 0 < int(page.headers["retry-after"]) <= 60
            assert page.headers["retry-after"] in page.text
            assert 'href="/halls"' in page.text
        screen = await phone.get("/halls/tanghe/screen", headers={"Accept": "text/html"})
        assert (screen.status_code, screen.headers["refresh"]) == (429, "10"), (
            "nobody stands there to ask again"
        )
        kiosk = served.bearer("kiosk", "k1", hall="tanghe")
        seen = await phone.post("/api/v1/halls/tanghe/tickets", json={"queue": "a"}, headers=kiosk)
        assert seen.status_code != 429, "a kiosk behind the same address goes on"
        assert (await phone.get("/api/v1/halls/tanghe/board", headers=kiosk)).status_code == 200
        for _ in range(9):
            assert (await served.get("/halls")).status_code == 200, "in the process itself nobody counts"
        async with client(served, PROXY) as proxy:
            through = {"X-Forwarded-For": HALL}
            assert (await proxy.get("/api/v1/halls", headers=through)).status_code == 429
            other = {"X-Forwarded-For": f"{HALL}, {ELSEWHERE}"}
            assert (await proxy.get("/api/v1/halls", headers=other)).status_code == 200
