"""Some days of some halls with everything that goes wrong in time; ``python -m loadtests.month`` plays the month."""

from loadtests import month


async def test_days_with_faults_of_timing_break_no_promise(database_url: str) -> None:
    outcome = await month.play(database_url, days=2, halls=2, visitors=18, seed=7)
    assert (outcome.broken, outcome.wrong) == ([], [])
    assert outcome.events > 300
    for happened in (
        "take",
        "CallNext",
        "FinishService",
        "check in",
        "call at once",
        "repeated take",
        "open the day again",
    ):
        assert outcome.answers[happened] > 0, outcome.answers
    assert sum(n for what, n in outcome.answers.items() if what.startswith("late ")) > 5
