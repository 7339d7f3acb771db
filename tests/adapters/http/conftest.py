"""One server for the tests of a module: each test takes a hall, a day or a person of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.adapters.http.serving import Served, serving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(database_url: str) -> AsyncIterator[Served]:
    async with serving(database_url) as running:
        yield running
