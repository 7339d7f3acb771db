"""What the log stood at: a view folded anew up to a position or a moment, from the events that view is made of."""

import operator
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import Annotated, Any, NamedTuple, TypeVar

from litestar.params import QueryParameter

from adapters.http.asking import encode
from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from adapters.http.reading import caught_up
from adapters.views import Instead, Page
from domain.catalogue import EVENTS
from domain.message import Recorded
from domain.workdays import SHANGHAI

T = TypeVar("T")

AsOf = Annotated[
    str | None,
    QueryParameter(
        max_length=40, description="A position, or a time with offset: the answer as the log stood then."
    ),
]

TAGS: dict[type, str] = {kind: tag for tag, kind in EVENTS.items()}

COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, several: value in several,
    "has": lambda words, word: f" {word} " in words,
}
"""As ``adapters.conditions`` compares."""


class Past(NamedTuple):
    """Documents by key as they stood at a position, and the moment of the last event they could hold."""

    views: dict[str, Any]
    position: int
    as_of: datetime


async def of_stream(parts: Parts, projection: ModuleType, stream: str, told: str) -> Past:
    """The documents that one stream makes."""
    log, position, moment = await stream_until(parts, stream, told)
    return Past(folded(projection, log), position, moment)


async def stream_until(
    parts: Parts, stream: str, told: str | None
) -> tuple[Sequence[Recorded], int, datetime]:
    """One stream up to the place that is told or up to now."""
    position, moment = await (place(parts, told) if told is not None else parts.log.moment(2**62))
    return await parts.log.until(position, stream=stream), position, moment


async def events_of(
    parts: Parts, projection: ModuleType, told: str | None, after: int = 0
) -> tuple[Sequence[Recorded], int, datetime]:
    """What a projection that names its events is made of, from a position on, up to the place that is told or up to
    now."""
    position, moment = await (place(parts, told) if told is not None else parts.log.moment(2**62))
    topics = [TAGS[kind] for kind in projection.MINE]
    return await parts.log.until(position, topics=topics, after=after), position, moment


PAGE = 500
Rows = list[tuple[Any, ...]]


class Reading(NamedTuple):
    """A view as it is, or as it stood: made by ``reading``.

    As it stood, documents that nothing has happened to since are taken as they are, the others are folded anew from
    their own streams: its cost is that of what has happened since, not of the whole log. For projections whose
    documents are each made of one stream, keep its subject as their key and never go.
    """

    parts: Parts
    projection: ModuleType
    position: int
    as_of: datetime
    """The moment of the last event that can be in it."""
    now: datetime
    """The moment for which days left and signals are told."""
    past: bool

    async def find(self, where: Mapping[str, Any], order: str, limit: int, cursor: str | None) -> Page:
        """As ``Views.find``."""
        views, name = self.parts.views, self.projection.NAME
        if not self.past:
            return await views.find(name, where, order, limit, cursor)

        async def read(then: Mapping[str, Any]) -> Page:
            docs: dict[str, tuple[bytes, Any] | None] = dict.fromkeys(then)
            for key, view in then.items():
                if view is not None and holds(facets := self.projection.facets(view) | {"key": key}, where):
                    docs[key] = encode(view), facets[order]
            instead = Instead(self.projection.FACETS[order], docs)
            return await views.find(name, where, order, limit, cursor, instead)

        page = await _beside_what_moved(self.parts, self.projection, self.position, read)
        return page._replace(position=self.position, as_of=self.as_of)

    async def every(self, where: Mapping[str, Any], order: str, most: int) -> AsyncIterator[bytes]:
        """Every document up to ``most``, page by page."""
        cursor: str | None = None
        for _ in range(0, most, PAGE):
            page = await self.find(where, order, PAGE, cursor)
            for doc in page.docs:
                yield doc
            if (cursor := page.cursor) is None:
                break

    async def tally(
        self, where: Mapping[str, Any], by: Sequence[str], of: Sequence[Mapping[str, Any]]
    ) -> Rows:
        """As ``Views.tally``."""
        views, name = self.parts.views, self.projection.NAME
        if not self.past:
            return await views.tally(name, where, by, of)

        async def read(then: Mapping[str, Any]) -> Rows:
            unmoved = {**where, "key": ("not in", [*then])}
            rows: dict[tuple[Any, ...], list[int]] = {}
            for row in await views.tally(name, unmoved, by, of):
                rows[row[: len(by)]] = [*row[len(by) :]]
            for facets in (self.projection.facets(view) for view in then.values() if view is not None):
                if holds(facets, where):
                    counts = rows.setdefault(tuple(facets[name] for name in by), [0] * (1 + len(of)))
                    for n, condition in enumerate(({}, *of)):
                        counts[n] += holds(facets, condition)
            return [(*key, *counts) for key, counts in rows.items()]

        return await _beside_what_moved(self.parts, self.projection, self.position, read)


async def reading(parts: Parts, projection: ModuleType, after: int, told: str | None) -> Reading:
    """A view once it has reached ``after``, or as it stood at the place that is told.

    Raises:
        Rejected: 422, the place is neither a position nor a time with offset.
    """
    if told is not None:
        position, moment = await place(parts, told)
        return Reading(parts, projection, position, moment, moment, True)
    await caught_up(parts.views, projection.NAME, after)
    position, moment = await parts.views.position(projection.NAME)
    return Reading(parts, projection, position, moment, parts.clock(), False)


async def _beside_what_moved(
    parts: Parts, projection: ModuleType, position: int, read: Callable[[Mapping[str, Any]], Awaitable[T]]
) -> T:
    """What ``read`` finds in the view, told those of its documents that have changed since and how they stood then."""
    await parts.views.wait(projection.NAME, position)
    category = projection.CATEGORY

    async def moved() -> set[str]:
        touched = await parts.log.touched(category, position)
        return {*await parts.views.known(projection.NAME, [name.partition("-")[2] for name in touched])}

    kept = await moved()
    while True:
        streams = [f"{category}-{key}" for key in kept]
        then = dict.fromkeys(kept) | folded(projection, await parts.log.streams(streams, position))
        found = await read(then)
        # What was appended, or has come into the view, while it was read may be in it: those are folded anew as well.
        again = await moved()
        if again <= kept:
            return found
        kept |= again


def holds(facets: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Whether a document with these facets is one that a list asks for."""
    return all(_holds(facets[name], wanted) for name, wanted in where.items())


def _holds(value: Any, wanted: Any) -> bool:
    for one in wanted if isinstance(wanted, list) else [wanted]:
        comparison, bound = one if isinstance(one, tuple) else ("=", one)
        if value is None or not COMPARED[comparison](value, bound):
            return False
    return True


def folded(projection: ModuleType, log: Iterable[Recorded]) -> dict[str, Any]:
    views: dict[str, Any] = {}
    for recorded in log:
        key = projection.key(recorded)
        if key is not None:
            view = projection.evolve(views.pop(key, None), recorded)
            if view is not None:
                views[key] = view
    return views


async def place(parts: Parts, told: str) -> tuple[int, datetime]:
    """The position that is meant and its moment.

    Raises:
        Rejected: 422, it is neither a position nor a time with offset that the halls' clock can tell.
    """
    if told.isascii() and told.isdigit() and len(told) < 19:
        position = int(told)
        return await parts.log.moment(position)
    try:
        moment = datetime.fromisoformat(told.replace(" ", "+"))
        moment.astimezone(SHANGHAI)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Rejected(422, "invalid", errors=[FieldError("as_of", "a position, or a time with offset")])
    return await parts.log.position_at(moment), moment
