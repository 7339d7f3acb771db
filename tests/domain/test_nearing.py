"""Whose turn comes near is told so, once, as early as the hall says."""

from datetime import timedelta

import msgspec

from domain import queue
from domain.message import Recorded, Stamp
from domain.nearing import TurnNeared
from domain.notice import QueueNotice
from domain.notice_policy import notices
from domain.queue import (
    CallNext,
    CallTicket,
    DayOpened,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    TicketMissed,
)
from tests.domain.test_queue import PLAN, W1
from tests.spec import NINE, given

OPEN = DayOpened(msgspec.structs.replace(PLAN, near_at=1))
WHO = [TicketIssued(f"A00{n}", f"t{n}", "general", person=f"p{n}" if n != 2 else None) for n in range(1, 6)]
SERVED = (ServiceStarted("A001", "1"), ServiceFinished("A001", "1", "t1", "general"))
FIRST = TicketCalled("A001", "1")
THIRD = TurnNeared("A003", "t3", "p3", 1)


def test_whoever_has_as_many_ahead_as_the_hall_says_is_told_with_the_call() -> None:
    given(queue, OPEN, W1, *WHO).when(CallNext("1")).then(FIRST, THIRD)
    given(queue, DayOpened(PLAN), W1, *WHO).when(CallNext("1")).then(FIRST)


def test_nobody_is_told_twice_and_nobody_without_a_name_at_all() -> None:
    after = given(queue, OPEN, W1, *WHO, FIRST, THIRD, *SERVED)
    after.when(CallNext("1")).then(TicketCalled("A002", "1"), TurnNeared("A004", "t4", "p4", 1))
    again = given(queue, OPEN, W1, *WHO[:3], FIRST, THIRD, TicketMissed("A001", "1"))
    again.when(CallTicket("1", "A001", "came back")).then(TicketCalled("A001", "1", "came back"))


def test_they_are_told_by_a_notice_that_is_no_news_after_half_an_hour() -> None:
    stamp = Stamp(at=NINE, by="clerk:li", command="c1")
    (ask,) = notices(Recorded("queue-tanghe-2026-03-02", 9, 99, stamp, THIRD))
    assert ask.command == QueueNotice(
        template="turn-near",
        to="person:p3",
        hall="tanghe",
        facts={"ticket": "A003", "ahead": "1"},
        until=NINE + timedelta(minutes=30),
    )
