"""The words of the pages in two languages: Chinese in the templates and modules, English in gettext catalogues.

One catalogue per audience, ``locale/en/<audience>.po``: the strings of ``<audience>.py`` and of
``templates/<audience>/``. What several share, and everything else, stands in ``base.po``. They are read when the
program starts; ``python -m adapters.web.words`` (``make words``) brings them up to date with the sources.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Literal

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations, Translations

HERE = Path(__file__).parent
ENGLISH = HERE / "locale" / "en"
BASE = "base"
TRIMMED = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def N_(text: str) -> str:
    """Marks a string that is translated later, where it is shown."""
    return text


def translations(language: Language) -> NullTranslations:
    """The words of a language; Chinese are the sources themselves."""
    if language == "zh":
        return NullTranslations()
    together = Translations()
    for path in sorted(ENGLISH.glob("*.po")):
        compiled = BytesIO()
        write_mo(compiled, _read(path))
        compiled.seek(0)
        together.merge(Translations(compiled))
    return together


def audiences() -> list[str]:
    """``base`` first, then every audience that has a folder of templates."""
    return [BASE, *sorted(path.name for path in (HERE / "templates").iterdir() if path.is_dir())]


def wanted(audience: str) -> Catalog:
    """The strings in the sources of an audience, without a translation. What ``base`` has is not asked for again."""
    catalog = Catalog(locale="en", fuzzy=False)
    shared = set() if audience == BASE else {message.id for message in wanted(BASE) if message.id}
    for path, method in _sources(audience):
        found = extract_from_file(method, path, keywords=DEFAULT_KEYWORDS, options=TRIMMED)
        for line, text, comments, context in found:
            if text not in shared:
                place = (path.relative_to(HERE).as_posix(), line)
                catalog.add(text, locations=[place], auto_comments=comments, context=context)
    return catalog


def known(audience: str) -> Catalog:
    """The catalogue as it stands in its file; empty if there is none yet."""
    path = ENGLISH / f"{audience}.po"
    return _read(path) if path.exists() else Catalog(locale="en", fuzzy=False)


def untranslated() -> list[str]:
    """Every string of the sources that English lacks, as ``audience: string``."""
    return [
        f"{audience}: {message.id}"
        for audience in audiences()
        for have in [known(audience)]
        for message in wanted(audience)
        if message.id and not _is_done(have.get(message.id, message.context))
    ]


def update() -> None:
    """Write every catalogue anew: new strings without a translation, translations kept, what is not used left out."""
    for audience in audiences():
        have = known(audience)
        have.update(wanted(audience), no_fuzzy_matching=True)
        have.obsolete.clear()
        with (ENGLISH / f"{audience}.po").open("wb") as file:
            write_po(file, have, width=0, sort_output=True, omit_header=True, include_lineno=False)


def _sources(audience: str) -> Iterator[tuple[Path, str]]:
    folders = {path.name for path in (HERE / "templates").iterdir() if path.is_dir()}
    if audience == BASE:
        modules = [path for path in sorted(HERE.glob("*.py")) if _owner(path) not in folders]
        templates = sorted((HERE / "templates").glob("*.html"))
    else:
        modules = [path for path in sorted(HERE.glob("*.py")) if _owner(path) == audience]
        templates = sorted((HERE / "templates" / audience).rglob("*.html"))
    yield from ((path, "python") for path in modules)
    yield from ((path, "jinja2.ext:babel_extract") for path in templates)


def _owner(module: Path) -> str:
    """``citizen`` of ``citizen.py`` and of ``citizen_booking.py``."""
    return module.stem.partition("_")[0]


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="en")


def _is_done(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    strings = message.string if isinstance(message.string, list | tuple) else [message.string]
    return all(strings)


if __name__ == "__main__":
    update()
    lacking = untranslated()
    sys.stdout.writelines(f"{line}\n" for line in lacking)
    sys.exit(1 if lacking else 0)
