"""The order of a waiting line: what each policy promises, whoever stands in it."""

from datetime import datetime, timedelta
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.order import (
    PRIORITY_NAMES,
    STAFF,
    Ageing,
    Arrival,
    ByAppointment,
    Classes,
    OrderPolicy,
    Past,
    Ratio,
    count_call,
    first,
    in_order,
    reason,
)
from tests.spec import NINE


class Ticket:
    """A ticket as the order sees it."""

    def __init__(
        self, serial: int, priority: str = "ordinary", due: int | None = None, came: int = 0, after: int = 0
    ) -> None:
        self.serial = serial
        self.priority = priority
        self.due_at = None if due is None else NINE + timedelta(minutes=due)
        self.since = NINE + timedelta(minutes=came)
        self.after = after

    def __repr__(self) -> str:
        return f"{self.serial}"


def serials(
    policy: OrderPolicy, line: list[Ticket], minutes: int = 60, past: Past | None = None
) -> list[int]:
    at = NINE + timedelta(minutes=minutes)
    return [ticket.serial for ticket in in_order(policy, line, past or Past(), at)]


TEN = Classes({"veteran": 10})
POLICIES_WITH_CLASSES: list[OrderPolicy] = [TEN, ByAppointment(15, TEN), Ageing(45, TEN), Ratio(2, 1, TEN)]

POLICIES: list[OrderPolicy] = [
    Arrival(),
    Classes(),
    Classes({"elderly": "first", "veteran": 15}, 30),
    Classes({}, 0),
    ByAppointment(),
    ByAppointment(30, Classes({"disabled": 20})),
    Ageing(45),
    Ageing(10, Classes({})),
    Ratio(),
    Ratio(3, 2, Classes({"elderly": "first", "pregnant": 10})),
]
LINES = st.lists(
    st.builds(
        Ticket,
        st.just(0),
        st.sampled_from(sorted(PRIORITY_NAMES)),
        st.none() | st.integers(-60, 120),
        st.integers(0, 90),
        st.integers(0, 6) | st.just(0),
    ),
    max_size=14,
)
PASTS = st.builds(Past, st.integers(0, 6), st.integers(0, 2))
ANY = st.sampled_from(POLICIES)


def arrived(line: list[Ticket]) -> list[Ticket]:
    """The line with its places, given in the order of arrival."""
    line.sort(key=lambda ticket: ticket.since)
    for serial, ticket in enumerate(line, start=1):
        ticket.serial = serial
    return line


# --- every policy -------------------------------------------------------------------------------------------


@given(ANY, LINES, PASTS, st.randoms())
def test_an_order_has_everybody_once_and_depends_on_nothing_but_the_facts(
    policy: OrderPolicy, line: list[Ticket], past: Past, chance: object
) -> None:
    told = serials(policy, arrived(line), past=past)
    assert sorted(told) == [ticket.serial for ticket in line]
    chance.shuffle(line)  # type: ignore[attr-defined]
    assert serials(policy, line, past=past) == told


@given(ANY, LINES, PASTS)
def test_who_is_called_next_is_the_head_of_the_order(
    policy: OrderPolicy, line: list[Ticket], past: Past
) -> None:
    at = NINE + timedelta(hours=1)
    head = first(policy, arrived(line), past, at)
    assert ([] if head is None else [head]) == in_order(policy, line, past, at)[:1]


@given(ANY, LINES, PASTS)
def test_the_order_told_is_the_order_called(policy: OrderPolicy, line: list[Ticket], past: Past) -> None:
    """Also where several have come back after a missed call."""
    at, past = NINE + timedelta(hours=1), Past(past.called, past.turn)
    told, called = in_order(policy, arrived(line), past, at), []
    while head := first(policy, line, past, at):
        count_call(policy, head, past, at, in_turn=True)
        line.remove(head)
        called.append(head)
    assert called == told


@given(ANY, LINES, PASTS, st.data())
def test_nobody_of_ones_own_class_who_comes_later_passes(
    policy: OrderPolicy, line: list[Ticket], past: Past, data: st.DataObject
) -> None:
    if not arrived(line):
        return
    me = data.draw(st.sampled_from(line))
    behind = Ticket(len(line) + 1, me.priority, None, 90)
    behind.due_at = me.due_at
    before = serials(policy, line, 100, past).index(me.serial)
    told = serials(policy, [*line, behind], 100, past)
    if me.after <= past.called:
        assert told.index(me.serial) < told.index(behind.serial)
        assert told.index(me.serial) <= before


