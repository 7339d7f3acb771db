"""Why a row of a file was not taken, in words for people: the importers say it in English for whoever writes files."""

import re

from adapters.web.admin_words_items import WORDS
from domain.message import Text

REASONS: tuple[tuple[str, Text], ...] = (
    (r"date is no date: (.*)", Text("日期不对：{0}", "This is no date: {0}")),
    (r"slot is neither a slot nor a time: (.*)", Text("时段不对：{0}", "This is no time: {0}")),
    (
        r"share is neither .*: (.*)",
        Text("share 只能是 public 或 internal：{0}", "share is public or internal: {0}"),
    ),
    (
        r"(\d+) cells where the header has (\d+)",
        Text("有{0}格，而列名有{1}个", "{0} cells under {1} column names"),
    ),
    (r"not UTF-8", Text("文字编码读不出", "The text cannot be read")),
    (r"not a line of CSV.*", Text("引号没有成对", "A quotation mark is missing")),
    (r"the header lacks (.*)", Text("缺少这些列：{0}", "These columns are missing: {0}")),
    (r"the header names (.*) twice", Text("列名重复：{0}", "A column is named twice: {0}")),
    (r"the file is empty", Text("文件是空的", "The file is empty")),
    (r"at most (\d+) rows", Text("最多{0}行，请分成几份", "{0} rows at most; please split the file")),
    (r"unknown columns: (.*)", Text("不认识的列：{0}", "Unknown columns: {0}")),
    (r"(\w+) is no number: (.*)", Text("{0}不是数字：{1}", "{0} is no number: {1}")),
    (r"(\w+) is neither true nor false: (.*)", Text("{0}只能填“是”或“否”：{1}", "{0} is true or false: {1}")),
    (r"the item stands in an earlier row", Text("前面已有这个事项", "An earlier row has this item")),
    (
        r"the row has not as many cells as the header",
        Text("格数与列名不一致", "There are not as many cells as column names"),
    ),
    (
        r"the record reaches past this moment",
        Text("记录的时间晚于现在", "The record reaches past this moment"),
    ),
    (r"Object missing required field `(\w+)`.*", Text("没有填写{0}", "{0} is missing")),
    (r"Invalid enum value '(.*?)' - at `\$.*?(\w+)(?:\[.*)?`", Text("{1}不能是“{0}”", "{1} cannot be “{0}”")),
    (r"Expected .* - at `\$.*?(\w+)(?:\[.*)?`", Text("{0}填写的内容不对", "{0} is not what it should be")),
    (r"(?:served, and )?(\S+) is (?:empty|missing)", Text("{0}是空的", "{0} is empty")),
    (r"one of (\S+) and (\S+) is missing", Text("{0}和{1}缺一个", "One of {0} and {1} is missing")),
    (r"served, and neither (\S+) nor (\S+) is there", Text("{0}和{1}都没有", "Neither {0} nor {1} is there")),
    (
        r"left without service, and .*",
        Text(
            "没办理就离开，却缺 q_start 或 q_exit", "Left without service, and q_start or q_exit is missing"
        ),
    ),
    (r"(\S+) is before (\S+)", Text("{0}早于{1}", "{0} is before {1}")),
    (r"(\S+) is no time of day: (.*)", Text("{0}不是时间：{1}", "{0} is no time of day: {1}")),
    (
        r"the service ended before .*",
        Text("办理在取号之前就结束了", "The service ended before its ticket was issued"),
    ),
    (
        r"(case:\w+|time:\w+) (?:is empty|is no time.*|has no offset.*)",
        Text("{0}不是带时区的时间", "{0} is no time with offset"),
    ),
)

FIELDS = {name.partition(".")[2]: word.name for name, word in WORDS.items() if name.startswith("ItemPlan.")}


def reason(text: Text | str) -> Text:
    """Why a row was not taken; what is not known here stays as it was said."""
    zh, en = (text.zh, text.en) if isinstance(text, Text) else (text, text)
    if zh != en:
        return Text(zh, en)
    for pattern, said in REASONS:
        if found := re.fullmatch(pattern, en):
            told = [one or "" for one in found.groups()]
            named = [FIELDS.get(one) for one in told]
            return Text(
                said.zh.format(*(name.zh if name else one for name, one in zip(named, told, strict=True))),
                said.en.format(*(name.en if name else one for name, one in zip(named, told, strict=True))),
            )
    return Text(zh, en)
