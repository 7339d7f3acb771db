"""Whether the process lives, whether it can serve, and what Prometheus asks."""

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from adapters.http import measures
from adapters.http.body import StrictRequest
from adapters.http.parts import Parts
from adapters.networks import address, networks, within


class Live(msgspec.Struct, frozen=True):
    status: str = "live"


class Projection(msgspec.Struct, frozen=True):
    """A view, and how many events of the log it has yet to take in."""

    projection: str
    lag_events: int


class Ready(msgspec.Struct, frozen=True):
    """``status``: ``ready``, ``degraded`` while the stream is away (commands succeed, boards may be old), or
    ``unavailable`` while the store is."""

    status: str
    store: str
    stream: str
    projections: list[Projection]


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    allowed = networks(parts.settings.metrics_from)

    @get("/health/live", operation_id="live", summary="The process is alive", tags=["health"])
    async def live() -> Live:
        return Live()

    @get(
        "/health/ready",
        operation_id="ready",
        summary="Store, stream and views are reachable",
        tags=["health"],
    )
    async def ready() -> Response[Ready]:
        standing = await parts.health()
        store = standing.store and parts.loop.available
        status = "unavailable" if not store else "degraded" if standing.stream == "away" else "ready"
        told = Ready(
            status,
            "up" if store else "away",
            standing.stream,
            [Projection(name, lag) for name, lag in sorted(standing.lags.items())],
        )
        headers = {} if store else {"Retry-After": "1"}
        return Response(told, status_code=200 if store else 503, headers=headers)

    @get(
        "/metrics",
        operation_id="metrics",
        summary="Prometheus text, for the networks of the settings",
        tags=["health"],
    )
    async def metrics(request: StrictRequest) -> Response[bytes]:
        peer = request.scope["client"]
        if peer is None or not within(address(peer[0]), allowed):
            # The same answer as for a path that does not exist: outsiders learn nothing.
            raise NotFoundException
        standing = await parts.health()
        text = measures.text(parts.loop, standing.lags)
        return Response(text, headers={"Content-Type": measures.MEDIA_TYPE})

    return [live, ready, metrics]
