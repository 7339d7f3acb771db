"""How notices leave the house: which channels there are, where staff are reached, in which language they speak."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from adapters.notices.channel import Channel
from adapters.notices.file import FileChannel
from adapters.notices.mail import MailChannel, MailSettings
from adapters.notices.sms import SmsChannel, SmsSettings
from adapters.people import mask_mail, mask_phone
from adapters.settings import BadSetting

FILE = "notices.jsonl"


class NoticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the file that ``MINGTING_NOTICES`` names may say, as JSON.

    ``staff`` tells by hall (``*`` for those not named) and rung (``clerk``, ``head-of-section``, ``leader``) where
    notices go: ``mailto:`` or ``tel:`` addresses. ``site`` is the address by which citizens reach the pages.
    """

    sms: SmsSettings | None = None
    mail: MailSettings | None = None
    file: str | None = None
    staff: dict[str, dict[str, tuple[str, ...]]] = msgspec.field(default_factory=dict)
    language: Literal["zh", "en", "both"] = "zh"
    site: str = ""
    voucher_page: str = "/appointments/{link}"
    waiting_page: str = "/waiting/{link}"
    review_page: str = "/reviews/{link}"


def read(path: str | None, data: str, site: str = "") -> NoticeSettings:
    """The settings, and without any: notices into a file beside the data, with links to ``site``.

    Raises:
        BadSetting: the file is missing or says something that cannot be.
    """
    if path is None:
        return NoticeSettings(file=str(Path(data) / FILE), site=site)
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=NoticeSettings)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadSetting(f"MINGTING_NOTICES: {error}") from error


class Route(NamedTuple):
    """A channel and the address it is to send to."""

    channel: Channel
    address: str


class Channels:
    """The channels there are. A phone is reached by short message and a mailbox by mail; what neither serves goes
    into the file, if there is one, with the number masked."""

    def __init__(self, settings: NoticeSettings) -> None:
        self._sms = SmsChannel(settings.sms) if settings.sms else None
        self._mail = MailChannel(settings.mail) if settings.mail else None
        self._file = FileChannel(Path(settings.file)) if settings.file else None
        self._staff = settings.staff

    def to_phone(self, phone: str) -> list[Route]:
        return self._route(self._sms, phone, mask_phone)

    def to_mailbox(self, address: str) -> list[Route]:
        return self._route(self._mail, address, mask_mail)

    def to_staff(self, hall: str, rung: str) -> list[Route]:
        """Where a rung of a hall is reached; in a demonstration without addresses, the file."""
        known = self._staff.get(hall, {}).get(rung) or self._staff.get("*", {}).get(rung) or ()
        routes: list[Route] = []
        for address in known:
            kind, _, rest = address.partition(":")
            routes += (
                self._route(self._sms, rest, mask_phone) if kind == "tel" else self._route(self._mail, rest)
            )
        if not known and self._file is not None:
            routes.append(Route(self._file, f"staff:{rung}"))
        return routes

    async def close(self) -> None:
        for channel in (self._sms, self._mail, self._file):
            if channel is not None:
                await channel.close()

    def _route(
        self, channel: Channel | None, address: str, masked: Callable[[str], str] = str
    ) -> list[Route]:
        if channel is not None:
            return [Route(channel, address)]
        return [] if self._file is None else [Route(self._file, masked(address))]
