"""A browser for the tests that look: Debian's own Chromium, told to speak to nobody."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
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

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield started
        started.close()


class Complaints:
    """What a browser has to say against its pages: errors, and requests to other hosts."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.said: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on(
            "console",
            lambda m: self.said.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None,
        )
        page.on(
            "request", lambda r: None if r.url.startswith(self.url) else self.said.append(f"asked {r.url}")
        )


@pytest.fixture
def complaints(server: Any) -> Complaints:
    return Complaints(server.url)


@pytest.fixture
def visit(browser: Browser, server: Any, complaints: Complaints) -> Iterator[Open]:
    """Opens a path of the server in a window of its own; ``width`` and ``height`` are its size, 1080p if not said."""
    contexts: list[BrowserContext] = []

    def open_(path: str, width: int = 1920, height: int = 1080, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        complaints.watch(page)
        page.goto(server.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()
