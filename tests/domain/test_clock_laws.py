"""The clock of a case against a computation that knows nothing of ours: it walks day by day.

行政许可法 第42、45、82条: working days from the acceptance; the day itself is not counted, the last one is; days of
special procedures do not count; the extension adds. Histories, holidays and the arrival of a year's notice are random.
"""

from datetime import date, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain import case
from domain.calendar import GazetteCalendar
from domain.case import Accept, Close, OpenCase
from domain.deadlines import CaseClock, case_dues
from domain.hall import ConfigureHall
from domain.limits import LimitSignalled
from domain.message import Text
from domain.papers import Correct, GuidePaper, RequestCorrection
from domain.region import SetTerms
from domain.respite import Extend, PauseCase, Resume, Suspend
from domain.rules import Rule, Threshold
from domain.terms import Terms
from domain.workdays import SHANGHAI, Calendar, Year
from tests.histories import CALENDAR, HALL, World
from tests.spec import NINE

STREAM = "case-law"
ONE = timedelta(days=1)


class Plain:
    """Holidays as a plain person would keep them: two sets of days, and weekends."""

    def __init__(self, off: set[date], worked: set[date], known: set[int]) -> None:
        self.off, self.worked, self.known = off, worked, known

    def works(self, day: date) -> bool:
        if day.year in self.known:
            return day in self.worked or (day.weekday() < 5 and day not in self.off)
        fixed = (day.month, day.day) == (1, 1) or (day.month == 5 and day.day <= 5)
        return day.weekday() < 5 and not fixed and not (day.month == 10 and day.day <= 7)

    def due(self, since: datetime, days: int, stops: list[tuple[datetime, datetime]] | None = None) -> date:
        """Walk on from the day after, and count what counts: worked days outside every stop. The day a stop begins is
        still used and the day it ends is not, as the first day of any limit is not. Where a stop begins on the very
        last day, that day is its last worked day instead: nothing runs out while the clock stands still."""
        dates = [(a.astimezone(SHANGHAI).date(), b.astimezone(SHANGHAI).date()) for a, b in stops or []]
        day, left = since.astimezone(SHANGHAI).date(), days
        while left:
            day += ONE
            left -= self.works(day) and not any(a < day <= b for a, b in dates)
        for begins, ends in dates:
            if begins == day:
                while (ahead := self.next(day)) <= ends:
                    day = ahead
        return day

    def next(self, day: date) -> date:
        """The worked day after this one."""
        day += ONE
        while not self.works(day):
            day += ONE
        return day


