"""Every page that ``make screenshots`` takes: axe finds nothing, the console is silent, no request leaves the host."""

import pytest

from tests.browser.conftest import Complaints, Open
from tests.browser.seeing import Shot, axe_clean, prefer
from tests.browser.shots import shots
from tests.running import Running


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
            prefer(page.context, server.url, language=language)
            page.reload()
        axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    assert complaints.said == []
