"""``make load``: a morning at the halls against a server of its own, then a look at every promise of its log.

Exits with 1 if a request failed that should not have, if ``mingting check`` finds a broken promise, or if the server
did not end cleanly.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import msgspec

from adapters.demonstration.plans import plans
from loadtests import serving
from loadtests.serving import ROOT, Served

REPORTS = ROOT / "reports"

SUPERVISORS = 4
SECONDS_MAX = 300
CITIZENS_MAX = 1000
SCREENS_MAX = 1000


def main() -> None:
    options = _options()
    REPORTS.mkdir(exist_ok=True)
    report = REPORTS / f"load-{datetime.now():%Y%m%d-%H%M%S}.html"  # noqa: DTZ005 (the reader's own time)
    # Not /tmp, which may be memory: durability would cost nothing there.
    with tempfile.TemporaryDirectory(prefix="mingting-load-", dir="/var/tmp") as directory:
        environ = {"MINGTING_BOARD_STREAMS_PER_ADDRESS": str(2 * SCREENS_MAX)}
        with serving.serve(Path(directory) / "data", environ=environ) as served:
            failed = _people(served, options, report) != 0
            served.rest()
            promised = _check(served)
            memory = served.memory_mib()
        clean = served.process.stop() == 0
    told = "   ".join(f"{name} {mib:,.0f}" for name, mib in memory.items())
    print(f"memory afterwards, MiB: {told}")
    print(f"report: {report.relative_to(ROOT)}")
    print(f"requests: {'some failed' if failed else 'none failed'}")
    print(f"promises: {promised.told}")
    if not clean:
        print("the server did not end cleanly")
    sys.exit(failed or bool(promised.broken) or not clean)


class Promised(msgspec.Struct):
    """What ``mingting check`` found."""

    events: int
    streams: int
    documents: int
    published: int | None
    broken: list[str]

    @property
    def told(self) -> str:
        read = f"{self.events:,} events of {self.streams:,} streams, {self.documents:,} view documents"
        return "\n    ".join([f"{len(self.broken)} broken; read {read}", *self.broken[:20]])


def _people(served: Served, options: argparse.Namespace, report: Path) -> int:
    """Let people come for some time; locust's exit code."""
    region = plans()
    posts = len(region.halls) + sum(len(named.plan.windows) for named in region.halls) + SUPERVISORS
    comers = posts + options.citizens + options.screens
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        "loadtests/locustfile.py",
        "--headless",
        "--only-summary",
    ]
    command += ["--host", served.url, "-u", str(comers), "-r", str(max(20, comers // 5))]
    command += ["-t", f"{options.seconds}s", "--stop-timeout", "5", "--html", str(report)]
    people = {"LOAD_CITIZENS": str(options.citizens), "LOAD_SCREENS": str(options.screens)}
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | people, timeout=options.seconds + 120, check=False
    ).returncode


def _check(served: Served) -> Promised:
    """``mingting check`` on the data of the running server."""
    command = [sys.executable, "-m", "app", "check", "--data", str(served.data)]
    finished = subprocess.run(
        command, cwd=ROOT, env=serving.environment(), capture_output=True, text=True, timeout=300, check=False
    )
    if not finished.stdout:
        raise RuntimeError(f"mingting check failed: {finished.stderr}")
    return msgspec.json.decode(finished.stdout.strip().rpartition("\n")[2], type=Promised)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.run_load", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help=f"up to {SECONDS_MAX} (default %(default)s)")
    parser.add_argument(
        "--citizens", type=int, default=100, help=f"up to {CITIZENS_MAX} (default %(default)s)"
    )
    parser.add_argument("--screens", type=int, default=200, help=f"up to {SCREENS_MAX} (default %(default)s)")
    options = parser.parse_args()
    for name, most in (("seconds", SECONDS_MAX), ("citizens", CITIZENS_MAX), ("screens", SCREENS_MAX)):
        if not 0 < getattr(options, name) <= most:
            parser.error(f"--{name}: 1 to {most}")
    return options


if __name__ == "__main__":
    main()
