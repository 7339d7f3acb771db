"""The hall's screen: who was called where, what windows do, how many wait."""

from datetime import date, datetime, timedelta

import msgspec
from hypothesis import given

from domain.hall import PAUSES, HallPlan, QueuePlan, WindowPlan
from domain.message import Event, Text
from domain.queue import (
    DayClosed,
    DayOpened,
    DayReopened,
    QueueAdded,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketIssued,
    TicketLeft,
    TicketMissed,
    TicketParked,
    TicketRecalled,
    TicketRestored,
    TicketReturned,
    TicketTransferred,
    TicketUnparked,
    WindowClosed,
    WindowOpened,
    WindowPaused,
    WindowResumed,
)
from projections import board
from projections.board import Board, Call, QueueOnBoard, WindowOnBoard, present
from tests.days import KEY, STREAM, days
from tests.histories import World, record, view_of
from tests.spec import NINE

GENERAL, PROPERTY = Text("综合", "General"), Text("不动产", "Property")
W1, W2 = Text("1号窗口", "Window 1"), Text("2号窗口", "Window 2")
OPENED = DayOpened(
    HallPlan(
        name=Text("唐河县政务服务中心", "Tanghe Government Service Centre"),
        region="411328000000",
        queues=(QueuePlan("a", "A", GENERAL), QueuePlan("b", "B", PROPERTY)),
        windows=(WindowPlan("w1", W1, "general", ("a", "b")), WindowPlan("w2", W2, "specialist", ("b",))),
    )
)
WORKING = (OPENED, WindowOpened("w1", "li", ("a", "b")), WindowOpened("w2", "wang", ("b",)))
A001, A002, B001 = (TicketIssued(n, f"ref-{n}", n[0].lower()) for n in ("A001", "A002", "B001"))


def shown(*happened: Event | tuple[datetime, Event]) -> Board:
    """The board after these events of a day."""
    (view,) = view_of(board, record(STREAM, *happened)).values()
    return present(view)


def waiting(*happened: Event) -> dict[str, int]:
    return {line.queue: line.waiting for line in shown(*WORKING, *happened).queues}


def window(*happened: Event) -> WindowOnBoard:
    return shown(*WORKING, *happened).windows[0]


def after(seconds: int) -> datetime:
    return NINE + timedelta(seconds=seconds)


def test_before_the_day_the_board_is_there_and_empty() -> None:
    assert present(board.initial("tang-he", date(2026, 3, 2))) == Board(
        "tang-he", date(2026, 3, 2), "not-open", [], [], []
    )


def test_the_board_shows_queues_windows_and_calls() -> None:
    called = (after(60), TicketCalled("A001", "w1"))
    assert shown(*WORKING, A001, A002, B001, called) == Board(
        "tang-he",
        date(2026, 3, 2),
        "open",
        [QueueOnBoard("a", "A", GENERAL, 1, 1, "A001"), QueueOnBoard("b", "B", PROPERTY, 1, 2, None)],
        [
            WindowOnBoard("w1", W1, "general", "open", NINE, "A001", "a"),
            WindowOnBoard("w2", W2, "specialist", "open", NINE, None, None),
        ],
        [Call("A001", "w1", W1, after(60), False, 7)],
    )


def test_a_ticket_waits_from_its_issue_to_its_call_and_again_after_a_transfer() -> None:
    assert waiting(A001, A002, B001) == {"a": 2, "b": 1}
    called = (A001, TicketCalled("A001", "w1"))
    assert waiting(*called) == {"a": 0, "b": 0}
    moved = (*called, TicketTransferred("A001", "w1", "b", "wrong queue"))
    assert waiting(*moved) == {"a": 0, "b": 1}
    assert waiting(*moved, TicketCalled("A001", "w2")) == {"a": 0, "b": 0}


