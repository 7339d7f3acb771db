"""The place in line that somebody is told is the one in which they are called."""

from copy import deepcopy
from datetime import datetime, timedelta

import msgspec
from hypothesis import given as everywhere
from hypothesis import strategies as st

from domain import queue
from domain.hall import WindowPlan
from domain.line import Keeper, Queue, Window, ahead, desk_of, next_in_line, past, places
from domain.message import Text
from domain.order import Ageing, Arrival, ByAppointment, Classes, OrderPolicy, Past, Priority, Ratio
from domain.queue import DayOpened, TicketCalled, TicketIssued, WindowOpened
from tests.domain.test_queue import PLAN
from tests.spec import NINE, stamp

SOME = Classes({"elderly": "first", "veteran": 15}, 30)
POLICIES: list[OrderPolicy] = [Arrival(), SOME, ByAppointment(15, SOME), Ageing(10, SOME), Ratio(2, 1, SOME)]
SIGNS = Text("手语", "Sign language")

CLASSES: list[Priority] = ["ordinary", "ordinary", "elderly", "veteran"]
people = st.tuples(
    st.sampled_from(CLASSES),
    st.none() | st.integers(-30, 30),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([None, None, "1", "2"]),
)
"""Their class, their booked minute, how many they let pass, whether they need a skill, the window they are kept for."""


@everywhere(st.sampled_from(POLICIES), st.lists(people, max_size=7), st.integers(0, 2))
def test_so_many_are_called_before_somebody_as_they_are_told(
    policy: OrderPolicy,
    line: list[tuple[Priority, int | None, int, bool, str | None]],
    turn: int,
) -> None:
    plan = msgspec.structs.replace(PLAN, order=policy, skills={"signs": SIGNS}, clerks={"li": ("signs",)})
    day = queue.initial()
    opened = [WindowOpened(name, name, ("general",)) for name in ("1", "2")]
    for begun in (DayOpened(plan), *opened):
        day = queue.evolve(day, begun, stamp())
    day.pasts["general"] = Past(5, turn)
    now = NINE + timedelta(minutes=20)
    for nth, (priority, due, after, signs, window) in enumerate(line, 1):
        due_at = None if due is None else now + timedelta(minutes=due)
        came = NINE + timedelta(minutes=3 * nth)
        issued = TicketIssued(f"A{nth:03}", f"t{nth}", "general", None, priority, None, due_at)
        day = queue.evolve(day, issued, stamp(came))
        ticket = day.tickets[issued.number]
        ticket.skill, ticket.after = "signs" if signs else None, after and 5 + after
        ticket.kept_for = window and Keeper(window)
        if after or signs or window:
            day.special.setdefault("general", set()).add(issued.number)
    told = places(day, "general", now)
    for number in day.lines["general"]:
        assert ahead(day, number, now) == told[number] == called_before(deepcopy(day), number, now)
    assert past(day, "general").called == 5


def called_before(day: Queue, number: str, at: datetime) -> int:
    """How many are called before somebody by the one window that calls them, or by one that may call everybody."""
    mine = day.tickets[number]
    window = desk_of(day, mine) or "9"
    plan = WindowPlan(window, Text(window, window), "general", (mine.queue,))
    here = day.windows.setdefault(window, Window(plan, (mine.queue,), "open", skills=("signs",)))
    called = 0
    while (first := next_in_line(day, (mine.queue,), at, window)) is not None and first is not mine:
        queue.evolve(day, TicketCalled(first.number, window), stamp(at))
        first.status, here.serving = "served", None
        called += 1
    assert first is mine
    return called
