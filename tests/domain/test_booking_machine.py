"""Two days of a hall and three people against a plain model: whatever is asked in whatever order, no place is sold
twice, none is lost, and the day and the person's record say the same."""

from copy import deepcopy
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import acts, slots
from domain.booking import Limits
from domain.hall import HallPlan, QueuePlan
from domain.handling import Act, Held, fresh, perform
from domain.message import Refused, Text
from domain.offering import SlotPlan, SlotsPlan
from domain.promises import broken, broken_between
from domain.slots import (
    BookSlot,
    CancelAppointment,
    CheckIn,
    ConfirmHold,
    HoldPlace,
    MissAppointment,
    ReleaseHold,
)
from tests.spec import SHANGHAI, stamp

DAYS = (date(2026, 3, 2), date(2026, 3, 3))
HOURS = (10, 11)
PUBLIC = 2


def offered(day: date) -> SlotsPlan:
    begins = [datetime.combine(day, time(hour), SHANGHAI) for hour in HOURS]
    return SlotsPlan(tuple(SlotPlan("a", at, at + timedelta(hours=1), PUBLIC, 0, 1) for at in begins))


NAME = Text("甲", "A")
PLAN = HallPlan(name=NAME, region="411328000000", queues=(QueuePlan("a", "A", NAME),), windows=())
PEOPLE = st.sampled_from(["li", "wang", "zhao", "qian"])
PLACES = st.tuples(st.sampled_from(DAYS), st.sampled_from(HOURS))
ITEMS = st.sampled_from(["deed", "tax"])


