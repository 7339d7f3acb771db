"""What the hall's staff could do about lines that have become too long."""

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.access import API
from adapters.http.parts import Parts
from adapters.http.reading import answers, document
from domain import queue
from domain.dispatch import LineInAlarm
from domain.dispatch import dispatch as advise
from domain.hall import Alarms
from domain.handling import Held
from domain.workdays import local_date


class Dispatch(msgspec.Struct, frozen=True):
    """The lines of a hall that are in alarm now, by these thresholds."""

    hall: str
    alarms: Alarms
    lines: list[LineInAlarm]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/halls/{{hall:str}}/dispatch",
        operation_id="dispatch",
        responses=answers(Dispatch),
        summary="Lines that are too long now, and which window could help",
        tags=["figures"],
    )
    async def dispatch(hall: FromPath[str]) -> Response[bytes]:
        alarms = parts.catalogue.hall(hall).alarms
        now = parts.clock()

        def tell(held: Held) -> tuple[list[LineInAlarm], int]:
            return advise(held.state, alarms, now), held.position

        lines, position = await parts.loop.peek(queue.stream(hall, local_date(now)), tell)
        return document(Dispatch(hall, alarms, lines), position, now)

    return [dispatch]
