"""The screens of a hall and of its windows, with somebody called."""

from tests.browser.desk import HALL, Desk
from tests.browser.seeing import KIOSK, KIOSK_WIDE, Shot
from tests.running import Running

FOUR_K = (3840, 2160)
DIODES = (1280, 160)


def called(server: Running) -> str:
    """A day on which the second window has been at work."""
    desk = Desk(server, "w02")
    for _ in range(3):
        desk.whole_visit()
    return f"/halls/{HALL}/screen"


def of_window(server: Running) -> str:
    called(server)
    return f"/halls/{HALL}/windows/w02/screen"


SHOTS = [
    Shot("screen-empty", "/halls/yuantan/screen", (KIOSK_WIDE, FOUR_K, KIOSK), languages=("zh",), full=False),
    Shot(
        "screen-empty-dark",
        "/halls/yuantan/screen",
        (KIOSK_WIDE,),
        languages=("zh",),
        theme="dark",
        full=False,
    ),
    Shot("screen", called, (KIOSK_WIDE, FOUR_K, KIOSK), languages=("zh",), full=False),
    Shot("screen-dark", called, (KIOSK_WIDE,), languages=("zh",), theme="dark", full=False),
    Shot("screen-window", of_window, (KIOSK_WIDE, KIOSK, DIODES), languages=("zh",), full=False),
]
