"""The table of rules says where each is implemented and shown: what it names is there."""

import re
from pathlib import Path

import pytest

from domain.rules import KINDS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "rules.md").read_text()
ROWS = [
    line
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith(("| Rule", "| Limit |"))
]
TESTS = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
SOURCES = ("domain/", "projections/", "adapters/", "loadtests/", "tests/")


def named(pattern: str) -> list[str]:
    return sorted(set(re.findall(pattern, TEXT)))


@pytest.mark.parametrize("path", named(r"`([a-z_]+/[a-z_/0-9]+\.py)"))
def test_a_file_that_the_rules_name_exists(path: str) -> None:
    assert path.startswith(SOURCES)
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("name", named(r"(test_[a-z_0-9]+\.py::test_[a-z_0-9]+)"))
def test_a_test_that_the_rules_name_exists(name: str) -> None:
    file, _, test = name.partition("::")
    assert f"def {test}(" in TESTS[file].read_text()


@pytest.mark.parametrize("file", named(r"`(test_[a-z_0-9]+\.py)"))
def test_a_test_file_that_the_rules_name_exists(file: str) -> None:
    assert file in TESTS


@pytest.mark.parametrize(("path", "name"), re.findall(r"`([a-z_/]+\.py)` `([A-Za-z_]+)`", TEXT))
def test_what_the_rules_name_in_a_file_is_there(path: str, name: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / path).read_text()), f"{path} has no {name}"


def test_every_rule_has_its_grade() -> None:
    tables = [row for row in ROWS if row.count("|") >= 6]
    graded = [row for row in tables if re.search(r"\| *[SLRD]\b[^|]*\|", row)]
    assert len(tables) == len(graded) > 60, [row for row in tables if row not in graded]


def test_every_rule_of_the_supervision_stands_in_the_table() -> None:
    for name in KINDS:
        assert f"| `{name}`: " in TEXT, name
