"""The demonstration's own pages: what there is to look at, and one page per role with commands to begin with."""

from collections.abc import Mapping

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.web import roles
from adapters.web.places import Catalogue
from adapters.web.site import Page, Site, Visiting
from domain.hall import HallPlan
from domain.message import Text

INTERFACES = (
    ("/schema", Text("接口文档 OpenAPI", "API document")),
    ("/asyncapi.json", Text("事件流文档 AsyncAPI", "Event stream document")),
    ("/health/ready", Text("运行状态", "Health")),
)

NO_ROLE = Text("没有这种身份，请检查地址。", "There is no such role; please check the address.")


def routes(site: Site, catalogue: Catalogue) -> list[HTTPRouteHandler]:
    """The handlers."""

    def halls() -> dict[str, HallPlan]:
        return {name: listed.plan for name, listed in catalogue.halls.items()}

    @get("/demo", include_in_schema=False, sync_to_thread=False)
    def landing(visit: Visiting) -> Page:
        plans = halls()
        return visit.page(
            "landing.html",
            halls=plans,
            demonstration=any(plan.demonstration for plan in plans.values()),
            roles=roles.ROLES if site.development_tokens and plans else (),
            interfaces=INTERFACES,
        )

    @get("/roles/{role:str}", include_in_schema=False, sync_to_thread=False)
    def role(visit: Visiting, role: FromPath[str]) -> Page:
        found = next((one for one in roles.ROLES if one.role == role), None)
        place = _place(halls())
        if not site.development_tokens or found is None or place is None:
            return visit.missing(NO_ROLE)
        host = str(visit.request.base_url).rstrip("/")
        return visit.page(
            "role.html",
            role=found,
            token_body=roles.token_body(found, place),
            steps=roles.commands(found, place, host),
        )

    return [landing, role]


def _place(halls: Mapping[str, HallPlan]) -> roles.Place | None:
    """Where the demonstration's commands act: the first hall with a window, the county's own before a town's."""
    for hall, plan in sorted(halls.items(), key=lambda named: named[1].kind != "centre"):
        if plan.windows and plan.queues:
            window = plan.windows[0]
            queue = (window.queues or (plan.queues[0].queue,))[0]
            return roles.Place(hall, window.window, queue)
    return None
