"""Who may ask what: every route with the roles it admits, in one table.

A route that is missing here keeps the program from starting. ``None`` admits anybody, with or without a token.
Beside the role, staff and devices are held to the hall and window their token names; what belongs to a citizen is
checked where it is read, and answers the same 404 as what does not exist.
"""

from collections.abc import Iterable

from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from adapters.http.identity import CHALLENGE, Identity, Role, Tokens
from adapters.http.problems import Rejected
from adapters.http.session import Sessions

Admitted = frozenset[Role] | None


def only(*roles: Role) -> Admitted:
    return frozenset(roles)


ANYBODY: Admitted = None
ADMIN = only("admin")
SERVING = only("clerk", "admin")
STAFF = only("clerk", "supervisor", "admin", "auditor")
OVERSIGHT = only("supervisor", "admin", "auditor")
CASEWORK = only("clerk", "admin")
APPLYING = only("citizen", "clerk", "partner", "admin")
ARRIVING = only("citizen", "kiosk", "clerk", "admin")
RECTIFYING = only("clerk", "supervisor", "admin")

API = "/api/v1"
WINDOW = f"{API}/halls/{{hall}}/windows/{{window}}"
TICKET = f"{API}/tickets/{{follow}}"
NUMBER = f"{API}/halls/{{hall}}/numbers/{{number}}"
APPOINTMENT = f"{API}/appointments/{{id}}"
DRAW_REQUEST = f"{API}/draw-requests/{{id}}"
WAITING = f"{API}/waiting/{{id}}"
HOLD = f"{API}/holds/{{id}}"
CASE = f"{API}/cases/{{case}}"
PERSON = f"{API}/people/{{person}}"
WEBHOOK = f"{API}/webhooks/{{webhook}}"
RECTIFICATION = f"{API}/rectifications/{{id}}"

