"""Given what happened, when this is asked, then that follows: the words domain tests are written in."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Self

import msgspec

from domain.message import Command, Decider, Event, Refused, Stamp

SHANGHAI = timezone(timedelta(hours=8))
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
"""A Monday morning."""


def stamp(at: datetime = NINE, by: str = "clerk:li", command: str = "c1") -> Stamp:
    return Stamp(at=at, by=by, command=command)


class given:
    """``given(queue, event, (later, event)).when(command).then(event)``; a pair tells the event's own time."""

    def __init__(self, decider: Decider, *history: Event | tuple[datetime, Event]) -> None:
        self.decider = decider
        self.state = decider.initial()
        self.at = NINE
        self.by = "clerk:li"
        for item in history:
            at, event = item if isinstance(item, tuple) else (NINE, item)
            self.state = decider.evolve(self.state, event, stamp(at))
        self.decided: Sequence[Event] | Refused | None = None

    def at_time(self, at: datetime) -> Self:
        self.at = at
        return self

    def asked_by(self, by: str) -> Self:
        self.by = by
        return self

    def when(self, *commands: Command) -> Self:
        """Ask one after the other; what counts is the last answer."""
        for command in commands:
            before = msgspec.json.encode(self.state)
            try:
                self.decided = self.decider.decide(command, self.state, stamp(self.at, self.by))
            except Refused as refused:
                self.decided = refused
            assert msgspec.json.encode(self.state) == before, "decide changed the state it was asked about"
            if not isinstance(self.decided, Refused):
                for event in self.decided:
                    self.state = self.decider.evolve(self.state, event, stamp(self.at, self.by))
        return self

    def then(self, *events: Event) -> Any:
        """The last command was answered by exactly these events; returns the state they left."""
        assert not isinstance(self.decided, Refused), f"refused: {self.decided}"
        assert list(self.decided or ()) == list(events)
        return self.state

    def refused(self, code: str, **facts: Any) -> None:
        assert isinstance(self.decided, Refused), f"not refused but decided {self.decided}"
        assert self.decided.code == code
        for name, value in facts.items():
            assert self.decided.facts[name] == value
