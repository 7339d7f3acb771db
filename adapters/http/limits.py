"""How often one may ask: people by the address they come from, staff and devices by who they are.

A hall's kiosks, screens, clerks and phones leave the house by one address. So only who says nothing of themselves, and
citizens, of whom a program can have many, are counted by address; everybody else by themselves. Whoever stands in a
network that is not limited, this machine at first, is not counted at all: the pages' own questions, and a proxy that
was not named as one. Each process counts for itself.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from litestar.types import HTTPScope

from adapters.http.asking import Headers
from adapters.http.identity import Identity
from adapters.http.problems import Rejected
from adapters.networks import address, networks, within

HELD_MAX = 50_000
"""So many askers are remembered, about 10 MB; of more, those are forgotten who have not asked for longest."""

IPV6_SITE = 64
"""The leading bits of an IPv6 address that are a site's: the rest is chosen by whoever has it."""


class Peers:
    """Whom a connection comes from, and whether they are counted.

    Args:
        proxies: networks of the deployment's own proxies; only what these say of their clients is believed.
        header: in which they say it, the nearest last (``x-forwarded-for``).
        free: networks that are not limited.
    """

    def __init__(self, proxies: Sequence[str], header: str, free: Sequence[str]) -> None:
        self._proxies = networks(proxies)
        self._header = header.lower().encode()
        self._free = networks(free)
        self.key = lru_cache(10_000)(self._key)

    def name(self, scope: HTTPScope) -> None:
        """Put into the scope whom a proxy speaks for, so that whoever looks at ``client`` sees them."""
        if self._proxies and (peer := scope["client"]) is not None and self._through(peer[0]):
            told = [value.decode("latin-1") for name, value in scope["headers"] if name == self._header]
            for hop in reversed([one.strip() for line in told for one in line.split(",")]):
                if address(hop) is None:
                    break  # what stands before this was written by nobody we know
                scope["client"] = (hop, 0)
                if not self._through(hop):
                    break

    def _through(self, host: str) -> bool:
        return within(address(host), self._proxies)

    def _key(self, host: str) -> str | None:
        """Under what an address is counted; ``None`` if it is not."""
        found = address(host)
        if found is None:
            return host
        if within(found, self._free):
            return None
        if found.version == 6:
            return str(ipaddress.ip_network((found, IPV6_SITE), strict=False))
        return str(found)


class Limits:
    """So many requests a minute, and so many at once after a quiet time: a leaky bucket (GCRA) each.

    Args:
        a_minute: 0 for no limit at all.
    """

    def __init__(
        self,
        peers: Peers,
        a_minute: int,
        at_once: int,
        now: Callable[[], float] = time.monotonic,
        held_max: int = HELD_MAX,
    ) -> None:
        self._peers = peers
        self._apart = 60 / a_minute if a_minute else 0.0
        self._slack = self._apart * at_once
        self._now = now
        self._held_max = held_max
        self._full_at: OrderedDict[str, float] = OrderedDict()
        """When each asker's bucket will have run out again."""

    def __len__(self) -> int:
        return len(self._full_at)

    def applies(self, scope: HTTPScope) -> bool:
        """Whether a request is counted at all."""
        return bool(self._apart) and self._counted(scope) is not None

    def take(self, scope: HTTPScope, identity: Identity | None) -> None:
        """Count a request.

        Raises:
            Rejected: 429, there were too many of them.
        """
        if not self._apart or (key := self._counted(scope)) is None:
            return
        if identity is not None and identity.role != "citizen":
            key = identity.by
        now = self._now()
        until = max(self._full_at.get(key, 0.0), now) + self._apart
        if (over := until - now - self._slack) > 0:
            seconds = math.ceil(over)
            raise Rejected(
                429, "too-many-requests", {"seconds": seconds}, headers={"Retry-After": str(seconds)}
            )
        self._full_at[key] = until
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._held_max:
            self._full_at.popitem(last=False)

    def _counted(self, scope: Any) -> str | None:
        return None if (peer := scope["client"]) is None else self._peers.key(peer[0])


def says_who(headers: Headers) -> bool:
    """Whether a request brings anything by which its asker could be known."""
    return any(name in (b"authorization", b"cookie") for name, _ in headers)
