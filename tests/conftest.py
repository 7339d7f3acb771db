"""Real servers for every test that wants them: one PostgreSQL and one NATS a session, one database a module."""

import gc
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from adapters.embedded import EmbeddedServers
from tests.running import Running, running

# A law says what holds, not how fast: on a busy machine one example may take long.
settings.register_profile("laws", deadline=None)
settings.load_profile("laws")


def pytest_collection_finish() -> None:
    """The tests and their modules stay to the end: a collector that walked them each time would take a tenth of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """Servers for all tests of a run, under a short path: nothing else running on the machine is touched."""
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, EmbeddedServers(Path(data)) as running:
        yield running


@pytest.fixture(scope="module")
def database_url(servers: EmbeddedServers) -> Iterator[str]:
    """An empty database for the module's tests, dropped after the last of them."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield urlsplit(servers.database_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def nats_url(servers: EmbeddedServers) -> str:
    """NATS for the whole session: a test names its streams so that no other test has them."""
    return servers.nats_url


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """The whole program with the demonstration hall, started as its users start it; one for a session's tests."""
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, running(Path(data)) as found:
        yield found
