"""The public API as a page's visitor may use it: asked in process, with the visitor's own identity.

Pages know nothing that a program outside could not ask, so every rule, role and sentence exists once.
"""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
from litestar import Request, Response
from litestar.types import ASGIApp

from adapters.http.access import API
from adapters.http.problems import FieldError, Problem
from domain.message import Text

CARRIED = ("authorization", "cookie", "host", "origin", "sec-fetch-site")
"""What says who asks, and that a page of ours made them ask."""


class Refusal(Exception):
    """The API said no; ``problem`` is what it answered, ``retry_after`` in how many seconds to ask again, if told."""

    def __init__(self, problem: Problem, retry_after: str | None = None) -> None:
        super().__init__(f"{problem.status} {problem.code}")
        self.problem = problem
        self.retry_after = retry_after


class Api:
    """Asks ``/api/v1`` + path for one visitor. Every method answers the decoded JSON.

    Raises:
        Refusal: any answer of 400 or more.
    """

    def __init__(self, client: httpx.AsyncClient, headers: Mapping[str, str]) -> None:
        self._client = client
        self._headers = headers

    async def get(self, path: str, **query: Any) -> Any:
        """Parameters that are ``None`` are left out, here and in all that is read."""
        return _read(await self.fetch(path, **query))

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Ask for a command; with ``key``, a form that is sent twice does one thing (``Idempotency-Key``)."""
        return await self.send("POST", path, body, key=key)

    async def put(self, path: str, body: Any, *, key: str | None = None, version: int | None = None) -> Any:
        """With ``version``, only if nobody has changed it since it was at that version."""
        return await self.send("PUT", path, body, key=key, version=version)

    async def send(
        self, method: str, path: str, body: Any, *, key: str | None = None, version: int | None = None
    ) -> Any:
        headers = {**self._headers, "Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        content = msgspec.json.encode({} if body is None else body)
        return _read(await self._client.request(method, f"{API}{path}", content=content, headers=headers))

    async def fetch(self, path: str, **query: Any) -> httpx.Response:
        """The answer as it is, for what is not JSON: a calendar file, a workbook."""
        told = {name: value for name, value in query.items() if value is not None}
        return await self._client.get(f"{API}{path}", params=told, headers=self._headers)

    async def file(self, path: str, **query: Any) -> Response[bytes]:
        """A download, to be handed on to the browser."""
        answer = await self.fetch(path, **query)
        if answer.is_error:
            _read(answer)
        headers = {"Content-Disposition": answer.headers["content-disposition"]}
        return Response(answer.content, media_type=answer.headers["content-type"], headers=headers)


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    """Asks an application in this process; nothing goes over the network."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # two spellings of the same protocol
    return httpx.AsyncClient(transport=transport, base_url="http://in.process", trust_env=False)


def carried(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The headers of a page's request that its questions to the API take along."""
    return {name: value for name in CARRIED if (value := request.headers.get(name)) is not None}


def _read(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise Refusal(_problem(msgspec.json.decode(answer.content)), answer.headers.get("retry-after"))
    return msgspec.json.decode(answer.content) if answer.content else None


def _problem(told: dict[str, Any]) -> Problem:
    """What the API answered. A sentence may be longer than a name may be, so it is taken as it is."""
    errors = tuple(
        FieldError(error["field"], error["message"], Text(**error["text"]) if "text" in error else None)
        for error in told.pop("errors", ())
    )
    return Problem(**{**told, "text": Text(**told["text"])}, errors=errors)
