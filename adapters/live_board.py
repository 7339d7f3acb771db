"""One board in a serving process: a document, and what its day's stream has brought since.

It takes the events of the stream by their version, so it knows a gap when it sees one; until the document that fills it
has come, it keeps the events back.
"""

import asyncio
import sys
import time
from datetime import datetime

import structlog

from domain.message import Recorded
from projections import board

log = structlog.get_logger()

EARLY = 10_000
"""The most events a board keeps back while it waits for its document."""

UNFED = sys.maxsize
"""The feed does not bring this board's hall yet: no document can make it whole."""


class LiveBoard:
    """One board. ``whole`` means: the next event of its stream that the feed brings is the next one it lacks."""

    def __init__(self, view: board.View, needs: int) -> None:
        self.view = view
        self.needs = needs
        """What the document must have reached before the board can be whole: the feed had passed it already."""
        self.asked_at = time.monotonic()
        self.reached = 0
        self.as_of: datetime | None = None
        self.whole = False
        self.early: list[Recorded] = []
        self.screens: set[asyncio.Event] = set()
        self.frame = b""
        self.framed_at = 0.0
        self.sent_at = 0.0
        self.sending: asyncio.TimerHandle | None = None
        self.was_stale = False
        self.reload_at = self.reload_pause = 0.0

    def adopt(self, view: board.View, position: int, as_of: datetime) -> bool:
        """Take over a document, and behind it the events that came early; whether the board changed by it."""
        before = self.view.version
        if view.version > self.view.version:
            self.view = view
        self.reached = max(self.reached, position)
        self.as_of = as_of if self.as_of is None else max(self.as_of, as_of)
        early, self.early = self.early, []
        self.whole = self.reached >= self.needs
        for recorded in early:
            self.take(recorded)
        return self.view.version != before

    def take(self, recorded: Recorded) -> bool:
        """Fold the stream's next event, or keep it until what is before it has come; whether the board changed."""
        if recorded.version <= self.view.version:
            return False
        if self.whole and recorded.version == self.view.version + 1:
            return self._fold(recorded)
        if self.whole:
            self.break_off(recorded.position - 1)
        self.early.append(recorded)
        if len(self.early) > EARLY:
            self.early.clear()
            self.needs = recorded.position
        return False

    def feed_from(self, position: int) -> None:
        """From now on the feed brings the hall's events, those behind a position."""
        self.whole, self.needs = False, position
        self.reload_at = self.reload_pause = 0.0

    def break_off(self, needs: int) -> None:
        """Something is missing: only a document that has reached ``needs`` can mend it."""
        self.whole, self.needs = False, max(self.needs, needs)

    def begin_anew(self) -> None:
        """Nothing that is held can be trusted, how old it is least of all."""
        self.view, self.as_of, self.whole = board.initial(self.view.hall, self.view.date), None, False
        self.early.clear()

    def _fold(self, recorded: Recorded) -> bool:
        try:
            self.view = board.evolve(self.view, recorded)
        except Exception:
            log.exception("board-damaged", stream=recorded.stream, position=recorded.position)
            self.begin_anew()
            self.break_off(recorded.position)
            return False
        self.reached = recorded.position
        return True
