"""One act: what is asked of one stream or of several at once, decided together or not at all."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import msgspec

from domain.catalogue import DECIDERS
from domain.message import Command, Event, Refused, Stamp, category


class Ask(NamedTuple):
    """A command to a stream."""

    stream: str
    command: Command


class Held(msgspec.Struct):
    """A stream as its folder holds it: the state, the version it has reached and the position of that event."""

    state: Any
    version: int = 0
    position: int = 0


class Pending(NamedTuple):
    """A decided event with the place it will take in its stream."""

    stream: str
    version: int
    event: Event
    nth: int


Hold = Callable[[str], Held]
"""How an act sees streams: by name, each as it stands with everything decided before."""

Follow = Callable[[Hold], Ask | None]
"""An ask that can only be worded when those before it are decided: a check-in's ticket needs the booking. ``None``
where there is nothing to ask."""


class Act(NamedTuple):
    """Asks that happen together, and the answer to whoever asked, told from the states they leave behind.

    The first is an ``Ask``; a ``Follow`` later in the row may ask any other stream.
    """

    asks: tuple[Ask | Follow, ...]
    answer: Callable[[Hold], Any] = lambda hold: None

    @property
    def stream(self) -> str:
        """The act's main stream: whose version its receipt tells."""
        first = self.asks[0]
        assert isinstance(first, Ask)
        return first.stream


def fresh(stream: str) -> Held:
    """A stream that nothing has happened to."""
    return Held(DECIDERS[category(stream)].initial())


def perform(asks: Sequence[Ask | Follow], hold: Hold, stamp: Stamp) -> list[Pending]:
    """Decide each ask in order on the state its predecessors left, and fold what was decided.

    Raises:
        Refused: a rule said no. States may have moved by the asks before it: the caller folds them anew.
    """
    decided: list[Pending] = []
    for ask in asks:
        worded = ask if isinstance(ask, Ask) else ask(hold)
        if worded is None:
            continue
        stream, command = worded
        held = hold(stream)
        decider = DECIDERS[category(stream)]
        for event in decider.decide(command, held.state, stamp):
            held.state = decider.evolve(held.state, event, stamp)
            held.version += 1
            decided.append(Pending(stream, held.version, event, len(decided)))
    return decided


def fold(held: Held, stream: str, event: Event, stamp: Stamp, version: int, position: int) -> None:
    """Take one recorded event into its stream as it is held."""
    held.state = DECIDERS[category(stream)].evolve(held.state, event, stamp)
    held.version = version
    held.position = position


class Rehearsal:
    """Acts tried one behind the other on copies of their streams, each whole or not at all. Nothing is stored.

    Args:
        copies: the streams as they are, which are the rehearsal's own from now on. More may come with ``take``; one
            that never came is taken to be fresh.
    """

    def __init__(self, copies: Mapping[str, Held] | None = None) -> None:
        self._found: dict[str, Held] = {}
        self._decided: dict[str, list[tuple[Pending, Stamp]]] = {}
        self._held: dict[str, Held] = {}
        for stream, held in (copies or {}).items():
            self.take(stream, held)

    def __contains__(self, stream: str) -> bool:
        return stream in self._held

    def take(self, stream: str, held: Held) -> None:
        self._found[stream], self._held[stream], self._decided[stream] = held, deepcopy(held), []

    def state(self, stream: str) -> Any:
        """The state of a stream with everything that was tried and fine."""
        return self._hold(stream).state

    def perform(self, act: Act, stamp: Stamp) -> Any:
        """Try an act; its answer.

        Raises:
            Refused: a rule said no, and the streams stand as before it.
        """
        looked: dict[str, int] = {}

        def hold(stream: str) -> Held:
            held = self._hold(stream)
            looked.setdefault(stream, held.version)
            return held

        try:
            pending = perform(act.asks, hold, stamp)
            answer = act.answer(hold)
        except Refused:
            for stream, version in looked.items():
                if self._held[stream].version != version:
                    self._held[stream] = self._again(stream)
            raise
        for one in pending:
            self._decided[one.stream].append((one, stamp))
        return answer

    def _hold(self, stream: str) -> Held:
        if stream not in self._held:
            self.take(stream, fresh(stream))
        return self._held[stream]

    def _again(self, stream: str) -> Held:
        held = deepcopy(self._found[stream])
        for pending, stamp in self._decided[stream]:
            fold(held, stream, pending.event, stamp, pending.version, held.position)
        return held