@st.composite
def holidays(draw: st.DrawFn, year: int) -> tuple[set[date], set[date]]:
    """Some weekdays off and some weekend days worked, anywhere in a year."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in draw(st.sets(st.integers(0, 364), max_size=40))]
    return {d for d in days if d.weekday() < 5} | {date(year, 1, 1)}, {d for d in days if d.weekday() >= 5}


def notice(year: int, off: set[date], worked: set[date]) -> Year:
    return Year(
        year=year,
        title=Text("通知", "notice"),
        issued=date(year - 1, 11, 4),
        rest_days=tuple(sorted(off)),
        extra_workdays=tuple(sorted(worked - off)),
    )


def opening(limit: int, guided: bool = False) -> OpenCase:
    return OpenCase(
        item="permit",
        item_version=1,
        hall="tanghe",
        unit="office",
        applicant="p1",
        channel="web",
        kind="promised",
        promised_limit_workdays=limit,
        statutory_limit_workdays=min(limit + 20, 999),
        guide=(GuidePaper("照片"),) if guided else None,
    )


@given(
    holidays(2026),
    holidays(2027),
    st.integers(1, 40),
    st.integers(0, 200),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400)), max_size=4),
    st.integers(0, 10),
    st.booleans(),
)
def test_the_promised_and_the_statutory_end_are_what_a_walk_through_the_days_finds(
    this: tuple[set[date], set[date]],
    following: tuple[set[date], set[date]],
    limit: int,
    begins: int,
    stops: list[tuple[int, int]],
    extension: int,
    late: bool,
) -> None:
    """``late``: the second year's notice comes when everything is over but the closing."""
    world = World(Calendar((notice(2026, *this),)))
    if not late:
        world.ask("calendar-2027", GazetteCalendar(notice(2027, *following)), NINE)
    at = NINE + timedelta(days=begins)
    world.ask(STREAM, opening(limit), at)
    world.ask(STREAM, Accept(), at)
    accepted, stopped = at, []
    for after, hours in stops:
        begin = at + timedelta(hours=after)
        if not isinstance(world.ask(STREAM, Suspend("testing", "检测", 5), begin), list):
            break
        at = begin + timedelta(hours=hours)
        assert isinstance(world.ask(STREAM, Resume(), at), list)
        stopped.append((begin, at))
    granted = 0
    if extension and isinstance(world.ask(STREAM, Extend(extension, "复杂", "director"), at), list):
        granted = extension
    known = {2026, 2027}
    if late:
        check(world, Plain(*this, {2026}), accepted, limit, granted, stopped)
        world.ask("calendar-2027", GazetteCalendar(notice(2027, *following)), at)
    both = Plain(this[0] | following[0], this[1] | following[1], known)
    check(world, both, accepted, limit, granted, stopped)
    assert world.refused == []


@given(
    holidays(2026),
    st.integers(1, 20),
    st.integers(0, 10),
    st.integers(0, 120),
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 300)), max_size=4),
)
def test_a_pause_stops_the_promise_alone_and_never_carries_it_beyond_the_statutory_end(
    this: tuple[set[date], set[date]],
    limit: int,
    more: int,
    begins: int,
    stops: list[tuple[bool, int, int]],
) -> None:
    """While the case is paused it is due by the statutory end. Special procedures (第45条) stop both."""
    world, plain = World(Calendar((notice(2026, *this),))), Plain(*this, {2026})
    at = NINE + timedelta(days=begins)
    opened = msgspec.structs.replace(opening(limit), statutory_limit_workdays=limit + more)
    world.ask(STREAM, opened, at)
    world.ask(STREAM, Accept(), at)
    accepted, all_stops, by_law = at, [], []

    def due_day() -> date:
        day: date = world.state(STREAM).watch.dues.due_at.astimezone(SHANGHAI).date()
        return day

    for lawful, after, hours in stops:
        begin = at + timedelta(hours=after)
        asked = Suspend("testing", "检测", 5) if lawful else PauseCase("payment", "待缴费", 5)
        if not isinstance(world.ask(STREAM, asked, begin), list):
            break
        if not lawful:
            assert due_day() == plain.due(accepted, limit + more, by_law)
        at = begin + timedelta(hours=hours)
        assert isinstance(world.ask(STREAM, Resume(), at), list)
        all_stops.append((begin, at))
        by_law += [(begin, at)] if lawful else []
    statutory = plain.due(accepted, limit + more, by_law)
    assert world.state(STREAM).watch.dues.statutory_at.astimezone(SHANGHAI).date() == statutory
    assert due_day() == min(statutory, plain.due(accepted, limit, all_stops))
    assert world.refused == []


def check(
    world: World,
    plain: Plain,
    accepted: datetime,
    limit: int,
    granted: int,
    stopped: list[tuple[datetime, datetime]],
) -> None:
    dues = world.state(STREAM).watch.dues
    assert dues is not None
    assert dues.due_at.astimezone(SHANGHAI).date() == plain.due(accepted, limit + granted, stopped)
    assert dues.statutory_at.astimezone(SHANGHAI).date() == plain.due(accepted, limit + 20 + granted, stopped)


