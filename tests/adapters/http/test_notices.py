"""From a fact to whom it concerns: queued by the policies, sent by the outbox, told to administrators."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from adapters.notices.config import Channels, NoticeSettings
from adapters.notices.mail import MailSettings
from adapters.notices.outbox import Links, Outbox
from adapters.notices.sms import SmsSettings
from adapters.people import demonstration_identity
from adapters.tail import LogTail
from domain import notice
from domain.handling import Act, Ask
from domain.message import Stamp
from domain.notice import QueueNotice
from domain.workdays import SHANGHAI
from tests.adapters.http.serving import Served
from tests.adapters.http.test_appointments import book, workday
from tests.gateways import Gateway, Mailbox, listening

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Post:
    """An outbox with providers of its own, whose clock is the server's."""

    def __init__(
        self,
        served: Served,
        gateway: Gateway,
        box: Mailbox,
        code: Callable[[str], str] | None = None,
    ) -> None:
        self.code = code
        self.served = served
        self.gateway = gateway
        self.box = box
        self.tail = LogTail(served.url)
        self.outbox = self.started()

    def started(self) -> Outbox:
        settings = NoticeSettings(
            sms=SmsSettings(url=self.gateway.url),
            mail=MailSettings(host="127.0.0.1", port=self.box.port, sender="hall@hall.test", security="none"),
            staff={"*": {"leader": ("mailto:leader@hall.test",)}},
            site="https://hall.test",
        )
        parts = self.served.parts
        return Outbox(
            self.tail,
            parts.views,  # type: ignore[arg-type]
            parts.loop,
            parts.people,
            parts.catalogue,
            Channels(settings),
            Links(parts.seal.seal, parts.invitations.seal, self.code or parts.codes.code),
            settings,
            parts.clock,
        )

    async def queue(self, name: str, **asked: Any) -> int:
        command = QueueNotice(**asked)
        stamp = Stamp(at=self.served.parts.clock(), by="policy:reactor", command=f"q-{name}")
        act = Act((Ask(notice.stream(name), command),))
        return (await self.served.parts.loop.submit(act, stamp)).position

    async def empty(self, outbox: Outbox | None = None) -> None:
        """Until nothing is due."""
        while True:
            await self.served.parts.views.wait("notices", await self.tail.head())
            if not await (outbox or self.outbox).fire():
                return

    async def shown(self, name: str) -> Any:
        await self.served.parts.views.wait("notices", await self.tail.head())
        return (await self.served.get(f"/notices/{name}", self.served.bearer("admin"))).json()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def post(office: Served) -> AsyncIterator[Post]:
    gateway, box = Gateway(), Mailbox()
    async with listening(gateway), listening(box):
        made = Post(office, gateway, box)
        yield made
        await made.tail.close()


@pytest.fixture(autouse=True)
def fresh(post: Post) -> None:
    post.gateway.asked.clear()
    post.box.mails.clear()
    post.served.clock.at = None


async def until(post: Post, holds: Callable[[], bool]) -> None:
    """What the policies do takes its time."""
    for _ in range(200):
        await post.empty()
        if holds():
            return
        await post.tail.wait(await post.tail.head())
    raise AssertionError("it never came")


async def person(post: Post, subject: str) -> str:
    identity = await post.served.parts.tokens.identify(
        (await post.served.citizen(subject))["Authorization"][7:]
    )
    assert identity.person is not None
    return identity.person


async def test_a_booking_is_confirmed_reminded_of_and_its_cancellation_told(post: Post) -> None:
    served, day = post.served, workday(post.served, 4)
    me = await served.citizen("notified")
    made = (await book(served, me, "tanghe", "b-1000", day)).json()
    await until(post, lambda: len(post.gateway.asked) == 1)
    text = post.gateway.asked[0].told["text"]
    assert text.startswith("您已预约唐河县政务服务中心“社会保障卡申领”")
    assert f"{day.month}月{day.day}日" in text
    assert text.endswith(f"https://hall.test/appointments/{made['voucher']}")
    listed = (
        await served.get("/notices", served.bearer("admin"), status="waiting", template="reminder")
    ).json()
    mine = [one for one in listed["notices"] if one["notice"].startswith(made["appointment"])]
    assert [one["due_at"] for one in mine] == [one["send_at"] for one in mine]
    starts_at = datetime.fromisoformat(made["starts_at"])
    served.clock.at = starts_at - timedelta(hours=23)
    await until(post, lambda: len(post.gateway.asked) == 2)
    assert post.gateway.asked[1].told["text"].startswith("提醒：您")
    served.clock.at = None
    assert (await served.post(f"/appointments/{made['appointment']}/cancel", None, me)).status_code == 200
    await until(post, lambda: len(post.gateway.asked) == 3)
    assert "已取消" in post.gateway.asked[2].told["text"]
    served.clock.at = starts_at - timedelta(hours=1)
    await post.empty()
    shown = await post.shown(f"{made['appointment']}.reminder-1")
    assert (shown["status"], shown["tries"][0]["reason"]) == ("dropped", "overtaken")
    assert len(post.gateway.asked) == 3


