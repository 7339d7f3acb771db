"""The benchmark measures, in a tiny run of it: what a slow machine would say of speed is nobody's promise."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from adapters.embedded import EmbeddedServers
from loadtests import bench
from loadtests.figures import Figure, percentile


@pytest.fixture(scope="module", autouse=True)
def durable(servers: EmbeddedServers) -> Iterator[None]:
    """A floor is what it costs to keep something; the other tests' servers keep nothing for sure."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        for fsync in ("on", "off"):
            connection.execute(f"ALTER SYSTEM SET fsync = {fsync}")
            connection.execute("SELECT pg_reload_conf()")
            if fsync == "on":
                yield


@pytest.fixture
def where(servers: EmbeddedServers, tmp_path: Path) -> bench.Where:
    return bench.Where(servers.database_url, servers.nats_url, tmp_path)


def test_commands_stand_beside_their_floors(where: bench.Where) -> None:
    floor, library, one, events, hundred, keyed = bench.commands(where, bench.TINY)
    for figure in (floor, library, one, events, hundred, keyed):
        assert figure.value > 0, figure.name
    assert [a.other for a in one.against] == [floor.name, library.name]
    assert one.against[0].ratio == pytest.approx(one.value / floor.value)
    # Every command of the round is one event: a ticket, a call, a start, an end.
    assert events.value == pytest.approx(one.value)
    assert one.p50_ms is not None
    assert one.p99_ms is not None
    assert 0 < one.p50_ms <= one.p99_ms


def test_what_follows_the_log_is_timed_to_its_end(where: bench.Where) -> None:
    relay, folded, rebuilt, lag = bench.followers(where, bench.TINY)
    for figure in (relay, folded, rebuilt, lag):
        assert figure.value > 0, figure.name
    assert lag.p99_ms is not None
    assert lag.p99_ms >= lag.value


def test_a_held_stream_costs_some_bytes_an_event(where: bench.Where) -> None:
    per_event, at_bound = bench.cache(where, bench.TINY)
    assert 20 < per_event.value < 2_000
    assert at_bound.value > per_event.value / 2**20


def test_a_ratio_is_that_of_the_same_turn() -> None:
    floor = Figure(name="floor", unit="rows/s", runs=[100.0, 10.0, 50.0])
    ours = Figure(name="ours", unit="rows/s", runs=[200.0, 21.0, 90.0])
    ours.beside(floor, 2.0)
    assert [(a.other, a.ratio) for a in ours.against] == [("floor", 2.0)]
    assert ours.targets() == [("≥ 2 × floor", True)]


def test_percentiles_are_nearest_rank() -> None:
    values = [float(n) for n in range(1, 201)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (100.0, 198.0, 7.0)
