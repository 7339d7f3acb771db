"""One delivery over HTTP: no redirect is followed, no body of an answer is read, and nobody is waited for long."""

import asyncio
import contextlib
from typing import Protocol

import httpx

from adapters.webhooks.targets import Forbidden, Targets

ANSWER_S = 10.0
MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
GONE = 410


class NotTaken(Exception):
    """The receiver did not take it; the message says how. ``gone``: it wants no more. ``wait_s``: it asked for time."""

    def __init__(self, how: str, *, gone: bool = False, wait_s: float = 0.0) -> None:
        super().__init__(how)
        self.gone = gone
        self.wait_s = wait_s


class Call(Protocol):
    """Hands a body over."""

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> None:
        """Raises:
        NotTaken: it was not taken, or may not be sent there.
        """
        ...


class Caller:
    """Calls addresses, each only if it may be called. ``close`` at the end.

    Args:
        authorities: a PEM file of further certificate authorities, such as an intranet's own.
    """

    def __init__(
        self, targets: Targets, authorities: str | None = None, *, answer_s: float = ANSWER_S
    ) -> None:
        self._targets = targets
        self._answer_s = answer_s
        trusted = httpx.create_ssl_context(trust_env=False)
        if authorities is not None:
            trusted.load_verify_locations(authorities)
        self._client = httpx.AsyncClient(
            timeout=answer_s, follow_redirects=False, trust_env=False, verify=trusted
        )

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> None:
        try:
            async with asyncio.timeout(self._answer_s):
                to = await self._targets.resolve(url)
                asked = self._client.stream(
                    "POST",
                    to.url,
                    content=body,
                    headers={
                        **headers,
                        "Host": to.host,
                        "Content-Type": MEDIA_TYPE,
                        "Accept-Encoding": "identity",
                        "User-Agent": "Mingting-Webhooks/1",
                    },
                    extensions={"sni_hostname": to.sni},
                )
                async with asked as answer:
                    status, wait = answer.status_code, answer.headers.get("retry-after", "")
        except Forbidden as forbidden:
            raise NotTaken(f"may not be called: {forbidden}") from forbidden
        except TimeoutError as error:
            raise NotTaken("no answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NotTaken(type(error).__name__) from error
        if not 200 <= status < 300:
            with contextlib.suppress(ValueError):
                raise NotTaken(f"answered {status}", gone=status == GONE, wait_s=max(0.0, float(wait)))
            raise NotTaken(f"answered {status}", gone=status == GONE)

    async def close(self) -> None:
        await self._client.aclose()
