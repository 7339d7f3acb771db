"""What is asked of view documents, as SQL: their facets compared, and how many there are of what."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.sql import SQL, Composed, Identifier

COMPARISONS = {
    "=": SQL("{} = %s"),
    "<": SQL("{} < %s"),
    "<=": SQL("{} <= %s"),
    ">": SQL("{} > %s"),
    ">=": SQL("{} >= %s"),
    "in": SQL("{} = ANY(%s)"),
    "not in": SQL("NOT {} = ANY(%s)"),
    "has": SQL("position(' ' || %s || ' ' IN {}) > 0"),
}
"""``has``: a facet of several words between spaces holds this one."""


def asked(where: Mapping[str, Any]) -> tuple[list[SQL | Composed], list[Any]]:
    """The conditions on some facets, with the values they compare with.

    Args:
        where: facet → value, or facet → (comparison, value), or several of these in a list.
    """
    conditions: list[SQL | Composed] = [SQL("true")]
    values: list[Any] = []
    for facet, wanted in where.items():
        for one in wanted if isinstance(wanted, list) else [wanted]:
            comparison, value = one if isinstance(one, tuple) else ("=", one)
            conditions.append(COMPARISONS[comparison].format(Identifier(facet)))
            values.append(value)
    return conditions, values


def counted(
    table: Identifier, where: Mapping[str, Any], by: Sequence[str], of: Sequence[Mapping[str, Any]]
) -> tuple[Composed, list[Any]]:
    """A row for each combination of the facets ``by``: its values, how many documents there are, and how many of these
    meet each of the conditions ``of``."""
    groups = SQL(", ").join(map(Identifier, by))
    counts: list[SQL | Composed] = [SQL("count(*)")]
    values: list[Any] = []
    for condition in of:
        told, more = asked(condition)
        counts.append(SQL("count(*) FILTER (WHERE {})").format(SQL(" AND ").join(told)))
        values += more
    conditions, wanted = asked(where)
    statement = SQL("SELECT {0}, {1} FROM {2} WHERE {3} GROUP BY {0} ORDER BY {0}").format(
        groups, SQL(", ").join(counts), table, SQL(" AND ").join(conditions)
    )
    return statement, [*values, *wanted]
