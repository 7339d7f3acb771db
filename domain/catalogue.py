"""The subjects of the domain: which module decides which category of streams, and every event there is."""

from typing import Any, get_args

from domain import hall, queue
from domain.message import Decider, Event

DECIDERS: dict[str, Decider] = {
    "hall": hall,
    "queue": queue,
}


def _members(union: Any) -> tuple[type[Event], ...]:
    return get_args(union) or (union,)


EVENTS: dict[str, type[Event]] = {
    str(event.__struct_config__.tag): event
    for module in (hall, queue)
    for event in _members(module.AnyEvent)
}
"""Every event by its tag, which is also its topic in the store."""

AnyEvent = hall.AnyEvent | queue.AnyEvent
