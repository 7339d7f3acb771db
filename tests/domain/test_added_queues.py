"""A day may be given queues its plan lacks, and tickets may be meant by the reference their asker made."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import queue
from domain.hall import HallPlan, QueuePlan
from domain.message import Text
from domain.queue import (
    QUEUES_MAX,
    AddQueue,
    CallTicket,
    DayOpened,
    IssueTicket,
    LeaveLine,
    QueueAdded,
    TicketCalled,
    TicketIssued,
    TicketLeft,
    WindowOpened,
)
from tests.spec import given

NAME = Text("民政", "Civil affairs")


def opened(*prefixes: str) -> DayOpened:
    lines = tuple(QueuePlan(f"line-{n}", prefix, NAME) for n, prefix in enumerate(prefixes))
    return DayOpened(HallPlan(name=NAME, region="411328000000", queues=lines, windows=()))


ISSUED = TicketIssued("A001", "tanghe.20260302.x7", "line-0")
DESK = WindowOpened("w1", "li", ("line-0",))


def test_a_queue_the_plan_lacks_gets_the_first_letter_of_its_own_name() -> None:
    given(queue, opened("A")).when(AddQueue("ps", NAME)).then(QueueAdded(QueuePlan("ps", "P", NAME)))


@pytest.mark.parametrize(
    ("taken", "line", "prefix"),
    [
        (("P",), "ps", "PS"),
        (("P", "PS"), "ps", "A"),
        (("A",), "7", "B"),
        (("A",), "3-b", "B"),
        (tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "7", "AA"),
    ],
)
def test_a_prefix_that_is_taken_is_not_given_again(taken: tuple[str, ...], line: str, prefix: str) -> None:
    given(queue, opened(*taken)).when(AddQueue(line, NAME)).then(QueueAdded(QueuePlan(line, prefix, NAME)))


def test_a_queue_the_day_has_stays_as_it_is() -> None:
    given(queue, opened("A")).when(AddQueue("line-0", Text("别名", "Another name"))).then()


def test_an_added_queue_gives_numbers_like_any_other() -> None:
    added = QueueAdded(QueuePlan("ps", "P", NAME))
    given(queue, opened("A"), added).when(IssueTicket("t1", "ps")).then(TicketIssued("P001", "t1", "ps"))


def test_a_day_does_not_take_queues_without_end() -> None:
    crowd = [
        QueueAdded(QueuePlan(f"q{n}", f"{chr(65 + n // 26)}{chr(65 + n % 26)}", NAME)) for n in range(99)
    ]
    assert QUEUES_MAX == 100
    given(queue, opened("A"), *crowd).when(AddQueue("one-more", NAME)).refused("queues-enough", queues=100)


def test_no_queue_is_added_before_the_day_is_open() -> None:
    given(queue).when(AddQueue("ps", NAME)).refused("day-not-open")


@for_all(st.lists(st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,8}\Z"), max_size=60))
def test_no_two_queues_of_a_day_share_a_prefix(lines: list[str]) -> None:
    state = given(queue, opened("A", "B")).when(*(AddQueue(line, NAME) for line in lines)).state
    prefixes = [plan.prefix for plan in state.queues.values()]
    assert len(set(prefixes)) == len(prefixes) == 2 + len(set(lines))


def test_a_ticket_may_be_called_by_its_reference() -> None:
    called = TicketCalled("A001", "w1", "as-recorded")
    asked = CallTicket("w1", ISSUED.ticket, "as-recorded")
    given(queue, opened("A"), DESK, ISSUED).when(asked).then(called)


def test_who_leaves_may_be_named_by_the_reference() -> None:
    given(queue, opened("A"), ISSUED).when(LeaveLine(ISSUED.ticket)).then(TicketLeft("A001"))


def test_a_reference_that_looks_like_a_number_never_hides_the_number() -> None:
    posing = TicketIssued("A002", "A001", "line-0")
    given(queue, opened("A"), ISSUED, posing).when(LeaveLine("A001")).then(TicketLeft("A001"))


def test_a_reference_nobody_has_is_an_unknown_ticket() -> None:
    given(queue, opened("A"), DESK).when(CallTicket("w1", "tanghe.20260302.zz")).refused("unknown-ticket")
