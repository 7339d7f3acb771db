"""A finish taken back at the window (反悔) is taken back for everybody: no case, no rating of whom it was not."""

from typing import Any

from domain import queue, review
from domain.handling import Held
from domain.line import Stop
from domain.message import Command
from domain.promises import broken_between
from domain.queue import (
    CallNext,
    DayOpened,
    FinishService,
    IssueTicket,
    OpenDay,
    OpenWindow,
    ParkTicket,
    SplitVisit,
    StartService,
    TicketIssued,
    UndoLast,
    UnparkTicket,
    stream,
)
from domain.review import InvitationTakenBack, ReviewGiven, ReviewInvited, TakeBackInvitation
from tests.histories import HALL, World
from tests.spec import NINE, given

PLACE: dict[str, Any] = {"hall": "tanghe", "unit": "tanghe", "window": "w1"}
INVITED = ReviewInvited(channel="qr-code", **PLACE)


def at_window_one(*commands: Command) -> World:
    """A day on which somebody is served at a window for two things, and then that is asked."""
    world = World()
    stops = (Stop("b", ("deed",)),)
    begun = (OpenDay(HALL), IssueTicket("t1", "a", "card", stops=stops), OpenWindow("w1", "li", ("a", "b")))
    for command in (*begun, CallNext("w1"), StartService("w1"), *commands):
        world.ask("queue-tanghe-2026-03-02", command, NINE)
    assert world.refused == []
    return world


FAILED, AGAIN = FinishService("w1", outcome="not-done"), (CallNext("w1"), StartService("w1"))


def test_a_case_of_what_was_not_done_is_withdrawn_when_the_ending_is_taken_back() -> None:
    for failed in (FAILED, SplitVisit("w1", "b", "deed", (), "not-done")):
        world = at_window_one(failed, UndoLast("w1"))
        assert world.state("case-t1.not-done").status == "withdrawn"
        world = at_window_one(failed, UndoLast("w1"), FAILED)
        assert world.state("case-t1.not-done").status == "withdrawn"
        assert world.state("case-t1.not-done-2").status == "accepted", "in the end it was not done"


def test_each_service_of_a_visit_that_failed_has_its_case() -> None:
    world = at_window_one(FAILED, *AGAIN, FAILED, UndoLast("w1"), FinishService("w1"))
    assert world.state("case-t1.not-done").status == "accepted"
    assert world.state("case-t1.not-done-2").status == "withdrawn"


def test_whoever_served_in_the_end_is_rated_and_not_whose_finish_was_taken_back() -> None:
    review_of = "review-ticket.t1"
    done = FinishService("w1", ("card", "deed"))
    taken_back = at_window_one(done, UndoLast("w1"))
    assert taken_back.state(review_of).invited is None
    world = at_window_one(done, UndoLast("w1"), ParkTicket("w1"))
    for command in (
        OpenWindow("w2", "wang", ("a",)),
        UnparkTicket("w2", "A001"),
        StartService("w2"),
        FinishService("w2", ("card", "deed")),
    ):
        world.ask("queue-tanghe-2026-03-02", command, NINE)
    assert world.state(review_of).invited.window == "w2"


def test_what_was_rated_before_its_finish_was_taken_back_stays_rated() -> None:
    rated = given(review, INVITED, ReviewGiven(review="r", grade="satisfied", channel="qr-code", **PLACE))
    rated.when(TakeBackInvitation(0)).then()
    given(review, INVITED).when(TakeBackInvitation(1)).then()
    given(review, INVITED).when(TakeBackInvitation(0)).then(InvitationTakenBack(invited_at=NINE, **PLACE))


def test_an_invitation_to_what_has_not_ended_is_noticed() -> None:
    """The promise is broken on purpose."""
    day, ticket = stream("tanghe", NINE.date()), "tanghe.20260302.t1"
    waits = given(queue, DayOpened(HALL), TicketIssued("A001", ticket, "a")).state
    held = {day: Held(waits, 2, 2), f"review-ticket.{ticket}": Held(given(review, INVITED).state, 1, 3)}
    assert list(broken_between(held, 3)) == [f"review-ticket.{ticket}: is invited, and the ticket is waiting"]
    assert list(broken_between(held, 1)) == []
