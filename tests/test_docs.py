"""What the documents refer to as evidence is there."""

import re

import pytest

from tests.running import ROOT

REFERENCES = sorted(
    set(re.findall(r"`((?:tests|loadtests)/[\w./]+)(?:::(\w+))?`", (ROOT / "docs/field.md").read_text()))
)


@pytest.mark.parametrize(("path", "test"), REFERENCES)
def test_what_shows_a_row_of_the_field_exists(path: str, test: str) -> None:
    text = (ROOT / path).read_text()
    assert not test or f"def {test}(" in text
