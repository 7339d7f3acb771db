"""What the subjects promise of any state they come to, told again and apart from the rules that keep it.

``mingting check`` and the simulations ask it of every stream: a rule that had a hole would show here.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from domain.message import category
from domain.queue import Queue


def broken(stream: str, state: Any) -> Iterator[str]:
    """Each promise that a stream's state breaks, as a sentence."""
    if (promises := PROMISES.get(category(stream))) is not None:
        yield from (f"{stream}: {sentence}" for sentence in promises(state))


def _queue(day: Queue) -> Iterator[str]:
    by_prefix: dict[str, list[int]] = {}
    for number in day.tickets:
        prefix = number.rstrip("0123456789")
        by_prefix.setdefault(prefix, []).append(int(number[len(prefix) :]))
    for prefix, serials in by_prefix.items():
        if serials != list(range(1, len(serials) + 1)):
            yield f"the numbers of {prefix} are not 1 to {len(serials)} in order"
    in_hand = Counter(w.serving for w in day.windows.values() if w.serving)
    for number, windows in in_hand.items():
        if windows > 1:
            yield f"{number} is at {windows} windows"
        if day.tickets[number].status not in ("called", "serving"):
            yield f"{number} is at a window and {day.tickets[number].status}"
    for number, ticket in day.tickets.items():
        if ticket.status in ("called", "serving") and number not in in_hand:
            yield f"{number} is {ticket.status} at no window"
        lines = [line for line, numbers in day.lines.items() if number in numbers]
        if lines != ([ticket.queue] if ticket.status == "waiting" else []):
            yield f"{number} is {ticket.status} and stands in {lines}"
    if day.closed and any(w.state != "closed" for w in day.windows.values()):
        yield "the day is closed and a window is not"


PROMISES: dict[str, Callable[[Any], Iterator[str]]] = {"queue": _queue}
