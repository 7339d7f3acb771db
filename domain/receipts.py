"""What whoever asks a hall for something is told at once: the answers of ``domain.acts``."""

from datetime import date, datetime
from typing import Literal

import msgspec

from domain import slots
from domain.experience import Wait
from domain.line import Alarm, Stop
from domain.message import Text
from domain.order import Priority
from domain.queue import Status as TicketStatus


class AppointmentReceipt(msgspec.Struct, frozen=True, kw_only=True):
    appointment: str
    status: slots.Status
    hall: str
    slot: str
    queue: str
    item: str
    starts_at: datetime
    ends_at: datetime


class HoldReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A place is kept for whoever asked ``until`` then; ``hold`` is the reference its appointment will have."""

    hold: str
    hall: str
    slot: str
    queue: str
    item: str
    starts_at: datetime
    ends_at: datetime
    until: datetime


class TicketReceipt(msgspec.Struct, frozen=True, gc=False):
    """A place in line. ``ticket`` is the number on the board, ``id`` the reference that only its holder has;
    ``wait_s`` is told while a window calls from the queue."""

    id: str
    ticket: str
    queue: str
    ahead: int
    wait_s: Wait | None


class CallReceipt(msgspec.Struct, frozen=True, gc=False):
    """The ticket a window has in hand or has just put down."""

    id: str
    ticket: str
    window: str
    queue: str
    status: TicketStatus
    item: str | None = None
    more: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()


class DeskReceipt(msgspec.Struct, frozen=True, gc=False):
    """A ticket that nobody has in hand, as it stands now."""

    ticket: str
    queue: str
    status: TicketStatus
    priority: Priority
    item: str | None = None


class WindowReceipt(msgspec.Struct, frozen=True, gc=False):
    window: str
    state: Literal["closed", "open", "paused"]
    queues: tuple[str, ...]
    alarm: Alarm | None = None
    pause: str | None = None


class DayReceipt(msgspec.Struct, frozen=True):
    """``left`` is how many had not been served when the day was closed, ``cancelled`` how many appointments that were
    still to be kept were cancelled with it."""

    hall: str
    date: date
    closed: bool
    left: int
    cancelled: int = 0


class QueueReceipt(msgspec.Struct, frozen=True):
    queue: str
    prefix: str
    name: Text
