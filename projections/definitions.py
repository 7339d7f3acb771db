"""Every published figure: what it is called, what is divided by what, who says so, and what was asked of it.

No official formula was found for any of them; where a source names a figure or a target, it is quoted, and the formula
is a working definition. Effective ratings are first ratings by hand of whoever was served: nobody is rated by default,
tests are left out, and what was ruled mis-rated or malicious is not adopted.
"""

from typing import Literal

import msgspec

from domain.message import Text

Unit = Literal["share", "number", "points"]
"""``share`` is shown in per cent; ``number`` as it is; ``points`` are out of ten."""


class Target(msgspec.Struct, frozen=True):
    """What a document asks of a figure."""

    bound: Literal["least", "most"]
    value: float
    source: Text


class Definition(msgspec.Struct, frozen=True):
    """What is divided by what, and who says so."""

    numerator: Text
    denominator: Text
    source: Text
    unit: Unit = "share"
    target: Target | None = None
    text: Text | None = None
    """The whole in a sentence."""


OURS = Text("未查到统一公式，本系统的工作定义", "no official formula was found; a working definition of ours")
RATED = Text("有效评价的服务", "services effectively rated")
SETTLED = Text("已整改或期限已过的差评", "bad reviews rectified or past their deadline")
PUBLISHED = Text("已发布的事项", "items published")
OPENED = Text("收件的办件", "cases taken in")


def _tanghe(number: str, place: str) -> Text:
    return Text(
        f"名称见唐放办〔2021〕43号（{number}），公式为工作定义",
        f"named in No. 43 (2021) of Tanghe, ({place}); the formula is ours",
    )


def _asked(bound: Literal["least", "most"], value: float, number: str, place: str) -> Target:
    return Target(
        bound, value, Text(f"唐放办〔2021〕43号（{number}）", f"No. 43 (2021) of Tanghe, ({place})")
    )


