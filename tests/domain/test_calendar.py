"""Gazetting a year: a notice is entered once, may be corrected, and may not contradict itself."""

from datetime import date

import msgspec
import pytest

from domain import calendar
from domain.calendar import CalendarGazetted, GazetteCalendar
from domain.message import Text
from domain.workdays import Year
from tests.spec import given

Y2026 = Year(
    year=2026,
    title=Text("国务院办公厅关于2026年部分节假日安排的通知", "Holidays of 2026"),
    issued=date(2025, 11, 4),
    rest_days=(date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)),
    extra_workdays=(date(2026, 1, 4),),
)
CORRECTED = msgspec.structs.replace(Y2026, rest_days=(*Y2026.rest_days, date(2026, 2, 16)))


def test_a_notice_is_put_in_force() -> None:
    state = given(calendar).when(GazetteCalendar(Y2026)).then(CalendarGazetted(Y2026))
    assert state.year == Y2026


def test_the_same_notice_twice_is_one_notice() -> None:
    given(calendar, CalendarGazetted(Y2026)).when(GazetteCalendar(Y2026)).then()


def test_a_correction_is_a_new_event_and_takes_the_place_of_the_notice() -> None:
    state = (
        given(calendar, CalendarGazetted(Y2026))
        .when(GazetteCalendar(CORRECTED))
        .then(CalendarGazetted(CORRECTED))
    )
    assert state.year == CORRECTED


def test_a_correction_may_be_taken_back() -> None:
    given(calendar, CalendarGazetted(Y2026), CalendarGazetted(CORRECTED)).when(GazetteCalendar(Y2026)).then(
        CalendarGazetted(Y2026)
    )


def test_a_year_is_not_corrected_by_another_years_notice() -> None:
    other = msgspec.structs.replace(Y2026, year=2027, rest_days=(date(2027, 1, 1),), extra_workdays=())
    given(calendar, CalendarGazetted(Y2026)).when(GazetteCalendar(other)).refused("another-year", year=2026)


def test_a_new_year_may_begin_in_the_december_before() -> None:
    y2019 = Year(
        year=2019,
        title=Y2026.title,
        issued=date(2018, 12, 1),
        rest_days=(date(2018, 12, 30), date(2018, 12, 31), date(2019, 1, 1)),
        extra_workdays=(date(2018, 12, 29),),
    )
    given(calendar).when(GazetteCalendar(y2019)).then(CalendarGazetted(y2019))


@pytest.mark.parametrize(
    ("rest_days", "extra_workdays", "code", "facts"),
    [
        ((), (date(2026, 1, 4),), "empty-notice", {"field": "rest_days"}),
        (
            (date(2026, 1, 3), date(2026, 1, 4)),
            (date(2026, 1, 4),),
            "rest-day-and-workday",
            {"days": ["2026-01-04"]},
        ),
        (
            (date(2026, 1, 1), date(2026, 1, 1)),
            (),
            "named-twice",
            {"field": "rest_days", "days": ["2026-01-01"]},
        ),
        (
            (date(2026, 1, 1),),
            (date(2026, 1, 4), date(2026, 1, 4)),
            "named-twice",
            {"field": "extra_workdays", "days": ["2026-01-04"]},
        ),
        ((date(2027, 1, 1),), (), "day-outside-year", {"days": ["2027-01-01"]}),
        ((date(2025, 11, 30),), (), "day-outside-year", {"days": ["2025-11-30"]}),
        ((date(2026, 1, 1),), (date(2024, 12, 29),), "day-outside-year", {"field": "extra_workdays"}),
        ((date(2026, 1, 1),), (date(2026, 1, 5),), "workday-already", {"days": ["2026-01-05"]}),
    ],
)
def test_a_notice_that_contradicts_itself_is_refused(
    rest_days: tuple[date, ...], extra_workdays: tuple[date, ...], code: str, facts: dict[str, object]
) -> None:
    notice = msgspec.structs.replace(Y2026, rest_days=rest_days, extra_workdays=extra_workdays)
    given(calendar).when(GazetteCalendar(notice)).refused(code, **facts)


def test_the_stream_of_a_year_is_named_by_it() -> None:
    assert calendar.stream(2026) == "calendar-2026"


def test_a_gazetted_calendar_reads_back_as_it_was_written() -> None:
    event = CalendarGazetted(Y2026)
    assert msgspec.json.decode(msgspec.json.encode(event), type=CalendarGazetted) == event
