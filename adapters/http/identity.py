"""Who is asking: roles, identities and the tokens that prove them.

Two kinds of tokens exist and never both at once. The embedded default signs its own development tokens for
whoever asks. A configured identity provider signs them in earnest; its keys come from its discovery document.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Literal, Protocol, get_args

import msgspec
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

from adapters.http.problems import Rejected
from adapters.seal import derive

Role = Literal["citizen", "kiosk", "screen", "clerk", "supervisor", "admin", "auditor", "partner"]
ROLES: tuple[Role, ...] = get_args(Role)

DEVELOPMENT_LIFETIME_S = 12 * 3600
CACHED_TOKENS = 10_000
TOKEN_CHARACTERS_MAX = 8_192

CHALLENGE = {"WWW-Authenticate": "Bearer"}


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose token held. ``hall`` and ``window`` narrow where a clerk, kiosk or screen may act."""

    role: Role
    subject: str
    person: str | None = None
    """A citizen's key: under it stand their name and number, and nothing else names them in the log."""
    hall: str | None = None
    window: str | None = None
    expires: float = 0.0
    """Seconds since the epoch."""
    begun: float = 0.0
    """When a browser's session began, in seconds since the epoch; a token has none, its issuer takes it back."""
    confined: bool = False
    """Staff and devices without a hall may act in none, and not in every one."""
    device: str | None = None
    """The enrolled device that this is, until it is revoked."""

    @property
    def by(self) -> str:
        """What the log says of the asker."""
        return f"{self.role}:{self.person or self.subject}"

    def may_act_in(self, hall: str) -> bool:
        if self.hall is None:
            return not (self.confined and self.role in ("clerk", "kiosk", "screen"))
        return self.hall == hall

    def serves(self, hall: str) -> bool:
        """Staff of the hall, or a device of it."""
        return self.role in ("clerk", "kiosk", "supervisor", "admin", "auditor") and self.may_act_in(hall)


class Tokens(Protocol):
    """Turns a bearer token into an identity."""

    async def identify(self, token: str) -> Identity:
        """Raises:
        Rejected: 401, the token proves nothing; 503, the keys to check it with cannot be had.
        """
        ...


class TokenCache:
    """Identities of tokens that were checked before, until they expire: a token costs one look-up a request."""

    def __init__(self, now: Callable[[], float] = time.time, size: int = CACHED_TOKENS) -> None:
        self._now = now
        self._size = size
        self._held: OrderedDict[str, Identity] = OrderedDict()

    def get(self, token: str) -> Identity | None:
        identity = self._held.get(token)
        if identity is None:
            return None
        if identity.expires <= self._now():
            del self._held[token]
            return None
        return identity

    def put(self, token: str, identity: Identity) -> None:
        self._held[token] = identity
        if len(self._held) > self._size:
            self._held.popitem(last=False)


class DevelopmentTokens:
    """Tokens that this server signs for whoever asks. Only for the embedded default."""

    def __init__(self, secret: bytes, now: Callable[[], float] = time.time) -> None:
        self._key = OctKey.import_key(derive(secret, "development tokens"))
        self._now = now
        self._cache = TokenCache(now)
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            iss={"essential": True, "value": "mingting-development"},
            sub={"essential": True},
            exp={"essential": True},
        )

    def sign(
        self,
        role: Role,
        subject: str,
        *,
        person: str | None = None,
        hall: str | None = None,
        window: str | None = None,
    ) -> str:
        """A token for an identity, good for half a day."""
        now = int(self._now())
        narrower = {"person": person, "hall": hall, "window": window}
        claims: dict[str, Any] = {
            "iss": "mingting-development",
            "sub": subject,
            "role": role,
            "iat": now,
            "exp": now + DEVELOPMENT_LIFETIME_S,
            **{name: value for name, value in narrower.items() if value is not None},
        }
        return jwt.encode({"alg": "HS256"}, claims, self._key, algorithms=["HS256"])

    async def identify(self, token: str) -> Identity:
        if (known := self._cache.get(token)) is not None:
            return known
        claims = checked(token, self._key, ["HS256"], self._claims)
        role = claims.get("role")
        if role not in ROLES:
            raise invalid_token()
        identity = Identity(
            role=role,
            subject=claims["sub"],
            person=claims.get("person"),
            hall=claims.get("hall"),
            window=claims.get("window"),
            expires=float(claims["exp"]),
        )
        self._cache.put(token, identity)
        return identity


def checked(token: str, key: Any, algorithms: list[str], claims: jwt.JWTClaimsRegistry) -> dict[str, Any]:
    """The claims of a token whose signature and times hold.

    Raises:
        Rejected: they do not.
    """
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise invalid_token()
    try:
        decoded = jwt.decode(token, key, algorithms=algorithms)
        claims.validate(decoded.claims)
    except ExpiredTokenError as error:
        raise Rejected(401, "token-expired", headers=_challenge("the token expired")) from error
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        # joserfc answers most malformed tokens with its own errors; what is left comes from base64 and JSON.
        raise invalid_token() from error
    return decoded.claims


def invalid_token() -> Rejected:
    return Rejected(401, "token-invalid", headers=_challenge("the token does not hold"))


def _challenge(why: str) -> dict[str, str]:
    return {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{why}"'}
