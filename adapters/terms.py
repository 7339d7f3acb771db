"""The terms of each hall from a file: ``{"*": {…}, "tanghe": {"review_days": 15}}``, ``*`` for all that it does not
name. Without a file every hall has the defaults of ``domain.terms``."""

from pathlib import Path

import msgspec

from adapters.settings import BadSetting
from domain.terms import DEFAULT, Terms, TermsOf, default_terms


def read(path: str | None) -> TermsOf:
    """Raises:
    BadSetting: the file is missing or says something that cannot be.
    """
    if path is None:
        return default_terms
    try:
        told = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, Terms])
    except (OSError, msgspec.MsgspecError) as error:
        raise BadSetting(f"MINGTING_TERMS: {error}") from error
    others = told.get("*", DEFAULT)
    return lambda hall: told.get(hall, others)
