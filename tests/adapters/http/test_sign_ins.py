"""Sign-ins ended from the server: everywhere at once, by whoever it is or by an administrator."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from adapters.catalogue import Catalogue
from adapters.http.screens import while_signed_in
from adapters.http.session import Sessions
from domain import account
from domain.account import EndSignIns
from domain.handling import Act, Ask
from domain.message import Stamp
from tests.adapters.http.serving import SECRET, Served
from tests.adapters.http.test_sessions import CLERK, OURS

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_signing_out_everywhere_ends_every_browser_and_lets_a_new_one_in(served: Served) -> None:
    async def browser() -> httpx.AsyncClient:
        made = httpx.AsyncClient(transport=httpx.ASGITransport(served.door), base_url="http://hall.test")
        answer = await made.post("/sign-in", data={"account": "clerk-w03"}, headers=OURS)
        assert answer.status_code == 303, answer.text
        return made

    one, two = await browser(), await browser()
    assert (await one.post("/sign-out", data={"everywhere": "yes"}, headers=OURS)).status_code == 303
    for left in (one, two):
        assert (await left.get("/api/v1/halls/tanghe/line")).status_code == 401
        assert (await left.get("/window")).headers["location"].startswith("/sign-in")
    three = await browser()
    assert (await three.get("/api/v1/halls/tanghe/line")).status_code == 200
    again = Catalogue(served.parts.catalogue._pool)  # another process, or this one started anew
    await again.refresh()
    assert again.ended_at("clerk:clerk-w03") == served.parts.catalogue.ended_at("clerk:clerk-w03") > 0


async def test_an_administrator_ends_a_clerks_sign_ins_and_their_stream_of_the_line(served: Served) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(served.door), base_url="http://hall.test")
    await client.post("/sign-in", data={"account": "clerk-w04"}, headers=OURS)
    admin = served.bearer("admin", "admin-01") | OURS
    lacking = await served.client.post("/admin/sign-ins", data={"role": "clerk"}, headers=admin)
    assert lacking.status_code == 422
    typed = {"role": "clerk", "subject": "clerk-w04", "reason": "离岗", "key": "end"}
    done = await served.client.post("/admin/sign-ins", data=typed, headers=admin)
    assert done.status_code == 303, done.text
    assert "clerk-w04" in (await served.client.get(done.headers["location"], headers=admin)).text
    assert (await client.get("/api/v1/halls/tanghe/line")).status_code == 401
    kept = len(served.parts.catalogue.endings)
    assert kept <= 2  # only what could still be held
    clerk = served.bearer("clerk", "clerk-w04", hall="tanghe")
    assert (await served.post("/accounts/end-sign-ins", typed, clerk)).status_code == 403


async def test_what_was_ended_longer_ago_than_a_session_lasts_is_kept_by_nobody(served: Served) -> None:
    long_ago = Stamp(at=datetime.now(UTC) - timedelta(days=2), by="admin:admin-01", command="long-ago")
    ending = Ask(account.stream("clerk:gone"), EndSignIns("clerk:gone"))
    await served.parts.loop.submit(Act((ending,)), long_ago)
    await served.parts.catalogue.refresh()
    assert served.parts.catalogue.ended_at("clerk:gone") == 0.0
    assert "clerk:gone" not in served.parts.catalogue.endings


async def test_a_stream_for_staff_ends_with_their_sign_in() -> None:
    now = [1_000_000.0]
    sessions = Sessions(SECRET, now=lambda: now[0], ended_at=lambda account: 1_000_005.0)

    async def beats() -> AsyncGenerator[bytes]:
        while True:
            yield b"beat"
            now[0] += 10

    who = msgspec.structs.replace(CLERK, begun=1_000_000.0, expires=2_000_000.0)
    sent = [frame async for frame in while_signed_in(sessions, who, beats())]
    assert sent == []
    holding = msgspec.structs.replace(who, begun=1_000_006.0, expires=1_000_030.0)
    now[0] = 1_000_000.0
    assert [frame async for frame in while_signed_in(sessions, holding, beats())] == [b"beat"] * 3
