"""What the routes are given to work with, each as narrow as they need it."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from adapters.catalogue import Catalogue
from adapters.codes import Codes
from adapters.forecasts import Forecasts
from adapters.http.identity import Tokens, derive
from adapters.http.proofs import Proofs
from adapters.http.session import Sessions
from adapters.live_lines import LiveLines
from adapters.log import Search
from adapters.loop import Receipt, RequestKey
from adapters.lots import Seeds
from adapters.people import People
from adapters.settings import Settings
from adapters.views import Document, Instead, Page, Progress
from adapters.webhooks.progress import Progress as WebhookProgress
from adapters.webhooks.signing import Secrets
from adapters.webhooks.targets import Targets
from domain.handling import Act, Held
from domain.message import Recorded, Stamp
from domain.policies import UnitOf, the_hall_itself
from domain.terms import TermsOf

T = TypeVar("T")


class Loop(Protocol):
    """The command loop, as far as routes know it."""

    batches: int
    commands: int
    conflicts: int
    loads: int

    async def submit(
        self, act: Act, stamp: Stamp, *, key: RequestKey | None = None, if_match: int | None = None
    ) -> Receipt: ...
    async def peek(self, stream: str, read: Callable[[Held], T]) -> T: ...
    @property
    def cached(self) -> tuple[int, int]: ...
    @property
    def available(self) -> bool: ...


class Views(Protocol):
    """Where view documents are read."""

    async def get(self, name: str, key: str) -> Document | None: ...
    async def find(
        self,
        name: str,
        where: Mapping[str, Any] | None = None,
        order: str = ...,
        limit: int = ...,
        cursor: str | None = None,
        instead: Instead | None = ...,
    ) -> Page: ...
    async def tally(
        self,
        name: str,
        where: Mapping[str, Any],
        by: Sequence[str],
        of: Sequence[Mapping[str, Any]],
    ) -> list[tuple[Any, ...]]: ...
    async def known(self, name: str, keys: Sequence[str]) -> Sequence[str]: ...
    async def position(self, name: str) -> tuple[int, datetime]: ...
    async def progress(self, names: Sequence[str]) -> tuple[list[Progress], int]: ...
    async def wait(self, name: str, after: int, timeout: float = ...) -> None: ...


class Standing(NamedTuple):
    """How the program stands: whether the log can be read, what NATS does (``up``, ``away``, ``off``), and how many
    events each view has yet to take in."""

    store: bool
    stream: str
    lags: Mapping[str, int]


Health = Callable[[], Awaitable[Standing]]


class ReadLog(Protocol):
    """The log after a position, in order; of one stream if it is named."""

    async def __call__(self, after: int, limit: int, stream: str | None) -> Sequence[Recorded]: ...
    async def search(self, wanted: Search, limit: int) -> Sequence[Recorded]: ...
    async def until(
        self, position: int, *, stream: str | None = ..., topics: Sequence[str] = ..., after: int = ...
    ) -> Sequence[Recorded]: ...
    async def touched(self, category: str, after: int) -> Sequence[str]: ...
    async def streams(self, names: Sequence[str], until: int) -> Sequence[Recorded]: ...
    async def moment(self, position: int) -> tuple[int, datetime]: ...
    async def position_at(self, moment: datetime) -> int: ...


class Seal:
    """Makes a reference into a link that cannot be guessed or altered, and back. Nothing is stored for it.

    The reference itself is random already, but staff see references; the sealed link only its holder has.
    """

    def __init__(self, secret: bytes, purpose: str = "follow links") -> None:
        self._secret = secret
        self._key = derive(secret, purpose)

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
        mac = hmac.digest(derive(self._secret, "hall codes"), f"{hall} {day}".encode(), hashlib.sha256)
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
        mac = hmac.digest(self._key, reference.encode(), hashlib.sha256)[:16]
        return f"{reference}.{_packed(mac)}"

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


class Boards(Protocol):
    """Hall screens as they stand in this process's memory."""

    async def board(
        self, hall: str, day: date, *, after: int = 0, timeout: float = ..., staff: bool = ...
    ) -> bytes: ...
    def subscribe(
        self, hall: str, day: date, after: int | None = None, *, staff: bool = ...
    ) -> AsyncGenerator[bytes]: ...
    def stirring(self, halls: Collection[str], day: date) -> AsyncGenerator[bytes]: ...


class Rebuilds(Protocol):
    """Views being built anew beside those that serve."""

    @property
    def running(self) -> tuple[str, ...]: ...
    def begin(self, names: tuple[str, ...]) -> None: ...


class Hooks(NamedTuple):
    """What webhooks need beside the log: how far they have come, what they are signed with, where they may call."""

    progress: WebhookProgress
    secrets: Secrets
    targets: Targets


class Parts(NamedTuple):
    """The dependencies of every route."""

    loop: Loop
    views: Views
    boards: Boards
    people: People
    codes: Codes
    proofs: Proofs
    seeds: Seeds
    catalogue: Catalogue
    clock: Callable[[], datetime]
    tokens: Tokens
    sessions: Sessions
    seal: Seal
    veil: Veil
    """Makes the addresses of calendar subscriptions."""
    log: ReadLog
    health: Health
    settings: Settings
    regions: Sequence[msgspec.Struct]
    """What ``GET /api/v1/regions`` lists: each with its ``region`` code and ``name``."""
    forecasts: Forecasts
    """Expected waits of the lines in this process."""
    lines: LiveLines
    """Lines as the phones of those who wait and the clerks follow them."""
    rebuilds: Rebuilds
    webhooks: Hooks
    unit_of: UnitOf = the_hall_itself

    @property
    def terms_of(self) -> TermsOf:
        """The terms of a hall, as its region has set them."""
        return self.catalogue.in_force.of

    @property
    def invitations(self) -> Seal:
        return self.seal.invitations

    def follow(self, result: Any) -> dict[str, str]:
        """The link that goes with a new ticket's receipt."""
        reference = result["id"] if isinstance(result, dict) else result.id
        return {"follow": self.seal.seal(reference)}