async def test_a_notice_is_not_sent_again_by_an_outbox_that_starts_anew(post: Post) -> None:
    await post.queue("once", template="cancelled", to=f"person:{await person(post, 'once')}", hall="tanghe")
    await post.empty()
    await post.empty(post.started())
    assert len(post.gateway.asked) == 1
    shown = await post.shown("once")
    assert (shown["status"], shown["due_at"]) == ("delivered", None)
    assert shown["tries"][0]["channel"] == "sms"
    assert shown["tries"][0]["provider"] == "g-1"


async def test_who_was_cut_off_between_sending_and_writing_sends_under_the_same_id(post: Post) -> None:
    to = f"person:{await person(post, 'cut')}"
    await post.queue("cut", template="cancelled", to=to, hall="tanghe")
    await post.served.parts.views.wait("notices", await post.tail.head())
    found = await post.served.parts.views.find("notices", {"status": "waiting"}, "queued_at", 500)

    @asynccontextmanager
    async def cut(outbox: Outbox) -> AsyncIterator[None]:
        """It dies with the provider's answer in hand."""
        real = outbox._loop

        class Gone:
            peek = real.peek

            async def submit(self, act: Act, stamp: Stamp) -> Any:
                raise OSError("killed")

        outbox._loop = Gone()  # type: ignore[assignment]
        yield
        outbox._loop = real

    assert any(b'"cut"' in doc for doc in found.docs)
    async with cut(post.outbox):
        with pytest.raises(OSError, match="killed"):
            await post.outbox.fire()
    await post.empty(post.started())
    assert [one.headers["idempotency-key"] for one in post.gateway.asked] == ["cut.0", "cut.0"]


async def test_a_provider_that_is_away_is_asked_again_and_an_administrator_may_insist(post: Post) -> None:
    served, to = post.served, f"person:{await person(post, 'away')}"
    began = served.clock.at = datetime.now(SHANGHAI)
    await post.queue("away", template="cancelled", to=to, hall="tanghe")
    post.gateway.statuses = [503] * 15
    for pause in (0, 1, 5, 30, 120):
        served.clock.at += timedelta(minutes=pause)
        await post.empty()
    assert len(post.gateway.asked) == 15, "three tries at once, five times"
    shown = await post.shown("away")
    assert (shown["status"], shown["attempts"], shown["due_at"]) == ("failed", 5, None)
    assert {one["reason"] for one in shown["tries"]} == {"answered 503"}
    supervisor = served.bearer("supervisor", hall="tanghe")
    failed = (await served.get("/notices", supervisor, status="failed")).json()["notices"]
    assert [one["notice"] for one in failed] == ["away"]
    assert (await served.post("/notices/away/retry", None, supervisor)).status_code == 403
    answer = await served.post("/notices/away/retry", None, served.bearer("admin"))
    assert answer.status_code == 200
    await post.empty()
    assert (await post.shown("away"))["status"] == "delivered"
    assert post.gateway.asked[-1].headers["idempotency-key"] == "away.1"
    answer = await served.post("/notices/away/retry", None, served.bearer("admin"))
    assert answer.json()["code"] == "notice-ended"
    assert served.clock.at > began


async def test_staff_are_told_by_mail_and_a_post_that_nobody_holds_is_a_failure(post: Post) -> None:
    overdue = {
        "template": "rectification-overdue",
        "hall": "tanghe",
        "facts": {"service": "case.1", "step": "rectify"},
    }
    await post.queue("lead", to="staff:leader", **overdue)
    await post.queue("none", to="staff:clerk", **overdue)
    await post.queue("late", to="staff:leader", until=datetime(2026, 1, 1, tzinfo=SHANGHAI), **overdue)
    await post.empty()
    (mail,) = post.box.mails
    assert mail["Subject"] == "整改逾期"
    assert "case.1" in mail.get_content()
    shown = await post.shown("none")
    assert (shown["status"], shown["tries"][0]["reason"]) == ("failed", "no-address")
    assert (await post.shown("late"))["tries"][0]["reason"] == "too-late"


