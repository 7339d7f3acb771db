"""Carries what a record tells to a running server: in order, many commands to a request, each safe to repeat.

Every command has its key, so whatever was cut, asked twice or left unanswered is settled by asking again.
"""

import contextlib
import re
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from adapters.importing.records import Happening, Stopped

BATCH = 500
"""The most commands in a request."""

PATIENCE_S = 60.0
"""How long a server that is away or overloaded is asked again before the import gives up."""

KEPT = "what was told is kept, and the same command goes on from there"

WEATHER = (429, 502, 503, 504)
"""Answers that mean "later"."""


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True):
    """Why a command was not accepted (RFC 9457)."""

    code: str
    detail: str = ""
    errors: tuple[Wrong, ...] = ()


class Receipt(msgspec.Struct, frozen=True):
    """The answer to one command: accepted, now or earlier under the same key (``replayed``), or a problem."""

    position: int = 0
    replayed: bool = False
    problem: Problem | None = None


class _Receipts(msgspec.Struct, frozen=True):
    receipts: list[Receipt]


class Refusal(msgspec.Struct, frozen=True):
    """A command that the server refused, with the line of the file it came from."""

    line: int
    command: str
    code: str
    detail: str


class Account(msgspec.Struct):
    """What has been told so far, and how it was answered."""

    told: int = 0
    replayed: int = 0
    position: int = 0
    accepted: dict[str, int] = {}
    refusals: list[Refusal] = []

    def summary(self) -> dict[str, Any]:
        """What the last line of an import says of its commands; at most twenty refusals by name."""
        return {
            "commands": self.told,
            "replayed": self.replayed,
            "refused": len(self.refusals),
            "refusals": msgspec.to_builtins(self.refusals[:20]),
            "position": self.position,
        }


