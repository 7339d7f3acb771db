"""One server for the tests of a module: each test takes a hall, a day or a person of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adapters import store
from adapters.reactor import Reactor
from adapters.tail import LogTail
from adapters.views import ViewsRecorder
from projections import PROJECTIONS
from tests.adapters.http.serving import Served, running, serving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(database_url: str) -> AsyncIterator[Served]:
    async with serving(database_url) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(served: Served) -> AsyncIterator[Served]:
    """The server with the policies beside it."""
    tracking = ViewsRecorder(store.datastore(served.url), PROJECTIONS)
    tail = LogTail(served.url)
    reactor = Reactor(tracking, tail, served.parts.views, served.parts.loop.submit)  # type: ignore[arg-type]
    async with running(reactor.run()):
        yield served
    await tail.close()
    tracking.datastore.close()
