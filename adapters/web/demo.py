"""The demonstration's own pages: what there is to look at, a hall made live at a press, and one page per role with
commands to begin with."""

import asyncio
import time
from collections.abc import Mapping, Sequence

import httpx
import structlog
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.demonstration.lively import Lively, tell_fortnight
from adapters.demonstration.plans import Account
from adapters.http.problems import Rejected
from adapters.importing.courier import Courier
from adapters.importing.records import Stopped
from adapters.web import roles
from adapters.web.places import Catalogue
from adapters.web.site import Page, Site, Visiting
from domain.hall import HallPlan
from domain.message import Text

log = structlog.get_logger()

PLAY_S = 1200.0
"""How long a hall stays live after a press."""

INTERFACES = (
    ("/schema", Text("接口文档 OpenAPI", "API document")),
    ("/asyncapi.json", Text("事件流文档 AsyncAPI", "Event stream document")),
    ("/health/ready", Text("运行状态", "Health")),
)

NO_ROLE = Text("没有这种身份，请检查地址。", "There is no such role; please check the address.")


class Show:
    """A hall made live in this process, one at a time."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self.hall = ""
        self.ends = 0.0
        self.people: Lively | None = None

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def minutes_left(self) -> int:
        return max(0, round((self.ends - time.monotonic()) / 60))

    def begin(self, client: httpx.AsyncClient, hall: str) -> None:
        """Begin, unless one is under way."""
        if not self.running:
            self.hall, self.ends = hall, time.monotonic() + PLAY_S
            self.people = Lively(client, hall)
            self._task = asyncio.create_task(self._play(client, self.people))

    def end(self) -> None:
        """Nobody comes any more; the windows finish whom they serve, and close."""
        if self.people is not None:
            self.people.close()

    async def _play(self, client: httpx.AsyncClient, people: Lively) -> None:
        try:
            await tell_fortnight(Courier(client), self.hall)
            await people.play(self.ends - time.monotonic())
        except* (Stopped, httpx.HTTPError) as failed:
            log.warning("the demonstration's hall is live no more", hall=self.hall, errors=failed.exceptions)


def routes(site: Site, catalogue: Catalogue, accounts: Sequence[Account]) -> list[HTTPRouteHandler]:
    """The handlers.

    Args:
        accounts: who may be signed in as in the demonstration; each role is entered as its first.
    """
    show = Show()
    first = {account.role: account.subject for account in reversed(accounts)}

    def halls() -> dict[str, HallPlan]:
        found = {name: listed.plan for name, listed in catalogue.halls.items()}
        return dict(sorted(found.items(), key=lambda named: named[1].kind != "centre"))

    @get("/demo", sync_to_thread=False)
    def demo(visit: Visiting) -> Page:
        found = halls()
        place = _place(found)
        return visit.page(
            "demo.html",
            halls=found,
            place=place,
            roles=roles.ROLES if site.development_tokens and place else (),
            accounts=first,
            show=show,
            interfaces=INTERFACES,
        )

    @post("/demo/play")
    async def play(visit: Visiting) -> Page:
        place = _place(halls())
        if not site.development_tokens or place is None:
            raise Rejected(404, "unknown-path")
        form = await visit.form()
        if form["stop"]:
            show.end()
        else:
            show.begin(site.client(visit.request), place.hall)
        return visit.go("/demo")

    @get("/roles/{role:str}", sync_to_thread=False)
    def role(visit: Visiting, role: FromPath[str]) -> Page:
        found = next((one for one in roles.ROLES if one.role == role), None)
        place = _place(halls())
        if not site.development_tokens or found is None or place is None:
            return visit.missing(NO_ROLE)
        host = str(visit.request.base_url).rstrip("/")
        return visit.page(
            "role.html",
            role=found,
            token_body=roles.token_body(found, place),
            steps=roles.commands(found, place, host),
        )

    return [demo, play, role]


def _place(halls: Mapping[str, HallPlan]) -> roles.Place | None:
    """Where the demonstration's commands act: the first hall with a window."""
    for hall, plan in halls.items():
        if plan.windows and plan.queues:
            window = plan.windows[0]
            queue = (window.queues or (plan.queues[0].queue,))[0]
            return roles.Place(hall, window.window, queue)
    return None
