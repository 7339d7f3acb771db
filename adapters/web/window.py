"""The window's console: what a clerk does with tickets, the line as it stands, and what the day has come to.

The page brings what does not change while it is open; everything else follows the line by server-sent events, and
every press is a command of the public API under a key of its own.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from adapters.http.identity import Role
from adapters.web.site import Page, Site, Visit, Visiting, as_json
from domain.hall import PAUSES
from domain.message import Text
from domain.review_tags import INVITATION

CLERKS: tuple[Role, ...] = ("clerk", "admin")

KEYS: Mapping[str, str] = {
    "open": "F10",
    "pause": "F10",
    "resume": "F10",
    "call-next": "F2",
    "recall": "F3",
    "start": "F4",
    "finish": "F6",
    "no-show": "F7",
    "park": "F8",
    "transfer": "F9",
    "return": "Shift+F8",
    "split": "Shift+F6",
    "undo": "Control+Z",
    "invite": "Shift+F2",
    "alarm": "Shift+F1",
}
"""The key of each act, shown on its button (in the words of ``aria-keyshortcuts``); of several acts that share one,
the one that can be done is meant. F5, F11 and F12 stay the browser's."""

DESK_COOKIE = "mingting-desk"
"""Keeps the hall and window that somebody without a window in their session has chosen, for as long as they work."""

SHIFT_S = 12 * 3600

SAFE = re.compile(r"[a-z0-9-]+")

NO_WINDOW = Text("这个大厅没有这个窗口。", "This hall has no such window.")


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/window")
    async def console(
        visit: Visiting, hall: FromQuery[str] = "", window: FromQuery[str] = "", case: FromQuery[str] = ""
    ) -> Page:
        who = visit.require(*CLERKS)
        kept = kept_desk(visit)
        where = who.hall or hall or kept.hall
        desk = who.window or window or (kept.window if where == kept.hall and not hall else "")
        if not where or not desk:
            return await choose(visit, where)
        place = await visit.api.get(f"/halls/{where}")
        line = await visit.api.get(f"/halls/{where}/line")
        known = {one["window"]: one for one in (*line["windows"], *place["windows"])}
        if desk not in known:
            return visit.missing(NO_WINDOW)
        told = {
            "hall": where,
            "window": desk,
            "clerk": who.subject,
            "confined": who.window is not None,
            "queues": {one["queue"]: visit.say(one["name"]) for one in place["queues"]},
            "items": await items(visit, where),
            "line": line,
            "case": await of_ticket(visit, case),
            "now": site.clock(),
        }
        page = visit.page(
            "window/console.html",
            told=as_json(told),
            keys=KEYS,
            place=place,
            desk=known[desk],
            clerk=who.subject,
            pauses=list((place["pauses"] or PAUSES).items()),
            invitation=INVITATION,
        )
        if who.window is None:
            page.set_cookie(site.sessions.cookie(DESK_COOKIE, f"{where}/{desk}", SHIFT_S))
        return page

    return [console]


class Desk(NamedTuple):
    """Where somebody sits whose session does not say it."""

    hall: str
    window: str


def kept_desk(visit: Visit) -> Desk:
    """The hall and window that were chosen last in this browser, empty if none were."""
    hall, _, window = visit.request.cookies.get(DESK_COOKIE, "").partition("/")
    return Desk(hall, window) if SAFE.fullmatch(hall) and SAFE.fullmatch(window) else Desk("", "")


async def of_ticket(visit: Visit, name: str) -> dict[str, str] | None:
    """The case that the clerk has just opened, by which its ticket's service is finished."""
    if not name:
        return None
    case = await visit.api.get(f"/cases/{quote(name)}")
    return {"case": case["case"], "number": case["number"] or case["case"], "ticket": case["ticket"]}


async def choose(visit: Visit, hall: str) -> Page:
    """Who has no window in their session says where they sit."""
    if not hall:
        halls = (await visit.api.get("/halls", limit=100))["halls"]
        return visit.page("window/choose.html", halls=halls, place=None, line=None)
    place = await visit.api.get(f"/halls/{hall}")
    line = await visit.api.get(f"/halls/{hall}/line")
    seated = {one["window"]: one for one in line["windows"]}
    return visit.page("window/choose.html", halls=[], place=place, line=seated)


async def items(visit: Visit, hall: str) -> list[dict[str, str]]:
    """What is handled in a hall, by its name in the visitor's language."""
    found: list[dict[str, str]] = []
    cursor = None
    while True:
        page = await visit.api.get("/items", hall=hall, limit=100, cursor=cursor)
        found += [
            {"item": one["item"], "name": visit.say(one["name"]), "queue": one["queue"]}
            for one in page["items"]
        ]
        if (cursor := page["cursor"]) is None:
            return found
