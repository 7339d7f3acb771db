"""Events posted to partners: in order, signed, until they are taken; never to where only this machine can reach."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from psycopg_pool import AsyncConnectionPool
from standardwebhooks.webhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError

from adapters.catalogue import Catalogue
from adapters.settings import LOOPBACK, Settings
from adapters.tail import LogTail
from adapters.webhooks.calling import Caller, NotTaken
from adapters.webhooks.delivering import FAILS_FOR, Webhooks
from adapters.webhooks.progress import Progress
from adapters.webhooks.targets import Forbidden, Targets
from domain.message import Refused
from domain.notice import PAUSES
from tests.adapters.http.serving import Served, serving
from tests.gateways import Gateway, listening

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Worker:
    """The worker's part for webhooks, moved by hand."""

    def __init__(self, served: Served, webhooks: Webhooks, tail: LogTail, catalogue: Catalogue) -> None:
        self._served = served
        self._webhooks = webhooks
        self._tail = tail
        self._catalogue = catalogue

    async def work(self) -> None:
        """Deliver what there is: placed first, then delivered."""
        await self._catalogue.refresh()
        for _ in range(2):
            await self._webhooks.begin(await self._tail.head())
            await self._webhooks.idle()
        await self._served.parts.catalogue.refresh()


@asynccontextmanager
async def worker(served: Served, answer_s: float = 2.0) -> AsyncIterator[Worker]:
    """A worker as it begins: it remembers nothing."""
    hooks = served.parts.webhooks
    async with AsyncConnectionPool[Any](served.url, open=False, kwargs={"autocommit": True}) as pool:
        catalogue, tail, caller = (
            Catalogue(pool),
            LogTail(served.url),
            Caller(hooks.targets, answer_s=answer_s),
        )
        webhooks = Webhooks(
            tail,
            pool,
            Progress(pool),
            catalogue,
            hooks.secrets,
            caller,
            served.parts.loop.submit,
            served.clock,
        )
        yield Worker(served, webhooks, tail, catalogue)
        await caller.close()
        await tail.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(database_url: str) -> AsyncIterator[Served]:
    async with serving(database_url, settings=Settings(webhook_networks=LOOPBACK)) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def partner() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    async with listening(gateway):
        yield gateway


async def registered(served: Served, url: str, **more: Any) -> Any:
    body = {"name": "省平台", "url": url, "subjects": ["queue"], "hall": "zhangdian"} | more
    answer = await served.post("/webhooks", body, served.bearer("admin"))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def taken(served: Served, hall: str = "zhangdian") -> int:
    """A ticket at a hall's desk; the position of its event."""
    answer = await served.post(
        f"/halls/{hall}/tickets", {"queue": "a"}, served.bearer("clerk", "li", hall=hall)
    )
    assert answer.status_code == 201, answer.text
    return int(answer.json()["position"])


async def shown(served: Served, name: str) -> Any:
    found = (await served.get("/webhooks", served.bearer("auditor"))).json()["webhooks"]
    return next(one for one in found if one["webhook"] == name)


