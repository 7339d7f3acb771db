"""How notices are worded: each occasion knows its facts, and can say nothing else."""

from string import Formatter
from typing import get_args

import pytest

from domain import templates
from domain.templates import OCCASIONS, NoticeWorded, Template, Wording, WordNotice, instant, say
from tests.spec import NINE, given

SHORT = Wording("提醒：{starts_at}", "Reminder: {starts_at}")


def test_every_template_has_its_occasion() -> None:
    assert set(OCCASIONS) == set(get_args(Template))


@pytest.mark.parametrize("template", OCCASIONS)
def test_our_own_wordings_say_only_what_the_occasion_knows(template: Template) -> None:
    occasion = OCCASIONS[template]
    for sentence in (occasion.wording.zh, occasion.wording.en):
        named = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        assert named <= occasion.facts


def test_a_template_is_worded_otherwise_and_by_default_again() -> None:
    worded = given(templates).when(WordNotice("reminder", SHORT))
    worded.then(NoticeWorded("reminder", SHORT))
    worded.when(WordNotice("reminder", SHORT)).then()
    worded.when(WordNotice("reminder", OCCASIONS["reminder"].wording)).then(NoticeWorded("reminder"))
    worded.when(WordNotice("reminder")).then()


@pytest.mark.parametrize("sentence", ["{starts_at", "{starts_at!r}", "{starts_at:%d}"])
def test_braces_name_facts_and_nothing_else(sentence: str) -> None:
    given(templates).when(WordNotice("reminder", Wording("好", sentence))).refused(
        "wording-malformed", field="en"
    )


@pytest.mark.parametrize("name", ["phone", "", "item.__class__", "0"])
def test_a_wording_cannot_name_what_is_not_known(name: str) -> None:
    wrong = Wording(f"您好{{{name}}}", "Hello")
    given(templates).when(WordNotice("reminder", wrong)).refused("unknown-fact", field="zh", names=[name])


def test_a_missing_fact_leaves_a_dash() -> None:
    assert say("{hall}: {item}", {"hall": "H"}) == "H: —"


def test_times_are_those_of_the_halls_clock() -> None:
    assert instant(NINE, "zh") == "3月2日（周一）09:00"
    assert instant(NINE, "en") == "2 Mar 2026 09:00"
