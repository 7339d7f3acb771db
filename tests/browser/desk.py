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
        self._position = 0
        self.do("open")

    def do(self, what: str, body: Any = None) -> Any:
        return self._ask(f"{self._path}/{what}", body, self._clerk)

    def _ask(self, path: str, body: Any, token: str) -> Any:
        receipt = self._server.post(path, body, token)
        self._position = receipt["position"]
        return receipt

    def issue(self) -> str:
        """Somebody takes a ticket; its number."""
        return str(self._ask(f"/api/v1/halls/{HALL}/tickets", {"queue": "a"}, self._kiosk)["ticket"])

    def call(self) -> str:
        """Call whoever is next; the number."""
        return str(self.do("call-next")["ticket"])

    def waiting(self) -> int:
        """How many wait in the queue, once the board knows of all that was done here."""
        board = self._server.get(f"/api/v1/halls/{HALL}/board?after={self._position}")
        return int(next(queue["waiting"] for queue in board["queues"] if queue["queue"] == "a"))

    def serve(self) -> None:
        self.do("start")
        self.do("finish")

    def whole_visit(self) -> str:
        """Somebody takes a ticket, is called and is served; the number that was called."""
        self.issue()
        called = self.call()
        self.serve()
        return called
