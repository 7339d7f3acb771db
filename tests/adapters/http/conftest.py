"""One server for the tests of a module: each test takes a hall, a day or a person of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from adapters import store
from adapters.embedded import EmbeddedServers
from adapters.reactor import Reactor
from adapters.tail import LogTail
from adapters.view_tables import ViewsRecorder
from projections import PROJECTIONS
from tests.adapters.http.serving import Served, running, serving
from tests.running import database


@pytest.fixture(scope="session")
def region(servers: EmbeddedServers) -> Iterator[str]:
    """A database with the demonstration region and its views, by name: the modules' own are made from it."""

    async def build(url: str) -> None:
        async with serving(url) as built:
            for projection in PROJECTIONS:
                await built.parts.views.wait(projection.NAME, built.stored())

    with database(servers.database_url) as url:
        asyncio.run(build(url))
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture(scope="module")
def database_url(servers: EmbeddedServers, region: str) -> Iterator[str]:
    """A database with the demonstration region for the module's tests, dropped after the last of them."""
    with database(servers.database_url, region) as url:
        yield url


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
