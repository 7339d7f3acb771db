"""Real servers for every test that wants them: one PostgreSQL and one NATS a session, one database a module."""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from adapters.embedded import EmbeddedServers
from tests.running import Running, database, running

# A law says what holds, not how fast: on a busy machine one example may take long.
settings.register_profile("laws", deadline=None)
settings.load_profile("laws")


ROOT = Path(__file__).parent
FIRST = (ROOT / "browser", ROOT, ROOT / "adapters", ROOT / "adapters" / "http")
"""Whose files take longest: they come first, that none of them is what everybody waits for in the end."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers again as there are cores: tests also wait, for disks, servers and browsers."""
    return ((os.cpu_count() or 1) * 3 + 1) // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: FIRST.index(item.path.parent) if item.path.parent in FIRST else len(FIRST))


def pytest_collection_finish() -> None:
    """The tests and their modules stay to the end: a collector that walked them each time would take a tenth of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """Servers for all tests of a run, under a short path: nothing else running on the machine is touched.

    What they store need not outlive the machine; ``test_embedded`` sees to it that what the program stores does."""
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, EmbeddedServers(Path(data)) as running:
        with psycopg.connect(running.database_url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield running


@pytest.fixture(scope="module")
def database_url(servers: EmbeddedServers) -> Iterator[str]:
    """An empty database for the module's tests, dropped after the last of them."""
    with database(servers.database_url) as url:
        yield url


@pytest.fixture(scope="session")
def nats_url(servers: EmbeddedServers) -> str:
    """NATS for the whole session: a test names its streams so that no other test has them."""
    return servers.nats_url


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """The whole program with the demonstration hall, started as its users start it; one for a session's tests."""
    with tempfile.TemporaryDirectory(prefix="mingting-") as data, running(Path(data)) as found:
        yield found