async def test_whom_nobody_can_reach_is_not_told_and_alarms_nobody(post: Post) -> None:
    silent = msgspec.structs.replace(demonstration_identity("silent"), phone=None, mail=None)
    key = await post.served.parts.people.enrol(silent)
    gone = {"gone": "person:nobody", "anonymous": "reviewer:case.none", "silent": f"person:{key}"}
    for name, to in gone.items():
        await post.queue(name, to=to, template="rectification-answered")
    await post.empty()
    for name in gone:
        shown = await post.shown(name)
        assert (shown["status"], shown["attempts"]) == ("dropped", 0)
        assert shown["tries"][0]["reason"] == "no-address"
    page = await post.served.client.get("/admin/notices?status=dropped", headers=post.served.bearer("admin"))
    assert "没有留下联系方式" in page.text


async def test_a_citizen_enters_where_notices_reach_them_by_the_code_sent_there_and_reads_which_were(
    post: Post,
) -> None:
    served = post.served
    me = await served.citizen("reached by mail") | {"Origin": "http://hall.test"}
    page = "/mine/contact"
    wrong = await served.client.post(page, data={"contact": "me@"}, headers=me)
    assert (wrong.status_code, 'value="me@"' in wrong.text) == (422, True)
    asked = await served.client.post(page, data={"contact": "Me@Home.Test", "key": "c0"}, headers=me)
    assert (asked.status_code, f'action="{page}/code"' in asked.text) == (200, True)
    await post.empty()
    (mail,) = post.box.mails
    found = re.search(r"[0-9]{6}", mail.get_content())
    assert (mail["To"], found is not None) == ("me@home.test", True)
    form = {"contact": "Me@Home.Test", "code": "000000", "key": "c1"}
    refused = await served.client.post(f"{page}/code", data=form, headers=me)
    assert (refused.status_code, "验证码不正确" in refused.text) == (409, True)
    assert "m***@home.test" not in (await served.client.get(page, headers=me)).text
    form |= {"code": found[0] if found else "", "key": "c2"}
    proven = await served.client.post(f"{page}/code", data=form, headers=me)
    assert (proven.status_code, proven.headers["location"]) == (303, page)
    made = (await book(served, me, "zhangdian", "b-1000", workday(served, 3))).json()
    await until(post, lambda: any(made["voucher"] in one.body.decode() for one in post.gateway.asked))
    shown = (await served.client.get(page, headers=me)).text
    assert "m***@home.test" in shown
    assert "短信" in shown, "who has a phone is told there"
    assert f'href="/appointments/{made["voucher"]}"' in shown
    strange = await served.client.get(page, headers=await served.citizen("somebody else"))
    assert made["voucher"] not in strange.text
    assert "最近90天没有发给您的通知" in strange.text


async def test_an_occasion_is_worded_by_the_administrator_from_then_on(post: Post) -> None:
    served, admin = post.served, post.served.bearer("admin", "zhao")
    path = "/api/v1/notice-templates/case-decided"
    before = {
        one["template"]: one for one in (await served.get("/notice-templates", admin)).json()["templates"]
    }
    assert before["case-decided"]["mark"]["zh"] == "默认值，并非规定"
    wording = {"zh": "{hall}：您的申请有结果了。", "en": "{hall}: there is a decision."}
    answer = await served.client.put(path, json={"wording": wording}, headers=admin)
    assert answer.status_code == 200
    to = f"person:{await person(post, 'reader')}"
    await post.queue("decided", template="case-decided", to=to, hall="tanghe")
    await post.empty()
    assert post.gateway.asked[0].told["text"] == "唐河县政务服务中心：您的申请有结果了。"
    wrong = {"wording": wording | {"en": "{name}, there is a decision."}}
    answer = await served.client.put(path, json=wrong, headers=admin)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-fact")
    answer = await served.client.put("/api/v1/notice-templates/poem", json={}, headers=admin)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-template")
    answer = await served.client.put(path, json={}, headers=admin)
    assert answer.status_code == 200
    after = {
        one["template"]: one for one in (await served.get("/notice-templates", admin)).json()["templates"]
    }
    assert after["case-decided"]["wording"] == before["case-decided"]["wording"]
    assert after["case-decided"]["version"] == 2


async def test_a_supervisor_reads_the_own_halls_notices_and_no_others(post: Post) -> None:
    served = post.served
    await post.queue("ours", template="cancelled", to="person:x", hall="huyang")
    await post.empty()
    here, there = (served.bearer("supervisor", hall=hall) for hall in ("huyang", "tanghe"))
    listed = (await served.get("/notices", here)).json()["notices"]
    assert {one["hall"] for one in listed} == {"huyang"}
    assert (await served.get("/notices", there, hall="huyang")).status_code == 403
    assert (await served.get("/notices/ours", here)).status_code == 200
    assert (await served.get("/notices/ours", there)).json()["code"] == "unknown-notice"
