"""Acts tried on copies: each decided behind those that were fine, whole or not at all, as if it were done."""

from datetime import date, timedelta

import pytest
from hypothesis import given as everywhere
from hypothesis import strategies as st

from domain import acts, citizen, slots
from domain.booking import Limits
from domain.citizen import RecordBooking
from domain.handling import Act, Ask, Rehearsal
from domain.message import Refused
from domain.offering import offer
from domain.slots import BookSlot
from tests.domain.test_acts import DAY, PLAN, Log, at
from tests.spec import stamp

LIMITS = Limits(per_day=2)
STAMP = stamp(at(6))


def book(name: str, hall: str, day: date, hour: int, person: str, item: str = "id-card") -> Act:
    command = BookSlot(name, f"general-{hour:02}00", "general", item, person)
    return acts.book(hall, day, command, offered=offer(PLAN, day), limits=LIMITS)


def code(trial: Rehearsal, act: Act) -> str | None:
    try:
        trial.perform(act, STAMP)
    except Refused as refused:
        return refused.code
    return None


def test_what_one_person_may_have_is_counted_in_every_hall() -> None:
    trial = Rehearsal()
    assert code(trial, book("p1", "tanghe", DAY, 9, "li", "a")) is None
    assert code(trial, book("p2", "guotan", DAY, 9, "li", "b")) == "bookings-overlap"
    assert code(trial, book("p3", "guotan", DAY, 10, "li", "b")) is None
    assert code(trial, book("p4", "huyang", DAY, 11, "li", "c")) == "too-many-bookings"
    assert code(trial, book("p5", "huyang", DAY + timedelta(days=1), 11, "li", "c")) is None


def test_what_was_refused_has_left_nothing_behind() -> None:
    trial = Rehearsal()
    assert code(trial, book("p1", "tanghe", DAY, 9, "li")) is None
    assert code(trial, book("p2", "tanghe", DAY, 10, "li")) == "item-booked-that-day"
    day: slots.Slots = trial.state(slots.stream("tanghe", DAY))
    assert list(day.appointments) == ["p1"], "the place is given back when the person's record refuses"
    assert code(trial, book("p3", "tanghe", DAY, 10, "wang")) is None


def test_a_trial_begins_with_what_is_and_changes_nothing_of_it() -> None:
    log = Log()
    log.do(book("p1", "guotan", DAY, 9, "li"), at(6))
    trial = Rehearsal()
    for name, held in log.held.items():
        trial.take(name, held)
    version = log.hold("citizen-li").version
    assert code(trial, book("p2", "tanghe", DAY, 10, "li")) == "item-booked-that-day"
    assert code(trial, book("p3", "tanghe", DAY, 10, "li", "deed")) is None
    assert log.hold("citizen-li").version == version
    assert list(log.hold("citizen-li").state.bookings) == ["p1"]


def test_an_act_that_refuses_last_is_undone_first_to_last() -> None:
    trial = Rehearsal()
    good = book("p1", "tanghe", DAY, 9, "li")
    missing = Ask(citizen.stream("li"), citizen.RecordVisit("nobody"))
    with pytest.raises(Refused, match="unknown-appointment"):
        trial.perform(Act((*good.asks, missing)), STAMP)
    assert "slots-tanghe-2026-03-02" in trial
    assert trial.state(slots.stream("tanghe", DAY)).appointments == {}
    assert trial.state(citizen.stream("li")).bookings == {}


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["tanghe", "guotan"]),
        st.sampled_from([DAY, DAY + timedelta(days=1)]),
        st.sampled_from([9, 10, 11]),
        st.sampled_from(["li", "wang", "zhao"]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=25,
)


@everywhere(ROWS, ROWS)
def test_a_trial_says_of_every_row_what_would_become_of_it(
    before: list[tuple[str, date, int, str, str]], rows: list[tuple[str, date, int, str, str]]
) -> None:
    log = Log()

    def done(name: str, row: tuple[str, date, int, str, str]) -> str | None:
        try:
            log.do(book(name, *row), at(6))
        except Refused as refused:
            return refused.code
        return None

    for n, row in enumerate(before):
        done(f"b{n}", row)
    trial = Rehearsal(log.held)
    tried = [code(trial, book(f"r{n}", *row)) for n, row in enumerate(rows)]
    assert tried == [done(f"r{n}", row) for n, row in enumerate(rows)]


def test_nothing_is_decided_twice_however_many_rows_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    decided = 0
    decide = citizen.decide

    def counted(command: citizen.AnyCommand, *rest: object) -> object:
        nonlocal decided
        decided += isinstance(command, RecordBooking)
        return decide(command, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(citizen, "decide", counted)
    trial = Rehearsal()
    for n in range(100):
        code(trial, book(f"p{n}", "tanghe", DAY, 9 + n % 3, f"person-{n}"))
    assert decided <= 100
