"""What tests run on: databases of their own, and ``mingting serve`` as its users start it, a process of its own."""

import contextlib
import io
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).parent.parent

READY_S = 120
"""How long a program may take to start on a machine that has much else to do."""


class Running:
    """A serving program: its address, its process and the directory of its data."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], data: Path) -> None:
        self.url = url
        self.process = process
        self.data = data

    def get(self, path: str, token: str | None = None) -> Any:
        """What a path answers, as JSON."""
        return self._ask("GET", path, None, token)

    def post(self, path: str, body: Any = None, token: str | None = None, **headers: str) -> Any:
        """What a command answers, as JSON."""
        return self._ask("POST", path, {} if body is None else body, token, **headers)

    def put(self, path: str, body: Any, token: str | None = None) -> Any:
        """What a configuration answers, as JSON."""
        return self._ask("PUT", path, body, token)

    def until(self, path: str, token: str, so: Callable[[Any], bool]) -> Any:
        """What a path answers once it is so; within a minute and a half."""
        deadline = time.monotonic() + 90
        while True:
            with contextlib.suppress(urllib.error.HTTPError):
                if so(told := self.get(path, token)):
                    return told
            assert time.monotonic() < deadline, path
            time.sleep(0.05)

    def token(self, role: str, subject: str = "somebody", **claims: str) -> str:
        """A development token."""
        answer = self.post("/api/v1/dev/tokens", {"role": role, "subject": subject, **claims})
        return str(answer["token"])

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """One of the program's tools, on the same data."""
        command = [sys.executable, "-m", "app", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    def _ask(self, method: str, path: str, body: Any, token: str | None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            # Read to its end and closed: whoever does not look at a refusal leaves no socket behind.
            with refused:
                body = io.BytesIO(refused.read())
            raise urllib.error.HTTPError(
                refused.url, refused.code, refused.msg, refused.headers, body
            ) from None


@contextlib.contextmanager
def database(server: str, template: str = "template1") -> Iterator[str]:
    """A database made from another one, which nobody may be using; dropped at the end."""
    name = f"test_{secrets.token_hex(6)}"
    creating = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(creating.format(sql.Identifier(name), sql.Identifier(template)))
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def running(
    data: Path, environment: Mapping[str, str] | None = None, port: int | None = None, *, work: bool = True
) -> Iterator[Running]:
    """Start the program, wait until it is ready, and stop it as Ctrl-C does: it must end cleanly.

    Without ``work`` it only serves, beside another that works on the same servers."""
    chosen = port or free_port()
    url = f"http://127.0.0.1:{chosen}"
    command = [sys.executable, "-m", "app", "serve", "--port", str(chosen), "--data", str(data)]
    command += [] if work else ["--no-work"]
    # Of the test's own settings nothing may leak in, nor may a passing run's.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MINGTING_")}
    process = subprocess.Popen(command, cwd=ROOT, env=inherited | dict(environment or {}))
    try:
        _wait_until_ready(url, process)
        yield Running(url, process, data)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
            assert code == 0, f"the program ended with {code}"


def free_port() -> int:
    """A port nobody listens on, below those that connections are given: none of them takes it before the program."""
    while True:
        port = 12_000 + secrets.randbelow(20_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the program ended with {process.returncode}"
        ready = f"{url}/health/ready"
        try:
            with urllib.request.urlopen(ready, timeout=5) as answer:
                if json.loads(answer.read())["status"] == "ready":
                    return
        except urllib.error.HTTPError as unready:
            unready.close()
        except OSError:
            pass  # nobody listens yet
        time.sleep(0.1)
    raise AssertionError(f"the program was not ready within {READY_S} s")