def test_who_is_missed_or_parked_does_not_wait_and_may_come_back() -> None:
    missed = (A001, TicketCalled("A001", "w1"), TicketMissed("A001", "w1"))
    assert waiting(*missed) == {"a": 0, "b": 0}
    assert window(*missed).ticket is None
    again = (*missed, TicketCalled("A001", "w1"))
    assert (window(*again).ticket, window(*again).queue) == ("A001", "a")
    parked = (
        A001,
        TicketCalled("A001", "w1"),
        ServiceStarted("A001", "w1"),
        TicketParked("A001", "w1", "copy"),
    )
    assert waiting(*parked) == {"a": 0, "b": 0}
    back = (*parked, TicketUnparked("A001", "w1"))
    assert (window(*back).ticket, window(*back).queue) == ("A001", "a")


def test_who_leaves_waits_no_more() -> None:
    assert waiting(A001, A002, TicketLeft("A001")) == {"a": 1, "b": 0}
    missed = (A001, TicketCalled("A001", "w1"), TicketMissed("A001", "w1"))
    assert waiting(*missed, TicketLeft("A001")) == {"a": 0, "b": 0}


def test_a_window_shows_its_ticket_until_it_is_finished() -> None:
    serving = (A001, TicketCalled("A001", "w1"), ServiceStarted("A001", "w1"))
    assert window(*serving).ticket == "A001"
    assert window(*serving, ServiceFinished("A001", "w1", "ref-A001", "a")).ticket is None


def test_a_window_shows_its_state_and_since_when() -> None:
    def state(*happened: Event | tuple[datetime, Event]) -> tuple[str, datetime | None]:
        w1 = shown(*WORKING, *happened).windows[0]
        return w1.state, w1.since

    pause = (after(60), WindowPaused("w1", "break"))
    assert shown(OPENED).windows[0].state == "closed"
    assert state() == ("open", NINE)
    assert state(pause) == ("paused", after(60))
    assert state(pause, (after(90), WindowResumed("w1"))) == ("open", after(90))
    assert state((after(99), WindowClosed("w1"))) == ("closed", after(99))


def test_a_paused_window_says_why_in_words_of_its_hall() -> None:
    def pause(*happened: Event) -> board.Pause | None:
        return window(*happened).pause

    assert pause(WindowPaused("w1", "lunch")) == board.Pause("lunch", Text("午餐", "Lunch"))
    assert pause(WindowPaused("w1", "lunch"), WindowPaused("w1", "handover")) == board.Pause(
        "handover", PAUSES["handover"]
    )
    assert pause(WindowPaused("w1", "errand")) == board.Pause("errand", Text("errand", "errand"))
    assert pause(WindowPaused("w1", "lunch"), WindowResumed("w1")) is None
    named = msgspec.structs.replace(OPENED.plan, pauses={"lunch": Text("午间轮休", "Noon shift")})
    seen = shown(DayOpened(named), WORKING[1], WindowPaused("w1", "lunch"))
    assert seen.windows[0].pause == board.Pause("lunch", Text("午间轮休", "Noon shift"))


def test_only_open_windows_count_for_a_queue() -> None:
    def open_windows(*happened: Event) -> list[int]:
        return [line.windows_open for line in shown(*WORKING, *happened).queues]

    assert open_windows() == [1, 2]
    assert open_windows(WindowPaused("w1", "break")) == [0, 1]
    assert open_windows(WindowOpened("w2", "wang", ("a",))) == [2, 1]


def test_a_day_may_be_given_windows_and_queues_its_plan_lacks() -> None:
    seen = shown(
        *WORKING, QueueAdded(QueuePlan("c", "C", GENERAL)), WindowOpened("w9", "zhao", ("c",)), DayClosed()
    )
    assert seen.state == "closed"
    assert seen.queues[-1] == QueueOnBoard("c", "C", GENERAL, 0, 1, None)
    assert seen.windows[-1] == WindowOnBoard("w9", Text("w9", "w9"), "general", "open", NINE, None, None)


def test_a_day_that_was_opened_again_shows_who_waits_and_keeps_who_is_aside() -> None:
    left = (TicketLeft("A001", "day-closed"), TicketLeft("B001", "day-closed"), DayClosed(), DayReopened())
    restored = (TicketRestored("A001", "a"), TicketRestored("B001", "b", "missed"))
    log = (*WORKING, A001, B001, TicketCalled("B001", "w2"), TicketMissed("B001", "w2"), *left, *restored)
    seen = shown(*log)
    assert (seen.state, [queue.waiting for queue in seen.queues]) == ("open", [1, 0])
    assert waiting(*log[len(WORKING) :], TicketReturned("B001", last=True)) == {"a": 1, "b": 1}


