"""What people type, and what they mean."""

import pytest

from adapters import search
from adapters.demonstration import plans

ITEMS = {named.item: named.plan for named in plans.plans().items}


def found(wanted: str) -> list[str]:
    ranked = ((search.rank(name, plan, wanted), name) for name, plan in ITEMS.items())
    return [name for fits, name in sorted((fits, name) for fits, name in ranked if fits is not None)]


@pytest.mark.parametrize(
    ("wanted", "item"),
    [
        ("社会保障卡申领", "demo-shebaoka-shenling"),
        ("社保卡", "demo-shebaoka-shenling"),
        ("sbk", "demo-shebaoka-shenling"),
        ("SHBZK", "demo-shebaoka-shenling"),
        ("shehuibaozhangka", "demo-shebaoka-shenling"),
        ("jhz", "demo-jiehun-dengji"),
        ("jiehun", "demo-jiehun-dengji"),
        ("身份证丢了怎么办", "demo-shenfenzheng-buling"),
        ("我要补办身份证", "demo-shenfenzheng-buling"),
        ("身份证过期了", "demo-shenfenzheng-huanling"),
        ("开饭店需要什么手续？", "demo-shipin-jingying"),
        ("二手房过户", "demo-budongchan-zhuanyi"),
        ("identity card lost", "demo-shenfenzheng-buling"),
    ],
)
def test_an_item_is_among_the_first_three_by_the_words_people_use(wanted: str, item: str) -> None:
    assert item in found(wanted)[:3], found(wanted)


@pytest.mark.parametrize("wanted", ["没有这样的事项", "怎么办", "zzzz", "！", "x" * 100])
def test_what_means_no_item_finds_none(wanted: str) -> None:
    assert found(wanted) == []


def test_the_name_itself_comes_before_what_only_mentions_the_word() -> None:
    assert found("居住证")[0] == "demo-juzhuzheng"
    assert found("结婚登记")[0] == "demo-jiehun-dengji"
