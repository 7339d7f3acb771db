"""The terms of each hall, from a file."""

from pathlib import Path

import pytest

from adapters import terms
from adapters.settings import BadSetting
from domain.terms import DEFAULT, told


def test_a_hall_has_its_own_terms_and_the_others_the_common_ones(tmp_path: Path) -> None:
    file = tmp_path / "terms.json"
    file.write_text(
        '{"*": {"review_days": 15}, "tanghe": {"rectification": {"contact": 2, "simple": 4, "complex": 9}}}'
    )
    of = terms.read(str(file))
    assert (of("yuantan").review_days, of("tanghe").review_days) == (15, 30)
    assert of("tanghe").rectification.complex == 9


def test_without_a_file_the_defaults_hold_and_each_says_on_what_basis() -> None:
    assert terms.read(None)("tanghe") == DEFAULT
    assert {name: term.value for name, term in told(DEFAULT).items()} == {
        "review.window": 30,
        "rectification.contact": 1,
        "rectification.simple": 5,
        "rectification.complex": 15,
        "rectification.appeal": 3,
        "rectification.ruling": 5,
        "cases.acceptance": 5,
        "cases.silence": 1,
    }


@pytest.mark.parametrize("content", ['{"*": {"review_days": 0}}', '{"*": {"days": 3}}', "[]", ""])
def test_terms_that_cannot_be_are_told_at_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "terms.json"
    file.write_text(content)
    with pytest.raises(BadSetting, match="MINGTING_TERMS"):
        terms.read(str(file))
    with pytest.raises(BadSetting, match="MINGTING_TERMS"):
        terms.read(str(tmp_path / "nothing"))
