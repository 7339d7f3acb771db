"""A web server that does nothing, for the HTTP figures to be divided by: one typed JSON command on the same framework
and server, with the same settings, as the program's own. ``python -m loadtests.empty PORT``.
"""

import sys

import msgspec
import uvicorn
from litestar import Litestar, get, post
from litestar.params import JSONBody

from adapters.process import settle_memory

PATH = "/api/v1/halls/tanghe/tickets"

REQUEST = b'{"ticket":"tanghe.20260302.0123456789abc","queue":"general","item":"id-card-renewal","priority":"ordinary"}'
"""107 bytes, as many as a ticket with its own reference would need."""


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ticket: str
    queue: str
    item: str
    priority: str


class Answered(msgspec.Struct, frozen=True):
    stream: str
    version: int
    position: int
    ticket: str


@post(PATH, status_code=201)
async def answer(data: JSONBody[Asked]) -> Answered:
    return Answered("queue-tanghe-2026-03-02", 1234, 1234, data.queue[0])


@get("/health/ready")
async def ready() -> None:
    return None


def main() -> None:
    """Serve on a port of the loopback until a signal comes."""
    application = Litestar([answer, ready], openapi_config=None, logging_config=None)
    settle_memory()
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main()
