"""Published figures: rates of ratings, rectifications and limits, each with its numerator and denominator.

Windows and clerks are for the hall's own eyes: a window is a person on a given day.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from adapters.http.access import API, OVERSIGHT
from adapters.http.body import StrictRequest
from adapters.http.identity import CHALLENGE, Identity
from adapters.http.parts import Parts
from adapters.http.past import TAGS, AsOf, events_of, folded
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
from adapters.published import between
from domain.item import ItemPublished
from domain.message import Recorded, Refused, Text
from domain.workdays import SHANGHAI, local_date
from projections import definitions, performance, suspicion
from projections import figures as told
from projections.figures import By, Chosen

PUBLIC_FLOOR = 5
"""The public sees no rate of fewer than so many: a person could be made out."""

DAYS_MAX = 366
FIRST_YEAR = 2000


From = Annotated[date | None, QueryParameter(name="from", description="30 days before to")]
To = Annotated[date | None, QueryParameter(description="today")]


INTERNAL: tuple[By, ...] = ("window", "clerk")


class Rates(told.Figures, frozen=True):
    """The rates of one group, which the field that was asked ``by`` names. ``evidence`` is where the events behind
    each figure are found, for those who may: ``{figure}`` is the figure's name."""

    all: str | None = None
    hall: str | None = None
    unit: str | None = None
    item: str | None = None
    window: str | None = None
    clerk: str | None = None
    channel: str | None = None
    day: str | None = None
    month: str | None = None
    quarter: str | None = None
    evidence: str | None = None


