"""What is flagged for somebody to look into: the patterns, and that honest ratings are left alone."""

from datetime import timedelta

import pytest

from domain.message import Recorded, Stamp
from domain.review import ReviewGiven, ReviewInvited
from projections.suspicion import DEVICE_A_MINUTE, HALL_A_MINUTE, PERSON_A_DAY, REASONS, flags
from tests.spec import NINE

LATER = timedelta(minutes=5)


def rated(
    nth: int, at: timedelta = LATER, by: str = "citizen:p", person: str | None = None, **fields: bool
) -> list[Recorded]:
    """A service that ended at nine and was rated ``at`` later."""
    stream = f"review-ticket.t{nth}"
    usual = {"hall": "tanghe", "unit": "u", "window": f"w{nth}"}
    invited = ReviewInvited(channel="qr-code", **usual)
    given = ReviewGiven(
        review=f"r{nth}", grade="satisfied", channel="tablet", person=person, **usual, **fields
    )
    return [
        Recorded(stream, 1, 2 * nth + 1, Stamp(at=NINE, by="policy:reactor", command=f"i{nth}"), invited),
        Recorded(stream, 2, 2 * nth + 2, Stamp(at=NINE + at, by=by, command=f"c{nth}"), given),
    ]


def told(*stories: list[Recorded]) -> list[tuple[str, int]]:
    return [(flag.reason, len(flag.reviews)) for flag in flags(line for story in stories for line in story)]


def test_honest_ratings_are_left_alone() -> None:
    apart = [rated(n, LATER + timedelta(minutes=n), "kiosk:k1", f"p{n}") for n in range(20)]
    assert told(*apart) == []


@pytest.mark.parametrize("more", [0, 1])
def test_many_ratings_at_one_device_within_a_minute_are_flagged_together(more: int) -> None:
    burst = [rated(n, LATER + timedelta(seconds=n), "kiosk:k1") for n in range(DEVICE_A_MINUTE - 1 + more)]
    assert told(*burst) == [("one-device", DEVICE_A_MINUTE)] * more


def test_many_ratings_of_one_window_within_a_minute_are_flagged() -> None:
    burst = [rated(n, LATER + timedelta(seconds=n)) for n in range(HALL_A_MINUTE)]
    assert told(*burst) == []
    same = [
        [Recorded(r.stream, r.version, r.position, r.stamp, _at_window(r.event)) for r in story]
        for story in burst
    ]
    assert told(*same) == [("one-minute", HALL_A_MINUTE)]


def _at_window(event: ReviewGiven | ReviewInvited) -> ReviewGiven | ReviewInvited:
    return type(event)(**{name: getattr(event, name) for name in event.__struct_fields__} | {"window": "w1"})


def test_a_rating_seconds_after_the_end_of_the_service_is_flagged() -> None:
    assert told(rated(1, timedelta(seconds=1))) == [("at-once", 1)]
    assert told(rated(1, timedelta(seconds=30))) == []


def test_one_person_for_many_is_flagged_and_not_named() -> None:
    many = [rated(n, LATER + timedelta(minutes=10 * n), person="p1") for n in range(PERSON_A_DAY)]
    (flag,) = flags(line for story in many for line in story)
    assert (flag.reason, len(flag.reviews)) == ("one-person", PERSON_A_DAY)
    assert "p1" not in str(flag)


def test_tests_are_not_looked_into() -> None:
    assert told(rated(1, timedelta(seconds=1), test=True)) == []


def test_every_reason_has_its_words() -> None:
    assert set(REASONS) == {"one-device", "one-minute", "at-once", "one-person"}
