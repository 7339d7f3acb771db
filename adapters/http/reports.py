"""The figures as a report that is handed upward.

The workbook says what it is of (period, place, how far the log had come), gives every figure with its halves, its
definition and its target, and tells what has corrected a period that was frozen.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from adapters.http.access import API
from adapters.http.body import StrictRequest
from adapters.http.figures import From, To, counted, of_hall, own_hall, period
from adapters.http.files import FormatAsked, file, stood
from adapters.http.parts import Parts
from adapters.http.past import AsOf
from adapters.http.reading import After, Word
from adapters.spreadsheet import Cell, Share, Sheet
from domain.message import Text
from domain.workdays import SHANGHAI
from projections import snapshots
from projections.definitions import CATALOGUE, DEFINITIONS, RATE_NAMES
from projections.figures import By, Chosen, Figures, Rate, days_of, figures

Language = Literal["zh", "en"]
Lang = Annotated[Language, QueryParameter(description="The language of the report")]

BOUNDS: dict[str, Text] = {"least": Text("不低于", "at least"), "most": Text("不高于", "at most")}
GROUPS: dict[By, Text] = {
    "all": Text("合计", "total"),
    "hall": Text("大厅", "hall"),
    "unit": Text("部门", "unit"),
    "item": Text("事项", "item"),
    "window": Text("窗口", "window"),
    "clerk": Text("工作人员", "clerk"),
    "channel": Text("渠道", "channel"),
    "day": Text("日", "day"),
    "month": Text("月", "month"),
    "quarter": Text("季度", "quarter"),
}


def reads(parts: Parts) -> list[HTTPRouteHandler]:
    @get(
        f"{API}/performance/export",
        operation_id="performance_export",
        summary="The figures as a report: an Excel workbook, or CSV",
        tags=["figures"],
    )
    async def export(
        request: StrictRequest,
        from_: From = None,
        to: To = None,
        by: Annotated[By, QueryParameter()] = "hall",
        hall: Word = None,
        unit: Word = None,
        item: Word = None,
        after: After = 0,
        as_of: AsOf = None,
        lang: Lang = "zh",
        format_: FormatAsked = "xlsx",
    ) -> Response[bytes]:
        first, last = period(parts, from_, to)
        identity = request.user
        assert identity is not None
        asked = Chosen(first.isoformat(), last.isoformat(), own_hall(identity, hall), unit, item)
        chosen = of_hall(parts, asked)
        views, position, moment = await counted(parts, first, last, after, as_of)
        total = figures(views, "all", chosen=chosen)
        by_group = figures(views, by, chosen=chosen)
        rows = [_words(LONG, lang), *_long(by, by_group, lang)]
        name = f"figures-{first}-{last}{stood(moment if as_of else None)}"
        if format_ == "csv":
            return file(name, format_, Sheet("", rows))
        frozen = await _frozen(parts, first, last, moment)
        sheets = [
            Sheet(
                _t("说明", "About", lang), [*_about(chosen, total, position, moment, frozen, lang)], (18, 60)
            ),
            Sheet(
                _t("合计", "Total", lang),
                [_words(LONG, lang), *_long("all", total, lang)],
                (12, 30, 12, 12, 12, 18),
            ),
            Sheet(GROUPS[by].zh if lang == "zh" else GROUPS[by].en, [*_wide(by, by_group, lang)], (24,)),
            Sheet(_t("明细", "Detail", lang), rows, (24, 30, 12, 12, 12, 18)),
            Sheet(_t("指标口径", "Definitions", lang), [*_defined(lang)], (26, 40, 40, 40, 18)),
        ]
        if frozen is not None and frozen.amendments:
            sheets.append(
                Sheet(
                    _t("定格后更正", "Corrections", lang),
                    [*_corrected(frozen, lang)],
                    (22, 10, 20, 26, 14, 14, 50),
                )
            )
        return file(name, format_, *sheets)

    return [export]


LONG = (
    Text("对象", "of"),
    Text("指标", "figure"),
    Text("分子", "numerator"),
    Text("分母", "denominator"),
    Text("数值", "value"),
    Text("目标", "target"),
)


def _t(zh: str, en: str, lang: Language) -> str:
    return zh if lang == "zh" else en


def _words(words: Iterable[Text], lang: Language) -> list[Cell]:
    return [getattr(word, lang) for word in words]


def _value(figure: str, rate: Rate) -> Cell:
    if rate.value is None:
        return None
    return Share(rate.value) if DEFINITIONS[figure].unit == "share" else round(rate.value, 2)


def _target(figure: str, lang: Language) -> Cell:
    target = DEFINITIONS[figure].target
    if target is None:
        return None
    value = f"{target.value:.0%}" if DEFINITIONS[figure].unit == "share" else f"{target.value:g}"
    return f"{getattr(BOUNDS[target.bound], lang)} {value}"


def _told(by: By) -> list[str]:
    """The figures that can be told by something."""
    return [figure for figure in RATE_NAMES if by in ("all", "unit", "item") or figure not in CATALOGUE]


def _named(by: By, name: str, lang: Language) -> str:
    return getattr(GROUPS["all"], lang) if by == "all" else name


def _long(by: By, groups: dict[str, Figures], lang: Language) -> Iterator[list[Cell]]:
    """A row for each group and figure."""
    for name, told in groups.items():
        for figure in _told(by):
            rate = told.rates[figure]
            yield [
                _named(by, name, lang),
                getattr(RATE_NAMES[figure], lang),
                rate.numerator,
                rate.denominator,
                _value(figure, rate),
                _target(figure, lang),
            ]


def _wide(by: By, groups: dict[str, Figures], lang: Language) -> Iterator[list[Cell]]:
    """A row for each group, a column for each figure."""
    figures_told = _told(by)
    yield [getattr(GROUPS[by], lang), *_words((RATE_NAMES[figure] for figure in figures_told), lang)]
    for name, told in groups.items():
        yield [_named(by, name, lang), *(_value(figure, told.rates[figure]) for figure in figures_told)]


def _about(
    chosen: Chosen,
    total: dict[str, Figures],
    position: int,
    as_of: datetime,
    frozen: snapshots.View | None,
    lang: Language,
) -> Iterator[Sequence[Cell]]:
    yield [_t("政务服务效能报告", "Government service performance report", lang), None]
    yield [_t("统计期间", "Period", lang), f"{chosen.first} – {chosen.last}"]
    place = " · ".join(word for word in (chosen.hall, chosen.unit, chosen.item) if word)
    yield [_t("范围", "Of", lang), place or _t("全部", "everything", lang)]
    yield [_t("数据截至", "As of", lang), f"{as_of.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"]
    yield [_t("日志序号", "Position in the log", lang), position]
    tests = next((told.tests for told in total.values()), None)
    yield [_t("测试办件（不计入）", "Test cases (not counted)", lang), tests.cases if tests else 0]
    yield [_t("测试评价（不计入）", "Test ratings (not counted)", lang), tests.reviews if tests else 0]
    if frozen is not None:
        yield [
            _t("定格快照", "Snapshot", lang),
            f"{frozen.snapshot} · {frozen.frozen_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        ]
        yield [_t("定格后更正次数", "Corrections since", lang), len(frozen.amendments)]
    yield [
        _t("说明", "Note", lang),
        _t(
            "各指标口径见“指标口径”；未查到统一公式者为工作定义。",
            "Each figure is defined in “Definitions”; where no official formula was found it is a working one.",
            lang,
        ),
    ]


def _defined(lang: Language) -> Iterator[list[Cell]]:
    heads = (
        Text("指标", "figure"),
        Text("分子", "numerator"),
        Text("分母", "denominator"),
        Text("依据", "source"),
        Text("目标", "target"),
    )
    yield _words(heads, lang)
    for figure, told in DEFINITIONS.items():
        words = (RATE_NAMES[figure], told.numerator, told.denominator, told.source)
        yield [*_words(words, lang), _target(figure, lang)]


def _corrected(frozen: snapshots.View, lang: Language) -> Iterator[list[Cell]]:
    heads = (
        Text("更正时间", "amended at"),
        Text("维度", "by"),
        Text("对象", "of"),
        Text("指标", "figure"),
        Text("原值", "was"),
        Text("现值", "is"),
        Text("原因（事件）", "because of (events)"),
    )
    yield _words(heads, lang)
    for amendment in frozen.amendments:
        why = "; ".join(f"{cause.type} #{cause.position}" for cause in amendment.causes)
        for change in amendment.changes:
            yield [
                f"{amendment.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
                getattr(GROUPS[change.by], lang),
                _named(change.by, change.name, lang),
                getattr(RATE_NAMES[change.figure], lang),
                "/".join(map(str, change.was)),
                "/".join(map(str, change.now)),
                why,
            ]


async def _frozen(parts: Parts, first: date, last: date, moment: datetime) -> snapshots.View | None:
    """The snapshot of exactly these days, if there was one, as it had been amended by then."""
    for name in (f"{first:%Y-%m}", f"{first.year}-q{(first.month + 2) // 3}"):
        if days_of(name) == (first.isoformat(), last.isoformat()):
            found = await parts.views.get(snapshots.NAME, name)
            view = None if found is None else msgspec.json.decode(found.doc, type=snapshots.View)
            if view is None or view.frozen_at > moment:
                return None
            view.amendments = [amendment for amendment in view.amendments if amendment.at <= moment]
            return view
    return None
