"""The kiosk of a hall, upright and lying, with what each of its steps shows."""

from tests.browser.desk import HALL, Desk, configure
from tests.browser.seeing import DESK, KIOSK, KIOSK_WIDE, Shot
from tests.running import Running

ACCOUNT = f"kiosk-{HALL}-01"
HOME = f"/halls/{HALL}/kiosk"
BOTH = (KIOSK, KIOSK_WIDE)


def with_people(server: Running) -> str:
    """Some wait, and a window calls."""
    desk = Desk(server, "w02")
    for _ in range(3):
        desk.issue()
    return HOME


def closed(server: Running) -> str:
    """A hall whose day is over: one in which no later picture works."""
    state = server.get("/api/v1/halls/heilong/board")["state"]
    if state == "not-open":
        kiosk = server.token("kiosk", "kiosk-heilong-01", hall="heilong")
        server.post("/api/v1/halls/heilong/tickets", {"queue": "a"}, kiosk)
    if state != "closed":
        done = server.post(
            "/api/v1/halls/heilong/day/close", {"force": True}, server.token("admin", "admin-01")
        )
        server.get(f"/api/v1/halls/heilong?after={done['position']}")
    return "/halls/heilong/kiosk"


def full(server: Running) -> str:
    """A hall in which as many wait as it takes in."""
    waiting = sum(queue["waiting"] for queue in server.get("/api/v1/halls/huyang/board")["queues"])
    configure(server, "huyang", capacity=max(waiting, 1))
    if not waiting:
        kiosk = server.token("kiosk", "kiosk-huyang-01", hall="huyang")
        taken = server.post("/api/v1/halls/huyang/tickets", {"queue": "a"}, kiosk)
        server.get(f"/api/v1/halls/huyang/board?after={taken['position']}")
    return "/halls/huyang/kiosk"


def kiosk(name: str, path: str) -> Shot:
    return Shot(f"kiosk-{name}", HOME + path, BOTH, account=ACCOUNT, full=False)


SHOTS = [
    Shot("kiosk-home", with_people, BOTH, account=ACCOUNT, full=False),
    kiosk("queue", "/queues/a"),
    Shot("kiosk-closed", closed, BOTH, account="kiosk-heilong-01", full=False),
    Shot("kiosk-full", full, BOTH, account="kiosk-huyang-01", full=False),
    kiosk("check-in", "/check-in"),
    kiosk("check-in-document", "/check-in/document"),
    kiosk("check-in-phone", "/check-in/phone"),
    kiosk("check-in-mail", "/check-in/mail"),
    kiosk("query", "/query"),
    kiosk("rate", "/rate"),
    kiosk("thanks", "/thanks"),
    kiosk("help", "/help"),
    Shot("kiosk-enrol", "/enrol", (KIOSK, DESK)),
]
