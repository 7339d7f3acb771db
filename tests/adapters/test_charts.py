"""The geometry of charts: what is drawn is in its place, and a gap is a gap."""

import pytest

from adapters.web.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    SHADES,
    TOP,
    WIDTH,
    Value,
    bars,
    heat,
    line,
    lying,
)
from adapters.web.supervise_halls import shown_hours


def values(*numbers: float | None) -> list[Value]:
    return [Value(str(n), number, str(number)) for n, number in enumerate(numbers)]


def test_a_line_goes_from_edge_to_edge_and_breaks_where_nothing_is_known() -> None:
    drawn = line(values(0.0, 0.5, None, 1.0), top=1.0, percent=True)
    assert [mark.x for mark in drawn.marks] == [
        LEFT,
        round(LEFT + (WIDTH - LEFT - RIGHT) / 3, 1),
        WIDTH - RIGHT,
    ]
    assert [mark.y for mark in drawn.marks] == [HEIGHT - BOTTOM, (TOP + HEIGHT - BOTTOM) / 2, TOP]
    assert [path.count("L") for path in drawn.paths] == [1, 0]
    assert [tick.text for tick in drawn.ticks] == ["0%", "50%", "100%"]


def test_a_bar_is_as_high_as_its_share_of_a_round_scale() -> None:
    drawn = bars(values(0, 7, 14))
    assert [tick.text for tick in drawn.ticks] == ["0", "10", "20"]
    heights = [mark.height for mark in drawn.marks]
    assert heights[0] == 0
    assert abs(heights[2] - 2 * heights[1]) < 0.2
    assert all(mark.y + mark.height <= HEIGHT - BOTTOM + 0.1 for mark in drawn.marks)


def test_nothing_at_all_can_be_drawn() -> None:
    for drawn in (line([]), bars([]), lying([]), heat([]), line(values(None)), bars(values(0))):
        assert drawn.width > 0
        assert drawn.height > 0


def test_a_cell_is_darkest_where_there_is_most_and_light_where_there_is_nothing() -> None:
    shades = [mark.shade for mark in heat([values(0, 1), values(50, 100)]).marks]
    assert shades == [0, 1, SHADES // 2, SHADES]


def test_lying_bars_stand_one_under_the_other_within_the_drawing() -> None:
    drawn = lying(values(3, 1, 2))
    assert [mark.y for mark in drawn.marks] == sorted(mark.y for mark in drawn.marks)
    assert all(mark.y + mark.height < drawn.height for mark in drawn.marks)
    assert abs(drawn.marks[0].width - 3 * drawn.marks[1].width) < 0.5


@pytest.mark.parametrize(
    ("came", "first", "last"),
    [((), 8, 18), ((9, 17), 8, 18), ((7, 12), 7, 18), ((10, 19), 8, 19), ((20,), 8, 20)],
)
def test_whoever_came_outside_the_usual_hours_is_in_the_chart(
    came: tuple[int, ...], first: int, last: int
) -> None:
    hours = shown_hours([{"hours": []}, {"hours": [{"hour": hour} for hour in came]}])
    assert (hours[0], hours[-1]) == (first, last)
