"""The subjects of the domain: which module decides which category of streams, and every event there is."""

from typing import Any, get_args

from domain import (
    account,
    calendar,
    case,
    citizen,
    device,
    feed,
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
    webhook,
)
from domain.message import Command, Decider, Event

DECIDERS: dict[str, Decider] = {
    "account": account,
    "calendar": calendar,
    "case": case,
    "citizen": citizen,
    "device": device,
    "feed": feed,
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
    "webhook": webhook,
    "wording": templates,
}


def _members(subject: Decider, union: str) -> tuple[Any, ...]:
    """What a subject's ``AnyEvent`` or ``AnyCommand`` stands for: several types, or one."""
    named = vars(subject)[union]
    return get_args(named) or (named,)


EVENTS_OF: dict[str, tuple[type[Event], ...]] = {
    category: _members(subject, "AnyEvent") for category, subject in DECIDERS.items()
}
COMMANDS_OF: dict[str, tuple[type[Command], ...]] = {
    category: _members(subject, "AnyCommand") for category, subject in DECIDERS.items()
}

EVENTS: dict[str, type[Event]] = {
    str(event.__struct_config__.tag): event for events in EVENTS_OF.values() for event in events
}
"""Every event by its tag, which is also its topic in the store."""

AnyEvent = (
    account.AnyEvent
    | calendar.AnyEvent
    | case.AnyEvent
    | citizen.AnyEvent
    | device.AnyEvent
    | feed.AnyEvent
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
    | webhook.AnyEvent
)
