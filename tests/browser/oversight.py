"""What a supervisor and an auditor have to look at: services that were rated, bad reviews at every step, cases."""

from typing import Any

from tests.running import Running

HALL = "tanghe"
ITEM = "demo-shebaoka-shenling"


class Oversight:
    """A window of the hall at work, citizens who rate, and the clerk and supervisor who answer them."""

    def __init__(self, server: Running, window: str = "w12", hall: str = HALL) -> None:
        self._server = server
        self._hall = f"/api/v1/halls/{hall}"
        self._window = f"{self._hall}/windows/{window}"
        self.clerk = server.token("clerk", f"clerk-{window}", hall=hall, window=window)
        self.supervisor = server.token("supervisor", "supervisor-01", hall=hall)
        self.do("open", {"queues": ["a"]})

    def do(self, what: str, body: Any = None) -> Any:
        return self._server.post(f"{self._window}/{what}", body, self.clerk)

    def rated(self, grade: str, who: str, comment: str | None = None, tags: tuple[str, ...] = ()) -> str:
        """Somebody is served and rates it; the service."""
        citizen = self._server.token("citizen", who)
        ticket = self._server.post(f"{self._hall}/tickets", {"queue": "a"}, citizen)
        self.do("call", {"ticket": ticket["ticket"]})
        self.do("start")
        self.do("finish")
        body = {"service": {"ticket": ticket["id"]}, "grade": grade, "tags": tags, "channel": "qr-code"}
        if comment is not None:
            body["comment"] = comment
        return str(self._server.post("/api/v1/reviews", body, citizen)["service"])

    def bad(self, who: str, comment: str = "等了两个小时，窗口没有解释") -> str:
        """A bad review whose rectification is open; its reference."""
        service = self.rated("very-dissatisfied", who, comment, ("115",))
        path = f"/api/v1/rectifications/{service}"
        self._server.until(path, self.supervisor, lambda told: told["status"] == "open")
        return service

    def act(self, service: str, what: str, body: Any) -> Any:
        return self._server.post(f"/api/v1/rectifications/{service}/{what}", body, self.supervisor)

    def case(self, who: str) -> str:
        """An application that was accepted; its reference."""
        asked = {"item": ITEM, "hall": HALL}
        case = str(self._server.post("/api/v1/cases", asked, self._server.token("citizen", who))["case"])
        self._server.post(f"/api/v1/cases/{case}/accept", None, self.clerk)
        return case
