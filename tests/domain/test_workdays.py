"""Working days by the gazetted calendar: the official examples, and laws against a count made day by day."""

from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.message import Text
from domain.workdays import (
    END_OF_DAY,
    SHANGHAI,
    Calendar,
    Due,
    Year,
    due,
    is_working_day,
    workdays_between,
    workdays_left,
)

TITLE = Text("放假通知", "holiday notice")


def days(*spans: tuple[tuple[int, int], tuple[int, int]], year: int) -> tuple[date, ...]:
    """The days from one (month, day) to another, both included."""
    found: list[date] = []
    for first, last in spans:
        day = date(year, *first)
        while day <= date(year, *last):
            found.append(day)
            day += timedelta(days=1)
    return tuple(found)


Y2025 = Year(
    year=2025,
    title=TITLE,
    number="国办发明电〔2024〕12号",
    issued=date(2024, 11, 12),
    rest_days=days(
        ((1, 1), (1, 1)),
        ((1, 28), (2, 4)),
        ((4, 4), (4, 6)),
        ((5, 1), (5, 5)),
        ((5, 31), (6, 2)),
        ((10, 1), (10, 8)),
        year=2025,
    ),
    extra_workdays=tuple(date(2025, m, d) for m, d in ((1, 26), (2, 8), (4, 27), (9, 28), (10, 11))),
)
Y2026 = Year(
    year=2026,
    title=TITLE,
    issued=date(2025, 11, 4),
    rest_days=days(
        ((1, 1), (1, 3)),
        ((2, 15), (2, 23)),
        ((4, 4), (4, 6)),
        ((5, 1), (5, 5)),
        ((6, 19), (6, 21)),
        ((9, 25), (9, 27)),
        ((10, 1), (10, 7)),
        year=2026,
    ),
    extra_workdays=tuple(date(2026, m, d) for m, d in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))),
)
CALENDAR = Calendar((Y2025, Y2026))

EVERY_DAY = [date(2025, 1, 1) + timedelta(days=n) for n in range(730)]


def at(day: date, hour: int = 10) -> datetime:
    return datetime.combine(day, time(hour), SHANGHAI)


# --- the calendar -------------------------------------------------------------------------------------------


def test_every_day_of_2025_and_2026_is_as_an_independent_calendar_has_it() -> None:
    wrong = [day for day in EVERY_DAY if is_working_day(CALENDAR, day) != chinese_calendar.is_workday(day)]
    assert wrong == []


@pytest.mark.parametrize("year", [2025, 2026])
def test_both_gazetted_years_have_248_working_days(year: int) -> None:
    assert len(CALENDAR.working_days(year)) == 248


def test_a_saturday_worked_for_a_holiday_is_a_working_day_and_the_holiday_is_not() -> None:
    assert is_working_day(CALENDAR, date(2026, 2, 14))
    assert not is_working_day(CALENDAR, date(2026, 2, 16))


def test_a_notice_may_begin_its_new_year_in_the_december_before() -> None:
    y2027 = Year(
        year=2027,
        title=TITLE,
        issued=date(2026, 11, 30),
        rest_days=(date(2026, 12, 31), date(2027, 1, 1)),
        extra_workdays=(date(2026, 12, 27),),
    )
    calendar = CALENDAR.with_year(y2027)
    assert not is_working_day(calendar, date(2026, 12, 31))
    assert is_working_day(calendar, date(2026, 12, 27))
    assert len(calendar.working_days(2026)) == 248


@pytest.mark.parametrize("later_first", [True, False])
def test_where_two_notices_name_one_december_day_the_later_year_decides(later_first: bool) -> None:
    saturday = date(2026, 12, 26)
    y2026 = Year(
        year=2026,
        title=TITLE,
        issued=date(2025, 11, 4),
        rest_days=(date(2026, 1, 1),),
        extra_workdays=(saturday,),
    )
    y2027 = Year(year=2027, title=TITLE, issued=date(2026, 11, 30), rest_days=(saturday,))
    calendar = Calendar((y2027, y2026) if later_first else (y2026, y2027))
    assert not is_working_day(calendar, saturday)


def test_a_corrected_notice_replaces_the_one_before_it() -> None:
    corrected = Year(
        year=2026, title=TITLE, issued=date(2026, 1, 20), rest_days=(date(2026, 3, 3),), extra_workdays=()
    )
    calendar = CALENDAR.with_year(corrected)
    assert not is_working_day(calendar, date(2026, 3, 3))
    assert not is_working_day(calendar, date(2026, 2, 14))
    assert calendar.gazetted == {2025, 2026}


