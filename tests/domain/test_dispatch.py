"""Dispatch help: which lines are too long, and which window could help."""

from datetime import datetime, timedelta

from hypothesis import given as everywhere

from domain import queue
from domain.dispatch import LineInAlarm, dispatch
from domain.hall import Alarms, HallPlan, QueuePlan, WindowPlan
from domain.message import Event, Text
from domain.queue import DayClosed, DayOpened, Queue, TicketCalled, TicketIssued, WindowOpened, WindowPaused
from tests.days import STREAM, days
from tests.histories import World
from tests.spec import NINE, given

A, B = Text("综合", "General"), Text("不动产", "Property")
PLAN = HallPlan(
    name=A,
    region="411328000000",
    queues=(QueuePlan("a", "A", A), QueuePlan("b", "B", B)),
    windows=(
        WindowPlan("w1", Text("1号窗口", "Window 1"), "general", ("a",)),
        WindowPlan("w2", Text("2号窗口", "Window 2"), "general", ("b",)),
        WindowPlan("w3", Text("3号窗口", "Window 3"), "general", ("b", "a")),
    ),
)
W1, W2 = WindowOpened("w1", "li", ("a",)), WindowOpened("w2", "wang", ("b",))


def advised(*happened: Event, minutes: float = 0, alarms: Alarms = Alarms()) -> list[LineInAlarm]:  # noqa: B008
    state: Queue = given(queue, DayOpened(PLAN), *happened).state
    return dispatch(state, alarms, NINE + timedelta(minutes=minutes))


def people(many: int, line: str = "a") -> list[Event]:
    return [TicketIssued(f"{line.upper()}{n:03}", f"t-{line}{n}", line) for n in range(many)]


def test_ten_people_are_no_alarm_and_eleven_are() -> None:
    assert advised(W1, *people(10)) == []
    (line,) = advised(W1, *people(11))
    assert (line.queue, line.waiting, line.causes, line.windows_open) == ("a", 11, ("waiting",), 1)


def test_a_wait_of_more_than_fifteen_minutes_for_one_in_five_is_an_alarm() -> None:
    assert advised(W1, *people(3), minutes=15) == []
    (line,) = advised(W1, *people(3), minutes=15.1)
    assert (line.causes, line.p80_wait_s) == (("wait",), 906)


def test_the_hall_sets_its_own_thresholds() -> None:
    assert advised(W1, *people(11), alarms=Alarms(waiting=20)) == []
    (line,) = advised(W1, *people(3), minutes=6, alarms=Alarms(wait_minutes=5))
    assert line.causes == ("wait",)


def test_people_before_no_open_window_are_an_alarm_at_once() -> None:
    (line,) = advised(*people(1))
    assert line.causes == ("unserved",)


def test_an_idle_window_of_another_queue_is_lent() -> None:
    (line,) = advised(W1, W2, *people(11))
    (suggestion,) = line.suggestions
    assert (suggestion.help, suggestion.window, suggestion.queues) == ("lend", "w2", ("a", "b"))
    assert suggestion.text == Text(
        "2号窗口空闲，可临时受理综合。", "Window 2 is idle and could also serve General."
    )


def test_a_window_with_people_of_its_own_is_not_lent_and_a_tide_window_is_opened() -> None:
    (line,) = advised(W1, W2, *people(11), *people(1, "b"))
    (suggestion,) = line.suggestions
    assert (suggestion.help, suggestion.window, suggestion.queues) == ("open", "w3", ("a", "b"))
    assert "潮汐窗口" in suggestion.text.zh


def test_a_busy_window_is_not_idle() -> None:
    busy = [*people(1, "b"), TicketCalled("B000", "w2")]
    (line,) = advised(W1, W2, *busy, *people(11))
    assert line.suggestions[0].help == "open"


def test_a_paused_window_of_the_line_goes_on_before_another_is_opened() -> None:
    (line,) = advised(W1, WindowPaused("w1", "break"), *people(11))
    assert (line.suggestions[0].help, line.suggestions[0].window) == ("resume", "w1")
    assert line.causes == ("waiting", "unserved")


def test_one_window_is_not_promised_to_two_lines() -> None:
    lines = advised(*people(12), *people(11, "b"))
    windows = [s.window for line in lines for s in line.suggestions]
    assert [line.queue for line in lines] == ["a", "b"]
    assert len(set(windows)) == len(windows) == 2


def test_after_the_day_nobody_waits_and_nothing_is_advised() -> None:
    assert advised(W1, DayClosed()) == []


@everywhere(days())
def test_on_every_day_advice_names_a_window_that_can_do_it(world: World) -> None:
    state: Queue = world.state(STREAM)
    at: datetime = NINE + timedelta(hours=5)
    lines = dispatch(state, Alarms(waiting=1, wait_minutes=1), at)
    states = {"lend": "open", "resume": "paused", "open": "closed"}
    for line in lines:
        assert line.waiting == len(state.lines[line.queue]) > 0
        for suggestion in line.suggestions:
            window = state.windows[suggestion.window]
            assert (window.state, window.serving) == (states[suggestion.help], None)
            assert line.queue in suggestion.queues
