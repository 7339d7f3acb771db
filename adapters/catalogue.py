"""Halls, items, gazetted years, terms of regions, devices, webhooks, ended sign-ins: as they stand, in every process.

A command that begins a day needs the hall's plan, and a list of items is asked for all day long, so neither may cost
a query. What other processes configure is noticed within a second; what this process configured, at once.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, LiteralString, NamedTuple, TypeVar

import psycopg
import structlog
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Literal
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from adapters import envelope
from adapters.store import Row
from domain import device, webhook
from domain.account import SignInsEnded
from domain.calendar import CalendarGazetted
from domain.catalogue import EVENTS_OF
from domain.device import Device, DeviceEnrolled, DeviceInvited, DeviceRevoked
from domain.hall import HallConfigured, HallPlan
from domain.item import ItemPlan, ItemPublished
from domain.message import Refused
from domain.region import InForce
from domain.templates import OCCASIONS, NoticeWorded, Template, Wording
from domain.webhook import (
    Webhook,
    WebhookRegistered,
    WebhookRemoved,
    WebhookResumed,
    WebhookSecretRenewed,
    WebhookSuspended,
)
from domain.workdays import Calendar

log = structlog.get_logger()

REFRESH_S = 1.0

ENDINGS_KEPT = timedelta(days=1)
"""Longer than any session of a person lasts: what was ended before ends nothing any more."""

TOPICS = [
    str(event.__struct_config__.tag)
    for category in ("hall", "item", "calendar", "region", "wording", "device", "webhook", "account")
    for event in EVENTS_OF[category]
]

CONFIGURATION = SQL("topic IN ({})").format(SQL(", ").join(map(Literal, TOPICS)))

CREATE_INDEX = SQL(
    "DROP INDEX IF EXISTS stored_events_configuration;"
    "DROP INDEX IF EXISTS stored_events_configured;"
    "DROP INDEX IF EXISTS stored_events_standing;"
    "DROP INDEX IF EXISTS stored_events_in_force;"
    "CREATE INDEX IF NOT EXISTS stored_events_of_catalogue ON stored_events (notification_id) WHERE {}"
).format(CONFIGURATION)
"""So that a process which starts need not read the whole log for its few events of configuration. Its name changes
with what it holds."""

# The head is read first: what is appended between the two is found the next time, and is not lost.
SELECT_HEAD: LiteralString = "SELECT coalesce(max(notification_id), 0) FROM stored_events"

SELECT_CONFIGURED = SQL(
    "SELECT originator_id, originator_version, notification_id, topic, state FROM stored_events"
    " WHERE notification_id > %b AND notification_id <= %b AND {} ORDER BY notification_id"
).format(CONFIGURATION)

Plan = TypeVar("Plan")


async def select_configured(
    connection: psycopg.AsyncConnection[TupleRow], after: int, until: int
) -> list[Row]:
    """The events of configuration after a position up to another, in order."""
    found = await connection.execute(SELECT_CONFIGURED, (after, until), binary=True)
    return [Row(*row) for row in await found.fetchall()]


class Configured(NamedTuple, Generic[Plan]):
    """A document of the catalogue; ``version`` is its stream's, for ``If-Match``."""

    name: str
    plan: Plan
    version: int
    position: int
    number: int = 0
    """An item's published version."""


class Placed(NamedTuple):
    """Where the event at ``told_at`` told a webhook to go on: behind ``after``, or where it stands."""

    told_at: int
    after: int | None


