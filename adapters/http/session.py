"""Who a browser is: an identity sealed into a cookie, and the proof that a page of ours sent the request.

The cookie holds the identity itself, encrypted, so nothing is stored for it and every process reads it. It is taken
back by the moment at which its account's sign-ins were ended (``domain/account.py``), known to every process. A browser
sends cookies along whoever made it ask; what changes anything is therefore taken only with the browser's own word
(``Sec-Fetch-Site``, or ``Origin`` on plain HTTP, where the first is not sent) that a page of this host asked for it.
"""

import hashlib
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from litestar.datastructures import Cookie

from adapters.http.identity import Identity
from adapters.http.problems import Rejected
from adapters.seal import derive

COOKIE = "mingting-session"
LIFETIME_S = 8 * 3600
"""A working day; a provider's token may make it shorter, never longer."""
DEVICE_LIFETIME_S = 400 * 86_400
"""A device stays until it is revoked. Browsers keep no cookie longer than this; a page of the device renews it."""

CHARACTERS_MAX = 4_000
NONCE_BYTES = 12
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))

Headers = Iterable[tuple[bytes, bytes]]
T = TypeVar("T")


class Sealer:
    """Encrypts small values for one purpose and tells whether they come back as they were."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._box = AESGCM(hashlib.sha256(derive(secret, purpose)).digest())

    def seal(self, value: Any) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._box.encrypt(nonce, msgspec.json.encode(value), None)
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def unseal(self, text: str, kind: type[T]) -> T | None:
        """The value; ``None`` for anything that was not sealed here."""
        if len(text) > CHARACTERS_MAX:
            return None
        try:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return msgspec.json.decode(
                self._box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None), type=kind
            )
        except (ValueError, InvalidTag):
            return None


class Sessions:
    """Session cookies of this deployment.

    Args:
        secret: the deployment's own.
        secure: whether browsers reach the program by https, and may send the cookie by nothing else.
        admits: whether a device is still admitted; asked at every request, so it looks nothing up.
        ended_at: before when an account's sessions hold no more, in seconds since the epoch; asked as often.
    """

    def __init__(
        self,
        secret: bytes,
        *,
        secure: bool = False,
        now: Callable[[], float] = time.time,
        admits: Callable[[str], bool] = lambda device: True,
        ended_at: Callable[[str], float] = lambda account: 0.0,
    ) -> None:
        self._sealer = Sealer(secret, "session cookies")
        self._secure = secure
        self._now = now
        self._admits = admits
        self._ended_at = ended_at

    def begin(self, identity: Identity) -> Cookie:
        """The cookie that signs somebody in, no longer than their token would have held, or a device until further
        notice."""
        now = self._now()
        until = now + (LIFETIME_S if identity.device is None else DEVICE_LIFETIME_S)
        if identity.expires and identity.device is None:
            until = min(until, identity.expires)
        kept = msgspec.structs.replace(identity, expires=until, begun=now)
        return self.cookie(COOKIE, self._sealer.seal(kept), int(until - now))

    def end(self) -> Cookie:
        """The cookie that signs them out."""
        return self.cookie(COOKIE, "", 0)

    def cookie(self, name: str, value: str, seconds: int) -> Cookie:
        """A cookie of this site, out of the reach of scripts."""
        return Cookie(name, value=value, max_age=seconds, httponly=True, samesite="lax", secure=self._secure)

    def holds(self, identity: Identity) -> bool:
        """Whether somebody who was admitted still is: their time is not over, their device not sent away, and their
        sign-ins not ended since they began."""
        if identity.expires <= self._now():
            return False
        if identity.device is not None:
            return self._admits(identity.device)
        return not identity.begun or identity.begun > self._ended_at(identity.by)

    def of(self, method: str, headers: Headers) -> Identity | None:
        """Who the cookie of a request says it comes from; ``None`` without one that holds.

        Raises:
            Rejected: 403, it would change something and no page of this host is known to have asked for it.
        """
        if (sealed := cookies(headers).get(COOKIE)) is None:
            return None
        identity = self._sealer.unseal(sealed, Identity)
        if identity is None or not self.holds(identity):
            return None
        if method not in SAFE:
            must_be_ours(headers)
        return identity


def cookies(headers: Headers) -> dict[str, str]:
    """The cookies of a request; none if they cannot be read."""
    found: SimpleCookie = SimpleCookie()
    for name, value in headers:
        if name == b"cookie":
            try:
                found.load(value.decode("latin-1"))
            except CookieError:
                return {}
    return {name: morsel.value for name, morsel in found.items()}


def must_be_ours(headers: Headers) -> None:
    """Admit only what a page of this host asked for.

    Raises:
        Rejected: 403, the browser says another site did, or does not say.
    """
    told = {name: value for name, value in headers if name in (b"sec-fetch-site", b"origin", b"host")}
    if (site := told.get(b"sec-fetch-site")) is not None:
        ours = site == b"same-origin"
    else:
        host = told.get(b"host", b"")
        ours = told.get(b"origin") in (b"http://" + host, b"https://" + host)
    if not ours:
        raise Rejected(403, "not-same-origin")
