"""Notices by e-mail, through the SMTP server of the deployment."""

import asyncio
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Annotated, Literal

import aiosmtplib
import msgspec
from msgspec import Meta

from adapters.notices.channel import ChannelDown, Message, MessageRefused

ANSWER_S = 10.0


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``security``: TLS from the first byte, STARTTLS, or none, for a relay on the same machine."""

    host: str
    port: Annotated[int, Meta(ge=1, le=65_535)] = 465
    sender: str
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str | None = None
    password: str | None = None


class MailChannel:
    """The ``Message-ID`` is made of the notice's id, so that a mail sent twice is known as one."""

    name: Literal["mail"] = "mail"

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def send(self, message: Message) -> str | None:
        to = self._settings
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = to.sender, message.address, message.subject
        mail["Message-ID"] = f"<{message.id}@{parseaddr(to.sender)[1].rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        try:
            async with asyncio.timeout(ANSWER_S * 2):
                await aiosmtplib.send(
                    mail,
                    hostname=to.host,
                    port=to.port,
                    username=to.user,
                    password=to.password,
                    use_tls=to.security == "tls",
                    start_tls=to.security == "starttls",
                    timeout=ANSWER_S,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            if all(500 <= code < 600 for code in codes):
                raise MessageRefused(f"answered {codes[0]}") from error
            raise ChannelDown(f"answered {codes[0]}") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise ChannelDown(type(error).__name__) from error
        return str(mail["Message-ID"])

    async def close(self) -> None:
        pass