ACCESS: dict[tuple[str, str], Admitted] = {
    ("GET", "/health/live"): ANYBODY,
    ("GET", "/health/ready"): ANYBODY,
    ("GET", "/metrics"): ANYBODY,  # and only from the networks the settings name
    ("GET", "/schema"): ANYBODY,
    ("GET", "/schema/openapi.json"): ANYBODY,
    ("GET", "/schema/{file}"): ANYBODY,
    ("GET", "/asyncapi.json"): ANYBODY,
    ("POST", f"{API}/dev/tokens"): ANYBODY,
    ("POST", f"{API}/session/end"): only("citizen", "clerk", "supervisor", "admin", "auditor", "partner"),
    ("POST", f"{API}/accounts/end-sign-ins"): ADMIN,
    # the catalogue
    ("GET", f"{API}/regions"): ANYBODY,
    ("GET", f"{API}/halls"): ANYBODY,
    ("GET", f"{API}/halls/{{hall}}"): ANYBODY,
    ("GET", f"{API}/items"): ANYBODY,
    ("GET", f"{API}/items/{{item}}"): ANYBODY,
    ("GET", f"{API}/items/{{item}}/halls"): ANYBODY,
    ("PUT", f"{API}/halls/{{hall}}"): ADMIN,
    ("PUT", f"{API}/items/{{item}}"): ADMIN,
    ("POST", f"{API}/items/import"): ADMIN,
    ("POST", f"{API}/items/compare"): only("supervisor", "admin", "auditor"),
    ("PUT", f"{API}/calendars/{{year}}"): ADMIN,
    ("GET", f"{API}/calendars"): ANYBODY,
    ("GET", f"{API}/calendars/{{year}}"): ANYBODY,
    ("GET", f"{API}/halls/{{hall}}/history"): OVERSIGHT,
    ("GET", f"{API}/items/{{item}}/history"): OVERSIGHT,
    ("GET", f"{API}/calendars/{{year}}/history"): OVERSIGHT,
    ("GET", f"{API}/halls/{{hall}}/history/{{version}}"): OVERSIGHT,
    ("GET", f"{API}/halls/{{hall}}/plan/days"): OVERSIGHT,
    ("GET", f"{API}/items/{{item}}/history/{{version}}"): OVERSIGHT,
    ("GET", f"{API}/calendars/{{year}}/history/{{version}}"): OVERSIGHT,
    ("GET", f"{API}/regions/{{region}}/terms/history/{{version}}"): OVERSIGHT,
    ("GET", f"{API}/views"): only("admin", "auditor"),
    ("POST", f"{API}/views/rebuild"): ADMIN,
    ("GET", f"{API}/regions/{{region}}/terms"): OVERSIGHT,
    ("GET", f"{API}/regions/{{region}}/terms/history"): OVERSIGHT,
    ("PUT", f"{API}/regions/{{region}}/terms"): ADMIN,
    # appointments
    ("GET", f"{API}/halls/{{hall}}/slots"): ANYBODY,
    ("POST", f"{API}/halls/{{hall}}/appointments"): APPLYING,
    ("GET", f"{API}/halls/{{hall}}/appointments"): STAFF,
    ("POST", f"{API}/halls/{{hall}}/holds"): APPLYING,
    ("POST", f"{HOLD}/confirm"): APPLYING,
    ("POST", f"{HOLD}/release"): APPLYING,
    ("GET", f"{API}/appointments"): only("citizen"),
    ("GET", HOLD): APPLYING,
    ("GET", APPOINTMENT): ANYBODY,  # its citizen, the hall's staff, and whoever holds the voucher
    ("GET", f"{APPOINTMENT}/calendar.ics"): ANYBODY,
    ("POST", f"{APPOINTMENT}/cancel"): ARRIVING,
    ("POST", f"{APPOINTMENT}/reschedule"): ARRIVING,
    ("POST", f"{APPOINTMENT}/check-in"): ARRIVING,
    ("GET", f"{API}/feeds/{{link}}/calendar.ics"): ANYBODY,  # whoever has the secret address
    ("GET", f"{API}/feeds/mine"): only("citizen"),
    ("POST", f"{API}/feeds/mine/open"): only("citizen"),
    ("POST", f"{API}/feeds/mine/revoke"): only("citizen"),
    ("GET", f"{API}/halls/{{hall}}/feed"): only("clerk", "supervisor", "admin"),
    ("POST", f"{API}/halls/{{hall}}/feed/open"): only("clerk", "supervisor", "admin"),
    ("POST", f"{API}/halls/{{hall}}/feed/revoke"): only("supervisor", "admin"),
    ("GET", f"{API}/halls/{{hall}}/lotteries"): ANYBODY,  # whoever wants to verify a draw
    ("POST", f"{API}/halls/{{hall}}/lotteries"): ADMIN,
    ("POST", f"{API}/halls/{{hall}}/draw-requests"): APPLYING,
    ("GET", DRAW_REQUEST): ANYBODY,  # its person, the hall, and whoever holds its link
    ("POST", f"{DRAW_REQUEST}/withdraw"): ANYBODY,
    ("POST", f"{API}/halls/{{hall}}/waiting"): APPLYING,
    ("GET", f"{API}/waiting"): only("citizen"),
    ("GET", WAITING): ANYBODY,  # its person, the hall, and whoever holds its link
    ("POST", f"{WAITING}/accept"): ANYBODY,
    ("POST", f"{WAITING}/decline"): ANYBODY,
    ("POST", f"{WAITING}/leave"): ANYBODY,
    ("POST", f"{API}/halls/{{hall}}/slots/revise"): ADMIN,
    ("POST", f"{API}/halls/{{hall}}/check-in"): only("kiosk", "clerk", "admin"),
    ("POST", f"{API}/halls/{{hall}}/check-in/undo"): SERVING,
    ("GET", f"{API}/proofs"): ANYBODY,
    ("POST", f"{API}/halls/{{hall}}/codes"): ANYBODY,  # without an identity by a proof of work
    ("POST", f"{API}/halls/{{hall}}/lookup"): ANYBODY,  # whoever has the code
    ("GET", f"{API}/standing"): only("citizen"),
    ("POST", f"{API}/standing/appeal"): only("citizen"),
    ("GET", f"{API}/suspensions"): OVERSIGHT,
    ("POST", f"{API}/suspensions/{{person}}/lift"): only("supervisor", "admin"),
    ("POST", f"{API}/suspensions/{{person}}/uphold"): only("supervisor", "admin"),
    # personal data (个人信息保护法 第44–47条); who is a citizen is ``me``
    ("POST", f"{API}/people/find"): ADMIN,
    ("GET", PERSON): only("citizen", "admin"),
    ("POST", f"{PERSON}/correct"): only("citizen", "admin"),
    ("POST", f"{PERSON}/codes"): only("citizen"),
    ("GET", f"{PERSON}/notices"): only("citizen"),
    ("POST", f"{PERSON}/erase"): only("citizen", "admin"),
    # the day at the windows
    ("POST", f"{API}/halls/{{hall}}/tickets"): ARRIVING,
    ("GET", TICKET): ANYBODY,  # whoever holds its link
    ("GET", f"{TICKET}/events"): ANYBODY,
    ("POST", f"{TICKET}/leave"): ANYBODY,
    ("GET", NUMBER): only("kiosk", "clerk", "supervisor", "admin"),
    ("POST", f"{NUMBER}/leave"): SERVING,
    ("POST", f"{NUMBER}/change"): SERVING,
    ("GET", f"{API}/halls/{{hall}}/line"): STAFF,
    ("GET", f"{API}/halls/{{hall}}/code"): only("screen", "kiosk", "clerk", "supervisor", "admin"),
    ("GET", f"{API}/halls/{{hall}}/line/events"): STAFF,
    ("POST", f"{WINDOW}/open"): SERVING,
    ("POST", f"{WINDOW}/close"): SERVING,
    ("POST", f"{WINDOW}/pause"): SERVING,
    ("POST", f"{WINDOW}/resume"): SERVING,
    ("POST", f"{WINDOW}/call-next"): SERVING,
    ("POST", f"{WINDOW}/call"): SERVING,
    ("POST", f"{WINDOW}/recall"): SERVING,
    ("POST", f"{WINDOW}/start"): SERVING,
    ("POST", f"{WINDOW}/finish"): SERVING,
    ("POST", f"{WINDOW}/no-show"): SERVING,
    ("POST", f"{WINDOW}/park"): SERVING,
    ("POST", f"{WINDOW}/unpark"): SERVING,
    ("POST", f"{WINDOW}/transfer"): SERVING,
    ("POST", f"{WINDOW}/return"): SERVING,
    ("POST", f"{WINDOW}/split"): SERVING,
    ("POST", f"{WINDOW}/undo"): SERVING,
    ("POST", f"{WINDOW}/alarm"): SERVING,
    ("POST", f"{WINDOW}/clear-alarm"): only("clerk", "supervisor", "admin"),
    ("POST", f"{API}/halls/{{hall}}/day/close"): only("supervisor", "admin"),
    ("POST", f"{API}/halls/{{hall}}/day/reopen"): only("supervisor", "admin"),
    ("GET", f"{API}/halls/{{hall}}/alarms"): STAFF,
    ("GET", f"{API}/halls/{{hall}}/alarms/events"): STAFF,
    ("GET", f"{API}/halls/{{hall}}/board"): ANYBODY,
    ("GET", f"{API}/halls/{{hall}}/board/events"): ANYBODY,
    ("GET", f"{API}/halls/{{hall}}/bulletin"): ANYBODY,
    ("GET", f"{API}/boards/events"): OVERSIGHT,
    ("GET", f"{API}/devices"): only("admin", "auditor"),
    ("POST", f"{API}/devices"): ADMIN,
    ("POST", f"{API}/devices/enrol"): ANYBODY,  # whoever knows the code
    ("POST", f"{API}/devices/{{device}}/revoke"): ADMIN,
    ("GET", f"{API}/halls/{{hall}}/day"): STAFF,
    ("GET", f"{API}/halls/{{hall}}/day/export"): STAFF,
    ("GET", f"{API}/halls/{{hall}}/day/tickets"): OVERSIGHT,
    ("GET", f"{API}/halls/{{hall}}/dispatch"): STAFF,
    # cases
    ("POST", f"{API}/cases"): APPLYING,
    ("GET", f"{API}/cases"): only(
        "citizen", "clerk", "supervisor", "admin", "auditor"
    ),  # a citizen's are their own
    ("GET", f"{API}/cases/survey"): OVERSIGHT,
    ("GET", f"{API}/cases/export"): OVERSIGHT,
    ("GET", CASE): only("citizen", "clerk", "supervisor", "admin", "auditor", "partner"),
    ("POST", f"{CASE}/accept"): CASEWORK,
    ("POST", f"{CASE}/hand-over"): CASEWORK,
    ("POST", f"{CASE}/take-over"): CASEWORK,
    ("POST", f"{CASE}/hand-back"): CASEWORK,
    ("POST", f"{CASE}/refuse"): CASEWORK,
    ("POST", f"{CASE}/request-correction"): CASEWORK,
    ("POST", f"{CASE}/correct"): only("citizen", "clerk", "admin"),
    ("POST", f"{CASE}/supplement"): only("citizen", "clerk", "admin"),
    ("POST", f"{CASE}/hand-in"): only("citizen"),
    ("POST", f"{CASE}/begin-step"): CASEWORK,
    ("POST", f"{CASE}/step"): CASEWORK,
    ("POST", f"{CASE}/suspend"): CASEWORK,
    ("POST", f"{CASE}/pause"): CASEWORK,
    ("POST", f"{CASE}/resume"): CASEWORK,
    ("POST", f"{CASE}/decide"): CASEWORK,
    ("POST", f"{CASE}/close"): CASEWORK,
    ("POST", f"{CASE}/deliver"): CASEWORK,
    ("POST", f"{CASE}/withdraw"): only("citizen", "clerk", "admin"),
    ("POST", f"{CASE}/archive"): CASEWORK,
    ("POST", f"{CASE}/ask-extension"): CASEWORK,
    ("POST", f"{CASE}/extend"): only("supervisor", "admin"),  # a role above the one who asks
    ("POST", f"{CASE}/direct"): only("supervisor", "admin"),
    ("POST", f"{CASE}/answer-directive"): CASEWORK,
    # reviews and their rectification
    ("GET", f"{API}/reviews"): only("citizen"),  # their own bad ones
    ("POST", f"{API}/reviews"): ANYBODY,  # a citizen's own service, a kiosk's hall, or a review link
    ("GET", f"{API}/reviews/suspicious"): OVERSIGHT,
    ("GET", f"{API}/reviews/{{link}}"): ANYBODY,  # the holder of an invitation
    ("GET", f"{WINDOW}/invitation"): only(
        "kiosk", "admin"
    ),  # the window's device; staff never hold a citizen's link
    ("GET", f"{WINDOW}/invitation/state"): SERVING,  # whether it was rated, not how
    (
        "GET",
        f"{WINDOW}/invitation/code",
    ): SERVING,  # a code to be scanned, by which the rating names who showed it
    ("POST", f"{API}/reviews/paper"): SERVING,
    ("GET", f"{API}/reviews/paper"): only("clerk", "supervisor", "admin"),
    ("POST", f"{API}/reviews/{{id}}/confirm"): only("clerk", "supervisor", "admin"),
    ("POST", f"{API}/reviews/{{id}}/reject"): only("clerk", "supervisor", "admin"),
    ("POST", f"{API}/reviews/{{id}}/add"): only("citizen"),
    ("POST", f"{API}/reviews/{{id}}/reveal"): only("supervisor", "admin"),
    ("GET", RECTIFICATION): only("citizen", "clerk", "supervisor", "admin", "auditor"),
    ("GET", f"{API}/terms"): ANYBODY,
    ("POST", f"{API}/rectifications/bulk"): only("supervisor", "admin"),
    ("POST", f"{RECTIFICATION}/assign"): only("supervisor", "admin"),
    ("POST", f"{RECTIFICATION}/remind"): only("supervisor", "admin"),
    ("POST", f"{RECTIFICATION}/pause"): RECTIFYING,
    ("POST", f"{RECTIFICATION}/resume"): RECTIFYING,
    ("POST", f"{RECTIFICATION}/order"): only("clerk", "supervisor", "admin", "partner"),
    ("POST", f"{RECTIFICATION}/answer-order"): only("clerk", "supervisor", "admin", "partner"),
    ("GET", f"{API}/talks"): OVERSIGHT,
    ("POST", f"{API}/talks/{{talk}}/hold"): only("supervisor", "admin"),
    ("GET", f"{API}/rectifications"): only("clerk", "supervisor", "admin", "auditor"),
    ("GET", f"{API}/rectifications/export"): only("clerk", "supervisor", "admin", "auditor"),
    ("GET", f"{API}/rectifications/survey"): OVERSIGHT,
    ("GET", f"{RECTIFICATION}/events"): OVERSIGHT,
    ("POST", f"{RECTIFICATION}/contact"): RECTIFYING,
    ("POST", f"{RECTIFICATION}/verify"): RECTIFYING,
    ("POST", f"{RECTIFICATION}/rectify"): RECTIFYING,
    ("POST", f"{RECTIFICATION}/extend"): RECTIFYING,
    ("POST", f"{RECTIFICATION}/appeal"): RECTIFYING,
    ("POST", f"{RECTIFICATION}/rule"): only("supervisor", "admin"),
    ("POST", f"{RECTIFICATION}/feed-back"): RECTIFYING,
    ("POST", f"{RECTIFICATION}/call-back"): RECTIFYING,
    # notices
    ("GET", f"{API}/notices"): OVERSIGHT,
    ("GET", f"{API}/notices/{{notice}}"): OVERSIGHT,
    ("POST", f"{API}/notices/{{notice}}/retry"): ADMIN,
    ("GET", f"{API}/notice-templates"): OVERSIGHT,
    ("PUT", f"{API}/notice-templates/{{template}}"): ADMIN,
    # events posted to partners
    ("GET", f"{API}/webhooks"): only("admin", "auditor"),
    ("POST", f"{API}/webhooks"): ADMIN,
    ("POST", f"{WEBHOOK}/suspend"): ADMIN,
    ("POST", f"{WEBHOOK}/resume"): ADMIN,
    ("POST", f"{WEBHOOK}/renew-secret"): ADMIN,
    ("POST", f"{WEBHOOK}/remove"): ADMIN,
    # figures, the log, imports
    ("GET", f"{API}/performance"): ANYBODY,  # the public slice; the rest by role
    ("GET", f"{API}/performance/export"): OVERSIGHT,
    ("GET", f"{API}/performance/{{figure}}/events"): OVERSIGHT,
    ("GET", f"{API}/performance/snapshots"): ANYBODY,
    ("GET", f"{API}/performance/snapshots/{{snapshot}}"): ANYBODY,  # likewise
    ("GET", f"{API}/events"): only("auditor", "admin"),
    ("POST", f"{API}/import"): ADMIN,
    ("POST", f"{API}/halls/{{hall}}/appointments/import"): ADMIN,
    ("POST", f"{API}/halls/{{hall}}/queue-days/import"): ADMIN,
    ("POST", f"{API}/halls/{{hall}}/cases/import"): ADMIN,
    ("POST", f"{API}/halls/{{hall}}/queues"): ADMIN,
}

