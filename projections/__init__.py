"""Views as pure folds over the log. Each module has ``NAME``, ``View``, ``key``, ``evolve``; a list also ``FACETS``."""

from types import ModuleType

from projections import (
    appeals,
    appointments,
    board,
    case_file,
    day,
    deadlines,
    holds,
    lotteries,
    notices,
    open_days,
    papers_waiting,
    performance,
    rectifications,
    snapshots,
    talks,
    waiting,
)

PROJECTIONS: tuple[ModuleType, ...] = (
    appeals,
    appointments,
    board,
    case_file,
    day,
    deadlines,
    holds,
    lotteries,
    notices,
    open_days,
    papers_waiting,
    performance,
    rectifications,
    talks,
    snapshots,
    waiting,
)
"""Every projection there is; a new one is listed here. Its ``MINE`` are the events for which its ``key`` may have an
answer: a page of the log without any of them is not looked through."""
