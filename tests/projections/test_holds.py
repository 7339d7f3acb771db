"""The lists of what waits for the clock and for a supervisor: there while it waits, gone afterwards."""

from datetime import timedelta

import pytest

from domain.citizen import SuspensionAppealed, SuspensionLifted, SuspensionUpheld
from domain.message import Event
from domain.slots import HoldReleased, PlaceHeld, SlotBooked
from projections import appeals, holds
from tests.histories import record, view_of
from tests.spec import NINE

HOUR, UNTIL = timedelta(hours=1), NINE + timedelta(minutes=5)
DAY = "slots-tanghe-2026-03-02"
HELD = PlaceHeld("h1", "a-1000", "a", "deed", "li", NINE + HOUR, NINE + 2 * HOUR, UNTIL)
APPEALED = SuspensionAppealed("ill")


def test_a_held_place_is_listed_by_when_its_time_is_over() -> None:
    views = view_of(holds, record(DAY, HELD))
    assert views == {"h1": holds.View(hold="h1", stream=DAY, holder="li", until=UNTIL)}
    assert holds.facets(views["h1"]) == {"until": UNTIL}


@pytest.mark.parametrize(
    "end",
    [
        HoldReleased("h1", "expired"),
        SlotBooked("h1", "a-1000", "a", "deed", "li", NINE + HOUR, NINE + 2 * HOUR),
    ],
)
def test_what_is_booked_or_let_go_is_held_no_more(end: Event) -> None:
    assert view_of(holds, record(DAY, HELD, end)) == {}


def test_an_appeal_waits_until_it_is_answered() -> None:
    assert view_of(appeals, record("citizen-li", APPEALED)) == {
        "li": appeals.View(person="li", reason="ill", appealed_at=NINE)
    }
    for answer in (SuspensionLifted("true"), SuspensionUpheld("no")):
        assert view_of(appeals, record("citizen-li", APPEALED, answer)) == {}