def test_two_notices_for_one_year_are_not_a_calendar() -> None:
    with pytest.raises(ValueError, match="two notices for one year"):
        Calendar((Y2026, Y2026))


# --- limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "limit", "last"),
    [
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
        (date(2026, 2, 13), 5, date(2026, 2, 27)),
        (date(2026, 9, 30), 5, date(2026, 10, 13)),
        (date(2026, 4, 30), 5, date(2026, 5, 11)),
        (date(2025, 9, 30), 5, date(2025, 10, 14)),
        (date(2025, 12, 31), 1, date(2026, 1, 4)),
        (date(2026, 12, 30), 1, date(2026, 12, 31)),
    ],
)
def test_the_day_of_the_event_is_not_counted_and_the_last_day_is(day: date, limit: int, last: date) -> None:
    assert due(CALENDAR, at(day), limit) == Due(datetime.combine(last, time(23, 59, 59), SHANGHAI))


@pytest.mark.parametrize(
    ("day", "last"),
    [(date(2026, 3, 2), date(2026, 3, 2)), (date(2026, 2, 16), date(2026, 2, 24))],
)
def test_no_days_at_all_means_the_day_itself_or_the_next_working_day(day: date, last: date) -> None:
    assert due(CALENDAR, at(day), 0).at.date() == last


def test_the_day_of_the_event_is_the_day_it_was_in_the_halls_time_zone() -> None:
    late_on_monday_in_london = datetime(2026, 3, 2, 18, tzinfo=UTC)
    assert due(CALENDAR, late_on_monday_in_london, 1).at.date() == date(2026, 3, 4)


def test_an_office_that_counts_by_its_hours_has_the_limit_end_when_it_closes() -> None:
    assert due(CALENDAR, at(date(2026, 3, 2)), 1, time(17)).at == datetime(2026, 3, 3, 17, tzinfo=SHANGHAI)


def test_a_negative_limit_is_no_limit() -> None:
    with pytest.raises(ValueError, match="-1 working days"):
        due(CALENDAR, at(date(2026, 3, 2)), -1)


def test_an_instant_without_offset_is_refused_not_guessed() -> None:
    naive = datetime(2026, 3, 2, 9)  # noqa: DTZ001
    with pytest.raises(ValueError, match="does not say its offset"):
        due(CALENDAR, naive, 1)
    with pytest.raises(ValueError, match="does not say its offset"):
        workdays_left(CALENDAR, at(date(2026, 3, 2)), naive)


# --- years without a notice ---------------------------------------------------------------------------------


def test_a_limit_that_passes_into_a_year_without_a_notice_is_provisional() -> None:
    assert due(CALENDAR, at(date(2026, 12, 30)), 5) == Due(
        datetime.combine(date(2027, 1, 7), END_OF_DAY, SHANGHAI), provisional=True
    )


def test_a_limit_that_begins_on_the_last_day_of_a_gazetted_year_is_provisional() -> None:
    assert due(CALENDAR, at(date(2026, 12, 31)), 1).provisional


def test_the_event_may_lie_in_a_year_without_a_notice_for_its_day_is_not_counted() -> None:
    assert due(CALENDAR, at(date(2024, 12, 31)), 1) == Due(
        datetime.combine(date(2025, 1, 2), END_OF_DAY, SHANGHAI), provisional=False
    )


def test_days_off_that_were_passed_over_in_a_year_without_a_notice_make_it_provisional_too() -> None:
    friday_before_a_weekend_that_ends_the_year = at(date(2022, 12, 30))
    calendar = Calendar(
        (Year(year=2023, title=TITLE, issued=date(2022, 12, 8), rest_days=(date(2023, 1, 2),)),)
    )
    assert due(calendar, friday_before_a_weekend_that_ends_the_year, 1) == Due(
        datetime.combine(date(2023, 1, 3), END_OF_DAY, SHANGHAI), provisional=True
    )


@pytest.mark.parametrize("day", [(1, 1), (5, 3), (5, 5), (10, 1), (10, 7)])
def test_holidays_of_fixed_date_are_days_off_even_without_a_notice(day: tuple[int, int]) -> None:
    assert not is_working_day(CALENDAR, date(2027, *day))


