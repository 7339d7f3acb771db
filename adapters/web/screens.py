"""The screens of a hall: calls, lines and notices for everybody in it, and one small screen for each window.

They show both languages at once, come up by themselves in any state of the program, and stay up for months.
"""

import asyncio
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import msgspec
import structlog
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from adapters.http.bulletin import Hours, hours_of
from adapters.web import codes
from adapters.web.api import Refusal
from adapters.web.places import NO_HALL, Catalogue
from adapters.web.site import Page, Site, Visit, Visiting
from domain.hall import HallPlan, Notice
from domain.message import Text
from domain.workdays import SHANGHAI
from projections import board

log = structlog.get_logger()

CALLS_SHOWN = 6
BOARD_S = 2.0
"""How long a page waits for its board before it comes without one."""

QUIET = (
    ("open", Text("尚无叫号", "No calls yet")),
    ("no-window", Text("窗口尚未开放，请稍候", "No window is open yet, please wait")),
    ("not-open", Text("今日尚未开始叫号", "No calls yet today")),
    ("rests", Text("今天不开放", "Closed today")),
    ("closed", Text("今日服务已结束", "Closed for today")),
)
"""What a screen says instead of calls, by how the hall stands; ``standing.js`` goes on by the same words."""

LINED = ("open", "no-window")
"""While the hall stands so, the screen shows its lines; otherwise how one comes to be served."""

NO_WINDOW = Text("大厅没有这个窗口，请检查地址。", "The hall has no such window; please check the address.")


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


Voice = Annotated[Literal["on", "off"], QueryParameter(description="off keeps this screen silent")]


def routes(site: Site, catalogue: Catalogue, boards: Boards) -> list[HTTPRouteHandler]:
    """The handlers of the screens."""

    async def told(hall: str, plan: HallPlan, asked: date | None) -> dict[str, Any]:
        """What every screen of a hall is drawn from."""
        now = site.clock().astimezone(SHANGHAI)
        shown = await _shown(boards, hall, asked or now.date())
        return {
            "name": hall,
            "hall": plan,
            "board": shown,
            "other_day": asked if asked != now.date() else None,
            "as_of": shown.as_of and shown.as_of.astimezone(SHANGHAI),
            "now": now,
        }

    @get("/halls/{hall:str}/screen")
    async def screen(
        visit: Visiting,
        hall: FromPath[str],
        asked: Annotated[date | None, QueryParameter(name="date")] = None,
        voice: Voice = "on",
    ) -> Page:
        if (listed := catalogue.halls.get(hall)) is None:
            return visit.missing(NO_HALL)
        drawn = await told(hall, listed.plan, asked)
        shown: Shown = drawn["board"]
        hours = hours_of(listed.plan, shown.date, drawn["now"], catalogue.calendar)
        return visit.page(
            "screen.html",
            standing=_standing(shown, listed.plan, hours, drawn["now"]),
            lined=LINED,
            hours=hours,
            ends_at=_ends_at(shown.date, hours),
            book=codes.drawn(visit.address("/")),
            calls=[] if shown.state == "closed" else [_row(call) for call in _latest(shown.calls)],
            queues=sorted(shown.queues, key=lambda queue: not (queue.waiting or queue.windows_open)),
            notice=_first_notice(listed.plan, drawn["now"].date()),
            speaks=voice == "on" and drawn["other_day"] is None,
            blank_call=CallRow("", "", Text("-", "-"), False, False, False, False),
            blank_queue=board.QueueOnBoard("-", "", Text("-", "-"), 0, 0, None),
            quiet=QUIET,
            code=await _code(visit, hall, listed.plan),
            **drawn,
        )

    @get("/halls/{hall:str}/windows/{window:str}/screen")
    async def window_screen(
        visit: Visiting,
        hall: FromPath[str],
        window: FromPath[str],
        asked: Annotated[date | None, QueryParameter(name="date")] = None,
    ) -> Page:
        if (listed := catalogue.halls.get(hall)) is None:
            return visit.missing(NO_HALL)
        plan = listed.plan
        planned = next((known for known in plan.windows if known.window == window), None)
        if planned is None:
            return visit.missing(NO_WINDOW)
        drawn = await told(hall, plan, asked)
        blank = board.WindowOnBoard(window, planned.name, planned.kind, "closed", None, None, None)
        desk = next((known for known in drawn["board"].windows if known.window == window), blank)
        return visit.page(
            "window-screen.html",
            window=planned,
            number=window_number(window),
            desk=desk,
            serves=[queue.name for queue in plan.queues if queue.queue in planned.queues],
            **drawn,
        )

    return [screen, window_screen]


async def _code(visit: Visit, hall: str, plan: HallPlan) -> str | None:
    """The day's code for numbers on phones, on the hall's own screens: a page that anybody opens has none."""
    if not plan.phone_tickets.code or visit.identity is None:
        return None
    try:
        shown = await visit.api.get(f"/halls/{hall}/code")
    except Refusal:
        return None
    code: str | None = shown["code"]
    return code


async def _shown(boards: Boards, hall: str, day: date) -> Shown:
    """The board of a day. While it cannot be had, an empty one that says so: a screen that starts in such a moment
    must come up by itself and go on asking, for there is nobody at it to reload the page."""
    try:
        async with asyncio.timeout(BOARD_S):
            return msgspec.json.decode(await boards.board(hall, day), type=Shown)
    except Exception as error:
        log.warning("screen-without-board", hall=hall, error=str(error) or type(error).__name__)
        return Shown(hall, day, "not-open", [], [], [])


def _standing(shown: Shown, plan: HallPlan, hours: Hours, now: datetime) -> str:
    """How the hall stands, one of ``QUIET``: as its day is, and before anybody has begun it as its hours are, where it
    has told any."""
    if shown.state == "open":
        return "open" if any(window.state == "open" for window in shown.windows) else "no-window"
    if shown.state == "closed":
        return "closed"
    if (ends_at := _ends_at(shown.date, hours)) is None:
        return "rests" if plan.sessions or plan.exceptions else "not-open"
    return "not-open" if now < ends_at else "closed"


def _ends_at(day: date, hours: Hours) -> datetime | None:
    """When the day's last opening period ends."""
    return max((datetime.combine(day, one.closes, SHANGHAI) for one in hours.spans), default=None)


def _latest(calls: Sequence[board.Call]) -> list[board.Call]:
    """The newest calls, of several of one ticket the last."""
    latest: dict[str, board.Call] = {}
    for call in calls:
        latest.setdefault(call.ticket, call)
    return list(latest.values())[:CALLS_SHOWN]


def _row(call: board.Call) -> CallRow:
    number, name, width = window_number(call.window), call.window_name, len(call.ticket)
    return CallRow(call.ticket, number, name, call.recalled, len(name.zh) > 8, width > 4, width > 5)


def _first_notice(plan: HallPlan, day: date) -> Notice | None:
    """What the bar of the screen begins with, and stays with where there are no scripts."""
    return next((notice for notice in plan.display.notices if notice.holds(day)), None)


def window_number(window: str) -> str:
    """``3`` of ``w03``; nothing of a name that does not end in a number. ``calls.js`` reads it the same way."""
    found = re.fullmatch(r"\D*0*(\d{1,3})", window, re.ASCII)
    return found[1] if found else ""
