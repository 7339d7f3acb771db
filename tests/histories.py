"""Honest histories: random commands are asked of every subject and what was accepted is the log.

    @given(histories("case-t1", "review-case.t1"))
    def test_a_law(log: list[Recorded]) -> None: ...

Nothing here is written by hand into a log: each event was decided by its subject, by a policy's ask or by the
scheduler's, so a law over histories is a law over everything that can happen. Names are drawn from small pools,
so that commands meet each other.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from domain import policies
from domain.calendar import CalendarGazetted
from domain.case import OpenCase, Refuse, Withdraw
from domain.catalogue import DECIDERS
from domain.deadlines import RectificationLimits
from domain.hall import HallPlan, QueuePlan, SessionPlan, WindowPlan
from domain.handling import Ask, Held, fresh, perform
from domain.limits import SetLimit
from domain.message import Command, Event, Recorded, Refused, Stamp, Text, category
from domain.offering import SlotsPlan, offer
from domain.papers import GuidePaper
from domain.personal import ErasePerson
from domain.queue import CloseDay, OpenDay
from domain.rectification import OpenRectification, RecomputeDues
from domain.region import InForce
from domain.review import GiveReview, TakeBackInvitation
from domain.review_tags import TAGS
from domain.rules import AT_ONCE, Rule
from domain.slots import OfferSlots
from domain.snapshot import FreezeFigures, Group
from domain.supervision import RecomputeDeadline, StartClock
from domain.terms import Terms
from domain.unit import NoteLag
from domain.workdays import Calendar, Year
from projections import deadlines
from tests.spec import NINE

HALL = HallPlan(
    name=Text("唐河县政务服务中心", "Tanghe Government Service Centre"),
    region="411328000000",
    queues=(
        QueuePlan("a", "A", Text("综合", "General")),
        QueuePlan("b", "B", Text("不动产", "Property")),
    ),
    windows=(
        WindowPlan("w1", Text("1号窗口", "Window 1"), "general", ("a",)),
        WindowPlan("w2", Text("2号窗口", "Window 2"), "general", ("a", "b")),
    ),
    sessions=(SessionPlan(time(8, 30), time(12)),),
)

YEAR_2026 = Year(
    year=2026,
    title=Text("国务院办公厅关于2026年部分节假日安排的通知", "Notice on holidays in 2026"),
    issued=date(2025, 11, 4),
    rest_days=tuple(date(2026, 4, day) for day in (4, 5, 6)),
)
CALENDAR = Calendar((YEAR_2026,))
"""A year of which only 清明 is named: enough to count by."""

STREAMS = {
    "calendar": "calendar-2026",
    "case": "case-t1",
    "citizen": "citizen-p1",
    "hall": "hall-tanghe",
    "item": "item-permit",
    "notice": "notice-p1.reminder-0",
    "numbers": "numbers-permit-2026-03-02",
    "queue": "queue-tanghe-2026-03-02",
    "region": "region-411328000000",
    "review": "review-case.t1",
    "slots": "slots-tanghe-2026-03-02",
    "unit": "unit-market-office",
    "wording": "wording-reminder",
    "snapshot": "snapshot-2026-03",
}

POOLS: dict[str, tuple[Any, ...]] = {
    "hall": ("tanghe",),
    "item": ("permit", "licence"),
    "queue": ("a", "b", "c"),
    "queues": (("a",), ("b", "a")),
    "window": ("w1", "w2"),
    "clerk": ("li", "wang"),
    "number": ("A001", "A002", "B001"),
    "ticket": ("t1", "t2", "t3"),
    "appointment": ("p1", "p2"),
    "hold": ("p1", "p2", "h1", "tanghe.20260302.w1.1"),
    "waiting": ("tanghe.20260302.w1", "tanghe.20260302.w2"),
    "request": ("tanghe.20260302.r1", "tanghe.20260302.r2"),
    "wishes": ((), ("a-0830",), ("a-0930", "a-0830")),
    "commitments": (("0" * 64,), ("1" * 64,)),
    "seed": ("2" * 64,),
    "holder": ("p1", "p2"),
    "agent": ("p2",),
    "moved_to": ("p2",),
    "more": ((), (), ("licence",)),
    "slot": ("a-0830", "a-0930", "b-0830"),
    "unit": ("market-office", "land-office"),
    "person": ("p1", "p2"),
    "applicant": ("p1",),
    "approved_by": ("li", "director"),
    "review": ("r1", "r2"),
    "step": ("s1", "s2"),
    "case": ("t1",),
    "limit": ("acceptance", "procedure", "step.s1"),
    "directive": ("d1", "d2"),
    "parts": ((),),
    "matter": (None,),
    "talk": ("case.t1.contact", "case.t1.rectify"),
    "handled_at": (None, None, None, "wolong"),
    "blank": ("https://hall.test/blank.pdf",),
    "sample": ("https://hall.test/sample.pdf",),
    "missing": (("照片",), ("照片", "合同")),
    "to": ("booker:p1", "staff:clerk"),
    "provided": (("照片",), ("照片", "合同")),
    "outstanding": (("合同",),),
    "pledged": (("合同",),),
    "tags": ((), *((tag,) for tags in TAGS.values() for tag in list(tags)[:1])),
}
"""What a text field of this name holds."""

SAMPLES: dict[type, tuple[Any, ...]] = {
    GuidePaper: (GuidePaper("照片"), GuidePaper("合同", deferrable=True, pledgeable=True)),
    HallPlan: (HALL,),
    SlotsPlan: (offer(HALL, NINE.date()),),
    Group: (Group("all", "all", {"bad": (1, 9)}), Group("hall", "tanghe", {"bad": (2, 9), "mean": (40, 5)})),
    RectificationLimits: (RectificationLimits(), RectificationLimits(1, 3, 6)),
    Terms: (Terms(), Terms(review_days=15, rules={"delivery": Rule(workdays=4, yellow=AT_ONCE)})),
    Year: (YEAR_2026, msgspec.structs.replace(YEAR_2026, issued=date(2025, 11, 5))),
}
"""What a field of this type holds: documents that random parts would never make whole."""

OPENERS: dict[str, type[Command]] = {
    "case": OpenCase,
    "queue": OpenDay,
    "review": GiveReview,
    "slots": OfferSlots,
    "snapshot": FreezeFigures,
}
"""Without which a stream refuses everything else."""

ENDERS = (Refuse, Withdraw, CloseDay, ErasePerson)
"""After which a stream refuses everything else."""

COMPUTED = (
    NoteLag,
    StartClock,
    RecomputeDeadline,
    SetLimit,
    OpenRectification,
    RecomputeDues,
    TakeBackInvitation,
)
"""What policies alone ask: with instants that nobody else makes up, or of what only a finish taken back takes back."""

PEOPLE = ("clerk:li", "supervisor:director", "citizen:p1")
PAUSES = [timedelta(minutes=m) for m in (0, 0, 1, 1, 5, 5, 30, 30, 60, 60, 300, 24 * 60, 5 * 24 * 60)]


def made(kind: type[Any], rng: Random) -> Any:
    """A value of a Struct, each field within the bounds it declares."""
    if kind in SAMPLES:
        return rng.choice(SAMPLES[kind])
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return kind(**{field.name: _value(field.type, field.name, rng) for field in info.fields})


def _value(kind: inspect.Type, name: str, rng: Random) -> Any:
    match kind:
        case inspect.Metadata(type=bare):
            return _value(bare, name, rng)
        case inspect.UnionType(types):
            return _value(rng.choice(types), name, rng)
        case inspect.StrType() | inspect.VarTupleType() if name in POOLS:
            return rng.choice(POOLS[name])
        case inspect.LiteralType(values):
            return rng.choice(values)
        case inspect.StrType(pattern=pattern):
            return rng.choice([text for text in ("one", "two", "123") if re.search(pattern or "", text)])
        case inspect.IntType(ge=ge, le=le):
            return rng.randint(ge or 0, min(le or 9, 20))
        case inspect.BoolType():
            return rng.random() < 0.5
        case inspect.NoneType():
            return None
        case inspect.DateTimeType():
            return NINE + rng.choice(PAUSES)
        case inspect.DateType():
            return (NINE + rng.choice(PAUSES)).date()
        case inspect.DictType():
            return {}
        case inspect.StructType(cls):
            return made(cls, rng)
        case inspect.VarTupleType(item, low, high):
            return tuple(_value(item, name, rng) for _ in range(rng.randint(low or 0, min(high or 2, 2))))
    raise NotImplementedError(f"{name}: {kind}")


@cache
def commands(of: str) -> tuple[tuple[Command, ...], ...]:
    """For each kind of command of a category of streams, some of its kind, the same in every run. What ends a
    stream's story stands there once, everything else several times: stories should get somewhere."""
    union: Any = DECIDERS[of].AnyCommand  # type: ignore[attr-defined]
    kinds = [kind for kind in get_args(union) or (union,) if kind not in COMPUTED]
    some = {kind: tuple(made(kind, Random(f"{kind.__name__} {n}")) for n in range(24)) for kind in kinds}
    return tuple(some[kind] for kind in kinds for _ in range(1 if kind in ENDERS else 4))


