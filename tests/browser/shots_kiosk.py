"""The kiosk of a hall, upright and lying, with what each of its steps shows."""

from tests.browser.desk import HALL, Desk
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


def kiosk(name: str, path: str) -> Shot:
    return Shot(f"kiosk-{name}", HOME + path, BOTH, account=ACCOUNT, full=False)


SHOTS = [
    Shot("kiosk-home", with_people, BOTH, account=ACCOUNT, full=False),
    kiosk("queue", "/queues/a"),
    kiosk("check-in", "/check-in"),
    kiosk("check-in-document", "/check-in/document"),
    kiosk("check-in-phone", "/check-in/phone"),
    kiosk("query", "/query"),
    kiosk("rate", "/rate"),
    kiosk("thanks", "/thanks"),
    kiosk("help", "/help"),
    Shot("kiosk-enrol", "/enrol", (KIOSK, DESK)),
]