async def ask(served: Served, name: str, what: str, **body: Any) -> Any:
    answer = await served.post(f"/webhooks/{name}/{what}", body, served.bearer("admin"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(partner: Gateway) -> list[int]:
    """The positions of what a partner was sent."""
    return [int(msgspec.json.decode(one.body)["position"]) for one in partner.asked]


async def test_a_partner_gets_the_events_it_asked_for_in_order_signed_and_none_else(
    served: Served, partner: Gateway
) -> None:
    await taken(served)
    made = await registered(served, partner.url, events=["ticket-issued"])
    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in (await served.get("/webhooks", served.bearer("admin"))).text
    positions = [await taken(served) for _ in range(3)]
    await taken(served, "guotan")
    async with worker(served) as working:
        await working.work()
    assert told(partner) == positions, "from its registration on, of its hall, of its kind"
    for one in partner.asked:
        event = Receiver(made["secret"]).verify(one.body, one.headers)
        assert event["specversion"] == "1.0"
        assert event["type"] == "mingting.queue.ticket-issued"
        assert {"key", "idempotencykey"}.isdisjoint(event)
        assert one.headers["content-type"].startswith("application/cloudevents+json")
        with pytest.raises(WebhookVerificationError):
            Receiver(made["secret"]).verify(one.body.replace(b"ticket", b"tickct"), one.headers)
    now = await shown(served, made["webhook"])
    assert (now["lag_events"], now["failures"], now["status"]) == (0, 0, "active")
    await ask(served, made["webhook"], "remove")


async def test_what_is_not_taken_holds_back_what_follows_until_it_is_taken(
    served: Served, partner: Gateway
) -> None:
    made = await registered(served, partner.url)
    first, second = await taken(served), await taken(served)
    partner.statuses = [500, 302, 503]
    start = served.parts.clock()
    try:
        async with worker(served) as working:
            for attempt, pause in enumerate(PAUSES[:3], 1):
                await working.work()
                assert set(told(partner)) == {first}, "nothing overtakes it; a redirect is no answer"
                now = await shown(served, made["webhook"])
                assert (now["failures"], now["delivered_until"] < first) == (attempt, True)
                await working.work()
                assert len(partner.asked) == attempt, "not before its time"
                served.clock.at = start = start + pause + timedelta(seconds=1)
            await working.work()
    finally:
        served.clock.at = None
    assert told(partner) == [first] * 4 + [second]
    assert len({one.headers["webhook-id"] for one in partner.asked}) == 2, "sent again under the same id"
    await ask(served, made["webhook"], "remove")


async def test_restarts_neither_lose_nor_repeat_nor_reorder(served: Served, partner: Gateway) -> None:
    made = await registered(served, partner.url)
    positions = []
    for _ in range(3):
        positions += [await taken(served), await taken(served)]
        async with worker(served) as working:
            await working.work()
    assert told(partner) == positions
    await ask(served, made["webhook"], "remove")


async def test_of_two_workers_that_deliver_for_a_moment_none_moves_a_position_back(
    served: Served, partner: Gateway
) -> None:
    made = await registered(served, partner.url)
    positions = [await taken(served) for _ in range(5)]
    async with worker(served) as one, worker(served) as two:
        await asyncio.gather(one.work(), two.work())
        await one.work()
    sent = told(partner)
    assert sorted(set(sent)) == positions
    firsts = [sent.index(position) for position in positions]
    assert firsts == sorted(firsts), "in order, each perhaps twice"
    assert (await shown(served, made["webhook"]))["lag_events"] == 0
    await ask(served, made["webhook"], "remove")


async def test_what_fails_for_days_is_suspended_by_event_and_resumed_or_delivered_again(
    served: Served, partner: Gateway
) -> None:
    made = await registered(served, partner.url, events=["ticket-issued"])
    first = await taken(served)
    partner.statuses = [500, 500]
    try:
        async with worker(served) as working:
            await working.work()
            served.clock.at = served.parts.clock() + FAILS_FOR
            await working.work()
            now = await shown(served, made["webhook"])
            assert (now["status"], now["cause"], now["reason"]) == ("suspended", "failing", "answered 500")
            await working.work()
            assert len(partner.asked) == 2, "nothing is sent while it is suspended"
            await ask(served, made["webhook"], "resume")
            await working.work()
            assert told(partner)[2:] == [first]
            second = await taken(served)
            await working.work()
            await ask(served, made["webhook"], "resume", after=first - 1)
            await working.work()
            assert told(partner)[3:] == [second, first, second]
            partner.statuses = [410]
            await taken(served)
            await working.work()
            assert (await shown(served, made["webhook"]))["cause"] == "gone"
    finally:
        served.clock.at = None
    await ask(served, made["webhook"], "remove")


async def test_a_renewed_secret_signs_beside_the_old_one_for_a_day(served: Served, partner: Gateway) -> None:
    made = await registered(served, partner.url)
    renewed = await ask(served, made["webhook"], "renew-secret")
    assert renewed["secret"] != made["secret"]
    await taken(served)
    async with worker(served) as working:
        await working.work()
        for secret in (made["secret"], renewed["secret"]):
            Receiver(secret).verify(partner.asked[0].body, partner.asked[0].headers)
        try:
            served.clock.at = served.parts.clock() + timedelta(days=1, seconds=1)
            await taken(served)
            await working.work()
        finally:
            served.clock.at = None
    assert len(partner.asked[1].headers["webhook-signature"].split(" ")) == 1
    await ask(served, made["webhook"], "remove")


async def test_one_receiver_that_does_not_answer_keeps_no_other_waiting(
    served: Served, partner: Gateway
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other side gives up
        writer.close()

    mute = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with mute:
        url = f"http://127.0.0.1:{mute.sockets[0].getsockname()[1]}/"
        stuck, well = await registered(served, url), await registered(served, partner.url)
        position = await taken(served)
        async with worker(served, answer_s=0.5) as working:
            await working.work()
        assert told(partner) == [position]
        assert (await shown(served, stuck["webhook"]))["error"] == "no answer in time"
        for one in (stuck, well):
            await ask(served, one["webhook"], "remove")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[fe80::1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://0.0.0.0/",
        "http://partner.example/",
        "http://localhost/",
    ],
)
async def test_nothing_is_posted_to_where_only_this_machine_can_reach(url: str) -> None:
    targets = Targets(())
    with pytest.raises(Refused) as refused:
        targets.check(url)
    assert refused.value.code == "webhook-url-refused"


async def test_a_name_is_looked_at_when_it_is_called_and_the_address_that_was_looked_at_is_called() -> None:
    with pytest.raises(Forbidden):
        await Targets(()).resolve("https://localhost/hook")
    with pytest.raises(NotTaken, match="may not be called: not-public"):
        await Caller(Targets(()))("https://localhost/hook", {}, b"{}")
    found = await Targets(LOOPBACK).resolve("http://localhost:8443/hook?x=1")
    assert found.host == "localhost:8443"
    assert found.url.host in ("127.0.0.1", "::1")
    Targets(("10.0.0.0/8",)).check("https://10.0.0.1/")
    with pytest.raises(Refused):
        Targets(("10.0.0.0/8",)).check("http://10.0.0.1/")


def certified(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for a name, signed by itself, and a server's context with it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, secret)
    return pem, context


async def test_a_certificate_is_held_to_the_name_though_the_looked_at_address_is_called(
    tmp_path: Path,
) -> None:
    for name, taken_by_it in (("localhost", True), ("elsewhere.test", False)):
        pem, context = certified(tmp_path, name)
        gateway = Gateway()
        here = (await asyncio.get_running_loop().getaddrinfo("localhost", 0))[0][4][0]
        server = await asyncio.start_server(gateway.serve, here, 0, ssl=context)
        async with server:
            url = f"https://localhost:{server.sockets[0].getsockname()[1]}/hook"
            caller, stranger = Caller(Targets(LOOPBACK), str(pem)), Caller(Targets(LOOPBACK))
            if taken_by_it:
                await caller(url, {"webhook-id": "evt_1"}, b"{}")
                assert gateway.asked[0].headers["host"] == url.split("/")[2]
            else:
                with pytest.raises(NotTaken, match="ConnectError"):
                    await caller(url, {}, b"{}")
            with pytest.raises(NotTaken, match="ConnectError"):
                await stranger(url, {}, b"{}")
            await caller.close()
            await stranger.close()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "ftp://partner.example/"}, "url"),
        ({"url": "https://user:word@partner.example/"}, "url"),
        ({"subjects": []}, "subjects"),
        ({"subjects": ["citizen"]}, "subjects"),
        ({"events": ["slot-booked"]}, "events"),
        ({"after": 2**40}, "after"),
    ],
)
async def test_a_registration_that_cannot_be_says_which_field(
    served: Served, wrong: dict[str, Any], field: str
) -> None:
    body = {"name": "x", "url": "https://partner.example/hook", "subjects": ["queue"]} | wrong
    answer = await served.post("/webhooks", body, served.bearer("admin"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)


async def test_a_registration_sent_twice_is_one_with_one_secret(served: Served) -> None:
    body = {"name": "x", "url": "https://partner.example/hook", "subjects": ["queue"]}
    headers = served.bearer("admin") | {"Idempotency-Key": "once"}
    first, again = [(await served.post("/webhooks", body, headers)).json() for _ in range(2)]
    assert (first["webhook"], first["secret"]) == (again["webhook"], again["secret"])
    clerk = served.bearer("clerk", hall="guotan")
    assert (await served.get("/webhooks", clerk)).status_code == 403
    assert (await served.post("/webhooks/nothing/suspend", {}, served.bearer("admin"))).status_code == 404
    await ask(served, first["webhook"], "remove")


async def test_an_administrator_registers_suspends_and_renews_on_the_page(served: Served) -> None:
    admin = served.bearer("admin", "chief") | {"Origin": "http://hall.test"}

    async def sent(path: str, **form: Any) -> str:
        answer = await served.client.post(path, data=form, headers=admin, follow_redirects=True)
        return answer.text

    lacking = await sent("/admin/webhooks", name="市平台", url="", key="k0")
    assert 'value="市平台"' in lacking, "what was typed is kept"
    wrong = await sent("/admin/webhooks", name="市平台", url="https://10.0.0.1/", subjects="slots", key="k1")
    assert "不能推送到这个地址" in wrong
    form = {"name": "市平台", "url": "https://city.example/hook", "subjects": ["slots", "case"], "key": "k2"}
    made = await sent("/admin/webhooks", **form)
    assert "whsec_" in made
    assert "whsec_" not in (await served.client.get("/admin/webhooks", headers=admin)).text
    found = (await served.get("/webhooks", admin)).json()["webhooks"]
    name = next(one["webhook"] for one in found if one["name"] == "市平台")
    assert "个事件推送没有送达" not in (await served.client.get("/admin", headers=admin)).text
    assert "管理员暂停" in await sent(f"/admin/webhooks/{name}/suspend", key="k3")
    assert "有1个事件推送没有送达" in (await served.client.get("/admin", headers=admin)).text
    assert "whsec_" in await sent(f"/admin/webhooks/{name}/renew-secret", key="k4")
    assert "管理员暂停" not in await sent(f"/admin/webhooks/{name}/resume", after="1", key="k5")
    assert "市平台" not in await sent(f"/admin/webhooks/{name}/remove", key="k6")
    clerk = served.bearer("clerk", hall="guotan")
    assert (await served.client.get("/admin/webhooks", headers=clerk)).status_code == 403
