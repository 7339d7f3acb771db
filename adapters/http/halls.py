"""The catalogue: regions, halls, items, calendars, read and configured."""

import asyncio
import time
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from adapters import search
from adapters.catalogue import Configured
from adapters.http.access import API
from adapters.http.asking import Asking, Reply
from adapters.http.commands import Command
from adapters.http.configuring import rehearse
from adapters.http.items import dry_run
from adapters.http.parts import Parts
from adapters.http.problems import Rejected
from adapters.http.reading import (
    LIMIT,
    WAIT_S,
    After,
    Cursor,
    Limit,
    Word,
    answers,
    document,
    listing,
    lists,
    merged,
    page_of,
    shape,
)
from adapters.views import ViewBehind
from domain import calendar, hall, item
from domain.calendar import GazetteCalendar
from domain.hall import ConfigureHall, HallPlan, WindowPlan
from domain.handling import Act, Ask
from domain.item import ItemPlan, ItemPublished, PublishItem
from domain.message import Command as DomainCommand
from domain.message import Id, Refused, Text
from domain.workdays import Year
from projections import board as board_view


class HallNamed(msgspec.Struct, frozen=True):
    hall: str


class ItemNamed(msgspec.Struct, frozen=True):
    item: str


class CalendarNamed(msgspec.Struct, frozen=True):
    year: int


RegionShown = shape("Region", region=str, name=Text, level=str, parent=str | None, demonstration=bool)
HallShown = shape("Hall", HallPlan, hall=str, version=int)
WindowNow = shape(
    "WindowNow", WindowPlan, state=Literal["closed", "open", "paused"], pause=board_view.Pause | None
)
HallNow = shape("HallNow", HallShown, windows=list[WindowNow])  # type: ignore[valid-type]  # a type made at run time
ItemShown = shape("Item", ItemPlan, item=str, version=int)


# --- configuration --------------------------------------------------------------------------------------------

DOCUMENT_BYTES_MAX = 1_000_000
"""Of a configured document: a hall may have hundreds of windows."""


def commands(parts: Parts) -> list[Command]:
    """The routes by which an admin configures."""

    async def configure(
        asked: Asking,
        stream: str,
        command: DomainCommand,
        becomes: msgspec.Struct,
        query: bytes,
        named: dict[str, Any],
    ) -> Reply:
        if dry_run(query):
            return await rehearse(parts, asked, stream, command, becomes)
        reply = await asked.submit(parts.loop, Act((Ask(stream, command),)), more=lambda _: named)
        await parts.catalogue.refresh()
        return reply

    async def put_hall(asked: Asking, words: list[str], plan: HallPlan, query: bytes) -> Reply:
        name = _id(words[0])
        return await configure(asked, hall.stream(name), ConfigureHall(plan), plan, query, {"hall": name})

    async def put_item(asked: Asking, words: list[str], plan: ItemPlan, query: bytes) -> Reply:
        name = _id(words[0])
        return await configure(asked, item.stream(name), PublishItem(plan), plan, query, {"item": name})

    async def put_calendar(asked: Asking, words: list[str], year: Year, query: bytes) -> Reply:
        if words[0] != str(year.year):
            raise Rejected(422, "year-in-path", {"year": year.year})
        return await configure(
            asked, calendar.stream(year.year), GazetteCalendar(year), year, query, {"year": year.year}
        )

    return [
        Command(
            f"{API}/halls/{{hall}}",
            HallPlan,
            put_hall,
            HallNamed,
            method="PUT",
            about="Configure a hall; with dry_run=true only tell what it would change",
            bytes_max=DOCUMENT_BYTES_MAX,
        ),
        Command(
            f"{API}/items/{{item}}",
            ItemPlan,
            put_item,
            ItemNamed,
            method="PUT",
            about="Publish an item; with dry_run=true only tell what it would change",
            bytes_max=DOCUMENT_BYTES_MAX,
        ),
        Command(
            f"{API}/calendars/{{year}}",
            Year,
            put_calendar,
            CalendarNamed,
            method="PUT",
            about="Put a year's gazetted calendar in force; with dry_run=true only tell what it would change",
        ),
    ]


def _id(word: str) -> str:
    """A word of the path as the name of something new.

    Raises:
        Rejected: nothing can have this name.
    """
    try:
        return msgspec.convert(word, Id)
    except msgspec.ValidationError as error:
        raise Rejected(404, "unknown-path") from error


