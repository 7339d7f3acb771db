"""Busy days at the windows: commands such as clerks and citizens would ask, in an order that a seed gives.

``tests.histories`` asks anything of everything; here most commands make sense, so that tickets come to an end.
"""

from datetime import timedelta
from random import Random

from hypothesis import strategies as st

from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.message import Command, Text
from domain.queue import (
    CallNext,
    CallTicket,
    ChangeTicket,
    ClearAlarm,
    CloseDay,
    CloseWindow,
    FinishService,
    IssueTicket,
    LeaveLine,
    MarkNoShow,
    OpenDay,
    OpenWindow,
    ParkTicket,
    PauseWindow,
    RaiseAlarm,
    Recall,
    ReopenDay,
    ResumeWindow,
    ReturnToLine,
    SplitVisit,
    StartService,
    TransferTicket,
    UndoLast,
    UnparkTicket,
)
from tests.histories import World
from tests.spec import NINE

STREAM = "queue-tang-he-2026-03-02"
KEY = "tang-he-2026-03-02"
WINDOWS = ("w1", "w2", "w3")
NAME = Text("综合", "General")
PLAN = HallPlan(
    name=Text("唐河县政务服务中心", "Tanghe Government Service Centre"),
    region="411328000000",
    queues=(QueuePlan("a", "A", NAME), QueuePlan("b", "B", NAME)),
    windows=tuple(WindowPlan(name, NAME, "general", ("a", "b")) for name in WINDOWS),
)


def lived(seed: int, length: int) -> World:
    """A day of ``length`` commands, of which those that were refused left no trace."""
    world, rng, at = World(), Random(seed), NINE
    world.ask(STREAM, OpenDay(PLAN), at)
    for window in WINDOWS:
        world.ask(STREAM, OpenWindow(window, f"clerk of {window}"), at)
    for n in range(length):
        at += timedelta(seconds=rng.choice((0, 1, 7, 40)))
        world.ask(STREAM, _command(n, rng, world), at, f"clerk:{rng.choice(WINDOWS)}")
        if rng.random() < 0.01:
            world.ask(STREAM, CloseDay(force=rng.random() < 0.5), at)
            world.ask(STREAM, ReopenDay(), at + timedelta(seconds=20))
            for window in WINDOWS[: rng.randint(1, 3)]:
                world.ask(STREAM, OpenWindow(window, f"clerk of {window}"), at + timedelta(seconds=30))
            at += timedelta(seconds=30)
    if rng.random() < 0.2:
        world.ask(STREAM, CloseDay(force=True), at)
    elif rng.random() < 0.2:
        for window in WINDOWS:
            for ending in (StartService(window), FinishService(window)):
                world.ask(STREAM, ending, at)
        world.ask(STREAM, CloseDay(), at)
    return world


def _command(n: int, rng: Random, world: World) -> Command:
    window, queue = rng.choice(WINDOWS), rng.choice("ab")
    tickets = world.state(STREAM).tickets
    aside = [name for name, ticket in tickets.items() if ticket.status in ("missed", "parked")]
    number = rng.choice((aside if rng.random() < 0.7 else []) or [*tickets] or ["A001"])
    usual = [
        IssueTicket(f"t{n}", queue),
        CallNext(window),
        StartService(window),
        FinishService(window),
    ]
    seldom = [
        Recall(window),
        MarkNoShow(window),
        ParkTicket(window),
        UnparkTicket(window, number),
        UnparkTicket(window, number),
        TransferTicket(window, queue),
        TransferTicket(window, to_window=rng.choice(WINDOWS)),
        ReturnToLine(window),
        ReturnToLine(window, number),
        SplitVisit(window, queue),
        UndoLast(window),
        UndoLast(window),
        RaiseAlarm(window),
        ClearAlarm(window),
        CallTicket(window, number),
        LeaveLine(number),
        ChangeTicket(number, queue),
        ChangeTicket(number, priority=rng.choice(("ordinary", "elderly"))),
        PauseWindow(window),
        ResumeWindow(window),
        CloseWindow(window),
        OpenWindow(window, f"clerk of {window}"),
    ]
    return rng.choice(usual if rng.random() < 0.7 else seldom)


def days(length: int = 200) -> st.SearchStrategy[World]:
    """``lived`` days of up to ``length`` commands. A failure's seed replays it."""
    return st.builds(lived, st.integers(0, 2**32), st.integers(0, length))
