"""A window of a hall with its clerk, and a kiosk before it: what a screen has something to show of."""

from typing import Any

from tests.running import Running

HALL = "longtan"


def configure(server: Running, hall: str, **told: Any) -> None:
    """Tell a hall something else about itself; what is not named stays as it is."""
    plan = server.get(f"/api/v1/halls/{hall}")
    for beside in ("hall", "version", "position", "as_of"):
        del plan[beside]
    plan["windows"] = [
        {name: window[name] for name in ("window", "name", "kind", "queues")} for window in plan["windows"]
    ]
    server.put(f"/api/v1/halls/{hall}", plan | told, server.token("admin", "admin-01"))


class Desk:
    """A window of the hall with its clerk."""

    def __init__(self, server: Running, window: str) -> None:
        self._server = server
        self._path = f"/api/v1/halls/{HALL}/windows/{window}"
        self._clerk = server.token("clerk", f"clerk-{HALL}-{window}", hall=HALL, window=window)
        self._kiosk = server.token("kiosk", f"kiosk-{HALL}-01", hall=HALL)
        self.do("open")

    def do(self, what: str, body: Any = None) -> Any:
        return self._server.post(f"{self._path}/{what}", body, self._clerk)

    def issue(self) -> str:
        """Somebody takes a ticket; its number."""
        return str(self._server.post(f"/api/v1/halls/{HALL}/tickets", {"queue": "a"}, self._kiosk)["ticket"])

    def call(self) -> str:
        """Call whoever is next; the number."""
        return str(self.do("call-next")["ticket"])

    def serve(self) -> None:
        self.do("start")
        self.do("finish")

    def whole_visit(self) -> str:
        """Somebody takes a ticket, is called and is served; the number that was called."""
        self.issue()
        called = self.call()
        self.serve()
        return called
