"""What people were told about their wait, against what it was, on recorded days."""

import pytest

from loadtests.calibration import Calibration, calibrations
from tests.adapters.recorded import days

DAYS = days()

EVERY = {"real": 8}
"""Of the real day every so many-th ticket is asked about; ``make bench`` asks about all of them."""


@pytest.mark.parametrize("name", DAYS)
def test_told_waits_come_true_and_better_than_naive_ones(name: str) -> None:
    """Targets for the real day: 40 to 60 per cent within P50, 80 to 95 within P90. The made-up day is short and its
    first tickets come before any window has opened, so its bounds are broader."""
    found = {one.predictor: one for one in calibrations(DAYS[name], EVERY.get(name, 1))}
    told = found["forecast"]
    assert told.told >= 0.98 * told.served
    half, nine = ((0.40, 0.60), (0.80, 0.95)) if name == "real" else ((0.30, 0.80), (0.75, 0.98))
    assert half[0] <= told.within_p50 <= half[1]
    assert nine[0] <= told.within_p90 <= nine[1]
    for naive in ("mean wait so far", "ahead x mean service / windows"):
        assert told.off_s < found[naive].off_s
    flooded = found["behind the last forecast"]
    assert half[0] <= flooded.within_p50 <= half[1]
    assert nine[0] <= flooded.within_p90 <= nine[1]


def test_a_day_is_told_the_same_twice() -> None:
    first, second = (calibrations(DAYS["made up"]) for _ in range(2))
    assert first == second
    assert all(isinstance(one, Calibration) for one in first)
