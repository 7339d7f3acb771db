"""Acts over several streams on a real PostgreSQL: what a rush and a second writer cannot break."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime, time, timedelta
from itertools import count

import pytest

from adapters import envelope, store
from adapters.loop import CommandLoop, Receipt
from domain import acts, slots
from domain.hall import HallPlan, QueuePlan, SessionPlan
from domain.handling import Act, Ask
from domain.message import Refused, Stamp, Text
from domain.offering import offer
from domain.promises import broken
from domain.receipts import TicketReceipt
from domain.slots import BookSlot, CancelAppointment, CheckIn, JoinWaiting, OfferFreed
from tests.spec import SHANGHAI

A = Text("综合", "General")
PLAN = HallPlan(
    name=A,
    region="411328000000",
    queues=(QueuePlan("a", "A", A),),
    windows=(),
    sessions=(SessionPlan(time(9), time(12), 60, 3, 1, 4),),
)
DAY = date(2026, 3, 2)
SIX, NINE = (datetime.combine(DAY, time(hour), SHANGHAI) for hour in (6, 9))
LATE = NINE + timedelta(minutes=40)
OFFERED = offer(PLAN, DAY)

numbers = count()


def stamped(at: datetime) -> Stamp:
    return Stamp(at=at, by="citizen:li", command=f"c{next(numbers)}")


def book(appointment: str, person: str, slot: str = "a-0900", item: str = "id-card") -> Act:
    return acts.book("tanghe", DAY, BookSlot(appointment, slot, "a", item, person), offered=OFFERED)


def check_in(appointment: str, ticket: str) -> Act:
    return acts.check_in("tanghe", DAY, PLAN, CheckIn(appointment, ticket))


@pytest.fixture
def log_url(database_url: str) -> str:
    recorder = store.GroupCommitRecorder(store.datastore(database_url))
    store.migrate(recorder)
    with recorder.datastore.get_connection() as connection:
        connection.execute("TRUNCATE stored_events, request_keys RESTART IDENTITY")
    recorder.datastore.close()
    return database_url


@asynccontextmanager
async def looping(url: str) -> AsyncIterator[CommandLoop]:
    loop = CommandLoop(lambda: store.connect(url))
    task = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def tags(url: str) -> Counter[str]:
    async with await store.connect(url) as connection:
        return Counter(row.topic for row in await store.select_page(connection, 0, 10_000))


def codes(answers: list[Receipt | BaseException]) -> Counter[str]:
    return Counter(
        answer.code if isinstance(answer, Refused) else type(answer).__name__ for answer in answers
    )


async def test_two_writers_in_a_rush_sell_each_place_once(log_url: str) -> None:
    async with looping(log_url) as one, looping(log_url) as other:
        answers = await asyncio.gather(
            *((one, other)[n % 2].submit(book(f"p{n}", f"person-{n}"), stamped(SIX)) for n in range(60)),
            return_exceptions=True,
        )
    assert codes(answers) == {"Receipt": 3, "slot-full": 57}
    assert await tags(log_url) == {"slots-offered": 1, "slot-booked": 3, "booking-recorded": 3}


async def test_one_person_at_many_counters_gets_no_more_than_the_limits_allow(log_url: str) -> None:
    async with looping(log_url) as one, looping(log_url) as other:
        answers = await asyncio.gather(
            *(
                (one, other)[n % 2].submit(book(f"p{n}", "li", f"a-{9 + n % 3:02}00"), stamped(SIX))
                for n in range(30)
            ),
            return_exceptions=True,
        )
    assert codes(answers) == {"Receipt": 1, "item-booked-that-day": 29}
    assert (await tags(log_url))["slot-booked"] == 1


async def test_a_process_that_knows_nothing_yet_checks_in_whom_another_booked(log_url: str) -> None:
    async with looping(log_url) as loop:
        await loop.submit(book("p1", "li"), stamped(SIX))
    async with looping(log_url) as loop:
        first = await loop.submit(check_in("p1", "t1"), stamped(NINE))
        assert first.result == TicketReceipt("t1", "A001", "a", 0, None)
        assert first.stream == slots.stream("tanghe", DAY)
        again = await loop.submit(check_in("p1", "t1"), stamped(LATE))
        assert again.result == first.result
        with pytest.raises(Refused, match="already-checked-in"):
            await loop.submit(check_in("p1", "t2"), stamped(LATE))
    assert await tags(log_url) == {
        **{"slots-offered": 1, "slot-booked": 1, "booking-recorded": 1},
        **{"checked-in": 1, "day-opened": 1, "ticket-issued": 1, "visit-recorded": 1},
    }


async def test_cancelling_and_booking_in_a_rush_loses_no_place(log_url: str) -> None:
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(looping(log_url)) for _ in range(2)]
        for n in range(3):
            await one.submit(book(f"p{n}", f"person-{n}"), stamped(SIX))
        cancelling = [acts.cancel("tanghe", DAY, CancelAppointment(f"p{n}")) for n in range(3)]
        booking = [book(f"q{n}", f"other-{n}") for n in range(30)]
        await asyncio.gather(
            *(loop.submit(act, stamped(SIX)) for act in cancelling for loop in (one, other)),
            *(one.submit(act, stamped(SIX)) for act in booking[:15]),
            *(other.submit(act, stamped(SIX)) for act in booking[15:]),
            return_exceptions=True,
        )
        for n in range(30, 34):
            with contextlib.suppress(Refused):
                await one.submit(book(f"q{n}", f"other-{n}"), stamped(SIX))
    seen = await tags(log_url)
    assert seen["appointment-cancelled"] == seen["booking-released"] == 3
    assert seen["slot-booked"] == seen["booking-recorded"] == 6


async def test_every_event_of_an_appointment_survives_the_log(log_url: str) -> None:
    async with looping(log_url) as loop:
        await loop.submit(book("p1", "li"), stamped(SIX))
        await loop.submit(check_in("p1", "t1"), stamped(LATE))
    async with await store.connect(log_url) as connection:
        recorded = [envelope.read(*row).event for row in await store.select_page(connection, 0, 100)]
    assert recorded[:2] == [
        slots.SlotsOffered(OFFERED),
        slots.SlotBooked("p1", "a-0900", "a", "id-card", "li", NINE, NINE + timedelta(hours=1)),
    ]
    assert slots.CheckedIn("p1", "t1", late=True) in recorded


async def test_a_freed_place_is_for_who_waits_whoever_else_runs_for_it_at_several_servers(
    log_url: str,
) -> None:
    days = slots.stream("tanghe", DAY)
    async with AsyncExitStack() as stack:
        loops = [await stack.enter_async_context(looping(log_url)) for _ in range(2)]
        for n in range(3):
            await loops[0].submit(book(f"b{n}", f"p{n}"), stamped(SIX))
        for n in range(6):
            await loops[0].submit(book(f"c{n}", f"q{n}", ("a-1000", "a-1100")[n % 2]), stamped(SIX))
        await loops[1].submit(Act((Ask(days, JoinWaiting("w1", "a", "id-card", "li")),)), stamped(SIX))
        gone = acts.cancel("tanghe", DAY, CancelAppointment("b0"))
        offer = Act((Ask(days, OfferFreed()),))
        runners = [book(f"r{n}", f"runner{n}") for n in range(30)]
        answers = await asyncio.gather(
            *(
                loops[n % 2].submit(act, stamped(SIX))
                for n, act in enumerate([*runners, gone, *runners, offer])
            ),
            return_exceptions=True,
        )
        await loops[1].submit(offer, stamped(SIX))
        taken = [answer for answer in (*answers[:30], *answers[31:-1]) if isinstance(answer, Receipt)]
        assert taken == []
        day: slots.Slots = await loops[0].peek(days, lambda held: held.state)
        assert day.waiting["w1"].hold == "w1.1"
        assert list(broken(days, day)) == []