class Booking(RuleBasedStateMachine):
    """The model: ``kept`` has who is expected where, ``held`` who may still confirm what and until when,
    ``came`` who checked in and had it taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.combine(DAYS[0], time(6), SHANGHAI)
        self.streams: dict[str, Held] = {}
        self.kept: dict[str, tuple[str, date, int, str]] = {}
        self.held: dict[str, tuple[str, date, int, str, datetime]] = {}
        self.missed: set[str] = set()
        self.came: set[str] = set()
        self.made = 0

    def ask(self, act: Act) -> str | None:
        """Do an act, or all of nothing; the code of a refusal."""
        before = deepcopy(self.streams)
        try:
            perform(act.asks, self.hold, stamp(self.now))
        except Refused as refused:
            self.streams = before
            return refused.code
        return None

    def hold(self, name: str) -> Held:
        return self.streams.setdefault(name, fresh(name))

    def name(self) -> str:
        self.made += 1
        return f"n{self.made}"

    def live(self, day: date, hour: int, without: str = "") -> int:
        """Places taken at this moment, but for one person's own holds of the day."""
        booked = [1 for _, d, h, _ in self.kept.values() if (d, h) == (day, hour)]
        holding = [
            1
            for who, d, h, _, until in self.held.values()
            if (d, h) == (day, hour) and self.now < until and who != without
        ]
        return len(booked) + len(holding)

    def why_not(self, who: str, day: date, hour: int, item: str, without: str = "") -> set[str]:
        """Every reason why somebody may not book; any of them may be the one that is told."""
        why = set()
        if self.now >= datetime.combine(day, time(hour), SHANGHAI):
            why.add("slot-over")
        if sum(self.kept[name][0] == who for name in self.missed) >= Limits().no_shows:
            why.add("booking-suspended")
        mine = [(h, i) for n, (w, d, h, i) in self.kept.items() if (w, d) == (who, day) and n != without]
        places = self.live(day, hour, who) - (without in self.kept and self.kept[without][1:3] == (day, hour))
        if places >= PUBLIC:
            why.add("slot-full")
        if item in [i for _, i in mine]:
            why.add("item-booked-that-day")
        if hour in [h for h, _ in mine]:
            why.add("bookings-overlap")
        return why

    def matches(self, code: str | None, why: set[str]) -> bool:
        assert code in why if why else code is None, (code, why)
        return code is None

    def drop_own_hold(self, who: str, day: date) -> None:
        self.held = {n: h for n, h in self.held.items() if h[:2] != (who, day)}

    @rule(who=PEOPLE, place=PLACES, item=ITEMS)
    def book(self, who: str, place: tuple[date, int], item: str) -> None:
        (day, hour), name = place, self.name()
        command = BookSlot(name, f"a-{hour}00", "a", item, who)
        code = self.ask(acts.book("t", day, command, offered=offered(day)))
        if self.matches(code, self.why_not(who, day, hour, item)):
            self.drop_own_hold(who, day)
            self.kept[name] = (who, day, hour, item)

    @rule(who=PEOPLE, place=PLACES, item=ITEMS)
    def hold_place(self, who: str, place: tuple[date, int], item: str) -> None:
        (day, hour), name = place, self.name()
        command = HoldPlace(name, f"a-{hour}00", "a", item, who)
        code = self.ask(acts.hold_place("t", day, command, offered=offered(day)))
        if self.matches(code, self.why_not(who, day, hour, item)):
            self.drop_own_hold(who, day)
            until = min(self.now + timedelta(minutes=5), datetime.combine(day, time(hour), SHANGHAI))
            self.held[name] = (who, day, hour, item, until)

    @rule(data=st.data(), person=st.none() | PEOPLE)
    def confirm(self, data: Any, person: str | None) -> None:
        if not self.held:
            return
        name = data.draw(st.sampled_from(sorted(self.held)))
        holder, day, hour, item, until = self.held[name]
        who = person or holder
        code = self.ask(acts.confirm("t", day, ConfirmHold(name, who), holder))
        why = self.why_not(who, day, hour, item) - {"slot-full", "slot-over"}
        if self.matches(code, {"hold-over"} if self.now >= until else why):
            del self.held[name]
            self.kept[name] = (who, day, hour, item)

    @rule(data=st.data())
    def let_go(self, data: Any) -> None:
        if self.held:
            name = data.draw(st.sampled_from(sorted(self.held)))
            holder, day, *_ = self.held.pop(name)
            assert self.ask(acts.let_go("t", day, ReleaseHold(name), holder)) is None

    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        if self.kept:
            name = data.draw(st.sampled_from(sorted(self.kept)))
            _, day, hour, _ = self.kept[name]
            code = self.ask(acts.cancel("t", day, CancelAppointment(name)))
            if self.matches(code, self.why_not_given_back(name, day, hour)):
                del self.kept[name]

    def why_not_given_back(self, name: str, day: date, hour: int) -> set[str]:
        if name in self.missed:
            return {"missed"}
        late = self.now > datetime.combine(day, time(hour), SHANGHAI) - timedelta(hours=2)
        return {"too-late-to-cancel"} if late else set()

    @rule(data=st.data(), place=PLACES)
    def move(self, data: Any, place: tuple[date, int]) -> None:
        if not self.kept:
            return
        old = data.draw(st.sampled_from(sorted(self.kept)))
        who, day, hour, item = self.kept[old]
        (to, at), name = place, self.name()
        command = BookSlot(name, f"a-{at}00", "a", item, who)
        there = acts.book("t", to, command, offered=offered(to))
        code = self.ask(acts.move("t", day, old, there, name))
        why = self.why_not_given_back(old, day, hour) or self.why_not(who, to, at, item, without=old)
        if self.matches(code, why):
            del self.kept[old]
            self.drop_own_hold(who, to)
            self.kept[name] = (who, to, at, item)

    @rule(data=st.data())
    def check_in_and_take_it_back(self, data: Any) -> None:
        if not self.kept:
            return
        name, ticket = data.draw(st.sampled_from(sorted(self.kept))), self.name()
        _, day, hour, _ = self.kept[name]
        starts_at = datetime.combine(day, time(hour), SHANGHAI)
        why = {"missed"} if name in self.missed else set()
        if self.now < starts_at - timedelta(minutes=15):
            why = why or {"too-early"}
        elif self.now.date() > day:
            why = why or {"slot-over"}
        arriving = acts.check_in("t", day, PLAN, CheckIn(name, ticket))
        if self.matches(self.ask(arriving), why):
            for _ in range(2):
                assert self.ask(acts.undo_check_in("t", day, ticket)) is None
            assert self.ask(arriving) == "check-in-undone"
            self.came.add(name)

    @rule(minutes=st.sampled_from([1, 4, 5, 60, 240]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def the_clock_strikes(self) -> None:
        for name, (holder, day, _, _, until) in list(self.held.items()):
            if self.now >= until:
                act = acts.let_go("t", day, ReleaseHold(name, expired=True), holder)
                assert self.ask(act) is None
                del self.held[name]
        for name, (_, day, hour, _) in self.kept.items():
            over = datetime.combine(day, time(hour + 1), SHANGHAI)
            if name in self.came and name not in self.missed:
                over = datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
            if self.now >= over:
                assert self.ask(acts.miss("t", day, MissAppointment(name))) is None
                self.missed.add(name)

    @invariant()
    def what_is_told_to_be_free_is_free(self) -> None:
        for day in DAYS:
            state = self.hold(slots.stream("t", day)).state
            for hour in HOURS if state.offered else ():
                assert slots.remaining(state, f"a-{hour}00", at=self.now) == PUBLIC - self.live(day, hour)

    @invariant()
    def no_promise_is_broken(self) -> None:
        for name, held in self.streams.items():
            assert list(broken(name, held.state)) == []
        assert list(broken_between(self.streams, 0)) == []


TestBooking = Booking.TestCase
TestBooking.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
