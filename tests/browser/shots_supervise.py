"""The supervisor's and the auditor's pages, with bad reviews at several steps and cases to look at."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from domain.workdays import SHANGHAI
from tests.browser.oversight import HALL, ITEM, Oversight
from tests.browser.seeing import DESK, KIOSK_WIDE, PHONE, Shot
from tests.running import Running

_made: dict[str, dict[str, str]] = {}


def made(server: Running) -> dict[str, str]:
    """What there is to see, made once a server: a review at each of some steps, good ones, a case."""
    if server.url not in _made:
        at_work = Oversight(server)
        good = [
            at_work.rated(grade, f"shots-{n}")
            for n, grade in enumerate(
                ("very-satisfied", "satisfied", "fairly-satisfied", "very-satisfied") * 2
            )
        ]
        fresh, contested, answered = (at_work.bad(f"shots-bad-{n}") for n in range(3))
        at_work.act(contested, "contact", {"outcome": "reached", "note": "已电话致歉"})
        at_work.act(contested, "verify", {"finding": "mis-rated", "note": "评价的是另一窗口"})
        at_work.act(answered, "assign", {"clerk": "clerk-w12"})
        at_work.act(answered, "contact", {"outcome": "reached"})
        at_work.act(answered, "verify", {"finding": "true", "note": "属实"})
        crowd(server)
        troubled(server, [fresh, contested, answered])
        _made[server.url] = {"good": good[0], "fresh": fresh, "case": at_work.case("shots-case")}
    return _made[server.url]


def crowd(server: Running) -> None:
    """A township where people wait, some of them for a window that nobody has opened, and a clerk calls for help."""
    hall, window = "zhangdian", "w01"
    board = server.get(f"/api/v1/halls/{hall}/board")
    if any(one["state"] == "open" for one in board["windows"]):
        return
    kiosk = server.token("kiosk", f"kiosk-{hall}-01", hall=hall)
    for queue in ("a", "a", "b"):
        server.post(f"/api/v1/halls/{hall}/tickets", {"queue": queue}, kiosk)
    clerk = server.token("clerk", f"clerk-{hall}-{window}", hall=hall, window=window)
    for what, body in (("open", {"queues": ["a"]}), ("call-next", {}), ("alarm", {"kind": "help"})):
        server.post(f"/api/v1/halls/{hall}/windows/{window}/{what}", body, clerk)


def troubled(server: Running, services: list[str]) -> None:
    """A unit that has let three deadlines pass and is called to a talk, and a person who has appealed against the
    suspension of their online booking: written down as things that happened on days before."""
    admin, citizen = server.token("admin", "admin-01"), server.token("citizen", "shots-late")
    person = f"citizen-{server.get('/api/v1/people/me', citizen)['person']}"
    now = datetime.now(SHANGHAI)
    told: list[dict[str, Any]] = []

    def tell(stream: str, days_ago: int, command: str, **fields: Any) -> None:
        at, key = (now - timedelta(days=days_ago)).isoformat(), f"shots-{len(told)}"
        told.append({"stream": stream, "at": at, "key": key, "command": {"type": command, **fields}})

    for days_ago in (9, 7):
        name, begun = f"{HALL}.shots.{days_ago}", now - timedelta(days=days_ago)
        place = {"hall": HALL, "item": ITEM, "starts_at": begun.isoformat()}
        ends = (begun + timedelta(hours=1)).isoformat()
        tell(person, days_ago + 1, "record-booking", appointment=name, ends_at=ends, **place)
        tell(person, days_ago - 1, "record-no-show", appointment=name)
    tell(person, 2, "appeal-suspension", reason="两次都在住院，有医院证明")
    due = {"at": (now + timedelta(days=2)).isoformat()}
    for days_ago, service in zip((5, 4, 1), services, strict=True):
        tell(f"unit-{HALL}", days_ago, "note-lag", service=service, step="contact", rule={}, due=due)
    receipts = server.post("/api/v1/import", told, admin)["receipts"]
    for view in ("talks", "suspensions"):
        server.get(f"/api/v1/{view}?after={receipts[-1]['position']}", admin)


def after(path: str) -> Callable[[Running], str]:
    """A path, once there is something to see; ``{fresh}`` and the like are what was made."""
    return lambda server: path.format(**made(server))


def snapshot(server: Running) -> str:
    """A month that was frozen, with figures to look at."""
    rates = {"favourable": (470, 481), "bad": (6, 481), "rectified_in_time": (6, 6), "called_back": (5, 6)}
    groups = [{"by": by, "name": name, "rates": rates} for by, name in (("all", "all"), ("hall", HALL))]
    freeze = {"type": "freeze-figures", "position": 1, "groups": groups}
    told = {
        "stream": "snapshot-2026-09",
        "at": "2026-09-30T16:00:05Z",
        "key": "shots-2026-09",
        "command": freeze,
    }
    admin = server.token("admin", "admin-01")
    (receipt,) = server.post("/api/v1/import", [told], admin)["receipts"]
    server.get(f"/api/v1/performance/snapshots/2026-09?after={receipt['position']}", admin)
    return "/supervise/figures/snapshots/2026-09"


WHO = "supervisor-01"
PAST = f"as_of={datetime.now(SHANGHAI) - timedelta(hours=1):%Y-%m-%dT%H:%M}"
SHOTS = [
    Shot("supervise", after("/supervise"), (DESK, PHONE, KIOSK_WIDE), account=WHO),
    Shot("supervise-dark", after("/supervise"), (DESK,), account=WHO, theme="dark"),
    Shot("supervise-large", after("/supervise"), (DESK, PHONE), account=WHO, large=True),
    Shot("supervise-past", after(f"/supervise?{PAST}"), (DESK, PHONE), account=WHO),
    Shot(
        "supervise-work", after("/supervise/rectifications/{fresh}"), (DESK, PHONE, KIOSK_WIDE), account=WHO
    ),
    Shot(
        "supervise-work-dark", after("/supervise/rectifications/{fresh}"), (DESK,), account=WHO, theme="dark"
    ),
    Shot("supervise-service", after("/supervise/services/{good}"), (DESK, PHONE), account=WHO),
    Shot("supervise-cases", after("/supervise/cases"), (DESK, PHONE, KIOSK_WIDE), account=WHO),
    Shot("supervise-case", after("/supervise/cases/{case}"), (DESK, PHONE), account=WHO),
    Shot("supervise-halls", after("/supervise/halls"), (DESK, PHONE, KIOSK_WIDE), account="admin-01"),
    Shot("supervise-halls-dark", after("/supervise/halls"), (DESK,), account="admin-01", theme="dark"),
    Shot("supervise-hall", after(f"/supervise/halls/{HALL}"), (DESK, PHONE, KIOSK_WIDE), account=WHO),
    Shot("supervise-close", after(f"/supervise/halls/{HALL}/close"), (DESK, PHONE), account=WHO),
    Shot("supervise-tickets", after(f"/supervise/halls/{HALL}/tickets"), (DESK, PHONE), account=WHO),
    Shot("supervise-figures", after("/supervise/figures"), (DESK, PHONE, KIOSK_WIDE), account=WHO),
    Shot("supervise-figures-dark", after("/supervise/figures"), (DESK,), account=WHO, theme="dark"),
    Shot("supervise-evidence", after("/supervise/figures/favourable"), (DESK, PHONE), account="admin-01"),
    Shot("supervise-snapshot", snapshot, (DESK, PHONE), account="admin-01"),
    Shot("supervise-flags", after("/supervise/flags"), (DESK, PHONE), account=WHO),
    Shot("supervise-talks", after("/supervise/talks"), (DESK, PHONE), account="admin-01"),
    Shot("supervise-suspensions", after("/supervise/suspensions"), (DESK, PHONE), account=WHO),
    Shot("audit", after("/audit"), (DESK, PHONE), account="auditor-01"),
    Shot("audit-event", after("/audit/events/5"), (DESK,), account="auditor-01"),
    Shot("audit-looks", after("/audit/looks"), (DESK,), account="auditor-01"),
]
