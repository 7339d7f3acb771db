"""Every page at its real sizes: ``make screenshots`` puts them into ``screenshots/``, to be looked at.

Each audience lists its pages as ``SHOTS`` in a module ``shots_<audience>.py``; ``test_every_page`` opens the same.
"""

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.seeing import Shot, prefer, sign_in
from tests.running import ROOT, Running, running

OUT = ROOT / "screenshots"


def shots() -> list[Shot]:
    """What all audiences list."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("shots_*.py"))
    return [shot for name in modules for shot in importlib.import_module(f"tests.browser.{name}").SHOTS]


def take(browser: Browser, server: Running, shot: Shot) -> None:
    """One page, in each of its languages and sizes."""
    path = shot.where(server)
    for language in shot.languages:
        for width, height in shot.sizes:
            context = browser.new_context(viewport={"width": width, "height": height})
            if shot.account is not None:
                sign_in(context, server.url, shot.account)
            look = {"language": language, "size": "large" if shot.large else "normal"}
            prefer(context, server.url, **look, **({"theme": shot.theme} if shot.theme else {}))
            page = context.new_page()
            page.goto(server.url + path)
            page.evaluate("document.fonts.ready")
            page.screenshot(path=OUT / f"{shot.name}-{language}-{width}x{height}.png", full_page=shot.full)
            context.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", help="only shots whose names begin so")
    options.add_argument("--url", help="a running program; without it one is started")
    told = options.parse_args()
    chosen = [shot for shot in shots() if not told.names or shot.name.startswith(tuple(told.names))]
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="mingting-") as data:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        if told.url:
            server = Running(told.url.rstrip("/"), None, Path(data))  # type: ignore[arg-type]
            for shot in chosen:
                take(browser, server, shot)
        else:
            with running(Path(data)) as server:
                for shot in chosen:
                    take(browser, server, shot)
        browser.close()
    sys.stdout.write(f"{len(chosen)} pages in {OUT}\n")


if __name__ == "__main__":
    main()
