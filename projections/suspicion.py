"""Ratings that look unlike one person's own word, each with the reason: a list to look into, never a deletion.

A rating is changed by nobody; what turns out to be wrong is ruled upon in its rectification. No source has thresholds:
these are proposed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from domain.message import Recorded, Text
from domain.review import InvitationTakenBack, ReviewGiven, ReviewInvited
from domain.workdays import local_date

MINE = frozenset({ReviewGiven, ReviewInvited, InvitationTakenBack})

Reason = Literal["one-device", "one-minute", "at-once", "one-person"]

MINUTE = timedelta(minutes=1)
DEVICE_A_MINUTE = 4
"""Ratings at one device within a minute from which they are flagged."""
HALL_A_MINUTE = 10
"""Ratings about one window within a minute."""
AT_ONCE = timedelta(seconds=3)
"""A rating this soon after the service ended was hardly read, let alone chosen."""
PERSON_A_DAY = 6
"""Services rated by one person on one day."""

REASONS: dict[Reason, Text] = {
    "one-device": Text("同一设备一分钟内评价过多", "many ratings at one device within a minute"),
    "one-minute": Text("同一窗口一分钟内评价过多", "many ratings about one window within a minute"),
    "at-once": Text("服务结束后数秒内即评价", "rated within seconds of the end of the service"),
    "one-person": Text("同一人一天内评价过多", "many services rated by one person on one day"),
}


class Flag(msgspec.Struct, frozen=True):
    """``reviews`` are the services rated, in order; who rated is not told."""

    reason: Reason
    hall: str
    window: str | None
    at: datetime
    reviews: list[str]


class _Rated(msgspec.Struct, frozen=True):
    service: str
    at: datetime
    given: ReviewGiven


def flags(log: Iterable[Recorded]) -> list[Flag]:
    """Everything suspicious in a log, the newest first; tests are left out."""
    ended: dict[str, datetime] = {}
    groups: dict[tuple[Reason, str], list[_Rated]] = {}
    found: list[Flag] = []
    for recorded in log:
        event, at = recorded.event, recorded.stamp.at
        if isinstance(event, ReviewInvited):
            ended[recorded.subject] = at
        if isinstance(event, InvitationTakenBack):
            ended.pop(recorded.subject, None)
        if not isinstance(event, ReviewGiven) or event.test:
            continue
        rated = _Rated(recorded.subject, at, event)
        since = ended.get(recorded.subject)
        if since is not None and timedelta(0) <= at - since < AT_ONCE:
            found.append(_flag("at-once", [rated]))
        if recorded.stamp.by.startswith("kiosk:"):
            groups.setdefault(("one-device", recorded.stamp.by), []).append(rated)
        if event.window is not None:
            groups.setdefault(("one-minute", f"{event.hall} {event.window}"), []).append(rated)
        if event.person is not None:
            day = local_date(at)
            groups.setdefault(("one-person", f"{event.person} {day}"), []).append(rated)
    for (reason, _), together in groups.items():
        if reason == "one-person":
            found += [_flag(reason, together)] if len(together) >= PERSON_A_DAY else []
        else:
            least = DEVICE_A_MINUTE if reason == "one-device" else HALL_A_MINUTE
            found += [_flag(reason, burst) for burst in _bursts(together) if len(burst) >= least]
    return sorted(found, key=lambda flag: (flag.at, flag.reason), reverse=True)


def _bursts(together: list[_Rated]) -> list[list[_Rated]]:
    """Ratings that begin within a minute of the first of them, in stretches that do not overlap."""
    bursts: list[list[_Rated]] = []
    for rated in sorted(together, key=lambda one: one.at):
        if bursts and rated.at - bursts[-1][0].at < MINUTE:
            bursts[-1].append(rated)
        else:
            bursts.append([rated])
    return bursts


def _flag(reason: Reason, together: list[_Rated]) -> Flag:
    last = together[-1]
    return Flag(reason, last.given.hall, last.given.window, last.at, [one.service for one in together])
