"""Signing in and out, and what a visitor chooses about how pages look.

In the demonstration anybody may be anybody: the page says so and lists ready accounts. With an identity provider it is
the authorization code flow with PKCE: the state of a sign-in under way is sealed into a cookie of ten minutes.
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from litestar import get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from adapters.demonstration.plans import Account
from adapters.http.identity import Identity
from adapters.http.oidc import CodeFlow
from adapters.http.problems import Rejected
from adapters.http.session import Sealer
from adapters.web.roles import ROLES
from adapters.web.site import PREFERENCES, Page, Site, Visit, Visiting, inside
from domain.message import Text

STATE_COOKIE = "mingting-sign-in"
STATE_S = 600
YEAR_S = 365 * 86_400
HOMES: Mapping[str, str] = {
    "clerk": "/window",
    "kiosk": "/halls/{hall}/kiosk",
    "screen": "/halls/{hall}/screen",
    "admin": "/admin",
    "supervisor": "/supervise",
    "auditor": "/audit",
}
"""Where each role's work begins, once it has signed in, in its own hall; the first page for who is not named."""


class UnderWay(msgspec.Struct, frozen=True):
    """A sign-in that the provider has not answered yet."""

    state: str
    nonce: str
    verifier: str
    next: str


class Group(NamedTuple):
    """Accounts of the demonstration that stand together on the page: a hall's, or those of no hall."""

    name: Text | None
    accounts: tuple[Account, ...]


def routes(
    site: Site,
    *,
    accounts: Iterable[Account],
    flow: CodeFlow | None,
    secret: bytes,
) -> list[HTTPRouteHandler]:
    """The handlers.

    Args:
        accounts: who may be signed in as in the demonstration.
        flow: the way over the identity provider, where there is one.
        secret: the deployment's own.
    """
    sealer = Sealer(secret, "sign-in under way")
    known = {account.subject: account for account in accounts}
    role_names = {role.role: role.name for role in ROLES}

    @get("/sign-in")
    async def sign_in(visit: Visiting, next: FromQuery[str] = "/") -> Page:  # noqa: A002  # the word in the address
        if flow is not None:
            return visit.go(f"/sign-in/start?next={quote(inside(next), safe='')}")
        halls = (await visit.api.get("/halls", limit=100))["halls"]
        hall_names = {hall["hall"]: Text(**hall["name"]) for hall in halls}
        groups = _groups(known.values(), hall_names)
        return visit.page("sign_in.html", groups=groups, role_names=role_names, next=inside(next))

    @post("/sign-in")
    async def sign_in_as(visit: Visiting) -> Page:
        form = await visit.form()
        if flow is not None or (account := known.get(form["account"])) is None:
            raise Rejected(404, "unknown-path")
        lent = await visit.api.post("/dev/tokens", msgspec.to_builtins(account))
        return _welcome(visit, await site.identify(lent["token"]), form["next"] or "/")

    @post("/sign-out")
    async def sign_out(visit: Visiting) -> Page:
        form = await visit.form()
        if form["everywhere"] and visit.identity is not None:
            await visit.api.post("/session/end", key=form["key"] or None)
        return visit.go("/", site.sessions.end())

    @get("/sign-in/start")
    async def start(visit: Visiting, next: FromQuery[str] = "/") -> Page:  # noqa: A002
        if flow is None:
            raise Rejected(404, "unknown-path")
        under_way = UnderWay(_random(), _random(), _random(), inside(next))
        told = {
            "client_id": flow.client_id,
            "redirect_uri": _back(visit),
            "response_type": "code",
            "scope": flow.scope,
            "state": under_way.state,
            "nonce": under_way.nonce,
            "code_challenge": create_s256_code_challenge(under_way.verifier),
            "code_challenge_method": "S256",
        }
        where = await flow.authorization_endpoint()
        kept = site.sessions.cookie(STATE_COOKIE, sealer.seal(under_way), STATE_S)
        return visit.leave(f"{where}{'&' if '?' in where else '?'}{urlencode(told)}", kept)

    @get("/sign-in/back")
    async def back(visit: Visiting, code: FromQuery[str] = "") -> Page:
        state = visit.request.query_params.get("state", "")  # as an argument the name is the framework's own
        under_way = sealer.unseal(visit.request.cookies.get(STATE_COOKIE, ""), UnderWay)
        if (
            flow is None
            or under_way is None
            or not code
            or not secrets.compare_digest(under_way.state.encode(), state.encode())
        ):
            raise Rejected(403, "sign-in-failed")
        token = await flow.redeem(code, under_way.verifier, under_way.nonce, _back(visit))
        forget = site.sessions.cookie(STATE_COOKIE, "", 0)
        return _welcome(visit, await site.identify(token), under_way.next, forget)

    @post("/preferences")
    async def prefer(visit: Visiting) -> Page:
        form = await visit.form()
        chosen = [
            Cookie(name, value=form[name], max_age=YEAR_S, samesite="lax")
            for name, allowed in PREFERENCES.items()
            if form[name] in allowed
        ]
        return visit.go(form["back"] or "/", *chosen)

    def _back(visit: Visit) -> str:
        return (site.public_url or str(visit.request.base_url)).rstrip("/") + "/sign-in/back"

    def _welcome(visit: Visit, identity: Identity, where: str, *cookies: Cookie) -> Page:
        home = HOMES.get(identity.role, "/").format(hall=identity.hall) if where == "/" else where
        return visit.go(home, site.sessions.begin(identity), *cookies)

    return [sign_in, sign_in_as, sign_out, start, back, prefer]


def _random() -> str:
    return secrets.token_urlsafe(32)


def _groups(accounts: Iterable[Account], hall_names: Mapping[str, Text]) -> list[Group]:
    """Those of no hall first, citizens before all of them, then hall by hall."""
    by_hall: dict[str | None, list[Account]] = {None: []}
    for account in sorted(accounts, key=lambda account: account.role != "citizen"):
        by_hall.setdefault(account.hall, []).append(account)
    return [
        Group(None if hall is None else hall_names.get(hall, Text(hall, hall)), tuple(found))
        for hall, found in by_hall.items()
    ]
