"""The citizens' pages, on a phone of 360 pixels."""

import secrets
import urllib.error
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.workdays import SHANGHAI
from tests.browser.seeing import DESK, PHONE, Shot
from tests.running import Running

ITEM = "demo-shebaoka-shenling"
ME = "citizen-01"
HALL = "tanghe"


def free(server: Running, hall: str = HALL, skip: int = 0) -> tuple[str, str]:
    """A day and a slot that can still be booked."""
    halls = server.get(f"/api/v1/items/{ITEM}/halls?hall={hall}")["halls"]
    day = [one["date"] for one in halls[0]["days"] if one["remaining"]][skip]
    slots = server.get(f"/api/v1/halls/{hall}/slots?item={ITEM}&date={day}")["slots"]
    return day, next(slot["slot"] for slot in slots if slot["remaining"])


def hold(server: Running) -> str:
    day, slot = free(server)
    body = {"item": ITEM, "date": day, "slot": slot}
    held = server.post(f"/api/v1/halls/{HALL}/holds", body, server.token("citizen", "citizen-02"))
    return f"/holds/{held['hold']}"


def booked(server: Running) -> Any:
    """The citizen's appointment; the same one however often it is asked for."""
    token = server.token("citizen", ME)
    known = [a for a in server.get("/api/v1/appointments", token)["appointments"] if a["status"] == "booked"]
    if known:
        return known[0]
    day, slot = free(server, skip=1)
    body = {"item": ITEM, "date": day, "slot": slot}
    made = server.post(f"/api/v1/halls/{HALL}/appointments", body, token)
    server.get(f"/api/v1/appointments?after={made['position']}", token)
    return made


def voucher(server: Running) -> str:
    return f"/appointments/{booked(server)['voucher']}"


def move(server: Running) -> str:
    return f"{voucher(server)}/move"


def mine(server: Running) -> str:
    booked(server)
    case(server)
    return "/mine"


def ticket(server: Running) -> str:
    """A ticket in a line with a window that calls."""
    clerk = server.token("clerk", "clerk-heilong-w02", hall="heilong")
    server.post("/api/v1/halls/heilong/windows/w02/open", token=clerk)
    for _ in range(3):
        taken = server.post("/api/v1/halls/heilong/tickets", {"queue": "a"}, clerk)
    return f"/follow/{taken['follow']}"


def served(server: Running) -> str:
    """The link of the rating of a service that has ended."""
    clerk = server.token("clerk", "clerk-huyang-w01", hall="huyang", window="w01")
    window = "/api/v1/halls/huyang/windows/w01"
    server.post(f"{window}/open", token=clerk)
    taken = server.post("/api/v1/halls/huyang/tickets", {"queue": "a"}, clerk)
    server.post(f"{window}/call-next", token=clerk)
    server.post(f"{window}/start", token=clerk)
    server.post(f"{window}/finish", token=clerk)
    return str(server.get(f"/api/v1/tickets/{taken['follow']}")["review"])


def take(server: Running) -> str:
    ticket(server)
    return "/halls/heilong/take"


def rate(server: Running) -> str:
    return f"/reviews/{served(server)}"


def rated(server: Running) -> str:
    """A bad rating by somebody who has signed in."""
    link = served(server)
    body = {"service": {"invitation": link}, "grade": "dissatisfied", "tags": ["214"], "channel": "qr-code"}
    given = server.post("/api/v1/reviews", body, server.token("citizen", ME))
    server.get(
        f"/api/v1/rectifications/{given['service']}?after={given['position']}", server.token("citizen", ME)
    )
    return f"/reviews/{link}"


def case(server: Running) -> str:
    """A case that waits for papers."""
    token = server.token("citizen", ME)
    known = server.get("/api/v1/cases", token)["cases"]
    return f"/cases/{known[0]['case']}" if known else asked(server, token)


def asked(server: Running, token: str) -> str:
    """Somebody's new case, for which a paper is asked."""
    clerk = server.token("clerk", "clerk-w01", hall=HALL)
    made = server.post("/api/v1/cases", {"item": "demo-shenfenzheng-buling", "hall": HALL}, token)
    path = f"/cases/{made['case']}"
    body = {"missing": ["居民户口簿"], "answer_workdays": 5}
    told = server.post(f"/api/v1{path}/request-correction", body, clerk)
    server.get(f"/api/v1{path}?after={told['position']}", token)
    return path


def handed_in(server: Running) -> str:
    """A case whose applicant has answered online, waiting for the office."""
    token = server.token("citizen", "citizen-02")
    known = server.get("/api/v1/cases", token)["cases"]
    if known:
        return f"/cases/{known[0]['case']}"
    path = asked(server, token)
    papers = [{"paper": "居民户口簿", "how": "licence", "told": "1.2.156.3005.2.41132800.0001"}]
    sent = server.post(f"/api/v1{path}/hand-in", {"papers": papers}, token)
    server.get(f"/api/v1{path}?after={sent['position']}", token)
    return path


