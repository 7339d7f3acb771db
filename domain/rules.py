"""The rules of the electronic supervision (电子监察) as data: what has a limit, how long, which signal comes when.

A region sets its own (``region``); what it does not name is as ``KINDS`` proposes. No source gives thresholds, so
every default is marked as one wherever it is shown.
"""

from typing import Annotated, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta

from domain.message import Text

RuleName = Literal[
    "promise", "forwarding", "taking-over", "acceptance", "correction", "supplement", "procedure", "pause",
    "step",    "delivery", "directive",
]  # fmt: skip

Days = Annotated[int, Meta(ge=1, le=999, description="working days")]
Few = Annotated[int, Meta(ge=0, le=60, description="working days")]


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a signal comes, told in one of three ways: when so much of the limit, or so many working days, are left
    (0: in the morning of the due day), or so many working days after it has passed (0: at once)."""

    left_percent: Annotated[int, Meta(ge=1, le=99)] | None = None
    left_workdays: Few | None = None
    over_workdays: Few | None = None

    def __post_init__(self) -> None:
        """Raises:
        ValueError: it says nothing, or more than one thing.
        """
        if sum(told is not None for told in (self.left_percent, self.left_workdays, self.over_workdays)) != 1:
            raise ValueError("one of left_percent, left_workdays and over_workdays")

    @property
    def place(self) -> int | None:
        """Its place in the order of days; unknown of a share, whose days depend on the limit."""
        if self.over_workdays is not None:
            return self.over_workdays
        return None if self.left_workdays is None else -1 - self.left_workdays


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """``workdays`` is the limit where neither the case nor the desk says it; without it and unsaid, there is none.
    A signal without threshold never comes."""

    workdays: Days | None = None
    warning: Threshold | None = None
    yellow: Threshold | None = None
    red: Threshold | None = None

    def __post_init__(self) -> None:
        """Raises:
        ValueError: a graver signal would come before a lighter one; the text is its code.
        """
        told = [one.place for one in (self.warning, self.yellow, self.red) if one is not None]
        places = [place for place in told if place is not None]
        if places != sorted(places):
            raise ValueError("signals-not-rising")


class Kind(NamedTuple):
    """A rule as it is proposed. ``grade`` tells how sure the source of the limit is: S read in the official text,
    L seen in use, R recalled and never read (not to be cited), D our default."""

    name: Text
    source: Text
    grade: Literal["S", "L", "R", "D"]
    default: Rule


AT_ONCE = Threshold(over_workdays=0)
NOT_FOUND = Text("未查到规定", "no rule found")

KINDS: dict[RuleName, Kind] = {
    "promise": Kind(
        Text("承诺办结时限", "the promised limit"),
        Text("行政许可法 第42、82条", "Licensing Law, arts. 42 and 82"),
        "S",
        Rule(warning=Threshold(left_percent=20), yellow=Threshold(left_workdays=0), red=AT_ONCE),
    ),
    "forwarding": Kind(
        Text("异地收件未移交", "received for another hall and not handed over"),
        NOT_FOUND,
        "D",
        Rule(workdays=1, yellow=AT_ONCE, red=Threshold(over_workdays=1)),
    ),
    "taking-over": Kind(
        Text("移交后未接收", "handed over and not taken over"),
        NOT_FOUND,
        "D",
        Rule(workdays=2, yellow=AT_ONCE, red=Threshold(over_workdays=1)),
    ),
    "acceptance": Kind(
        Text("逾期未答复是否受理", "acceptance not answered"),
        Text("未查到原文", "recalled; no text was found"),
        "R",
        Rule(workdays=5, red=AT_ONCE),
    ),
    "correction": Kind(Text("逾期未补正", "correction not answered"), NOT_FOUND, "D", Rule(warning=AT_ONCE)),
    "supplement": Kind(
        Text("容缺材料逾期未补", "outstanding papers overdue"), NOT_FOUND, "D", Rule(yellow=AT_ONCE)
    ),
    "procedure": Kind(
        Text("特别程序超期", "special procedure overlong"),
        Text("行政许可法 第45条", "Licensing Law, art. 45"),
        "S",
        Rule(yellow=AT_ONCE),
    ),
    "pause": Kind(Text("挂起超期", "paused for too long"), NOT_FOUND, "D", Rule(yellow=AT_ONCE)),
    "step": Kind(
        Text("环节超时", "a step over time"),
        Text("一地电子监察办法", "the measure of one city"),
        "L",
        Rule(yellow=AT_ONCE),
    ),
    "delivery": Kind(
        Text("逾期未送达", "result not delivered"),
        Text("行政许可法 第44条", "Licensing Law, art. 44"),
        "S",
        Rule(workdays=10, red=AT_ONCE),
    ),
    "directive": Kind(
        Text("督办逾期未回复", "directive not answered"), NOT_FOUND, "D", Rule(workdays=3, red=AT_ONCE)
    ),
}

RULES: tuple[RuleName, ...] = get_args(RuleName)

REFUSED_AT_ONCE: dict[str, Text] = {
    "no-reason": Text("不予受理、不予许可未说明理由", "a refusal without its reason"),
    "no-direction": Text("不予受理未告知去处", "not accepted, and not told where to go"),
    "outside-guide": Text("要求办事指南以外的材料", "papers asked for that the guide does not ask for"),
}
"""What the supervision would find elsewhere and what cannot happen here: such a command is refused (行政许可法
第32条; 锡政办发〔2022〕70号 第21条)."""


def rule_of(limit: str) -> RuleName:
    """The rule of a limit by its name: ``step`` of ``step.s1``."""
    name: RuleName = msgspec.convert(limit.partition(".")[0], RuleName)
    return name
