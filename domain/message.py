"""The words every subject shares: commands ask, events tell, refusals explain, a stamp says who and when."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, Protocol

import msgspec
from msgspec import Meta

Id = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="lower-case letters, digits, hyphens")
]
"""The readable name of a configured thing: a hall, a queue, a window, an item."""

Reference = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
"""An unguessable reference made at the edge: a ticket's, an appointment's, a case's ``id``."""

Key = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A person's key: stands for a name and a phone number, which never enter an event."""

Words = Annotated[str, Meta(min_length=1, max_length=500)]
"""Something a person wrote: a reason, an opinion, a comment."""

Label = Annotated[str, Meta(min_length=1, max_length=100)]
"""A short name somebody gave to something."""

Seconds = Annotated[int, Meta(ge=0, le=7 * 24 * 3600)]

Grade = Literal["very-satisfied", "satisfied", "fairly-satisfied", "dissatisfied", "very-dissatisfied"]
"""非常满意 · 满意 · 基本满意 · 不满意 · 非常不满意, stored as the word: the two national code lists count in
opposite directions (GB/T 39046-2020 table A.8 against the 好差评 interfaces)."""


class Text(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A name as people read it, in Chinese and in English."""

    zh: Label
    en: Label


class Command(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A request to one stream. It holds only what is asked: the stream, the asker and the time come beside it."""


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A fact somebody could write in a ledger. Its tag is its name in the store and never changes its meaning."""

    VERSION: ClassVar[int] = 1
    """Raised when older code may no longer read the event; such code then refuses it instead of guessing."""


class Stamp(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Who asked, when, and through which command; made at the edge, kept once in the envelope of each event.

    ``at`` is when it happened, ``recorded_at`` when it was written down if an import says that they differ.
    ``by`` is ``role:subject`` (``clerk:7``) or the program's own part (``policy:rectification``).
    ``correlation`` names the first command of a chain and ``causation`` the event that led to this one.
    ``hall`` is where it happened, for streams that are not a hall's own (a case, a review).
    """

    at: datetime
    by: str
    command: str
    correlation: str | None = None
    causation: str | None = None
    key: str | None = None
    recorded_at: datetime | None = None
    hall: str | None = None


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event as it stands in the log: the ``position``-th of all, the ``version``-th of its stream."""

    stream: str
    version: int
    position: int
    stamp: Stamp
    event: Any
    nth: int = 0
    """Which of its command's events it is, counted from 0."""

    @property
    def id(self) -> str:
        return f"{self.stamp.command}.{self.nth}"

    @property
    def category(self) -> str:
        return category(self.stream)

    @property
    def subject(self) -> str:
        """The stream's name without its category: ``tanghe-2026-03-02``."""
        return self.stream.partition("-")[2]


class Refused(Exception):
    """A rule said no. ``code`` is stable and kebab-case, ``facts`` are what the sentence to the person needs.

    ``missing`` marks the refusals that mean "there is no such thing" (404) and not "not now" (409);
    ``invalid`` those that mean "this cannot be" (422).
    """

    def __init__(self, code: str, *, missing: bool = False, invalid: bool = False, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.missing = missing
        self.invalid = invalid

    def __str__(self) -> str:
        return f"{self.code} {self.facts}" if self.facts else self.code


class Decider(Protocol):
    """What every subject module is. ``decide`` may refuse and changes nothing; ``evolve`` never refuses.

    ``evolve`` may change the state it is given and returns it: a state has one owner, who folds it.
    """

    @property
    def initial(self) -> Callable[[], Any]: ...
    @property
    def decide(self) -> Callable[[Any, Any, Stamp], Sequence[Any]]: ...
    @property
    def evolve(self) -> Callable[[Any, Any, Stamp], Any]: ...


def clerk_of(by: str) -> str | None:
    """``li`` of ``clerk:li``; nobody where it was not a clerk who asked."""
    role, _, subject = by.partition(":")
    return subject if role == "clerk" else None


def category(stream: str) -> str:
    """``queue`` of ``queue-tanghe-2026-03-02``."""
    return stream.partition("-")[0]


def day_of(stream: str) -> date:
    """The day a stream's name ends with.

    Raises:
        ValueError: the name does not end with a day.
    """
    return date.fromisoformat(stream[-10:])


def hall_of(stream: str) -> str:
    """``tanghe`` of ``queue-tanghe-2026-03-02``: the hall of a stream that is a hall's for a day."""
    return stream.partition("-")[2][:-11]


def place(reference: str) -> tuple[str, date] | None:
    """The hall and day in the reference of an appointment or a ticket; ``None`` if it is none of ours."""
    hall, _, rest = reference.partition(".")
    day, _, token = rest.partition(".")
    if not token or len(day) != 8:
        return None
    try:
        return hall, date.fromisoformat(day)
    except ValueError:
        return None
