"""The geometry of charts: from values to places in a drawing of fixed size, which templates write down as SVG.

Colours are classes of the style sheet. Every mark may lead to what it stands for, and a table stands beside it.
"""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 20, 28
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
LABELS_MAX = 8
SHADES = 6


class Value(NamedTuple):
    """What is drawn: ``text`` is the value as it is read; a missing one is a gap."""

    label: str
    value: float | None
    text: str
    href: str | None = None


class Mark(NamedTuple):
    """A point, a bar or a cell; ``shade`` is 0 (nothing) to ``SHADES``."""

    value: Value
    x: float
    y: float
    width: float
    height: float
    shade: int = 0


class Tick(NamedTuple):
    y: float
    text: str


class Column(NamedTuple):
    x: float
    text: str


class Drawing(NamedTuple):
    """Marks in their places; ``paths`` are the stretches of a line between gaps, ``columns`` what stands under it."""

    width: int
    height: int
    marks: list[Mark]
    ticks: list[Tick]
    paths: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()


def line(values: Sequence[Value], *, top: float | None = None, percent: bool = False) -> Drawing:
    """Values in the course of time; ``top`` is the end of the scale, and ``percent`` writes its ticks so."""
    end = top or _end(values)
    step = INNER_WIDTH / max(len(values) - 1, 1)
    every = ceil(len(values) / LABELS_MAX)
    marks: list[Mark] = []
    paths: list[str] = []
    drawing = False
    for n, value in enumerate(values):
        if value.value is None:
            drawing = False
            continue
        x, y = round(LEFT + n * step, 1), _y(value.value, end)
        if drawing:
            paths[-1] += f" L{x} {y}"
        else:
            paths.append(f"M{x} {y}")
        drawing = True
        marks.append(Mark(value, x, y, 0, 0))
    columns = tuple(
        Column(round(LEFT + n * step, 1), value.label) for n, value in enumerate(values) if n % every == 0
    )
    return Drawing(WIDTH, HEIGHT, marks, _ticks(end, percent), tuple(paths), columns)


def bars(values: Sequence[Value], *, top: float | None = None, percent: bool = False) -> Drawing:
    """Standing bars, one beside the other."""
    end = top or _end(values)
    step = INNER_WIDTH / max(len(values), 1)
    every = ceil(len(values) / 12)
    marks = []
    columns = []
    for n, value in enumerate(values):
        y = _y(value.value or 0, end)
        x = round(LEFT + n * step + step * 0.12, 1)
        marks.append(Mark(value, x, y, round(step * 0.76, 1), round(HEIGHT - BOTTOM - y, 1)))
        if n % every == 0:
            columns.append(Column(round(LEFT + (n + 0.5) * step, 1), value.label))
    return Drawing(WIDTH, HEIGHT, marks, _ticks(end, percent), columns=tuple(columns))


ROW = 34
NAMES = 150
VALUES = 130


def lying(values: Sequence[Value], *, top: float | None = None) -> Drawing:
    """Lying bars, one under the other, each with its name before it and its value behind it."""
    end = top or max((value.value or 0 for value in values), default=0) or 1
    room = WIDTH - NAMES - VALUES
    marks = [
        Mark(value, NAMES, n * ROW + 5, round(max((value.value or 0) / end * room, 1), 1), ROW - 10)
        for n, value in enumerate(values)
    ]
    return Drawing(WIDTH, max(len(values), 1) * ROW, marks, [])


CELL = 30


def heat(rows: Sequence[Sequence[Value]]) -> Drawing:
    """A row of cells for each sequence, the darker the more; what is nothing has shade 0."""
    most = max((value.value or 0 for row in rows for value in row), default=0)
    marks = [
        Mark(
            value,
            NAMES * 0.6 + column * CELL,
            n * CELL + 20,
            CELL - 2,
            CELL - 2,
            ceil((value.value or 0) / most * SHADES) if most else 0,
        )
        for n, row in enumerate(rows)
        for column, value in enumerate(row)
    ]
    columns = max((len(row) for row in rows), default=0)
    return Drawing(round(NAMES * 0.6 + columns * CELL), len(rows) * CELL + 20, marks, [])


def _y(value: float, end: float) -> float:
    return round(TOP + INNER_HEIGHT * (1 - min(value / end, 1)), 1)


def _end(values: Sequence[Value]) -> float:
    """A round number that no value exceeds."""
    most = max((value.value or 0 for value in values), default=0)
    if most <= 0:
        return 1
    size = 10 ** (len(str(int(most))) - 1)
    return float(next(size * factor for factor in (1, 2, 4, 5, 10) if size * factor >= most))


def _ticks(end: float, percent: bool) -> list[Tick]:
    return [
        Tick(_y(end * part, end), f"{end * part:.0%}" if percent else f"{end * part:g}")
        for part in (0, 0.5, 1)
    ]
