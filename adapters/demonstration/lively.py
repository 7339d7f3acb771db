"""Makes a hall of the demonstration live: a made-up fortnight behind it, and for some minutes people at its door.

People come to the kiosk, clerks call whoever is next at all windows but the first two, serve them for seconds instead
of minutes, and some rate. All of it goes through the public interface, so whoever takes a number themselves, or sits
down at one of the free windows, is part of it.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from rich.console import Console

from adapters.demonstration import plans
from adapters.demonstration.fortnight import GRADES, fortnight
from adapters.demonstration.plans import NamedItem
from adapters.importing.courier import BATCH, Courier, courier
from adapters.importing.permit_cases import batches
from adapters.importing.records import Stopped
from domain.review_tags import TAGS
from domain.workdays import Calendar

API = "/api/v1"
YOURS = 2
"""Windows, the plan's first, that are left to whoever looks on."""

MINUTES_MAX = 120
"""How long it may go on: what is played is kept."""

FULL = 0.92
"""How busy the windows are: people come a little more slowly than they are served."""

SERVED_S = (12.0, 40.0)


class LivelyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``mingting play`` is told."""

    hall: str = "tanghe"
    minutes: float = 20.0
    url: str = "http://127.0.0.1:8000"
    token: str | None = None


async def play(options: LivelyOptions) -> dict[str, Any]:
    """Tell the fortnight, then play; answers what was done.

    Raises:
        Stopped: the server is no demonstration, or has no such hall, or would not listen.
    """
    if not 0 <= options.minutes <= MINUTES_MAX:
        raise Stopped(f"{options.minutes} minutes: 0 to {MINUTES_MAX} are possible")
    console = Console(stderr=True)
    async with courier(options.url, options.token) as to:
        with console.status("两周的往事 a fortnight behind it"):
            told = await tell_fortnight(to, options.hall)
    screen = f"大屏 Screen: {options.url}/halls/{options.hall}/screen"
    console.print(screen, markup=False, highlight=False, soft_wrap=True)
    async with httpx.AsyncClient(base_url=options.url, timeout=30.0, trust_env=False) as client:
        hall = Lively(client, options.hall)
        with console.status(f"{options.minutes:g} 分钟 minutes; Ctrl-C"):
            await hall.play(options.minutes * 60)
    return {**told, "issued": hall.issued, "served": hall.served, "rated": hall.rated}


async def tell_fortnight(to: Courier, hall: str) -> dict[str, Any]:
    """Tell a server what happened at the hall on the last working days; telling it again changes nothing.

    Raises:
        Stopped: the server would not listen, or the hall is none of the demonstration's.
    """
    found = plans.plans()
    plan = next((named.plan for named in found.halls if named.hall == hall), None)
    if plan is None:
        raise Stopped(f"{hall!r} is none of the demonstration's halls")
    await to.find_hall(hall)
    lines = {line.queue for line in plan.queues}
    items = {named.item: named.plan for named in found.items if named.plan.queue in lines}
    stories = await asyncio.to_thread(fortnight, hall, plan, items, Calendar(found.years), datetime.now(UTC))
    for parcel in batches(stories, BATCH):
        await to.tell(parcel)
    return to.account.summary()


class Lively:
    """People at one hall of a running demonstration.

    Args:
        client: asks the demonstration's server.
        pace: how many times faster than told everything goes; for tests.
    """

    def __init__(self, client: httpx.AsyncClient, hall: str, *, pace: float = 1.0) -> None:
        self._client = client
        self._hall = hall
        self._pace = pace
        self._chance = random.Random()  # noqa: S311 (who comes when is no secret)
        self._follow: dict[str, str] = {}
        self._ends = 0.0
        self.closed = False
        self.issued = 0
        self.served = 0
        self.rated = 0

    async def play(self, seconds: float) -> None:
        """Let people come for so many seconds; afterwards the clerks finish whom they serve, and close.

        Raises:
            Stopped: the server lends no development tokens.
        """
        self._ends = time.monotonic() + seconds
        hall = await self._ask("GET", "", await self._become("admin", "admin-01"))
        windows = hall["windows"][YOURS:] or hall["windows"]
        lines = {line for window in windows for line in window["queues"]}
        items = [named for named in plans.plans().items if named.plan.queue in lines]
        async with asyncio.TaskGroup() as people:
            people.create_task(self._door(items, len(windows)))
            for window in windows:
                people.create_task(self._window(window["window"]))

    def close(self) -> None:
        """Nobody comes any more: whoever is being served is the last."""
        self.closed = True

    async def _door(self, items: Sequence[NamedItem], windows: int) -> None:
        kiosk = await self._become("kiosk", f"kiosk-play-{self._hall}")
        every = (sum(SERVED_S) / 2 + 10) / windows / FULL
        for _ in range(windows):
            await self._come(kiosk, items)
        while self._going_on:
            await self._rest(min(4 * every, self._chance.expovariate(1 / every)))
            await self._come(kiosk, items)

    async def _come(self, kiosk: str, items: Sequence[NamedItem]) -> None:
        priority = self._chance.choices(("ordinary", "elderly", "disabled"), (92, 6, 2))[0]
        wanted = self._chance.choice(items)
        asked = {"queue": wanted.plan.queue, "item": wanted.item, "priority": priority}
        ticket = await self._ask("POST", "/tickets", kiosk, asked)
        if "follow" in ticket:
            self.issued += 1
            self._follow[ticket["id"]] = ticket["follow"]

    async def _window(self, window: str) -> None:
        clerk = await self._become("clerk", f"clerk-{window}", window=window)
        at = f"/windows/{window}"
        await self._rest(self._chance.uniform(0, 6))
        await self._ask("POST", f"{at}/open", clerk)
        while self._going_on:
            called = await self._ask("POST", f"{at}/call-next", clerk)
            if "ticket" not in called:
                await self._rest(self._chance.uniform(2, 5))
                continue
            await self._rest(self._chance.uniform(4, 9))
            if self._chance.random() < 0.08:
                await self._ask("POST", f"{at}/recall", clerk)
                await self._rest(5)
            if self._chance.random() < 0.03:
                await self._ask("POST", f"{at}/no-show", clerk)
                continue
            await self._ask("POST", f"{at}/start", clerk)
            await self._rest(self._chance.uniform(*SERVED_S))
            handled = [called["item"]] if called["item"] else []
            finished = await self._ask("POST", f"{at}/finish", clerk, {"items": handled})
            if "position" in finished:
                self.served += 1
                await self._rate(called["id"])
        await self._ask("POST", f"{at}/close", clerk)

    async def _rate(self, ticket: str) -> None:
        follow = self._follow.pop(ticket, None)
        if follow is None or self._chance.random() < 0.5:
            return
        grade = self._chance.choices(list(GRADES), list(GRADES.values()))[0]
        tag = self._chance.choice(sorted(TAGS[grade]))
        body = {"service": {"ticket": follow}, "grade": grade, "tags": [tag], "channel": "mobile"}
        rated = await self._send("POST", f"{API}/reviews", None, body)
        self.rated += rated.is_success

    @property
    def _going_on(self) -> bool:
        return not self.closed and time.monotonic() < self._ends

    async def _rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._pace)

    async def _become(self, role: str, subject: str, **claims: str) -> str:
        wish = {"role": role, "subject": subject, "hall": self._hall, **claims}
        lent = await self._send("POST", f"{API}/dev/tokens", None, wish)
        if not lent.is_success:
            raise Stopped(
                f"this server lends no development tokens ({lent.status_code}): it is no demonstration"
            )
        token: str = msgspec.json.decode(lent.content)["token"]
        return token

    async def _ask(self, method: str, path: str, token: str, body: Any = None) -> dict[str, Any]:
        """What the hall answers; a refusal, which happens to people who do nothing wrong, is an answer too."""
        answer = await self._send(method, f"{API}/halls/{self._hall}{path}", token, body)
        told: dict[str, Any] = msgspec.json.decode(answer.content)
        return told

    async def _send(self, method: str, path: str, token: str | None, body: Any = None) -> httpx.Response:
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        content = None if method == "GET" else msgspec.json.encode({} if body is None else body)
        return await self._client.request(method, path, content=content, headers=headers)
