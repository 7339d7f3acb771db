"""The command loop on a real PostgreSQL: group commit, conflicts, repeats and the reply that was lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from itertools import count
from typing import Any

import psycopg
import pytest

from adapters import store
from adapters.envelope import UnreadableEvent
from adapters.loop import CommandLoop, KeyReused, Receipt, RequestKey, StoreUnavailable, VersionMovedOn
from domain import queue
from domain.hall import HallPlan, QueuePlan, WindowPlan
from domain.handling import Act, Ask, Held
from domain.message import Command, Refused, Stamp, Text
from tests.cutting import CuttingProxy
from tests.spec import NINE

A = Text("综合", "General")
PLAN = HallPlan(
    name=A,
    region="411328000000",
    queues=(QueuePlan("a", "A", A), QueuePlan("b", "B", A)),
    windows=tuple(WindowPlan(f"w{n}", A, "general", ("a", "b")) for n in range(8)),
)
DAY = queue.stream("tanghe", date(2026, 3, 2))

numbers = count()


def ask(*commands: Command, stream: str = DAY) -> Act:
    return Act(tuple(Ask(stream, command) for command in commands), lambda hold: hold(stream).version)


def stamped() -> Stamp:
    return Stamp(at=NINE, by="clerk:li", command=f"c{next(numbers)}")


@pytest.fixture
def log_url(database_url: str) -> str:
    recorder = store.GroupCommitRecorder(store.datastore(database_url))
    store.migrate(recorder)
    with recorder.datastore.get_connection() as connection:
        connection.execute("TRUNCATE stored_events, request_keys RESTART IDENTITY")
    recorder.datastore.close()
    return database_url


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events each reading of streams found."""
    found: list[int] = []
    select = store.select_since

    async def counted(*asked: Any) -> list[store.Row]:
        rows = await select(*asked)
        found.append(len(rows))
        return rows

    monkeypatch.setattr(store, "select_since", counted)
    return found


@asynccontextmanager
async def looping(url: str, **settings: int) -> AsyncIterator[CommandLoop]:
    loop = CommandLoop(lambda: store.connect(url), **settings)
    task = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def rows(url: str) -> list[store.Row]:
    async with await store.connect(url) as connection:
        return await store.select_page(connection, 0, 10_000)


async def test_a_command_is_answered_with_its_place_in_the_log(log_url: str) -> None:
    async with looping(log_url) as loop:
        first = await loop.submit(ask(queue.OpenDay(PLAN)), stamped())
        second = await loop.submit(ask(queue.IssueTicket("t1", "a")), stamped())
    assert (first.version, first.position, second.version, second.position) == (1, 1, 2, 2)
    assert [row.topic for row in await rows(log_url)] == ["day-opened", "ticket-issued"]


async def test_many_commands_share_a_transaction_and_none_is_lost(log_url: str) -> None:
    async with looping(log_url) as loop:
        await loop.submit(ask(queue.OpenDay(PLAN)), stamped())
        asks = [loop.submit(ask(queue.IssueTicket(f"t{n}", "a")), stamped()) for n in range(400)]
        receipts = await asyncio.gather(*asks)
        batches = loop.batches
    assert sorted(r.position for r in receipts) == list(range(2, 402))
    assert [row.version for row in await rows(log_url)] == list(range(1, 402))
    assert batches < 50


async def test_a_refusal_spoils_no_neighbour(log_url: str) -> None:
    async with looping(log_url) as loop:
        await loop.submit(ask(queue.OpenDay(PLAN)), stamped())
        answers = await asyncio.gather(
            *(
                loop.submit(ask(queue.IssueTicket(f"t{n}", "a" if n % 2 else "zz")), stamped())
                for n in range(20)
            ),
            return_exceptions=True,
        )
    assert sum(isinstance(a, Refused) for a in answers) == 10
    assert len(await rows(log_url)) == 11


async def test_an_act_on_several_streams_happens_whole_or_not_at_all(log_url: str) -> None:
    other = queue.stream("yuantan", date(2026, 3, 2))
    both = Act((Ask(DAY, queue.OpenDay(PLAN)), Ask(other, queue.IssueTicket("t1", "a"))))
    async with looping(log_url) as loop:
        with pytest.raises(Refused, match="day-not-open"):
            await loop.submit(both, stamped())
        assert await rows(log_url) == []
        # What the refused act had already folded is forgotten: the day can still be opened.
        await loop.submit(ask(queue.OpenDay(PLAN)), stamped())
    assert [row.version for row in await rows(log_url)] == [1]


