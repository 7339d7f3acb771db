"""The kiosk of a hall: a number in two touches, a slip to take along, and the place of a number that was taken.

Every step is a page and a form of its own, so a kiosk works without scripts; a script adds the keypad, the printer and
the way back to the first page. Nothing about a person stands in an address: a slip is handed on in a sealed cookie.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.session import Sealer
from adapters.web.api import Refusal
from adapters.web.codes import drawn
from adapters.web.site import Form, Page, SignInNeeded, Site, Visit, Visiting
from adapters.web.words import N_
from domain.experience import Wait
from domain.order import PRIORITY_NAMES
from domain.workdays import SHANGHAI

HOME = "/halls/{hall:str}/kiosk"
SLIP_COOKIE = "mingting-slip"
SLIP_S = 180
HEIGHT_COOKIE = "kiosk-height"
HEIGHT_S = 600
NUMBER = re.compile(r"[A-Z]{1,2}[0-9]{3,6}")

STATUSES = {
    "waiting": N_("等候中"),
    "called": N_("已叫号，请到窗口"),
    "serving": N_("正在办理"),
    "served": N_("已办完"),
    "missed": N_("已过号"),
    "parked": N_("暂时挂起"),
    "left": N_("已离开"),
}


class Slip(msgspec.Struct, frozen=True):
    """What is printed for whoever has taken a number or checked in."""

    hall: str
    ticket: str
    queue: str
    ahead: int
    wait: Wait | None
    follow: str
    at: datetime


def sorry(site: Site) -> dict[Any, Callable[[Request[Any, Any, Any], Refusal], Page]]:
    """How a kiosk says no: on a page that leads back to its own first page."""

    def refused(request: Request[Any, Any, Any], error: Refusal) -> Page:
        visit = site.visit(request)
        return said_no(visit, request.path_params["hall"], error)

    return {Refusal: refused}


def said_no(visit: Visit, hall: str, refusal: Refusal) -> Page:
    """The page that says why not, and when one could book instead if the refusal tells."""
    told = refusal.problem
    opening = told.facts.get("next")
    return visit.page("kiosk/sorry.html", status=told.status, name=hall, problem=told, opening=opening)


def device_of(visit: Visit) -> None:
    """Admit kiosks, and an administrator who looks.

    Raises:
        SignInNeeded: the device is to be enrolled first.
        Refusal: somebody of another role.
    """
    if visit.identity is None:
        raise SignInNeeded("/enrol")
    visit.require("kiosk", "admin")


def handed(site: Site, sealer: Sealer, visit: Visit, hall: str, receipt: dict[str, Any]) -> Page:
    """Lead to the slip of a ticket that was just given."""
    slip = Slip(
        hall,
        receipt["ticket"],
        receipt["queue"],
        receipt["ahead"],
        msgspec.convert(receipt["wait_s"], Wait | None),
        receipt["follow"],
        site.clock(),
    )
    return visit.go(f"/halls/{hall}/kiosk/slip", site.sessions.cookie(SLIP_COOKIE, sealer.seal(slip), SLIP_S))


def scanned(text: str) -> str:
    """What a code says: a link's last part, or the text itself."""
    return text.strip().rstrip("/").rpartition("/")[2].partition("?")[0]


def slips(secret: bytes) -> Sealer:
    return Sealer(secret, "kiosk slips")


