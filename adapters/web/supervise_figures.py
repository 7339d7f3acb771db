"""Figures (效能): every rate with its definition and target, its course, who makes it, and the events behind it."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web import charts
from adapters.web.site import Page, Site, Visit, Visiting
from adapters.web.supervise_past import AsOf
from adapters.web.supervise_words import (
    DUE_NAMES,
    STEPS,
    called,
    hall_names,
    item_names,
    oversight,
    place_names,
)
from adapters.web.words import N_
from domain.message import category

BY = {
    "hall": N_("所在大厅"),
    "unit": N_("责任单位"),
    "item": N_("事项"),
    "window": N_("窗口"),
    "clerk": N_("窗口人员"),
    "channel": N_("渠道"),
}
WORDS = ("hall", "unit", "item", "window", "clerk", "channel")
DAYS_SHOWN = 62
"""A longer course is told by the month."""

GROUPS = ("all", "hall", "unit")
SUBJECTS = {
    "review": N_("一次评价"),
    "case": N_("一个办件"),
    "queue": N_("一天的排队"),
    "item": N_("一个事项"),
}
"""What an event's stream is, in words."""

MOST = 12
TREND = "favourable"
HEADLINES = {
    figure: place
    for place, figure in enumerate(
        ("favourable", "active_review", "mean", "rectified_in_time", "called_back", "closed_in_time")
    )
}
"""What is read first: how content people are, who was asked, and whether what was promised was kept."""


class Shown(NamedTuple):
    """A figure as a row of the table. ``met`` is whether it is as was asked, where something was asked."""

    figure: str
    name: str
    value: str
    numerator: int
    denominator: int
    href: str
    about: str
    source: str
    target: str
    met: bool | None


class Behind(NamedTuple):
    """What one stream brings to a figure: its subject in words, and where it can be read."""

    name: str
    stream: str
    href: str | None
    day: str
    where: str
    numerator: int
    denominator: int
    events: list[tuple[str, str | None]]


