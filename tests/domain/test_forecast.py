"""The forecast: a line played on, and what the day has shown about it."""

from datetime import datetime, timedelta

from hypothesis import given as everywhere

from domain import queue
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.line import served_by
from domain.message import Event, Text
from domain.queue import (
    DayOpened,
    Queue,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    TicketLeft,
    WindowOpened,
    WindowPaused,
)
from domain.wait import HORIZON_S, Forecast, Wait, forecast
from tests.days import STREAM, days
from tests.histories import World
from tests.spec import NINE, given

NAME = Text("甲", "A")
PLAN = HallPlan(
    name=NAME,
    region="411328000000",
    queues=(QueuePlan("a", "A", NAME, 10), QueuePlan("b", "B", NAME, 10)),
    windows=(WindowPlan("w0", NAME, "general", ("a", "b")),),
)
Happened = tuple[datetime, Event]


def at(second: float) -> datetime:
    return NINE + timedelta(seconds=second)


def line(*happened: Happened, windows: int = 1, serves: tuple[str, ...] = ("a",)) -> Queue:
    """A day with open windows, and what happened then."""
    opened = [WindowOpened(f"w{n}", f"clerk:{n}", serves) for n in range(windows)]
    state: Queue = given(queue, DayOpened(PLAN), *opened, *happened).state
    return state


def issued(*numbers: str, second: float = 0, **more: str) -> list[Happened]:
    return [(at(second), TicketIssued(n, f"t-{n}", n[0].lower(), **more)) for n in numbers]  # type: ignore[arg-type]


def served(number: str, start: float, end: float, window: str = "w0") -> list[Happened]:
    """A ticket that was taken, called, served and finished."""
    return [
        *issued(number, second=start),
        (at(start), TicketCalled(number, window)),
        (at(start), ServiceStarted(number, window)),
        (at(end), ServiceFinished(number, window, f"t-{number}", number[0].lower())),
    ]


def busy(services: int, seconds: float, window: str = "w0") -> list[Happened]:
    """A window that served so many people, each so long, one straight after the other."""
    return [
        event
        for n in range(services)
        for event in served(f"A{900 + n}", n * seconds, (n + 1) * seconds, window)
    ]


def told(state: Queue, number: str, second: float = 0) -> Wait:
    return forecast(state, at(second)).tickets[number]


def test_without_an_open_window_nobody_is_told_a_wait() -> None:
    nobody = line(*issued("A001"), windows=0)
    assert forecast(nobody, NINE) == Forecast(NINE, {}, {}, {})
    paused = line(*issued("A001"), (NINE, WindowPaused("w0", "lunch")))
    assert forecast(paused, NINE).tickets == {}


def test_a_line_no_open_window_serves_is_told_nothing_while_others_are() -> None:
    seen = forecast(line(*issued("A001", "B001")), NINE)
    assert set(seen.tickets) == {"A001"}
    assert set(seen.newcomers) == {"a"}


def test_a_free_clerk_calls_within_seconds() -> None:
    assert told(line(*issued("A001")), "A001").p90 <= 20


def test_the_wait_is_a_range_and_grows_along_the_line() -> None:
    numbers = [f"A{n:03}" for n in range(12)]
    seen = forecast(line(*issued(*numbers), windows=2), NINE)
    waits = [seen.tickets[number] for number in numbers]
    assert all(wait.p50 <= wait.p90 for wait in waits)
    assert [w.p50 for w in waits] == sorted(w.p50 for w in waits)
    assert waits[-1].p50 <= seen.newcomers["a"].p50
    assert waits[-1].p90 > waits[-1].p50


def test_more_windows_mean_a_shorter_wait() -> None:
    numbers = [f"A{n:03}" for n in range(20)]
    one, three = (told(line(*issued(*numbers), windows=n), "A019").p50 for n in (1, 3))
    assert three < one / 2


def test_the_services_of_the_last_hour_outweigh_the_plan() -> None:
    """The plan says ten minutes, the last forty services took two."""
    quick = line(*busy(40, 120), *issued("A001", "A002", "A003", "A004", second=5000))
    wait = told(quick, "A004", 5000)
    assert 300 <= wait.p50 <= 420


def test_who_has_been_served_for_long_is_nearer_the_end() -> None:
    services = [*busy(20, 60), *served("A990", 2000, 2600)]
    called = (at(3000), TicketCalled("A001", "w0"))
    state = line(*services, *issued("A001", "A002", second=3000), called)
    assert told(state, "A002", 3055).p50 < told(state, "A002", 3000).p50


def test_a_priority_ticket_waits_for_fewer() -> None:
    numbers = [f"A{n:03}" for n in range(8)]
    seen = forecast(line(*issued(*numbers), *issued("A100", priority="elderly")), NINE)
    assert seen.tickets["A100"].p50 <= seen.tickets["A001"].p50


def test_a_line_that_a_window_prefers_less_waits_longer() -> None:
    seen = forecast(line(*issued("A001", "A002", "A003", "B001"), serves=("a", "b")), NINE)
    assert seen.tickets["B001"].p50 > seen.tickets["A003"].p50


def test_an_open_window_that_lets_people_wait_is_not_counted_on() -> None:
    """A second window is open too; its clerk let people wait for an hour while the first was calling them."""
    prompt = [event for n in range(30) for event in served(f"A{900 + n}", n * 120, n * 120 + 120)]
    waiting = issued("A001", "A002", "A003", second=-10)
    two = line(*waiting, *prompt, windows=2)
    assert two.experience.passed_over("w1", at(3600).timestamp()) == 3610
    assert told(two, "A003", 3600).p50 > 200
    called = [(at(10), TicketCalled("A001", "w1")), (at(20), TicketCalled("A002", "w0"))]
    one_each = line(*issued("A001", "A002", "A003"), *called, windows=2)
    assert one_each.experience.passed_over("w1", at(3600).timestamp()) > 0


def test_where_people_give_up_the_wait_is_shorter() -> None:
    numbers = [f"A{n:03}" for n in range(15)]
    leavers = [
        event
        for n in range(40)
        for event in (*issued(f"A{800 + n}", second=0), (at(60), TicketLeft(f"A{800 + n}")))
    ]
    patient = told(line(*issued(*numbers, second=60)), "A014", 60)
    fleeing = told(line(*leavers, *issued(*numbers, second=60)), "A014", 60)
    assert fleeing.p50 < patient.p50


def test_the_same_line_is_told_the_same_wait() -> None:
    state = line(*busy(10, 200), *issued("A001", "A002", second=3000))
    assert forecast(state, at(3000)) == forecast(state, at(3000))


def test_behind_a_line_that_moved_on_the_wait_is_in_proportion() -> None:
    seen = Forecast(NINE, {}, {"a": Wait(600, 1200)}, {"a": 5})
    assert seen.behind("a", 5) == Wait(600, 1200)
    assert seen.behind("a", 2) == Wait(300, 600)
    assert seen.behind("b", 2) is None


@everywhere(days())
def test_on_every_day_whoever_waits_for_an_open_window_is_told_a_range(world: World) -> None:
    state: Queue = world.state(STREAM)
    seen = forecast(state, NINE + timedelta(hours=3))
    served_lines = {name for w in state.windows.values() if w.state == "open" for name in w.queues}
    assert set(seen.newcomers) == served_lines
    waiting = [state.tickets[number] for name in served_lines for number in state.lines[name]]
    assert set(seen.tickets) == {ticket.number for ticket in waiting if served_by(state, ticket)}
    for wait in (*seen.tickets.values(), *seen.newcomers.values()):
        assert 0 <= wait.p50 <= wait.p90 <= HORIZON_S
