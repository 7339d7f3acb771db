"""The figures of a period: frozen once, amended only by what has changed, each number as it was and as it is."""

from hypothesis import given as supposing

from domain import snapshot
from domain.snapshot import AmendFigures, Cause, Change, FiguresAmended, FiguresFrozen, FreezeFigures, Group
from tests.histories import World, worlds
from tests.spec import given

TANGHE = Group("hall", "tanghe", {"bad": (1, 9), "mean": (70, 9)})
FROZEN = FiguresFrozen(100, (TANGHE,))
CAUSE = (Cause(120, "c9.0", "review-ruled"),)
STRUCK = Group("hall", "tanghe", {"bad": (0, 8), "mean": (70, 9)})
AMENDED = FiguresAmended(130, (Change("hall", "tanghe", "bad", (1, 9), (0, 8)),), CAUSE)


def test_a_period_is_frozen_once() -> None:
    given(snapshot).when(FreezeFigures(100, (TANGHE,))).then(FROZEN)
    given(snapshot, FROZEN).when(FreezeFigures(200, (STRUCK,))).then()


def test_an_amendment_tells_what_was_what_is_and_why() -> None:
    given(snapshot, FROZEN).when(AmendFigures(130, (STRUCK,), CAUSE)).then(AMENDED)
    given(snapshot, FROZEN, AMENDED).when(AmendFigures(140, (STRUCK,), CAUSE)).then()


def test_what_changed_nothing_amends_nothing() -> None:
    given(snapshot, FROZEN).when(AmendFigures(130, (TANGHE,), CAUSE)).then()


def test_what_was_counted_before_the_last_time_is_left_aside() -> None:
    given(snapshot, FROZEN, AMENDED).when(AmendFigures(120, (TANGHE,), CAUSE)).then()


def test_what_is_not_frozen_is_not_amended() -> None:
    given(snapshot).when(AmendFigures(130, (STRUCK,), CAUSE)).refused("not-frozen")


def test_a_group_may_come_and_go() -> None:
    land = Group("unit", "land", {"bad": (0, 1)})
    come = Change("unit", "land", "bad", (0, 0), (0, 1))
    gone = Change("hall", "tanghe", "bad", (1, 9), (0, 0)), Change("hall", "tanghe", "mean", (70, 9), (0, 0))
    given(snapshot, FROZEN).when(AmendFigures(130, (land,), CAUSE)).then(
        FiguresAmended(130, (*gone, come), CAUSE)
    )


@supposing(worlds("snapshot-2026-03"))
def test_whatever_is_asked_every_amendment_begins_where_the_last_one_ended(world: World) -> None:
    told: dict[tuple[str, str, str], tuple[int, int]] = {}
    for event in world.events("snapshot-2026-03"):
        if isinstance(event, FiguresFrozen):
            assert told == {}
            told = {(g.by, g.name, f): pair for g in event.groups for f, pair in g.rates.items()}
        else:
            assert isinstance(event, FiguresAmended)
            assert event.changes
            for change in event.changes:
                place = (change.by, change.name, change.figure)
                assert told.get(place, (0, 0)) == change.was != change.now
                told[place] = change.now
    assert world.state("snapshot-2026-03").contradictions == 0
