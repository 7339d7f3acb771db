"""The subjects of the domain: which module decides which category of streams, and every event there is."""

from typing import Any, get_args

from domain import (
    calendar,
    case,
    citizen,
    device,
    hall,
    item,
    notice,
    numbers,
    queue,
    region,
    review,
    slots,
    snapshot,
    templates,
    unit,
)
from domain.message import Decider, Event

DECIDERS: dict[str, Decider] = {
    "calendar": calendar,
    "case": case,
    "citizen": citizen,
    "device": device,
    "hall": hall,
    "item": item,
    "notice": notice,
    "numbers": numbers,
    "queue": queue,
    "region": region,
    "review": review,
    "slots": slots,
    "snapshot": snapshot,
    "unit": unit,
    "wording": templates,
}


def _members(union: Any) -> tuple[type[Event], ...]:
    return get_args(union) or (union,)


EVENTS: dict[str, type[Event]] = {
    str(event.__struct_config__.tag): event
    for module in (
        calendar,
        case,
        citizen,
        device,
        hall,
        item,
        notice,
        numbers,
        queue,
        region,
        review,
        slots,
        snapshot,
        templates,
        unit,
    )
    for event in _members(module.AnyEvent)
}
"""Every event by its tag, which is also its topic in the store."""

AnyEvent = (
    calendar.AnyEvent
    | case.AnyEvent
    | citizen.AnyEvent
    | device.AnyEvent
    | hall.AnyEvent
    | item.AnyEvent
    | notice.AnyEvent
    | numbers.AnyEvent
    | queue.AnyEvent
    | region.AnyEvent
    | review.AnyEvent
    | slots.AnyEvent
    | snapshot.AnyEvent
    | templates.AnyEvent
    | unit.AnyEvent
)
