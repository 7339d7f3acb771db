"""Where a webhook may call. Whoever registers an address must not reach what only this machine can: so every address
that its name resolves to is looked at, at each delivery, and the one that was looked at is the one that is called.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import NamedTuple

import httpx

from domain.message import Refused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

BURIED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96")))
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
    networks: those that may be called though they are not the internet: an intranet, or this machine for a test.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(one) for one in networks]

    def check(self, url: str) -> None:
        """What can be said without asking for the name.

        Raises:
            Refused: it is no address, or one that may not be called.
        """
        try:
            parsed = httpx.URL(url)
            literal = ipaddress.ip_address(parsed.host)
        except httpx.InvalidURL as error:
            raise Refused("webhook-url-refused", invalid=True, field="url", reason="not-a-url") from error
        except ValueError:
            literal = None
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
        addresses = [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
        for address in addresses:
            self._admit(parsed, address)
        return Target(
            parsed.copy_with(host=str(addresses[0]), port=port), parsed.netloc.decode(), parsed.host
        )

    def _admit(self, url: httpx.URL, address: Address) -> None:
        plain: Address = getattr(address, "ipv4_mapped", None) or address
        named = any(plain in network for network in self._networks)
        if url.scheme != "https" and not (plain.is_loopback and named):
            raise Forbidden("not-https")
        if named:
            return
        if not plain.is_global or plain.is_multicast or any(plain in network for network in BURIED):
            raise Forbidden("not-public")

    def _named_loopback(self, url: httpx.URL) -> bool:
        return url.host == "localhost" and any(network.is_loopback for network in self._networks)