class Catalogue:
    """Folds the configuration streams from the log. ``refresh`` once before anything is served, then ``follow``."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]) -> None:
        self._pool = pool
        self._reading = asyncio.Lock()
        self.halls: dict[str, Configured[HallPlan]] = {}
        self.items: dict[str, Configured[ItemPlan]] = {}
        self.calendar = Calendar()
        self.devices: dict[str, Device] = {}
        self.endings: dict[str, datetime] = {}
        """When the sign-ins of accounts were ended, of those whose earlier sessions could still be held."""
        self.webhooks: dict[str, Webhook] = {}
        self.placed: dict[str, Placed] = {}
        """Of every webhook."""
        self.in_force = InForce()
        self.wordings: dict[Template, Configured[Wording]] = {}
        """How templates are worded otherwise than by default."""
        self.position = 0
        """Every configuration up to here is in it."""

    def hall(self, name: str) -> HallPlan:
        """Raises:
        Refused: there is no such hall.
        """
        if (found := self.halls.get(name)) is None:
            raise Refused("unknown-hall", missing=True, hall=name)
        return found.plan

    def item(self, name: str) -> Configured[ItemPlan]:
        """Raises:
        Refused: there is no such item.
        """
        if (found := self.items.get(name)) is None:
            raise Refused("unknown-item", missing=True, item=name)
        return found

    def admits(self, name: str) -> bool:
        """Whether a device that was enrolled still is. One that is not known here yet was enrolled elsewhere just now:
        its session says so, and what would end it is heard of within a second."""
        return (known := self.devices.get(name)) is None or known.status != "revoked"

    def ended_at(self, account: str) -> float:
        """Before when an account's sessions hold no more, in seconds since the epoch; 0 if all may."""
        ended = self.endings.get(account)
        return 0.0 if ended is None else ended.timestamp()

    def skill(self, item: str | None) -> str | None:
        """What a clerk must know to handle an item; nothing for one that is not known."""
        found = None if item is None else self.items.get(item)
        return None if found is None else found.plan.skill

    def queue_of(self, item: str) -> str | None:
        """Where an item is handled; nowhere if it is not known."""
        found = self.items.get(item)
        return None if found is None else found.plan.queue

    def handled_at(self, hall: str) -> frozenset[str]:
        """The items that are handled at a hall now: those of its queues. None, if there is no such hall."""
        known = self.halls.get(hall)
        queues = set() if known is None else {queue.queue for queue in known.plan.queues}
        return frozenset(name for name, item in self.items.items() if item.plan.queue in queues)

    async def follow(self) -> None:
        """Keep up with the log until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("catalogue-old", error=str(error))

    async def refresh(self) -> None:
        """Take in everything up to now.

        Raises:
            psycopg.OperationalError: the log cannot be read; the catalogue stays as it is.
        """
        async with self._reading, self._pool.connection() as connection:
            found = await connection.execute(SELECT_HEAD, binary=True)
            row = await found.fetchone()
            head = row[0] if row else 0
            if head == self.position:
                return
            for row in await select_configured(connection, self.position, head):
                self._take(row)
            self.position = head

    def _take(self, row: Row) -> None:
        version, position = row.version, row.position
        try:
            recorded = envelope.read(*row)
        except envelope.UnreadableEvent as error:
            # Newer code wrote it. The older plan is still a plan; nothing else may stop being served for it.
            log.error("configuration-unreadable", stream=row.stream, version=version, error=str(error))
            return
        self.in_force.take(recorded)
        event: Any = recorded.event
        match event:
            case DeviceInvited() | DeviceEnrolled() | DeviceRevoked():
                known = self.devices.get(recorded.subject) or device.initial()
                self.devices[recorded.subject] = device.evolve(known, event, recorded.stamp)
            case SignInsEnded(name):
                self._end(name, recorded.stamp.at)
            case (
                WebhookRegistered()
                | WebhookSuspended()
                | WebhookResumed()
                | WebhookSecretRenewed()
                | WebhookRemoved()
            ):
                hook = self.webhooks.get(recorded.subject) or webhook.initial()
                self.webhooks[recorded.subject] = webhook.evolve(hook, event, recorded.stamp)
                if isinstance(event, WebhookRegistered):
                    after = position if event.position is None else event.position
                    self.placed[recorded.subject] = Placed(position, after)
                elif isinstance(event, WebhookResumed):
                    self.placed[recorded.subject] = Placed(position, event.position)
            case HallConfigured(plan):
                self.halls[recorded.subject] = Configured(recorded.subject, plan, version, position)
            case ItemPublished(plan, number):
                self.items[recorded.subject] = Configured(recorded.subject, plan, version, position, number)
            case NoticeWorded(template, wording):
                words = OCCASIONS[template].wording if wording is None else wording
                self.wordings[template] = Configured(template, words, version, position)
            case CalendarGazetted(year):
                self.calendar = self.calendar.with_year(year)

    def _end(self, name: str, at: datetime) -> None:
        """Take in that an account's sign-ins were ended, and leave aside what is too old to matter."""
        oldest = datetime.now(UTC) - ENDINGS_KEPT
        self.endings[name] = at
        self.endings = {known: ended for known, ended in self.endings.items() if ended > oldest}
