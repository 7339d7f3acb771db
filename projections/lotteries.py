"""Every lottery, as anybody may read and verify it: what was promised before, and what each draw was made of."""

from datetime import date, datetime
from typing import Any

import msgspec

from domain.lottery import DrawRequested, LotteryDeclared, LotteryDrawn
from domain.message import Recorded, day_of, hall_of

NAME = "lotteries"

MINE = frozenset({LotteryDeclared, LotteryDrawn, DrawRequested})

FACETS: dict[str, type] = {"hall": str, "declared_at": datetime, "due_at": datetime, "drawn_at": datetime}


class View(msgspec.Struct, kw_only=True):
    """``due_at`` is when the next draw is, missing after the last; ``asked`` how often it was asked for."""

    stream: str
    hall: str
    date: date
    queue: str
    declared_at: datetime
    opens_at: datetime
    draws: tuple[datetime, ...]
    commitments: tuple[str, ...]
    asked: int = 0
    due_at: datetime | None
    drawn_at: datetime | None = None
    drawn: list[LotteryDrawn] = []


def key(recorded: Recorded) -> str | None:
    match recorded.event:
        case LotteryDeclared(queue) | LotteryDrawn(queue) | DrawRequested(_, queue):
            return f"{recorded.subject}.{queue}"
        case _:
            return None


def facets(view: View) -> dict[str, Any]:
    return {name: getattr(view, name) for name in FACETS}


def evolve(view: View | None, recorded: Recorded) -> View | None:
    match recorded.event:
        case LotteryDeclared(queue, opens_at, draws, commitments):
            return View(
                stream=recorded.stream,
                hall=hall_of(recorded.stream),
                date=day_of(recorded.stream),
                queue=queue,
                declared_at=recorded.stamp.at,
                opens_at=opens_at,
                draws=draws,
                commitments=commitments,
                due_at=draws[0],
            )
        case DrawRequested() if view is not None:
            view.asked += 1
        case LotteryDrawn(nth=nth) as drawn if view is not None:
            view.drawn.append(drawn)
            view.drawn_at = recorded.stamp.at
            view.due_at = view.draws[nth + 1] if nth + 1 < len(view.draws) else None
    return view
