"""Secrets of webhooks and what is signed with them (Standard Webhooks 1.0).

A secret is stored nowhere: it is made of the webhook's name, its number and a key of its own purpose, when it is told
and whenever something is signed.
"""

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook as Signer

from adapters.store import Row
from domain.webhook import Webhook

OVERLAP = timedelta(days=1)
"""How long the secret of before goes on signing after it was renewed, so that a receiver can change over (ours)."""


class Secrets:
    """Args:
    key: of this purpose alone.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, webhook: str, number: int) -> str:
        """The secret as a receiver keeps it: ``whsec_`` and 32 bytes in base64."""
        made = hmac.digest(self._key, f"{webhook}.{number}".encode(), "sha256")
        return f"whsec_{b64encode(made).decode()}"

    def headers(self, name: str, webhook: Webhook, message: str, body: str, now: datetime) -> dict[str, str]:
        """What proves a delivery: its id, the time, and the signature under every secret that holds."""
        at = now.astimezone(UTC)
        numbers = [webhook.secrets]
        if webhook.renewed_at is not None and now < webhook.renewed_at + OVERLAP:
            numbers.append(webhook.secrets - 1)
        signatures = [Signer(self.of(name, number)).sign(message, at, body) for number in numbers]
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def message_id(row: Row, event: str) -> str:
    """What a receiver knows a delivery by: the same for the same event however often it is sent."""
    return f"evt_{hashlib.blake2b(f'{row.stream} {event}'.encode(), digest_size=16).hexdigest()}"
