"""Items found by the words people use: names in either language, everyday words (俗称), 拼音 in full or by initials.

Nobody knows the official name of what they need. What matches best comes first: the name itself, then everyday words,
unit and code, then 拼音, and at last a sentence that shares most of its pairs of characters with a name.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from domain.item import ItemPlan

ASKING = re.compile(
    "怎么办理?|怎样|如何|哪里|哪儿|在哪|我要|我想|想要|想|需要|什么|材料|手续|办理|去|[吗呢吧了？?！!，,。.、]"
)
"""What a question holds beside the thing it is about."""

LIKE = 0.6
"""So much of a sentence must be found again in a name."""


class Spelled(NamedTuple):
    """Chinese as it is typed without Chinese: ``shebaoka`` and ``sbk``."""

    whole: str
    initials: str


def rank(name: str, plan: ItemPlan, wanted: str) -> int | None:
    """How well an item is what somebody looks for: 0 is best, ``None`` not at all."""
    words = wanted.casefold().split()
    named = [plan.name.zh, *plan.keywords]
    if not words:
        return None
    if plan.name.zh.startswith(words[0]) or plan.name.zh == wanted:
        return 0
    for place, texts in (
        (1, [plan.name.zh, plan.name.en]),
        (2, [*named, plan.name.en]),
        (3, [*named, plan.name.en, plan.unit.zh, plan.unit.en, name]),
    ):
        if _all(words, texts):
            return place
    if all(word.isascii() for word in words):
        spelled = [_spelled(text) for text in named]
        letters = "".join(words)
        if any(one.initials.startswith(letters) for one in spelled):
            return 4
        if len(letters) > 1 and any(letters in one.whole or letters in one.initials for one in spelled):
            return 5
        return None
    return _like(ASKING.sub("", wanted), named)


def _all(words: Iterable[str], texts: Iterable[str]) -> bool:
    together = "\n".join(texts).casefold()
    return all(word in together for word in words)


def _like(sentence: str, texts: Iterable[str]) -> int | None:
    """6 if what is left of a sentence stands in a text or a text in it, 7 if most of its pairs of characters do."""
    if len(sentence) < 2:
        return None
    pairs = {sentence[n : n + 2] for n in range(len(sentence) - 1)}
    found = None
    for text in texts:
        if sentence in text or text in sentence:
            return 6
        if sum(pair in text for pair in pairs) >= LIKE * len(pairs):
            found = 7
    return found


@lru_cache(maxsize=20_000)
def _spelled(text: str) -> Spelled:
    # Its dictionary takes 55 MB: only a process that is asked in letters loads it.
    from pypinyin import Style, lazy_pinyin

    return Spelled(
        "".join(lazy_pinyin(text)).casefold(),
        "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).casefold(),
    )