def routes(site: Site) -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/supervise/figures")
    async def figures(visit: Visiting) -> Page:
        identity = oversight(visit)
        query = visit.request.query_params
        as_of = AsOf.of(visit)
        first, last = _period(site, query)
        words = {name: query[name] for name in WORDS if query.get(name)}
        if identity.hall is not None:
            words["hall"] = identity.hall
        by = query.get("by") if query.get("by") in BY else "window" if words.get("hall") else "hall"
        chosen = query.get("figure") or TREND
        asked = {"from": first.isoformat(), "to": last.isoformat(), "as_of": as_of.asked, **words}
        every = "day" if (last - first).days <= DAYS_SHOWN else "month"
        total, course, groups, survey, snapshots, halls = await asyncio.gather(
            visit.api.get("/performance", **asked, by="all"),
            visit.api.get("/performance", **asked, by=every),
            visit.api.get("/performance", **asked, by=by),
            visit.api.get(
                "/rectifications/survey", as_of=as_of.asked, hall=words.get("hall"), unit=words.get("unit")
            ),
            visit.api.get("/performance/snapshots", limit=24),
            visit.api.get("/halls", limit=100),
        )
        if chosen not in total["names"]:
            chosen = TREND
        unit = total["definitions"][chosen]["unit"]
        told = {"from": first.isoformat(), "to": last.isoformat()} | words | as_of.query
        found = {group[every]: group for group in course["performance"]}
        points = [
            _point(chosen, unit, name, name[5:], found.get(name), told) for name in _names(first, last, every)
        ]
        names = {hall["hall"]: visit.say(hall["name"]) for hall in halls["halls"]}
        if by == "item":
            names = await item_names(visit)
        if by == "window" and "hall" in words:  # a window's name is its hall's own
            windows = (hall["windows"] for hall in halls["halls"] if hall["hall"] == words["hall"])
            names |= {
                window["window"]: visit.say(window["name"]) for of_hall in windows for window in of_hall
            }
        bars = [
            _point(chosen, unit, group[by], names.get(group[by], group[by]), group, told)
            for group in groups["performance"]
            if group["rates"][chosen]["value"] is not None
        ]
        top = 1.0 if unit == "share" else None
        shown = _table(visit, total, told)
        return visit.page(
            "supervise/figures.html",
            shown=shown,
            headlines=[
                (one, f"?{urlencode(told | {'by': by, 'figure': one.figure})}")
                for one in sorted(shown, key=lambda one: HEADLINES.get(one.figure, 0))
                if one.figure in HEADLINES
            ],
            chosen=chosen,
            chosen_name=visit.say(total["names"][chosen]),
            course=charts.line(points, top=top, percent=unit == "share"),
            bars=charts.lying(sorted(bars, key=lambda bar: -(bar.value or 0))[:MOST], top=top),
            by=by,
            by_names={name: visit.gettext(text) for name, text in BY.items()},
            steps=charts.lying(_steps(visit, survey, words | as_of.query)),
            dues=charts.lying(_dues(visit, survey, words | as_of.query)),
            snapshots=snapshots["snapshots"],
            first=first,
            last=last,
            words={name: words.get(name, "") for name in WORDS},
            halls=[] if identity.hall else halls["halls"],
            names=total["names"],
            tests=total["performance"][0]["tests"] if total["performance"] else None,
            export=urlencode(
                {"from": first.isoformat(), "to": last.isoformat(), "by": by, "lang": visit.language}
                | words
                | ({"as_of": as_of.asked} if as_of.asked else {})
            ),
            as_of=as_of,
            moment=total["as_of"],
        )

    @get("/supervise/figures/snapshots/{snapshot:str}")
    async def snapshot(visit: Visiting, snapshot: FromPath[str]) -> Page:
        oversight(visit)
        frozen = await visit.api.get(f"/performance/snapshots/{snapshot}")
        return visit.page(
            "supervise/snapshot.html",
            frozen=frozen,
            groups=sorted(frozen["groups"], key=lambda group: GROUPS.index(group["by"])),
            names=await hall_names(visit),
            by_names={name: visit.gettext(text) for name, text in BY.items()},
            show=_value,
            called=called,
        )

    @get("/supervise/figures/{figure:str}")
    async def evidence(visit: Visiting, figure: FromPath[str]) -> Page:
        identity = oversight(visit)
        query = visit.request.query_params
        as_of = AsOf.of(visit)
        first, last = _period(site, query)
        words = {name: query[name] for name in WORDS if query.get(name)}
        asked = {"from": first.isoformat(), "to": last.isoformat(), **words}
        proof = await visit.api.get(
            f"/performance/{figure}/events", **asked, as_of=as_of.asked, cursor=query.get("cursor") or None
        )
        names, of_items = await place_names(visit), await item_names(visit)
        opens_log = identity.role in ("auditor", "admin")
        here = f"/supervise/figures/{figure}?{urlencode(asked | as_of.query)}"
        return visit.page(
            "supervise/evidence.html",
            proof=proof,
            value=_value(proof["definition"]["unit"], proof["numerator"], proof["denominator"]),
            behind=[_behind(visit, one, names, of_items, opens_log) for one in proof["evidence"]],
            more=f"{here}&{urlencode({'cursor': proof['cursor']})}" if proof["cursor"] else None,
            first_page=here if query.get("cursor") else None,
            export=urlencode(asked | as_of.query),
            first=first,
            last=last,
            words=words,
            as_of=as_of,
            moment=proof["as_of"],
        )

    return [figures, snapshot, evidence]


def _period(site: Site, query: Mapping[str, str]) -> tuple[date, date]:
    """What the address says; the last thirty days without it."""
    today = site.today()

    def told(name: str, instead: date) -> date:
        try:
            return date.fromisoformat(query.get(name, ""))
        except ValueError:
            return instead

    last = told("to", today)
    return told("from", last - timedelta(days=30)), last


def _names(first: date, last: date, every: str) -> list[str]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    if every == "day":
        return [day.isoformat() for day in days]
    return list(dict.fromkeys(day.isoformat()[:7] for day in days))


def _value(unit: str, numerator: float, denominator: float) -> str:
    if not denominator:
        return "—"
    value = numerator / denominator
    return f"{value:.1%}" if unit == "share" else f"{value:.2f}"


