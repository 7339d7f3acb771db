"""A year's holidays are read out of the notice as it is published."""

import pytest

from adapters.demonstration import plans
from adapters.importing.holidays import read_holidays
from adapters.importing.records import UnreadableFile

NOTICE = """国务院办公厅关于2026年
部分节假日安排的通知
国办发明电〔2025〕7号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
经国务院批准，现将2026年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。
国务院办公厅
2025年11月4日
"""


def test_the_notice_as_it_is_published_is_the_calendar_in_force() -> None:
    known = next(year for year in plans.plans().years if year.year == 2026)
    told = read_holidays(NOTICE)
    assert told["rest_days"] == [day.isoformat() for day in sorted(known.rest_days)]
    assert told["extra_workdays"] == [day.isoformat() for day in sorted(known.extra_workdays)]
    assert (told["year"], told["number"], told["issued"]) == (2026, "国办发明电〔2025〕7号", "2025-11-04")
    assert told["title"]["zh"] == "国务院办公厅关于2026年部分节假日安排的通知"


def test_new_year_may_begin_in_december() -> None:
    told = read_holidays(
        "国务院办公厅关于2023年部分节假日安排的通知\n一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。"
    )
    assert told["rest_days"] == ["2022-12-31", "2023-01-01", "2023-01-02"]


def test_a_table_or_the_document_says_the_same() -> None:
    table = read_holidays("date,kind\n2027-01-01,rest\n2027-01-03,work\n2027-01-02,放假\n")
    assert table == {
        "year": 2027,
        "rest_days": ["2027-01-01", "2027-01-02"],
        "extra_workdays": ["2027-01-03"],
    }
    assert read_holidays('{"year": 2027, "rest_days": ["2027-01-01"]}')["year"] == 2027


@pytest.mark.parametrize(
    "text",
    [
        "", "a poem", "{", "{}", "date,kind\nsoon,rest", "date,kind\n2027-01-01,perhaps", "date,kind\n",
        "国务院办公厅关于2027年部分节假日安排的通知\n", "国务院办公厅关于2027年部分节假日安排的通知\n2月30日放假。",
        "国务院办公厅关于2027年部分节假日安排的通知\n1月1日至3月1日放假。",
    ],
)  # fmt: skip
def test_what_is_no_notice_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFile):
        read_holidays(text)
