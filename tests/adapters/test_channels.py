"""The channels of notices against real servers on this machine."""

import re
from pathlib import Path

import msgspec
import pytest

from adapters.notices import config
from adapters.notices.channel import ChannelDown, Message, MessageRefused
from adapters.notices.config import Channels, NoticeSettings
from adapters.notices.file import FileChannel
from adapters.notices.mail import MailChannel, MailSettings
from adapters.notices.sms import SmsChannel, SmsSettings, signature
from adapters.settings import BadSetting
from tests.gateways import Gateway, Mailbox, listening

HELLO = Message("n1.0", "13800138000", "预约提醒", "提醒：3月2日 {phone} 请到厅")


async def test_a_message_goes_to_the_gateway_in_its_own_words_signed_and_with_its_id() -> None:
    gateway = Gateway()
    async with listening(gateway):
        body = {"to": ["{phone}"], "msg": {"content": "【明厅】{text}"}, "ref": "{id}", "kind": 1}
        channel = SmsChannel(SmsSettings(url=gateway.url, body=body, headers={"X-App": "7"}, secret="s3cret"))
        assert await channel.send(HELLO) == "g-1"
        await channel.close()
    (asked,) = gateway.asked
    assert msgspec.json.decode(asked.body) == {
        "to": ["13800138000"],
        "msg": {"content": "【明厅】提醒：3月2日 {phone} 请到厅"},
        "ref": "n1.0",
        "kind": 1,
    }, "what stands in a message is never read as a template"
    assert (asked.headers["idempotency-key"], asked.headers["x-app"]) == ("n1.0", "7")
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", asked.headers["x-signature"])
    assert found is not None
    assert asked.headers["x-signature"] == signature("s3cret", int(found[1]), asked.body)


@pytest.mark.parametrize(("status", "error"), [(503, ChannelDown), (429, ChannelDown), (400, MessageRefused)])
async def test_a_gateway_may_say_later_or_never(status: int, error: type[Exception]) -> None:
    gateway = Gateway()
    gateway.statuses = [status]
    async with listening(gateway):
        channel = SmsChannel(SmsSettings(url=gateway.url))
        with pytest.raises(error, match=str(status)):
            await channel.send(HELLO)
        await channel.close()


async def test_a_gateway_that_is_not_there_is_asked_later() -> None:
    gateway = Gateway()
    async with listening(gateway):
        pass
    channel = SmsChannel(SmsSettings(url=gateway.url))
    with pytest.raises(ChannelDown):
        await channel.send(HELLO)
    await channel.close()


def mailing(box: Mailbox) -> MailChannel:
    return MailChannel(
        MailSettings(host="127.0.0.1", port=box.port, sender="大厅 <hall@hall.test>", security="none")
    )


async def test_a_mail_carries_its_words_and_an_id_by_which_it_is_known_again() -> None:
    box = Mailbox()
    async with listening(box):
        channel = mailing(box)
        for _ in range(2):
            await channel.send(HELLO._replace(address="leader@hall.test"))
    first, again = box.mails
    assert (first["To"], first["Subject"]) == ("leader@hall.test", "预约提醒")
    assert first.get_content().strip() == HELLO.text
    assert first["Message-ID"] == again["Message-ID"] == "<n1.0@hall.test>"


@pytest.mark.parametrize(
    ("answer", "error"), [("550 nobody here", MessageRefused), ("451 later", ChannelDown)]
)
async def test_a_mail_server_may_say_later_or_never(answer: str, error: type[Exception]) -> None:
    box = Mailbox()
    box.answers = [answer]
    async with listening(box):
        with pytest.raises(error, match=answer[:3]):
            await mailing(box).send(HELLO._replace(address="nobody@hall.test"))


async def test_a_mail_server_that_is_not_there_is_asked_later() -> None:
    box = Mailbox()
    async with listening(box):
        pass
    with pytest.raises(ChannelDown):
        await mailing(box).send(HELLO._replace(address="leader@hall.test"))


async def test_the_file_has_a_line_a_notice_and_is_nobody_elses(tmp_path: Path) -> None:
    file = tmp_path / "notices.jsonl"
    channel = FileChannel(file)
    await channel.send(HELLO)
    await channel.send(HELLO)
    lines = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
    assert [line["text"] for line in lines] == [HELLO.text] * 2
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(ChannelDown):
        await FileChannel(tmp_path / "nowhere" / "notices.jsonl").send(HELLO)


async def test_without_providers_numbers_are_masked_in_the_file(tmp_path: Path) -> None:
    channels = Channels(config.read(None, str(tmp_path)))
    assert [route.address for route in channels.to_phone("13800138000")] == ["138****8000"]
    assert [route.address for route in channels.to_staff("tanghe", "leader")] == ["staff:leader"]
    await channels.close()


async def test_staff_are_reached_by_hall_and_rung() -> None:
    settings = NoticeSettings(
        mail=MailSettings(host="h", sender="a@b.test"),
        staff={"*": {"leader": ("mailto:all@b.test",)}, "tanghe": {"leader": ("mailto:x@b.test", "tel:138")}},
    )
    channels = Channels(settings)
    assert [route.address for route in channels.to_staff("tanghe", "leader")] == ["x@b.test"], "no gateway"
    assert [route.address for route in channels.to_staff("huyang", "leader")] == ["all@b.test"]
    assert channels.to_staff("huyang", "clerk") == []
    assert channels.to_phone("13800138000") == []
    await channels.close()


@pytest.mark.parametrize("content", ['{"sms": {}}', '{"pager": {}}', "[]", ""])
def test_settings_that_cannot_be_are_told_at_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "notices.json"
    file.write_text(content)
    with pytest.raises(BadSetting, match="MINGTING_NOTICES"):
        config.read(str(file), str(tmp_path))