def _table(visit: Visit, total: Mapping[str, Any], told: Mapping[str, str]) -> list[Shown]:
    rates = total["performance"][0]["rates"] if total["performance"] else {}
    rows = []
    for figure, name in total["names"].items():
        rate = rates.get(figure) or {"numerator": 0, "denominator": 0, "value": None}
        defined = total["definitions"][figure]
        target = defined["target"]
        met: bool | None = None
        if target is not None and rate["value"] is not None:
            reached = rate["value"] - target["value"]
            met = reached >= 0 if target["bound"] == "least" else reached <= 0
        rows.append(
            Shown(
                figure,
                visit.say(name),
                _value(defined["unit"], rate["numerator"], rate["denominator"]),
                rate["numerator"],
                rate["denominator"],
                f"/supervise/figures/{figure}?{urlencode(told)}",
                visit.say(defined["text"]),
                visit.say(defined["source"]),
                _target(defined["unit"], target),
                met,
            )
        )
    return rows


def _target(unit: str, target: Mapping[str, Any] | None) -> str:
    if target is None:
        return ""
    bound = "≥" if target["bound"] == "least" else "≤"
    return f"{bound} {target['value']:.0%}" if unit == "share" else f"{bound} {target['value']:g}"


def _point(
    figure: str, unit: str, name: str, label: str, group: Mapping[str, Any] | None, told: Mapping[str, str]
) -> charts.Value:
    """A value of a chart; it leads to its events by the same words as the API's own evidence link."""
    rate = group["rates"][figure] if group else None
    if group is None or rate is None or rate["value"] is None:
        return charts.Value(label, None, "—")
    text = (
        f"{_value(unit, rate['numerator'], rate['denominator'])} ({rate['numerator']}/{rate['denominator']})"
    )
    _, _, query = (group["evidence"] or "").partition("?")
    as_of = urlencode({"as_of": told["as_of"]}) if "as_of" in told else ""
    return charts.Value(
        label, rate["value"], text, f"/supervise/figures/{figure}?{'&'.join(filter(None, (query, as_of)))}"
    )


def _steps(visit: Visit, survey: Mapping[str, Any], words: Mapping[str, str]) -> list[charts.Value]:
    """How far the open rectifications have come: at each step, those that have not passed it yet."""
    counts = {row["step"]: row["count"] for row in survey["steps"]}
    kept = {name: words[name] for name in ("hall", "unit", "as_of") if name in words}
    values = []
    for step, name in STEPS.items():
        count = survey["closed"] if step == "closed" else counts.get(step, 0)
        where = {"status": "closed"} if step == "closed" else {"step": step}
        values.append(
            charts.Value(visit.say(name), count, str(count), f"/supervise?{urlencode(kept | where)}")
        )
    return values


def _dues(visit: Visit, survey: Mapping[str, Any], words: Mapping[str, str]) -> list[charts.Value]:
    """All that is open, then what is due within ever fewer days, then what is overdue."""
    kept = {name: words[name] for name in ("hall", "unit", "as_of") if name in words}
    values = [
        charts.Value(
            visit.gettext(N_("全部在办")),
            survey["open"],
            str(survey["open"]),
            f"/supervise?{urlencode(kept)}",
        )
    ]
    for name in ("5", "3", "1", "today", "overdue"):
        count = survey["due"][name]
        where = urlencode(kept | {"due_in": name})
        values.append(charts.Value(visit.gettext(DUE_NAMES[name]), count, str(count), f"/supervise?{where}"))
    return values


def _behind(
    visit: Visit,
    one: Mapping[str, Any],
    names: Mapping[tuple[str, str], str],
    of_items: Mapping[str, str],
    opens_log: bool,
) -> Behind:
    stream = one["stream"]
    subject = stream.partition("-")[2]
    href = {
        "review": f"/supervise/services/{subject}",
        "case": f"/supervise/cases/{subject}",
        "queue": f"/supervise/halls/{one['hall']}?date={one['day']}",
    }.get(category(stream))
    hall = one["hall"] or ""
    told = [(hall, ""), (one["unit"] or "", ""), (hall, one["window"] or "")]
    places = [names.get(place, place[1] or place[0]) for place in told]
    where = " · ".join(filter(None, dict.fromkeys([*places, of_items.get(one["item"], one["item"])])))
    subject_name = visit.gettext(SUBJECTS.get(category(stream), N_("来源")))
    events = [
        (called(visit, event["type"]), f"/audit/events/{event['position']}" if opens_log else None)
        for event in one["events"]
    ]
    return Behind(subject_name, stream, href, one["day"], where, one["numerator"], one["denominator"], events)