async def test_a_refused_act_leaves_what_its_batch_decided_before(log_url: str) -> None:
    refused = Act((Ask(DAY, queue.IssueTicket("t2", "a")), Ask(DAY, queue.CallNext("w99"))))
    async with looping(log_url) as loop:
        opening = loop.submit(ask(queue.OpenDay(PLAN), queue.IssueTicket("t1", "a")), stamped())
        answers = await asyncio.gather(
            opening,
            loop.submit(refused, stamped()),
            loop.submit(ask(queue.IssueTicket("t3", "a")), stamped()),
            return_exceptions=True,
        )
    assert isinstance(answers[1], Refused)
    assert [row.topic for row in await rows(log_url)] == ["day-opened", "ticket-issued", "ticket-issued"]


async def test_the_same_key_answers_the_first_receipt_again(log_url: str) -> None:
    async with looping(log_url) as loop:
        await loop.submit(ask(queue.OpenDay(PLAN), queue.OpenWindow("w1", "li")), stamped())
        await loop.submit(ask(queue.IssueTicket("t1", "a"), queue.IssueTicket("t2", "a")), stamped())
        call = ask(queue.CallNext("w1"))
        key = RequestKey("li:k1", b"digest")
        first = await loop.submit(call, stamped(), key=key)
        again = await loop.submit(call, stamped(), key=key)
        with pytest.raises(KeyReused):
            await loop.submit(call, stamped(), key=RequestKey("li:k1", b"another"))
    assert not first.replayed
    assert again == Receipt(first.stream, first.version, first.position, first.result, replayed=True)


async def test_a_key_is_known_to_another_process_and_after_a_restart(log_url: str) -> None:
    key = RequestKey("li:k1", b"digest")
    async with looping(log_url) as one, looping(log_url) as two:
        await one.submit(ask(queue.OpenDay(PLAN)), stamped())
        asks = [
            loop.submit(ask(queue.IssueTicket(f"t{n}", "a")), stamped(), key=key)
            for n, loop in enumerate([one, two, one, two])
        ]
        receipts = await asyncio.gather(*asks)
    assert sum(not r.replayed for r in receipts) == 1
    assert len(await rows(log_url)) == 2


async def test_a_key_also_remembers_that_nothing_had_to_be_done(log_url: str) -> None:
    key = RequestKey("li:k1", b"digest")
    async with looping(log_url) as loop:
        await loop.submit(ask(queue.OpenDay(PLAN)), stamped())
        await loop.submit(ask(queue.CloseWindow("w1")), stamped(), key=key)
        await loop.submit(ask(queue.OpenWindow("w1", "li")), stamped())
        again = await loop.submit(ask(queue.CloseWindow("w1")), stamped(), key=key)
    assert again.replayed
    assert [row.topic for row in await rows(log_url)] == ["day-opened", "window-opened"]


async def test_whoever_saw_an_older_version_is_told(log_url: str) -> None:
    async with looping(log_url) as loop:
        await loop.submit(ask(queue.OpenDay(PLAN)), stamped())
        with pytest.raises(VersionMovedOn):
            await loop.submit(ask(queue.IssueTicket("t1", "a")), stamped(), if_match=0)
        await loop.submit(ask(queue.IssueTicket("t1", "a")), stamped(), if_match=1)


async def test_several_processes_write_one_stream_without_gap_or_repeat(log_url: str) -> None:
    async with looping(log_url) as one, looping(log_url) as two, looping(log_url) as three:
        loops = [one, two, three]
        await one.submit(ask(queue.OpenDay(PLAN)), stamped())
        asks = [loops[n % 3].submit(ask(queue.IssueTicket(f"t{n}", "a")), stamped()) for n in range(300)]
        receipts = await asyncio.gather(*asks)
        assert any(loop.conflicts for loop in loops)
    assert sorted(r.version for r in receipts) == list(range(2, 302))
    stored = await rows(log_url)
    assert [(row.version, row.position) for row in stored] == [
        (n, stored[n - 1].position) for n in range(1, 302)
    ]


