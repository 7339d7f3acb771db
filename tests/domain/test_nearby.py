"""Whether a phone is at the hall: by the day's code, by where it is, or not asked at all."""

from typing import Any

import pytest

from domain.message import Refused
from domain.nearby import PhoneTickets, Position, check, metres

HALL = Position(32.69, 112.83)
NEAR, FAR = Position(32.691, 112.831), Position(32.72, 112.83)


def test_distances_are_those_of_the_globe() -> None:
    assert metres(Position(0, 0), Position(0, 1)) == pytest.approx(111_195, rel=1e-3)
    assert metres(Position(39.9042, 116.4074), Position(31.2304, 121.4737)) == pytest.approx(
        1_067_000, rel=2e-3
    )
    assert metres(HALL, HALL) == 0


@pytest.mark.parametrize(
    ("rule", "told", "code"),
    [
        (PhoneTickets(), {}, None),
        (PhoneTickets(allowed=False), {"code_right": True}, "phone-tickets-off"),
        (PhoneTickets(code=True), {}, "presence-needed"),
        (PhoneTickets(code=True), {"code_right": False}, "hall-code-wrong"),
        (PhoneTickets(code=True), {"code_right": True}, None),
        (PhoneTickets(position=HALL), {}, "presence-needed"),
        (PhoneTickets(position=HALL), {"code_right": True}, "presence-needed"),
        (PhoneTickets(position=HALL), {"position": NEAR}, None),
        (PhoneTickets(position=HALL), {"position": FAR}, "too-far-away"),
        (PhoneTickets(position=HALL, within_m=5000), {"position": FAR}, None),
        (PhoneTickets(code=True, position=HALL), {"code_right": True, "position": FAR}, None),
        (PhoneTickets(code=True, position=HALL), {"code_right": False, "position": NEAR}, None),
        (PhoneTickets(code=True, position=HALL), {"code_right": False}, "hall-code-wrong"),
    ],
)
def test_either_proof_is_enough_where_any_is_asked_for(
    rule: PhoneTickets, told: dict[str, Any], code: str | None
) -> None:
    asked = {"code_right": None, "position": None} | told
    if code is None:
        check(rule, **asked)
        return
    with pytest.raises(Refused) as refused:
        check(rule, **asked)
    assert refused.value.code == code
