"""Configuration is documents: rehearsed before they are in force, kept in every version, compared field by field."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API
from adapters.http.asking import Asking, Reply, encode
from adapters.http.parts import Parts
from adapters.http.reading import answers, document, listing, lists, shape
from domain import offering
from domain.calendar import CalendarGazetted
from domain.catalogue import DECIDERS
from domain.guide_table import Change, differences
from domain.hall import HallConfigured, HallPlan
from domain.handling import Held
from domain.item import ItemPublished
from domain.message import Command, Refused, category
from domain.workdays import Year
from projections.timeline import Entry

VERSIONS_MAX = 1_000
PREVIEWED_DAYS = 7

DOCUMENTS = {"calendar": "year", "hall": "plan", "item": "plan", "region": "terms"}
"""Where the state of a configured thing holds its document."""


class Version(msgspec.Struct, frozen=True):
    """What was put in force, when, by whom, and what it changed of what held before."""

    version: int
    changes: list[Change]


VersionShown = shape("ConfigurationVersion", Version, Entry, without=("what", "detail"))


class DayOffered(msgspec.Struct, frozen=True):
    """What a hall would offer on a day, in all of its slots together; ``closed`` days offer nothing."""

    date: date
    closed: bool
    slots: int
    public: int
    internal: int
    partner: int
    walk_in: int


class Rehearsed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Nothing was stored. ``days``: what a hall would offer on the days to come that nobody has booked yet; a booked
    day keeps its offer until it is revised (``POST /halls/{hall}/slots/revise``)."""

    changes: list[Change]
    days: list[DayOffered] = []
    dry_run: bool = True


async def rehearse(
    parts: Parts, asked: Asking, stream: str, command: Command, becomes: msgspec.Struct
) -> Reply:
    """What a command would change of a stream's document, its rules asked and nothing stored.

    Raises:
        Refused: it would be refused.
    """

    def look(held: Held) -> msgspec.Struct | None:
        DECIDERS[category(stream)].decide(command, held.state, asked.stamp)
        now: msgspec.Struct | None = getattr(held.state, DOCUMENTS[category(stream)])
        return now

    changes = differences(await parts.loop.peek(stream, look), becomes)
    days = list(_offered(parts, becomes, asked.day)) if isinstance(becomes, HallPlan) else []
    return Reply(200, encode(Rehearsed(changes, days)))


def _offered(parts: Parts, plan: HallPlan, today: date) -> Iterator[DayOffered]:
    for day in (today + timedelta(days=n) for n in range(1, PREVIEWED_DAYS + 1)):
        slots = offering.offer(plan, day, parts.catalogue.calendar).slots
        shares = {
            share: sum(getattr(slot, share) for slot in slots)
            for share in ("public", "internal", "partner", "walk_in")
        }
        yield DayOffered(day, not slots, len(slots), **shares)


async def versions(
    parts: Parts, stream: str, of: Callable[[Any], msgspec.Struct | None], first: msgspec.Struct | None = None
) -> list[dict[str, Any]]:
    """Every version of a document, the newest first.

    Args:
        of: the document of an event; none of an event that is of another kind.
        first: what held before anything was put in force.
    """
    told: list[dict[str, Any]] = []
    before = first
    for recorded in await parts.log(0, VERSIONS_MAX, stream):
        if (now := of(recorded.event)) is not None:
            version = Version(recorded.version, differences(before, now))
            told.append({"at": recorded.stamp.at, "by": recorded.stamp.by, **msgspec.structs.asdict(version)})
            before = now
    return told[::-1]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    async def history(stream: str, of: Callable[[Any], msgspec.Struct | None]) -> Response[bytes]:
        told = await versions(parts, stream, of)
        if not told:
            raise Refused(f"unknown-{category(stream)}", missing=True)
        return listing("versions", told, None, parts.catalogue.position, parts.clock())

    @get(
        f"{API}/halls/{{hall:str}}/history",
        operation_id="hall_history",
        responses=lists("versions", VersionShown),
        summary="Every version of a hall's configuration, and what each changed",
        tags=["catalogue"],
    )
    async def of_hall(hall: FromPath[str]) -> Response[bytes]:
        return await history(f"hall-{hall}", lambda e: e.plan if isinstance(e, HallConfigured) else None)

    @get(
        f"{API}/items/{{item:str}}/history",
        operation_id="item_history",
        responses=lists("versions", VersionShown),
        summary="Every published version of an item, and what each changed",
        tags=["catalogue"],
    )
    async def of_item(item: FromPath[str]) -> Response[bytes]:
        return await history(f"item-{item}", lambda e: e.plan if isinstance(e, ItemPublished) else None)

    @get(
        f"{API}/calendars/{{year:int}}/history",
        operation_id="calendar_history",
        responses=lists("versions", VersionShown),
        summary="Every notice of a year's holidays that was put in force, and what each changed",
        tags=["catalogue"],
    )
    async def of_calendar(year: FromPath[int]) -> Response[bytes]:
        return await history(
            f"calendar-{year}", lambda e: e.year if isinstance(e, CalendarGazetted) else None
        )

    @get(
        f"{API}/calendars",
        operation_id="calendars",
        responses=lists("calendars", Year),
        summary="The years whose holidays are gazetted; a due date beyond them is provisional (暂定)",
        tags=["catalogue"],
    )
    async def calendars() -> Response[bytes]:
        years = sorted(parts.catalogue.calendar.years, key=lambda year: year.year)
        return listing("calendars", years, None, parts.catalogue.position, parts.clock())

    @get(
        f"{API}/calendars/{{year:int}}",
        operation_id="calendar",
        responses=answers(Year),
        summary="The gazetted holidays and worked weekends of a year",
        tags=["catalogue"],
    )
    async def one_calendar(year: FromPath[int]) -> Response[bytes]:
        found = next((known for known in parts.catalogue.calendar.years if known.year == year), None)
        if found is None:
            raise Refused("unknown-calendar", missing=True, year=year)
        return document(found, parts.catalogue.position, parts.clock())

    return [of_hall, of_item, of_calendar, calendars, one_calendar]
