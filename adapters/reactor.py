"""Carries out the policies: what must follow from an event is asked of its own stream, once, in the log's order."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec
import structlog
from eventsourcing.persistence import Tracking

from adapters.envelope import UnreadableEvent
from adapters.runner import UnreadableRow, read_page
from adapters.store import Row
from adapters.timekeeping import AWAY, Lists, Submit, attempt
from adapters.view_tables import ViewsRecorder
from domain import policies
from domain.calendar import CalendarGazetted
from domain.handling import Act, Ask
from domain.message import Recorded, Stamp, hall_of
from domain.region import InForce
from domain.workdays import Calendar
from projections import deadlines

log = structlog.get_logger()

NAME = "policies"
PAGE = 1_000

IDLE = frozenset(str(event.__struct_config__.tag) for event in policies.NOTHING_FOLLOWS)


class Tail(Protocol):
    """Where the log is read from."""

    async def page(self, after: int, limit: int) -> list[Row]: ...
    async def configured(self, until: int) -> list[Row]: ...
    async def wait(self, after: int) -> None: ...


class Reactor:
    """Reads the log behind a position of its own and asks what the policies say. ``run`` until cancelled.

    Delivery is at least once: a crash asks the last page again. Every policy's command is one that a stream
    which already knows answers with nothing, and its command id is made of the event's, so nothing happens twice.
    """

    def __init__(
        self,
        tracking: ViewsRecorder,
        tail: Tail,
        lists: Lists,
        submit: Submit,
    ) -> None:
        self._tracking = tracking
        self._tail = tail
        self._lists = lists
        self._submit = submit
        self._calendar = Calendar()
        self._in_force = InForce()
        self.position = 0

    async def run(self) -> None:
        pause = 0.1
        while True:
            try:
                self.position = await asyncio.to_thread(self._tracking.position, NAME)
                await self._configure(self.position)
                while True:
                    rows = await self._tail.page(self.position, PAGE)
                    if not rows:
                        await self._tail.wait(self.position)
                        continue
                    await self._react(read_page(row for row in rows if row.topic not in IDLE))
                    self.position = rows[-1].position
                    await asyncio.to_thread(self._tracking.insert_tracking, Tracking(NAME, self.position))
                    pause = 0.1
            except AWAY as error:
                log.warning("policies-waiting", error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    async def _configure(self, position: int) -> None:
        """Calendar and terms as the log had them at a position."""
        self._calendar, self._in_force = Calendar(), InForce()
        for recorded in read_page(await self._tail.configured(position)):
            if isinstance(recorded, Recorded):
                self._take_configuration(recorded)

    def _take_configuration(self, recorded: Recorded) -> None:
        self._in_force.take(recorded)
        if isinstance(recorded.event, CalendarGazetted):
            self._calendar = self._calendar.with_year(recorded.event.year)

    async def _react(self, page: Sequence[Recorded | UnreadableRow]) -> None:
        asked: list[Awaitable[int]] = []
        for recorded in page:
            if isinstance(recorded, UnreadableRow):
                continue
            if isinstance(recorded.event, CalendarGazetted):
                # What was counted by the calendar of before is running before what runs is looked through.
                last = max(await asyncio.gather(*asked), default=0)
                asked = []
                self._take_configuration(recorded)
                asks = await self._recompute(max(last, recorded.position))
            else:
                self._take_configuration(recorded)
                asks = self._following(recorded)
            asked += [self._ask(ask, recorded, nth) for nth, ask in enumerate(asks)]
        await asyncio.gather(*asked)

    def _following(self, recorded: Recorded) -> list[Ask]:
        try:
            return policies.react(recorded, self._calendar, self._in_force.of)
        except Exception:
            log.exception("policy-failed", stream=recorded.stream, cause=recorded.id)
            return []

    async def _recompute(self, after: int) -> list[Ask]:
        """Every running deadline that was only provisional, computed by the notice that has now come, once the list
        has passed a position."""
        await self._lists.wait(deadlines.NAME, after)
        asks: list[Ask] = []
        cursor: str | None = None
        while True:
            page = await self._lists.find(deadlines.NAME, {"provisional": True}, "due_at", 500, cursor)
            running = [msgspec.json.decode(doc, type=deadlines.View) for doc in page.docs]
            asks += [ask for view in running for ask in self._anew(view)]
            cursor = page.cursor
            if cursor is None:
                return asks

    def _anew(self, running: deadlines.View) -> list[Ask]:
        return policies.recompute(running, self._calendar, self._in_force.of)

    async def _ask(self, ask: Ask, cause: Recorded, nth: int) -> int:
        """The position of what came of it, 0 if it was refused."""
        stamp = Stamp(
            at=cause.stamp.at,
            recorded_at=datetime.now(UTC),
            by="policy:reactor",
            command=f"{cause.id}:{nth}",
            correlation=cause.stamp.correlation or cause.stamp.command,
            causation=cause.id,
            hall=cause.stamp.hall or hall_named_by(cause.stream),
        )
        # A stream that newer code has written in is for newer code to be asked, and waited for.
        waits = (*AWAY, UnreadableEvent)
        asked = self._submit(Act((ask,)), stamp)
        receipt = await attempt(asked, "policy", waits=waits, stream=ask.stream, cause=cause.id)
        return 0 if receipt is None else int(receipt.position)


def hall_named_by(stream: str) -> str | None:
    """The hall in the name of a stream that is a hall's for a day."""
    return hall_of(stream) if stream.startswith(("queue-", "slots-")) else None
