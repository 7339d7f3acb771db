"""Five hundred clients on one last place, over HTTP, at three serving processes on one database, again and again.

    python -m loadtests.rush [--times 20] [--clients 500] [--processes 3]

Each time another slot is filled until one place is left, and then everybody asks for it at once: exactly one may have
it, everybody else is told that the slot is full, and nothing is left. Ends with ``mingting check`` and one line of
JSON; exit 1 if any of this was otherwise.
"""

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, ExitStack
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import uvloop

from adapters.embedded import EmbeddedServers
from adapters.http.identity import DevelopmentTokens
from domain.workdays import SHANGHAI
from loadtests import serving

SECRET = secrets.token_urlsafe(32)
ITEMS = ("demo-shebaoka-shenling", "demo-dibao")
HALL = "tanghe"
TOKENS = DevelopmentTokens(SECRET.encode())


class Clients:
    """People who ask; each request goes to the next process."""

    def __init__(self, urls: list[str], many: int) -> None:
        # A connection that the server is about to close for idleness (5 s) is not used again.
        limits = httpx.Limits(max_connections=many, max_keepalive_connections=50, keepalive_expiry=2)
        self.clients = [
            httpx.AsyncClient(base_url=f"{url}/api/v1", limits=limits, timeout=60) for url in urls
        ]
        self._turn = cycle(self.clients)

    async def ask(self, method: str, path: str, person: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKENS.sign('citizen', person, person=person)}"}
        return await next(self._turn).request(method, path, headers=headers, **more)

    async def slots(self, day: str, item: str) -> list[dict[str, Any]]:
        answer = await self.ask("GET", f"/halls/{HALL}/slots", "somebody", params={"date": day, "item": item})
        found: list[dict[str, Any]] = answer.json()["slots"]
        return found

    async def book(self, person: str, day: str, slot: str, item: str) -> str:
        """``201``, or the code of the refusal."""
        body = {"item": item, "date": day, "slot": slot}
        answer = await self.ask("POST", f"/halls/{HALL}/appointments", person, json=body)
        return "201" if answer.status_code == 201 else str(answer.json().get("code", answer.status_code))


async def rushes(urls: list[str], times: int, clients: int) -> list[str]:
    """What was otherwise than it should be, over so many rushes; a line each to standard error."""
    people, wrong = Clients(urls, clients), []
    async with AsyncExitStack() as stack:
        for client in people.clients:
            await stack.enter_async_context(client)
        free = []
        day = datetime.now(SHANGHAI).date()
        for _ in range(14):
            day += timedelta(days=1)
            for item in ITEMS:
                free += [(day.isoformat(), s, item) for s in await people.slots(day.isoformat(), item)]
        if len(free) < times:
            raise SystemExit(f"only {len(free)} slots can be booked")
        for nth, (on, offered, item) in enumerate(free[:times], 1):
            slot = offered["slot"]
            for n in range(offered["remaining"] - 1):
                await people.book(f"before-{nth}-{n}", on, slot, item)
            began = time.perf_counter()
            asked = (people.book(f"rush-{nth}-{n}", on, slot, item) for n in range(clients))
            codes = Counter(await asyncio.gather(*asked))
            left = next(s["remaining"] for s in await people.slots(on, item) if s["slot"] == slot)
            told = f"{nth:>3}  {on} {slot}  {dict(codes)}  {left} left  {time.perf_counter() - began:.1f} s"
            print(told, file=sys.stderr)
            if codes != {"201": 1, "slot-full": clients - 1} or left != 0:
                wrong.append(told)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.rush", description=__doc__)
    for name, default in (("times", 20), ("clients", 500), ("processes", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, ExitStack() as stack:
        servers = stack.enter_context(EmbeddedServers(Path(data)))
        environ = {
            "MINGTING_DATABASE_URL": servers.database_url,
            "MINGTING_NATS_URL": servers.nats_url,
            "MINGTING_SECRET": SECRET,
            "MINGTING_DEVELOPMENT_TOKENS": "true",
        }
        urls = [
            stack.enter_context(serving.serve(Path(data) / f"process-{n}", environ=environ)).url
            for n in range(options.processes)
        ]
        wrong = uvloop.run(rushes(urls, options.times, options.clients))
        checked = subprocess.run(
            [sys.executable, "-m", "app", "check"],
            cwd=serving.ROOT,
            env=serving.environment() | environ,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        broken = json.loads(checked.stdout.strip().rpartition("\n")[2])["broken"]
    print(json.dumps({**vars(options), "wrong": wrong, "broken": broken}, ensure_ascii=False))
    return bool(wrong or broken)


if __name__ == "__main__":
    raise SystemExit(main())
