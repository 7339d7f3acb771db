"""The halls now: who waits how long, which lines are in alarm and what would help, windows that stand idle; a day."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web import charts, hall_map
from adapters.web.site import Form, Page, Site, Visit, Visiting
from adapters.web.supervise_day import ENDING
from adapters.web.supervise_past import AsOf
from adapters.web.supervise_words import oversight, told_by
from adapters.web.words import N_
from domain.nearby import Position
from projections.day import BANDS_S
from projections.happenings import MEANINGS

STATES = {"open": N_("开放"), "paused": N_("已暂停"), "closed": N_("关闭")}
HALL_STATES = {
    "alarming": N_("需要关注"),
    "waiting": N_("有人等候"),
    "calm": N_("无人等候"),
    "shut": N_("没有开窗"),
}
HOURS = range(8, 19)
"""What a day's charts show at least; whoever came earlier or later makes them longer."""
DAYS = 14
BANDS = frozenset(map(str, range(len(BANDS_S))))
"""Bands of waits that have an end."""


class Now(NamedTuple):
    """A hall as it stands. ``waits`` are what whoever would join a queue now can expect."""

    hall: dict[str, Any]
    board: dict[str, Any]
    lines: list[dict[str, Any]]
    alarms: list[dict[str, Any]]
    day: dict[str, Any]
    waits: list[dict[str, Any]]

    @property
    def waiting(self) -> int:
        return sum(queue["waiting"] for queue in self.board["queues"])

    @property
    def wait_s(self) -> int | None:
        """The longest wait that a newcomer has to expect in one of the queues, half the time."""
        return max((told["wait_s"]["p50"] for told in self.waits if told["wait_s"]), default=None)

    @property
    def idle(self) -> list[dict[str, Any]]:
        """Windows that are open and have nobody."""
        return [w for w in self.board["windows"] if w["state"] == "open" and not w["ticket"]]

    @property
    def state(self) -> str:
        """In a word: somebody calls for help or a line is too long, people wait, nobody waits, no window is open."""
        if self.alarms or self.lines:
            return "alarming"
        if self.waiting:
            return "waiting"
        return "calm" if self.windows("open") else "shut"

    def windows(self, state: str) -> int:
        return sum(window["state"] == state for window in self.board["windows"])


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/supervise/halls")
    async def halls(visit: Visiting) -> Page:
        """All of them, or those that the address names, for a page that has the others already."""
        identity = oversight(visit)
        if identity.hall is not None:
            return visit.go(f"/supervise/halls/{identity.hall}")
        listed = (await visit.api.get("/halls", limit=100))["halls"]
        named = visit.request.query_params.get("hall")
        wanted = listed if named is None else [hall for hall in listed if hall["hall"] in named.split(",")]
        after = visit.request.query_params.get("after")
        now = await asyncio.gather(*(_now(visit, hall, after) for hall in wanted))
        ordered = sorted(now, key=lambda one: (-len(one.alarms), -len(one.lines), -one.waiting))
        return visit.page(
            "supervise/halls.html",
            halls=ordered,
            map=hall_map.drawn(
                [(hall["hall"], at) for hall in listed if (at := _position(hall)) is not None]
            ),
            states={state: visit.gettext(name) for state, name in HALL_STATES.items()},
            alarm_names=MEANINGS["kind"],
            moment=site.clock(),
        )

    @get("/supervise/halls/{hall:str}")
    async def one(visit: Visiting, hall: FromPath[str]) -> Page:
        identity = oversight(visit)
        as_of = AsOf.of(visit)
        today = site.today()
        told = visit.request.query_params.get("date") or as_of.typed[:10]
        day = date.fromisoformat(told) if _is_day(told) else today
        after = visit.request.query_params.get("after")
        asked: dict[str, Any] = {"date": day.isoformat(), "as_of": as_of.asked, "after": after}
        plan, board, figures = await asyncio.gather(
            visit.api.get(f"/halls/{hall}"),
            visit.api.get(f"/halls/{hall}/board", **asked),
            visit.api.get(f"/halls/{hall}/day", **asked),
        )
        live = day == today and not as_of.asked
        lines = (await visit.api.get(f"/halls/{hall}/dispatch"))["lines"] if live else []
        alarms = (await visit.api.get(f"/halls/{hall}/alarms"))["alarms"] if live else []
        waits = (await visit.api.get(f"/halls/{hall}/bulletin"))["waits"] if live else []
        over = live and board["state"] == "closed"
        ended = (await visit.api.get(f"/halls/{hall}/line"))["ended"] if over else None
        days = [day - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
        past = await asyncio.gather(
            *(visit.api.get(f"/halls/{hall}/day", date=each.isoformat()) for each in days if each != day)
        )
        by_day = {each["date"]: each for each in (*past, figures)}
        hours = shown_hours(by_day.values())
        return visit.page(
            "supervise/hall.html",
            now=Now(plan, board, lines, alarms, figures, waits),
            waits={told["queue"]: told["wait_s"] for told in waits},
            day=day,
            live=live,
            acting=live and identity.role in ENDING,
            ended=ended,
            reopens=ended is not None and site.clock() < datetime.fromisoformat(ended["reopen_until"]),
            form=Form(),
            states={state: visit.gettext(name) for state, name in STATES.items()},
            alarm_names=MEANINGS["kind"],
            tickets=f"/supervise/halls/{hall}/tickets?{urlencode({'date': day.isoformat()} | as_of.query)}",
            hours=charts.bars([_hour(visit, figures, hour, as_of) for hour in hours]),
            bands=charts.bars([_band(visit, figures, n, as_of) for n in range(len(figures["bands"]))]),
            heat=charts.heat([[_cell(hall, by_day, each, hour) for hour in hours] for each in days]),
            heat_days=days,
            heat_names=[f"{each:%m-%d}" for each in days],
            heat_hours=hours,
            as_of=as_of,
            moment=figures["as_of"],
        )

    @get("/supervise/halls/{hall:str}/tickets")
    async def tickets(visit: Visiting, hall: FromPath[str]) -> Page:
        """What stands behind a day's figures: its tickets with their events."""
        identity = oversight(visit)
        as_of = AsOf.of(visit)
        query = visit.request.query_params
        which = {name: query[name] for name in ("date", "hour", "band", "served") if query.get(name)}
        plan, found = await asyncio.gather(
            visit.api.get(f"/halls/{hall}"),
            visit.api.get(
                f"/halls/{hall}/day/tickets",
                **which,
                as_of=as_of.asked,
                cursor=query.get("cursor") or None,
            ),
        )
        here = f"/supervise/halls/{hall}/tickets?{urlencode(which | as_of.query)}"
        band = BANDS_S[int(which["band"])] // 60 if which.get("band", "") in BANDS else None
        return visit.page(
            "supervise/tickets.html",
            hall=plan,
            found=found,
            which=which,
            band=band,
            queues={line["queue"]: visit.say(line["name"]) for line in plan["queues"]},
            windows={window["window"]: visit.say(window["name"]) for window in plan["windows"]},
            told_by=lambda by: told_by(visit, by),
            opens_log=identity.role in ("auditor", "admin"),
            more=f"{here}&{urlencode({'cursor': found['cursor']})}" if found["cursor"] else None,
            first_page=here if query.get("cursor") else None,
            as_of=as_of,
            moment=found["as_of"],
        )

    return [halls, one, tickets]


async def _now(visit: Visit, hall: dict[str, Any], after: str | None) -> Now:
    name = hall["hall"]
    dispatch, bulletin, *rest = await asyncio.gather(
        *(visit.api.get(f"/halls/{name}/{what}") for what in ("dispatch", "bulletin")),
        *(visit.api.get(f"/halls/{name}/{what}", after=after) for what in ("board", "alarms", "day")),
    )
    board, alarms, day = rest
    return Now(hall, board, dispatch["lines"], alarms["alarms"], day, bulletin["waits"])


def _position(hall: Mapping[str, Any]) -> Position | None:
    """Where a hall is: as its plan says, or where it expects those to be who take a number by phone."""
    told = hall["location"] or hall["phone_tickets"]["position"]
    return None if told is None else Position(**told)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def shown_hours(days: Iterable[dict[str, Any]]) -> range:
    """The hours of the clock that the charts of these days show, so that nobody who came is left out."""
    told = [hour["hour"] for day in days for hour in day["hours"]]
    return range(min(HOURS[0], *told), max(HOURS[-1], *told) + 1) if told else HOURS


def _of_hour(day: dict[str, Any], hour: int) -> dict[str, Any] | None:
    return next((told for told in day["hours"] if told["hour"] == hour), None)


def _tickets(hall: str, day: str, as_of: AsOf, **which: int) -> str:
    """Where the tickets of a day are told, with their events."""
    return f"/supervise/halls/{hall}/tickets?{urlencode({'date': day} | which | as_of.query)}"


def _hour(visit: Visit, day: dict[str, Any], hour: int, as_of: AsOf) -> charts.Value:
    told = _of_hour(day, hour)
    issued = told["issued"] if told else 0
    where = _tickets(day["hall"], day["date"], as_of, hour=hour)
    return charts.Value(
        f"{hour}:00", issued, visit.gettext(N_("%(n)s个号"), n=issued), where if issued else None
    )


def _band(visit: Visit, day: dict[str, Any], n: int, as_of: AsOf) -> charts.Value:
    band = day["bands"][n]
    before = day["bands"][n - 1]["up_to_s"] // 60 if n else 0
    label = f"{before}+" if band["up_to_s"] is None else f"{before}–{band['up_to_s'] // 60}"
    where = _tickets(day["hall"], day["date"], as_of, band=n) if band["served"] else None
    return charts.Value(label, band["served"], visit.gettext(N_("%(n)s人"), n=band["served"]), where)


def _cell(hall: str, days: dict[str, dict[str, Any]], day: date, hour: int) -> charts.Value:
    told = _of_hour(days[day.isoformat()], hour)
    issued = told["issued"] if told else 0
    where = _tickets(hall, day.isoformat(), AsOf(), hour=hour) if issued else None
    return charts.Value(f"{day:%m-%d} {hour}:00", issued, str(issued), where)
