"""A day's offer changes under people who have booked: each is moved to the next free place or cancelled, and told."""

import copy
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from domain import citizen, replanning, slots
from domain.acts import book, cancel, hold_place
from domain.booking import Limits
from domain.handling import Act, Ask, Held, fresh, perform
from domain.message import Refused, Stamp
from domain.offering import SlotPlan, SlotsPlan
from domain.promises import broken, broken_between
from domain.replanning import Change, Settled
from domain.slots import Booked, BookSlot, CancelAppointment, Cancelled, HoldPlace, JoinWaiting
from tests.spec import SHANGHAI

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 3, day) for day in (2, 3, 4))
EIGHT = datetime.combine(MONDAY, time(8), SHANGHAI)
LIMITS = Limits(per_day=3)


def slot(day: date, hour: int, public: int = 2, queue: str = "a") -> SlotPlan:
    starts_at = datetime.combine(day, time(hour), SHANGHAI)
    return SlotPlan(queue, starts_at, starts_at + timedelta(hours=1), public, 1, 3)


def offered(day: date, *hours: int, public: int = 2) -> SlotsPlan:
    return SlotsPlan(tuple(slot(day, hour, public) for hour in hours))


class Hall:
    """A hall's days and their people, each as its stream holds it."""

    def __init__(self, **days: SlotsPlan) -> None:
        self.held: dict[str, Held] = {}
        self.numbers = count(1)
        self.now = EIGHT
        self.plans = {MONDAY: days.get("monday", offered(MONDAY, 9, 10, 11))}
        self.plans[TUESDAY] = days.get("tuesday", offered(TUESDAY, 9, 10))

    def stream(self, name: str) -> Held:
        return self.held.setdefault(name, fresh(name))

    def book(self, person: str, hour: int, day: date = MONDAY, item: str = "deed", **more: Any) -> str:
        name = f"b{next(self.numbers)}"
        command = BookSlot(name, f"a-{hour:02}00", "a", item, person, **more)
        self.do(book("h", day, command, offered=self.plans[day], limits=LIMITS))
        return name

    def do(self, act: Act) -> None:
        """All of it or nothing, as the loop does."""
        before = copy.deepcopy(self.held)
        try:
            perform(act.asks, self.stream, self.stamp())
        except Refused:
            self.held = before
            raise

    def stamp(self) -> Stamp:
        return Stamp(at=self.now, by="admin:zhao", command="c1")

    def change(self, plan: SlotsPlan) -> Change:
        return Change("h", MONDAY, plan, "停电", {TUESDAY: self.plans[TUESDAY]}, LIMITS)

    def settle(self, plan: SlotsPlan, *stay: str) -> list[Settled]:
        self.stream(slots.stream("h", TUESDAY))
        copies = copy.deepcopy(self.held)
        return replanning.settle(
            self.change(plan),
            copies,
            lambda one: one not in stay,
            lambda day: f"m{next(self.numbers)}",
            self.stamp(),
        )

    def apply(self, plan: SlotsPlan, settled: list[Settled]) -> None:
        self.do(replanning.act(self.change(plan), settled))

    def appointments(self, day: date = MONDAY) -> dict[str, slots.Appointment]:
        found: dict[str, slots.Appointment] = self.stream(slots.stream("h", day)).state.appointments
        return found

    def broken(self) -> list[str]:
        alone = [said for name, one in self.held.items() for said in broken(name, one.state)]
        return [*alone, *broken_between(self.held, 0)]


def to(settled: list[Settled]) -> list[tuple[str, date | None, str | None]]:
    return [(one.made.appointment, one.day, one.booking and one.booking.slot) for one in settled]


def test_who_is_hit_gets_the_next_free_place_of_the_day_else_of_the_next() -> None:
    hall = Hall()
    first, second, third = hall.book("p1", 10), hall.book("p2", 10), hall.book("p3", 11)
    settled = hall.settle(offered(MONDAY, 9, 11))
    assert to(settled) == [(first, MONDAY, "a-1100"), (second, TUESDAY, "a-0900")]
    hall.apply(offered(MONDAY, 9, 11), settled)
    assert isinstance(hall.appointments()[third], Booked), "who is not hit stays"
    moved = hall.appointments(TUESDAY)[settled[1].booking.appointment]  # type: ignore[union-attr]
    assert isinstance(moved, Booked)
    assert (moved.booking.instead_of, moved.booking.because) == (second, "停电")
    old = hall.appointments()[second]
    assert isinstance(old, Cancelled)
    assert old.moved_to == moved.booking.appointment
    assert hall.broken() == []


def test_nobody_is_moved_to_an_earlier_hour() -> None:
    hall = Hall(tuesday=offered(TUESDAY, 9, public=0))
    hall.book("p1", 10)
    assert to(hall.settle(offered(MONDAY, 9))) == [("b1", None, None)]


def test_who_finds_no_place_or_is_not_to_be_moved_is_cancelled() -> None:
    hall = Hall(tuesday=offered(TUESDAY, 11, public=1))
    names = [hall.book(f"p{n}", 11) for n in (1, 2)]
    closed = SlotsPlan(())
    settled = hall.settle(closed)
    assert to(settled) == [(names[0], TUESDAY, "a-1100"), (names[1], None, None)]
    hall.apply(closed, settled)
    assert hall.broken() == []
    again = Hall()
    again.book("p1", 10)
    assert to(again.settle(closed, "b1")) == [("b1", None, None)]


