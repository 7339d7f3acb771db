"""Notices by short message, through whatever HTTP gateway the deployment has: its request is configuration."""

import hmac
import re
import time
from typing import Any, Literal

import httpx
import msgspec

from adapters.notices.channel import ChannelDown, Message, MessageRefused

ANSWER_S = 10.0
LATER = (408, 425, 429)


class SmsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``body`` is the JSON the gateway wants, in which ``{phone}``, ``{text}``, ``{subject}`` and ``{id}`` are put
    into its texts. With ``secret`` the header ``X-Signature`` is ``t=SECONDS,v1=HEX``: the HMAC-SHA-256 of
    ``SECONDS.BODY``. ``reference`` names the field of the answer that holds the gateway's own reference."""

    url: str
    body: dict[str, Any] = msgspec.field(default_factory=lambda: {"phone": "{phone}", "text": "{text}"})
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    secret: str | None = None
    reference: str = "id"


class SmsChannel:
    """``Idempotency-Key`` is the notice's id: a gateway that honours it sends nothing twice."""

    name: Literal["sms"] = "sms"

    def __init__(self, settings: SmsSettings) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(timeout=ANSWER_S, follow_redirects=False, trust_env=False)

    async def send(self, message: Message) -> str | None:
        facts = {
            "phone": message.address,
            "text": message.text,
            "subject": message.subject,
            "id": message.id,
        }
        body = msgspec.json.encode(_filled(self._settings.body, facts))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.id,
            **self._settings.headers,
        }
        if self._settings.secret is not None:
            headers["X-Signature"] = signature(self._settings.secret, int(time.time()), body)
        try:
            answer = await self._client.post(self._settings.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise ChannelDown(type(error).__name__) from error
        if answer.status_code >= 500 or answer.status_code in LATER:
            raise ChannelDown(f"answered {answer.status_code}")
        if not answer.is_success:
            raise MessageRefused(f"answered {answer.status_code}")
        try:
            told = msgspec.json.decode(answer.content)
        except msgspec.DecodeError:
            return None
        found = told.get(self._settings.reference) if isinstance(told, dict) else None
        return None if found is None else str(found)[:100]

    async def close(self) -> None:
        await self._client.aclose()


def signature(secret: str, seconds: int, body: bytes) -> str:
    """What a gateway checks that knows the secret; the time keeps an old request from being sent again."""
    mac = hmac.digest(secret.encode(), b"%d.%b" % (seconds, body), "sha256").hex()
    return f"t={seconds},v1={mac}"


def _filled(template: Any, facts: dict[str, str]) -> Any:
    match template:
        case str():
            return re.sub(r"\{(phone|text|subject|id)\}", lambda found: facts[found[1]], template)
        case dict():
            return {name: _filled(value, facts) for name, value in template.items()}
        case list():
            return [_filled(value, facts) for value in template]
    return template