FIGURES: dict[str, tuple[Text, Definition]] = {
    # ratings
    "active_review": (
        Text("主动评价率", "services rated"),
        Definition(RATED, Text("可评价的服务（已办结）", "services that could be rated, having ended"), OURS),
    ),
    "items_covered": (
        Text("主动评价覆盖事项率", "items with ratings"),
        Definition(
            Text("有有效评价的事项", "items with an effective rating"),
            Text("有可评价服务的事项", "items with a service that could be rated"),
            _tanghe("六", "6"),
            target=_asked("least", 1.0, "六", "6"),
        ),
    ),
    "units_covered": (
        Text("评价覆盖部门率", "units with ratings"),
        Definition(
            Text("有有效评价的部门", "units with an effective rating"),
            Text("有可评价服务的部门", "units with a service that could be rated"),
            Text("商城县公布过此指标，公式为工作定义", "published by Shangcheng; the formula is ours"),
        ),
    ),
    "favourable": (
        Text("好评率", "favourable ratings"),
        Definition(
            Text("基本满意及以上", "the upper three grades"),
            RATED,
            Text("吉安等地的口径，含基本满意", "as in Ji'an: fairly satisfied included"),
        ),
    ),
    "satisfied": (
        Text("满意率", "satisfied ratings"),
        Definition(Text("满意及以上", "the upper two grades"), RATED, OURS),
    ),
    "bad": (
        Text("差评率", "bad reviews"),
        Definition(
            Text("不满意、非常不满意", "the lower two grades"),
            RATED,
            Text("河北省评价办法（2020）的差评口径", "bad as in the measures of Hebei, 2020"),
        ),
    ),
    "mean": (
        Text("平均分", "mean score"),
        Definition(
            Text(
                "各评价得分之和（非常满意10分，依次8、6、4、2分）",
                "points of the ratings: 10 for very satisfied, then 8, 6, 4, 2",
            ),
            RATED,
            Text(
                "广东公布十分制平均分，公式为工作定义",
                "Guangdong shows points out of ten; the formula is ours",
            ),
            unit="points",
        ),
    ),
    # bad reviews
    "rectified": (
        Text("差评整改率", "bad reviews rectified"),
        Definition(Text("已整改的差评", "bad reviews rectified"), SETTLED, OURS),
    ),
    "rectified_in_time": (
        Text("按期整改率", "bad reviews rectified in time"),
        Definition(
            Text("按期整改的差评", "bad reviews rectified in time"),
            SETTLED,
            _tanghe("七", "7"),
            target=_asked("least", 1.0, "七", "7"),
        ),
    ),
    "called_back": (
        Text("回访率", "real-name reviewers called back"),
        Definition(
            Text("已回访的实名差评", "real-name bad reviews called back"),
            Text("已反馈、应回访的实名差评", "real-name bad reviews answered, whose authors are owed a call"),
            Text(
                "江苏、德州等地要求100%，公式为工作定义",
                "asked to be 100 % in Jiangsu and Dezhou; the formula is ours",
            ),
        ),
    ),
    "satisfied_after": (
        Text("整改后满意率", "satisfied after rectification"),
        Definition(
            Text("基本满意及以上的追评", "second ratings of the upper three grades"),
            Text("追评", "second ratings"),
            OURS,
        ),
    ),
    # cases
    "closed_in_time": (
        Text("按期办结率", "cases closed in time"),
        Definition(
            Text("在承诺期限内办结的办件", "cases closed by their promised end"),
            Text(
                "有承诺期限的已办结办件（一件事按分项计）",
                "closed cases that had a promised end, one matter by its parts",
            ),
            OURS,
        ),
    ),
    "on_the_spot": (
        Text("即办件占比（按办件）", "cases handled on the spot"),
        Definition(Text("即办件", "cases handled on the spot"), OPENED, OURS),
    ),
    "limits_compressed": (
        Text("时限压缩率（按办件）", "limits shortened, by cases"),
        Definition(
            Text("法定时限减承诺时限（工作日）", "statutory less promised working days"),
            Text("法定时限（工作日），限两者俱全的办件", "statutory working days, of cases with both limits"),
            OURS,
        ),
    ),
    "visits_per_case": (
        Text("平均到厅次数", "visits per case"),
        Definition(
            Text("涉及办件的窗口服务", "services at a window that a case was the matter of"),
            Text("已办结的办件（一件事计一件）", "cases closed, one matter counted once"),
            OURS,
            unit="number",
        ),
    ),
    # the catalogue
    "items_on_the_spot": (
        Text("即办事项占比", "items handled on the spot"),
        Definition(
            Text("即办事项", "items handled on the spot"),
            PUBLISHED,
            _tanghe("一", "1"),
            target=_asked("least", 0.4, "一", "1"),
        ),
    ),
    "item_limits_compressed": (
        Text("承诺时限压缩率", "limits shortened, by items"),
        Definition(
            Text("法定时限减承诺时限（工作日）", "statutory less promised working days"),
            Text("法定时限（工作日），限两者俱全的事项", "statutory working days, of items with both limits"),
            _tanghe("一", "1"),
            target=_asked("least", 0.9, "一", "1"),
        ),
    ),
    "item_visits": (
        Text("承诺平均跑动次数", "visits promised per item"),
        Definition(
            Text("承诺到办事现场次数", "visits promised"),
            PUBLISHED,
            _tanghe("一", "1"),
            unit="number",
            target=_asked("most", 0.1, "一", "1"),
        ),
    ),
    "items_depth_three": (
        Text("三级及以上网办深度事项占比", "items of online depth III or IV"),
        Definition(
            Text("网办深度Ⅲ、Ⅳ级的事项", "items of online depth III or IV"),
            PUBLISHED,
            _tanghe("一", "1"),
            target=_asked("least", 0.99, "一", "1"),
        ),
    ),
    "items_depth_four": (
        Text("四级网办深度事项占比", "items of online depth IV"),
        Definition(
            Text("网办深度Ⅳ级的事项", "items of online depth IV"),
            PUBLISHED,
            _tanghe("一", "1"),
            target=_asked("least", 0.9, "一", "1"),
        ),
    ),
    "items_used": (
        Text("办件涉及事项发生率", "items with cases"),
        Definition(
            Text("有办件的事项", "items with a case taken in"),
            PUBLISHED,
            _tanghe("二十一", "21"),
            target=_asked("least", 0.99, "二十一", "21"),
        ),
    ),
}

RATE_NAMES: dict[str, Text] = {figure: name for figure, (name, _) in FIGURES.items()}
DEFINITIONS: dict[str, Definition] = {
    figure: msgspec.structs.replace(
        told,
        text=Text(
            f"{name.zh} ＝ {told.numerator.zh} ÷ {told.denominator.zh}",
            f"{name.en}: {told.numerator.en} ÷ {told.denominator.en}",
        ),
    )
    for figure, (name, told) in FIGURES.items()
}

CATALOGUE = frozenset(
    {
        "items_on_the_spot",
        "item_limits_compressed",
        "item_visits",
        "items_depth_three",
        "items_depth_four",
        "items_used",
    }
)
"""Figures of the published items. A window, a channel or a day has none; a hall has those that are handled there."""
