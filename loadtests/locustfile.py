"""A morning at the halls of the demonstration region, in quick motion: a service takes seconds instead of minutes.

Citizens book, walk in, follow their place in line and rate; kiosks give numbers; clerks call and serve at every window;
supervisors look; screens listen. A refusal that a rule explains is a normal answer. ``python -m loadtests.run_load``
runs it against a server of its own; with ``locust -f loadtests/locustfile.py`` it can be pointed at any that lends
development tokens.
"""

import http.client
import json
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from typing import Any, ClassVar
from urllib.parse import urlsplit

import gevent
from locust import User, between, constant, constant_pacing, events, task
from locust.contrib.fasthttp import FastHttpUser
from locust.runners import STATE_STOPPED, STATE_STOPPING

from adapters.demonstration.plans import plans

CITIZENS = int(os.environ.get("LOAD_CITIZENS", "100"))
SCREENS = int(os.environ.get("LOAD_SCREENS", "200"))

API = "/api/v1"
REGION = plans()
WINDOWS = [(named.hall, window.window) for named in REGION.halls for window in named.plan.windows]
HALLS = [named.hall for named in REGION.halls]
MAIN = HALLS[0]
QUEUES = {
    named.hall: [queue for window in named.plan.windows for queue in window.queues] for named in REGION.halls
}
"""Every queue of a hall as often as windows serve it: so people come to it."""

BOOKABLE = [named for named in REGION.items if named.plan.bookable]
QUIET_S = 20.0
"""A screen hears something within 15 s; after so long its connection counts as lost."""


class Asker(FastHttpUser):
    """Somebody with a token. What is asked is timed under a name without the ids in it."""

    abstract = True
    network_timeout = 30.0
    connection_timeout = 10.0
    token = ""

    def become(self, role: str, subject: str, **claims: str) -> None:
        """Get a development token."""
        answer = self.ask("POST", "/dev/tokens", {"role": role, "subject": subject, **claims})
        self.token = answer["token"]

    def ask(
        self, method: str, path: str, body: Any = None, *, name: str = "", normal: tuple[str, ...] = ()
    ) -> Any:
        """The answer, or the problem if its code is one of those that are normal.

        Args:
            normal: codes of refusals that happen to people who did nothing wrong.
        """
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST":
            headers["Idempotency-Key"] = f"{random.getrandbits(128):032x}"
        shown = f"{method} {name or path}"
        with self.client.request(
            method, API + path, json=body, headers=headers, name=shown, catch_response=True
        ) as answer:
            told: Any = {}
            if answer.status_code:
                told = json.loads(answer.text or "{}")
            if 0 < answer.status_code < 400 or told.get("code") in normal:
                answer.success()
            else:
                answer.failure(f"{answer.status_code} {told.get('code')}")
            return told


class Clerk(Asker):
    """A clerk at a window: calls, serves, now and then calls again, sets aside, sends elsewhere or gives up waiting."""

    fixed_count = len(WINDOWS)
    wait_time = constant(0)
    places: ClassVar[Iterator[tuple[str, str]]] = cycle(WINDOWS)

    def on_start(self) -> None:
        self.hall, self.window = next(Clerk.places)
        self.become("clerk", f"clerk-{self.hall}-{self.window}", hall=self.hall, window=self.window)
        self.do("open")

    def do(self, what: str, body: Any = None, normal: tuple[str, ...] = ()) -> Any:
        path = f"/halls/{self.hall}/windows/{self.window}/{what}"
        name = f"/halls/…/windows/…/{what}"
        return self.ask("POST", path, body or {}, name=name, normal=normal)

    @task
    def serve(self) -> None:
        if "ticket" not in self.do("call-next", normal=("nobody-waiting",)):
            gevent.sleep(random.uniform(0.5, 1.5))
            return
        gevent.sleep(random.uniform(0.2, 0.6))
        match random.choices(("served", "recalled", "missed"), (90, 6, 4))[0]:
            case "recalled":
                self.do("recall")
                gevent.sleep(0.3)
            case "missed":
                self.do("no-show")
                return
        self.do("start")
        gevent.sleep(random.uniform(0.5, 2.0))
        match random.choices(("finished", "parked", "transferred"), (95, 3, 2))[0]:
            case "finished":
                self.do("finish", {"outcome": random.choices(("done", "not-done"), (97, 3))[0]})
            case "parked":
                parked = self.do("park", {"reason": "复印材料"})
                gevent.sleep(0.5)
                self.do("unpark", {"ticket": parked.get("ticket", "")})
                self.do("start")
                self.do("finish")
            case "transferred":
                self.do("transfer", {"queue": random.choice(QUEUES[self.hall])})


class Kiosk(Asker):
    """A machine at the door of a hall that gives numbers."""

    fixed_count = len(HALLS)
    places: ClassVar[Iterator[str]] = cycle(HALLS)

    def on_start(self) -> None:
        self.hall = next(Kiosk.places)
        self.become("kiosk", f"kiosk-{self.hall}", hall=self.hall)

    def wait_time(self) -> float:
        """As many come as the windows of the hall can nearly serve."""
        return random.expovariate(len(QUEUES[self.hall]) / 7)

    @task
    def give(self) -> None:
        priority = random.choices(("ordinary", "elderly", "disabled"), (90, 8, 2))[0]
        body = {"queue": random.choice(QUEUES[self.hall]), "priority": priority}
        self.ask("POST", f"/halls/{self.hall}/tickets", body, name="/halls/…/tickets")


