"""The gazetted calendar of a year: which days are worked and which are not, as the notice in force says.

The stream ``calendar-{year}`` holds every notice as it was entered. A correction is a new event, so it can
always be told by which calendar a deadline was once computed.
"""

from collections.abc import Iterable
from datetime import date
from typing import assert_never

import msgspec

from domain.message import Command, Event, Refused, Stamp
from domain.workdays import Year

# --- commands -----------------------------------------------------------------------------------------------


class GazetteCalendar(Command, frozen=True):
    """Put a notice in force: the year's first, or a correction that takes the place of the one before."""

    year: Year


AnyCommand = GazetteCalendar


# --- events -------------------------------------------------------------------------------------------------


class CalendarGazetted(Event, frozen=True, tag="calendar-gazetted"):
    year: Year


AnyEvent = CalendarGazetted


# --- state --------------------------------------------------------------------------------------------------


class Gazetted(msgspec.Struct):
    year: Year | None = None


def stream(year: int) -> str:
    return f"calendar-{year}"


def initial() -> Gazetted:
    return Gazetted()


def decide(command: AnyCommand, gazetted: Gazetted, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case GazetteCalendar(year):
            if year == gazetted.year:
                return []
            if gazetted.year is not None and gazetted.year.year != year.year:
                raise Refused("another-year", invalid=True, field="year", year=gazetted.year.year)
            _check(year)
            return [CalendarGazetted(year)]
    assert_never(command)


def evolve(gazetted: Gazetted, event: AnyEvent, stamp: Stamp) -> Gazetted:
    match event:
        case CalendarGazetted(year):
            gazetted.year = year
            return gazetted
    assert_never(event)


def _check(year: Year) -> None:
    """A notice may name days of its own year and of the December before it: 元旦 may begin there, with a
    weekend worked for it. It never reaches into the year after, whose New Year is the next notice's.

    Raises:
        Refused: the notice is empty or contradicts itself; ``field`` tells where, ``days`` which days.
    """
    if not year.rest_days:
        raise Refused("empty-notice", invalid=True, field="rest_days")
    for field, days in (("rest_days", year.rest_days), ("extra_workdays", year.extra_workdays)):
        twice = {day for day in days if days.count(day) > 1}
        if twice:
            raise Refused("named-twice", invalid=True, field=field, days=_written(twice))
        outside = {d for d in days if d.year != year.year and (d.year, d.month) != (year.year - 1, 12)}
        if outside:
            raise Refused("day-outside-year", invalid=True, field=field, days=_written(outside))
    both = set(year.rest_days) & set(year.extra_workdays)
    if both:
        raise Refused("rest-day-and-workday", invalid=True, field="extra_workdays", days=_written(both))
    weekdays = {day for day in year.extra_workdays if day.weekday() < 5}
    if weekdays:
        raise Refused("workday-already", invalid=True, field="extra_workdays", days=_written(weekdays))


def _written(days: Iterable[date]) -> list[str]:
    return [day.isoformat() for day in sorted(days)]
