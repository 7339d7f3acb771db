"""Configuration is documents: rehearsed before they are in force, kept in every version, compared field by field."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API
from adapters.http.asking import Asking, Reply, encode
from adapters.http.parts import Parts
from adapters.http.reading import answers, document, listing, lists, shape
from domain import offering, slots
from domain.calendar import CalendarGazetted
from domain.catalogue import DECIDERS
from domain.differences import Change, differences
from domain.hall import HallConfigured, HallPlan
from domain.handling import Held
from domain.item import ItemPlan, ItemPublished
from domain.message import Command, Refused, category
from domain.workdays import Year
from projections.timeline import Entry

VERSIONS_MAX = 1_000
PREVIEWED_DAYS = 14

DOCUMENTS = {"calendar": "year", "hall": "plan", "item": "plan", "region": "terms"}
"""Where the state of a configured thing holds its document."""


class Version(msgspec.Struct, frozen=True):
    """What was put in force, when, by whom, and what it changed of what held before."""

    version: int
    changes: list[Change]


class VersionKept(Version, frozen=True, kw_only=True):
    """A version with its whole document."""

    document: dict[str, Any]


VersionShown = shape("ConfigurationVersion", Version, Entry, without=("what", "detail"))
VersionWhole = shape("ConfigurationVersionWhole", VersionKept, Entry, without=("what", "detail"))
Of = Callable[[Any], msgspec.Struct | None]
"""The document of an event; none of an event that is of another kind."""


class DayOffered(msgspec.Struct, frozen=True):
    """What a hall would offer on a day, in all of its slots together; ``closed`` days offer nothing. ``booked`` have
    an appointment that day, and ``hit`` of them would have no place if the day were revised."""

    date: date
    closed: bool
    begins: time | None
    ends: time | None
    booked: int
    hit: int
    slots: int
    public: int
    internal: int
    partner: int
    walk_in: int


class Rehearsed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Nothing was stored. ``days``: what a hall would offer on the days to come. A day that somebody has booked keeps
    its offer until it is revised (``POST /halls/{hall}/slots/revise``)."""

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
    if not isinstance(becomes, HallPlan):
        return Reply(200, encode(Rehearsed(changes)))
    return Reply(
        200, encode(Rehearsed(changes, await _days(parts, stream.partition("-")[2], becomes, asked.day)))
    )


async def _days(parts: Parts, hall: str, plan: HallPlan, today: date) -> list[DayOffered]:
    days = [today + timedelta(days=n) for n in range(1, PREVIEWED_DAYS + 1)]
    return [await _offered(parts, hall, plan, day) for day in days]


async def _offered(parts: Parts, hall: str, plan: HallPlan, day: date) -> DayOffered:
    offered = offering.offer(plan, day, parts.catalogue.calendar)

    def look(held: Held) -> tuple[int, int]:
        booked = sum(isinstance(one, slots.Booked) for one in held.state.appointments.values())
        return booked, len(slots.stranded(held.state, offered)) if booked else 0

    booked, hit = await parts.loop.peek(slots.stream(hall, day), look)
    shares = {
        share: sum(getattr(slot, share) for slot in offered.slots)
        for share in ("public", "internal", "partner", "walk_in")
    }
    return DayOffered(
        day,
        not offered.slots,
        min((slot.starts_at.time() for slot in offered.slots), default=None),
        max((slot.ends_at.time() for slot in offered.slots), default=None),
        booked,
        hit,
        len(offered.slots),
        **shares,
    )


async def versions(
    parts: Parts, stream: str, of: Of, first: msgspec.Struct | None = None, only: int | None = None
) -> list[dict[str, Any]]:
    """Every version of a document, the newest first.

    Args:
        first: what held before anything was put in force.
        only: the one version that is wanted, which comes with its document.
    """
    told: list[dict[str, Any]] = []
    before = first
    for recorded in await parts.log(0, VERSIONS_MAX, stream):
        if (now := of(recorded.event)) is None:
            continue
        if only in (None, recorded.version):
            version = Version(recorded.version, differences(before, now))
            whole = {} if only is None else {"document": msgspec.to_builtins(now)}
            stamp = {"at": recorded.stamp.at, "by": recorded.stamp.by}
            told.append({**stamp, **msgspec.structs.asdict(version), **whole})
        before = now
    return told[::-1]


