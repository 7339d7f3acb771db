"""Tokens of a real identity provider: OpenID Connect discovery, its published keys, and our own strictness.

Only asymmetric algorithms of the configured list are taken, and only keys the provider publishes; a key that a
token brings along in its own header is never looked at. A provider that cannot be reached closes the door to new
tokens and leaves those already checked alone until they expire.
"""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from adapters.http.identity import TOKEN_CHARACTERS_MAX, Identity, Role, TokenCache, checked, invalid_token
from adapters.http.problems import Rejected
from adapters.people import Identity as Person
from adapters.people import is_mailbox

log = structlog.get_logger()

ASYMMETRIC = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
)
REFRESH_AFTER_S = 600.0
"""Keys are asked for again after this long, so that a withdrawn one stops opening doors."""

REFRESH_PAUSE_S = 30.0
"""Tokens that name unknown keys make the provider be asked at most this often."""

DOCUMENT_BYTES_MAX = 1_000_000

BY_STRENGTH: tuple[Role, ...] = (
    "admin", "supervisor", "auditor", "clerk", "partner", "kiosk", "screen", "citizen",
)  # fmt: skip


class ClaimNames(msgspec.Struct, frozen=True):
    """Where a provider's tokens say what we want to know; a dot leads into an object (``realm_access.roles``)."""

    role: str = "role"
    hall: str = "hall"
    window: str = "window"
    name: str = "name"
    id_number: str = "id_number"
    phone: str = "phone_number"
    mail: str = "email"


Enrol = Callable[[Person], Awaitable[str]]
"""Answers the key of a person, known or new."""


class _Header(msgspec.Struct):
    alg: str
    kid: str | None = None
    jwk: Any = None
    jku: Any = None
    x5u: Any = None
    x5c: Any = None
    crit: Any = None


class _Discovery(msgspec.Struct):
    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""


class _Redeemed(msgspec.Struct):
    id_token: str


class _Nonce(msgspec.Struct):
    nonce: str | None = None


class OidcTokens:
    """Checks tokens against the keys of an issuer.

    Args:
        issuer: as the tokens' ``iss`` says it; its discovery document must say the same.
        audience: what ``aud`` must name.
        http: a client with a short timeout that follows no redirects.
        claims: which claims hold role, hall, window and a citizen's identity.
        enrol: gives a citizen's key. A citizen whose token names no document has none: they may walk in, and nothing
            that must be theirs alone.
        leeway_s: how far the provider's clock may be off.
        now, monotonic: clocks, for tests.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        http: httpx.AsyncClient,
        *,
        algorithms: Sequence[str] = ("RS256", "ES256", "EdDSA"),
        claims: ClaimNames | None = None,
        enrol: Enrol | None = None,
        leeway_s: int = 30,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if strange := set(algorithms) - ASYMMETRIC:
            raise ValueError(f"not an algorithm for an identity provider: {sorted(strange)}")
        self._issuer = issuer
        self._http = http
        self._algorithms = list(algorithms)
        self._names = claims or ClaimNames()
        self._enrol = enrol
        self._monotonic = monotonic
        self._cache = TokenCache(now)
        self._keys: KeySet | None = None
        self._asked_at: float | None = None
        self._held_since = 0.0
        self._asking = asyncio.Lock()
        self._registry = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=leeway_s,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    async def identify(self, token: str) -> Identity:
        if (known := self._cache.get(token)) is not None:
            return known
        header = self._header(token)
        claims = checked(token, await self._key(header.kid), [header.alg], self._registry)
        role = self._role(claims)
        identity = Identity(
            role=role,
            subject=claims["sub"],
            person=await self._person(claims) if role == "citizen" else None,
            hall=self._text(claims, self._names.hall),
            window=self._text(claims, self._names.window),
            expires=float(claims["exp"]),
            confined=True,
        )
        self._cache.put(token, identity)
        return identity

    def _header(self, token: str) -> _Header:
        """What the token says of its signature, before anything is asked of the provider for its sake."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise invalid_token()
        first = token.partition(".")[0]
        try:
            header = msgspec.json.decode(
                base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)), type=_Header
            )
        except (ValueError, RecursionError) as error:
            raise invalid_token() from error
        brought = (header.jwk, header.jku, header.x5u, header.x5c, header.crit)
        if header.alg not in self._algorithms or any(part is not None for part in brought):
            raise invalid_token()
        return header

    async def _key(self, kid: str | None) -> Key:
        """The published key of that name; without a name, the only one."""
        if (found := self._find(kid)) is None or self._monotonic() - self._held_since > REFRESH_AFTER_S:
            await self._refresh()
            found = self._find(kid)
        if self._keys is None:
            raise Rejected(503, "identity-provider-away", headers={"Retry-After": "5"})
        if found is None:
            raise invalid_token()
        return found

    def _find(self, kid: str | None) -> Key | None:
        keys = list(self._keys or ())
        if kid is None:
            return keys[0] if len(keys) == 1 else None
        return next((key for key in keys if key.kid == kid), None)

    async def _refresh(self) -> None:
        async with self._asking:
            now = self._monotonic()
            if self._asked_at is not None and now - self._asked_at < REFRESH_PAUSE_S:
                return
            self._asked_at = now
            try:
                self._keys = await self._published()
                self._held_since = now
            except (httpx.HTTPError, ValueError, JoseError) as error:
                log.warning(
                    "identity-provider-away", issuer=self._issuer, error=f"{type(error).__name__}: {error}"
                )

    async def _published(self) -> KeySet:
        """Raises:
        httpx.HTTPError: the provider does not answer.
        ValueError: what it says is not a discovery document of this issuer, or not a key set.
        """
        discovery = await _discover(self._http, self._issuer)
        return KeySet.import_key_set(msgspec.json.decode(await _fetch(self._http, discovery.jwks_uri)))

    def _role(self, claims: dict[str, Any]) -> Role:
        """The role a token gives; where the provider gave several of ours, the one that may do most."""
        told = _dig(claims, self._names.role)
        names = told if isinstance(told, list) else [told]
        for role in BY_STRENGTH:
            if role in names:
                return role
        raise Rejected(403, "role-missing")

    async def _person(self, claims: dict[str, Any]) -> str | None:
        """Raises:
        Refused: the provider names a document that cannot be.
        """
        name, number = self._text(claims, self._names.name), self._text(claims, self._names.id_number)
        if self._enrol is None or name is None or number is None:
            return None
        phone, mail = self._text(claims, self._names.phone), self._text(claims, self._names.mail)
        # An address that nobody proved could be somebody else's, and would be sent their notices.
        if not (claims.get("email_verified") is True and mail is not None and is_mailbox(mail)):
            mail = None
        return await self._enrol(Person(name=name, id_number=number, phone=phone, mail=mail))

    def _text(self, claims: dict[str, Any], name: str) -> str | None:
        value = _dig(claims, name)
        if value is not None and not isinstance(value, str):
            raise invalid_token()
        return value


