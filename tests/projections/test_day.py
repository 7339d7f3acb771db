"""A day's figures: who came, how long they waited, how long they were served."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from hypothesis import given

from domain.experience import Wait
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.message import Event, Recorded, Text
from domain.queue import (
    DayClosed,
    DayOpened,
    DayReopened,
    FinishUndone,
    NoShowUndone,
    QueueAdded,
    ServiceFinished,
    ServiceStarted,
    TicketCalled,
    TicketCutOff,
    TicketIssued,
    TicketLeft,
    TicketMissed,
    TicketParked,
    TicketRecalled,
    TicketRestored,
    TicketReturned,
    TicketTransferred,
    TicketUnparked,
    TransferUndone,
    WindowClosed,
    WindowOpened,
    WindowPaused,
    WindowResumed,
)
from projections import day
from projections.day import DayFigures, Figures, Kept, Services, Share, Waits, nearest_rank, present
from tests.days import KEY, STREAM, days
from tests.histories import World, record, view_of
from tests.spec import NINE

NAME = Text("综合", "General")
OPENED = DayOpened(
    HallPlan(
        name=NAME,
        region="411328000000",
        queues=(QueuePlan("a", "A", NAME), QueuePlan("b", "B", NAME)),
        windows=(WindowPlan("w1", NAME, "general", ("a", "b")), WindowPlan("w2", NAME, "general", ("b",))),
    )
)
Happened = tuple[datetime, Event]


def at(second: float, event: Event) -> Happened:
    return NINE + timedelta(seconds=second), event


def issued(second: float, number: str) -> Happened:
    return at(second, TicketIssued(number, f"ref-{number}", number[0].lower()))


def called(second: float, number: str, window: str = "w1") -> Happened:
    return at(second, TicketCalled(number, window))


def served(start: float, finish: float, number: str, window: str = "w1", queue: str = "a") -> list[Happened]:
    return [
        at(start, ServiceStarted(number, window)),
        at(finish, ServiceFinished(number, window, f"ref-{number}", queue)),
    ]


def figures(*happened: Happened) -> DayFigures:
    (view,) = view_of(day, record(STREAM, OPENED, *happened)).values()
    return present(view)


def counts(of: Figures) -> tuple[int, int, int, int, int]:
    """issued, called, served, no-shows, abandoned"""
    return of.issued, of.called, of.served, of.no_shows, of.abandoned


def test_before_anybody_was_served_no_time_is_claimed() -> None:
    nothing = present(day.initial("tang-he", date(2026, 3, 2)))
    assert (nothing.hall, nothing.date, counts(nothing)) == ("tang-he", date(2026, 3, 2), (0, 0, 0, 0, 0))
    assert nothing.wait_s == Waits(None, None, None, None)
    assert nothing.service_s == Services(None, None, None)


def test_a_wait_is_counted_from_the_issue_to_the_first_call_and_a_service_to_its_end() -> None:
    seen = figures(issued(0, "A001"), called(60, "A001"), *served(70, 370, "A001"))
    assert counts(seen) == (1, 1, 1, 0, 0)
    assert seen.wait_s == Waits(60, 60, 60, 60)
    assert seen.service_s == Services(300, 300, 300)


def test_where_no_start_is_told_a_service_counts_from_its_last_call() -> None:
    finished = at(370, ServiceFinished("A001", "w1", "ref-A001", "a"))
    seen = figures(issued(0, "A001"), called(60, "A001"), finished)
    assert (seen.wait_s.max, seen.service_s.mean) == (60, 310)
    missed = at(70, TicketMissed("A001", "w1"))
    seen = figures(issued(0, "A001"), called(60, "A001"), missed, called(300, "A001"), finished)
    assert seen.service_s.mean == 70


def test_told_waits_are_compared_with_real_ones_when_their_tickets_are_called() -> None:
    def told(second: float, number: str, p50: int, p90: int) -> Happened:
        return at(second, TicketIssued(number, f"ref-{number}", "a", told=Wait(p50, p90)))

    seen = figures(
        told(0, "A001", 60, 100),
        told(0, "A002", 60, 120),
        told(0, "A003", 60, 120),
        issued(0, "A004"),
        told(0, "A005", 1, 1),
        called(60, "A001"),
        *served(70, 80, "A001"),
        called(90, "A002"),
        at(95, TicketMissed("A002", "w1")),
        called(150, "A003"),
        *served(151, 152, "A003"),
        called(160, "A004"),
    )
    assert seen.told == Kept(Share(1, 3, 0.333), Share(2, 3, 0.667))
    assert seen.queues[0].told == seen.told == seen.windows[0].told
    assert figures(issued(0, "A001")).told == Kept(Share(0, 0, None), Share(0, 0, None))
    back = (at(100, TicketReturned("A002", after=1)), called(200, "A002"))
    missed = (told(0, "A002", 60, 120), called(90, "A002"), at(95, TicketMissed("A002", "w1")))
    assert figures(*missed, *back).told == figures(*missed).told, "only the first call ends a wait"


def test_a_recall_does_not_lengthen_the_wait() -> None:
    seen = figures(
        issued(0, "A001"),
        called(60, "A001"),
        at(120, TicketRecalled("A001", "w1")),
        *served(130, 140, "A001"),
    )
    assert (seen.called, seen.wait_s.max) == (1, 60)


def test_the_wait_of_who_is_not_served_yet_is_not_counted() -> None:
    assert figures(issued(0, "A001"), called(60, "A001")).wait_s.mean is None


def test_who_gives_up_is_abandoned_and_adds_no_wait() -> None:
    seen = figures(issued(0, "A001"), at(30, TicketLeft("A001")), issued(0, "B001"), issued(0, "B002"))
    assert counts(seen) == (3, 0, 0, 0, 1)
    assert [counts(line) for line in seen.queues] == [(1, 0, 0, 0, 1), (2, 0, 0, 0, 0)]
    assert seen.wait_s.mean is None


def test_a_ticket_whose_check_in_was_taken_back_counts_as_none() -> None:
    seen = figures(issued(0, "A001"), at(30, TicketLeft("A001", "check-in-undone")), issued(60, "A002"))
    assert counts(seen) == (1, 0, 0, 0, 0)
    assert [counts(hour) for hour in seen.hours] == [(1, 0, 0, 0, 0)]


def test_who_is_not_there_when_called_is_a_no_show_until_served_after_all() -> None:
    missed = (issued(0, "A001"), called(60, "A001"), at(90, TicketMissed("A001", "w1")))
    assert counts(figures(*missed)) == (1, 1, 0, 1, 0)
    assert [counts(w) for w in figures(*missed).windows] == [(0, 1, 0, 1, 0), (0, 0, 0, 0, 0)]
    back = figures(*missed, called(600, "A001", "w2"), *served(610, 620, "A001", "w2"))
    assert counts(back) == (1, 1, 1, 0, 0)
    assert back.wait_s.max == 60
    assert [counts(w) for w in back.windows] == [(0, 1, 0, 0, 0), (0, 0, 1, 0, 0)]


def test_a_no_show_whom_the_end_of_the_day_lets_go_is_counted_once() -> None:
    seen = figures(
        issued(0, "A001"),
        called(60, "A001"),
        at(90, TicketMissed("A001", "w1")),
        at(900, TicketLeft("A001", "day-closed")),
    )
    assert counts(seen) == (1, 1, 0, 1, 0)


def test_who_stands_in_line_again_after_the_day_was_opened_again_is_not_gone() -> None:
    closing = (
        at(900, TicketCutOff("A001", "w1")),
        at(900, TicketLeft("A002", "day-closed")),
        at(900, TicketLeft("A003", "day-closed")),
        at(900, DayClosed()),
    )
    before = (
        *(issued(0, f"A00{n}") for n in (1, 2, 3)),
        called(60, "A003"),
        at(90, TicketMissed("A003", "w1")),
        called(120, "A001"),
        at(300, ServiceStarted("A001", "w1")),
    )
    assert counts(figures(*before, *closing)) == (3, 2, 0, 1, 2)
    opened = (at(960, DayReopened()), at(960, TicketRestored("A001", "a", "waiting", "w1")))
    rest = (at(960, TicketRestored("A002", "a")), at(960, TicketRestored("A003", "a", "missed")))
    again = (*before, *closing, *opened, *rest)
    assert counts(figures(*again)) == (3, 2, 0, 1, 0)
    # Who was being served when the day was closed has waited until the first call, and was served before and after.
    seen = figures(*again, called(1000, "A001"), *served(1000, 1100, "A001"))
    assert counts(seen) == (3, 2, 1, 1, 0)
    assert (seen.wait_s.max, seen.service_s.p50) == (120, 700)
    assert counts(figures(*again, *closing[1:])) == (3, 2, 0, 1, 1)


def test_a_transfer_is_served_where_it_was_finished_and_waited_since_it_came() -> None:
    seen = figures(
        issued(0, "A001"),
        called(60, "A001"),
        at(70, ServiceStarted("A001", "w1")),
        at(100, TicketTransferred("A001", "w1", "b", "wrong queue")),
        called(500, "A001", "w2"),
        *served(510, 520, "A001", "w2", "b"),
    )
    assert [counts(line) for line in seen.queues] == [(1, 1, 0, 0, 0), (0, 0, 1, 0, 0)]
    assert [counts(w) for w in seen.windows] == [(0, 1, 0, 0, 0), (0, 0, 1, 0, 0)]
    assert (seen.wait_s.max, seen.service_s.mean) == (60, 40)
    assert seen.queues[1].wait_s == seen.windows[1].wait_s == Waits(60, 60, 60, 60)


def test_the_time_a_ticket_was_parked_is_no_service() -> None:
    seen = figures(
        issued(0, "A001"),
        called(60, "A001"),
        at(60, ServiceStarted("A001", "w1")),
        at(160, TicketParked("A001", "w1", "copy")),
        at(1000, TicketUnparked("A001", "w1")),
        *served(1010, 1060, "A001"),
    )
    assert (seen.called, seen.wait_s.max, seen.service_s.mean) == (1, 60, 150)


def test_a_hall_s_figures_are_those_of_its_queues_and_of_its_windows_together() -> None:
    seen = figures(
        issued(0, "A001"),
        issued(0, "B001"),
        called(10, "A001"),
        *served(10, 110, "A001"),
        called(40, "B001", "w2"),
        *served(40, 340, "B001", "w2", "b"),
    )
    assert (seen.wait_s, seen.service_s) == (Waits(25, 10, 40, 40), Services(200, 100, 300))
    assert [line.wait_s.max for line in seen.queues] == [10, 40]
    assert [w.service_s.mean for w in seen.windows] == [100, 300]


def test_queues_and_windows_of_the_day_only_have_figures_too() -> None:
    seen = figures(
        at(0, QueueAdded(QueuePlan("c", "C", NAME))),
        at(0, WindowOpened("w9", "zhao", ("c",))),
        issued(0, "C001"),
    )
    assert (seen.queues[-1].queue, seen.queues[-1].issued) == ("c", 1)
    assert seen.windows[-1].name == Text("w9", "w9")


def test_percentiles_are_nearest_rank() -> None:
    assert nearest_rank([], 50) is None
    assert [nearest_rank([15, 20, 35, 40, 50], p) for p in (30, 40, 50, 90, 100)] == [20, 20, 35, 50, 50]
    assert nearest_rank(list(range(1, 11)), 90) == 9


def test_other_streams_have_no_figures() -> None:
    assert view_of(day, record("slots-tang-he-2026-03-02", OPENED)) == {}
    assert list(view_of(day, record(STREAM, OPENED))) == [day.document_key("tang-he", date(2026, 3, 2))]


@given(days())
def test_every_ticket_is_counted_once_and_every_served_one_with_its_own_wait(world: World) -> None:
    view = view_of(day, world.log)[KEY]
    seen = present(view)
    status = [ticket.status for ticket in world.state(STREAM).tickets.values()]
    here = sum(s in ("waiting", "called", "serving", "parked") for s in status)
    assert seen.issued == len(status) == seen.served + seen.no_shows + seen.abandoned + here
    assert seen.served == status.count("served")
    waits = sorted(_waits(world.log))
    assert sorted(w for of_queue in view.counts.values() for c in of_queue.values() for w in c.waits) == waits
    assert seen.wait_s.max == (waits[-1] if waits else None)
    for part in (seen.queues, seen.windows):
        assert sum(one.served for one in part) == seen.served
        assert sum(one.called for one in part) == seen.called
        assert sum(one.no_shows for one in part) == seen.no_shows
    assert sum(line.issued for line in seen.queues) == seen.issued
    assert sum(line.abandoned for line in seen.queues) == seen.abandoned


@given(days())
def test_clerks_hours_and_the_hall_are_what_a_plain_recount_of_the_log_finds(world: World) -> None:
    seen = present(view_of(day, world.log)[KEY])
    plain = recount(world.log)
    for parts in (seen.clerks, seen.hours):
        for one in parts:
            name = one.clerk if isinstance(one, day.ClerkFigures) else f"{one.hour:02}"
            assert (one.issued, one.called, one.served, one.no_shows, one.abandoned) == tuple(
                plain[name, what] for what in ("issued", "called", "served", "no-show", "abandoned")
            )
            assert (one.recalls, one.transfers) == (plain[name, "recall"], plain[name, "transfer"])
    assert sum(hour.issued for hour in seen.hours) == seen.issued
    assert (
        sum(clerk.served for clerk in seen.clerks) == sum(hour.served for hour in seen.hours) == seen.served
    )
    assert sum(clerk.no_shows for clerk in seen.clerks) == seen.no_shows
    assert seen.recalls == sum(isinstance(r.event, TicketRecalled) for r in world.log)
    happened = Counter(type(r.event) for r in world.log)
    assert seen.transfers == happened[TicketTransferred] - happened[TransferUndone]
    assert sum(line.transfers for line in seen.queues) == seen.transfers
    for one in (*seen.windows, *seen.clerks, seen):
        assert one.utilisation is None or 0 <= one.utilisation <= 1


def recount(log: list[Recorded]) -> Counter[tuple[str, str]]:
    """What each clerk and each hour of issue had, ticket by ticket, from the whole log at once."""
    found: Counter[tuple[str, str]] = Counter()
    clerk_at: dict[str, str] = {}
    hour: dict[str, str] = {}
    has: dict[str, str] = {}
    called: set[str] = set()
    missed: dict[str, str] = {}
    for recorded in log:
        event = recorded.event
        number = getattr(event, "number", "")
        if isinstance(event, WindowOpened):
            clerk_at[event.window] = event.clerk
        if isinstance(event, TicketIssued):
            hour[number] = f"{recorded.stamp.at:%H}"
        if isinstance(event, TicketCalled | TicketUnparked):
            has[number] = clerk_at[event.window]
        both = (has.get(number, ""), hour.get(number, ""))
        match event:
            case TicketIssued():
                found[hour[number], "issued"] += 1
            case TicketCalled() | TicketUnparked():
                missed.pop(number, None)
                if number not in called:
                    called.add(number)
                    found.update((name, "called") for name in both)
            case TicketReturned() | NoShowUndone():
                missed.pop(number, None)
            case TicketRecalled():
                found.update((name, "recall") for name in both)
            case TicketTransferred():
                found.update((name, "transfer") for name in both)
            case TransferUndone():
                found.subtract((name, "transfer") for name in both)
            case ServiceFinished():
                found.update((name, "served") for name in both)
            case FinishUndone():
                found.subtract((name, "served") for name in both)
            case TicketMissed():
                missed[number] = has[number]
            case TicketLeft() | TicketCutOff() if number not in missed:
                found[hour[number], "abandoned"] += 1
            case TicketRestored() if number not in missed:
                found[hour[number], "abandoned"] -= 1
    for number, who in missed.items():
        found.update((name, "no-show") for name in (who, hour[number]))
    return found


def test_a_window_and_its_clerk_are_busy_while_somebody_is_in_hand() -> None:
    seen = figures(
        at(0, WindowOpened("w1", "li", ("a",))),
        issued(0, "A001"),
        called(100, "A001"),
        *served(110, 300, "A001"),
        at(400, WindowPaused("w1", "lunch")),
        at(2000, WindowResumed("w1")),
        at(2100, WindowClosed("w1")),
        at(2100, WindowOpened("w1", "wang", ("a",))),
        at(2200, WindowClosed("w1")),
    )
    assert seen.windows[0].utilisation == round(200 / 600, 3) == seen.utilisation
    assert [(c.clerk, c.served, c.utilisation) for c in seen.clerks] == [("li", 1, 0.4), ("wang", 0, 0)]
    assert seen.queues[0].utilisation is None


def test_a_ticket_counts_in_the_hour_of_its_issue_whenever_it_is_served() -> None:
    seen = figures(issued(3500, "A001"), called(3700, "A001"), *served(3700, 7300, "A001"))
    assert [(h.hour, h.issued, h.called, h.served, h.wait_s.max) for h in seen.hours] == [(9, 1, 1, 1, 200)]


def _waits(log: list[Recorded]) -> Iterator[int]:
    """From issue to first call, of those who were served."""
    issued: dict[str, datetime] = {}
    called: dict[str, datetime] = {}
    served: dict[str, int] = {}
    for recorded in log:
        match recorded.event:
            case TicketIssued(number):
                issued[number] = recorded.stamp.at
            case TicketCalled(number):
                called.setdefault(number, recorded.stamp.at)
            case ServiceFinished(number):
                served[number] = round((called[number] - issued[number]).total_seconds())
            case FinishUndone(number):
                del served[number]
    yield from served.values()
