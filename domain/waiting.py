"""The words of the waiting list of a full day (候补); it is part of the day's own stream (``domain.slots``).

Who finds a day full may wait for a place in a line. A place that becomes free is held for the first of them for whom
it is long enough, for a limited time; who lets it pass goes to the end of the list, and off it after so many offers.
Who gets a free place, and when, is in ``domain.freed``.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.booking import ITEMS_MAX, Intervals
from domain.message import Command, Event, Id, Key, Reference

Ending = Literal["left", "booked", "offers-used"]


class JoinWaiting(Command, frozen=True):
    """``waiting`` is the asker's own reference. Only while no place could be booked."""

    waiting: Reference
    queue: Id
    item: Id
    person: Key
    slots: Intervals = 1
    more: Annotated[tuple[Id, ...], Meta(max_length=ITEMS_MAX)] = ()
    item_versions: Annotated[tuple[int, ...], Meta(max_length=ITEMS_MAX + 1)] = ()


class LeaveWaiting(Command, frozen=True):
    waiting: Reference


class OfferFreed(Command, frozen=True):
    """From the policy, when a place has become free: it is held for whoever waits for it."""


AnyCommand = JoinWaiting | LeaveWaiting | OfferFreed


class WaitingJoined(Event, frozen=True, tag="waiting-joined"):
    waiting: str
    queue: str
    item: str
    person: str
    slots: int = 1
    more: tuple[str, ...] = ()
    item_versions: tuple[int, ...] = ()


class WaitingOffered(Event, frozen=True, tag="waiting-offered"):
    """A place is held for them under ``hold``, ``until`` then; told whole, for the notice that tells them, by night
    not before ``told_at``."""

    waiting: str
    hold: str
    person: str
    item: str
    starts_at: datetime
    until: datetime
    told_at: datetime | None = None


class WaitingEnded(Event, frozen=True, tag="waiting-ended"):
    waiting: str
    reason: Ending


AnyEvent = WaitingJoined | WaitingOffered | WaitingEnded


def offered_from_list(hold: str) -> bool:
    """Whether a hold is an offer to somebody who waits: its name is that of the waiting and the offer's number."""
    return hold.count(".") == 3


class Waiting(msgspec.Struct):
    """Somebody on the list: how many of their ``offers`` count, how many were ``made`` with those that the hall itself
    took back, and the place that is held for them now."""

    joined: WaitingJoined
    offers: int = 0
    made: int = 0
    hold: str | None = None
    ended: Ending | None = None
    since: datetime | None = None
