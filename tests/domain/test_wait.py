"""The expected wait: what it is made of, and that it never runs the wrong way."""

from datetime import datetime, timedelta

from hypothesis import given as everywhere
from hypothesis import strategies as st

from domain import queue
from domain.hall import HallPlan, QueuePlan
from domain.message import Event, Text
from domain.queue import (
    DayOpened,
    Queue,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    WindowOpened,
    WindowPaused,
)
from domain.wait import Wait, expected
from tests.spec import NINE, given, stamp

NAME = Text("甲", "A")
OPEN = DayOpened(
    HallPlan(name=NAME, region="411328000000", queues=(QueuePlan("a", "A", NAME, 10),), windows=())
)


def windows(count: int, busy: bool = True) -> Queue:
    """So many open windows; the busy ones have somebody in hand."""
    history: list[Event] = [OPEN]
    for n in range(count):
        history.append(WindowOpened(f"w{n}", f"clerk:{n}", ("a",)))
        if busy:
            history += [TicketIssued(f"A{n:03}", f"t{n}", "a"), TicketCalled(f"A{n:03}", f"w{n}")]
    state: Queue = given(queue, *history).state
    return state


def test_nobody_can_say_while_no_window_calls() -> None:
    assert expected(windows(0), "a", 3) is None
    paused = queue.evolve(windows(1, busy=False), WindowPaused("w0", "break"), stamp())
    assert expected(paused, "a", 0) is None


def test_a_free_window_calls_at_once() -> None:
    assert expected(windows(2, busy=False), "a", 1) == Wait(0, 0)
    later = expected(windows(2, busy=False), "a", 2)
    assert later is not None
    assert later.p50 > 0


def test_the_first_in_line_waits_for_one_service_to_end() -> None:
    """Of an exponential time of mean 600 s the median is 416 s, the ninetieth percentile 1,382 s."""
    wait = expected(windows(1), "a", 0)
    assert wait is not None
    assert abs(wait.p50 - 416) < 10
    assert abs(wait.p90 - 1382) < 30


def test_the_days_own_services_outweigh_the_plan() -> None:
    history: list[Event | tuple[datetime, Event]] = [OPEN, WindowOpened("w0", "clerk:0", ("a",))]
    clock = NINE
    for n in range(100):
        history += [
            (clock, TicketIssued(f"A{n:03}", f"t{n}", "a")),
            (clock, TicketCalled(f"A{n:03}", "w0")),
            (clock, ServiceStarted(f"A{n:03}", "w0")),
            (clock + timedelta(minutes=2), ServiceFinished(f"A{n:03}", "w0", f"t{n}", "a")),
        ]
        clock += timedelta(minutes=2)
    state = given(queue, *history).state
    slow, quick = expected(windows(1, busy=False), "a", 10), expected(state, "a", 10)
    assert slow is not None
    assert quick is not None
    assert abs(quick.p50 / slow.p50 - (100 * 120 + 5 * 600) / 105 / 600) < 0.01


@everywhere(st.integers(1, 8), st.integers(0, 60))
def test_more_people_ahead_mean_a_longer_wait_and_more_windows_a_shorter(count: int, ahead: int) -> None:
    here, behind, more = (
        expected(windows(n), "a", a) for n, a in ((count, ahead), (count, ahead + 1), (count + 1, ahead))
    )
    assert here is not None
    assert behind is not None
    assert more is not None
    assert here.p50 <= here.p90
    assert more.p50 < here.p50 < behind.p50
    assert more.p90 < here.p90 < behind.p90
