"""Published figures: rates of ratings, rectifications and limits, each with its numerator and denominator."""

from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from adapters.http.access import API, OVERSIGHT
from adapters.http.body import StrictRequest
from adapters.http.identity import CHALLENGE
from adapters.http.parts import Parts
from adapters.http.past import AsOf, events_of, of_log
from adapters.http.problems import FieldError, Rejected
from adapters.http.reading import (
    LIMIT,
    After,
    Cursor,
    Limit,
    Word,
    answers,
    caught_up,
    document,
    listing,
    lists,
    page_of,
    shape,
)
from domain.message import Refused, Text
from domain.workdays import SHANGHAI
from projections import performance, suspicion
from projections.performance import By

PUBLIC_FLOOR = 5
"""The public sees no rate of fewer than so many: a person could be made out."""

DAYS_MAX = 366
FIRST_YEAR = 2000
PAGE = 500


From = Annotated[date | None, QueryParameter(name="from", description="30 days before to")]
To = Annotated[date | None, QueryParameter(description="today")]


class Rates(performance.Figures, frozen=True):
    """The rates of one hall, unit, item or window, which one of the first four names."""

    hall: str | None = None
    unit: str | None = None
    item: str | None = None
    window: str | None = None


Published = shape(
    "Performance",
    {"from": date},
    to=date,
    by=By,
    names=dict[str, Text],
    definitions=dict[str, performance.Definition],
    performance=list[Rates],
)
Proved = shape(
    "Evidence",
    {"from": date},
    to=date,
    figure=str,
    name=Text,
    definition=performance.Definition,
    numerator=int,
    denominator=int,
    evidence=list[performance.Evidence],
    cursor=str | None,
)


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/performance",
        operation_id="performance",
        responses=answers(Published),
        summary="Published figures",
        tags=["figures"],
    )
    async def figures(
        request: StrictRequest,
        from_: From = None,
        to: To = None,
        by: Annotated[By, QueryParameter()] = "hall",
        hall: Word = None,
        after: After = 0,
        as_of: AsOf = None,
    ) -> Response[bytes]:
        first, last = _period(parts, from_, to)
        identity = request.user
        assert OVERSIGHT is not None
        inside = identity is not None and identity.role in OVERSIGHT
        if (by == "window" or as_of is not None) and not inside:
            # A window is a person on a given day, and so is the difference between two moments.
            if identity is None:
                raise Rejected(401, "no-identity", headers=CHALLENGE)
            raise Rejected(403, "not-yours", {"role": identity.role})
        if as_of is not None:
            past = await of_log(parts, performance, as_of)
            views = [view for view in past.views.values() if _within(view, first, last, hall)]
            position, moment = past.position, past.as_of
        else:
            await caught_up(parts.views, performance.NAME, after)
            position, moment = await parts.views.position(performance.NAME)
            views = await _between(parts, first, last, hall)
        found = performance.figures(views, by, 0 if inside else PUBLIC_FLOOR)
        shown = {
            "from": first,
            "to": last,
            "by": by,
            "names": performance.RATE_NAMES,
            "definitions": performance.DEFINITIONS,
            "performance": [{by: name, **msgspec.structs.asdict(rates)} for name, rates in found.items()],
        }
        return document(shown, position, moment)

    @get(
        f"{API}/performance/{{figure:str}}/events",
        operation_id="performance_events",
        responses=answers(Proved),
        summary="The very events behind a figure, recounted from the log",
        tags=["figures"],
    )
    async def events(
        figure: FromPath[str],
        request: StrictRequest,
        from_: From = None,
        to: To = None,
        hall: Word = None,
        unit: Word = None,
        item: Word = None,
        window: Word = None,
        as_of: AsOf = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        if figure not in performance.DEFINITIONS:
            raise Refused("unknown-figure", missing=True, figure=figure)
        first, last = _period(parts, from_, to)
        identity = request.user
        assert identity is not None
        if hall is not None and not identity.may_act_in(hall):
            raise Rejected(403, "other-hall", {"hall": hall})
        log, position, moment = await events_of(parts, performance, as_of)
        asked = {"hall": hall or identity.hall, "unit": unit, "item": item, "window": window}
        found = [
            one
            for one in performance.evidence(log, figure)
            if first.isoformat() <= one.day <= last.isoformat()
            and all(wanted in (None, getattr(one, name)) for name, wanted in asked.items())
        ]
        named = ((f"{one.stream} {one.day} {one.events[0].position:020}", one) for one in found)
        page, more = page_of(named, limit, cursor)
        shown = {
            "from": first,
            "to": last,
            "figure": figure,
            "name": performance.RATE_NAMES[figure],
            "definition": performance.DEFINITIONS[figure],
            "numerator": sum(one.numerator for one in found),
            "denominator": sum(one.denominator for one in found),
            "evidence": page,
            "cursor": more,
        }
        return document(shown, position, moment)

    @get(
        f"{API}/reviews/suspicious",
        operation_id="reviews_suspicious",
        responses=lists("flags", suspicion.Flag),
        summary="Ratings that look unlike one person's own word, to be looked into",
        tags=["reviews"],
    )
    async def suspicious(
        request: StrictRequest, from_: From = None, to: To = None, hall: Word = None
    ) -> Response[bytes]:
        first, last = _period(parts, from_, to)
        identity = request.user
        assert identity is not None
        if hall is not None and not identity.may_act_in(hall):
            raise Rejected(403, "other-hall", {"hall": hall})
        log, position, moment = await events_of(parts, suspicion, None)
        found = [
            flag
            for flag in suspicion.flags(log)
            if first <= flag.at.astimezone(SHANGHAI).date() <= last
            and (hall or identity.hall) in (None, flag.hall)
        ]
        return listing("flags", found, None, position, moment)

    return [figures, events, suspicious]


async def published(parts: Parts, first: date, last: date, hall: str) -> performance.Figures | None:
    """A hall's figures of some days as everybody may see them; ``None`` where nothing was counted."""
    views = await _between(parts, first, last, hall)
    return performance.figures(views, "hall", PUBLIC_FLOOR).get(hall)


def _period(parts: Parts, from_: date | None, to: date | None) -> tuple[date, date]:
    """Raises:
    Rejected: 422, the period is none or too long.
    """
    last = to or parts.clock().astimezone(SHANGHAI).date()
    if last.year < FIRST_YEAR:
        raise Rejected(422, "invalid", errors=[FieldError("to", f"not before {FIRST_YEAR}")])
    first = from_ or last - timedelta(days=30)
    if not timedelta(0) <= last - first <= timedelta(days=DAYS_MAX):
        raise Rejected(422, "invalid", errors=[FieldError("from", f"at most {DAYS_MAX} days before to")])
    return first, last


def _within(view: performance.View, first: date, last: date, hall: str | None) -> bool:
    return first.isoformat() <= view.day <= last.isoformat() and hall in (None, view.hall)


async def _between(parts: Parts, first: date, last: date, hall: str | None) -> list[performance.View]:
    where: dict[str, Any] = {"day": (">=", first.isoformat())}
    if hall is not None:
        where["hall"] = hall
    views: list[performance.View] = []
    cursor: str | None = None
    while True:
        page = await parts.views.find(performance.NAME, where, "day", PAGE, cursor)
        for doc in page.docs:
            view = msgspec.json.decode(doc, type=performance.View)
            if view.day > last.isoformat():
                return views
            views.append(view)
        if (cursor := page.cursor) is None:
            return views
