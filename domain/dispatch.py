"""Which lines have become too long, and which window could help: advice to the hall's staff, who decide.

A line is in alarm by the thresholds of the hall's plan. Help comes, in this order, from a window that is open and has
nobody to call (lend it to the line), from one that is paused or closed and serves the line (open it as a 潮汐窗口),
and from any other closed window. No window is advised twice.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from domain.hall import Alarms
from domain.line import needs, served_by
from domain.message import Text
from domain.queue import Queue, Window, windows_serving

Cause = Literal["waiting", "wait", "unserved", "skill"]
"""Too many wait, or for too long; no window calls; or none with a clerk who knows what some of them need."""
Help = Literal["lend", "resume", "open"]


class Suggestion(msgspec.Struct, frozen=True):
    """What could be done with a window: ``queues`` is what it would be opened with."""

    help: Help
    window: str
    name: Text
    queues: tuple[str, ...]
    text: Text


class LineInAlarm(msgspec.Struct, frozen=True):
    """A line that is too long, why, and what could be done. ``p80_wait_s`` is how long the fifth part of those in line
    that waits longest has waited so far, at least."""

    queue: str
    name: Text
    waiting: int
    p80_wait_s: int
    windows_open: int
    causes: tuple[Cause, ...]
    text: Text
    suggestions: tuple[Suggestion, ...]


def dispatch(queue: Queue, alarms: Alarms, at: datetime) -> list[LineInAlarm]:
    """The lines in alarm, the one with most people first."""
    taken: set[str] = set()
    found: list[LineInAlarm] = []
    for line in sorted(queue.lines, key=lambda name: -len(queue.lines[name])):
        waits = sorted(_waited_s(queue, line, at))
        if not waits:
            continue
        serving = sum(1 for _ in windows_serving(queue, line))
        p80 = waits[-(-80 * len(waits) // 100) - 1]
        missing = _missing_skills(queue, line) if serving else set()
        causes = tuple(_causes(alarms, len(waits), p80, serving, missing))
        if not causes:
            continue
        suggestion = next(_helpers(queue, line, taken, missing), None)
        if suggestion is not None:
            taken.add(suggestion.window)
        found.append(
            LineInAlarm(
                line,
                queue.queues[line].name,
                len(waits),
                p80,
                serving,
                causes,
                _describe(queue, line, len(waits), p80, serving, missing),
                () if suggestion is None else (suggestion,),
            )
        )
    return found


def _waited_s(queue: Queue, line: str, at: datetime) -> Iterator[int]:
    for number in queue.lines[line]:
        yield max(0, round((at - queue.tickets[number].issued_at).total_seconds()))


def _missing_skills(queue: Queue, line: str) -> set[str]:
    """What people in a line need that no clerk who calls from it knows."""
    tickets = [queue.tickets[number] for number in queue.lines[line]]
    known = {skill for window in windows_serving(queue, line) for skill in window.skills}
    return {skill for t in tickets if not served_by(queue, t) for skill in needs(queue, t) - known}


def _causes(alarms: Alarms, waiting: int, p80_s: int, serving: int, missing: set[str]) -> Iterator[Cause]:
    if waiting > alarms.waiting:
        yield "waiting"
    if p80_s > alarms.wait_minutes * 60:
        yield "wait"
    if serving == 0:
        yield "unserved"
    if missing:
        yield "skill"


def _describe(queue: Queue, line: str, waiting: int, p80_s: int, serving: int, missing: set[str]) -> Text:
    name, minutes = queue.queues[line].name, p80_s // 60
    zh = f"{name.zh}：{waiting}人等候，五分之一的人已等候至少{minutes}分钟，{serving}个窗口开放。"
    en = f"{name.en}: {waiting} waiting, one in five for at least {minutes} min, {serving} windows open."
    skills = queue.plan.skills if queue.plan is not None else {}
    for known in (skills[skill] for skill in sorted(missing)):
        zh += f"有人需要“{known.zh}”，没有窗口会。"
        en += f" Some need “{known.en}”, which nobody at these windows knows."
    return Text(zh, en)


def _helpers(queue: Queue, line: str, taken: set[str], missing: set[str]) -> Iterator[Suggestion]:
    """The windows that could help a line, the easiest first. A clerk who is there must know what its queue needs and
    what is ``missing``; who would sit at a closed window nobody knows."""
    name, skill = queue.queues[line].name, queue.queues[line].skill
    wanted = missing | ({skill} if skill is not None else set())
    untaken = [window for window in queue.windows.values() if window.plan.window not in taken]
    free = [w for w in untaken if w.state == "closed" or wanted <= {*w.skills}]
    for window in free:
        if _is_idle(queue, window) and line not in window.queues:
            here = window.plan.name
            zh = f"{here.zh}空闲，可临时受理{name.zh}。"
            en = f"{here.en} is idle and could also serve {name.en}."
            yield Suggestion("lend", window.plan.window, here, (line, *window.queues), Text(zh, en))
    for window in free:
        if window.state == "paused" and line in window.queues and window.serving is None:
            here = window.plan.name
            text = Text(f"{here.zh}已暂停，可恢复叫号。", f"{here.en} is paused and could go on.")
            yield Suggestion("resume", window.plan.window, here, window.queues, text)
    closed = [window for window in free if window.state == "closed"]
    for window in sorted(closed, key=lambda window: line not in window.plan.queues):
        here = window.plan.name
        rest = tuple(other for other in window.plan.queues if other != line)
        zh = f"可开放{here.zh}作为潮汐窗口，受理{name.zh}。"
        en = f"{here.en} could be opened as a tide window for {name.en}."
        yield Suggestion("open", window.plan.window, here, (line, *rest), Text(zh, en))


def _is_idle(queue: Queue, window: Window) -> bool:
    """Whether a window is open and has nobody to call."""
    return (
        window.state == "open"
        and window.serving is None
        and not any(queue.lines.get(line) for line in window.queues)
    )
