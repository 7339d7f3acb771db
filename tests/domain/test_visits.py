"""One visit for several items: one number, one line after the other, nothing asked for twice."""

from datetime import timedelta

import pytest

from domain import queue
from domain.line import Stop
from domain.message import Command
from domain.queue import (
    CallNext,
    FinishService,
    IssueTicket,
    ServiceFinished,
    ServiceStarted,
    SplitUndone,
    SplitVisit,
    TicketCalled,
    TicketIssued,
    TicketLeft,
    UndoLast,
    VisitSplit,
)
from tests.domain.test_queue import OPEN, W1, W2
from tests.spec import NINE, given

STOP = Stop("estate", ("deed", "map"))
LAST = Stop("general", ("stamp",))
ISSUED = TicketIssued("A001", "t1", "general", "card", more=("photo",), stops=(STOP, LAST))
SERVING = (OPEN, W1, W2, ISSUED, TicketCalled("A001", "1"), ServiceStarted("A001", "1"))
ON = VisitSplit("A001", "1", "t1", "general", "estate", "deed", ("card",), more=("map",), stops=(LAST,))


def test_a_ticket_may_be_for_several_items_in_several_queues() -> None:
    asked = IssueTicket("t1", "general", "card", more=("photo",), stops=(STOP, LAST))
    given(queue, OPEN).when(asked).then(ISSUED)
    given(queue, OPEN).when(IssueTicket("t1", "general", stops=(Stop("moon", ("x",)),))).refused(
        "unknown-queue"
    )


def test_a_finished_service_sends_the_visit_on_with_its_number() -> None:
    state = given(queue, *SERVING).when(FinishService("1", ("card",))).then(ON)
    ticket = state.tickets["A001"]
    assert (ticket.status, ticket.queue, ticket.item, ticket.more) == ("waiting", "estate", "deed", ("map",))
    assert ticket.stops == (LAST,)
    assert (state.windows["1"].serving, list(state.lines["estate"])) == (None, ["A001"])
    given(queue, *SERVING, ON).when(CallNext("2")).then(TicketCalled("A001", "2"))


def test_what_was_handled_already_is_no_stop_any_more() -> None:
    shorter = VisitSplit("A001", "1", "t1", "general", "estate", "map", ("card", "deed"), stops=(LAST,))
    given(queue, *SERVING).when(FinishService("1", ("card", "deed"))).then(shorter)
    skipped = VisitSplit("A001", "1", "t1", "general", "general", "stamp", ("deed", "map"), stops=())
    given(queue, *SERVING).when(FinishService("1", ("deed", "map"))).then(skipped)
    everything = ("card", "deed", "map", "stamp")
    given(queue, *SERVING).when(FinishService("1", everything)).then(
        ServiceFinished("A001", "1", "t1", "general", everything)
    )


def test_the_last_stop_ends_the_visit() -> None:
    at_last = VisitSplit("A001", "1", "t1", "general", "general", "stamp", (), stops=())
    again = (TicketCalled("A001", "1"), ServiceStarted("A001", "1"))
    given(queue, *SERVING, at_last, *again).when(FinishService("1", ("stamp",))).then(
        ServiceFinished("A001", "1", "t1", "general", ("stamp",), nth=1)
    )


# --- undone ---------------------------------------------------------------------------------------------------

UNDONE = SplitUndone("A001", "1", "general", "t1")


@pytest.mark.parametrize(
    "done", [FinishService("1", ("card",)), SplitVisit("1", "estate", "deed", skill=None)]
)
def test_a_visit_that_went_on_is_in_service_again_as_if_it_had_not(done: Command) -> None:
    before = given(queue, *SERVING).state
    day = given(queue, *SERVING).when(done)
    assert list(day.state.lines["estate"]) == ["A001"]
    after = day.when(UndoLast("1")).then(UNDONE)
    after.tickets["A001"].endings = 0  # it is remembered that there was one
    assert (after.tickets, after.windows, after.lines) == (before.tickets, before.windows, before.lines)
    assert sum(line.services for line in after.experience.lines.values()) == 0
    day.when(FinishService("1", ("card",))).then(ON)


def test_it_is_not_taken_out_of_the_hands_of_the_window_that_called_it_next() -> None:
    called = (*SERVING, ON, TicketCalled("A001", "2"))
    given(queue, *called).when(UndoLast("1")).refused("called-elsewhere", number="A001", window="2")


def test_it_goes_back_for_a_short_time_only_and_not_if_its_holder_has_left() -> None:
    late = NINE + timedelta(seconds=61)
    given(queue, *SERVING, ON).at_time(late).when(UndoLast("1")).refused("too-late-to-undo", seconds=60)
    given(queue, *SERVING, ON, TicketLeft("A001")).when(UndoLast("1")).refused("nothing-to-undo")


def test_what_is_undone_twice_is_undone_once() -> None:
    given(queue, *SERVING, ON, UNDONE).when(UndoLast("1")).refused("window-busy", number="A001")
