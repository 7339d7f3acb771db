"""A browser for the tests that look: Debian's own Chromium, told to speak to nobody."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.desk import Desk
from tests.browser.line import Line
from tests.browser.seeing import prefer, sign_in
from tests.running import Running

CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
"""The one without windows, where it is installed: a page costs it a third, for the other draws frames for nobody."""

QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

SERIOUS = ("error", "warning")

Open = Callable[..., Page]

# How long a page may take to show what it should on a machine with much else to do; none waits longer than it must.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one file of tests: while it lives its event loop runs, and no other test could start one."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield started
        started.close()


class Complaints:
    """What a browser has to say against its pages: errors, and requests to any place but where the page came from."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def watch(self, page: Page, url: str) -> None:
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("console", lambda m: self.said.append(f"{m.type}: {m.text}") if m.type in SERIOUS else None)
        page.on(
            "request", lambda r: None if r.url.startswith(f"{url}/") else self.said.append(f"asked {r.url}")
        )


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def visit(browser: Browser, server: Running, complaints: Complaints) -> Iterator[Open]:
    """Opens a path of the server in a window of its own: ``width`` and ``height`` are its size, ``url`` the way to the
    server if it is not the straight one, ``account`` who is signed in, ``look`` what they chose (``language``…),
    ``script`` what runs before any of the page's own."""
    contexts: list[BrowserContext] = []

    def open_(
        path: str,
        width: int = 1920,
        height: int = 1080,
        url: str = server.url,
        account: str | None = None,
        look: Mapping[str, str] | None = None,
        script: str | None = None,
        **options: Any,
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        if account is not None:
            sign_in(context, url, account)
        prefer(context, url, **(look or {}))
        if script is not None:
            context.add_init_script(script)
        page = context.new_page()
        complaints.watch(page, url)
        page.goto(url + path)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def line(server: Running) -> Iterator[Line]:
    """A way to the server that can be cut."""
    port = urlsplit(server.url).port
    assert port is not None
    with Line(port) as between:
        yield between


@pytest.fixture
def desk(server: Running) -> Desk:
    return Desk(server, "w02")