@given(ANY, LINES, PASTS)
def test_every_ticket_is_told_why_in_both_languages(
    policy: OrderPolicy, line: list[Ticket], past: Past
) -> None:
    for ticket in arrived(line):
        told = reason(policy, ticket, 3, past, NINE + timedelta(hours=1))
        assert told.zh.endswith("您前面还有3人。")
        assert told.en.endswith("3 ahead of you.")


# --- each policy --------------------------------------------------------------------------------------------


@given(LINES)
def test_strict_is_the_order_of_arrival(line: list[Ticket]) -> None:
    for ticket in arrived(line):
        ticket.after = 0
    assert serials(Arrival(), line) == [ticket.serial for ticket in line]


def test_classes_first_then_the_booked_whose_time_has_come_then_the_others() -> None:
    line = [Ticket(1), Ticket(2, due=30), Ticket(3, "elderly"), Ticket(4, due=90)]
    assert serials(Classes(), line) == [3, 2, 1, 4]


def test_a_class_without_an_effect_waits_like_everybody() -> None:
    assert serials(
        Classes({"pregnant": "first"}), [Ticket(1), Ticket(2, "veteran"), Ticket(3, "pregnant")]
    ) == [
        3,
        1,
        2,
    ]


def test_a_head_start_counts_as_having_come_earlier() -> None:
    line = [Ticket(1, came=0), Ticket(2, came=10), Ticket(3, "veteran", came=20)]
    assert serials(Classes({"veteran": 15}), line) == [1, 3, 2]
    assert "15 minutes earlier" in reason(Classes({"veteran": 15}), line[2], 1, Past(), NINE).en


def test_a_booking_goes_first_within_its_interval_only() -> None:
    line = [Ticket(1), Ticket(2, due=30)]
    assert serials(Classes({}, 60), line, 29) == [1, 2]
    assert serials(Classes({}, 60), line, 30) == [2, 1]
    assert serials(Classes({}, 60), line, 90) == [1, 2]


def test_who_has_booked_stands_at_the_front_at_their_time_and_comes_nearer_until_then() -> None:
    line = [Ticket(1, came=0), Ticket(2, due=60, came=5), Ticket(3, came=40), Ticket(4, came=50)]
    assert serials(ByAppointment(15), line, 55) == [1, 3, 2, 4]
    assert serials(ByAppointment(15), line, 60) == [2, 1, 3, 4]
    assert "at the front" in reason(ByAppointment(15), line[1], 0, Past(), NINE + timedelta(hours=1)).en


def test_whoever_has_waited_long_enough_goes_first() -> None:
    line = [Ticket(1, came=0), Ticket(2, "elderly", came=20)]
    assert serials(Ageing(45), line, 44) == [2, 1]
    assert serials(Ageing(45), line, 45) == [1, 2]
    assert "waited 45 minutes" in reason(Ageing(45), line[0], 0, Past(), NINE + timedelta(minutes=45)).en


@given(st.lists(st.sampled_from(["elderly", "disabled"]), max_size=200), st.integers(1, 9))
def test_nobody_starves_under_ageing(comers: list[str], a_minute: int) -> None:
    """Priority people come faster than a window calls; the one ordinary ticket is called when it has aged."""
    policy, past = Ageing(30), Past()
    line = [Ticket(1, came=0)]
    waiting = list(comers)
    for minute in range(32):
        at = NINE + timedelta(minutes=minute)
        for priority in waiting[:a_minute]:
            line.append(Ticket(1000 * (minute + 1) + len(line), priority, came=minute))
        del waiting[:a_minute]
        if not line:
            break
        head = first(policy, line, past, at)
        assert head is not None
        line.remove(head)
    assert all(ticket.serial != 1 for ticket in line)


