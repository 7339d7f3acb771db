"""The subjects of the domain: which module decides which category of streams, and every event there is."""

from typing import Any, get_args

from domain import calendar, citizen, hall, item, queue, slots
from domain.message import Decider, Event

DECIDERS: dict[str, Decider] = {
    "calendar": calendar,
    "citizen": citizen,
    "hall": hall,
    "item": item,
    "queue": queue,
    "slots": slots,
}


def _members(union: Any) -> tuple[type[Event], ...]:
    return get_args(union) or (union,)


EVENTS: dict[str, type[Event]] = {
    str(event.__struct_config__.tag): event
    for module in (calendar, citizen, hall, item, queue, slots)
    for event in _members(module.AnyEvent)
}
"""Every event by its tag, which is also its topic in the store."""

AnyEvent = (
    calendar.AnyEvent | citizen.AnyEvent | hall.AnyEvent | item.AnyEvent | queue.AnyEvent | slots.AnyEvent
)
