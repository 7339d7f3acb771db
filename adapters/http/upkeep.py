"""The views' upkeep: how far each has come, and building them anew from the log while the program serves."""

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from adapters.http.access import API
from adapters.http.asking import Asking, Reply, encode
from adapters.http.commands import Command
from adapters.http.parts import Parts
from adapters.http.reading import listing, lists
from adapters.views import Progress
from domain.message import Refused
from projections import PROJECTIONS

NAMES = tuple(projection.NAME for projection in PROJECTIONS)


class ViewShown(Progress, frozen=True, kw_only=True):
    """``rebuilding`` is true for the views of a rebuild that this process has begun."""

    rebuilding: bool


class Rebuilding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``views`` by name; all of them, if none is named."""

    views: tuple[str, ...] = ()


class RebuildBegun(msgspec.Struct, frozen=True):
    """``GET /views`` tells how far it has come."""

    views: tuple[str, ...]


def commands(parts: Parts) -> list[Command]:
    async def rebuild(asked: Asking, words: list[str], body: Rebuilding, query: bytes) -> Reply:
        for name in body.views:
            if name not in NAMES:
                raise Refused("unknown-view", missing=True, view=name)
        wanted = body.views or NAMES
        if parts.rebuilds.running and wanted != parts.rebuilds.running:
            raise Refused("rebuild-running")
        parts.rebuilds.begin(wanted)
        return Reply(202, encode(RebuildBegun(wanted)))

    return [
        Command(
            f"{API}/views/rebuild",
            Rebuilding,
            rebuild,
            RebuildBegun,
            202,
            about="Build views anew from the log; begun already, it is not begun twice",
        )
    ]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/views",
        operation_id="views",
        responses=lists("views", ViewShown),
        summary="The views: how far each has come, what it had to leave out, and how far a rebuild is",
        tags=["health"],
    )
    async def views() -> Response[bytes]:
        found, head = await parts.views.progress(NAMES)
        told = [
            ViewShown(**msgspec.structs.asdict(view), rebuilding=view.view in parts.rebuilds.running)
            for view in found
        ]
        return listing("views", told, None, head, parts.clock())

    return [views]
