"""A government service item (政务服务事项) as published: who may ask for it, with what, how long it may take.

The stream ``item-{code}`` holds the whole document at every change and numbers its versions: a case, a ticket
or a booking can name the version it was promised by. Code sets are stored as words; ``KINDS``, ``LEVELS``,
``APPLICANTS`` and ``HANDLINGS`` give the codes of GB/T 39046-2020 (tables A.1, A.2, A.4, A.6).
"""

from typing import Annotated, Literal, NamedTuple, assert_never

import msgspec
from msgspec import Meta

from domain import credit_code
from domain.message import Command, Event, Id, Label, Refused, Stamp, Text

Kind = Literal[
    "power", "permit", "penalty", "coercion", "levy", "benefit", "inspection",
    "confirmation", "reward", "adjudication", "other-power", "public-service",
]  # fmt: skip
Level = Literal["national", "provincial", "municipal", "county", "township", "village", "shared"]
Applicant = Literal["person", "enterprise", "institution", "association", "authority", "other"]
Handling = Literal["on-the-spot", "promised"]
"""即办件, 承诺件. Stored as words: the two national code lists number them in opposite directions."""

Scope = Literal["national", "across-provinces", "across-cities", "across-counties"]
"""通办范围: 全国, 跨省, 跨市, 跨县 (GB/T 39046-2020 table 4)."""

OnlineDepth = Literal["I", "II", "III", "IV"]
"""网办深度: Ⅰ information, Ⅱ filed online and handed in on site, Ⅲ one visit (需到现场核验一次), Ⅳ wholly
online (全程网上可办); Ⅲ and Ⅳ by 晋政办发〔2020〕68号."""


class Coded(NamedTuple):
    """A word's code and name in a national code set."""

    code: str
    name: Text


KINDS: dict[Kind, Coded] = {
    "power": Coded("00", Text("行政权力事项", "administrative power")),
    "permit": Coded("01", Text("行政许可", "administrative permit")),
    "penalty": Coded("02", Text("行政处罚", "administrative penalty")),
    "coercion": Coded("03", Text("行政强制", "administrative coercion")),
    "levy": Coded("04", Text("行政征收", "administrative levy")),
    "benefit": Coded("05", Text("行政给付", "administrative benefit")),
    "inspection": Coded("06", Text("行政检查", "administrative inspection")),
    "confirmation": Coded("07", Text("行政确认", "administrative confirmation")),
    "reward": Coded("08", Text("行政奖励", "administrative reward")),
    "adjudication": Coded("09", Text("行政裁决", "administrative adjudication")),
    "other-power": Coded("10", Text("其他类别事项", "other administrative power")),
    "public-service": Coded("20", Text("公共服务", "public service")),
}

LEVELS: dict[Level, Coded] = {
    "national": Coded("1", Text("国家级", "national")),
    "provincial": Coded("2", Text("省级", "provincial")),
    "municipal": Coded("3", Text("市级", "municipal")),
    "county": Coded("4", Text("县级", "county")),
    "township": Coded("5", Text("镇(乡、街道)级", "township")),
    "village": Coded("6", Text("村(社区)级", "village")),
    "shared": Coded("7", Text("分级管理", "shared between levels")),
}

APPLICANTS: dict[Applicant, Coded] = {
    "person": Coded("1", Text("自然人", "natural person")),
    "enterprise": Coded("2", Text("企业法人", "enterprise")),
    "institution": Coded("3", Text("事业法人", "public institution")),
    "association": Coded("4", Text("社会组织法人", "social organisation")),
    "authority": Coded("5", Text("行政机关", "administrative organ")),
    "other": Coded("6", Text("其他组织", "other organisation")),
}

HANDLINGS: dict[Handling, Coded] = {
    "on-the-spot": Coded("1", Text("即办件", "handled on the spot")),
    "promised": Coded("2", Text("承诺件", "handled within a promised limit")),
}

Workdays = Annotated[int, Meta(ge=1, le=999)]
Copies = Annotated[int, Meta(ge=0, le=99)]
Address = Annotated[str, Meta(pattern=r"^https?://[^\s]{1,490}$")]


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code as the issuing system wrote it, with the coding scheme it follows: ``gbt-39554``, ``gbt-39046``,
    a province's own. Lengths differ between schemes in force, so none is imposed."""

    value: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,50}$")]
    scheme: Id


CODED = "gbt-39554"
"""The scheme whose 实施编码 begins with the authority's unified social credit code (18 of 31 characters, as a code
in use shows; the body of GB/T 39554.1-2020 was not found)."""


