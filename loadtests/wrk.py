"""wrk against a server: tickets at many halls, as fast as they are answered."""

import shutil
import subprocess
from pathlib import Path

import httpx
import msgspec

from loadtests import empty
from loadtests.serving import Served

CONNECTIONS = 64
HALLS = 400
"""So many halls of six queues each: a second's tickets are a few in every line, as on a busy morning."""

SCRIPT = Path(__file__).with_name("tickets.lua")
MISSING = (
    "wrk is missing: the HTTP figures need it (Debian and Ubuntu: apt install wrk; macOS: brew install wrk)"
)


class Told(msgspec.Struct, frozen=True):
    """What wrk says of a run; ``failed`` counts broken connections and every answer that is not 2xx or 3xx."""

    requests: int
    seconds: float
    failed: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


class Target(msgspec.Struct, frozen=True):
    """A server with what is asked of it."""

    url: str
    path: str
    body: str
    token: str

    def press(self, seconds: float) -> Told:
        """64 connections for some seconds.

        Raises:
            RuntimeError: a request failed.
        """
        program = shutil.which("wrk")
        if program is None:
            raise RuntimeError(MISSING)
        command = [program, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
        asked = [self.path, self.body, self.token, str(HALLS)]
        finished = subprocess.run(
            [*command, "-s", str(SCRIPT), self.url, "--", *asked],
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            check=True,
        )
        told = msgspec.json.decode(finished.stdout.strip().rpartition("\n")[2], type=Told)
        if told.failed:
            raise RuntimeError(f"{told.failed} of {told.requests} requests to {self.url}{self.path} failed")
        return told


def nothing(url: str) -> Target:
    """The empty server."""
    return Target(url, empty.PATH, empty.REQUEST.decode(), "none")


def tickets(served: Served) -> Target:
    """A kiosk's walk-in tickets at halls that are made here."""
    admin = {"Authorization": f"Bearer {served.token('admin', 'admin-01')}"}
    with httpx.Client(base_url=served.url + "/api/v1", headers=admin, timeout=30) as client:
        plan = client.get("/halls/tanghe").raise_for_status().json()
        plan = {name: plan[name] for name in ("name", "region", "kind", "queues", "sessions")}
        windows = [{"window": "w01", "name": plan["name"], "kind": "general", "queues": ["a", "b"]}]
        for hall in range(1, HALLS + 1):
            client.put(f"/halls/load-{hall}", json={**plan, "windows": windows}).raise_for_status()
        items = client.get("/items", params={"limit": 1}).raise_for_status().json()["items"]
    body = msgspec.json.encode({"item": items[0]["item"], "queue": "QUEUE"}).decode()
    token = served.token("kiosk", "kiosk-load")
    return Target(served.url, "/api/v1/halls/load-HALL/tickets", body, token)