def routes(site: Site, secret: bytes) -> list[HTTPRouteHandler]:
    """The handlers. ``secret`` is the deployment's own."""
    sealer, no = slips(secret), sorry(site)

    @get(HOME, exception_handlers=no)
    async def home(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        shown = visit.page("kiosk/home.html", name=hall, both=True, **await _now(visit, hall))
        if visit.identity is not None and visit.identity.device is not None:
            shown.set_cookie(site.sessions.begin(visit.identity))
        return shown

    @get(f"{HOME}/begin", exception_handlers=no)
    async def begin(visit: Visiting, hall: FromPath[str]) -> Page:
        """The next person: in Chinese, at standing height, and with nobody's slip."""
        gone = [Cookie(name, value="", max_age=0) for name in ("language", HEIGHT_COOKIE, SLIP_COOKIE)]
        return visit.go(f"/halls/{hall}/kiosk", *gone)

    @post(f"{HOME}/height", exception_handlers=no)
    async def height(visit: Visiting, hall: FromPath[str]) -> Page:
        form = await visit.form()
        chosen = Cookie(
            HEIGHT_COOKIE, value=form["height"], max_age=HEIGHT_S if form["height"] == "low" else 0
        )
        return visit.go(form["back"] or f"/halls/{hall}/kiosk", chosen)

    @get(f"{HOME}/queues/{{queue:str}}", exception_handlers=no)
    async def service(visit: Visiting, hall: FromPath[str], queue: FromPath[str]) -> Page:
        device_of(visit)
        now = await _now(visit, hall)
        chosen = next((line for line in now["queues"] if line["queue"] == queue), None)
        if chosen is None:
            return visit.go(f"/halls/{hall}/kiosk")
        if (why := chosen["why_not"]) is not None:
            return visit.page("kiosk/sorry.html", status=409, name=hall, problem=why, opening=why["next"])
        classes = {name: text for name, text in PRIORITY_NAMES.items() if name != "ordinary"}
        return visit.page("kiosk/queue.html", name=hall, chosen=chosen, classes=classes, form=Form(), **now)

    @post(f"{HOME}/tickets", exception_handlers=no)
    async def take(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        form = await visit.form()
        body = {"queue": form["queue"], "priority": form["priority"] or "ordinary"}
        receipt = await visit.api.post(f"/halls/{hall}/tickets", body, key=form.key)
        return handed(site, sealer, visit, hall, receipt)

    @get(f"{HOME}/slip", exception_handlers=no)
    async def slip(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        kept = sealer.unseal(visit.request.cookies.get(SLIP_COOKIE, ""), Slip)
        if kept is None or kept.hall != hall:
            return visit.go(f"/halls/{hall}/kiosk")
        now = await _now(visit, hall)
        chosen = next((line for line in now["queues"] if line["queue"] == kept.queue), None)
        code = drawn(visit.address(f"/follow/{kept.follow}"))
        return visit.page("kiosk/slip.html", name=hall, slip=kept, chosen=chosen, code=code, **now)

    @get(f"{HOME}/query", exception_handlers=no)
    async def query(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        return await asked(visit, hall, Form())

    @post(f"{HOME}/query", exception_handlers=no)
    async def answer(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        form = await visit.form()
        async with form.back_to(lambda wrong: asked(visit, hall, wrong)):
            form.needs("number")
            word = scanned(form["number"])
            number = word.upper().replace(" ", "")
            by_number = f"/halls/{hall}/numbers/{number}" if NUMBER.fullmatch(number) else None
            place = await visit.api.get(by_number or f"/tickets/{word}")
        plan = await visit.api.get(f"/halls/{hall}")
        stands = STATUSES[place["status"]]
        return visit.page("kiosk/place.html", name=hall, hall=plan, place=place, stands=stands)

    async def asked(visit: Visit, hall: str, form: Form) -> Page:
        plan = await visit.api.get(f"/halls/{hall}")
        return visit.page("kiosk/query.html", name=hall, hall=plan, form=form)

    @get(f"{HOME}/help", exception_handlers=no)
    async def help_(visit: Visiting, hall: FromPath[str]) -> Page:
        device_of(visit)
        plan = await visit.api.get(f"/halls/{hall}")
        helping = [w for w in plan["windows"] if w["kind"] in ("assisted", "enquiry", "unresolved")]
        return visit.page("kiosk/help.html", name=hall, hall=plan, windows=helping)

    return [home, begin, height, service, take, slip, query, answer, help_]


async def _now(visit: Visit, hall: str) -> dict[str, Any]:
    """The hall with its lines as they are, and why one of them, or all (``shut``), give no numbers now."""
    plan = await visit.api.get(f"/halls/{hall}")
    board = await visit.api.get(f"/halls/{hall}/board")
    bulletin = await visit.api.get(f"/halls/{hall}/bulletin")
    standing = {line["queue"]: line for line in board["queues"]}
    why_not = {one["queue"]: one["why_not"] for one in bulletin["tickets"]}
    waits = {wait["queue"]: wait["wait_s"] for wait in bulletin["waits"]}
    queues = [
        {
            **{name: queue[name] for name in ("queue", "prefix", "name")},
            "waiting": standing.get(queue["queue"], {}).get("waiting", 0),
            "open": standing.get(queue["queue"], {}).get("windows_open", 0),
            "wait": waits.get(queue["queue"]),
            "why_not": why_not.get(queue["queue"]),
        }
        for queue in plan["queues"]
    ]
    reasons = [queue["why_not"] for queue in queues]
    shut = reasons[0] if reasons and None not in reasons else None
    openings = [why["next"]["starts_at"] for why in reasons if why is not None and why["next"] is not None]
    return {
        "hall": plan,
        "queues": queues,
        "given": " ".join(name for name, why in why_not.items() if why is None),
        "shut": shut,
        "books": min(openings, default=None),
        "outside": shut is None and bool(plan["sessions"]) and not _within(bulletin["hours"], visit),
        "notices": bulletin["notices"],
        "hours": bulletin["hours"],
    }


def _within(hours: dict[str, Any], visit: Visit) -> bool:
    """Whether it is now between the day's first opening and its last closing."""
    now = visit.site.clock().astimezone(SHANGHAI).time().isoformat()
    spans = hours["spans"]
    return bool(spans) and spans[0]["opens"] <= now < max(span["closes"] for span in spans)
