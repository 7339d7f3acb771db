"""Working days (工作日) as gazetted by the State Council: weekends, holidays, and weekends worked (调休).

Limits of the law are counted in working days (行政许可法 第82条). The day of the event is not counted and the
last day is (民法典 第201、203条). Nothing here reads a clock: the gazetted years come in as a ``Calendar``.

A year without a notice is counted *provisionally* (暂定): Monday to Friday, less the holidays that fall on
the same solar dates every year. Lunar festivals, 清明 and 调休 are not guessed. Whatever was counted so says
so, and is counted anew when the notice is there.
"""

from bisect import bisect_left, bisect_right
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from domain.message import Label, Text

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The time zone of every hall."""

END_OF_DAY = time(23, 59, 59)
"""When the last day of a limit ends: 24:00, as its last whole second. Where business hours are kept it ends
when they do (民法典 第203条); an office that counts so passes its closing time as ``ends``."""

ONE_DAY = timedelta(days=1)

YEAR_MIN, YEAR_MAX = 2000, 2100
"""The years a calendar may be gazetted for."""

Dates = Annotated[tuple[date, ...], Meta(max_length=60)]


class Year(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One year's notice (国务院办公厅关于…年部分节假日安排的通知): days off, and weekend days worked.

    ``rest_days`` may include weekends, as the notice does. ``number`` is the document's, where it is known.
    """

    year: Annotated[int, Meta(ge=YEAR_MIN, le=YEAR_MAX)]
    title: Text
    number: Label | None = None
    issued: date
    rest_days: Dates
    extra_workdays: Dates = ()


class Due(msgspec.Struct, frozen=True, gc=False):
    """When a limit ends. ``provisional``: days of a year that is not gazetted were counted to find it."""

    at: datetime
    provisional: bool = False


class Calendar(msgspec.Struct, frozen=True, dict=True):
    """The notices in force, one a year. Keep it: the days of each year are worked out once per ``Calendar``.

    Raises:
        ValueError: two notices for one year.
    """

    years: tuple[Year, ...] = ()

    def __post_init__(self) -> None:
        if len(self.gazetted) < len(self.years):
            raise ValueError(f"two notices for one year: {sorted(year.year for year in self.years)}")

    def with_year(self, year: Year) -> "Calendar":
        """The calendar once this notice is in force, in place of an earlier one for its year."""
        return Calendar((*(known for known in self.years if known.year != year.year), year))

    @cached_property
    def gazetted(self) -> frozenset[int]:
        return frozenset(year.year for year in self.years)

    @cached_property
    def named(self) -> dict[date, bool]:
        """Every day a notice names, and whether it is worked. A later year's notice has the last word on the
        December before it, where 元旦 sometimes begins."""
        days: dict[date, bool] = {}
        for year in sorted(self.years, key=lambda year: year.year):
            days.update(dict.fromkeys(year.rest_days, False))
            days.update(dict.fromkeys(year.extra_workdays, True))
        return days

    @cached_property
    def _ordinals(self) -> dict[int, tuple[int, ...]]:
        return {}

    def working_days(self, year: int) -> tuple[int, ...]:
        """The ordinals of a year's working days, ascending."""
        known = self._ordinals.get(year)
        if known is None:
            days = range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
            known = tuple(day for day in days if is_working_day(self, date.fromordinal(day)))
            self._ordinals[year] = known
        return known


def is_working_day(calendar: Calendar, day: date) -> bool:
    """What the notice says of the day; where it is silent, whether the day is a weekday.

    In a year without a notice the holidays of fixed solar date are days off too: 元旦 (the day itself),
    劳动节 (five days) and 国庆节 (seven), after the principle for every year in 国办发明电〔2024〕12号.
    """
    named = calendar.named.get(day)
    if named is not None:
        return named
    if day.weekday() >= 5:
        return False
    return day.year in calendar.gazetted or not _is_fixed_holiday(day)


def due(calendar: Calendar, from_: datetime, days: int, ends: time = END_OF_DAY) -> Due:
    """The end of the ``days``-th working day after the day of ``from_``, at ``ends`` in the halls' time zone.

    With ``days`` 0 it is the end of the day itself, or of the next working day if that one is none.

    Raises:
        ValueError: ``days`` is negative, or ``from_`` does not say its offset.
    """
    if days < 0:
        raise ValueError(f"a limit of {days} working days")
    day = local_date(from_)
    first, needed = (day + ONE_DAY, days) if days else (day, 1)
    year, begins, provisional = first.year, first.toordinal(), False
    while True:
        provisional = provisional or year not in calendar.gazetted
        working = calendar.working_days(year)
        last = bisect_left(working, begins) + needed - 1
        if last < len(working):
            at = datetime.combine(date.fromordinal(working[last]), ends, SHANGHAI)
            return Due(at, provisional)
        needed = last - len(working) + 1
        year += 1


def workdays_between(calendar: Calendar, start: date, end: date) -> int:
    """How many working days follow ``start`` up to and including ``end``; negative if ``end`` is earlier."""
    if end < start:
        return -workdays_between(calendar, end, start)
    whole_years = sum(len(calendar.working_days(year)) for year in range(start.year, end.year))
    return whole_years + _rank(calendar, end) - _rank(calendar, start)


def workdays_left(calendar: Calendar, now: datetime, due_at: datetime) -> int:
    """Working days left after today: 1 on the last working day before the due day, 0 on the due day itself.

    Afterwards negative: the working days since. On a day off right after the due day it is still 0, so
    whether the limit is past is told by the instants (``now > due_at``), never by this number.

    Raises:
        ValueError: an instant does not say its offset.
    """
    return workdays_between(calendar, local_date(now), local_date(due_at))


def _rank(calendar: Calendar, day: date) -> int:
    """How many working days its year has had at the end of the day."""
    return bisect_right(calendar.working_days(day.year), day.toordinal())


def local_date(at: datetime) -> date:
    """The day of an instant where the halls are.

    Raises:
        ValueError: it does not say its offset.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} does not say its offset")
    return at.astimezone(SHANGHAI).date()


def _is_fixed_holiday(day: date) -> bool:
    lasts = {1: 1, 5: 5, 10: 7}  # month in which it begins on the 1st → days off
    return day.day <= lasts.get(day.month, 0)
