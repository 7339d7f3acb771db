"""Every string of the pages in both languages: what is shown is marked, what is marked is translated."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import TranslationError
from babel.messages.checkers import num_plurals, python_format

from adapters.web import words

TEMPLATES = sorted((words.HERE / "templates").rglob("*.html"))
MODULES = sorted(words.HERE.glob("*.py"))
CHINESE = re.compile(r"[一-鿿]")
IN_BOTH = {
    "role.html",
    "missing.html",
    "screen.html",
    "window-screen.html",
    "kiosk/home.html",
}
"""Templates that show both languages at once, and so have no need of a catalogue."""

MARKS = {"_", "N_", "ngettext", "Text"}
"""Calls whose strings are in both languages, or are translated where they are shown."""


def test_every_string_of_the_pages_is_translated() -> None:
    assert words.untranslated() == []


@pytest.mark.parametrize("audience", words.audiences())
def test_a_catalogue_holds_what_is_used_and_its_translations_take_what_they_are_told(audience: str) -> None:
    wanted = {(message.id, message.context) for message in words.wanted(audience) if message.id}
    for message in words.known(audience):
        if not message.id:
            continue
        assert (message.id, message.context) in wanted, f"{message.id} is in no page: make words"
        try:
            python_format(None, message)
            num_plurals(words.known(audience), message)
        except TranslationError as error:
            raise AssertionError(f"{message.id}: {error}") from error


def test_no_string_is_translated_in_two_ways() -> None:
    seen: dict[object, object] = {}
    for audience in words.audiences():
        for message in words.known(audience):
            if message.id:
                assert seen.setdefault((str(message.id), message.context), message.string) == message.string


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_of_one_language_has_no_string_that_is_not_marked(path: Path) -> None:
    if path.relative_to(words.HERE / "templates").as_posix() in IN_BOTH:
        return
    source = re.sub(r"\{%-?\s*trans.*?endtrans\s*-?%\}|\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    # The switch to Chinese is in Chinese on an English page, and says so.
    source = re.sub(r'lang="zh-CN">中文<', "", source)
    outside = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
    assert not CHINESE.findall(outside), CHINESE.findall(outside)
    for code in re.findall(r"\{\{(.*?)\}\}|\{%(.*?)%\}", source, flags=re.DOTALL):
        bare = re.sub(r'(_|ngettext)\(\s*("[^"]*"|\'[^\']*\')(\s*,\s*"[^"]*")?', "", "".join(code))
        assert not CHINESE.search(bare), bare


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_has_no_string_in_one_language_that_is_not_marked(path: Path) -> None:
    tree = ast.parse(path.read_text())
    allowed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in MARKS:
                allowed |= {id(argument) for argument in node.args}
        if isinstance(node, ast.Expr):
            allowed.add(id(node.value))  # a docstring
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CHINESE.search(node.value):
            assert id(node) in allowed, f"{path.name}:{node.lineno}: {node.value}"