def test_nobody_is_moved_to_where_they_have_something_else_or_the_same_item() -> None:
    hall = Hall(tuesday=offered(TUESDAY, 9, 10, 11))
    hall.book("p1", 10)
    hall.book("p1", 9, TUESDAY, "tax")
    assert to(hall.settle(SlotsPlan(()))) == [("b1", TUESDAY, "a-1000")]
    name = hall.book("p2", 10)
    hall.book("p2", 9, TUESDAY)
    assert to(hall.settle(SlotsPlan(())))[1] == (name, None, None)


def test_a_long_appointment_finds_its_places_in_a_row() -> None:
    hall = Hall(tuesday=SlotsPlan((slot(TUESDAY, 9, 1), slot(TUESDAY, 10), slot(TUESDAY, 11))))
    hall.book("p1", 9, TUESDAY)
    hall.book("p2", 9, slots=2)
    assert to(hall.settle(offered(MONDAY, 9))) == [("b2", TUESDAY, "a-1000")]


def test_who_has_been_suspended_since_is_moved_all_the_same() -> None:
    hall = Hall()
    hall.book("p1", 10)
    person = hall.stream(citizen.stream("p1"))
    for n in range(2):
        at = EIGHT - timedelta(days=n + 1)
        history = [citizen.BookingRecorded(f"x{n}", "h", "x", at, at), citizen.NoShowRecorded(f"x{n}")]
        for event in history:
            person.state = citizen.evolve(person.state, event, hall.stamp())
    assert to(hall.settle(SlotsPlan(()))) == [("b1", TUESDAY, "a-0900")]


def test_who_is_moved_to_where_a_hold_has_run_out_gets_the_place() -> None:
    hall = Hall(tuesday=offered(TUESDAY, 9))
    hall.book("p1", 10)
    held = HoldPlace("h1", "a-0900", "a", "deed", "p9")
    hall.do(hold_place("h", TUESDAY, held, offered=hall.plans[TUESDAY]))
    hall.now = EIGHT + timedelta(minutes=6)
    settled = hall.settle(SlotsPlan(()))
    assert to(settled) == [("b1", TUESDAY, "a-0900")]
    hall.apply(SlotsPlan(()), settled)
    assert hall.broken() == []


def test_who_waits_for_the_day_they_are_moved_to_waits_no_more() -> None:
    hall = Hall(tuesday=offered(TUESDAY, 9, 10, public=1))
    hall.book("p1", 10)
    others = [hall.book(f"q{n}", hour, TUESDAY, "deed") for n, hour in enumerate((9, 10))]
    days = slots.stream("h", TUESDAY)
    hall.do(Act((Ask(days, JoinWaiting("w1", "a", "deed", "p1")),)))
    hall.do(cancel("h", TUESDAY, CancelAppointment(others[0])))
    settled = hall.settle(SlotsPlan(()))
    hall.apply(SlotsPlan(()), settled)
    assert hall.stream(days).state.waiting["w1"].ended == "booked"
    assert hall.broken() == []


def test_who_books_between_the_rehearsal_and_the_change_makes_it_refuse() -> None:
    hall = Hall()
    hall.book("p1", 10)
    settled = hall.settle(offered(MONDAY, 9))
    hall.book("p2", 10)
    with pytest.raises(Refused, match="bookings-stranded"):
        hall.apply(offered(MONDAY, 9), settled)


HOURS = (9, 10, 11)


@over(
    st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from(HOURS), st.sampled_from(["deed", "tax"])), max_size=12
    ),
    st.lists(st.tuples(st.sampled_from(HOURS), st.integers(0, 3)), max_size=3, unique_by=lambda one: one[0]),
    st.lists(st.tuples(st.sampled_from(HOURS), st.integers(1, 2)), max_size=3, unique_by=lambda one: one[0]),
)
def test_whatever_changes_nobody_is_lost_and_no_place_is_given_twice(
    bookings: list[tuple[int, int, str]], monday: list[tuple[int, int]], tuesday: list[tuple[int, int]]
) -> None:
    hall = Hall(tuesday=SlotsPlan(tuple(slot(TUESDAY, hour, public) for hour, public in sorted(tuesday))))
    for person, hour, item in bookings:
        with suppress(Refused):
            hall.book(f"p{person}", hour, item=item)
    plan = SlotsPlan(tuple(slot(MONDAY, hour, public) for hour, public in sorted(monday)))
    before = {name for name, one in hall.appointments().items() if isinstance(one, Booked)}
    if not hall.plans[TUESDAY].slots:
        hall.plans[TUESDAY] = offered(TUESDAY, 9, public=0)
    settled = hall.settle(plan)
    hall.apply(plan, settled)
    hit = {one.made.appointment for one in settled}
    for name in before:
        after = hall.appointments()[name]
        assert isinstance(after, Cancelled if name in hit else Booked)
    for one in settled:
        if one.booking is not None and one.day is not None:
            moved = hall.appointments(one.day)[one.booking.appointment]
            assert isinstance(moved, Booked)
            assert moved.booking.starts_at >= one.made.starts_at
    assert hall.broken() == []
