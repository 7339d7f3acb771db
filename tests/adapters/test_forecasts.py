"""Forecasts are made once for all who ask, and never take more than their share of the process."""

from datetime import timedelta

from adapters import forecasts
from adapters.forecasts import Forecasts
from domain import queue
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.handling import Held
from domain.message import Event, Text
from domain.queue import DayOpened, Queue, TicketIssued, WindowOpened, WindowPaused
from domain.wait import expected, forecast
from tests.spec import NINE, stamp

NAME = Text("甲", "A")
OPENED = DayOpened(
    HallPlan(
        name=NAME,
        region="411328000000",
        queues=(QueuePlan("a", "A", NAME),),
        windows=(WindowPlan("w0", NAME, "general", ("a",)),),
    )
)
LATER = forecasts.FRESH_FOR + timedelta(seconds=1)


class Clock:
    """Every look at it takes a millisecond."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        self.at += 0.001
        return self.at


def happens(held: Held, *events: Event) -> Held:
    for event in events:
        held.state = queue.evolve(held.state, event, stamp())
        held.version += 1
    return held


def line(length: int) -> Held:
    tickets = [TicketIssued(f"A{n:03}", f"t{n}", "a") for n in range(length)]
    return happens(Held(queue.initial()), OPENED, WindowOpened("w0", "li", ("a",)), *tickets)


def ticket(held: Held, number: str) -> queue.Ticket:
    day: Queue = held.state
    return day.tickets[number]


def test_all_who_ask_about_an_unchanged_line_share_one_forecast() -> None:
    kept, held = Forecasts(Clock()), line(5)
    told = forecast(held.state, NINE).tickets
    for number in told:
        assert kept.wait("q", held, ticket(held, number), 0, NINE) == told[number]
    assert kept.made == 1


def test_a_line_that_changed_is_played_on_again() -> None:
    clock = Clock()
    kept, held = Forecasts(clock), line(2)
    kept.wait("q", held, ticket(held, "A000"), 0, NINE)
    clock.at += 60
    happens(held, TicketIssued("A002", "t2", "a"))
    assert kept.wait("q", held, ticket(held, "A002"), 2, NINE) == forecast(held.state, NINE).tickets["A002"]
    assert kept.made == 2


def test_a_line_in_which_nothing_happens_is_played_on_again_after_a_while() -> None:
    clock = Clock()
    kept, held = Forecasts(clock), line(2)
    for at, made in ((NINE, 1), (NINE + forecasts.FRESH_FOR, 1), (NINE + LATER, 2)):
        clock.at += 60
        kept.wait("q", held, ticket(held, "A001"), 1, at)
        assert kept.made == made


def test_while_forecasts_have_had_their_share_the_last_one_is_told_in_proportion() -> None:
    kept, held = Forecasts(Clock()), line(3)
    kept.wait("q", held, ticket(held, "A000"), 0, NINE)
    happens(held, *(TicketIssued(f"A{n:03}", f"t{n}", "a") for n in range(3, 7)))
    wait = kept.wait("q", held, ticket(held, "A006"), 6, NINE)
    assert kept.made == 1
    assert wait == forecast(line(3).state, NINE).behind("a", 6)


def test_before_there_is_a_forecast_the_formula_answers() -> None:
    kept, other, held = Forecasts(Clock()), line(1), line(4)
    kept.wait("other", other, ticket(other, "A000"), 0, NINE)
    assert kept.wait("q", held, ticket(held, "A003"), 3, NINE) == expected(held.state, "a", 3)
    assert kept.made == 1


def test_nobody_is_told_a_forecast_from_before_the_windows_paused() -> None:
    kept, held = Forecasts(Clock()), line(3)
    assert kept.wait("q", held, ticket(held, "A000"), 0, NINE) is not None
    happens(held, WindowPaused("w0", "lunch"))
    assert kept.wait("q", held, ticket(held, "A000"), 0, NINE) is None
