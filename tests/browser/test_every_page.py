"""Every page that ``make screenshots`` takes: axe finds nothing, the console is silent, no request leaves the host."""

import pytest

from tests.browser.conftest import Complaints, Open
from tests.browser.seeing import Shot, axe_clean, prefer
from tests.browser.shots import shots
from tests.running import Running

NARROW = 320
"""The pixels of a page of 1280 zoomed to 400 % (WCAG 1.4.10), here in the large type of elder mode besides."""

FITS = "document.documentElement.scrollWidth <= innerWidth"

WIDE = """() => [...document.querySelectorAll("body, body *")]
    .filter((node) => !node.closest(".heard-only") && node.getBoundingClientRect().right > innerWidth + 1)
    .map((node) => node.textContent.trim().slice(0, 40))"""


@pytest.mark.parametrize("shot", shots(), ids=lambda shot: shot.name)
def test_a_page_is_clean_in_its_languages(
    visit: Open, server: Running, complaints: Complaints, shot: Shot
) -> None:
    width, height = shot.sizes[0]
    look = {"language": shot.languages[0], "size": "large" if shot.large else "normal"}
    if shot.theme:
        look["theme"] = shot.theme
    page = visit(shot.where(server), width, height, account=shot.account, look=look)
    for language in shot.languages:
        if language != look["language"]:
            page.set_viewport_size({"width": width, "height": height})
            prefer(page.context, server.url, language=language)
            page.reload()
        axe_clean(page)
        for wide, high in reversed(shot.sizes):
            page.set_viewport_size({"width": wide, "height": high})
            assert page.evaluate(FITS), f"it scrolls sideways at {wide} pixels"
        if shot.name.startswith("citizen"):
            page.evaluate("document.documentElement.dataset.size = 'large'")
            page.set_viewport_size({"width": NARROW, "height": height})
            assert page.evaluate(WIDE) == [], "in large type on a narrow phone something is cut off"
    assert [said for said in complaints.said if not (shot.gone and "404 (Not Found)" in said)] == []
