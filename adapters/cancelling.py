"""Obeying a cancellation that a library has swallowed."""

import asyncio


def obey() -> None:
    """Raise the cancellation that was asked of this task and has not come through.

    ``asyncio.wait_for`` of Python 3.11 drops one that arrives together with the result (python/cpython#86296), and
    both psycopg and nats-py wait by it; nats-py also drops one that arrives while it flushes. A loop built on them
    would then go on for ever, so such loops ask here once a round.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
