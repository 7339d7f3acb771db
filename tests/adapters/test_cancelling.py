"""A cancellation that a library swallowed is obeyed all the same."""

import asyncio
import contextlib

import pytest

from adapters.cancelling import obey


async def swallow() -> None:
    """Wait as a library does that drops a cancellation."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)


async def test_a_loop_whose_cancellation_was_swallowed_ends_all_the_same() -> None:
    async def loop() -> None:
        while True:
            await swallow()
            obey()

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 20)


async def test_a_time_limit_that_was_swallowed_is_one_all_the_same() -> None:

    async def limited() -> None:
        async with asyncio.timeout(0.01):
            await swallow()
            obey()

    with pytest.raises(TimeoutError):
        await limited()
    obey()  # the limit has passed, and asks no more


async def test_who_was_not_cancelled_goes_on() -> None:
    obey()
