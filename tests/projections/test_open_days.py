"""From when an open day counts as forgotten, and which days do."""

from datetime import date, datetime, time, timedelta

import msgspec
import pytest

from domain.hall import DayException, HallPlan, SessionPlan, forgotten_at
from domain.message import Recorded, Stamp, Text
from domain.queue import DayClosed, DayOpened, DayReopened
from domain.workdays import SHANGHAI
from projections import open_days
from tests.histories import HALL, record, view_of
from tests.spec import NINE

STREAM = "queue-tanghe-2026-03-02"
MONDAY = date(2026, 3, 2)
PLAN: HallPlan = msgspec.structs.replace(
    HALL,
    sessions=(
        SessionPlan(time(9), time(12)),
        SessionPlan(time(13, 30), time(17)),
        SessionPlan(time(18), time(20), weekdays=(3,)),
    ),
    exceptions=(
        DayException(date(2026, 3, 5), Text("系统升级", "Upgrade"), (SessionPlan(time(9), time(11)),)),
    ),
)


@pytest.mark.parametrize(
    ("day", "opened", "forgotten"),
    [
        (MONDAY, time(8), "2026-03-02T19:00"),
        (MONDAY, time(18), "2026-03-03T00:00"),
        (date(2026, 3, 4), time(8), "2026-03-04T22:00"),
        (date(2026, 3, 5), time(8), "2026-03-05T13:00"),
    ],
)
def test_a_day_is_forgotten_two_hours_after_its_last_session_or_at_midnight(
    day: date, opened: time, forgotten: str
) -> None:
    told = forgotten_at(PLAN, day, datetime.combine(day, opened, SHANGHAI))
    assert told.isoformat(timespec="minutes").startswith(forgotten)


def test_midnight_is_the_latest() -> None:
    late = msgspec.structs.replace(PLAN, forgotten_after_minutes=480)
    assert forgotten_at(late, MONDAY, NINE) == datetime(2026, 3, 3, tzinfo=SHANGHAI)
    assert forgotten_at(msgspec.structs.replace(PLAN, sessions=()), MONDAY, NINE) == datetime(
        2026, 3, 3, tzinfo=SHANGHAI
    )


def test_a_day_is_listed_until_it_is_closed() -> None:
    opened = record(STREAM, DayOpened(PLAN))
    (view,) = view_of(open_days, opened).values()
    assert open_days.facets(view) == {"forgotten_at": datetime(2026, 3, 2, 19, tzinfo=SHANGHAI)}
    assert view_of(open_days, record(STREAM, DayOpened(PLAN), DayClosed())) == {}


def test_a_day_that_was_opened_again_is_left_alone_until_midnight() -> None:
    log = record(STREAM, DayOpened(PLAN), DayClosed(), DayReopened())
    (view,) = view_of(open_days, log).values()
    assert (view.forgotten_at, view.position) == (datetime(2026, 3, 3, tzinfo=SHANGHAI), log[-1].position)
    assert view_of(open_days, record(STREAM, DayOpened(PLAN), DayClosed(), DayReopened(), DayClosed())) == {}


def test_a_day_that_is_written_down_afterwards_is_nobodys_to_close() -> None:
    stamp = Stamp(at=NINE, recorded_at=NINE + timedelta(days=200), by="admin:import", command="c1")
    assert view_of(open_days, [Recorded(STREAM, 1, 1, stamp, DayOpened(PLAN))]) == {}
