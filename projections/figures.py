"""The published figures of any selection of halls and days: what ``performance`` has counted, divided.

Each rate comes with its numerator and denominator, and ``evidence`` names the very events behind it.
``definitions`` says what each figure means.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec

from domain.message import Grade, Recorded
from domain.review import BAD
from projections import performance
from projections.definitions import CATALOGUE, FIGURES
from projections.performance import FAVOURABLE, Counts, Published, Slice, View

By = Literal["all", "hall", "unit", "item", "window", "clerk", "channel", "day", "month", "quarter"]

SATISFIED: tuple[Grade, ...] = ("very-satisfied", "satisfied")
POINTS: dict[Grade, int] = {
    "very-satisfied": 5,
    "satisfied": 4,
    "fairly-satisfied": 3,
    "dissatisfied": 2,
    "very-dissatisfied": 1,
}

EVERYTHING = "all"
"""The name of the one group that holds all there is."""

_NO_CHANNEL = frozenset({"active_review", "items_covered", "units_covered", "visits_per_case"})
NOT_BY: Mapping[By, frozenset[str]] = {
    "all": frozenset(),
    "hall": CATALOGUE,
    "unit": frozenset({"visits_per_case"}),
    "item": frozenset(),
    "window": CATALOGUE | {"visits_per_case"},
    "clerk": CATALOGUE | {"visits_per_case"},
    "channel": CATALOGUE | _NO_CHANNEL,
    "day": CATALOGUE,
    "month": CATALOGUE,
    "quarter": CATALOGUE,
}
"""What cannot be told by something, because one of its halves is not known by it: a service that could be rated has
no channel, a case is closed at no window, and the queue does not name a visit's unit."""


class Rate(msgspec.Struct, frozen=True):
    """``value`` is missing where there is nothing to divide by. Where so few were counted that a person could be
    made out, the counts are withheld with it and read 0."""

    numerator: int
    denominator: int
    value: float | None = None


class Trials(msgspec.Struct, frozen=True):
    """Test cases and their ratings: in no rate, counted here."""

    cases: int
    reviews: int


class Figures(msgspec.Struct, frozen=True):
    rates: dict[str, Rate]
    mean: Rate
    """平均分 out of ten: twice the mean grade. The numerator is twice the sum of grades."""
    tests: Trials


class Chosen(msgspec.Struct, frozen=True):
    """Which slices count: those of some days and, where one is named, of one hall, unit and so on."""

    first: str = "0000-01-01"
    last: str = performance.FOREVER
    hall: str | None = None
    unit: str | None = None
    item: str | None = None
    window: str | None = None
    clerk: str | None = None
    channel: str | None = None
    handled: frozenset[str] | None = None
    """The items that are handled at the hall: those of the catalogue that are its own. Where they are not told, a hall
    has none."""

    def slices(self, view: View) -> Iterable[Slice]:
        if self.hall not in (None, view.hall):
            return ()
        named = ("unit", "item", "window", "clerk", "channel")
        asked = [(name, wanted) for name in named if (wanted := getattr(self, name)) is not None]
        return (
            part
            for part in view.slices.values()
            if self.first <= part.day <= self.last
            and all(getattr(part, name) == wanted for name, wanted in asked)
        )

    def published(self, view: View) -> Published | None:
        """The item of a document as it was published by the last day, if what was asked for can name an item."""
        if any((self.window, self.clerk, self.channel)):
            return None
        last = max((day for day in view.published if day <= self.last), default=None)
        item = view.published[last] if last is not None else None
        if item is None or self.unit not in (None, item.unit) or self.item not in (None, item.item):
            return None
        if self.hall is not None and item.item not in (self.handled or ()):
            return None
        return item


ANYTHING = Chosen()


