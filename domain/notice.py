"""One notice to one person or role: what they are to be told, and whether it reached them.

The stream ``notice-{notice}`` begins with what is to be said, as a template's name and the facts its sentence needs:
never a name, a number or a code. To whom is told as in a stamp, by who they are in the matter: ``person:KEY``,
``booker:APPOINTMENT``, ``waiting:WAITING``, ``request:REQUEST``, ``applicant:CASE``, ``reviewer:SERVICE``,
``staff:RUNG``. The outbox finds the address, sends, and tells here how that went. A notice may wait for its time, is
tried again for a while, and is dropped when what it would say is no longer true.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.message import Command, Event, Key, Label, Refused, Stamp
from domain.templates import Template

To = Annotated[
    str, Meta(pattern=r"^(person|booker|waiting|request|applicant|reviewer|staff):[A-Za-z0-9._-]{1,120}$")
]

Channel = Literal["file", "sms", "mail"]

Status = Literal["waiting", "delivered", "failed", "dropped"]
"""待发, 已送达 (taken by the channel's provider), 发送失败, 不再发送."""

DropReason = Literal["overtaken", "too-late", "no-address"]

PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""How long is waited after each failure before it is tried again; after the last it has failed (ours, no rule)."""

# --- commands -----------------------------------------------------------------------------------------------


class QueueNotice(Command, frozen=True, kw_only=True):
    """Put a notice into the outbox: to be sent at ``send_at`` or at once, and not later than ``until``."""

    template: Template
    to: To
    hall: str = ""
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    send_at: datetime | None = None
    until: datetime | None = None


class RecordDelivery(Command, frozen=True):
    """A channel's provider took it. ``provider`` is the provider's own reference, ``person`` who was told."""

    channel: Channel
    provider: Label | None = None
    person: Key | None = None


class RecordFailure(Command, frozen=True):
    """The ``attempt``-th try came to nothing, for now or, if ``final``, for good."""

    attempt: Annotated[int, Meta(ge=1)]
    reason: Label
    final: bool = False


class DropNotice(Command, frozen=True):
    """What it would say is no longer true, or comes too late, or nobody can receive it: whoever it is for gave no
    address, or stayed anonymous. A notice that never was is no matter."""

    reason: DropReason


class RetryNotice(Command, frozen=True):
    """An administrator has what failed tried again."""


AnyCommand = QueueNotice | RecordDelivery | RecordFailure | DropNotice | RetryNotice


# --- events -------------------------------------------------------------------------------------------------


class NoticeQueued(Event, frozen=True, kw_only=True, tag="notice-queued"):
    template: Template
    to: str
    hall: str = ""
    facts: dict[str, str] = msgspec.field(default_factory=dict)
    send_at: datetime | None = None
    until: datetime | None = None


class NoticeDelivered(Event, frozen=True, tag="notice-delivered"):
    channel: Channel
    provider: str | None = None
    person: str | None = None


class NoticeFailed(Event, frozen=True, tag="notice-failed"):
    """Without ``retry_at`` it is not tried again."""

    reason: str
    retry_at: datetime | None = None


class NoticeDropped(Event, frozen=True, tag="notice-dropped"):
    reason: DropReason


class NoticeRetried(Event, frozen=True, tag="notice-retried"):
    pass


AnyEvent = NoticeQueued | NoticeDelivered | NoticeFailed | NoticeDropped | NoticeRetried


# --- state --------------------------------------------------------------------------------------------------


class Notice(msgspec.Struct):
    queued: NoticeQueued | None = None
    status: Status = "waiting"
    attempts: int = 0
    """Tries that failed, since it was last retried."""


def stream(notice: str) -> str:
    return f"notice-{notice}"


def initial() -> Notice:
    return Notice()


def decide(command: AnyCommand, notice: Notice, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case QueueNotice():
            if notice.queued is not None:
                return []
            return [NoticeQueued(**msgspec.structs.asdict(command))]
        case DropNotice(reason):
            return [NoticeDropped(reason)] if notice.queued and notice.status in ("waiting", "failed") else []
    if notice.queued is None:
        raise Refused("unknown-notice", missing=True)
    match command:
        case RecordDelivery(channel, provider, person):
            # Sent is sent, even if somebody dropped it while it was under way.
            return [] if notice.status == "delivered" else [NoticeDelivered(channel, provider, person)]
        case RecordFailure(attempt, why, final):
            if notice.status != "waiting" or attempt != notice.attempts + 1:
                return []
            more = not final and notice.attempts < len(PAUSES)
            return [NoticeFailed(why, stamp.at + PAUSES[notice.attempts] if more else None)]
        case RetryNotice():
            if notice.status in ("delivered", "dropped"):
                raise Refused("notice-ended", status=notice.status)
            return [NoticeRetried()] if notice.status == "failed" else []
    assert_never(command)


def evolve(notice: Notice, event: AnyEvent, stamp: Stamp) -> Notice:
    match event:
        case NoticeQueued():
            notice.queued = event
        case NoticeDelivered():
            notice.status = "delivered"
        case NoticeFailed(_, retry_at):
            notice.attempts += 1
            notice.status = "failed" if retry_at is None else "waiting"
        case NoticeDropped():
            notice.status = "dropped"
        case NoticeRetried():
            notice.status, notice.attempts = "waiting", 0
        case _:
            assert_never(event)
    return notice
