"""Appointments as calendars read them (RFC 5545, and RFC 7986 for what is read again and again)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from icalendar import Calendar, Event

MEDIA_TYPE = "text/calendar; charset=utf-8"

REFRESH = timedelta(hours=1)
"""How often a calendar is asked to read anew what it subscribes to (ours)."""


class Entry(NamedTuple):
    """``sequence`` grows with every change that a calendar must take over; ``changed_at`` is when the last one was."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    summary: str
    place: str
    cancelled: bool = False
    sequence: int = 0


def calendar(entries: Iterable[Entry], *, name: str | None = None) -> bytes:
    """A calendar.

    Args:
        name: what it is called, for one that is subscribed to.
    """
    made = Calendar()
    made.add("prodid", "-//Mingting//Appointments//ZH")
    made.add("version", "2.0")
    if name is not None:
        made.add("method", "PUBLISH")
        made.add("name", name)
        made.add("x-wr-calname", name)
        made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        made.add("x-published-ttl", "PT1H")
    for entry in entries:
        made.add_component(_event(entry))
    return bytes(made.to_ical())


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@mingting")
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("dtstart", entry.starts_at.astimezone(UTC))
    event.add("dtend", entry.ends_at.astimezone(UTC))
    event.add("summary", entry.summary)
    event.add("location", entry.place)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("sequence", entry.sequence)
    return event
