"""A hall as it is configured: its queues, its windows and the hours it keeps.

The stream ``hall-{hall}`` holds the whole document at every change, so its history is a plain list of versions.
A queue day copies the plan it was opened with: a later change never rewrites a day that has begun.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, assert_never

import msgspec
from msgspec import Meta

from domain.booking import DEFAULT_LIMITS, DEFAULT_RULES, BookingRules, ClockTime, Limits
from domain.message import Command, Event, Id, Label, Refused, Stamp, Text
from domain.nearby import PhoneTickets, Position
from domain.order import Classes, OrderPolicy
from domain.workdays import SHANGHAI

WindowKind = Literal[
    "general",
    "specialist",
    "enquiry",
    "collection",
    "assisted",
    "unresolved",
    "cross-province",
    "province-wide",
]
"""综合, 专业, 咨询, 出件, 帮办代办, 办不成事, 跨省通办, 全省通办 (锡政办发〔2022〕70号 第20、29条)."""

SLOTS_MAX = 4000
"""How many slots a hall may offer on a day: what fits into one event."""

Minutes = Annotated[int, Meta(ge=1, le=480)]
Places = Annotated[int, Meta(ge=0, le=1000)]


class QueuePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A business queue (业务队列): the waiting line of a group of items. Its prefix begins its ticket numbers."""

    queue: Id
    prefix: Annotated[str, Meta(pattern=r"^[A-Z]{1,2}$")]
    name: Text
    service_minutes: Minutes = 10
    """What a service is expected to take before the day itself has shown it."""
    skill: Id | None = None
    """What a clerk must know to be given its tickets, one of the plan's ``skills``."""
    assumed_windows: Annotated[int, Meta(ge=0, le=50)] = 0
    """How many windows will call from it, for the waits that are told within the hall's hours before the first window
    of the day has opened; none are told then without it."""


class WindowPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A window and the queues it serves, first preference first."""

    window: Id
    name: Text
    kind: WindowKind
    queues: tuple[Id, ...]


Weekday = Annotated[int, Meta(ge=1, le=7, description="1 is Monday, 7 Sunday")]


class SessionPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An opening period (服务时段), cut into bookable slots.

    ``public``, ``internal`` and ``partner`` places may be booked per slot and queue: by citizens, by staff for people
    without a smartphone, and by other platforms, which take the citizens' where they have none of their own.
    ``walk_in`` places are never bookable and never zero (琼府办〔2022〕49号: 不得强制要求申请人先到网上预约).
    """

    opens: ClockTime
    closes: ClockTime
    slot_minutes: Minutes = 60
    public: Places = 6
    internal: Places = 2
    walk_in: Places = 4
    weekdays: tuple[Weekday, ...] = ()
    """On which days of the week: none named means every working day, worked weekends (调休) included. A weekend
    named here is an extended service (延时错时) and rests on gazetted holidays like every other."""
    partner: Places = 0
    queues: tuple[Id, ...] = ()
    """Which queues take appointments then; none named means all."""


