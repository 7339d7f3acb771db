"""All pages put together: what every one of them is given, and what becomes of refusals."""

from typing import Any

from litestar import Request, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from adapters.demonstration import plans
from adapters.http.oidc import CodeFlow
from adapters.http.parts import Parts
from adapters.web import (
    admin,
    admin_documents,
    admin_imports,
    admin_sign_ins,
    admin_upkeep,
    admin_webhooks,
    audit,
    citizen,
    citizen_booking,
    citizen_case,
    citizen_contact,
    citizen_draw,
    citizen_finding,
    citizen_following,
    citizen_rating,
    citizen_waiting,
    demo,
    feeds,
    kiosk,
    kiosk_arrival,
    kiosk_enrol,
    kiosk_rating,
    screens,
    sign_in,
    supervise,
    window,
    window_cases,
    window_counter,
    window_paper,
)
from adapters.web.site import Page, Site, Visit, ours


def pages(parts: Parts, flow: CodeFlow | None, secret: bytes) -> Router:
    """Every page of the program: a module of pages is one line here.

    Args:
        flow: how one signs in with the identity provider, where there is one.
        secret: the deployment's own.
    """
    site = Site(
        parts.sessions,
        parts.tokens.identify,
        parts.clock,
        development_tokens=parts.settings.signs_tokens,
        public_url=parts.settings.public_url,
    )
    accounts = plans.accounts()
    return together(
        site,
        sign_in.routes(site, accounts=accounts, flow=flow, secret=secret),
        audit.routes(),
        citizen.routes(site),
        citizen_booking.routes(site),
        citizen_case.routes(site),
        citizen_contact.routes(),
        citizen_draw.routes(site),
        citizen_finding.routes(),
        citizen_following.routes(site),
        citizen_rating.routes(site),
        citizen_waiting.routes(site),
        demo.routes(site, parts.catalogue, accounts),
        feeds.routes(site),
        admin.routes(site),
        admin_documents.routes(),
        admin_imports.routes(),
        admin_sign_ins.routes(site),
        admin_upkeep.routes(site),
        admin_webhooks.routes(),
        supervise.routes(site),
        screens.routes(site, parts.catalogue, parts.boards),
        kiosk_enrol.routes(site),
        kiosk.routes(site, secret),
        kiosk_arrival.routes(site, secret),
        kiosk_rating.routes(site),
        window.routes(site),
        window_cases.routes(site),
        window_counter.routes(site),
        window_paper.routes(site),
    )


def together(site: Site, *modules: list[HTTPRouteHandler]) -> Router:
    """The pages' router: every handler may take ``visit``, forms come from our own pages, refusals become pages.

    Args:
        modules: what ``routes`` of each module of pages answers.
    """

    # Functions and not bound methods: the framework copies a router with everything that hangs on it.
    def visit(request: Request[Any, Any, Any]) -> Visit:
        return site.visit(request)

    def refused(request: Request[Any, Any, Any], error: Exception) -> Page:
        return site.refused(request, error)

    return Router(
        "/",
        route_handlers=[*(handler for module in modules for handler in module), site.assets.route()],
        dependencies={"visit": Provide(visit, sync_to_thread=False)},
        guards=[ours],
        exception_handlers={Exception: refused},
    )
