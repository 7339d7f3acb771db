"""The program as its users run it: a process of its own, on data of its own, on a port of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parent.parent
START_S = 120.0
STOP_S = 60.0


class NotServing(Exception):
    """The program did not start or ended early; the message carries the end of what it said."""


class Process:
    """A program that was started here, whose output goes to ``output``."""

    def __init__(self, command: list[str], output: Path, environ: Mapping[str, str] | None = None) -> None:
        self._output = output
        with output.open("ab") as told:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                cwd=ROOT,
                env=environment() | dict(environ or {}),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def see_that_it_runs(self) -> None:
        if (code := self._process.poll()) is not None:
            last = self._output.read_text(errors="replace").splitlines()[-12:]
            raise NotServing("\n    ".join([f"ended with code {code}:", *last]))

    def stop(self) -> int:
        """Ask it to end and return its code; one that does not heed is killed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                return self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()


def environment() -> dict[str, str]:
    """The environment without settings of a deployment, which would speak to what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MINGTING_")}


@contextlib.contextmanager
def running(command: list[str], output: Path, environ: Mapping[str, str] | None = None) -> Iterator[Process]:
    process = Process(command, output, environ)
    try:
        yield process
    finally:
        process.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


class Served:
    """A running server."""

    def __init__(self, url: str, data: Path, process: Process) -> None:
        self.url = url
        self.data = data
        self.process = process

    def token(self, role: str, subject: str, hall: str | None = None, window: str | None = None) -> str:
        """A development token."""
        asked = {"role": role, "subject": subject, "hall": hall, "window": window}
        body = {name: value for name, value in asked.items() if value is not None}
        answer = httpx.post(f"{self.url}/api/v1/dev/tokens", json=body, timeout=10)
        answer.raise_for_status()
        return str(answer.json()["token"])

    def rest(self) -> None:
        """Wait until every view has taken in what was stored, so that the next figure does not pay for this one."""
        deadline = time.monotonic() + START_S
        while any(view["lag_events"] for view in httpx.get(f"{self.url}/health/ready").json()["projections"]):
            if time.monotonic() > deadline:
                raise NotServing(f"the views are still behind after {START_S:.0f} s")
            time.sleep(0.05)

    def memory_mib(self) -> dict[str, float]:
        """Memory by program: the serving process and its worker as resident, each server's processes together with
        shared pages counted once."""
        serving = psutil.Process(self.process.pid)
        found = {"serving": _memory(serving)[0], "worker": 0.0, "PostgreSQL": 0.0, "NATS": 0.0}
        for child in serving.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                resident, proportional = _memory(child)
                command = child.cmdline()
                if "work" in command:
                    found["worker"] += resident
                elif "nats-server" in command[0]:
                    found["NATS"] += resident
                else:
                    found["PostgreSQL"] += proportional
        return found


@contextlib.contextmanager
def serve(data: Path, module: str = "app", environ: Mapping[str, str] | None = None) -> Iterator[Served]:
    """``mingting serve`` on ``data``, which it seeds, until the block ends.

    Args:
        module: what is run, with the program's command line.

    Raises:
        NotServing: it did not come up within ``START_S``.
    """
    data.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", module, "serve", "--port", str(port), "--data", str(data)]
    with running(command, data / "output.log", environ) as process:
        served = Served(f"http://127.0.0.1:{port}", data, process)
        wait_until_ready(served.url + "/health/ready", process)
        served.rest()
        yield served


@contextlib.contextmanager
def command(module: str, output: Path) -> Iterator[Served]:
    """A server that is a module of ours, given a port."""
    port = free_port()
    with running([sys.executable, "-m", module, str(port)], output) as process:
        served = Served(f"http://127.0.0.1:{port}", output.parent, process)
        wait_until_ready(served.url + "/health/ready", process)
        yield served


def wait_until_ready(url: str, process: Process) -> None:
    """Return when a GET is answered with 200."""
    deadline = time.monotonic() + START_S
    while True:
        process.see_that_it_runs()
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=5).status_code == httpx.codes.OK:
                return
        if time.monotonic() > deadline:
            raise NotServing(f"{url} is not ready after {START_S:.0f} s")
        time.sleep(0.05)


def _memory(process: psutil.Process) -> tuple[float, float]:
    """MiB resident, and proportional: shared pages counted by their share, where the system tells."""
    told = process.memory_full_info()
    return told.rss / 2**20, getattr(told, "pss", told.rss) / 2**20
