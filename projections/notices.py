"""The outbox as administrators read it and as it is emptied: every notice with how it stands and how it got there."""

from datetime import datetime
from typing import Any

import msgspec

from domain.catalogue import EVENTS_OF
from domain.message import Recorded
from domain.notice import (
    Channel,
    NoticeDelivered,
    NoticeDropped,
    NoticeFailed,
    NoticeQueued,
    NoticeRetried,
    Status,
)
from domain.templates import Template

NAME = "notices"

MINE = frozenset(EVENTS_OF["notice"])

FACETS: dict[str, type] = {
    "status": str,
    "template": str,
    "hall": str,
    "person": str,
    "queued_at": datetime,
    "due_at": datetime,
}


class Try(msgspec.Struct):
    """One thing that became of it: sent by a channel, failed, dropped, or asked to be tried again."""

    at: datetime
    what: Status
    channel: Channel | None = None
    provider: str | None = None
    reason: str | None = None


class View(msgspec.Struct, kw_only=True):
    """``due_at`` is when it is sent or tried again, missing when nothing more happens by itself. ``round`` counts how
    often an administrator had it tried anew: a provider that knows the round's id sends it no second time."""

    notice: str
    template: Template
    to: str
    hall: str
    facts: dict[str, str]
    queued_at: datetime
    send_at: datetime | None
    until: datetime | None
    status: Status = "waiting"
    due_at: datetime | None
    attempts: int = 0
    round: int = 0
    person: str | None = None
    """Who was told, once somebody was."""
    tries: list[Try] = []


def key(recorded: Recorded) -> str | None:
    return recorded.subject if recorded.category == "notice" else None


def facets(view: View) -> dict[str, Any]:
    return {name: getattr(view, name) for name in FACETS}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    event, at = recorded.event, recorded.stamp.recorded_at or recorded.stamp.at
    if isinstance(event, NoticeQueued):
        return View(
            notice=recorded.subject,
            template=event.template,
            to=event.to,
            hall=event.hall,
            facts=event.facts,
            queued_at=at,
            send_at=event.send_at,
            until=event.until,
            due_at=event.send_at or at,
        )
    if view is None:
        return None
    match event:
        case NoticeDelivered(channel, provider, person):
            view.status, view.due_at, view.person = "delivered", None, person
            view.tries.append(Try(at, "delivered", channel, provider))
        case NoticeFailed(reason, retry_at):
            view.attempts, view.due_at = view.attempts + 1, retry_at
            view.status = "failed" if retry_at is None else "waiting"
            view.tries.append(Try(at, "failed", reason=reason))
        case NoticeDropped(reason):
            view.status, view.due_at = "dropped", None
            view.tries.append(Try(at, "dropped", reason=reason))
        case NoticeRetried():
            view.status, view.due_at, view.attempts, view.round = "waiting", at, 0, view.round + 1
            view.tries.append(Try(at, "waiting"))
    return view
