"""A figure that was measured: its runs, their median, and how it stands beside the figures of the same run."""

import statistics
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table


class Against(msgspec.Struct, frozen=True):
    """A figure divided by another one of the same run; ``target`` is the least the ratio should be."""

    other: str
    ratio: float
    target: float | None = None


class Figure(msgspec.Struct, kw_only=True):
    """Args:
    runs: the same thing measured several times, with whatever else is compared in between.
    target: what ``value`` should be at least, or at most if ``least`` is false.
    """

    name: str
    unit: str
    runs: list[float]
    p50_ms: float | None = None
    p99_ms: float | None = None
    p99_ms_target: float | None = None
    against: list[Against] = []
    target: float | None = None
    least: bool = True
    note: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.runs)

    def beside(self, other: "Figure", target: float | None = None) -> None:
        """Note the ratio to another figure; runs that were taken in turns are compared turn by turn."""
        turns = min(len(self.runs), len(other.runs))
        ratios = [mine / theirs for mine, theirs in zip(self.runs[:turns], other.runs[:turns], strict=True)]
        self.against.append(Against(other.name, statistics.median(ratios), target))

    def targets(self) -> list[tuple[str, bool]]:
        """What was to be reached, in words, and whether it was."""
        told = [
            (f"≥ {a.target:g} × {a.other}", a.ratio >= a.target) for a in self.against if a.target is not None
        ]
        if self.target is not None:
            sign, met = ("≥", self.value >= self.target) if self.least else ("≤", self.value <= self.target)
            told.append((f"{sign} {self.target:,g} {self.unit}", met))
        if self.p99_ms is not None and self.p99_ms_target is not None:
            told.append((f"p99 ≤ {self.p99_ms_target:g} ms", self.p99_ms <= self.p99_ms_target))
        return told


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of values that are in order."""
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def show(figures: Sequence[Figure], console: Console) -> None:
    """The figures as a table."""
    table = Table(title="Mingting, measured in one run: read the ratios, the rest belongs to this machine")
    for heading in ("What", "Figure", "Runs", "p50 ms", "p99 ms", "Beside the same run's", "Target"):
        table.add_column(heading, justify="left" if heading in ("What", "Runs", "Target") else "right")
    for figure in figures:
        ratios = "\n".join(f"{a.ratio:.2f} × {a.other}" for a in figure.against)
        table.add_row(
            f"{figure.name}\n[dim]{figure.note}[/dim]" if figure.note else figure.name,
            f"{_round(figure.value)} {figure.unit}",
            " ".join(_round(run) for run in figure.runs) if len(figure.runs) > 1 else "",
            "" if figure.p50_ms is None else f"{figure.p50_ms:.1f}",
            "" if figure.p99_ms is None else f"{figure.p99_ms:.1f}",
            ratios,
            "\n".join(_coloured(*target) for target in figure.targets()),
        )
    console.print(table)


def _coloured(target: str, met: bool) -> str:
    return f"[green]{target} met[/green]" if met else f"[red]{target} missed[/red]"


def _round(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
