"""The supervisor's and the auditor's pages, with bad reviews at several steps and cases to look at."""

from collections.abc import Callable

from tests.browser.oversight import HALL, Oversight
from tests.browser.seeing import DESK, KIOSK_WIDE, PHONE, Shot
from tests.running import Running

_made: dict[str, dict[str, str]] = {}


def made(server: Running) -> dict[str, str]:
    """What there is to see, made once a server: a review at each of some steps, good ones, a case."""
    if server.url not in _made:
        at_work = Oversight(server)
        for n, grade in enumerate(("very-satisfied", "satisfied", "fairly-satisfied", "very-satisfied")):
            at_work.rated(grade, f"shots-{n}")
        fresh, contested, answered = (at_work.bad(f"shots-bad-{n}") for n in range(3))
        at_work.act(contested, "contact", {"outcome": "reached", "note": "已电话致歉"})
        at_work.act(contested, "verify", {"finding": "mis-rated", "note": "评价的是另一窗口"})
        at_work.act(answered, "assign", {"clerk": "clerk-w12"})
        at_work.act(answered, "contact", {"outcome": "reached"})
        at_work.act(answered, "verify", {"finding": "true", "note": "属实"})
        _made[server.url] = {"fresh": fresh, "case": at_work.case("shots-case")}
    return _made[server.url]


def after(path: str) -> Callable[[Running], str]:
    """A path, once there is something to see; ``{fresh}`` and the like are what was made."""
    return lambda server: path.format(**made(server))


WHO = "supervisor-01"
SHOTS = [
    Shot("supervise", after("/supervise"), (DESK, PHONE, KIOSK_WIDE), account=WHO),
    Shot("supervise-dark", after("/supervise"), (DESK,), account=WHO, theme="dark", languages=("zh",)),
    Shot("supervise-work", after("/supervise/rectifications/{fresh}"), (DESK, PHONE), account=WHO),
    Shot("supervise-cases", after("/supervise/cases"), (DESK, PHONE), account=WHO),
    Shot("supervise-case", after("/supervise/cases/{case}"), (DESK,), account=WHO),
    Shot("supervise-halls", after("/supervise/halls"), (DESK, PHONE), account="admin-01"),
    Shot("supervise-hall", after(f"/supervise/halls/{HALL}"), (DESK, PHONE), account=WHO),
    Shot("supervise-figures", after("/supervise/figures"), (DESK, PHONE, KIOSK_WIDE), account=WHO),
    Shot("supervise-evidence", after("/supervise/figures/favourable"), (DESK,), account="admin-01"),
    Shot("supervise-flags", after("/supervise/flags"), (DESK,), account=WHO),
    Shot("supervise-talks", after("/supervise/talks"), (DESK,), account=WHO),
    Shot("supervise-suspensions", after("/supervise/suspensions"), (DESK,), account=WHO),
    Shot("audit", after("/audit"), (DESK, PHONE), account="auditor-01"),
    Shot("audit-event", after("/audit/events/5"), (DESK,), account="auditor-01"),
    Shot("audit-looks", after("/audit/looks"), (DESK,), account="auditor-01"),
]
