"""What not every clerk knows: who needs it is called by whoever knows it, and nobody is told what cannot be."""

import msgspec

from adapters.forecasts import Forecasts
from domain import hall, queue
from domain.dispatch import LineInAlarm, dispatch
from domain.hall import Alarms, ConfigureHall, HallPlan, QueuePlan, WindowPlan
from domain.handling import Held
from domain.line import Queue, next_in_line, why
from domain.message import Event, Text
from domain.queue import (
    CallNext,
    CallTicket,
    DayOpened,
    IssueTicket,
    OpenWindow,
    ServiceStarted,
    SplitVisit,
    TicketCalled,
    TicketIssued,
    TicketTransferred,
    VisitSplit,
    WindowOpened,
    WindowPaused,
)
from tests.spec import NINE, given

NAME = Text("综合", "General")
SIGN, ESTATE = Text("手语", "Sign language"), Text("不动产", "Property")
PLAN = HallPlan(
    name=Text("唐河县政务服务中心", "Tanghe Government Service Centre"),
    region="411328000000",
    queues=(QueuePlan("a", "A", NAME), QueuePlan("b", "B", Text("不动产", "Property"), skill="estate")),
    windows=tuple(WindowPlan(name, Text(name, name), "general", ("a", "b")) for name in ("1", "2", "3")),
    skills={"sign": SIGN, "estate": ESTATE},
    clerks={"li": ("sign",), "wang": ("estate",)},
)
OPEN = DayOpened(PLAN)
LI, WANG = WindowOpened("1", "li", ("a", "b"), ("sign",)), WindowOpened("2", "wang", ("a", "b"), ("estate",))
ZHAO = WindowOpened("3", "zhao", ("a", "b"))
A1, A2, B1 = (
    TicketIssued("A001", "t1", "a", skill="sign"),
    TicketIssued("A002", "t2", "a"),
    TicketIssued("B001", "t3", "b"),
)


def after(*history: Event) -> Queue:
    state: Queue = given(queue, *history).state
    return state


def called_by(window: str, *history: Event) -> str | None:
    state = after(OPEN, *history)
    found = next_in_line(state, ("a", "b"), NINE, window)
    return found and found.number


def test_a_window_has_the_skills_of_its_clerk_while_they_sit_there() -> None:
    given(queue, OPEN).when(OpenWindow("1", "li")).then(LI)
    state = given(queue, OPEN).when(OpenWindow("1", "zhao")).then(WindowOpened("1", "zhao", ("a", "b")))
    assert state.windows["1"].skills == ()
    assert after(OPEN, LI).windows["1"].skills == ("sign",)
    assert after(OPEN, LI, queue.WindowClosed("1")).windows["1"].skills == ()


def test_what_an_item_needs_is_on_its_ticket_where_the_hall_knows_it() -> None:
    given(queue, OPEN).when(IssueTicket("t1", "a", skill="sign")).then(A1)
    given(queue, OPEN).when(IssueTicket("t2", "a", skill="welding")).then(TicketIssued("A001", "t2", "a"))


def test_who_needs_a_skill_is_called_by_a_clerk_who_has_it_and_passed_over_by_others() -> None:
    assert called_by("1", LI, A1, A2) == "A001"
    assert called_by("3", ZHAO, A1, A2) == "A002"
    assert called_by("3", ZHAO, A1) is None
    given(queue, OPEN, ZHAO, A1).when(CallNext("3")).refused("nobody-waiting")


def test_a_queue_may_need_a_skill_of_all_its_tickets() -> None:
    assert called_by("3", ZHAO, B1) is None
    assert called_by("1", LI, B1) is None
    assert called_by("2", WANG, B1) == "B001"


def test_a_clerk_may_still_pick_somebody_or_be_sent_them() -> None:
    """A person's own judgement, with its reason in the log, counts for more than the table."""
    given(queue, OPEN, ZHAO, A1).when(CallTicket("3", "A001", "knows the family")).then(
        TicketCalled("A001", "3", "knows the family")
    )
    serving = (LI, ZHAO, A1, TicketCalled("A001", "1"), ServiceStarted("A001", "1"))
    assert called_by("3", *serving, TicketTransferred("A001", "1", "a", "sent", "3")) == "A001"


def test_the_next_item_of_a_visit_brings_its_own_need() -> None:
    serving = (OPEN, LI, A1, TicketCalled("A001", "1"), ServiceStarted("A001", "1"))
    split = VisitSplit("A001", "1", "t1", "a", "a", "estate-item", skill="estate")
    day = given(queue, *serving).when(SplitVisit("1", "a", "estate-item", skill="estate"))
    state = day.then(split)
    assert next_in_line(state, ("a",), NINE, "1") is None
    assert called_by("2", *serving[1:], split, WANG) == "A001"


def test_why_says_what_is_needed_and_no_wait_is_told_while_nobody_can() -> None:
    state = after(OPEN, ZHAO, A1, A2)
    assert why(state, "A001", 0, NINE).zh == "需由会“手语”的窗口办理；按取号先后排队；您前面还有0人。"
    forecasts, held = Forecasts(), Held(state, 4, 4)
    assert forecasts.wait("queue-tang-he-2026-03-02", held, state.tickets["A001"], 0, NINE) is None
    assert forecasts.wait("queue-tang-he-2026-03-02", held, state.tickets["A002"], 1, NINE) is not None


def alarmed(*history: Event) -> list[LineInAlarm]:
    return dispatch(after(OPEN, *history), Alarms(), NINE)


def test_a_line_whose_need_no_open_window_meets_is_in_alarm_and_help_is_who_knows() -> None:
    assert alarmed(LI, A1) == []
    (line,) = alarmed(ZHAO, A1)
    assert line.causes == ("skill",)
    assert "没有窗口会" in line.text.zh
    (line,) = alarmed(ZHAO, A1, LI, WindowPaused("1", "break"), WANG)
    assert [(s.help, s.window) for s in line.suggestions] == [("resume", "1")]
    (line,) = alarmed(ZHAO, WANG, A1)
    assert [(s.help, s.window) for s in line.suggestions] == [("open", "1")]


def test_a_plan_names_every_skill_it_uses() -> None:
    for field, plan in (
        ("clerks.li", msgspec.structs.replace(PLAN, clerks={"li": ("piano",)})),
        (
            "queues.skill",
            msgspec.structs.replace(PLAN, queues=(QueuePlan("a", "A", NAME, skill="piano"), PLAN.queues[1])),
        ),
    ):
        given(hall).when(ConfigureHall(plan)).refused("unknown-skill", field=field, names=["piano"])
