"""How it stood then: the moment that a supervisor's page shows, and how another one is chosen.

Every page that shows the past says so above all else; what is done is done now, so it has no forms for acting.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from adapters.web.site import Visit
from adapters.web.words import N_
from domain.workdays import SHANGHAI

MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")

BACK = {
    N_("1小时前"): timedelta(hours=1),
    N_("昨天此时"): timedelta(days=1),
    N_("7天前"): timedelta(days=7),
    N_("30天前"): timedelta(days=30),
}
BESIDE = {
    N_("往前1天"): timedelta(days=-1),
    N_("往前1小时"): timedelta(hours=-1),
    N_("往后1小时"): timedelta(hours=1),
    N_("往后1天"): timedelta(days=1),
}
SLIDER_HOURS = 30 * 24
"""How far back the slider goes, hour by hour; the field goes anywhere."""

MOVES = frozenset({"as_of", "cursor", "after", "done", "n", "date"})
"""Parameters of one moment or of what was done last: another moment leaves them behind."""


class AsOf(NamedTuple):
    """The moment that a page shows: ``typed`` as its field has it, ``asked`` as the API takes it, none for now."""

    typed: str = ""
    asked: str | None = None

    @classmethod
    def of(cls, visit: Visit, query: Mapping[str, str] | None = None) -> "AsOf":
        """What the address says, or a query that was kept. A time without offset is one of the halls; what is still to
        come is now."""
        typed = (visit.request.query_params if query is None else query).get("as_of", "").strip()
        if not typed:
            return cls()
        if not MOMENT.fullmatch(typed):
            return cls(typed, typed)
        asked = f"{typed}+08:00"
        try:
            to_come = datetime.fromisoformat(asked) > visit.site.clock()
        except ValueError:
            to_come = False
        return cls() if to_come else cls(typed, asked)

    @property
    def query(self) -> dict[str, str]:
        return {"as_of": self.typed} if self.typed else {}

    def times(self, visit: Visit) -> "Times":
        """How another moment of this page is reached."""
        return _times(visit, self)


class Elsewhen(NamedTuple):
    """The same page at another moment."""

    label: str
    href: str


class Times(NamedTuple):
    """What chooses the moment that a page shows: the field and the slider with their bounds in the halls' time, the
    parameters of the page that stay, and moments that are one press away."""

    typed: str
    latest: str
    hours_ago: int
    hours_most: int
    kept: list[tuple[str, str]]
    others: list[Elsewhen]
    now: str


def _times(visit: Visit, as_of: AsOf) -> Times:
    now = visit.site.clock().astimezone(SHANGHAI).replace(tzinfo=None, second=0, microsecond=0)
    kept = [
        (name, value) for name, value in visit.request.query_params.items() if name not in MOVES and value
    ]
    path = visit.request.url.path
    shown = datetime.fromisoformat(as_of.typed) if MOMENT.fullmatch(as_of.typed) else now

    def href(moment: datetime | None) -> str:
        query = urlencode([*kept, *([("as_of", moment.isoformat("T", "minutes"))] if moment else [])])
        return f"{path}?{query}" if query else path

    others = (
        [(name, shown + beside) for name, beside in BESIDE.items()]
        if as_of.asked
        else [(name, now - ago) for name, ago in BACK.items()]
    )
    return Times(
        shown.isoformat("T", "minutes"),
        now.isoformat("T", "minutes"),
        min(round((now - shown) / timedelta(hours=1)), SLIDER_HOURS),
        SLIDER_HOURS,
        kept,
        [Elsewhen(visit.gettext(name), href(moment)) for name, moment in others if moment <= now],
        href(None),
    )
