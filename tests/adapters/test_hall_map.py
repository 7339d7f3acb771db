"""Where halls are drawn on their map."""

from itertools import pairwise

from adapters.web.hall_map import WIDTH, drawn
from domain.nearby import Position, metres

TOWN, NORTH, EAST = Position(32.6, 112.8), Position(32.8, 112.8), Position(32.6, 113.0)


def test_without_places_there_is_no_map() -> None:
    assert drawn([]) is None


def test_north_is_up_east_is_right_and_lengths_are_those_of_the_scale() -> None:
    found = drawn([("town", TOWN), ("north", NORTH), ("east", EAST)])
    assert found is not None
    town, north, east = found.spots
    assert (north.x, east.y) == (town.x, town.y)
    assert north.y < town.y
    assert east.x > town.x
    px_per_km = found.scale_px / float(found.scale)
    for other, at in ((north, NORTH), (east, EAST)):
        drawn_km = (abs(other.x - town.x) + abs(other.y - town.y)) / px_per_km
        assert abs(drawn_km - metres(TOWN, at) / 1000) < 0.2


def test_every_place_is_in_the_drawing_also_a_single_one_or_two_at_the_same_place() -> None:
    for halls in (
        [("one", TOWN)],
        [("one", TOWN), ("two", TOWN)],
        [("one", TOWN), ("far", Position(40.0, 120.0))],
    ):
        found = drawn(halls)
        assert found is not None
        assert all(0 < spot.x < WIDTH and 0 < spot.y < found.height for spot in found.spots)
        assert found.scale_px > 0


def test_a_name_stands_where_no_other_place_is() -> None:
    found = drawn([("west", TOWN), ("middle", Position(32.6, 112.97)), ("east", EAST)])
    assert found is not None
    assert [spot.before for spot in found.spots] == [False, True, True]
    assert all(a.x < b.x for a, b in pairwise(found.spots))
