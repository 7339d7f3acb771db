"""Views as pure folds over the log. Each module has ``NAME``, ``View``, ``key``, ``evolve``; a list also ``FACETS``."""

from types import ModuleType

from projections import appointments, board, case_file, day, deadlines, performance, rectifications

PROJECTIONS: tuple[ModuleType, ...] = (
    appointments,
    board,
    case_file,
    day,
    deadlines,
    performance,
    rectifications,
)
"""Every projection there is; a new one is listed here."""