@pytest.mark.parametrize("day", [(1, 4), (2, 8), (5, 6), (10, 8)])
def test_other_weekdays_of_a_year_without_a_notice_count_as_worked(day: tuple[int, int]) -> None:
    assert is_working_day(CALENDAR, date(2027, *day))


def test_no_weekend_of_a_year_without_a_notice_is_worked() -> None:
    worked = [date.fromordinal(day) for day in CALENDAR.working_days(2027)]
    assert [day for day in worked if day.weekday() >= 5] == []


def test_in_a_gazetted_year_only_the_notice_decides() -> None:
    short = Calendar(
        (Year(year=2027, title=TITLE, issued=date(2026, 11, 30), rest_days=(date(2027, 1, 1),)),)
    )
    assert is_working_day(short, date(2027, 5, 3))


def test_a_limit_is_firm_again_once_the_notice_is_there() -> None:
    notice = Year(
        year=2027, title=TITLE, issued=date(2026, 11, 30), rest_days=(date(2027, 1, 1), date(2027, 1, 4))
    )
    assert due(CALENDAR.with_year(notice), at(date(2026, 12, 30)), 5) == Due(
        datetime.combine(date(2027, 1, 8), END_OF_DAY, SHANGHAI), provisional=False
    )


# --- days left ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (date(2026, 2, 27), 1),  # Friday before a Saturday that is worked
        (date(2026, 2, 28), 0),
        (date(2026, 3, 1), 0),  # Sunday: past, but no working day has gone by since
        (date(2026, 3, 2), -1),
        (date(2026, 2, 13), 6),
    ],
)
def test_days_left_are_counted_after_today_up_to_the_due_day(now: date, left: int) -> None:
    assert workdays_left(CALENDAR, at(now), at(date(2026, 2, 28), 17)) == left


# --- laws ---------------------------------------------------------------------------------------------------

gazetted_days = st.dates(date(2025, 1, 1), date(2026, 12, 31))
any_days = st.dates(date(2023, 1, 1), date(2029, 12, 31))
limits = st.integers(1, 120)


def slow_due(day: date, limit: int) -> date:
    """Day by day, by the independent calendar."""
    while limit:
        day += timedelta(days=1)
        limit -= chinese_calendar.is_workday(day)
    return day


@given(gazetted_days, limits, st.integers(0, 23))
def test_a_due_day_is_the_one_found_by_counting_day_by_day(day: date, limit: int, hour: int) -> None:
    found = due(CALENDAR, at(day, hour), limit)
    if found.provisional:
        assert found.at.date() > date(2026, 12, 31)
    else:
        assert found.at.date() == slow_due(day, limit)


@given(any_days, any_days)
def test_a_span_holds_as_many_working_days_as_are_counted_one_by_one(start: date, end: date) -> None:
    first, last = sorted((start, end))
    counted = sum(
        is_working_day(CALENDAR, first + timedelta(days=n)) for n in range(1, (last - first).days + 1)
    )
    assert workdays_between(CALENDAR, start, end) == (counted if start <= end else -counted)


@given(any_days, limits, limits)
def test_two_limits_one_after_the_other_end_with_their_sum(day: date, one: int, other: int) -> None:
    in_steps = due(CALENDAR, due(CALENDAR, at(day), one).at, other)
    assert in_steps.at == due(CALENDAR, at(day), one + other).at


@given(any_days, any_days, any_days)
def test_spans_add_up(a: date, b: date, c: date) -> None:
    whole = workdays_between(CALENDAR, a, c)
    assert workdays_between(CALENDAR, a, b) + workdays_between(CALENDAR, b, c) == whole


@given(any_days, limits)
def test_a_limit_has_just_its_days_left_when_it_begins_and_ends_on_a_working_day(
    day: date, limit: int
) -> None:
    end = due(CALENDAR, at(day), limit).at
    assert workdays_left(CALENDAR, at(day), end) == limit
    assert is_working_day(CALENDAR, end.date())


@given(any_days, limits)
def test_a_limit_is_provisional_exactly_when_a_day_of_an_ungazetted_year_was_passed(
    day: date, limit: int
) -> None:
    found = due(CALENDAR, at(day), limit)
    passed = range((day + timedelta(days=1)).year, found.at.year + 1)
    assert found.provisional == any(year not in CALENDAR.gazetted for year in passed)


@settings(max_examples=50)
@given(any_days, st.integers(1, 119))
def test_a_longer_limit_never_ends_sooner(day: date, limit: int) -> None:
    assert due(CALENDAR, at(day), limit).at < due(CALENDAR, at(day), limit + 1).at