CONFINED_ROLES = frozenset(("clerk", "kiosk", "screen", "supervisor"))


def may(identity: Identity | None, admitted: Admitted) -> Identity | None:
    """The identity, if a route admits it.

    Raises:
        Rejected: 401 without one, 403 with the wrong role.
    """
    if admitted is None:
        return identity
    if identity is None:
        raise Rejected(401, "no-identity", headers=CHALLENGE)
    if identity.role not in admitted:
        raise Rejected(403, "not-yours", {"role": identity.role})
    return identity


def in_place(identity: Identity, hall: str | None, window: str | None) -> None:
    """Hold staff and devices to their own hall and window.

    Raises:
        Rejected: 403, the token is for another hall or window.
    """
    if identity.role not in CONFINED_ROLES:
        return
    if hall is not None and not identity.may_act_in(hall):
        raise Rejected(403, "other-hall", {"hall": hall})
    if window is not None and identity.window is not None and identity.window != window:
        raise Rejected(403, "other-window", {"window": window})


def bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The token of a request, if it brings one.

    Raises:
        Rejected: 401, the Authorization header is of another kind.
    """
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise Rejected(401, "no-identity", headers=CHALLENGE)
            return token.strip()
    return None


async def identified(
    tokens: Tokens, sessions: Sessions, method: str, headers: Iterable[tuple[bytes, bytes]]
) -> Identity | None:
    """Who a request comes from, by its token or else by its browser's session; ``None`` if it does not say.

    Raises:
        Rejected: 401, it says so and the token does not hold; 403, a session that another site makes use of.
    """
    if (token := bearer(headers)) is not None:
        return await tokens.identify(token)
    return sessions.of(method, headers)


class DoorKeeper:
    """Checks every request against the table before anything of it is read. It stands around each route of the app."""

    def __init__(self, tokens: Tokens, sessions: Sessions) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._admitted: dict[tuple[str, str], Admitted] = {}

    def know(self, routes: list[HTTPRoute], pages: frozenset[str] = frozenset()) -> None:
        """Learn the app's routes.

        Args:
            pages: paths that serve web pages; anybody may fetch these.

        Raises:
            KeyError: a route is not in the table.
        """
        for route in routes:
            path = route.path_format
            for method in route.methods - {"OPTIONS"}:
                self._admitted[method, path] = ANYBODY if path in pages else ACCESS[method, path]

    def keep(self, app: ASGIApp) -> ASGIApp:
        """The middleware around each route. A guard of the framework's would do, but is given a copy of the route's
        handler for each request."""

        async def kept(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.HTTP and scope["method"] != "OPTIONS":
                await self._admit(scope)
            await app(scope, receive, send)

        return kept

    async def _admit(self, scope: HTTPScope) -> None:
        identity = await identified(self._tokens, self._sessions, scope["method"], scope["headers"])
        scope["user"] = identity
        admitted = self._admitted[scope["method"], scope["path_template"]]
        may(identity, admitted)
        if identity is not None and admitted is not None:
            words = scope["path_params"]
            in_place(identity, words.get("hall"), words.get("window"))
