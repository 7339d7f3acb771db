"""A slice of the seeded quarter: the turn of the year, with the notice of the next year coming late."""

from datetime import date

from loadtests.quarter import Scale, play

SLICE = Scale(
    first=date(2026, 12, 21),
    until=date(2027, 1, 25),
    halls=2,
    tickets=7,
    case_share=0.4,
    rated_share=0.9,
    restart_days=3,
)


async def test_every_deadline_passes_once_and_every_figure_is_what_counting_again_comes_to(
    database_url: str,
) -> None:
    found = await play(database_url, 20261217, SLICE)
    assert found.wrong == []
    assert found.services > 100
    assert found.bad >= 5
    assert found.deadlines > 20
    assert found.restarts >= 2
    assert found.snapshots >= 2