class DayException(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day unlike its pattern: closed, or with hours of its own, whatever the calendar says."""

    date: date
    reason: Text
    sessions: Annotated[tuple[SessionPlan, ...], Meta(max_length=8)] = ()


class Alarms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a line is too long: more than ``waiting`` people, or one in five of them has waited for more than
    ``wait_minutes`` (龙山县 calls in other windows from ten people on and aims at fifteen minutes; no rule)."""

    waiting: Annotated[int, Meta(ge=1, le=1000)] = 10
    wait_minutes: Annotated[int, Meta(ge=1, le=480)] = 15


PAUSES: dict[str, Text] = {
    "lunch": Text("午餐", "Lunch"),
    "break": Text("休息", "Break"),
    "handover": Text("办不成事移交", "Handing over what could not be done"),
    "other": Text("其他", "Other"),
}
"""Pauses that have a name without a plan's giving them one."""


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the hall tells everybody in it (通知公告), on every day or from one day to another."""

    zh: Annotated[str, Meta(min_length=1, max_length=200)]
    en: Annotated[str, Meta(min_length=1, max_length=400)]
    begins: date | None = None
    ends: date | None = None

    def holds(self, day: date) -> bool:
        return (self.begins is None or self.begins <= day) and (self.ends is None or day <= self.ends)


Times = Annotated[int, Meta(ge=0, le=5)]


class Display(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the hall's screens say and show beside the calls (ours, no rule)."""

    notices: Annotated[tuple[Notice, ...], Meta(max_length=20)] = ()
    speak_calls: Times = 1
    """How often a call is spoken in a row; 0 keeps the screens silent."""
    speak_recalls: Times = 2
    rectifications: bool = False
    """Whether screens show what became of the quarter's bad reviews (差评整改情况)."""


class HallPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a hall is told about itself."""

    name: Text
    region: Annotated[str, Meta(pattern=r"^[0-9]{12}$", description="12-digit region code")]
    kind: Literal["centre", "township", "village"] = "centre"
    parent: Id | None = None
    address: Text | None = None
    location: Position | None = None
    """Where it is, for maps. (``position`` is what answers call their place in the log.)"""
    unit: Text | None = None
    queues: Annotated[tuple[QueuePlan, ...], Meta(max_length=40)]
    windows: Annotated[tuple[WindowPlan, ...], Meta(max_length=400)]
    sessions: Annotated[tuple[SessionPlan, ...], Meta(max_length=8)] = ()
    exceptions: Annotated[tuple[DayException, ...], Meta(max_length=400)] = ()
    recalls: Annotated[int, Meta(ge=0, le=10)] = 2
    """How often a ticket is called again before it may be set aside as a no-show (过号)."""
    order: OrderPolicy = msgspec.field(default_factory=Classes)
    """In what order a line is called."""
    recall_gap_seconds: Annotated[int, Meta(ge=0, le=600)] = 0
    """How long a holder is given to answer before they are called again (ours, no rule)."""
    no_show_after_recalls: bool = False
    """Whether a no-show must have been called again as often as ``recalls`` says."""
    missed_return_after: Annotated[int, Meta(ge=0, le=100)] | None = None
    """After how many others somebody who missed the call is called when they come back; without it, last."""
    undo_seconds: Annotated[int, Meta(ge=0, le=600)] = 60
    """How long a finish, a no-show or a transfer can be taken back (反悔; ours, no rule)."""
    reopen_minutes: Annotated[int, Meta(ge=0, le=240)] = 15
    """How long a day that was closed by mistake can be opened again; 0 never (ours, no rule)."""
    starts_told: bool = True
    """Whether windows tell when a service begins; where they do not, it begins with the call and ends from there."""
    pauses: dict[Id, Text] = msgspec.field(default_factory=dict)
    """For what a window may pause, by the reason's word; anything, if nothing is named."""
    skills: dict[Id, Text] = msgspec.field(default_factory=dict)
    """What not every clerk knows (手语, 跨省通办, 不动产 …), needed by queues and by items; an item's need counts only
    in halls that name it."""
    clerks: dict[Label, tuple[Id, ...]] = msgspec.field(default_factory=dict)
    """Which clerk knows what: a window has the skills of whoever sits at it."""
    capacity: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    """How many may wait before no more tickets are given to those who have not booked."""
    tickets_until: Literal["day-closed", "closing-time"] = "day-closed"
    """Whether tickets are given as long as the day is open, or only to whom will probably be served by closing time."""
    tickets_within_hours: bool = False
    """Whether whoever has not booked is given a ticket only on days with a session, from some time before the first
    until the last is over. Staff may give one at any time; a plan without sessions keeps no hours. A plan that does not
    say so, as those stored before there was the rule, gives tickets at any hour."""
    tickets_early_minutes: Annotated[int, Meta(ge=0, le=480)] = 30
    """How long before the day's first session tickets are given (ours, no rule)."""
    forgotten_after_minutes: Minutes = 120
    """How long after its last session a day that nobody closed is closed by the clock, at midnight at the latest."""
    demonstration: bool = False
    booking: BookingRules = DEFAULT_RULES
    limits: Limits = DEFAULT_LIMITS
    """How much one person may book, here and in other halls together."""
    alarms: Alarms = Alarms()
    phone_tickets: PhoneTickets = PhoneTickets()
    near_at: Annotated[int, Meta(ge=0, le=50)] | None = None
    """With how many ahead of them people are told by notice that their turn is near; nobody is, without it."""
    display: Display = Display()


# --- commands -------------------------------------------------------------------------------------------------


class ConfigureHall(Command, frozen=True):
    plan: HallPlan


AnyCommand = ConfigureHall


# --- events ---------------------------------------------------------------------------------------------------


class HallConfigured(Event, frozen=True, tag="hall-configured"):
    plan: HallPlan


AnyEvent = HallConfigured


# --- state ----------------------------------------------------------------------------------------------------


class Hall(msgspec.Struct):
    plan: HallPlan | None = None


def stream(hall: str) -> str:
    return f"hall-{hall}"


def initial() -> Hall:
    return Hall()


def decide(command: AnyCommand, hall: Hall, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case ConfigureHall(plan):
            if plan == hall.plan:
                return []
            _check(plan)
            return [HallConfigured(plan)]
    assert_never(command)


def evolve(hall: Hall, event: AnyEvent, stamp: Stamp) -> Hall:
    match event:
        case HallConfigured(plan):
            hall.plan = plan
            return hall
    assert_never(event)


def pause_name(named: Mapping[str, Text], reason: str) -> Text:
    """What people read where a window pauses for a reason, if the plan has ``named`` its own."""
    return named.get(reason) or PAUSES.get(reason) or Text(reason, reason)


def closes_at(plan: HallPlan, day: date) -> datetime | None:
    """When the last session that a day can have ends; ``None`` if it can have none. The calendar is not asked: who
    is open on a holiday closes as on other days."""
    exception = next((known for known in plan.exceptions if known.date == day), None)
    sessions = plan.sessions if exception is None else exception.sessions
    ends = [s.closes for s in sessions if not s.weekdays or day.isoweekday() in s.weekdays]
    return datetime.combine(day, max(ends), SHANGHAI) if ends else None


def forgotten_at(plan: HallPlan, day: date, opened_at: datetime) -> datetime:
    """From when a day that is still open counts as forgotten: some time after its last session, or at midnight, where
    it was opened later than that or has no sessions."""
    midnight = datetime.combine(day, time(0), SHANGHAI) + timedelta(days=1)
    closes = closes_at(plan, day)
    if closes is None or opened_at >= closes:
        return midnight
    return min(closes + timedelta(minutes=plan.forgotten_after_minutes), midnight)


def _check(plan: HallPlan) -> None:
    """Raises:
    Refused: the plan contradicts itself; ``field`` tells where.
    """
    queues = [q.queue for q in plan.queues]
    for field, names in (
        ("queues.queue", queues),
        ("queues.prefix", [q.prefix for q in plan.queues]),
        ("windows.window", [w.window for w in plan.windows]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise Refused("named-twice", invalid=True, field=field, names=twice)
    for window in plan.windows:
        strange = sorted(set(window.queues) - set(queues))
        if strange:
            raise Refused(
                "unknown-queue", invalid=True, field=f"windows.{window.window}.queues", names=strange
            )
    for field, skills in (
        ("queues.skill", [q.skill for q in plan.queues if q.skill is not None]),
        *((f"clerks.{clerk}", known) for clerk, known in plan.clerks.items()),
    ):
        if unknown := sorted(set(skills) - plan.skills.keys()):
            raise Refused("unknown-skill", invalid=True, field=field, names=unknown)
    for number in range(1, 8):
        pattern = [s for s in plan.sessions if not s.weekdays or number in s.weekdays]
        _check_sessions(pattern, queues, "sessions")
    days = [exception.date for exception in plan.exceptions]
    twice = sorted({day.isoformat() for day in days if days.count(day) > 1})
    if twice:
        raise Refused("named-twice", invalid=True, field="exceptions.date", names=twice)
    for exception in plan.exceptions:
        _check_sessions(exception.sessions, queues, f"exceptions.{exception.date}.sessions")


def _check_sessions(sessions: Sequence[SessionPlan], queues: list[str], field: str) -> None:
    """Raises:
    Refused: the sessions of one day overlap for a queue, name one that is not there, leave no place to those who
        come without an appointment, or are cut into too many slots.
    """
    ends = dict.fromkeys(queues, time(0))
    for session in sessions:
        strange = sorted(set(session.queues) - set(queues))
        if strange:
            raise Refused("unknown-queue", invalid=True, field=f"{field}.queues", names=strange)
        for queue in session.queues or queues:
            if not ends[queue] <= session.opens < session.closes:
                raise Refused("sessions-overlap", invalid=True, field=field)
            ends[queue] = session.closes
        if session.walk_in == 0:
            raise Refused("walk-in-share-missing", invalid=True, field=f"{field}.walk_in")
    slots = sum(_slots(session) * len(session.queues or queues) for session in sessions)
    if slots > SLOTS_MAX:
        raise Refused(
            "too-many-slots", invalid=True, field=f"{field}.slot_minutes", slots=slots, most=SLOTS_MAX
        )


def _slots(session: SessionPlan) -> int:
    """Into how many slots a session is cut."""
    minutes = [60 * at.hour + at.minute + at.second / 60 for at in (session.opens, session.closes)]
    return int((minutes[1] - minutes[0]) // session.slot_minutes)
