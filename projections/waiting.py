"""Everybody on the waiting list of a full day, as they and the hall's staff read it."""

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from domain.message import Recorded, day_of, hall_of
from domain.places import HoldReleased, PlaceHeld
from domain.waiting import Ending, WaitingEnded, WaitingJoined, WaitingOffered, offered_from_list

NAME = "waiting"

MINE = frozenset({WaitingJoined, WaitingOffered, WaitingEnded, PlaceHeld, HoldReleased})

FACETS: dict[str, type] = {"person": str, "hall": str, "status": str, "joined_at": datetime}


class View(msgspec.Struct, kw_only=True):
    """``hold`` is the place that is held for them ``until`` then, while their status is ``offered``."""

    waiting: str
    hall: str
    date: date
    person: str
    queue: str
    item: str
    more: tuple[str, ...]
    joined_at: datetime
    status: Literal["waiting", "offered"] | Ending = "waiting"
    offers: int = 0
    hold: str | None = None
    slot: str | None = None
    starts_at: datetime | None = None
    until: datetime | None = None


def key(recorded: Recorded) -> str | None:
    match recorded.event:
        case WaitingJoined(waiting) | WaitingOffered(waiting) | WaitingEnded(waiting):
            return waiting
        case PlaceHeld(hold) | HoldReleased(hold) if offered_from_list(hold):
            return hold.rpartition(".")[0]
    return None


def facets(view: View) -> dict[str, Any]:
    return {name: getattr(view, name) for name in FACETS}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event = recorded.event
    if isinstance(event, WaitingJoined):
        return View(
            waiting=event.waiting,
            hall=hall_of(recorded.stream),
            date=day_of(recorded.stream),
            person=event.person,
            queue=event.queue,
            item=event.item,
            more=event.more,
            joined_at=recorded.stamp.at,
        )
    if view is None:
        return None
    match event:
        case PlaceHeld(_, slot):
            view.slot = slot
        case WaitingOffered(_, hold, starts_at=starts_at, until=until):
            view.status, view.offers = "offered", view.offers + 1
            view.hold, view.starts_at, view.until = hold, starts_at, until
        case HoldReleased(hold, reason) if hold == view.hold:
            view.status = "waiting"
            view.offers -= reason == "offer-revised"
            view.hold = view.slot = view.starts_at = view.until = None
        case WaitingEnded(_, reason):
            view.status = reason
            view.hold = view.slot = view.starts_at = view.until = None
    return view
