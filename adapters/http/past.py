"""What the log stood at: a view folded anew up to a position or a moment, from the events that view is made of."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import Annotated, Any, NamedTuple

from litestar.params import QueryParameter

from adapters.http.parts import Parts
from adapters.http.problems import FieldError, Rejected
from domain.catalogue import EVENTS
from domain.message import Recorded

AsOf = Annotated[
    str | None,
    QueryParameter(
        max_length=40, description="A position, or a time with offset: the answer as the log stood then."
    ),
]

TAGS: dict[type, str] = {kind: tag for tag, kind in EVENTS.items()}

COMPARED = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


class Past(NamedTuple):
    """Documents by key as they stood at a position, and the moment of the last event they could hold."""

    views: dict[str, Any]
    position: int
    as_of: datetime


async def of_stream(parts: Parts, projection: ModuleType, stream: str, told: str) -> Past:
    """The documents that one stream makes."""
    position, moment = await _place(parts, told)
    return Past(folded(projection, await parts.log.until(position, stream=stream)), position, moment)


async def of_log(parts: Parts, projection: ModuleType, told: str) -> Past:
    """All documents of a projection that names its events (``MINE``)."""
    log, position, moment = await events_of(parts, projection, told)
    return Past(folded(projection, log), position, moment)


async def events_of(
    parts: Parts, projection: ModuleType, told: str | None, after: int = 0
) -> tuple[Sequence[Recorded], int, datetime]:
    """What a projection that names its events is made of, from a position on, up to the place that is told or up to
    now."""
    position, moment = await (_place(parts, told) if told is not None else parts.log.moment(2**62))
    topics = [TAGS[kind] for kind in projection.MINE]
    return await parts.log.until(position, topics=topics, after=after), position, moment


def listed(past: Past, projection: ModuleType, where: Mapping[str, Any], order: str) -> list[tuple[str, Any]]:
    """The documents that a list would show, each by what it is ordered by: those without a value last.

    Args:
        where: as ``adapters.views.Views.find`` takes it.
    """
    found: list[tuple[str, Any]] = []
    for key, view in past.views.items():
        facets = projection.facets(view)
        if all(_holds(facets[name], wanted) for name, wanted in where.items()):
            value = facets[order]
            rank = "~" if value is None else f"{value.timestamp():020.6f}"
            found.append((f"{rank} {key}", view))
    return found


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


async def _place(parts: Parts, told: str) -> tuple[int, datetime]:
    """The position that is meant and its moment.

    Raises:
        Rejected: 422, it is neither a position nor a time with offset.
    """
    if told.isascii() and told.isdigit() and len(told) < 19:
        position = int(told)
        return await parts.log.moment(position)
    try:
        moment = datetime.fromisoformat(told.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Rejected(422, "invalid", errors=[FieldError("as_of", "a position, or a time with offset")])
    return await parts.log.position_at(moment), moment
