"""One visit for several items: one number, one line after the other, nothing asked for twice."""

from domain import queue
from domain.line import Stop
from domain.queue import (
    CallNext,
    FinishService,
    IssueTicket,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    VisitSplit,
)
from tests.domain.test_queue import OPEN, W1, W2
from tests.spec import given

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
        ServiceFinished("A001", "1", "t1", "general", ("stamp",))
    )