class Citizen(Asker):
    """Somebody else at every visit: books ahead, or comes by and waits, and may say how it was."""

    fixed_count = CITIZENS
    wait_time = between(1, 4)

    @task(3)
    def book(self) -> None:
        self.become("citizen", f"load-{random.getrandbits(48):x}")
        item = random.choice(BOOKABLE)
        ahead = date.today() + timedelta(days=random.randint(1, 14))  # noqa: DTZ011 (any day will do)
        found = self.ask(
            "GET", f"/halls/{MAIN}/slots?date={ahead}&item={item.item}", name="/halls/…/slots?date=&item="
        )
        free = [slot["slot"] for slot in found.get("slots", ()) if slot["remaining"]]
        if not free:
            return
        gevent.sleep(random.uniform(0.2, 1.0))
        booked = self.ask(
            "POST",
            f"/halls/{MAIN}/appointments",
            {"item": item.item, "date": str(ahead), "slot": random.choice(free)},
            name="/halls/…/appointments",
            normal=("slot-full", "too-few-slots"),
        )
        if "appointment" not in booked:
            return
        path = f"/appointments/{booked['appointment']}"
        self.ask("GET", path, name="/appointments/…")
        if random.random() < 0.2:
            self.ask("POST", f"{path}/cancel", {}, name="/appointments/…/cancel")

    @task(2)
    def walk_in(self) -> None:
        self.become("citizen", f"load-{random.getrandbits(48):x}")
        hall = random.choice(HALLS)
        ticket = self.ask(
            "POST",
            f"/halls/{hall}/tickets",
            {"queue": random.choice(QUEUES[hall])},
            name="/halls/…/tickets (citizen)",
        )
        if "follow" not in ticket:
            return
        for _ in range(10):
            gevent.sleep(random.uniform(1, 3))
            place = self.ask("GET", f"/tickets/{ticket['follow']}", name="/tickets/…")
            if place.get("status") in ("served", "missed", "left"):
                break
        if place.get("status") == "served" and random.random() < 0.5:
            self.rate(ticket["follow"])

    def rate(self, follow: str) -> None:
        grade = random.choices(("very-satisfied", "satisfied", "dissatisfied"), (70, 25, 5))[0]
        body = {"service": {"ticket": follow}, "grade": grade, "channel": "mobile"}
        self.ask("POST", "/reviews", body, name="/reviews")

    @task(1)
    def look_around(self) -> None:
        self.ask("GET", f"/items?q={random.choice(('身份证', '社保', '营业'))}", name="/items?q=")
        self.ask("GET", f"/halls/{random.choice(HALLS)}", name="/halls/…")


class Supervisor(Asker):
    """Looks at the day, at the ratings that need an answer and at the published figures."""

    fixed_count = 4
    wait_time = constant_pacing(1)

    def on_start(self) -> None:
        self.become("supervisor", "supervisor-01", hall=MAIN)

    @task
    def look(self) -> None:
        self.ask("GET", f"/halls/{MAIN}/day", name="/halls/…/day")
        self.ask("GET", f"/halls/{MAIN}/board", name="/halls/…/board")
        self.ask("GET", "/rectifications", name="/rectifications")
        today = date.today()  # noqa: DTZ011 (any period will do)
        self.ask("GET", f"/performance?from={today}&to={today}&by=hall", name="/performance")


class Screen(User):
    """A screen on the wall. Each board it hears is timed by how old what it shows was when it came."""

    fixed_count = SCREENS
    wait_time = constant(1)
    places: ClassVar[Iterator[str]] = cycle([MAIN, MAIN, *HALLS])

    def on_start(self) -> None:
        self.hall = next(Screen.places)
        self.last = -1

    @task
    def watch(self) -> None:
        """Listen until the connection ends, then come back."""
        where = urlsplit(self.host or "")
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=QUIET_S)
        began = time.perf_counter()
        try:
            headers = {"Accept": "text/event-stream"} | (
                {"Last-Event-ID": str(self.last)} if self.last >= 0 else {}
            )
            connection.request("GET", f"{API}/halls/{self.hall}/board/events", headers=headers)
            answer = connection.getresponse()
            failed = None if answer.status == http.client.OK else RuntimeError(f"status {answer.status}")
            self.tell("GET /halls/…/board/events", (time.perf_counter() - began) * 1000, 0, failed)
            if failed is None:
                self.listen(answer)
        except (OSError, http.client.HTTPException) as error:
            # What ends with the test has not failed.
            if self.environment.runner.state not in (STATE_STOPPING, STATE_STOPPED):
                self.tell("board event", (time.perf_counter() - began) * 1000, 0, error)
        finally:
            connection.close()

    def listen(self, answer: http.client.HTTPResponse) -> None:
        while line := answer.readline():
            if line.startswith(b"id:"):
                position = int(line[3:])
                if position < self.last:
                    self.tell("board event", 0, 0, RuntimeError("a board went back in time"))
                self.last = position
            elif line.startswith(b"data:") and (at := as_of(line)) is not None:
                age = max(0.0, (datetime.now(UTC) - at).total_seconds() * 1000)
                self.tell("board event", age, len(line), None)

    def tell(self, name: str, ms: float, length: int, error: Exception | None) -> None:
        events.request.fire(  # type: ignore[no-untyped-call]  # locust's
            request_type="SSE",
            name=name,
            response_time=ms,
            response_length=length,
            exception=error,
            context={},
            response=None,
        )


def as_of(line: bytes) -> datetime | None:
    """Until when a board's document is true; without decoding the rest of it, which 200 screens could not afford in
    one process."""
    _, found, rest = line.rpartition(b'"as_of":"')
    return datetime.fromisoformat(rest.partition(b'"')[0].decode()) if found else None