class Courier:
    """Speaks to one server as its administrator; made by ``courier``."""

    def __init__(self, client: httpx.AsyncClient, token: str | None = None) -> None:
        self._client = client
        self._token = token
        self._lent = token is None
        self.account = Account()

    async def tell(self, happenings: Sequence[Happening]) -> list[Receipt]:
        """Tell at most ``BATCH`` happenings in their order and keep the account.

        Raises:
            Stopped: the server would not listen; everything told may be told again.
        """
        body = [{"stream": h.stream, "at": h.at, "key": h.key, "command": told(h)} for h in happenings]
        response = await self._ask("POST", "/api/v1/import", content=msgspec.json.encode(body))
        receipts = msgspec.json.decode(response.content, type=_Receipts).receipts
        if len(receipts) != len(happenings):
            raise Stopped(f"{len(happenings)} commands were answered by {len(receipts)} receipts")
        for happening, receipt in zip(happenings, receipts, strict=True):
            self._enter(happening, receipt)
        return receipts

    async def read(self, path: str, **query: str | int) -> dict[str, Any] | None:
        """A document of the server; None if there is no such thing.

        Raises:
            Stopped: the server would not say.
        """
        response = await self._ask("GET", path, params=query, missing=True)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        document: dict[str, Any] = msgspec.json.decode(response.content, type=dict[str, Any])
        return document

    async def post(self, path: str, body: Any, **query: str) -> dict[str, Any]:
        """What the server answers to something else than happenings.

        Raises:
            Stopped: the server would not take it.
        """
        response = await self._ask("POST", path, content=msgspec.json.encode(body), params=query)
        document: dict[str, Any] = msgspec.json.decode(response.content, type=dict[str, Any])
        return document

    async def find_hall(self, hall: str) -> None:
        """Raises:
        Stopped: the server has no such hall.
        """
        if await self.read(f"/api/v1/halls/{quote(hall, safe='')}") is None:
            known = await self.read("/api/v1/halls") or {"halls": []}
            there = ", ".join(one["hall"] for one in known["halls"])
            raise Stopped(f"the server has no hall {hall!r}; it has {there or 'none: see mingting seed'}")

    def _enter(self, happening: Happening, receipt: Receipt) -> None:
        command = name(happening)
        account = self.account
        account.told += 1
        account.replayed += receipt.replayed
        account.position = max(account.position, receipt.position)
        if receipt.problem is None:
            account.accepted[command] = account.accepted.get(command, 0) + 1
        else:
            problem = receipt.problem
            account.refusals.append(Refusal(happening.line, command, problem.code, problem.detail))

    async def _ask(self, method: str, path: str, *, missing: bool = False, **asked: Any) -> httpx.Response:
        """Ask until there is an answer that is not "later"; a lent token that ran out is renewed once."""
        for renewed in (False, True):
            if self._token is None or renewed:
                self._token = await self._lend()
            response = await self._patiently(method, path, self._token, **asked)
            if response.status_code != httpx.codes.UNAUTHORIZED or not self._lent:
                break
        if response.is_success or (missing and response.status_code == httpx.codes.NOT_FOUND):
            return response
        raise Stopped(f"{method} {path} was answered {_told(response)}")

    async def _lend(self) -> str:
        wish = msgspec.json.encode({"role": "admin", "subject": "import"})
        response = await self._patiently("POST", "/api/v1/dev/tokens", None, content=wish)
        if not response.is_success:
            raise Stopped(
                "this server lends no development tokens: put an administrator's token into MINGTING_TOKEN"
                f" (asking for one was answered {_told(response)})"
            )
        token = msgspec.json.decode(response.content)["token"]
        assert isinstance(token, str)
        return token

    async def _patiently(self, method: str, path: str, token: str | None, **asked: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if "content" in asked:
            headers["Content-Type"] = "application/json"
        try:
            async for attempt in stamina.retry_context(
                on=_later, attempts=None, timeout=PATIENCE_S, wait_initial=0.2, wait_max=5.0
            ):
                with attempt:
                    response = await self._client.request(method, path, headers=headers, **asked)
                    if response.status_code in WEATHER:
                        response.raise_for_status()
        except httpx.HTTPError as error:
            raise Stopped(f"{_away(error)} for {PATIENCE_S:.0f} s; {KEPT}") from error
        return response


@contextlib.asynccontextmanager
async def courier(url: str, token: str | None = None) -> AsyncIterator[Courier]:
    """A courier to the server at ``url``, with an administrator's token or one the server lends for development.

    Raises:
        Stopped: ``url`` is no address of a server.
    """
    if not re.fullmatch(r"https?://[^/\s]+.*", url):
        raise Stopped(f"{url!r} is no address of a server: http://host:port is expected")
    # A proxy for the internet has no business between a hall and its server.
    async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as client:
        yield Courier(client, token)


def name(happening: Happening) -> str:
    """A command's name as the server knows it: ``issue-ticket`` of ``IssueTicket``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(happening.command).__name__).lower()


def told(happening: Happening) -> dict[str, Any]:
    """A command as the server is told it."""
    fields = msgspec.structs.asdict(happening.command)
    return {"type": name(happening), **{k: v for k, v in fields.items() if v is not None}}


def _later(error: Exception) -> bool | float:
    """Whether asking again may help, and after how many seconds if the server said so."""
    if isinstance(error, httpx.HTTPStatusError):
        pause = error.response.headers.get("Retry-After", "")
        return float(pause) if re.fullmatch(r"[0-9]{1,2}", pause) else error.response.status_code in WEATHER
    return isinstance(error, httpx.TransportError)


def _told(response: httpx.Response) -> str:
    """A response as a person reads it: its status and the problem's own words."""
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        return str(response.status_code)
    wrong = (f"{one.field}: {one.message}" for one in problem.errors)
    return "\n".join((f"{response.status_code} {problem.code}: {problem.detail}".removesuffix(": "), *wrong))


def _away(error: Exception) -> str:
    """Why a server did not answer, or not yet."""
    match error:
        case httpx.HTTPStatusError():
            return f"the server answered {_told(error.response)}"
        case httpx.RequestError():
            asked = error.request.url.copy_with(path="/", query=None)
            return f"{asked} cannot be reached ({str(error) or type(error).__name__})"
    return str(error)


def say_waits() -> None:
    """Let whoever sits at the terminal read once what is waited for, for the rest of this process; without it every
    try writes a line for machines."""

    def said(details: RetryDetails) -> None:
        if details.retry_num == 1:
            why = _away(details.caused_by)
            advice = f"asking again for {PATIENCE_S:.0f} s; is 'make run' up, and at this --url?"
            sys.stderr.write(f"mingting: {why}; {advice}\n")

    set_on_retry_hooks([said])
