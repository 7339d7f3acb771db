"""Looks at streams: told from the log as it is now, whichever process wrote it, and changing nothing."""

import asyncio
from typing import Any

import pytest

from adapters import store
from adapters.loop import CommandLoop, StoreUnavailable
from domain import queue
from domain.handling import Held
from domain.message import Refused
from domain.queue import IssueTicket, OpenDay
from tests.adapters.test_loop import DAY, PLAN, ask, log_url, looping, stamped

__all__ = ["log_url"]


def issued(held: Held) -> int:
    state: queue.Queue = held.state
    return len(state.tickets)


async def test_a_stream_nobody_has_asked_yet_is_read_from_the_log(log_url: str) -> None:
    async with looping(log_url) as loop:
        assert await loop.peek(DAY, issued) == 0
        await loop.submit(ask(OpenDay(PLAN), IssueTicket("t1", "a")), stamped())
    async with looping(log_url) as loop:
        assert await loop.peek(DAY, issued) == 1


async def test_what_another_process_wrote_is_seen_though_the_stream_is_held_in_memory(log_url: str) -> None:
    async with looping(log_url) as mine, looping(log_url) as theirs:
        await mine.submit(ask(OpenDay(PLAN), IssueTicket("t1", "a")), stamped())
        await theirs.submit(ask(IssueTicket("t2", "a")), stamped())
        assert await mine.peek(DAY, issued) == 2
        assert await mine.peek(DAY, lambda held: held.version) == 3


async def test_looks_and_commands_do_not_disturb_each_other(log_url: str) -> None:
    async with looping(log_url) as loop:
        await loop.submit(ask(OpenDay(PLAN)), stamped())
        work: list[Any] = []
        for number in range(100):
            work.append(loop.submit(ask(IssueTicket(f"t{number}", "a")), stamped()))
            work.append(loop.peek(DAY, issued))
        answers = await asyncio.gather(*work)
        assert sorted({answer.version for answer in answers[::2]}) == list(range(2, 102))
        assert all(0 <= seen <= 100 for seen in answers[1::2])
        assert await loop.peek(DAY, issued) == 100


async def test_a_look_that_refuses_tells_its_asker_alone(log_url: str) -> None:
    def refuse(held: Held) -> int:
        raise Refused("unknown-ticket", missing=True)

    async with looping(log_url) as loop:
        answers = await asyncio.gather(loop.peek(DAY, refuse), loop.peek(DAY, issued), return_exceptions=True)
        assert isinstance(answers[0], Refused)
        assert answers[1] == 0


async def test_a_look_is_not_waited_for_longer_than_a_command(
    log_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.loop.PATIENCE_S", 0.3)

    async def never() -> Any:
        await asyncio.sleep(60)

    loop = CommandLoop(never)
    task = asyncio.create_task(loop.run())
    with pytest.raises(StoreUnavailable):
        await loop.peek(DAY, issued)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_looks_that_are_too_many_are_told_to_come_back(log_url: str) -> None:
    loop = CommandLoop(lambda: store.connect(log_url), waiting=1)
    first = asyncio.create_task(loop.peek(DAY, issued))
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable):
        await loop.peek(DAY, issued)
    task = asyncio.create_task(loop.run())
    assert await first == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