@given(holidays(2026), st.integers(0, 200), st.lists(st.integers(0, 12), max_size=2), st.booleans())
def test_silence_accepts_five_working_days_after_the_receipt_or_the_last_answer(
    this: tuple[set[date], set[date]], begins: int, answers: list[int], silence: bool
) -> None:
    """Where configured so; the clock then runs from the receipt, or from the answer to the correction."""
    world, plain = World(Calendar((notice(2026, *this),))), Plain(*this, {2026})
    at = NINE + timedelta(days=begins)
    world.ask(STREAM, opening(8, guided=True), at)
    for n, days in enumerate(answers):
        reason = None if n == 0 else "不清晰"
        if not isinstance(world.ask(STREAM, RequestCorrection(("照片",), reason), at), list):
            break
        at += timedelta(days=days)
        assert isinstance(world.ask(STREAM, Correct(("照片",)), at), list)
    last = plain.due(at, 5)
    evening = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=SHANGHAI)
    world.record_passed(evening - timedelta(seconds=1))
    assert world.state(STREAM).status == "received"
    if not silence:
        world.ask(STREAM, Accept(), evening - timedelta(seconds=1))
    world.record_passed(evening)
    state = world.state(STREAM)
    assert state.status == "accepted"
    since = at if silence else evening - timedelta(seconds=1)
    assert state.watch.clock.since == since
    assert state.watch.dues.due_at.astimezone(SHANGHAI).date() == plain.due(since, 8)
    assert world.refused == []


@given(holidays(2026), st.integers(0, 100), st.integers(1, 30), st.integers(0, 10), st.integers(0, 10))
def test_signals_come_so_many_worked_days_before_and_after_the_end_as_the_rule_says(
    this: tuple[set[date], set[date]], begins: int, limit: int, left: int, over: int
) -> None:
    plain, at = Plain(*this, {2026}), NINE + timedelta(days=begins)
    rule = Rule(workdays=limit, yellow=Threshold(left_workdays=left), red=Threshold(over_workdays=over))
    world = World(Calendar((notice(2026, *this),)))
    world.ask("region-411328000000", SetTerms(Terms(rules={"acceptance": rule})), at)
    world.ask("hall-tanghe", ConfigureHall(HALL), at)
    world.ask(STREAM, opening(8, guided=True), at)
    running = world.state(STREAM).limits.running["acceptance"]
    days = {signal: instant.astimezone(SHANGHAI).date() for signal, instant in running.signals.items()}
    assert running.due.at.astimezone(SHANGHAI).date() == plain.due(at, limit)
    assert days["red"] == plain.due(at, limit + over)
    if left < limit:
        assert days["yellow"] == plain.due(at, limit - left)
    else:
        assert "yellow" not in days
    world.record_passed(max(running.signals.values()))
    raised = [event.signal for event in world.events(STREAM) if isinstance(event, LimitSignalled)]
    assert raised == list(days)
    assert world.refused == []


@given(holidays(2026), st.integers(0, 150))
def test_a_granted_result_is_due_ten_working_days_after_the_decision(
    this: tuple[set[date], set[date]], begins: int
) -> None:
    """行政许可法 第44条."""
    world, plain = World(Calendar((notice(2026, *this),))), Plain(*this, {2026})
    at = NINE + timedelta(days=begins)
    for command in (opening(8, guided=True), Accept(), case.Decide("granted"), Close()):
        world.ask(STREAM, command, at)
    due = world.state(STREAM).limits.running["delivery"].due.at
    assert due.astimezone(SHANGHAI).date() == plain.due(at, 10)
    world.record_passed(due)
    assert "delivery" not in world.state(STREAM).limits.running


def test_a_statutory_end_in_a_year_without_a_notice_is_provisional_though_the_promise_is_not() -> None:
    first = datetime(2026, 12, 1, 9, tzinfo=SHANGHAI)
    for statutory, provisional in ((10, False), (40, True)):
        dues = case_dues(CaseClock(since=first, workdays=5, statutory=statutory), CALENDAR)
        assert dues.provisional is provisional
