"""Looking at pages: who looks, in which language, and what axe has to say."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.running import Running

PHONE = (360, 740)
DESK = (1366, 768)
KIOSK = (1080, 1920)
KIOSK_WIDE = (1920, 1080)

Language = Literal["zh", "en"]


class Shot(NamedTuple):
    """A page to be looked at.

    ``path`` may be a function that first makes what the page shows, and answers its path. ``account`` is the subject of
    a ready account of the demonstration. ``full`` takes the whole page and not only the window. ``gone``: it says that
    there is no such thing, with a status that browsers complain of.
    """

    name: str
    path: str | Callable[[Running], str]
    sizes: tuple[tuple[int, int], ...] = (PHONE,)
    account: str | None = None
    languages: tuple[Language, ...] = ("zh", "en")
    large: bool = False
    theme: str | None = None
    full: bool = True
    gone: bool = False

    def where(self, server: Running) -> str:
        return self.path if isinstance(self.path, str) else self.path(server)


def sign_in(context: BrowserContext, url: str, account: str) -> None:
    """Sign a window in as one of the demonstration's accounts."""
    form: dict[str, Any] = {"account": account}
    answer = context.request.post(f"{url}/sign-in", form=form, headers={"Origin": url}, max_redirects=0)
    assert answer.status == 303, answer.text()


def prefer(context: BrowserContext, url: str, **chosen: str) -> None:
    """Choose ``language`` (zh, en), ``size`` (normal, large) or ``theme`` (light, dark)."""
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in chosen.items()])


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by the keyboard")


def axe_clean(page: Page) -> None:
    """Fail with what axe finds wrong with a page: WCAG 2.2 AA and its best practices."""
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    told = [
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes']]}"
        for one in found.response["violations"]
    ]
    assert not told, "\n".join(told)
