"""The HTTP side put together: routes, who is let in, errors and documents around the parts they are given."""

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, HTTPScope

from adapters.http import (
    accounts,
    appointments,
    arrivals,
    bulletin,
    case_lists,
    cases,
    codes,
    configuring,
    day_export,
    day_tickets,
    daybook,
    devices,
    dispatch,
    documents,
    errors,
    events,
    feeds,
    figures,
    following,
    hall_days,
    halls,
    health,
    imports,
    inviting,
    items,
    lending,
    lotteries,
    notices,
    offers,
    own,
    paper,
    people,
    reception,
    rectification_lists,
    rectifications,
    reports,
    reviews,
    screens,
    snapshots,
    standing,
    talks,
    terms,
    upkeep,
    waiting,
    webhooks,
    windows,
)
from adapters.http.access import API, DoorKeeper
from adapters.http.body import StrictRequest
from adapters.http.commands import response, typed
from adapters.http.front import Door, Hot
from adapters.http.limits import Limits, Peers
from adapters.http.parts import Parts
from adapters.http.problems import Rejected


def create_http(parts: Parts, *, pages: Sequence[Router] = (), lean: bool = True) -> Door:
    """The ASGI application.

    Args:
        parts: what the routes work with; nothing else is looked up anywhere.
        pages: routes of web pages, which anybody may fetch.
        lean: whether the hot commands bypass the web framework; ``False`` is for comparison.
    """
    commands = [
        command
        for part in (
            accounts,
            halls,
            terms,
            items,
            appointments,
            feeds,
            arrivals,
            codes,
            devices,
            offers,
            standing,
            people,
            lotteries,
            waiting,
            windows,
            reception,
            cases,
            reviews,
            rectifications,
            talks,
            notices,
            upkeep,
            events,
            imports,
            webhooks,
        )
        for command in part.commands(parts)
    ]
    routes: list[HTTPRouteHandler] = [
        *(typed(command, parts.clock) for command in commands),
        *lending.routes(parts),
        *health.reads(parts),
        *(
            route
            for part in (
                halls,
                hall_days,
                configuring,
                terms,
                upkeep,
                day_tickets,
                dispatch,
                day_export,
                screens,
                bulletin,
                devices,
                appointments,
                codes,
                daybook,
                feeds,
                own,
                people,
                standing,
                lotteries,
                waiting,
                following,
                case_lists,
                cases,
                paper,
                reviews,
                inviting,
                rectification_lists,
                rectifications,
                talks,
                notices,
                figures,
                snapshots,
                reports,
                events,
                webhooks,
            )
            for route in part.reads(parts)
        ),
    ]
    settings = parts.settings
    peers = Peers(settings.proxies, settings.proxy_header, settings.unlimited_from)
    keeper = DoorKeeper(parts.tokens, parts.sessions)
    said = _problem_for(pages)
    app = Litestar(
        [*routes, *documents.reads(routes), *pages],
        middleware=[keeper.keep],
        exception_handlers={Exception: said},
        request_class=StrictRequest,
        request_max_body_size=settings.body_bytes_max,
        openapi_config=None,
        logging_config=None,
    )
    keeper.know([route for route in app.routes if isinstance(route, HTTPRoute)], _paths(pages))

    def refuse(scope: HTTPScope, rejected: Rejected) -> ASGIApp:
        scope["litestar_app"] = app  # as the framework does it with what comes to it
        request = StrictRequest(scope)
        return said(request, rejected).to_asgi_response(None, request)

    hot = tuple(Hot(c.path, c.body, c.do) for c in commands if c.hot and lean)
    return Door(
        app,
        hot,
        parts.tokens,
        parts.sessions,
        parts.clock,
        refuse=refuse,
        peers=peers,
        limits=Limits(peers, settings.requests_a_minute, settings.requests_at_once),
        body_bytes_max=settings.body_bytes_max,
        body_seconds=settings.body_seconds,
    )


def _problem_for(pages: Sequence[Router]) -> Callable[[Request[Any, Any, Any], Exception], Response[Any]]:
    """What becomes of an exception outside the pages' own routes: a problem, and for a browser that asked for a page
    the page that the pages make of it."""
    page = next((router.exception_handlers[Exception] for router in pages), None)

    def problem(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        browsing = "text/html" in request.headers.get("accept", "")
        if page is not None and browsing and not request.url.path.startswith(API):
            return page(request, error)
        return response(errors.reply(error, request.scope["headers"]))

    return problem


def _paths(pages: Sequence[Router]) -> frozenset[str]:
    """The paths of the pages' routes, as the framework names them."""
    return frozenset(route.path_format for router in pages for route in router.routes)