@given(st.integers(1, 5), st.integers(1, 5), st.lists(st.booleans(), max_size=60), st.integers(0, 30))
def test_a_ratio_holds_over_any_run_in_which_both_sides_wait(
    preferred: int, others: int, comers: list[bool], at_once: int
) -> None:
    policy, past, at = Ratio(preferred, others), Past(), NINE
    line: list[Ticket] = []
    run: list[bool] = []
    queue = [Ticket(n, "elderly" if old else "ordinary") for n, old in enumerate(comers, start=1)]
    while queue or line:
        line += queue[: at_once + 1]
        del queue[: at_once + 1]
        both = len({ticket.priority for ticket in line}) == 2
        head = first(policy, line, past, at)
        assert head is not None
        count_call(policy, head, past, at, in_turn=True)
        line.remove(head)
        run = [*run, head.priority == "elderly"] if both else []
        if len(run) >= preferred + others:
            assert sum(run[-preferred - others :]) == preferred


def test_two_to_one() -> None:
    line = [Ticket(n) for n in range(1, 5)] + [Ticket(n, "elderly") for n in range(5, 10)]
    assert serials(Ratio(2, 1), line) == [5, 6, 1, 7, 8, 2, 9, 3, 4]
    assert "2 with precedence and 1 without" in reason(Ratio(2, 1), line[0], 2, Past(), NINE).en


def test_somebody_picked_out_of_turn_does_not_move_the_ratio() -> None:
    past = Past()
    count_call(Ratio(), Ticket(1, "elderly"), past, NINE, in_turn=False)
    assert (past.called, past.turn) == (1, 0)


def test_who_comes_back_after_a_missed_call_lets_as_many_pass_as_the_hall_says() -> None:
    line = [Ticket(1, after=2), Ticket(2), Ticket(3), Ticket(4)]
    assert serials(Classes(), line) == [2, 3, 1, 4]
    assert serials(Classes(), line, past=Past(called=1)) == [2, 1, 3, 4]
    assert serials(Classes(), line, past=Past(called=2)) == [1, 2, 3, 4]
    assert serials(Classes(), line[:1]) == [1]
    assert "2 others" in reason(Classes(), line[0], 2, Past(), NINE).en


def test_nobody_is_said_to_let_more_people_pass_than_there_are() -> None:
    told = reason(Classes(), Ticket(1, after=3), 0, Past(), NINE)
    assert "3" not in told.zh + told.en
    assert "everybody else" in told.en
    assert "at least 3" in reason(Classes(), Ticket(1, after=3), 5, Past(), NINE).en
    assert "call: 3 others" in reason(Classes(), Ticket(1, after=3), 3, Past(), NINE).en


def test_a_head_start_that_is_told_is_given_under_every_policy() -> None:
    """Two who came five minutes apart, the later with ten minutes' start: whoever is told of it stands before."""
    for policy in POLICIES_WITH_CLASSES:
        first, second = Ticket(1), Ticket(2, "veteran", came=5)
        assert "10 minutes earlier" in reason(policy, second, 0, Past(), NINE + timedelta(minutes=6)).en
        assert serials(policy, [first, second], minutes=6) == [2, 1], policy


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_the_next_of_five_hundred_is_found_at_once(policy: OrderPolicy) -> None:
    """200 microseconds on a quiet machine (0.5 ms here, so that a busy one does not fail)."""
    names = sorted(PRIORITY_NAMES)
    line = [Ticket(n, names[n % 8], n if n % 3 == 0 else None, n // 10) for n in range(500)]
    at: datetime = NINE + timedelta(hours=3)
    took = []
    for _ in range(30):
        began = perf_counter()
        first(policy, line, Past(), at)
        took.append(perf_counter() - began)
    assert min(took) < 0.0005


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: type(policy).__name__)
def test_a_reason_is_told_to_a_clerk_in_the_third_person(policy: OrderPolicy) -> None:
    """The same facts, and nobody at the counter is told that they wait themselves."""
    at = NINE + timedelta(minutes=60)
    for priority in PRIORITY_NAMES:
        for due in (None, 30, 90):
            ticket = Ticket(1, priority, due)
            holder = reason(policy, ticket, 2, Past(), at)
            clerk = reason(policy, ticket, 2, Past(), at, STAFF)
            assert clerk.zh == holder.zh.replace("您", "")
            assert not {"you", "your"} & set(clerk.en.lower().replace(":", " ").replace(".", " ").split())
            assert clerk.en.endswith("2 ahead of them.")