async def version_kept(
    parts: Parts, stream: str, of: Of, version: int, first: msgspec.Struct | None = None
) -> Response[bytes]:
    """One version with its whole document.

    Raises:
        Refused: there is no such version.
    """
    told = await versions(parts, stream, of, first, version)
    if not told:
        raise Refused("unknown-document-version", missing=True, version=version)
    return document(told[0], parts.catalogue.position, parts.clock())


def _plan_of_hall(event: Any) -> HallPlan | None:
    return event.plan if isinstance(event, HallConfigured) else None


def _plan_of_item(event: Any) -> ItemPlan | None:
    return event.plan if isinstance(event, ItemPublished) else None


def _year(event: Any) -> Year | None:
    return event.year if isinstance(event, CalendarGazetted) else None


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    async def history(stream: str, of: Of) -> Response[bytes]:
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
        return await history(f"hall-{hall}", _plan_of_hall)

    @get(
        f"{API}/items/{{item:str}}/history",
        operation_id="item_history",
        responses=lists("versions", VersionShown),
        summary="Every published version of an item, and what each changed",
        tags=["catalogue"],
    )
    async def of_item(item: FromPath[str]) -> Response[bytes]:
        return await history(f"item-{item}", _plan_of_item)

    @get(
        f"{API}/calendars/{{year:int}}/history",
        operation_id="calendar_history",
        responses=lists("versions", VersionShown),
        summary="Every notice of a year's holidays that was put in force, and what each changed",
        tags=["catalogue"],
    )
    async def of_calendar(year: FromPath[int]) -> Response[bytes]:
        return await history(f"calendar-{year}", _year)

    @get(
        f"{API}/halls/{{hall:str}}/history/{{version:int}}",
        operation_id="hall_version",
        responses=answers(VersionWhole),
        summary="A hall as it was configured in a version",
        tags=["catalogue"],
    )
    async def hall_then(hall: FromPath[str], version: FromPath[int]) -> Response[bytes]:
        return await version_kept(parts, f"hall-{hall}", _plan_of_hall, version)

    @get(
        f"{API}/items/{{item:str}}/history/{{version:int}}",
        operation_id="item_version",
        responses=answers(VersionWhole),
        summary="An item as it was published in a version",
        tags=["catalogue"],
    )
    async def item_then(item: FromPath[str], version: FromPath[int]) -> Response[bytes]:
        return await version_kept(parts, f"item-{item}", _plan_of_item, version)

    @get(
        f"{API}/calendars/{{year:int}}/history/{{version:int}}",
        operation_id="calendar_version",
        responses=answers(VersionWhole),
        summary="A year's holidays as an earlier notice had them",
        tags=["catalogue"],
    )
    async def calendar_then(year: FromPath[int], version: FromPath[int]) -> Response[bytes]:
        return await version_kept(parts, f"calendar-{year}", _year, version)

    @get(
        f"{API}/halls/{{hall:str}}/plan/days",
        operation_id="plan_days",
        responses=lists("days", DayOffered),
        summary="What a hall's plan offers on the days to come, and who has booked",
        tags=["catalogue"],
    )
    async def plan_days(hall: FromPath[str]) -> Response[bytes]:
        today = parts.today()
        days = await _days(parts, hall, parts.catalogue.hall(hall), today)
        return listing("days", days, None, parts.catalogue.position, parts.clock())

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

    return [
        of_hall,
        of_item,
        of_calendar,
        plan_days,
        hall_then,
        item_then,
        calendar_then,
        calendars,
        one_calendar,
    ]