Published = shape(
    "Performance",
    {"from": date},
    to=date,
    by=By,
    names=dict[str, Text],
    definitions=dict[str, definitions.Definition],
    performance=list[Rates],
)
Proved = shape(
    "Evidence",
    {"from": date},
    to=date,
    figure=str,
    name=Text,
    definition=definitions.Definition,
    numerator=int,
    denominator=int,
    evidence=list[told.Evidence],
    cursor=str | None,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which slices a figure is asked for; each field is a parameter of the query."""

    from_: From = None
    to: To = None
    hall: Word = None
    unit: Word = None
    item: Word = None
    window: Word = None
    clerk: Word = None
    channel: Word = None

    def chosen(self, first: date, last: date) -> Chosen:
        """The slices of some days."""
        named = (self.hall, self.unit, self.item, self.window, self.clerk, self.channel)
        return Chosen(first.isoformat(), last.isoformat(), *named)


WANTED = {"wanted": Provide(Wanted, sync_to_thread=False)}


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/performance",
        operation_id="performance",
        dependencies=WANTED,
        responses=answers(Published),
        summary="Published figures",
        tags=["figures"],
    )
    async def figures(
        request: StrictRequest,
        wanted: NamedDependency[Wanted],
        by: Annotated[By, QueryParameter()] = "hall",
        after: After = 0,
        as_of: AsOf = None,
    ) -> Response[bytes]:
        first, last = period(parts, wanted.from_, wanted.to)
        chosen = wanted.chosen(first, last)
        identity = request.user
        assert OVERSIGHT is not None
        inside = identity is not None and identity.role in OVERSIGHT
        of_people = by in INTERNAL or wanted.window or wanted.clerk
        if (of_people or as_of is not None) and not inside:
            # A window is a person on a given day, and so is the difference between two moments.
            if identity is None:
                raise Rejected(401, "no-identity", headers=CHALLENGE)
            raise Rejected(403, "not-yours", {"role": identity.role})
        if of_people and identity is not None:
            chosen = msgspec.structs.replace(chosen, hall=own_hall(identity, wanted.hall))
        chosen = of_hall(parts, chosen)
        views, position, moment = await counted(parts, first, last, after, as_of)
        found = told.figures(views, by, 0 if inside else PUBLIC_FLOOR, chosen)
        shown = {
            "from": first,
            "to": last,
            "by": by,
            "names": definitions.RATE_NAMES,
            "definitions": definitions.DEFINITIONS,
            "performance": [
                {
                    by: name,
                    **msgspec.structs.asdict(rates),
                    "evidence": _evidence(by, name, chosen) if inside else None,
                }
                for name, rates in found.items()
            ],
        }
        return document(shown, position, moment)

    @get(
        f"{API}/performance/{{figure:str}}/events",
        operation_id="performance_events",
        dependencies=WANTED,
        responses=answers(Proved),
        summary="The very events behind a figure, recounted from the log",
        tags=["figures"],
    )
    async def events(
        figure: FromPath[str],
        request: StrictRequest,
        wanted: NamedDependency[Wanted],
        as_of: AsOf = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        if figure not in definitions.DEFINITIONS:
            raise Refused("unknown-figure", missing=True, figure=figure)
        first, last = period(parts, wanted.from_, wanted.to)
        identity = request.user
        assert identity is not None
        hall = own_hall(identity, wanted.hall)
        log, position, moment = await _log(parts, first, as_of)
        chosen = of_hall(parts, msgspec.structs.replace(wanted.chosen(first, last), hall=hall))
        found = told.evidence(log, figure, chosen)
        named = ((f"{one.stream} {one.day} {one.events[0].position:020}", one) for one in found)
        page, more = page_of(named, limit, cursor)
        shown = {
            "from": first,
            "to": last,
            "figure": figure,
            "name": definitions.RATE_NAMES[figure],
            "definition": definitions.DEFINITIONS[figure],
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
        first, last = period(parts, from_, to)
        identity = request.user
        assert identity is not None
        hall = own_hall(identity, hall)
        # An invitation and its rating, and the ratings of one person's day, are looked at together.
        begins = datetime.combine(first, time(), SHANGHAI) - timedelta(days=1)
        since = await parts.log.position_at(begins)
        log, position, moment = await events_of(parts, suspicion, None, after=since)
        found = [
            flag
            for flag in suspicion.flags(log)
            if first <= local_date(flag.at) <= last and hall in (None, flag.hall)
        ]
        return listing("flags", found, None, position, moment)

    return [figures, events, suspicious]


async def published(parts: Parts, first: date, last: date, hall: str) -> told.Figures | None:
    """A hall's figures of some days as everybody may see them; ``None`` where nothing was counted."""
    chosen = Chosen(first.isoformat(), last.isoformat(), hall)
    return told.figures(await between(parts.views, first, last), "hall", PUBLIC_FLOOR, chosen).get(hall)


def of_hall(parts: Parts, chosen: Chosen) -> Chosen:
    """With the items that are handled at the hall, if one was asked for: as it handles them now, in the past too."""
    if chosen.hall is None:
        return chosen
    return msgspec.structs.replace(chosen, handled=parts.catalogue.handled_at(chosen.hall))


def own_hall(identity: Identity, hall: str | None) -> str | None:
    """The hall that is asked for, or the asker's own; ``None`` for all of them.

    Raises:
        Rejected: 403, it is another's.
    """
    if hall is not None and not identity.may_act_in(hall):
        raise Rejected(403, "other-hall", {"hall": hall})
    return hall or identity.hall


def period(parts: Parts, from_: date | None, to: date | None) -> tuple[date, date]:
    """Raises:
    Rejected: 422, the period is none or too long.
    """
    last = to or parts.today()
    if last.year < FIRST_YEAR:
        raise Rejected(422, "invalid", errors=[FieldError("to", f"not before {FIRST_YEAR}")])
    first = from_ or last - timedelta(days=30)
    if not timedelta(0) <= last - first <= timedelta(days=DAYS_MAX):
        raise Rejected(422, "invalid", errors=[FieldError("from", f"at most {DAYS_MAX} days before to")])
    return first, last


def _evidence(by: By, name: str, chosen: Chosen) -> str:
    """Where the events behind a group's figures are found."""
    asked = {"from": chosen.first, "to": chosen.last}
    for word in ("hall", "unit", "item", "window", "clerk", "channel"):
        if (wanted := getattr(chosen, word)) is not None:
            asked[word] = wanted
    if by == "day":
        asked |= {"from": name, "to": name}
    elif by in ("month", "quarter"):
        begins, ends = told.days_of(name)
        asked |= {"from": max(begins, chosen.first), "to": min(ends, chosen.last)}
    elif by != "all":
        asked[by] = name
    return f"{API}/performance/{{figure}}/events?{urlencode(asked)}"


async def counted(
    parts: Parts, first: date, last: date, after: int, as_of: str | None
) -> tuple[list[performance.View], int, datetime]:
    """The documents that count something on some days, with the position and moment they are of: once they have
    reached ``after``, or as the log stood at a moment or position."""
    if as_of is not None:
        return await then(parts, first, as_of)
    await caught_up(parts.views, performance.NAME, after)
    position, moment = await parts.views.position(performance.NAME)
    return await between(parts.views, first, last), position, moment


async def then(parts: Parts, first: date, as_of: str) -> tuple[list[performance.View], int, datetime]:
    """The documents that count something from a day on, as the log stood at a moment or position."""
    log, position, moment = await _log(parts, first, as_of)
    return [*folded(performance, log).values()], position, moment


async def _log(parts: Parts, first: date, as_of: str | None) -> tuple[list[Recorded], int, datetime]:
    """All that can count from a day on. What counts on a day was recorded on that day or later, so the log before it
    is not read, but for the items: those published before count still."""
    begins = datetime.combine(first, time(), SHANGHAI)
    since = await parts.log.position_at(begins - timedelta(microseconds=1))
    recent, position, moment = await events_of(parts, performance, as_of, after=since)
    items = [TAGS[ItemPublished]]
    before = await parts.log.until(min(since, position), topics=items)
    return [*before, *recent], position, moment
