"""What stands before the web framework: the door every request passes, and the lane of the hot commands.

The door refuses TRACE, what no path may hold and who asks too often, gives a body so many seconds to arrive, and
puts the security headers on every answer. The lane answers the few commands a busy hall asks thousands of times (a
ticket, a call, a check-in, a booking) without the framework: the same access table, bodies, acts, receipts and
problems, at a fraction of the cost. Whatever else is asked, or asked in another way, goes on to the framework.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from adapters.http import errors
from adapters.http.access import ACCESS, API, identified, in_place, may
from adapters.http.asking import Asking, Headers, Reply, asking
from adapters.http.body import Arrivals, read, whole
from adapters.http.identity import Identity, Tokens
from adapters.http.limits import Limits, Peers, says_who
from adapters.http.problems import Rejected
from adapters.http.session import Sessions
from adapters.http.wire import PLAIN


class Hot(NamedTuple):
    """A command of the lane: its row of the access table, its body's type and what does it.

    ``do`` gets the asking, the words of the path that stand for placeholders, the body and the query string.
    """

    route: str
    kind: Any
    do: Callable[[Asking, list[str], Any, bytes], Awaitable[Reply]]


class Door:
    """The ASGI application that is served.

    Args:
        framework: answers what the lane does not.
        hot: the commands of the lane; none of them, and the framework answers everything.
        refuse: how it is said that a request is not let in.
        peers, limits: whom a request comes from, and how often they may ask.
        body_bytes_max, body_seconds: how large a body of the lane may be, and how long any may take to arrive.
    """

    def __init__(
        self,
        framework: ASGIApp,
        hot: tuple[Hot, ...],
        tokens: Tokens,
        sessions: Sessions,
        clock: Callable[[], datetime],
        *,
        refuse: Callable[[HTTPScope, Rejected], ASGIApp],
        peers: Peers,
        limits: Limits,
        body_bytes_max: int,
        body_seconds: float,
    ) -> None:
        self.framework = framework
        self._refuse = refuse
        self._tokens = tokens
        self._sessions = sessions
        self._clock = clock
        self._peers = peers
        self._limits = limits
        self._bytes = body_bytes_max
        self._seconds = body_seconds
        self._arrivals = Arrivals()
        self._lane = {(len(parts := h.route.split("/")), parts[-1]): (parts, h) for h in hot}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.framework(scope, receive, send)
            return
        self._peers.name(scope)
        if scope["method"] == "POST" and (found := self._find(scope["path"])) is not None:
            await (await self._do(*found, scope, receive)).send(scope, send)
        elif (rejected := _unfit(scope) or await self._too_often(scope)) is not None:
            await self._refuse(scope, rejected)(scope, receive, _secured(send))
        else:
            bodiless = scope["method"] in ("GET", "HEAD", "OPTIONS")
            await self.framework(scope, receive if bodiless else self._hurried(receive), _secured(send))

    async def _too_often(self, scope: HTTPScope) -> Rejected | None:
        if not self._limits.applies(scope):
            return None
        identity: Identity | None = None
        if says_who(scope["headers"]):
            with contextlib.suppress(Rejected):
                identity = await identified(self._tokens, self._sessions, "GET", scope["headers"])
        try:
            self._limits.take(scope, identity)
        except Rejected as rejected:
            return rejected
        return None

    def _find(self, path: str) -> tuple[Hot, list[str]] | None:
        parts = path.split("/")
        if (found := self._lane.get((len(parts), parts[-1]))) is None:
            return None
        words = []
        for mine, theirs in zip(found[0], parts, strict=True):
            if mine.startswith("{"):
                words.append(theirs)
            elif mine != theirs:
                return None
        return found[1], words

    async def _do(self, hot: Hot, words: list[str], scope: HTTPScope, receive: Receive) -> Reply:
        headers: Headers = scope["headers"]
        try:
            identity = await identified(self._tokens, self._sessions, "POST", headers)
            may(identity, ACCESS["POST", hot.route])
            self._limits.take(scope, identity)
            if identity is not None and hot.route.startswith("/api/v1/halls/"):
                in_place(identity, words[0], words[1] if len(words) > 1 else None)
            body = await self._arrivals.within(self._until(), whole(receive, self._bytes))
            asked = asking(identity, "POST", scope["path"], headers, body, self._clock())
            return await hot.do(asked, words, read(body, hot.kind, headers), scope["query_string"])
        except Exception as error:
            return errors.reply(error, headers)

    def _until(self) -> float:
        """By when the body of a request that begins now must have come, by the event loop's clock."""
        return asyncio.get_running_loop().time() + self._seconds

    def _hurried(self, receive: Receive) -> Receive:
        """``receive`` that gives up when the body takes too long. Once it is there, waiting may be endless."""
        until, whole = self._until(), False

        async def hurried() -> Any:
            nonlocal whole
            if whole:
                return await receive()
            message = await self._arrivals.within(until, receive())
            whole = not message.get("more_body")
            return message

        return hurried


PAST = re.compile(
    rf"{API}/(halls/[^/]+/(board|day(/tickets|/export)?)|cases(/[^/]+)?|rectifications(/[^/]+(/events)?)?"
    r"|performance(/export|/[^/]+/events)?)"
)
"""What is also answered as the log stood at a moment."""


def _unfit(scope: HTTPScope) -> Rejected | None:
    """What no route takes."""
    if scope["method"] == "TRACE":
        return Rejected(405, "method-not-allowed")
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        return Rejected(400, "bad-request")
    path = scope["path"]
    if b"as_of=" in scope["query_string"] and path.startswith(API) and not PAST.fullmatch(path):
        return Rejected(422, "not-supported-yet", {"what": "as_of"})
    return None


def _secured(send: Send) -> Send:
    """``send`` that adds the security headers, except where the answer has one of its own."""

    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(h for h in PLAIN if h[0] not in own)]
        await send(message)

    return secured