# --- reading --------------------------------------------------------------------------------------------


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    catalogue = parts.catalogue

    async def current(after: int) -> None:
        """Raises:
        ViewBehind: what was configured at that position is not in the catalogue in time.
        """
        deadline = time.monotonic() + WAIT_S
        while catalogue.position < after:
            await catalogue.refresh()
            if catalogue.position < after:
                if time.monotonic() > deadline:
                    raise ViewBehind(f"the catalogue is at {catalogue.position}, not yet at {after}")
                await asyncio.sleep(0.05)

    @get(
        f"{API}/regions",
        operation_id="regions",
        responses=lists("regions", RegionShown),
        summary="Regions that halls may belong to",
        tags=["catalogue"],
    )
    async def regions(limit: Limit = LIMIT, cursor: Cursor = None) -> Response[bytes]:
        named = ((str(getattr(region, "region", "")), region) for region in parts.regions)
        found, more = page_of(named, limit, cursor)
        return listing("regions", found, more, catalogue.position, parts.clock())

    @get(
        f"{API}/halls",
        operation_id="halls",
        responses=lists("halls", HallShown),
        summary="Halls",
        tags=["catalogue"],
    )
    async def halls(
        after: After = 0, region: Word = None, limit: Limit = LIMIT, cursor: Cursor = None
    ) -> Response[bytes]:
        await current(after)
        named = (
            (name, _hall(known))
            for name, known in catalogue.halls.items()
            if region is None or known.plan.region == region
        )
        found, more = page_of(named, limit, cursor)
        return listing("halls", found, more, catalogue.position, parts.clock())

    @get(
        f"{API}/halls/{{hall:str}}",
        operation_id="hall",
        responses=answers(HallNow),
        summary="A hall, its windows as they are now",
        tags=["catalogue"],
    )
    async def one_hall(hall: FromPath[str], after: After = 0) -> Response[bytes]:
        await current(after)
        plan = catalogue.hall(hall)
        today = parts.today()
        board = msgspec.json.decode(await parts.boards.board(hall, today, after=after), type=_Board)
        now = {window.window: window for window in board.windows}
        windows = [merged(w, now.get(w.window, _Window(w.window))) for w in plan.windows]
        shown = _hall(catalogue.halls[hall]) | {"windows": windows}
        return document(shown, catalogue.position, parts.clock())

    @get(
        f"{API}/items",
        operation_id="items",
        responses=lists("items", ItemShown),
        summary="Items; q searches them",
        tags=["catalogue"],
    )
    async def items(
        after: After = 0,
        q: Word = None,
        hall: Word = None,
        queue: Word = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[bytes]:
        await current(after)
        here = None if hall is None else {queue.queue for queue in catalogue.hall(hall).queues}
        named = (
            # What fits best comes first: a page's order is that of these names.
            (f"{fits}{name}", _item(known))
            for name, known in catalogue.items.items()
            if (here is None or known.plan.queue in here) and queue in (None, known.plan.queue)
            for fits in ("" if q is None else search.rank(name, known.plan, q),)
            if fits is not None
        )
        found, more = page_of(named, limit, cursor)
        return listing("items", found, more, catalogue.position, parts.clock())

    @get(
        f"{API}/items/{{item:str}}",
        operation_id="item",
        responses=answers(ItemShown),
        summary="An item with its guide",
        tags=["catalogue"],
    )
    async def one_item(
        item: FromPath[str],
        after: After = 0,
        version: Annotated[int | None, QueryParameter(ge=1, description="as it was published then")] = None,
    ) -> Response[bytes]:
        await current(after)
        known = catalogue.item(item)
        if version is not None and version != known.number:
            known = await _as_published(parts, item, version)
        return document(_item(known), catalogue.position, parts.clock())

    return [regions, halls, one_hall, items, one_item]


class _Window(msgspec.Struct):
    window: str
    state: str = "closed"
    pause: board_view.Pause | None = None


class _Board(msgspec.Struct):
    windows: list[_Window]


def _hall(known: Configured[HallPlan]) -> dict[str, Any]:
    return {"hall": known.name, "version": known.version, **msgspec.structs.asdict(known.plan)}


async def _as_published(parts: Parts, item: str, version: int) -> Configured[ItemPlan]:
    """An item as a booking or a case was promised it.

    Raises:
        Refused: it was never published in this version.
    """
    for recorded in await parts.log.until(2**62, stream=f"item-{item}"):
        event = recorded.event
        if isinstance(event, ItemPublished) and event.version == version:
            return Configured(item, event.plan, recorded.version, recorded.position, version)
    raise Refused("unknown-version", missing=True, item=item, version=version)


def _item(known: Configured[ItemPlan]) -> dict[str, Any]:
    return {"item": known.name, "version": known.number, **msgspec.structs.asdict(known.plan)}