async def test_a_process_that_does_not_write_a_stream_reads_only_what_is_new_at_each_look(
    log_url: str, read: list[int]
) -> None:
    def waiting(held: Held) -> tuple[int, int, int]:
        return held.version, held.position, held.state.waiting

    async with looping(log_url) as writer, looping(log_url) as looker:
        await writer.submit(ask(queue.OpenDay(PLAN)), stamped())
        for n in range(50):
            await writer.submit(ask(queue.IssueTicket(f"t{n}", "a")), stamped())
        read.clear()
        assert await looker.peek(DAY, waiting) == (51, 51, 50)
        assert read == [51]
        assert await looker.peek(DAY, waiting) == (51, 51, 50)
        assert read == [51, 0]
        for n in range(3):
            await writer.submit(ask(queue.LeaveLine(f"t{n}")), stamped())
        assert await looker.peek(DAY, waiting) == (54, 54, 47)
        assert read == [51, 0, 3]
        assert looker.loads == 1
        receipt = await looker.submit(ask(queue.IssueTicket("t50", "a")), stamped())
        assert (receipt.version, receipt.position) == (55, 55)
        assert await writer.peek(DAY, waiting) == await looker.peek(DAY, waiting) == (55, 55, 48)


async def test_processes_that_take_turns_at_a_stream_neither_conflict_nor_read_it_anew(
    log_url: str, read: list[int]
) -> None:
    async with looping(log_url) as one, looping(log_url) as other:
        await one.submit(ask(queue.OpenDay(PLAN)), stamped())
        for n in range(40):
            await (one, other)[n % 2].submit(ask(queue.IssueTicket(f"t{n}", "a")), stamped())
        assert one.conflicts + other.conflicts <= 2, "each finds out once that it is not alone"
        assert sum(read) <= 60
    versions = [row.version for row in await rows(log_url)]
    assert versions == list(range(1, 42))


async def test_what_was_written_elsewhere_and_cannot_be_read_fails_who_asks_it_until_it_can(
    log_url: str,
) -> None:
    async with looping(log_url) as writer, looping(log_url) as looker:
        await writer.submit(ask(queue.OpenDay(PLAN)), stamped())
        assert await looker.peek(DAY, lambda held: held.version) == 1
        async with await store.connect(log_url) as connection:
            await store.append(connection, [store.Row(DAY, 2, 0, "day-closed", b"what is this")], [])
        with pytest.raises(UnreadableEvent):
            await looker.peek(DAY, lambda held: held.version)
        with psycopg.connect(log_url, autocommit=True) as connection:
            connection.execute("DELETE FROM stored_events WHERE originator_version = 2")
        await writer.submit(ask(queue.IssueTicket("t1", "a")), stamped())
        assert await looker.peek(DAY, lambda held: held.version) == 2


async def test_nobody_is_refused_for_what_another_process_has_changed(log_url: str) -> None:
    async with looping(log_url) as one, looping(log_url) as two:
        await one.submit(ask(queue.OpenDay(PLAN), queue.OpenWindow("w1", "li")), stamped())
        with pytest.raises(Refused, match="nobody-waiting"):
            await two.submit(ask(queue.CallNext("w1")), stamped())
        await one.submit(ask(queue.IssueTicket("t1", "a")), stamped())
        await two.submit(ask(queue.CallNext("w1")), stamped())
        with pytest.raises(Refused, match="window-busy"):
            await one.submit(ask(queue.CallNext("w1")), stamped())
        await two.submit(ask(queue.StartService("w1")), stamped())
        await one.submit(ask(queue.FinishService("w1")), stamped())
        # Found already so: by the log, not by what this process last saw of it.
        await two.submit(ask(queue.CloseWindow("w1")), stamped())
        again = await one.submit(ask(queue.OpenWindow("w1", "li")), stamped())
    assert again.version == 8


async def test_streams_are_forgotten_beyond_the_bound_and_read_again(log_url: str) -> None:
    days = [queue.stream(f"h{n}", date(2026, 3, 2)) for n in range(30)]
    async with looping(log_url, streams=5) as loop:
        for day in days:
            await loop.submit(ask(queue.OpenDay(PLAN), queue.IssueTicket("t1", "a"), stream=day), stamped())
        held, events = loop.cached
        assert (held, events) == (5, 10)
        receipt = await loop.submit(ask(queue.IssueTicket("t2", "a"), stream=days[0]), stamped())
    assert receipt.version == 3


