"""Recorded days to play: one made up here, with every oddity a record may hold, and a real one where it lies.

``figures`` works them out a second time, row by row in the plainest words, for tests to compare with.
"""

import csv
import io
import random
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
COLUMNS = (
    "vru+line", "call_id", "type", "vru_entry", "vru_exit", "vru_time", "q_start", "q_exit", "q_time",
    "outcome", "ser_start", "ser_exit", "ser_time", "server", "server_abv",
)  # fmt: skip
ORDINARY = {
    "vru+line": "AA0101", "call_id": "1", "type": "PS", "vru_entry": "9:00:00", "vru_exit": "9:00:05",
    "vru_time": "5", "q_start": "9:00:05", "q_exit": "9:01:05", "q_time": "60", "outcome": "AGENT",
    "ser_start": "9:01:05", "ser_exit": "9:04:05", "ser_time": "180", "server": "AVI", "server_abv": "AVI",
}  # fmt: skip
NONE = "0:00:00"


def row(**cells: str) -> str:
    """A row like an ordinary one but for the cells given."""
    said = ORDINARY | cells
    return ",".join(said[name] for name in COLUMNS)


def file(*rows: str, end: str = "\n") -> bytes:
    return end.join([",".join(COLUMNS), *rows, ""]).encode()


def clock(seconds: int) -> str:
    seconds %= 86_400
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


SENSELESS = (
    row(q_start="25:61:00"),
    row(q_exit="8:59:00", ser_start=NONE, ser_exit=NONE),
    row(ser_exit="9:01:00", ser_start="9:03:00"),
    row(server=""),
    row(q_exit=NONE),
    row(q_time="-1"),
    row(q_time="soon"),
    row(outcome="HANG", q_start=NONE),
    row(type=""),
    row(outcome=""),
    row(ser_exit=NONE),
    row(ser_start="8:00:00", ser_exit="8:10:00"),
    "9:00:00,PS",
    '"AA0101,1,PS',
)
"""Rows nobody could make sense of."""


def made_day(calls: int = 300) -> bytes:
    """A busy evening of four windows that goes on past midnight, with senseless rows strewn in."""
    chance = random.Random(1999)
    free = dict.fromkeys(("AVI", "ZOHARI", "NO_SERVER", "Z1 GOLDIE"), 0)
    rows: list[str] = []
    at = 17 * 3600
    for n in range(calls):
        at += chance.randrange(5, 180)
        server = min(free, key=lambda name: free[name])
        called = max(at, free[server])
        ends = called + chance.randrange(20, 900)
        kind = chance.choice(("PS", "PS", "NW", "IN"))
        told = {
            "call_id": str(n), "type": kind, "vru_entry": clock(at - 9), "vru_exit": clock(at), "server": server,
            "q_start": clock(at), "q_exit": clock(called), "q_time": str(called - at),
            "ser_start": clock(called - chance.randrange(2)), "ser_exit": clock(ends),
        }  # fmt: skip
        match chance.randrange(12):
            case 0:
                away = called + chance.randrange(1, 200)
                told |= {"outcome": "HANG", "q_exit": clock(away), "q_time": str(away - at)}
                told |= {"ser_start": NONE, "ser_exit": NONE, "server": "NO_SERVER"}
            case 1:
                told |= {"outcome": "PHANTOM", "q_exit": clock(at + 7), "q_time": "7", "server": "NO_SERVER"}
            case 2:
                told |= {"outcome": "HANG", "q_time": "0", "ser_start": NONE, "ser_exit": NONE}
            case 3:
                told |= {"q_start": NONE, "q_exit": NONE, "q_time": "0", "ser_start": clock(called)}
                free[server] = ends
            case 4 if called > at:
                told |= {"ser_start": NONE, "ser_exit": NONE}
                free[server] = called
            case 5:
                free[server] = ends - 15  # the next one is called before this one has ended
            case _:
                free[server] = ends
        rows.append(row(**told))
        if n % 20 == 0:
            rows.append(SENSELESS[n // 20 % len(SENSELESS)])
    return file(*rows)


def days() -> dict[str, bytes]:
    """The recorded days there are."""
    found = {"made up": made_day()}
    if (real := SHARED / "queue-day.csv").exists():
        found["real"] = real.read_bytes()
    return found


def figures(data: bytes, senseless: Iterable[int] = ()) -> dict[str, Any]:
    """The figures of a day, leaving out the senseless lines."""
    left = 0
    never_joined = 0
    waits: list[int] = []
    services: dict[str, list[list[int]]] = {}
    lines = list(csv.reader(io.StringIO(data.decode()), quoting=csv.QUOTE_NONE))
    for number, cells in enumerate(lines[1:], 2):
        if number in senseless:
            continue
        told = dict(zip(lines[0], cells, strict=True))
        q_start, q_exit, ser_start, ser_exit = on_one_scale(
            [told["vru_exit"], told["q_start"], told["q_exit"], told["ser_start"], told["ser_exit"]]
        )[1:]
        if told["q_time"] == "0" and told["ser_start"] == NONE:
            never_joined += 1
            continue
        if told["outcome"] != "AGENT":
            left += 1
            continue
        if told["q_start"] == NONE:
            q_start = q_exit = ser_start
        if told["ser_start"] == NONE:
            ser_start = ser_exit = q_exit
        waits.append(q_exit - q_start)
        begins = max(ser_start, q_exit)
        services.setdefault(told["server"], []).append([begins, max(begins, ser_exit)])
    overlaps = 0
    for of_window in services.values():
        of_window.sort()
        for earlier, later in pairwise(of_window):
            if earlier[1] > later[0]:
                overlaps += 1
                earlier[1] = later[0]
    lengths = [ends - begins for of_window in services.values() for begins, ends in of_window]
    waits.sort()
    return {
        "issued": len(waits) + left,
        "served": len(waits),
        "left": left,
        "wait_s": {
            "mean": sum(waits) / len(waits),
            "p50": waits[(len(waits) * 50 + 99) // 100 - 1],
            "p90": waits[(len(waits) * 90 + 99) // 100 - 1],
            "max": waits[-1],
        },
        "service_s": {"mean": sum(lengths) / len(lengths)},
        "windows": len(services),
        "overlaps": overlaps,
        "never_joined": never_joined,
    }


def on_one_scale(times: list[str]) -> list[int]:
    """Seconds after the first midnight; what is more than 12 hours before the one it follows is a day later."""
    scaled: list[int] = []
    last = 0
    for told in times:
        hours, minutes, seconds = (int(part) for part in told.split(":"))
        at = hours * 3600 + minutes * 60 + seconds
        if told != NONE:
            while at < last - 12 * 3600:
                at += 24 * 3600
            last = at
        scaled.append(at)
    return scaled
