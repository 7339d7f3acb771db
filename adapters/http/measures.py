"""What Prometheus is told: counts and times of commands, streams to screens, and how far behind the views are."""

from collections.abc import Iterable, Mapping

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.http.parts import Loop
from adapters.loop import KeyReused, StoreUnavailable, VersionMovedOn
from domain.message import Refused

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

COMMANDS = Counter("mingting_commands", "Commands by how they were answered.", ["outcome"])
COMMAND_SECONDS = Histogram(
    "mingting_command_seconds",
    "From a command's being read to its receipt.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
BOARD_STREAMS = Gauge("mingting_board_streams", "Open server-sent event streams.")
PROBLEMS = Counter("mingting_problems", "Refused requests by code.", ["code"])

OUTCOMES = ("accepted", "replayed", "refused", "moved-on", "key-reused", "unavailable", "failed")

# A child looked up once costs a dictionary access a command and not a lock.
_COUNTED = {outcome: COMMANDS.labels(outcome) for outcome in OUTCOMES}


def outcome(error: Exception) -> str:
    """How a command that raised was answered, as a label."""
    match error:
        case Refused():
            return "refused"
        case VersionMovedOn():
            return "moved-on"
        case KeyReused():
            return "key-reused"
        case StoreUnavailable():
            return "unavailable"
    return "failed"


def command(how: str, seconds: float) -> None:
    """Count one answered command."""
    _COUNTED[how].inc()
    COMMAND_SECONDS.observe(seconds)


class _Loop(Collector):
    """The command loop's own counts and the views' lags, as they stand."""

    def __init__(self, loop: Loop, lags: Mapping[str, int]) -> None:
        self._loop = loop
        self._lags = lags

    def collect(self) -> Iterable[Metric]:
        loop = self._loop
        counts = {
            "batches": ("Transactions of the command loop.", loop.batches),
            "commands": ("Commands decided in its transactions.", loop.commands),
            "conflicts": ("Batches decided again because another process wrote first.", loop.conflicts),
            "loads": ("Streams read from the log.", loop.loads),
        }
        for name, (what, count) in counts.items():
            yield CounterMetricFamily(f"mingting_loop_{name}", what, value=count)
        streams, events = loop.cached
        yield GaugeMetricFamily("mingting_loop_streams_held", "Streams held in memory.", value=streams)
        yield GaugeMetricFamily("mingting_loop_events_held", "Events folded into those.", value=events)
        yield GaugeMetricFamily(
            "mingting_loop_available", "1 while the log can be written.", value=loop.available
        )
        lag = GaugeMetricFamily(
            "mingting_view_lag_events", "Events a view has yet to take in.", labels=["view"]
        )
        for view, behind in self._lags.items():
            lag.add_metric([view], behind)
        yield lag


def text(loop: Loop, lags: Mapping[str, int]) -> bytes:
    """Everything in Prometheus' text format; ``lags`` says by view how many events it has yet to take in."""
    own = CollectorRegistry()
    own.register(_Loop(loop, lags))
    return generate_latest(REGISTRY) + generate_latest(own)
