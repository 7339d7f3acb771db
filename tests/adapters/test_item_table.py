"""Items as other platforms list them in tables: a row is an item, or says where it is none."""

import pytest

from adapters.importing.item_table import checked, from_row
from adapters.importing.records import Senseless
from domain.item import Code
from domain.message import Text

ROW = {
    "item": "food-licence",
    "name_zh": "食品经营许可",
    "name_en": "Food business licence",
    "kind": "permit",
    "level": "county",
    "applicants": "enterprise; other",
    "unit_zh": "唐河县市场监督管理局",
    "handling": "promised",
    "statutory_limit_workdays": "20",
    "promised_limit_workdays": "8",
    "queue": "d",
    "bookable": "是",
    "online_depth": "IV",
    "visits": "0",
    "materials": "申请书;营业执照",
    "implementation_code": "11440232MB2D06811W4000117051000",
    "scheme": "gbt-39554",
}


def test_a_row_is_an_item() -> None:
    named = checked(from_row(ROW))
    plan = named.plan
    assert named.item == "food-licence"
    assert (plan.name, plan.unit.en) == (
        Text("食品经营许可", "Food business licence"),
        "唐河县市场监督管理局",
    )
    assert (plan.applicants, plan.promised_limit_workdays, plan.bookable) == (
        ("enterprise", "other"),
        8,
        True,
    )
    assert [material.name.zh for material in plan.materials] == ["申请书", "营业执照"]
    assert plan.implementation_code == Code("11440232MB2D06811W4000117051000", "gbt-39554")


@pytest.mark.parametrize(("column", "cell"), [("visits", "x"), ("bookable", "maybe"), ("colour", "red")])
def test_a_row_that_cannot_be_read_says_where_in_both_languages(column: str, cell: str) -> None:
    with pytest.raises(Senseless) as told:
        from_row(ROW | {column: cell})
    assert column in told.value.reason.zh
    assert column in told.value.reason.en


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("kind", "x", "kind填写得不对"),
        ("item", "食品", "item填写得不对"),
        ("visits", "10", "visits填写得不对"),
        ("kind", "", "没有填写kind"),
        ("name_zh", "", "不认识的项目：name_en"),
    ],
)
def test_a_row_that_is_no_item_says_which_field_is_wrong(column: str, cell: str, said: str) -> None:
    with pytest.raises(Senseless) as told:
        checked(from_row(ROW | {column: cell}))
    assert told.value.reason.zh == said