class World:
    """The program without its adapters: streams, the log, policies that react at once, a scheduler that never
    sleeps. ``refused`` holds what a policy or the scheduler was refused, which never should be anything."""

    def __init__(self, calendar: Calendar = CALENDAR) -> None:
        self.calendar = calendar
        self.log: list[Recorded] = []
        self.held: dict[str, Held] = {}
        self.running: dict[str, deadlines.View] = {}
        self.in_force = InForce()
        self.refused: list[tuple[Ask, Refused]] = []

    def ask(
        self, stream: str, command: Command, at: datetime, by: str = "clerk:li", hall: str = "tanghe"
    ) -> list[Event] | Refused:
        """Ask one command; the deadlines that passed before it are recorded first."""
        self.record_passed(at)
        return self._ask(Ask(stream, command), Stamp(at=at, by=by, command=f"c{len(self.log)}", hall=hall))

    def record_passed(self, now: datetime) -> None:
        """What the scheduler does: every deadline that has passed is recorded on its stream."""
        over = [(view.hall, *due) for view in self.running.values() for due in deadlines.passed(view, now)]
        for hall, due_at, ask in over:
            command = f"deadline:{ask.stream}:{due_at.isoformat()}"
            stamp = Stamp(at=due_at, by="clock:deadlines", command=command, hall=hall)
            self._ask_itself(ask, stamp)

    def state(self, stream: str) -> Any:
        return self._hold(stream).state

    def events(self, stream: str) -> list[Event]:
        return [recorded.event for recorded in self.log if recorded.stream == stream]

    def _hold(self, stream: str) -> Held:
        if stream not in self.held:
            self.held[stream] = fresh(stream)
        return self.held[stream]

    def _ask(self, ask: Ask, stamp: Stamp) -> list[Event] | Refused:
        try:
            decided = perform([ask], self._hold, stamp)
        except Refused as refused:
            return refused
        for stream, version, event, nth in decided:
            recorded = Recorded(stream, version, len(self.log) + 1, stamp, event, nth)
            self.log.append(recorded)
            self._follow(recorded)
        return [pending.event for pending in decided]

    def _follow(self, recorded: Recorded) -> None:
        self._fold_deadlines(recorded)
        self.in_force.take(recorded)
        for nth, ask in enumerate(self._asks_of(recorded)):
            command, hall = f"{recorded.id}:{nth}", recorded.stamp.hall
            stamp = Stamp(at=recorded.stamp.at, by="policy:reactor", command=command, hall=hall)
            self._ask_itself(ask, stamp)

    def _asks_of(self, recorded: Recorded) -> list[Ask]:
        if not isinstance(recorded.event, CalendarGazetted):
            return policies.react(recorded, self.calendar, self.in_force.of)
        self.calendar = self.calendar.with_year(recorded.event.year)
        provisional = [view for view in self.running.values() if view.provisional]
        return [
            ask for view in provisional for ask in policies.recompute(view, self.calendar, self.in_force.of)
        ]

    def _ask_itself(self, ask: Ask, stamp: Stamp) -> None:
        answer = self._ask(ask, stamp)
        if isinstance(answer, Refused):
            self.refused.append((ask, answer))

    def _fold_deadlines(self, recorded: Recorded) -> None:
        key = deadlines.key(recorded)
        if key is None:
            return
        view = deadlines.evolve(self.running.pop(key, None), recorded)
        if view is not None:
            self.running[key] = view