def _dig(claims: dict[str, Any], name: str) -> Any:
    """The value a dotted name leads to; a claim whose own name has dots (a URL) is found first."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


class CodeFlow:
    """The authorization code flow, as far as this server speaks to the provider itself.

    Args:
        issuer, http: as of ``OidcTokens``, which checks the token that is redeemed.
        client_id, client_secret: how the pages are registered; without a secret PKCE alone protects the code.
        scope: what is asked for beside who somebody is.
    """

    def __init__(
        self, issuer: str, http: httpx.AsyncClient, *, client_id: str, client_secret: str | None, scope: str
    ) -> None:
        self._issuer = issuer
        self._http = http
        self.client_id = client_id
        self._secret = client_secret
        self.scope = scope

    async def authorization_endpoint(self) -> str:
        """Where a browser is sent to sign in.

        Raises:
            Rejected: 503, the provider cannot be asked.
        """
        return (await self._asked()).authorization_endpoint

    async def redeem(self, code: str, verifier: str, nonce: str, back: str) -> str:
        """The ID token for a code. Its nonce is compared here; whether it holds is for ``OidcTokens`` to say.

        Raises:
            Rejected: 403 the provider does not take the code, or the token is for another sign-in; 503 it is away.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
            "client_id": self.client_id,
        }
        auth = None if self._secret is None else httpx.BasicAuth(self.client_id, self._secret)
        endpoint = (await self._asked()).token_endpoint
        try:
            answer = await self._http.post(endpoint, data=form, auth=auth or httpx.USE_CLIENT_DEFAULT)
            if answer.is_server_error:
                raise Rejected(503, "identity-provider-away", headers={"Retry-After": "5"})
            token = msgspec.json.decode(answer.raise_for_status().content, type=_Redeemed).id_token
            body = token.split(".")[1]
            told = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_Nonce)
        except httpx.TransportError as error:
            raise Rejected(503, "identity-provider-away", headers={"Retry-After": "5"}) from error
        except (httpx.HTTPStatusError, ValueError, IndexError) as error:
            raise Rejected(403, "sign-in-failed") from error
        if told.nonce != nonce:
            raise Rejected(403, "sign-in-failed")
        return token

    async def _asked(self) -> _Discovery:
        try:
            found = await _discover(self._http, self._issuer)
            if not found.authorization_endpoint or not found.token_endpoint:
                raise ValueError("the provider names no endpoints to sign in at")
        except (httpx.HTTPError, ValueError) as error:
            log.warning(
                "identity-provider-away", issuer=self._issuer, error=f"{type(error).__name__}: {error}"
            )
            raise Rejected(503, "identity-provider-away", headers={"Retry-After": "5"}) from error
        return found


async def _discover(http: httpx.AsyncClient, issuer: str) -> _Discovery:
    """Raises:
    httpx.HTTPError: the provider does not answer.
    ValueError: what it says is not a discovery document of this issuer, or sends over an open line.
    """
    body = await _fetch(http, issuer.rstrip("/") + "/.well-known/openid-configuration")
    found = msgspec.json.decode(body, type=_Discovery)
    if found.issuer != issuer:
        raise ValueError(f"the discovery document is of {found.issuer}")
    for url in (found.jwks_uri, found.authorization_endpoint, found.token_endpoint):
        if url and urlsplit(issuer).scheme == "https" != urlsplit(url).scheme:
            raise ValueError("keys, codes or tokens would come over an open line")
    return found


async def _fetch(http: httpx.AsyncClient, url: str) -> bytes:
    async with http.stream("GET", url) as response:
        response.raise_for_status()
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > DOCUMENT_BYTES_MAX:
                raise ValueError(f"{url} answers more than {DOCUMENT_BYTES_MAX} bytes")
        return body
