"""One person across halls: the limits of booking, and that they never reach beyond booking."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given as everywhere
from hypothesis import settings
from hypothesis import strategies as st

from domain import citizen
from domain.booking import Channel, Limits
from domain.citizen import (
    AppealSuspension,
    BookingRecorded,
    BookingReleased,
    DropHold,
    HoldDropped,
    HoldRecorded,
    LiftSuspension,
    MeanToBook,
    NoShowRecorded,
    RecordBooking,
    RecordHold,
    RecordNoShow,
    RecordVisit,
    ReleaseBooking,
    SuspensionAppealed,
    SuspensionLifted,
    SuspensionUpheld,
    UpholdSuspension,
    VisitRecorded,
    arriving,
    suspended_until,
    warned,
)
from domain.message import Command, Event
from tests.spec import NINE, given

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOOKED = BookingRecorded("p1", "tanghe", "id-card", NINE, NINE + HOUR)
RELEASED = BookingReleased("p1", "ill")
VISITED = VisitRecorded("p1")
MISSED = NoShowRecorded("p1")


def record(
    appointment: str, starts_at: datetime, item: str = "deed", channel: Channel = "public"
) -> RecordBooking:
    return RecordBooking(appointment, "xinye", item, starts_at, starts_at + HOUR, channel)


def recorded(appointment: str, starts_at: datetime, item: str = "deed") -> BookingRecorded:
    return BookingRecorded(appointment, "xinye", item, starts_at, starts_at + HOUR)


def no_shows(*days: int) -> list[Event]:
    """Appointments missed so many days after the first Monday."""
    missed = [(recorded(f"m{day}", NINE + day * DAY), NoShowRecorded(f"m{day}")) for day in days]
    return [event for pair in missed for event in pair]


def test_a_booking_goes_on_the_persons_record() -> None:
    asked = RecordBooking("p1", "tanghe", "id-card", NINE, NINE + HOUR)
    given(citizen).when(asked).then(BOOKED)
    given(citizen, BOOKED).when(asked).then()


def test_nobody_is_in_two_halls_at_once() -> None:
    clash = record("p2", NINE + HOUR / 2)
    given(citizen, BOOKED).when(clash).refused("bookings-overlap", appointment="p1")


def test_one_appointment_may_follow_on_another() -> None:
    given(citizen, BOOKED).when(record("p2", NINE + HOUR)).then(recorded("p2", NINE + HOUR))


def test_an_item_is_booked_once_a_day() -> None:
    again = record("p2", NINE + 5 * HOUR, "id-card")
    given(citizen, BOOKED).when(again).refused("item-booked-that-day", appointment="p1", item="id-card")
    given(citizen, BOOKED).when(record("p2", NINE + DAY, "id-card")).then(
        recorded("p2", NINE + DAY, "id-card")
    )


def test_a_person_has_so_many_appointments_a_day() -> None:
    day = [recorded(f"p{n}", NINE + n * HOUR, f"item-{n}") for n in range(3)]
    given(citizen, *day).when(record("p9", NINE + 5 * HOUR)).refused("too-many-bookings", limit=3)
    strict = RecordBooking("p2", "xinye", "deed", NINE + HOUR, NINE + 2 * HOUR, limits=Limits(per_day=1))
    given(citizen, BOOKED).when(strict).refused("too-many-bookings", limit=1)


@pytest.mark.parametrize("item", ["id-card", "deed"])
def test_what_was_given_back_counts_no_more(item: str) -> None:
    given(citizen, BOOKED, RELEASED).when(record("p2", NINE, item)).then(recorded("p2", NINE, item))


def test_days_are_counted_as_the_hall_counts_them() -> None:
    """23:30 UTC is the next morning in the hall."""
    late = datetime.fromisoformat("2026-03-02T23:30:00+00:00")
    given(citizen, BOOKED).when(record("p2", late, "id-card")).then(recorded("p2", late, "id-card"))


# --- no-shows -----------------------------------------------------------------------------------------------


def test_one_no_show_is_forgiven() -> None:
    given(citizen, *no_shows(0)).at_time(NINE + DAY).when(record("p2", NINE + 2 * DAY)).then(
        recorded("p2", NINE + 2 * DAY)
    )


def test_two_no_shows_in_thirty_days_end_online_booking_for_thirty_days() -> None:
    asked = given(citizen, *no_shows(0, 30)).at_time(NINE + 59 * DAY).when(record("p2", NINE + 61 * DAY))
    asked.refused("booking-suspended", until=NINE + 60 * DAY)


def test_booking_opens_again_by_itself() -> None:
    given(citizen, *no_shows(0, 30)).at_time(NINE + 60 * DAY).when(record("p2", NINE + 61 * DAY)).then(
        recorded("p2", NINE + 61 * DAY)
    )


def test_two_no_shows_further_apart_end_nothing() -> None:
    given(citizen, *no_shows(0, 31)).at_time(NINE + 32 * DAY).when(record("p2", NINE + 33 * DAY)).then(
        recorded("p2", NINE + 33 * DAY)
    )


def test_staff_still_book_for_somebody_whose_online_booking_is_suspended() -> None:
    given(citizen, *no_shows(0, 1)).at_time(NINE + 2 * DAY).when(
        record("p2", NINE + 3 * DAY, channel="internal")
    ).then(recorded("p2", NINE + 3 * DAY))


def test_a_region_sets_its_own_limits() -> None:
    lenient = Limits(no_shows=3, within_days=10, suspended_days=5)
    state = given(citizen, *no_shows(0, 1)).state
    assert suspended_until(state, lenient) is None
    state = given(citizen, *no_shows(0, 1, 8)).state
    assert suspended_until(state, lenient) == NINE + 13 * DAY
    assert suspended_until(state, Limits(no_shows=1, suspended_days=1)) == NINE + 9 * DAY


def test_after_the_last_no_show_that_is_forgiven_there_is_a_warning() -> None:
    assert not warned(given(citizen).state, Limits(), NINE)
    state = given(citizen, *no_shows(0)).state
    assert warned(state, Limits(), NINE + DAY)
    assert not warned(state, Limits(), NINE + 31 * DAY)
    assert not warned(given(citizen, *no_shows(0, 1)).state, Limits(), NINE + 2 * DAY)


def test_an_appeal_is_made_against_a_suspension_that_runs() -> None:
    appeal = AppealSuspension("I was in hospital")
    given(citizen, *no_shows(0)).at_time(NINE + DAY).when(appeal).refused("not-suspended")
    suspended = given(citizen, *no_shows(0, 1)).at_time(NINE + 2 * DAY).when(appeal)
    suspended.then(SuspensionAppealed("I was in hospital"))
    suspended.when(appeal).then()
    given(citizen, *no_shows(0, 1)).at_time(NINE + 31 * DAY).when(appeal).refused("not-suspended")


def test_a_lifted_suspension_opens_booking_at_once_and_forgives_what_was() -> None:
    lift = LiftSuspension("a hospital's letter")
    lifted = given(citizen, *no_shows(0, 1)).at_time(NINE + 2 * DAY).when(lift)
    lifted.then(SuspensionLifted("a hospital's letter"))
    lifted.when(record("p2", NINE + 3 * DAY)).then(recorded("p2", NINE + 3 * DAY))
    lifted.when(lift).refused("not-suspended")
    assert not warned(lifted.state, Limits(), NINE + 2 * DAY)


def test_an_appeal_is_answered_with_no_once() -> None:
    uphold = UpholdSuspension("nobody called")
    appealed = given(citizen, *no_shows(0, 1), SuspensionAppealed("why")).at_time(NINE + 2 * DAY)
    appealed.when(uphold).then(SuspensionUpheld("nobody called"))
    appealed.when(uphold).refused("no-appeal")
    appealed.when(record("p2", NINE + 3 * DAY)).refused("booking-suspended")


# --- arriving -----------------------------------------------------------------------------------------------


def test_who_arrives_means_todays_appointment_here_then_elsewhere_then_the_next() -> None:
    today, here = NINE.date(), "tanghe"
    tomorrow = BookingRecorded("p4", here, "tax", NINE + DAY, NINE + DAY + HOUR)
    later = BookingRecorded("p3", here, "permit", NINE + 3 * HOUR, NINE + 4 * HOUR)

    def means(*history: Event) -> str | None:
        found = arriving(given(citizen, *history).state, here, today)
        return found and found[2]

    assert means() is None
    assert means(BOOKED, later) == "p1"
    assert means(BOOKED, VISITED, later) == "p3"
    assert means(BOOKED, VISITED, recorded("p2", NINE + HOUR)) == "p2"
    assert means(BOOKED, VISITED, tomorrow) == "p1"
    assert means(BOOKED, RELEASED, tomorrow) == "p4"
    assert means(BookingRecorded("p0", here, "tax", NINE - DAY, NINE - DAY + HOUR)) is None


# --- holds --------------------------------------------------------------------------------------------------

UNTIL = NINE + timedelta(minutes=5)


def holding(
    name: str, hall: str = "tanghe", starts_at: datetime = NINE + DAY, item: str = "deed"
) -> RecordHold:
    return RecordHold(name, hall, item, starts_at, starts_at + HOUR, UNTIL)


HELD = HoldRecorded("h1", "tanghe", NINE + DAY, UNTIL)


def test_one_place_a_day_is_held_for_a_person_whatever_the_halls() -> None:
    given(citizen).when(holding("h1")).then(HELD)
    given(citizen, HELD).when(holding("h1")).then()
    given(citizen, HELD).when(holding("h2", "xinye")).refused("held-elsewhere", hall="tanghe", until=UNTIL)
    other_day = NINE + 2 * DAY
    given(citizen, HELD).when(holding("h2", "xinye", other_day)).then(
        HoldRecorded("h2", "xinye", other_day, UNTIL)
    )
    given(citizen, HELD).at_time(UNTIL).when(holding("h2", "xinye")).then(
        HoldRecorded("h2", "xinye", NINE + DAY, UNTIL)
    )


def test_who_could_not_book_is_told_before_the_form_is_filled_in() -> None:
    given(citizen, BOOKED).when(holding("h1", starts_at=NINE + HOUR, item="id-card")).refused(
        "item-booked-that-day"
    )
    given(citizen, *no_shows(0, 1)).at_time(NINE + 2 * DAY).when(holding("h1")).refused("booking-suspended")


def test_a_hold_ends_with_the_booking_or_without() -> None:
    confirmed = given(citizen, HELD).when(
        RecordBooking("h1", "tanghe", "deed", NINE + DAY, NINE + DAY + HOUR)
    )
    assert confirmed.state.holds == {}
    given(citizen, HELD).when(DropHold("h1")).then(HoldDropped("h1"))
    given(citizen).when(DropHold("h1")).then()


def test_every_item_of_a_visit_counts_against_its_day() -> None:
    several = RecordBooking("p2", "xinye", "deed", NINE + HOUR, NINE + 2 * HOUR, more=("id-card",))
    given(citizen, BOOKED).when(several).refused("item-booked-that-day", item="id-card")


# --- the ends of a booking ----------------------------------------------------------------------------------

ENDS: list[tuple[Command, Event]] = [
    (ReleaseBooking("p1", "ill"), RELEASED),
    (RecordVisit("p1"), VISITED),
    (RecordNoShow("p1"), MISSED),
]


@pytest.mark.parametrize(("command", "event"), ENDS)
def test_a_booking_is_released_kept_or_missed(command: Command, event: Event) -> None:
    given(citizen, BOOKED).when(command).then(event)
    given(citizen, BOOKED, event).when(command).then()


@pytest.mark.parametrize(("command", "event"), ENDS)
def test_a_booking_comes_to_one_end(command: Command, event: Event) -> None:
    for _, other in ENDS:
        if other != event:
            given(citizen, BOOKED, other).when(command).refused("booking-ended", appointment="p1")


@pytest.mark.parametrize("command", [command for command, _ in ENDS])
def test_a_booking_that_was_never_made_has_no_end(command: Command) -> None:
    given(citizen).when(command).refused("unknown-appointment", appointment="p1")


def test_a_visit_is_recorded_for_somebody_whose_online_booking_is_suspended() -> None:
    given(citizen, BOOKED, *no_shows(1, 2)).at_time(NINE + 3 * DAY).when(RecordVisit("p1")).then(VISITED)


# --- laws ---------------------------------------------------------------------------------------------------


@everywhere(
    st.lists(
        st.one_of(
            st.builds(
                record,
                st.sampled_from([f"p{n}" for n in range(12)]),
                st.integers(0, 60).map(lambda halves: NINE + halves * HOUR / 2),
                st.sampled_from(["id-card", "deed", "tax", "permit", "pension"]),
                st.sampled_from(["public", "internal"]),
            ),
            st.builds(ReleaseBooking, st.sampled_from([f"p{n}" for n in range(12)])),
            st.builds(RecordNoShow, st.sampled_from([f"p{n}" for n in range(12)])),
        ),
        max_size=40,
    )
)
@settings(max_examples=80, deadline=None)
def test_whatever_is_asked_nobody_is_booked_twice_at_once_nor_beyond_the_daily_limit(
    asked: list[Command],
) -> None:
    kept = [b for b in given(citizen).when(*asked).state.bookings.values() if b.status != "released"]
    kept.sort(key=lambda booking: booking.starts_at)
    for before, after in pairwise(kept):
        assert before.ends_at <= after.starts_at
    days = [booking.starts_at.date() for booking in kept]
    assert all(days.count(day) <= Limits().per_day for day in days)
    items = [(booking.starts_at.date(), item) for booking in kept for item in booking.items]
    assert len(set(items)) == len(items)


def test_who_may_not_book_neither_waits_for_a_place_nor_is_drawn_for_one() -> None:
    """A place would be kept from others for somebody who cannot have it."""
    day = NINE.date()
    once = Limits(no_shows=1, per_day=1)
    suspended = given(citizen, *no_shows(0)).at_time(NINE + 3 * HOUR)
    suspended.when(MeanToBook(day + DAY, "deed", limits=once)).refused("booking-suspended")
    suspended.when(MeanToBook(day + DAY, "deed", "internal", once)).then()
    booked = given(citizen, BOOKED)
    booked.when(MeanToBook(day, "id-card")).refused("item-booked-that-day")
    booked.when(MeanToBook(day, "deed", limits=once)).refused("too-many-bookings")
    booked.when(MeanToBook(day, "deed")).then()
    given(citizen, BOOKED, RELEASED).when(MeanToBook(day, "id-card")).then()
