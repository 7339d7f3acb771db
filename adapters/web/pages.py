"""The pages: a first page that says what there is, a screen for every hall, and in a demonstration one per role."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from adapters.web import roles
from adapters.web.assets import Assets
from domain.hall import HallPlan
from domain.message import Text
from domain.workdays import SHANGHAI
from projections import board

log = structlog.get_logger()

TEMPLATES = Path(__file__).parent / "templates"

CALLS_SHOWN = 6
BOARD_S = 2.0
"""How long a page waits for its board before it comes without one."""
THEMES = ("light", "dark")

INTERFACES = (
    ("/schema", Text("接口文档 OpenAPI", "API document")),
    ("/asyncapi.json", Text("事件流文档 AsyncAPI", "Event stream document")),
    ("/health/ready", Text("运行状态", "Health")),
)

QUIET = (
    ("open", "尚无叫号", "No calls yet"),
    ("not-open", "今日尚未开始叫号", "No calls yet today"),
    ("closed", "今日服务已结束", "Closed for today"),
)
"""What a screen says instead of calls, by the state of the day."""

NO_HALL = Text("没有这个大厅，请检查地址。", "There is no such hall; please check the address.")
NO_ROLE = Text("没有这种身份，请检查地址。", "There is no such role; please check the address.")

Page = Response[str]


class Listed(Protocol):
    """A hall of the catalogue."""

    @property
    def plan(self) -> HallPlan: ...


class Catalogue(Protocol):
    """The halls by name, as they are configured now."""

    @property
    def halls(self) -> Mapping[str, Listed]: ...


class Boards(Protocol):
    """Boards as ``GET /api/v1/halls/{hall}/board`` answers them."""

    async def board(self, hall: str, day: date) -> bytes: ...


class Shown(board.Board, frozen=True):
    """A board with how old it is."""

    position: int = 0
    as_of: datetime | None = None
    stale: bool = True


class CallRow(NamedTuple):
    """A call as a row of the screen; ``number`` is empty if the window has none."""

    ticket: str
    number: str
    name: Text
    recalled: bool
    long: bool
    wide: bool
    wider: bool


def routes(
    catalogue: Catalogue,
    boards: Boards,
    *,
    clock: Callable[[], datetime],
    development_tokens: bool,
) -> list[HTTPRouteHandler]:
    """The handlers of all pages and of the static files.

    Args:
        clock: the clock of the program, aware.
        development_tokens: whether anybody may have a token; only then the demonstration roles exist.
    """
    assets = Assets()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = assets.url

    def page(template: str, theme: str | None, status: int = HTTPStatus.OK, **told: Any) -> Page:
        html = environment.get_template(template).render(theme=theme if theme in THEMES else None, **told)
        return Response(html, media_type=MediaType.HTML, status_code=status)

    def missing(about: Text, theme: str | None) -> Page:
        return page("missing.html", theme, HTTPStatus.NOT_FOUND, about=about)

    def halls() -> dict[str, HallPlan]:
        return {name: listed.plan for name, listed in catalogue.halls.items()}

    @get("/", include_in_schema=False, sync_to_thread=False)
    def landing(theme: FromQuery[str | None] = None) -> Page:
        plans = halls()
        return page(
            "landing.html",
            theme,
            halls=plans,
            demonstration=any(plan.demonstration for plan in plans.values()),
            roles=roles.ROLES if development_tokens and plans else (),
            interfaces=INTERFACES,
        )

    @get("/halls/{hall:str}/screen", include_in_schema=False)
    async def screen(
        hall: FromPath[str],
        asked: Annotated[date | None, QueryParameter(name="date")] = None,
        theme: FromQuery[str | None] = None,
    ) -> Page:
        if (listed := catalogue.halls.get(hall)) is None:
            return missing(NO_HALL, theme)
        now = clock().astimezone(SHANGHAI)
        shown = await _shown(boards, hall, asked or now.date())
        return page(
            "screen.html",
            theme,
            name=hall,
            hall=listed.plan,
            board=shown,
            other_day=asked if asked != now.date() else None,
            calls=[] if shown.state == "closed" else [_row(call) for call in _latest(shown.calls)],
            queues=sorted(shown.queues, key=lambda queue: not (queue.waiting or queue.windows_open)),
            blank_call=CallRow("", "", Text("-", "-"), False, False, False, False),
            blank_queue=board.QueueOnBoard("-", "", Text("-", "-"), 0, 0, None),
            quiet=QUIET,
            as_of=shown.as_of and shown.as_of.astimezone(SHANGHAI),
            now=now,
        )

    @get("/roles/{role:str}", include_in_schema=False, sync_to_thread=False)
    def role(
        request: Request[Any, Any, Any], role: FromPath[str], theme: FromQuery[str | None] = None
    ) -> Page:
        found = next((one for one in roles.ROLES if one.role == role), None)
        place = _place(halls())
        if not development_tokens or found is None or place is None:
            return missing(NO_ROLE, theme)
        host = str(request.base_url).rstrip("/")
        return page(
            "role.html",
            theme,
            role=found,
            token_body=roles.token_body(found, place),
            steps=roles.commands(found, place, host),
        )

    return [landing, screen, role, assets.route()]


async def _shown(boards: Boards, hall: str, day: date) -> Shown:
    """The board of a day. While it cannot be had, an empty one that says so: a screen that starts in such a moment
    must come up by itself and go on asking, for there is nobody at it to reload the page."""
    try:
        async with asyncio.timeout(BOARD_S):
            return msgspec.json.decode(await boards.board(hall, day), type=Shown)
    except Exception as error:
        log.warning("screen-without-board", hall=hall, error=str(error) or type(error).__name__)
        return Shown(hall, day, "not-open", [], [], [])


def _latest(calls: Sequence[board.Call]) -> list[board.Call]:
    """The newest calls, of several of one ticket the last."""
    latest: dict[str, board.Call] = {}
    for call in calls:
        latest.setdefault(call.ticket, call)
    return list(latest.values())[:CALLS_SHOWN]


def _row(call: board.Call) -> CallRow:
    number, name, width = window_number(call.window), call.window_name, len(call.ticket)
    return CallRow(call.ticket, number, name, call.recalled, len(name.zh) > 8, width > 4, width > 5)


def window_number(window: str) -> str:
    """``3`` of ``w03``; nothing of a name that does not end in a number. ``screen.js`` reads it the same way."""
    found = re.fullmatch(r"\D*0*(\d{1,3})", window, re.ASCII)
    return found[1] if found else ""


def _place(halls: Mapping[str, HallPlan]) -> roles.Place | None:
    """Where the demonstration's commands act: the first hall with a window, the county's own before a town's."""
    for hall, plan in sorted(halls.items(), key=lambda named: named[1].kind != "centre"):
        if plan.windows and plan.queues:
            window = plan.windows[0]
            queue = (window.queues or (plan.queues[0].queue,))[0]
            return roles.Place(hall, window.window, queue)
    return None
