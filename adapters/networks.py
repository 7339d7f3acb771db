"""Addresses and the networks they are in: who may ask, who is counted, whom a webhook may call."""

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def networks(told: Iterable[str]) -> list[Network]:
    """The networks of a setting.

    Raises:
        ValueError: one of them is none.
    """
    return [ipaddress.ip_network(one) for one in told]


def address(host: str) -> Address | None:
    """An address as it is compared with networks; ``None`` for what is none."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    # A socket that serves both families names IPv4 peers as ::ffff:127.0.0.1.
    return getattr(found, "ipv4_mapped", None) or found


def within(found: Address | None, some: Iterable[Network]) -> bool:
    return found is not None and any(found in network for network in some)