def test_the_newest_call_comes_first_and_a_recall_says_so() -> None:
    seen = shown(
        *WORKING,
        A001,
        B001,
        TicketCalled("A001", "w1"),
        TicketCalled("B001", "w2"),
        TicketRecalled("A001", "w1"),
    )
    assert [(call.ticket, call.window, call.recalled, call.position) for call in seen.calls] == [
        ("A001", "w1", True, 8),
        ("B001", "w2", False, 7),
        ("A001", "w1", False, 6),
    ]
    assert [line.last_called for line in seen.queues] == ["A001", "B001"]


def calls(number: int, seconds_apart: float) -> list[Call]:
    """The calls on the board after so many."""
    happened: list[Event | tuple[datetime, Event]] = [*WORKING]
    for n in range(1, number + 1):
        ticket, at = f"A{n:03d}", NINE + timedelta(seconds=n * seconds_apart)
        served = ServiceFinished(ticket, "w1", ticket, "a")
        happened += [TicketIssued(ticket, ticket, "a"), (at, TicketCalled(ticket, "w1")), (at, served)]
    return shown(*happened).calls


def test_twenty_calls_are_kept_however_old() -> None:
    assert [call.ticket for call in calls(30, 600)] == [f"A{n:03d}" for n in range(30, 10, -1)]


def test_all_calls_of_the_last_minute_are_kept() -> None:
    assert len(calls(90, 1.0)) == 61
    assert len(calls(500, 0.1)) == board.CALLS_MAX


def test_a_board_names_no_person_and_no_reference() -> None:
    issued = TicketIssued("A001", "secret-ref", "a", person="k-person")
    text = msgspec.json.encode(shown(*WORKING, issued, TicketCalled("A001", "w1"))).decode()
    assert not [word for word in ("secret-ref", "k-person", '"li"', "wang") if word in text]


def test_other_streams_have_no_board() -> None:
    assert view_of(board, record("slots-tang-he-2026-03-02", DayClosed())) == {}
    assert list(view_of(board, record(STREAM, OPENED))) == [board.document_key("tang-he", date(2026, 3, 2))]


@given(days())
def test_the_board_is_the_day_as_the_windows_know_it(world: World) -> None:
    view = view_of(board, world.log)[KEY]
    seen = present(view)
    day = world.state(STREAM)
    assert {line.queue: line.waiting for line in seen.queues} == {
        q: len(line) for q, line in day.lines.items()
    }
    assert [(w.window, w.state, w.ticket, w.queue) for w in seen.windows] == [
        (name, w.state, w.serving, day.tickets[w.serving].queue if w.serving else None)
        for name, w in day.windows.items()
    ]
    assert (seen.state == "closed") == day.closed
    assert view.version == len(world.events(STREAM))


@given(days())
def test_a_ticket_stays_in_the_document_only_while_it_may_be_called(world: World) -> None:
    view = view_of(board, world.log)[KEY]
    status = {number: ticket.status for number, ticket in world.state(STREAM).tickets.items()}
    assert set(view.waiting) == {number for number, s in status.items() if s == "waiting"}
    assert set(view.aside) == {n for n, s in status.items() if s in ("called", "serving", "parked", "missed")}


@given(days())
def test_a_screen_that_was_away_for_a_minute_finds_every_call_it_missed(world: World) -> None:
    """Whatever moment it left, what it knew then and what it reads a minute later hold all calls between."""
    called = [r for r in world.log if isinstance(r.event, TicketCalled | TicketRecalled | TicketUnparked)]
    seen = present(view_of(board, world.log)[KEY])
    if called:
        newest = called[-1].stamp.at
        missed = [r.position for r in called if r.stamp.at >= newest - timedelta(seconds=60)]
        assert set(missed) <= {call.position for call in seen.calls}
    assert [call.position for call in seen.calls] == sorted((c.position for c in seen.calls), reverse=True)
    assert len(seen.calls) >= min(20, len(called))
