"""The program as a process: how it ends, what it keeps beside it, and what its memory is told."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn

log = structlog.get_logger()

UNTAKEN_MS = 30_000
"""How long the other side of a connection may leave sent data unacknowledged."""

WAITING_MAX = 2048
"""Connections that wait to be let in."""

NICENESS = 10

STOPPING_S = 10
"""How long a worker may take to end before it is killed."""


def taken(host: str, port: int) -> socket.socket:
    """The address, taken before anything is started that would have to be stopped again; nobody is let in yet. Whoever
    knocks is refused, so that a proxy asks another process meanwhile: a start may have an index to build.

    Raises:
        CannotListen: it is not to be had.
    """
    address = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What a peer does not take within this time is given up: a screen that stopped reading holds no socket.
        address.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNTAKEN_MS)
        address.bind((host, port))
    except OSError as error:
        address.close()
        raise CannotListen(host, port, error) from error
    return address


def listen(address: socket.socket) -> None:
    """Let people in.

    Raises:
        CannotListen: another program that was starting too had the address first.
    """
    try:
        address.listen(WAITING_MAX)
    except OSError as error:
        host, port = address.getsockname()[:2]
        raise CannotListen(host, port, error) from error


class CannotListen(Exception):
    """The address is another's, or not this machine's; the message says so."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        advice = "choose another (make run PORT=…, --port, --host)"
        super().__init__(f"cannot listen on {host} port {port}: {error.strerror}; {advice}")


class Server(uvicorn.Server):
    """uvicorn, leaving the signals to ``until_stopped``: the servers behind it must end after it, in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def until_stopped(
    *duties: Coroutine[Any, Any, Any] | asyncio.Task[Any], parent: int | None = None
) -> None:
    """Run until SIGINT or SIGTERM comes, the parent process is gone, or any of the duties ends: none should.

    Raises:
        Exception: what ended a duty.
    """
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    waiting = {asyncio.ensure_future(duty) for duty in duties} | {asyncio.create_task(stopped.wait())}
    if parent is not None:
        waiting.add(asyncio.create_task(_until_gone(parent)))
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        await end(task)
    for task in done:
        task.result()


async def end(task: asyncio.Task[Any] | asyncio.Future[Any]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def keep_worker(settings: Mapping[str, str]) -> None:
    """``mingting work`` as a process of its own, started again when it ends, until cancelled.

    It shares nothing with this one but the two servers, which ``settings`` name as environment variables.
    """
    command = (sys.executable, "-m", "app", "work", "--parent", str(os.getpid()))
    while True:
        worker = await asyncio.create_subprocess_exec(*command, env=os.environ | settings)
        try:
            log.error("worker-ended", code=await worker.wait())
        finally:
            if worker.returncode is None:
                worker.terminate()
                try:
                    await asyncio.wait_for(worker.wait(), STOPPING_S)
                except TimeoutError:
                    worker.kill()
        await asyncio.sleep(1)


class Rebuilds:
    """Rebuilds of views, each a process of its own beside the serving one; one at a time.

    Args:
        settings: the servers, as environment variables.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        self.running: tuple[str, ...] = ()
        """The views that are being rebuilt."""

    def begin(self, names: tuple[str, ...]) -> None:
        """Begin, unless a rebuild is running."""
        if not self.running:
            self.running = names
            self._task = asyncio.create_task(self._rebuild(names))

    async def stop(self) -> None:
        """Give up what is running; the views that serve stay as they are."""
        if self._task is not None:
            await end(self._task)

    async def _rebuild(self, names: tuple[str, ...]) -> None:
        command = (sys.executable, "-m", "app", "rebuild", *names)
        process = await asyncio.create_subprocess_exec(
            *command,
            env=os.environ | self._settings,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            if code := await process.wait():
                log.error("rebuild-failed", code=code, views=names)
        finally:
            self.running = ()
            if process.returncode is None:
                process.terminate()
                await process.wait()


def stand_back(parent: int | None) -> None:
    """Give way to those who answer people: what follows the log can be a moment late. A worker leaves its parent's
    process group, so that Ctrl-C reaches the parent only, which ends it in order; not its session, because Linux
    weighs the sessions first and niceness only within one."""
    os.nice(NICENESS)
    if parent is not None:
        os.setpgid(0, 0)


def settle_memory() -> None:
    """What start-up made stays for good: the collector need not look at it again, nor so often at the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


async def _until_gone(parent: int) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110  # nobody tells a process that it has been orphaned
        await asyncio.sleep(1)
