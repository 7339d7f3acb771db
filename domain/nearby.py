"""Whether somebody who wants a ticket on their phone is at the hall, where the hall asks for that.

A ticket from afar would hold a place in line for somebody who may never come. A hall may ask for the day's code, which
only its own screens and staff show, or for where the phone is; either is enough. No place is kept: it is looked at and
forgotten.
"""

from math import asin, cos, radians, sin, sqrt
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.message import Refused

EARTH_M = 6_371_000.0


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place in degrees (WGS 84), as phones tell it."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class PhoneTickets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether citizens take tickets on their phones, and what shows that they are there (ours, no rule)."""

    allowed: bool = True
    code: bool = False
    """Whether the day's code of the hall is asked for."""
    position: Position | None = None
    """Where the hall is, if phones are asked where they are."""
    within_m: Annotated[int, Meta(ge=20, le=20_000)] = 300


def check(rule: PhoneTickets, *, code_right: bool | None, position: Position | None) -> None:
    """Look whether a citizen may take a ticket by phone.

    Args:
        code_right: whether the code they told is today's; ``None`` if they told none.
        position: where the phone is, if it says so.

    Raises:
        Refused: they may not, with what is missing.
    """
    if not rule.allowed:
        raise Refused("phone-tickets-off")
    if not rule.code and rule.position is None:
        return
    if rule.code and code_right:
        return
    if rule.position is not None and position is not None:
        away = metres(rule.position, position)
        if away <= rule.within_m:
            return
        raise Refused("too-far-away", metres=round(away), within=rule.within_m)
    if rule.code and code_right is not None:
        raise Refused("hall-code-wrong")
    raise Refused("presence-needed", by_code=rule.code, by_position=rule.position is not None)


def metres(a: Position, b: Position) -> float:
    """The distance on the globe (haversine)."""
    lat_a, lat_b = radians(a.latitude), radians(b.latitude)
    north, east = (lat_b - lat_a) / 2, radians(b.longitude - a.longitude) / 2
    return 2 * EARTH_M * asin(sqrt(min(1.0, sin(north) ** 2 + cos(lat_a) * cos(lat_b) * sin(east) ** 2)))