class Material(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing to hand in. ``exempt`` (免提交): the hall gets it by data sharing or electronic licence.
    ``deferrable`` (可容缺): it may come after the acceptance; ``pledgeable`` (告知承诺): a written promise will do.
    ``blank`` and ``sample`` are where 空表 and 样表 are found."""

    name: Text
    originals: Copies = 1
    copies: Copies = 0
    required: bool = True
    exempt: bool = False
    deferrable: bool = False
    pledgeable: bool = False
    blank: Address | None = None
    sample: Address | None = None


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    asked: Text
    answered: Text


class Guide(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the published guide (办事指南) says beside materials and limits. No ``fee``: the item is free.

    Of the 14 elements (``docs/rules.md``) 基本信息, 部门信息, 办理材料 and 办理时限 stand in ``ItemPlan``, ten here.
    """

    conditions: Annotated[tuple[Text, ...], Meta(max_length=30)] = ()
    fee: Text | None = None
    phone: Annotated[str, Meta(pattern=r"^[0-9 ()+-]{3,30}$")] | None = None
    legal_basis: Annotated[tuple[Text, ...], Meta(max_length=30)] = ()
    windows: Annotated[tuple[Text, ...], Meta(max_length=30)] = ()
    """办理窗口: where and when."""
    process: Annotated[tuple[Text, ...], Meta(max_length=30)] = ()
    """办理流程: its steps in order."""
    result: Text | None = None
    """审批结果: what the applicant gets."""
    questions: Annotated[tuple[Question, ...], Meta(max_length=30)] = ()
    """常见问题."""
    complaints: Text | None = None
    """咨询投诉: where to complain; where to ask is ``phone``."""
    rights: Annotated[tuple[Text, ...], Meta(max_length=30)] = ()
    """权利义务."""
    remedies: Annotated[tuple[Text, ...], Meta(max_length=30)] = ()
    """法律救济: 行政复议, 行政诉讼."""


class ItemPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything published about an item. A hall serves it if it has the ``queue``."""

    name: Text
    basic_code: Code | None = None
    """基本编码: the item in the catalogue."""
    implementation_code: Code | None = None
    """实施编码: the item as one authority carries it out."""
    kind: Kind
    level: Level
    applicants: Annotated[tuple[Applicant, ...], Meta(min_length=1, max_length=6)]
    unit: Text
    """The responsible unit (谁办理、谁负责)."""
    handling: Handling
    statutory_limit_workdays: Workdays | None = None
    """法定办结时限; none where no law sets one in working days."""
    promised_limit_workdays: Workdays | None = None
    """承诺办结时限."""
    queue: Id
    bookable: bool = True
    slots: Annotated[int, Meta(ge=1, le=8)] = 1
    """How many intervals in a row one appointment takes."""
    skill: Id | None = None
    """What a clerk must know to handle it, in halls whose plan names that skill."""
    online_depth: OnlineDepth
    visits: Annotated[int, Meta(ge=0, le=9)]
    """到办事现场次数: how often the applicant must come, as promised."""
    materials: Annotated[tuple[Material, ...], Meta(max_length=60)] = ()
    guide: Guide = Guide()
    scope: Scope | None = None
    """通办范围; none where only its own authority receives it."""
    matters: Annotated[tuple[Id, ...], Meta(max_length=30)] = ()
    """The 一件事 it is part of."""
    parts: Annotated[tuple[Id, ...], Meta(max_length=30)] = ()
    """Of a 一件事 (赋码管理, 锡政办发〔2022〕70号 第27条): the items that it holds together."""
    keywords: Annotated[tuple[Label, ...], Meta(max_length=30)] = ()
    """俗称: the everyday words by which people look for it (社保卡 for 社会保障卡, 身份证丢了)."""
    demonstration: bool = False


# --- commands -----------------------------------------------------------------------------------------------


class PublishItem(Command, frozen=True):
    plan: ItemPlan


AnyCommand = PublishItem


# --- events -------------------------------------------------------------------------------------------------


class ItemPublished(Event, frozen=True, tag="item-published"):
    plan: ItemPlan
    version: int
    """Counted from 1: the number others quote, whatever else the stream may one day hold."""


AnyEvent = ItemPublished


# --- state --------------------------------------------------------------------------------------------------


class Item(msgspec.Struct):
    plan: ItemPlan | None = None
    version: int = 0


def stream(code: str) -> str:
    return f"item-{code}"


def initial() -> Item:
    return Item()


def decide(command: AnyCommand, item: Item, stamp: Stamp) -> list[AnyEvent]:
    match command:
        case PublishItem(plan):
            if plan == item.plan:
                return []
            _check(plan)
            return [ItemPublished(plan, item.version + 1)]
    assert_never(command)


def evolve(item: Item, event: AnyEvent, stamp: Stamp) -> Item:
    match event:
        case ItemPublished(plan, version):
            item.plan, item.version = plan, version
            return item
    assert_never(event)


def _check(plan: ItemPlan) -> None:
    """Raises:
    Refused: the plan contradicts itself; ``field`` tells where.
    """
    promised, statutory = plan.promised_limit_workdays, plan.statutory_limit_workdays
    if plan.handling == "promised" and promised is None and not plan.parts:
        raise Refused("promise-missing", invalid=True, field="promised_limit_workdays")
    if promised is not None and statutory is not None and promised > statutory:
        raise Refused(
            "promise-longer-than-statute",
            invalid=True,
            field="promised_limit_workdays",
            promised=promised,
            statutory=statutory,
        )
    code = plan.implementation_code
    if code is not None and code.scheme == CODED and not credit_code.valid(code.value[: credit_code.LENGTH]):
        raise Refused("credit-code-invalid", invalid=True, field="implementation_code")
    named: dict[str, list[str]] = {
        "materials.name": [material.name.zh for material in plan.materials],
        "applicants": list(plan.applicants),
        "parts": list(plan.parts),
    }
    for field, names in named.items():
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise Refused("named-twice", invalid=True, field=field, names=twice)
