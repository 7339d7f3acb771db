"""The forecast knows what clerks know: who needs a skill waits for a clerk who has it, whoever else is free."""

import msgspec
from hypothesis import given as everywhere
from hypothesis import strategies as st

from adapters.forecasts import Forecasts
from domain import queue
from domain.handling import Held
from domain.message import Event
from domain.queue import (
    DayOpened,
    IssueTicket,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    TicketTransferred,
    WindowOpened,
    WindowPaused,
    newcomer,
)
from domain.wait import expected, forecast
from tests.domain.test_skills import A1, A2, LI, OPEN, PLAN, WANG, ZHAO, after
from tests.spec import NINE, given

B1 = TicketIssued("B001", "t3", "b")
STREAM = "queue-tanghe-2026-03-02"


def plain(number: int) -> TicketIssued:
    return TicketIssued(f"A{number:03}", f"p{number}", "a")


def in_service(number: int, window: str) -> tuple[Event, ...]:
    return (plain(number), TicketCalled(f"A{number:03}", window), ServiceStarted(f"A{number:03}", window))


def test_who_needs_a_skill_waits_for_the_clerk_who_has_it_though_another_is_free() -> None:
    state = after(OPEN, LI, ZHAO, *in_service(900, "1"), A1, A2)
    told = forecast(state, NINE).tickets
    assert told["A002"].p90 <= 20, "called at once by the free window"
    assert told["A001"].p50 >= 120, "by whoever knows, once they are free"


def test_the_others_pass_them_over_and_are_not_held_up() -> None:
    line = [plain(number) for number in range(10, 20)]
    behind = after(OPEN, ZHAO, A1, *line)
    alone = after(OPEN, ZHAO, *line)
    assert forecast(behind, NINE).tickets == forecast(alone, NINE).tickets


def test_whom_no_open_window_calls_is_told_nothing() -> None:
    seen = forecast(after(OPEN, ZHAO, A1, A2, B1), NINE)
    assert set(seen.tickets) == {"A002"}
    assert set(seen.newcomers) == {"a"}, "nobody knows what the other queue needs"
    assert set(forecast(after(OPEN, WANG, B1), NINE).tickets) == {"B001"}


def test_who_is_kept_for_a_window_waits_for_that_window() -> None:
    sent = TicketTransferred("A002", "3", "a", "go there", to_window="1")
    there = (OPEN, LI, ZHAO, *in_service(900, "1"), A2, TicketCalled("A002", "3"), sent)
    assert forecast(after(*there), NINE).tickets["A002"].p50 >= 120
    assert "A002" not in forecast(after(*there, WindowPaused("1", "break")), NINE).tickets


def test_a_newcomer_who_needs_a_skill_is_told_the_wait_of_those_who_do() -> None:
    state = after(OPEN, LI, ZHAO, *in_service(900, "1"))
    seen = forecast(state, NINE)
    assert seen.skilled["a", "sign"].p50 > seen.newcomers["a"].p50
    assert seen.behind("a", 0, "sign") == seen.skilled["a", "sign"]
    held, kept = Held(state, 9, 9), Forecasts()
    for skill, wait in (("sign", seen.skilled["a", "sign"]), (None, seen.newcomers["a"])):
        coming = newcomer(state, IssueTicket("t9", "a", skill=skill), NINE)
        assert kept.wait(STREAM, held, coming, 0, NINE) == wait


def test_where_every_clerk_knows_it_nobody_is_told_apart() -> None:
    seen = forecast(after(OPEN, LI, A1), NINE)
    assert seen.skilled == {}
    assert seen.behind("a", 1, "sign") == seen.behind("a", 1)


def test_the_formula_counts_the_windows_that_may_call_a_ticket() -> None:
    state = after(OPEN, LI, ZHAO, *in_service(900, "1"), A1, A2)
    plain_one, skilled = (
        expected(state, "a", 0, state.tickets["A002"]),
        expected(state, "a", 0, state.tickets["A001"]),
    )
    assert plain_one is not None
    assert skilled is not None
    assert (plain_one.p50, skilled.p50 > 0) == (0, True)
    assert expected(after(OPEN, ZHAO, A1), "a", 0, state.tickets["A001"]) is None
    assert expected(after(OPEN, ZHAO, LI, B1), "b", 0) is None


@everywhere(st.integers(1, 4), st.integers(0, 4), st.integers(0, 12), st.integers(0, 6))
def test_another_clerk_who_knows_never_lengthens_the_wait(
    skilled: int, others: int, before: int, behind: int
) -> None:
    """One line, called in order: the plain case. What is told comes by chance, and may differ by little."""
    clerks = {f"c{n}": ("sign",) if n < skilled + 1 else () for n in range(skilled + 1 + others)}
    opened = DayOpened(msgspec.structs.replace(PLAN, clerks=clerks))
    windows = [WindowOpened(f"w{n}", clerk, ("a",), known) for n, (clerk, known) in enumerate(clerks.items())]
    line = [*(plain(n) for n in range(10, 10 + before)), A1, *(plain(n) for n in range(50, 50 + behind))]
    fewer = forecast(given(queue, opened, *windows[1:], *line).state, NINE).tickets["A001"]
    more = forecast(given(queue, opened, *windows, *line).state, NINE).tickets["A001"]
    for now, then in ((more.p50, fewer.p50), (more.p90, fewer.p90)):
        assert now <= then * 1.1 + 15
