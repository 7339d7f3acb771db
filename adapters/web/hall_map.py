"""A map of halls as a drawing: where each one is, how far apart they are. No tiles and no internet: places in degrees
become places on a sheet, north up; over the few hundred kilometres of a region a plane is near enough.
"""

from collections.abc import Sequence
from math import cos, log10, radians
from typing import NamedTuple

from domain.nearby import Position

WIDTH = 720
HEIGHT_MIN, HEIGHT_MAX = 320, 640
EDGE = 70
"""Room around the outermost halls, for their names."""

KM_PER_DEGREE = 111.2
LABEL_ROOM = 190
LINE = 36
"""Room that a name needs beside its place and across."""


class Spot(NamedTuple):
    """Where a hall is drawn, and on which side of it its name stands."""

    hall: str
    x: float
    y: float
    before: bool


class Map(NamedTuple):
    """``scale`` is a round number of kilometres, ``scale_px`` how long it is drawn."""

    width: int
    height: int
    spots: list[Spot]
    scale: str
    scale_px: float


def drawn(halls: Sequence[tuple[str, Position]]) -> Map | None:
    """The halls in their places; ``None`` where there are none."""
    if not halls:
        return None
    north = max(at.latitude for _, at in halls)
    south = min(at.latitude for _, at in halls)
    west = min(at.longitude for _, at in halls)
    east = max(at.longitude for _, at in halls)
    shrink = cos(radians((north + south) / 2))
    wide_km = max((east - west) * shrink * KM_PER_DEGREE, 1.0)
    high_km = max((north - south) * KM_PER_DEGREE, 1.0)
    room = WIDTH - 2 * EDGE
    px = min(room / wide_km, (HEIGHT_MAX - 2 * EDGE) / high_km)
    height = round(max(high_km * px + 2 * EDGE, HEIGHT_MIN))
    left = (WIDTH - (east - west) * shrink * KM_PER_DEGREE * px) / 2
    top = (height - (north - south) * KM_PER_DEGREE * px) / 2
    places = [
        (
            hall,
            round(left + (at.longitude - west) * shrink * KM_PER_DEGREE * px, 1),
            round(top + (north - at.latitude) * KM_PER_DEGREE * px, 1),
        )
        for hall, at in halls
    ]
    spots = [
        Spot(
            hall,
            x,
            y,
            not _free(places, x, y, 1) and (_free(places, x, y, -1) or x + LABEL_ROOM > WIDTH),
        )
        for hall, x, y in places
    ]
    km = _round(room / px / 4)
    return Map(WIDTH, height, spots, f"{km:g}", round(km * px, 1))


def _free(places: Sequence[tuple[str, float, float]], x: float, y: float, side: int) -> bool:
    """Whether there is room for a name on one side of a place: within the drawing, and no other place in it."""
    if not 0 <= x + side * LABEL_ROOM <= WIDTH:
        return False
    return not any(0 < side * (other - x) < LABEL_ROOM and abs(high - y) < LINE for _, other, high in places)


def _round(km: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50 … that is not more."""
    size = 10 ** int(log10(km)) if km >= 1 else 0.1
    return next((size * factor for factor in (5, 2, 1) if size * factor <= km), size)
