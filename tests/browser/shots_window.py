"""The window's console with a line in front of it and somebody in hand."""

import contextlib
import urllib.error
from typing import Any

from tests.browser.seeing import DESK, KIOSK_WIDE, PHONE, Shot
from tests.running import Running

HALL = "guotan"
ACCOUNT = f"clerk-{HALL}-w01"
PRIORITIES = ("ordinary", "elderly", "ordinary", "disabled")


def at_work(server: Running) -> str:
    """A line of several, one set aside, one missed, one in hand."""
    kiosk = server.token("kiosk", f"kiosk-{HALL}-01", hall=HALL)
    clerk = server.token("clerk", ACCOUNT, hall=HALL, window="w01")
    line = server.get(f"/api/v1/halls/{HALL}/line", clerk)
    if any(ticket["status"] in ("called", "serving") for ticket in line["tickets"]):
        return "/window"

    def do(what: str, body: Any = None) -> None:
        server.post(f"/api/v1/halls/{HALL}/windows/w01/{what}", body, clerk)

    items = server.get(f"/api/v1/items?hall={HALL}&limit=9")["items"]
    for nth, item in enumerate(items):
        asked = {"item": item["item"], "priority": PRIORITIES[nth % len(PRIORITIES)]}
        server.post(f"/api/v1/halls/{HALL}/tickets", asked, kiosk)
    do("open")
    do("call-next")
    do("park", {"reason": "等候补充材料"})
    do("call-next")
    do("no-show")
    do("call-next")
    do("start")
    return "/window"


def inviting(server: Running) -> str:
    """Whoever was served has just gone and may be asked to rate."""
    clerk = server.token("clerk", "clerk-zhangdian-w03", hall="zhangdian", window="w03")
    kiosk = server.token("kiosk", "kiosk-zhangdian-01", hall="zhangdian")
    path = "/api/v1/halls/zhangdian/windows/w03"
    for _ in range(2):
        server.post("/api/v1/halls/zhangdian/tickets", {"queue": "a"}, kiosk)
    with contextlib.suppress(urllib.error.HTTPError):  # another shot has opened it
        server.post(f"{path}/open", None, clerk)
    for act in ("call-next", "start", "finish"):
        server.post(f"{path}/{act}", None, clerk)
    server.until(f"{path}/invitation/state", clerk, lambda told: told["until"] is not None)
    return "/window"


def of_case(server: Running) -> str:
    """A case that was opened for whoever is in hand, received and not yet accepted."""
    at_work(server)
    clerk = server.token("clerk", ACCOUNT, hall=HALL, window="w01")
    line = server.get(f"/api/v1/halls/{HALL}/line", clerk)
    (hand,) = [
        ticket for ticket in line["tickets"] if ticket["window"] == "w01" and ticket["status"] == "serving"
    ]
    person = {"name": "测试甲", "id_number": "110101199003077715"}
    asked = {"item": hand["item"], "hall": HALL, "person": person, "ticket": hand["id"]}
    opened = server.post("/api/v1/cases", asked, clerk)
    return f"/window/cases/{opened['case']}?act=request-correction&after={opened['position']}"


def paused(server: Running) -> str:
    """A promised case that stands still for a reason of the hall's own, and waits for more days."""
    clerk = server.token("clerk", ACCOUNT, hall=HALL, window="w01")
    listed = server.get(f"/api/v1/items?hall={HALL}&limit=100")["items"]
    item = next(one for one in listed if one["handling"] == "promised" and one["statutory_limit_workdays"])
    person = {"name": "测试丙", "id_number": "110101199003077715"}
    case = server.post("/api/v1/cases", {"item": item["item"], "hall": HALL, "person": person}, clerk)["case"]

    def do(what: str, body: Any) -> int:
        return int(server.post(f"/api/v1/cases/{case}/{what}", body, clerk)["position"])

    do("accept", {})
    do("begin-step", {"step": "s1", "name": "现场核验", "handler": ACCOUNT, "workdays": 2})
    do("ask-extension", {"workdays": 5, "reason": "材料复杂"})
    last = do("pause", {"reason": "payment", "note": "待缴工本费", "needs_workdays": 3})
    return f"/window/cases/{case}?after={last}"


def pausing(server: Running) -> str:
    """A case that runs, with the form that lets it stand still."""
    path = paused(server).partition("?")[0]
    clerk = server.token("clerk", ACCOUNT, hall=HALL, window="w01")
    done = server.post(f"/api/v1{path.removeprefix('/window')}/resume", {"result": "已缴费"}, clerk)
    return f"{path}?act=pause&after={done['position']}"


def cases(server: Running) -> str:
    of_case(server)
    return "/window/cases"


SHOTS = [
    Shot("window", at_work, (DESK, KIOSK_WIDE), account=ACCOUNT, full=False),
    Shot("window-dark", at_work, (DESK, KIOSK_WIDE), account=ACCOUNT, theme="dark", full=False),
    Shot("window-inviting", inviting, (DESK, KIOSK_WIDE), account="clerk-zhangdian-w03", full=False),
    Shot("window-closed", "/window", (DESK,), account=f"clerk-{HALL}-w02", full=False),
    Shot("window-choose", "/window?hall=guotan", (DESK,), account="admin-01"),
    Shot("window-case", of_case, (DESK, KIOSK_WIDE, PHONE), account=ACCOUNT),
    Shot("window-case-paused", paused, (DESK,), account=ACCOUNT),
    Shot("window-case-pausing", pausing, (DESK,), account=ACCOUNT, theme="dark"),
    Shot("window-cases", cases, (DESK, KIOSK_WIDE), account=ACCOUNT, theme="dark"),
    Shot("window-case-new", "/window/cases/new", (DESK,), account=ACCOUNT),
    Shot("window-counter", "/window/counter", (DESK, KIOSK_WIDE), account=ACCOUNT),
    Shot("window-day", "/window/day", (DESK,), account=ACCOUNT),
    Shot("window-paper", "/window/paper", (DESK,), account=ACCOUNT),
    Shot("window-booking", "/window/counter/booking", (DESK,), account=ACCOUNT),
]
