"""Published figures: rates of ratings, rectifications and limits, each with its numerator and denominator."""

from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from adapters.http.access import API, OVERSIGHT
from adapters.http.body import StrictRequest
from adapters.http.identity import CHALLENGE
from adapters.http.parts import Parts
from adapters.http.past import AsOf, of_log
from adapters.http.problems import FieldError, Rejected
from adapters.http.reading import After, Word, answers, caught_up, document, shape
from domain.message import Text
from domain.workdays import SHANGHAI
from projections import performance
from projections.performance import By

PUBLIC_FLOOR = 5
"""The public sees no rate of fewer than so many: a person could be made out."""

DAYS_MAX = 366
FIRST_YEAR = 2000
PAGE = 500


class Rates(performance.Figures, frozen=True):
    """The rates of one hall, unit, item or window, which one of the first four names."""

    hall: str | None = None
    unit: str | None = None
    item: str | None = None
    window: str | None = None


Published = shape(
    "Performance", {"from": date}, to=date, by=By, names=dict[str, Text], performance=list[Rates]
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
        from_: Annotated[date | None, QueryParameter(name="from", description="30 days before to")] = None,
        to: Annotated[date | None, QueryParameter(description="today")] = None,
        by: Annotated[By, QueryParameter()] = "hall",
        hall: Word = None,
        after: After = 0,
        as_of: AsOf = None,
    ) -> Response[bytes]:
        last = to or parts.clock().astimezone(SHANGHAI).date()
        if last.year < FIRST_YEAR:
            raise Rejected(422, "invalid", errors=[FieldError("to", f"not before {FIRST_YEAR}")])
        first = from_ or last - timedelta(days=30)
        if not timedelta(0) <= last - first <= timedelta(days=DAYS_MAX):
            raise Rejected(422, "invalid", errors=[FieldError("from", f"at most {DAYS_MAX} days before to")])
        identity = request.user
        assert OVERSIGHT is not None
        inside = identity is not None and identity.role in OVERSIGHT
        if by == "window" and not inside:
            # A window is a person on a given day.
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
            "performance": [{by: name, **msgspec.structs.asdict(rates)} for name, rates in found.items()],
        }
        return document(shown, position, moment)

    return [figures]


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