class _Sum:
    """What one group comes to."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.ratable: dict[str, set[str]] = {"item": set(), "unit": set()}
        self.rated: dict[str, set[str]] = {"item": set(), "unit": set()}
        self.used: set[str] = set()
        self.published: list[Published] = []

    def add(self, part: Slice) -> None:
        counts = part.counts
        self.counts.add(counts)
        for kind, name in (("item", part.item), ("unit", part.unit)):
            if name is not None and (counts.ratable or counts.rated):
                self.ratable[kind].add(name)
                if counts.rated:
                    self.rated[kind].add(name)
        if part.item is not None and counts.opened:
            self.used.add(part.item)


def figures(
    views: Iterable[View], by: By = "hall", floor: int = 0, chosen: Chosen = ANYTHING
) -> dict[str, Figures]:
    """The figures of some documents, by the name of the hall, unit, item and so on; what has none is left out.

    Args:
        floor: the smallest denominator that is shown as a rate. The public sees none that is smaller than 5 (our
            proposal; GB/T 39734 附录B, which fixes what is published, was not readable).
    """
    sums: dict[str, _Sum] = {}
    for view in views:
        for part in chosen.slices(view):
            name = group(by, view.hall, part)
            if name is not None:
                sums.setdefault(name, _Sum()).add(part)
        item = chosen.published(view)
        name = {"all": EVERYTHING, "unit": item.unit, "item": item.item}.get(by) if item is not None else None
        if item is not None and name is not None:
            sums.setdefault(name, _Sum()).published.append(item)
    return {name: _divided(total, by, floor) for name, total in sorted(sums.items())}


def group(by: By, hall: str | None, part: Slice) -> str | None:
    """The name of the group that a slice counts in."""
    match by:
        case "all":
            return EVERYTHING
        case "hall":
            return hall
        case "month":
            return part.day[:7]
        case "quarter":
            return quarter(part.day)
    found: str | None = getattr(part, by)
    return found


def quarter(day: str) -> str:
    """``2026-q1`` of a day in March."""
    return f"{day[:4]}-q{(int(day[5:7]) + 2) // 3}"


def days_of(period: str) -> tuple[str, str]:
    """The first and the last day of a month (``2026-03``) or a quarter (``2026-q1``)."""
    year, _, part = period.partition("-")
    begins = int(part) if part[0] != "q" else 3 * int(part[1:]) - 2
    ends = begins if part[0] != "q" else begins + 2
    last = monthrange(int(year), ends)[1]
    return f"{year}-{begins:02}-01", f"{year}-{ends:02}-{last:02}"


def halves(counts: Counts) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of every figure that is a matter of counting alone."""
    grades = counts.grades
    rated = sum(grades.values())

    def of(some: Iterable[Grade]) -> int:
        return sum(grades.get(grade, 0) for grade in some)

    return {
        "active_review": (counts.rated, counts.ratable),
        "favourable": (of(FAVOURABLE), rated),
        "satisfied": (of(SATISFIED), rated),
        "bad": (of(BAD), rated),
        "mean": (2 * sum(POINTS[grade] * n for grade, n in grades.items()), rated),
        "rectified": (counts.rectified, counts.settled),
        "rectified_in_time": (counts.rectified_in_time, counts.settled),
        "called_back": (counts.called_back, counts.owed_a_call),
        "satisfied_after": (counts.added_favourable, counts.added),
        "closed_in_time": (counts.in_time, counts.timed),
        "on_the_spot": (counts.on_the_spot, counts.opened),
        "limits_compressed": (counts.statutory_days - counts.promised_days, counts.statutory_days),
        "visits_per_case": (counts.visits, counts.closed),
    }


def item_halves(item: Published) -> dict[str, tuple[int, int]]:
    """What one published item brings to the figures of the catalogue, but for whether it was used."""
    both = item.statutory is not None and item.promised is not None
    return {
        "items_on_the_spot": (int(item.handling == "on-the-spot"), 1),
        "item_limits_compressed": ((item.statutory or 0) - (item.promised or 0), item.statutory or 0)
        if both
        else (0, 0),
        "item_visits": (item.visits, 1),
        "items_depth_three": (int(item.online_depth in ("III", "IV")), 1),
        "items_depth_four": (int(item.online_depth == "IV"), 1),
    }


def _divided(total: _Sum, by: By, floor: int) -> Figures:
    pairs = halves(total.counts)
    pairs["items_covered"] = (len(total.rated["item"]), len(total.ratable["item"]))
    pairs["units_covered"] = (len(total.rated["unit"]), len(total.ratable["unit"]))
    for item in total.published:
        for name, (n, d) in item_halves(item).items():
            numerator, denominator = pairs.get(name, (0, 0))
            pairs[name] = (numerator + n, denominator + d)
    names = {item.item for item in total.published}
    pairs["items_used"] = (len(names & total.used), len(names))

    def rate(figure: str) -> Rate:
        numerator, denominator = (0, 0) if figure in NOT_BY[by] else pairs.get(figure, (0, 0))
        shown = denominator >= max(1, floor)
        return Rate(numerator, denominator, numerator / denominator) if shown else Rate(0, 0)

    rates = {figure: rate(figure) for figure in FIGURES}
    return Figures(rates, rates["mean"], Trials(total.counts.test_cases, total.counts.test_reviews))


