"""A period's figures as frozen, as amended, and why."""

from domain.snapshot import Cause, Change, FiguresAmended, FiguresFrozen, Group
from projections import snapshots
from tests.histories import record, view_of
from tests.spec import NINE

FROZEN = FiguresFrozen(100, (Group("hall", "tanghe", {"bad": (1, 9), "favourable": (8, 9)}),))
AMENDED = FiguresAmended(
    130,
    (
        Change("hall", "tanghe", "bad", (1, 9), (0, 8)),
        Change("hall", "yuantan", "bad", (0, 0), (1, 1)),
    ),
    (Cause(120, "c9.0", "review-ruled"),),
)


def test_what_was_frozen_stays_and_what_was_amended_is_told_beside_it() -> None:
    (view,) = view_of(snapshots, record("snapshot-2026-q1", FROZEN, AMENDED)).values()
    assert (view.kind, view.first, view.last) == ("quarter", "2026-01-01", "2026-03-31")
    assert view.groups == FROZEN.groups
    assert view.now() == {
        ("hall", "tanghe"): {"bad": (0, 8), "favourable": (8, 9)},
        ("hall", "yuantan"): {"bad": (1, 1)},
    }
    (amendment,) = view.amendments
    assert (amendment.at, amendment.causes) == (NINE, AMENDED.causes)
    assert snapshots.facets(view) == {"kind": "quarter", "first": "2026-01-01"}
