"""How texts, days, times and durations are said in a language, where the halls are."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_skeleton, format_time, format_timedelta

from adapters.web.words import Language
from domain.message import Text
from domain.workdays import SHANGHAI

LOCALES: dict[Language, str] = {"zh": "zh_Hans_CN", "en": "en_GB"}


class Saying:
    """One language.

    Args:
        gettext: what a string of ours is in it.
        now: the clock of the program, aware.
    """

    def __init__(
        self, language: Language, gettext: Callable[[str], str], now: Callable[[], datetime]
    ) -> None:
        self._language = language
        self._gettext = gettext
        self._now = now
        self._locale = LOCALES[language]

    def said(self, text: Text | Mapping[str, str]) -> str:
        """A text that stands in both languages, in this one."""
        if isinstance(text, Text):
            return text.en if self._language == "en" else text.zh
        return str(text[self._language])

    def day(self, at: datetime | date | str) -> str:
        """A day, with its year only where that is not this one."""
        local = _local(at)
        this_year = local.year == self._now().astimezone(SHANGHAI).year
        return format_skeleton("MMMEd" if this_year else "yMMMEd", local, locale=self._locale)

    def clock(self, at: datetime | str) -> str:
        """A time of day."""
        return format_time(_local(at), "HH:mm", locale=self._locale)

    def moment(self, at: datetime | str) -> str:
        """A day and a time."""
        return f"{self.day(at)} {self.clock(at)}"

    def duration(self, seconds: float) -> str:
        """As long as people say it: in minutes, above an hour in fives, in hours from two on."""
        _ = self._gettext
        if seconds < 60:
            return _("不到1分钟")
        minutes = round(seconds / 60)
        return format_timedelta(
            timedelta(minutes=minutes if minutes <= 60 else 5 * round(minutes / 5)),
            granularity="minute",
            threshold=2,
            format="short",
            locale=self._locale,
        )


def day_in(at: datetime | date | str, language: Language) -> str:
    """A day in a named language, for pages that show both."""
    return format_skeleton("MMMEd", _local(at), locale=LOCALES[language])


def _local(at: datetime | date | str) -> Any:
    """A moment or a day where the halls are."""
    if isinstance(at, str):
        at = datetime.fromisoformat(at) if len(at) > 10 else date.fromisoformat(at)
    return at.astimezone(SHANGHAI).replace(tzinfo=None) if isinstance(at, datetime) else at
