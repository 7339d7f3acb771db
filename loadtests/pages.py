"""How fast pages are in a browser: ``python -m loadtests.pages``. Prints a table and, last, one line of JSON.

A program of its own, whose list of rectifications holds as many open ones as told, and Debian's Chromium without a
window. Each figure is the middle of several loads, beside the worst of them; none is a test. Needs the development
requirements (Playwright) and ``chromium``.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import msgspec
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from adapters import store
from adapters.embedded import EmbeddedServers
from adapters.opening import migrate
from adapters.settings import Settings
from adapters.view_tables import ViewsRecorder
from loadtests import rectifications as many
from loadtests.serving import Served, serve
from projections import PROJECTIONS
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.seeing import DESK, PHONE, sign_in

HALL, WINDOW = "tanghe", "w01"
ITEM = "demo-shebaoka-shenling"
SLOWER = 4

CITIZENS = ("/", "/items?q=身份证", f"/items/{ITEM}", f"/book/{ITEM}", "/halls")
LISTS = {
    "all open": "/supervise",
    "of a hall": "/supervise?hall=hall-3",
    "overdue, at a step": "/supervise?due_in=overdue&step=rectify",
    "at a signal": "/supervise?signal=warning",
    "an hour ago": "/supervise?as_of={hour_ago}",
}

ROWS = """document.addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => {
    if (document.querySelector("tbody tr, .empty")) window.rows = performance.now();
}));"""
PAINTED = """new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.painted = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});"""
CLICKED = """() => document.addEventListener("click", () => { window.clicked = Date.now(); }, true)"""
CALLED = """() => new MutationObserver(() => {
    const number = document.querySelector(".call[data-fresh] .ticket")?.textContent;
    if (number && number !== window.number) requestAnimationFrame(() => {
        if (number !== window.number) { window.number = number; window.seen = Date.now(); }
    });
}).observe(document.querySelector(".calls"), {subtree: true, childList: true, attributes: true, characterData: true})"""


class Figure(msgspec.Struct, frozen=True):
    """Something that was measured several times; ``target`` is what its median should be at most."""

    name: str
    unit: str
    runs: list[float]
    target: float | None = None

    @property
    def value(self) -> float:
        return median(self.runs)


def fill(data: Path, count: int) -> None:
    """Put open rectifications where the program that is started on these data will find them."""
    with EmbeddedServers(data) as running:
        migrate(Settings(database_url=running.database_url, nats_url=running.nats_url, secret="x" * 32))
        views = ViewsRecorder(store.datastore(running.database_url), PROJECTIONS)
        many.fill(views, count, datetime.now(UTC))
        with views.datastore.get_connection() as connection:
            connection.execute("ANALYZE")
        views.datastore.close()


@contextmanager
def window_of(
    browser: Browser, url: str, size: tuple[int, int], account: str | None = None
) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(viewport={"width": size[0], "height": size[1]})
    if account is not None:
        sign_in(context, url, account)
    try:
        yield context.new_page()
    finally:
        context.close()


def lists(browser: Browser, url: str, rounds: int) -> Iterator[Figure]:
    """From the request to the first rows drawn, of several questions and of the page behind the first."""
    with window_of(browser, url, DESK, "admin-01") as page:
        page.add_init_script(ROWS)

        def drawn(go: Callable[[], Any]) -> float:
            go()
            page.wait_for_function("() => window.rows > 0")
            return float(page.evaluate("rows"))

        drawn(lambda: page.goto(f"{url}/supervise"))  # the first after a start reads templates
        hour_ago = page.evaluate("new Date(Date.now() + 7 * 3600e3).toISOString().slice(0, 16)")
        for name, path in LISTS.items():
            go = partial(page.goto, url + path.format(hour_ago=hour_ago))
            runs = [drawn(go) for _ in range(rounds)]
            yield Figure(f"supervisor's list, {name}: first rows", "ms", runs, 300)
        page.goto(f"{url}/supervise")
        runs = [drawn(lambda: page.locator("a[rel=next]").click(no_wait_after=False)) for _ in range(rounds)]
        yield Figure("supervisor's list, the next page: first rows", "ms", runs, 300)


def board(browser: Browser, served: Served, rounds: int) -> Iterator[Figure]:
    """From a clerk's click to the number drawn on the hall's screen."""
    api, url = f"{served.url}/api/v1", served.url
    clerk = {"Authorization": f"Bearer {served.token('clerk', f'clerk-{WINDOW}', HALL, WINDOW)}"}
    kiosk = {"Authorization": f"Bearer {served.token('kiosk', f'kiosk-{HALL}-01', HALL)}"}
    desk = f"{api}/halls/{HALL}/windows/{WINDOW}"
    httpx.post(f"{desk}/open", json={}, headers=clerk).raise_for_status()
    runs = []
    with (
        window_of(browser, url, DESK, f"clerk-{WINDOW}") as console,
        window_of(browser, url, (1920, 1080), "screen-01") as screen,
    ):
        screen.goto(f"{url}/halls/{HALL}/screen?voice=off")
        console.goto(f"{url}/window")
        screen.evaluate(CALLED)
        console.evaluate(CLICKED)
        for _ in range(rounds):
            told = httpx.post(f"{api}/halls/{HALL}/tickets", json={"queue": "a"}, headers=kiosk)
            number = told.raise_for_status().json()["ticket"]
            press = console.locator("[data-press=call-next]")
            press.click()
            screen.wait_for_function("number => window.number === number", arg=number)
            runs.append(float(screen.evaluate("seen") - console.evaluate("clicked")))
            for step in ("start", "finish"):
                httpx.post(f"{desk}/{step}", json={}, headers=clerk).raise_for_status()
            console.wait_for_function(
                "() => document.querySelector('[data-part=number]').textContent === '—'"
            )
    yield Figure("a number on the hall's screen after the clerk's click", "ms", runs, 200)


def citizens(browser: Browser, url: str, rounds: int) -> Iterator[Figure]:
    """Largest paints with nothing kept and the machine slower, and what comes over the line."""
    for path in CITIZENS:
        runs = [painted(browser, url + path) for _ in range(rounds)]
        yield Figure(f"{path}: largest paint, {SLOWER} × slower", "ms", [paint for paint, _ in runs], 1500)
        target = 100 if path == "/" else None
        yield Figure(f"{path}: over the line, compressed", "KiB", [size for _, size in runs], target)


def painted(browser: Browser, url: str) -> tuple[float, float]:
    """Milliseconds to the largest paint and KiB that were sent, of a first visit."""
    loaded: list[float] = []
    with window_of(browser, url, PHONE) as page:
        page.add_init_script(PAINTED)
        slow = page.context.new_cdp_session(page)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        slow.send("Network.enable")
        slow.send("Network.setCacheDisabled", {"cacheDisabled": True})
        slow.on("Network.loadingFinished", lambda told: loaded.append(told["encodedDataLength"]))
        page.goto(url)
        page.wait_for_function("() => window.painted > 0")
        page.evaluate("() => new Promise(requestIdleCallback)")  # nothing larger comes
        return float(page.evaluate("painted")), sum(loaded) / 1024


def measure(count: int, rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="mingting-") as told:
        data = Path(told)
        fill(data, count)  # before the browser: its event loop would be in the way
        with serve(data) as served, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
            found = [
                *lists(browser, served.url, rounds),
                *board(browser, served, rounds),
                *citizens(browser, served.url, rounds),
            ]
            browser.close()
    return found


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--count", type=int, default=100_000, help="open rectifications")
    told.add_argument("--rounds", type=int, default=7, help="loads of each page")
    options = told.parse_args()
    busy = os.getloadavg()[0]
    figures = measure(options.count, options.rounds)
    console = Console()
    shown = Table(
        "", "median", "worst", "target", title=f"In a browser, {options.count:,} open rectifications"
    )
    for one in figures:
        target = "" if one.target is None else f"≤ {one.target:g}"
        shown.add_row(one.name, f"{one.value:.0f} {one.unit}", f"{max(one.runs):.0f}", target)
    console.print(shown)
    console.print(f"load average at the start {busy:.1f}")
    line = {
        "load_before": round(busy, 2),
        "open": options.count,
        "figures": [{**msgspec.structs.asdict(one), "value": one.value} for one in figures],
    }
    print(msgspec.json.encode(line).decode())


if __name__ == "__main__":
    main()
