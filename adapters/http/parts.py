"""What the routes are given to work with, each as narrow as they need it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from adapters.catalogue import Catalogue
from adapters.codes import Codes
from adapters.forecasts import Forecasts
from adapters.http.identity import Tokens
from adapters.http.proofs import Proofs
from adapters.http.session import Sessions
from adapters.live_lines import LiveLines
from adapters.log import Search
from adapters.loop import Receipt, RequestKey
from adapters.lots import Seeds
from adapters.people import People
from adapters.seal import Seal, Veil
from adapters.settings import Settings
from adapters.views import Document, Instead, Page, Progress
from adapters.webhooks.hooks import Hooks
from domain.handling import Act, Held
from domain.message import Recorded, Stamp
from domain.policies import UnitOf, the_hall_itself
from domain.terms import TermsOf
from domain.workdays import local_date

T = TypeVar("T")


class Loop(Protocol):
    """The command loop, as far as routes know it."""

    batches: int
    commands: int
    conflicts: int

    async def submit(
        self, act: Act, stamp: Stamp, *, key: RequestKey | None = None, if_match: int | None = None
    ) -> Receipt: ...
    async def peek(self, stream: str, read: Callable[[Held], T]) -> T: ...
    @property
    def loads(self) -> int: ...
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

    def today(self) -> date:
        """The day where the halls are."""
        return local_date(self.clock())

    def follow(self, result: Any) -> dict[str, str]:
        """The link that goes with a new ticket's receipt."""
        reference = result["id"] if isinstance(result, dict) else result.id
        return {"follow": self.seal.seal(reference)}
