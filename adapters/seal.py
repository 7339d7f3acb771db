"""Keys for one purpose each, made of the server's secret, and links that such a key seals."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC


def derive(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose from the server's secret, so that no two purposes share one."""
    return hmac.digest(secret, purpose.encode(), "sha256")


class Seal:
    """Makes a reference into a link that cannot be guessed or altered, and back. Nothing is stored for it.

    The reference itself is random already, but staff see references; the sealed link only its holder has.
    """

    def __init__(self, secret: bytes, purpose: str = "follow links") -> None:
        self._secret = secret
        # Begun once: a MAC of a short text costs a third of what finding its digest and taking in the key anew would.
        self._mac = HMAC(derive(secret, purpose), SHA256())

    def of(self, purpose: str) -> "Seal":
        """A seal for another purpose: what one has sealed no other opens."""
        return Seal(self._secret, purpose)

    @property
    def invitations(self) -> "Seal":
        """What makes a service (``ticket.…``, ``case.…``) into the link that invites to rate it: for this purpose
        alone and for no other service. It rates once because a service is rated once."""
        return self.of("review invitations")

    def hall_code(self, hall: str, day: date) -> str:
        """Six digits that only a hall's own screens and staff show on a day."""
        mac = hmac.digest(derive(self._secret, "hall codes"), f"{hall} {day}".encode(), "sha256")
        return f"{int.from_bytes(mac[:8]) % 1_000_000:06d}"

    def invite(self, ticket: str) -> str:
        """The link that invites to rate the service of a ticket."""
        return self.invitations.seal(f"ticket.{ticket}")

    def shown(self, service: str, clerk: str) -> str:
        """The link in the code that a clerk shows at the window: it says who showed it."""
        return self.of("review invitations shown").seal(f"{service}~{_packed(clerk.encode())}")

    def unshown(self, link: str) -> tuple[str, str] | None:
        """The service and the clerk of such a link."""
        if (told := self.of("review invitations shown").unseal(link)) is None:
            return None
        service, _, clerk = told.rpartition("~")
        return service, urlsafe_b64decode(clerk + "=" * (-len(clerk) % 4)).decode()

    def seal(self, reference: str) -> str:
        mac = self._mac.copy()
        mac.update(reference.encode())
        return f"{reference}.{_packed(mac.finalize()[:16])}"

    def unseal(self, link: str) -> str | None:
        """The reference; ``None`` for anything that was not sealed here."""
        reference, _, _ = link.rpartition(".")
        # As bytes: comparing texts refuses characters beyond ASCII.
        return reference if hmac.compare_digest(self.seal(reference).encode(), link.encode()) else None


def _packed(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


class Veil:
    """Makes a reference into a link that tells nothing of it, always the same, and back. Nothing is stored for it.

    A sealed link shows its reference to whoever has it; a person's key or a running number is not for showing.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._box = AESSIV(derive(secret, purpose))

    def draw(self, reference: str) -> str:
        return _packed(self._box.encrypt(reference.encode(), None))

    def lift(self, link: str) -> str | None:
        """The reference; ``None`` for anything that was not made here."""
        try:
            return self._box.decrypt(urlsafe_b64decode(link + "=" * (-len(link) % 4)), None).decode()
        except (ValueError, InvalidTag):
            return None