# --- what stands behind a figure ------------------------------------------------------------------------------


class Behind(msgspec.Struct, frozen=True):
    """An event that a figure was made of, as ``GET /api/v1/events`` names it."""

    position: int
    id: str
    type: str


class Evidence(msgspec.Struct, frozen=True):
    """What one service, case or item brings to a figure, and by which events."""

    stream: str
    hall: str | None
    day: str
    unit: str | None
    item: str | None
    window: str | None
    numerator: int
    denominator: int
    events: list[Behind]


def evidence(log: Iterable[Recorded], figure: str, chosen: Chosen = ANYTHING) -> list[Evidence]:
    """Every contribution to a figure, each stream recounted by itself: together they are the figure."""
    views: dict[tuple[str, str], View] = {}
    events: dict[tuple[str, str], list[Behind]] = {}
    for recorded in log:
        if (name := performance.key(recorded)) is None:
            continue
        place = (recorded.stream, name)
        if (view := performance.evolve(views.pop(place, None), recorded)) is not None:
            views[place] = view
            tag = str(recorded.event.__struct_config__.tag)
            events.setdefault(place, []).append(Behind(recorded.position, recorded.id, tag))
    contributions = _CONTRIBUTIONS.get(figure, _counted)
    return contributions(
        figure, chosen, [(stream, view, events[stream, key]) for (stream, key), view in views.items()]
    )


Streams = list[tuple[str, View, list[Behind]]]


def _counted(figure: str, chosen: Chosen, streams: Streams) -> list[Evidence]:
    told: list[Evidence] = []
    for stream, view, events in streams:
        for part in chosen.slices(view):
            numerator, denominator = halves(part.counts)[figure]
            if numerator or denominator:
                told.append(_evidence(stream, view, part, numerator, denominator, events))
    return told


def _covered(figure: str, chosen: Chosen, streams: Streams) -> list[Evidence]:
    """One line an item or a unit: its first rating, or, where there is none, its first service to be rated."""
    kind = figure.removesuffix("s_covered")
    best: dict[str, Evidence] = {}
    for stream, view, events in streams:
        for part in chosen.slices(view):
            name, rated = getattr(part, kind), int(part.counts.rated > 0)
            if name is None or not (rated or part.counts.ratable):
                continue
            if name not in best or best[name].numerator < rated:
                best[name] = _evidence(stream, view, part, rated, 1, events)
    return [*best.values()]


def _of_items(figure: str, chosen: Chosen, streams: Streams) -> list[Evidence]:
    """One line a published item, with the first case it was used for where that is what was asked."""
    used: dict[str, list[Behind]] = {}
    for _, view, events in streams:
        for part in chosen.slices(view):
            if part.item is not None and part.counts.opened:
                used.setdefault(part.item, events)
    told: list[Evidence] = []
    for stream, view, events in streams:
        if (item := chosen.published(view)) is None:
            continue
        first = used.get(item.item)
        numerator, denominator = item_halves(item).get(figure, (int(first is not None), 1))
        if denominator:
            behind = [*events, *first] if figure == "items_used" and first else events
            place = Slice(view.day, item.unit, item.item)
            told.append(_evidence(stream, view, place, numerator, denominator, behind))
    return told


_CONTRIBUTIONS: dict[str, Callable[[str, Chosen, Streams], list[Evidence]]] = {
    "items_covered": _covered,
    "units_covered": _covered,
    **dict.fromkeys(CATALOGUE, _of_items),
}


def _evidence(
    stream: str, view: View, part: Slice, numerator: int, denominator: int, events: list[Behind]
) -> Evidence:
    return Evidence(
        stream=stream,
        hall=view.hall,
        day=part.day,
        unit=part.unit,
        item=part.item,
        window=part.window,
        numerator=numerator,
        denominator=denominator,
        events=events,
    )