def lived(seed: int, length: int, *streams: str) -> World:
    """What some streams came to after ``length`` commands, asked in an order that ``seed`` gives. Most streams are
    opened first, so that the other commands find something to do."""
    world, at, rng = World(), NINE, Random(seed)
    for stream in streams:
        if (opener := OPENERS.get(category(stream))) and rng.random() < 0.95:
            world.ask(stream, made(opener, rng), at)
    for _ in range(length):
        at += rng.choice(PAUSES)
        stream = rng.choice(streams)
        world.ask(stream, rng.choice(rng.choice(commands(category(stream)))), at, rng.choice(PEOPLE))
    return world


def worlds(*streams: str, length: int = 150) -> st.SearchStrategy[World]:
    """``lived`` by some streams, one of every category if none is named. A failure shrinks to its shortest
    beginning, and its seed replays it."""
    names = streams or tuple(STREAMS.values())
    return st.builds(lived, st.integers(0, 2**32), st.integers(length // 3, length), *map(st.just, names))


def histories(*streams: str, length: int = 150) -> st.SearchStrategy[list[Recorded]]:
    """The log of ``worlds``."""
    return worlds(*streams, length=length).map(lambda world: world.log)


def record(stream: str, *happened: Event | tuple[datetime, Event], by: str = "clerk:li") -> list[Recorded]:
    """Events as they would stand in the log, for tests that tell a history themselves."""
    log: list[Recorded] = []
    for n, item in enumerate(happened, start=1):
        at, event = item if isinstance(item, tuple) else (NINE, item)
        log.append(Recorded(stream, n, n, Stamp(at=at, by=by, command=f"c{n}"), event))
    return log


def view_of(projection: Any, log: Sequence[Recorded]) -> dict[str, Any]:
    """Every document of a projection after a log, each written down and read back after every event, as the
    runner may do."""
    views: dict[str, Any] = {}
    for recorded in log:
        key = projection.key(recorded)
        if key is not None:
            view = projection.evolve(views.pop(key, None), recorded)
            if view is not None:
                views[key] = msgspec.json.decode(msgspec.json.encode(view), type=projection.View)
    return views