def full(server: Running) -> str:
    """A day that is booked to the last place."""
    day = server.get(f"/api/v1/items/{ITEM}/halls?hall=zhangdian")["halls"][0]["days"][-1]["date"]
    slots = server.get(f"/api/v1/halls/zhangdian/slots?item={ITEM}&date={day}")["slots"]
    taken = [slot["slot"] for slot in slots for _ in range(slot["remaining"])]
    for nth, slot in enumerate(taken):
        body = {"item": ITEM, "date": day, "slot": slot}
        server.post(
            "/api/v1/halls/zhangdian/appointments", body, server.token("citizen", f"fills a day {nth}")
        )
    return f"/book/{ITEM}/zhangdian?day={day}"


def waiting(server: Running) -> str:
    day = full(server).rpartition("=")[2]
    body = {"item": ITEM, "date": day}
    token = server.token("citizen", ME)
    known = [one for one in server.get("/api/v1/waiting", token)["waiting"] if one["status"] == "waiting"]
    if known:
        return f"/waiting/{known[0]['waiting']}"
    return f"/waiting/{server.post('/api/v1/halls/zhangdian/waiting', body, token)['link']}"


def declared(server: Running) -> str:
    """The day of a lottery, a fortnight away or behind the holidays that are then: these offer nothing to draw."""
    now = datetime.now(UTC)
    for ahead in range(14, 30):
        day = (now.astimezone(SHANGHAI).date() + timedelta(days=ahead)).isoformat()
        try:
            receipt = server.post(
                "/api/v1/halls/longtan/lotteries",
                {
                    "date": day,
                    "queue": "b",
                    "opens_at": (now - timedelta(minutes=1)).isoformat(),
                    "draws": [(now + timedelta(days=7)).isoformat()],
                },
                server.token("admin", "a director"),
                Mingting_At=(now - timedelta(minutes=2)).isoformat(),
            )
        except urllib.error.HTTPError as refused:
            if refused.code != 409:
                raise
            continue
        server.get(f"/api/v1/halls/longtan/lotteries?after={receipt['position']}")
        return day
    raise AssertionError("no day of a month offers places")


def draw(server: Running) -> str:
    """A request to be drawn, in a lottery a fortnight away."""
    lotteries = server.get("/api/v1/halls/longtan/lotteries?to_come=true")["lotteries"]
    day = lotteries[0]["date"] if lotteries else declared(server)
    body = {"item": ITEM, "date": day}
    somebody = server.token("citizen", f"hopes {secrets.token_hex(4)}")
    made = server.post("/api/v1/halls/longtan/draw-requests", body, somebody)
    return f"/draws/{made['link']}"


def drawing(server: Running) -> str:
    """Choosing a time where places of another day are drawn."""
    draw(server)
    return f"/book/{ITEM}/longtan"


def subscribed(server: Running) -> str:
    """A calendar subscription with its address."""
    server.post("/api/v1/feeds/mine/open", token=server.token("citizen", ME))
    return "/mine/calendar"


SHOTS = [
    Shot("citizen-start", "/", (PHONE, DESK)),
    Shot("citizen-start-large", "/", (PHONE,), large=True, languages=("zh",)),
    Shot("citizen-start-dark", "/", (PHONE,), theme="dark", languages=("zh",)),
    Shot("citizen-items", "/items?q=身份证丢了", (PHONE,)),
    Shot("citizen-items-none", "/items?q=qqqq", (PHONE,)),
    Shot("citizen-guide", "/items/demo-huji-zhengming", (PHONE, DESK)),
    Shot("citizen-hall", f"/book/{ITEM}", (PHONE,)),
    Shot("citizen-time", f"/book/{ITEM}/{HALL}", (PHONE,)),
    Shot("citizen-full", full, (PHONE,)),
    Shot("citizen-waiting", waiting, (PHONE,), account=ME),
    Shot("citizen-draw", draw, (PHONE,)),
    Shot("citizen-drawing", drawing, (PHONE,)),
    Shot("citizen-hold", hold, (PHONE,), account="citizen-02"),
    Shot("citizen-voucher", voucher, (PHONE,), account=ME),
    Shot("citizen-voucher-large", voucher, (PHONE,), account=ME, large=True, languages=("zh",)),
    Shot("citizen-move", move, (PHONE,), account=ME),
    Shot("citizen-mine", mine, (PHONE,), account=ME),
    Shot("citizen-contact", "/mine/contact", (PHONE,), account=ME),
    Shot("citizen-calendar", subscribed, (PHONE,), account=ME),
    Shot("citizen-follow", ticket, (PHONE,)),
    Shot("citizen-take", take, (PHONE,), account="citizen-02"),
    Shot("citizen-case", case, (PHONE,), account=ME),
    Shot("citizen-case-answered", handed_in, (PHONE,), account="citizen-02"),
    Shot("citizen-rate", rate, (PHONE,)),
    Shot("citizen-rated", rated, (PHONE,), account=ME),
    Shot("citizen-find", "/find", (PHONE,)),
    Shot("citizen-mine-empty", "/mine", (PHONE,), account="citizen-03"),
    Shot("citizen-hold-over", "/holds/tanghe.20260302.gone", (PHONE,), account="citizen-02", gone=True),
    Shot("citizen-missing", "/items/nothing", (PHONE,), gone=True),
    Shot("citizen-halls", "/halls", (PHONE,)),
]
