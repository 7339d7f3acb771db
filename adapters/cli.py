"""The command line of ``mingting``: the program and the tools beside it."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date

from adapters.settings import TOKEN

CLIENTS = frozenset(("replay", "play", "import-cases", "import-bookings", "import-day"))
"""Commands that speak to a running server; the others reach its database."""


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="mingting", description="明厅 Mingting: a government service hall, live"
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="the whole program: requests, pages, views, stream, deadlines")
    _servers(serve)
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (default 8000)")
    serve.add_argument(
        "--no-work", action="store_true", help="serve requests only; run 'mingting work' elsewhere"
    )

    work = commands.add_parser("work", help="only what goes on behind the requests: stream, views, deadlines")
    _servers(work)
    work.add_argument("--parent", type=int, help="end when this process does")

    _servers(commands.add_parser("seed", help="write the demonstration region; may be repeated"))

    replay = commands.add_parser("replay", help="play a recorded queue day through a running server")
    replay.add_argument("file")
    replay.add_argument("--hall", required=True)
    replay.add_argument(
        "--date", dest="day", type=_day, help="the day to play it as (default: the last that is over)"
    )
    replay.add_argument(
        "--speed", type=float, default=0, help="recorded seconds a second; 0 = as fast as it goes"
    )
    _client(replay)

    play = commands.add_parser(
        "play",
        help="make a hall of the running demonstration live: a fortnight behind it, people at its door",
    )
    play.add_argument("--hall", default="tanghe")
    play.add_argument("--minutes", type=float, default=20, help="how long people come (default: 20)")
    _client(play)

    cases = commands.add_parser("import-cases", help="open, step and close cases from an event log")
    cases.add_argument("file")
    cases.add_argument("--unit", required=True, help="the responsible unit")
    cases.add_argument("--hall", default="tanghe")
    _client(cases)

    bookings = commands.add_parser(
        "import-bookings", help="take over the bookings of another system from CSV"
    )
    day = commands.add_parser("import-day", help="take over a recorded day at the windows from CSV")
    day.add_argument("--date", dest="day", type=_day, required=True, help="the day it was")
    for table in (bookings, day):
        table.add_argument("file")
        table.add_argument("--hall", required=True)
        table.add_argument("--dry-run", action="store_true", help="only say what would be rejected")
        _client(table)

    rebuild = commands.add_parser("rebuild", help="fold views anew from the log while the program serves")
    rebuild.add_argument("projections", nargs="*", metavar="PROJECTION")
    _servers(rebuild)

    export = commands.add_parser("export", help="events, cases or reviews as files")
    export.add_argument("what", choices=("events", "cases", "reviews"))
    export.add_argument(
        "--format", choices=("jsonl", "csv", "xlsx", "gbt39046"), default="jsonl", help="default: JSON lines"
    )
    export.add_argument(
        "--output", help="a file, or a directory for the data sets (default: standard output)"
    )
    export.add_argument("--from", dest="first", type=_day, help="the first day")
    export.add_argument("--to", dest="last", type=_day, help="the last day")
    export.add_argument("--hall")
    _servers(export)

    for name, about in (
        ("backup", "write everything into a directory; the program may go on serving"),
        ("restore", "put a backup into an empty place"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("directory")
        _servers(command)

    check = commands.add_parser("check", help="read the whole log and every view; exit 1 on a broken promise")
    _servers(check)
    return root


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command and its options; ends the program with a usage line if they make no sense, and with all commands if
    there is none."""
    told = sys.argv[1:] if arguments is None else arguments
    if not told:
        parser().print_help(sys.stderr)
        sys.exit(2)
    return parser().parse_args(told)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: YYYY-MM-DD") from None


def _servers(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", help="directory of the embedded PostgreSQL and NATS (default .data)")
    command.add_argument("--database-url", help="use this PostgreSQL instead")
    command.add_argument("--nats-url", help="use this NATS with JetStream instead")


def _client(command: argparse.ArgumentParser) -> None:
    url = "http://127.0.0.1:8000"
    command.add_argument("--url", default=url, help=f"the running server (default {url})")
    command.set_defaults(token=os.environ.get(TOKEN))
    command.epilog = f"An administrator's token is read from {TOKEN}; a demonstration lends one."


def welcome(host: str, port: int, *, demonstration: bool) -> str:
    """Where everything is, for whoever started the program."""
    base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    places = [
        ("办事", "citizens", "/"),
        ("登录", "sign in", "/sign-in"),
        ("大屏", "hall screen", "/halls/tanghe/screen"),
        ("取号机", "kiosk", "/halls/tanghe/kiosk"),
        ("窗口", "clerks", "/window"),
        ("督办", "supervisors", "/supervise"),
        ("管理", "administrators", "/admin"),
        ("审计", "auditors", "/audit"),
        ("接口", "API", "/schema"),
    ]
    if demonstration:
        places.insert(0, ("看一看", "demonstration", "/demo"))
    lines = ["", "  明厅 Mingting", *(_place(zh, en, base + path) for zh, en, path in places), ""]
    if demonstration:
        lines += ["  /demo 让大厅动起来，并以任一身份进入 makes the hall live and signs in as anybody."]
    return "\n".join([*lines, "  Ctrl-C 停止 stops everything; the data stay.", "", ""])


def _place(zh: str, en: str, url: str) -> str:
    """A line in columns; a Chinese character is as wide as two others."""
    return f"  {zh}{' ' * (8 - 2 * len(zh))}{en:<16}{url}"
