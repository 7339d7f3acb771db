"""Where a webhook may call. Whoever registers an address must not reach what only this machine can: so every address
that its name resolves to is looked at, at each delivery, and the one that was looked at is the one that is called.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import NamedTuple

import httpx

from adapters.networks import Address, address, networks, within
from domain.message import Refused

BURIED = networks(("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96"))
"""IPv6 addresses with an IPv4 address inside, which may be anything (NAT64, 6to4, compatible)."""


class Forbidden(Exception):
    """The address is not one that may be called; the message says why."""


class Target(NamedTuple):
    """Where to connect, and what to say to whoever is there: by name, as a browser would."""

    url: httpx.URL
    host: str
    sni: str


class Targets:
    """Args:
    allowed: networks that may be called though they are not the internet: an intranet, or this machine for a test.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._networks = networks(allowed)

    def check(self, url: str) -> None:
        """What can be said without asking for the name.

        Raises:
            Refused: it is no address, or one that may not be called.
        """
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise Refused("webhook-url-refused", invalid=True, field="url", reason="not-a-url") from error
        literal = address(parsed.host)
        try:
            if literal is not None:
                self._admit(parsed, literal)
            elif parsed.scheme != "https" and not self._named_loopback(parsed):
                raise Forbidden("not-https")
        except Forbidden as forbidden:
            raise Refused(
                "webhook-url-refused", invalid=True, field="url", reason=str(forbidden)
            ) from forbidden

    async def resolve(self, url: str) -> Target:
        """Raises:
        Forbidden: an address behind the name is not one that may be called.
        OSError: the name is not known.
        """
        parsed = httpx.URL(url)
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(parsed.host, port, type=socket.SOCK_STREAM)
        hosts = [str(where[0]).partition("%")[0] for *_, where in found]
        for host in hosts:
            self._admit(parsed, address(host))
        return Target(parsed.copy_with(host=hosts[0], port=port), parsed.netloc.decode(), parsed.host)

    def _admit(self, url: httpx.URL, found: Address | None) -> None:
        named = within(found, self._networks)
        if url.scheme != "https" and not (named and found is not None and found.is_loopback):
            raise Forbidden("not-https")
        if named:
            return
        if found is None or not found.is_global or found.is_multicast or within(found, BURIED):
            raise Forbidden("not-public")

    def _named_loopback(self, url: httpx.URL) -> bool:
        return url.host == "localhost" and any(network.is_loopback for network in self._networks)
