"""Data sets of GB/T 39046-2020 政务服务平台基础数据规范: tables 5 to 9 and 11, of what the log and its views hold.

Names, order and formats are the standard's. What we do not hold stays empty: names and documents of people leave the
sealed table for nobody's file. Dates are written as each table prints them (the formats differ between tables).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from domain.item import HANDLINGS, ItemPlan
from domain.message import Grade
from domain.review import Channel
from domain.review_tags import GRADE_NAMES
from domain.workdays import SHANGHAI
from projections import case_file

Values = Mapping[str, Any]
Fields = tuple[tuple[str, str], ...]


class DataSet(NamedTuple):
    """A table of the standard: its number, its title, and its items in order, each with its format."""

    number: int
    title: str
    fields: Fields

    def row(self, values: Values) -> list[str]:
        return [_written(values.get(name), form) for name, form in self.fields]


T, T8, T11 = "YYYYMMDDThhmmss", "YYYYMMDDhh:mm:ss", "YYYYMMDDhhmmss"
PATTERNS = {T: "%Y%m%dT%H%M%S", T8: "%Y%m%d%H:%M:%S", T11: "%Y%m%d%H%M%S"}

APPLICATION = DataSet(
    5,
    "办事申请",
    (
        ("办件编号", "an..50"), ("实施编码", "an..24"), ("事项名称", "an..200"), ("办件类型", "an..20"),
        ("办件类型代码", "n1"), ("申请者名称", "an..100"), ("申请者证件类型代码", "n3"),
        ("申请者证件号码", "an..18"), ("联系人/代理人姓名", "a..30"), ("联系人/代理人证件类型代码", "n3"),
        ("联系人/代理人证件号码", "an..18"), ("联系人手机号码", "an..18"), ("邮政编码", "n6"),
        ("通讯地址", "an..100"), ("法定代表人", "a..30"), ("申报来源代码", "n1"), ("申请时间", T),
        ("投资项目编号", "an..24"), ("行政区划", "n..9"), ("办件编号", "an..20"), ("材料名称", "an..200"),
        ("是否收取", "n1"), ("收取方式", "an..20"), ("收取数量", "n..2"), ("收取时间", T), ("附件实体", ""),
    ),
)  # fmt: skip
ACCEPTANCE = DataSet(
    6,
    "事项受理",
    (
        ("办件编号", "an..50"), ("基本编码", "an..10"), ("实施编码", "an..24"), ("事项名称", "an..200"),
        ("受理单位名称", "an..100"), ("受理单位统一社会信用代码", "an..18"), ("受理人员", "an..30"),
        ("受理时间", T), ("受理文书编号", "an..30"), ("承诺办结时间", "an..20"), ("办件类型", "an..20"),
        ("办件类型代码", "n1"), ("行政区划", "n..9"),
    ),
)  # fmt: skip
HANDLING = DataSet(
    7,
    "事项办理",
    (
        ("办件编号", "an..50"), ("业务动作", "an..20"), ("环节名称", "an..100"), ("环节处理人", "a..30"),
        ("环节处理意见", "an..1000"), ("环节开始时间", T), ("环节结束时间", T), ("处理单位名称", "an..100"),
        ("处理单位统一社会信用代码", "an..18"), ("环节办理状态代码", "n1"), ("特别程序种类名称", "an..100"),
        ("特别程序种类代码", "n1"), ("特别程序开始时间", T), ("特别程序启动理由或依据", "..ul"),
        ("申请人", "a..30"), ("特别程序结束时间", T), ("特别程序结果", "..ul"), ("特别程序办理意见", "..ul"),
        ("办理单位名称", "an..100"), ("办理单位统一社会信用代码", "an..18"), ("办理人", "a..30"),
    ),
)  # fmt: skip
CLOSING = DataSet(
    8,
    "事项办结",
    (
        ("办件编号", "an..50"), ("办理人姓名", "a..30"), ("办结时间", T8), ("结果证照名称", "an..200"),
        ("结果证照编号", "an..50"), ("办件结果描述", "an..1000"), ("证照有效期限", "an..30"),
        ("发证/盖章单位", "an..100"), ("行政区划", "n..9"), ("是否快递寄送结果", "n1"), ("是否收费", "n1"),
    ),
)  # fmt: skip
RATING = DataSet(
    9,
    "政务服务绩效评价",
    (
        ("办件编号", "an..50"), ("评价渠道", "an..50"), ("评价人", "a..30"), ("评价时间", T),
        ("评价次数", "n..2"), ("满意度", "an..20"), ("满意度代码", "n1"), ("文字评价", "..ul"),
        ("行政区划", "n..9"),
    ),
)  # fmt: skip
SUPERVISION = DataSet(
    11,
    "电子监察",
    (
        ("办件编号", "an..50"), ("督办内容", "an..1000"), ("机构名称", "an..100"), ("事项类型代码", "n2"),
        ("督办发出时间", T11), ("监察编号", "an..20"), ("监察规则编号", "an..20"), ("监察预警类型代码", "n1"),
        ("状态产生时间", T11), ("监察结果描述", "an..1000"), ("责任部门", "an..100"),
    ),
)  # fmt: skip

OF_CASES = (APPLICATION, ACCEPTANCE, HANDLING, CLOSING, SUPERVISION)
OF_REVIEWS = (RATING,)

SOURCES = {"window": "1", "web": "2", "mobile": "3", "post": "4"}
"""办理形式代码 (table A.5) of how an application came; everything else is 9."""
ACTIONS = {"passed": "通过", "returned": "退回", "other": "其他"}
PROCEDURES = {
    "hearing": "听证", "tender": "招标", "auction": "拍卖", "inspection": "检验", "testing": "检测",
    "quarantine": "检疫", "appraisal": "鉴定", "expert-review": "专家评审",
}  # fmt: skip
RESULTS = {"granted": "准予", "refused": "不予", "terminated": "终止"}
GRADES: tuple[Grade, ...] = (
    "very-satisfied",
    "satisfied",
    "fairly-satisfied",
    "dissatisfied",
    "very-dissatisfied",
)
"""满意度代码 (table A.8) counts from 1, the best."""
CHANNELS: dict[Channel, str] = {
    "web": "PC端", "mobile": "移动服务端", "qr-code": "二维码", "tablet": "政务大厅平板电脑",
    "kiosk": "政务大厅其他终端", "phone": "电话", "sms": "短信", "paper": "书面评价表",
}  # fmt: skip
"""评价渠道 (table 9), and the form on paper, which it does not name."""
SIGNALS = {"warning": "预警", "yellow": "黄牌", "red": "红牌"}


def of_case(view: case_file.View, plan: ItemPlan | None, region: str) -> Iterator[tuple[DataSet, Values]]:
    """What one case puts into the tables, as far as it has come."""
    kind = HANDLINGS[view.kind].name.zh if view.kind in HANDLINGS else None
    number = view.number or view.case
    common: dict[str, Any] = {
        "办件编号": number,
        "实施编码": plan.implementation_code.value if plan and plan.implementation_code else None,
        "基本编码": plan.basic_code.value if plan and plan.basic_code else None,
        "事项名称": plan.name.zh if plan else view.item,
        "办件类型": kind,
        "办件类型代码": HANDLINGS[view.kind].code if kind else None,  # type: ignore[index]  # who has a kind
        "行政区划": region,
        "受理单位名称": view.unit,
        "处理单位名称": view.unit,
        "责任部门": view.unit,
        "机构名称": view.unit,
    }
    applied = {"申请时间": view.opened_at, "申报来源代码": SOURCES.get(view.channel, "9")}
    yield APPLICATION, common | applied
    for line in view.timeline:
        if (told := LINES.get(line.what)) is not None:
            table, values = told
            yield table, common | dict(values(line.at, line.by.partition(":")[2], line.detail, view))


def of_rating(number: str, review: Mapping[str, Any], region: str) -> Iterator[tuple[DataSet, Values]]:
    """The first rating of a service, and the second where there is one."""
    first = {"评价渠道": CHANNELS[review["channel"]], "文字评价": review["comment"]}
    yield RATING, _rated(number, review["grade"], review["given_at"], 1, region) | first
    if review["added_grade"] is not None:
        more = {"评价渠道": CHANNELS[review["added_channel"]], "文字评价": review["added_comment"]}
        yield RATING, _rated(number, review["added_grade"], review["added_at"], 2, region) | more


def _rated(number: str, grade: Grade, at: datetime, times: int, region: str) -> dict[str, Any]:
    return {
        "办件编号": number,
        "评价时间": at,
        "评价次数": times,
        "满意度": GRADE_NAMES[grade].zh,
        "满意度代码": GRADES.index(grade) + 1,
        "行政区划": region,
    }


Line = Callable[[datetime, str, Mapping[str, Any], case_file.View], Values]


def _accepted(at: datetime, by: str, detail: Mapping[str, Any], view: case_file.View) -> Values:
    promised = _written(view.due_at, T) if view.due_at is not None else None
    return {"受理时间": at, "受理人员": by, "受理文书编号": detail.get("document"), "承诺办结时间": promised}


def _step(at: datetime, by: str, detail: Mapping[str, Any], view: case_file.View) -> Values:
    began = detail.get("started_at")
    return {
        "业务动作": ACTIONS.get(detail.get("action", "other"), "其他"),
        "环节名称": detail["name"],
        "环节处理人": detail["handler"],
        "环节处理意见": detail.get("opinion"),
        "环节开始时间": datetime.fromisoformat(began) if began else at,
        "环节结束时间": at,
        "环节办理状态代码": "2",
    }


def _stopped(at: datetime, by: str, detail: Mapping[str, Any], view: case_file.View) -> Values:
    ended = next((line for line in view.timeline if line.what == "case-resumed" and line.at >= at), None)
    return {
        "特别程序种类名称": PROCEDURES.get(detail["kind"], detail["kind"]),
        "特别程序种类代码": "2",
        "特别程序开始时间": at,
        "特别程序启动理由或依据": detail["reason"],
        "特别程序结束时间": ended.at if ended else None,
        "特别程序结果": ended.detail.get("result") if ended else None,
        "办理单位名称": view.unit,
        "办理人": by,
    }


def _extended(at: datetime, by: str, detail: Mapping[str, Any], view: case_file.View) -> Values:
    return {
        "特别程序种类名称": "延长审批",
        "特别程序种类代码": "1",
        "特别程序开始时间": at,
        "特别程序启动理由或依据": detail["reason"],
        "特别程序办理意见": f"延长{detail['workdays']}个工作日",
        "办理单位名称": view.unit,
        "办理人": detail["approved_by"],
    }


def _closed(at: datetime, by: str, detail: Mapping[str, Any], view: case_file.View) -> Values:
    result = RESULTS.get(view.decision or "")
    words = "；".join(word for word in (result, detail.get("reason")) if word)
    return {
        "办理人姓名": by,
        "办结时间": at,
        "办件结果描述": words or None,
        "结果证照编号": view.receipt if view.means == "electronic" else None,
        "是否快递寄送结果": int(view.means == "post"),
    }


def _signalled(at: datetime, by: str, detail: Mapping[str, Any], view: case_file.View) -> Values:
    return {
        "监察规则编号": detail.get("limit", "promise"),
        "状态产生时间": at,
        "监察结果描述": SIGNALS.get(detail.get("signal", ""), "超期"),
    }


def _directed(at: datetime, by: str, detail: Mapping[str, Any], view: case_file.View) -> Values:
    return {"督办内容": detail["content"], "督办发出时间": at, "监察编号": detail["directive"]}


LINES: dict[str, tuple[DataSet, Line]] = {
    "case-accepted": (ACCEPTANCE, _accepted),
    "case-step-recorded": (HANDLING, _step),
    "case-suspended": (HANDLING, _stopped),
    "case-extended": (HANDLING, _extended),
    "case-closed": (CLOSING, _closed),
    "case-warned": (SUPERVISION, _signalled),
    "case-limit-signalled": (SUPERVISION, _signalled),
    "case-limit-passed": (SUPERVISION, _signalled),
    "case-directed": (SUPERVISION, _directed),
}
"""What each line of a timeline is in the tables."""


def region_code(region: str) -> str:
    """The first nine of the twelve digits of a region: what the standard has room for."""
    return region[:9]


def too_long(value: str, form: str) -> bool:
    """Whether a value does not fit a format like ``an..50`` or ``n1``; dates and texts of no set length do."""
    digits = form.rpartition("..")[2] if ".." in form else form.lstrip("an")
    return digits.isdigit() and len(value) > int(digits)


def _written(value: Any, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).strftime(PATTERNS[form])
    return str(value)