async def test_an_unreadable_stream_fails_only_who_asks_it(log_url: str) -> None:
    broken = queue.stream("broken", date(2026, 3, 2))
    async with looping(log_url) as loop:
        async with await store.connect(log_url) as connection:
            await store.append(connection, [store.Row(broken, 1, 0, "from-the-future", b"{}")], [])
        bad, good = await asyncio.gather(
            loop.submit(ask(queue.OpenDay(PLAN), stream=broken), stamped()),
            loop.submit(ask(queue.OpenDay(PLAN)), stamped()),
            return_exceptions=True,
        )
    assert "from-the-future" in str(bad)
    assert isinstance(good, Receipt)


class TestTheReplyLost:
    """The connection is cut around the COMMIT: before it, after it, and while PostgreSQL is away."""

    @pytest.fixture
    async def proxy(self, log_url: str) -> AsyncIterator[CuttingProxy]:
        async with CuttingProxy(log_url) as proxy:
            yield proxy

    async def test_after_the_commit_the_first_answer_still_comes(
        self, log_url: str, proxy: CuttingProxy
    ) -> None:
        async with looping(proxy.url) as loop:
            await loop.submit(ask(queue.OpenDay(PLAN), queue.IssueTicket("t0", "a")), stamped())
            proxy.cut_reply_to(b"ticket-issued")
            asks = [loop.submit(ask(queue.IssueTicket(f"t{n}", "a")), stamped()) for n in range(1, 6)]
            receipts = await asyncio.gather(*asks)
            assert proxy.cuts == 1
            call = await loop.submit(ask(queue.OpenWindow("w1", "li"), queue.CallNext("w1")), stamped())
        assert [r.version for r in receipts] == [3, 4, 5, 6, 7]
        assert call.version == 9
        stored = await rows(log_url)
        assert [row.version for row in stored] == list(range(1, 10))
        assert [r.position for r in receipts] == [row.position for row in stored[2:7]]

    async def test_before_the_commit_the_commands_are_decided_again(
        self, log_url: str, proxy: CuttingProxy
    ) -> None:
        async with looping(proxy.url) as loop:
            await loop.submit(ask(queue.OpenDay(PLAN), queue.IssueTicket("t0", "a")), stamped())
            proxy.cut_before(b"ticket-issued")
            receipt = await loop.submit(ask(queue.IssueTicket("t1", "a")), stamped())
            assert proxy.cuts == 1
        assert receipt.version == 3
        assert [row.version for row in await rows(log_url)] == [1, 2, 3]

    async def test_a_call_whose_reply_was_lost_calls_nobody_else(
        self, log_url: str, proxy: CuttingProxy
    ) -> None:
        key = RequestKey("li:call", b"d")
        async with looping(proxy.url) as loop:
            opening = ask(
                queue.OpenDay(PLAN),
                queue.OpenWindow("w1", "li"),
                queue.IssueTicket("t1", "a"),
                queue.IssueTicket("t2", "a"),
            )
            await loop.submit(opening, stamped())
            proxy.cut_reply_to(b"ticket-called")
            first = await loop.submit(ask(queue.CallNext("w1")), stamped(), key=key)
            again = await loop.submit(ask(queue.CallNext("w1")), stamped(), key=key)
        assert (again.version, again.position) == (first.version, first.position)
        assert [row.topic for row in await rows(log_url)].count("ticket-called") == 1

    async def test_while_postgresql_is_away_callers_are_told_and_it_heals(
        self, log_url: str, proxy: CuttingProxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("adapters.loop.PATIENCE_S", 0.6)
        async with looping(proxy.url) as loop:
            await loop.submit(ask(queue.OpenDay(PLAN)), stamped())
            proxy.refuse()
            with pytest.raises(StoreUnavailable):
                await loop.submit(ask(queue.IssueTicket("t1", "a")), stamped())
            proxy.accept()
            receipt = await _patiently(lambda: loop.submit(ask(queue.IssueTicket("t1", "a")), stamped()))
        assert receipt.version == 2

    async def test_connections_ended_by_the_server_are_opened_anew(self, log_url: str) -> None:
        async with looping(log_url) as loop:
            await loop.submit(ask(queue.OpenDay(PLAN)), stamped())
            for n in range(3):
                async with await psycopg.AsyncConnection.connect(log_url, autocommit=True) as connection:
                    await connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                    )
                await loop.submit(ask(queue.IssueTicket(f"t{n}", "a")), stamped())
        assert len(await rows(log_url)) == 4


async def _patiently(asking: Callable[[], Awaitable[Receipt]]) -> Receipt:
    for _ in range(50):
        try:
            return await asking()
        except StoreUnavailable:
            await asyncio.sleep(0.1)
    return await asking()
