"""Which columns a query may give, as far as its text tells."""

from __future__ import annotations

import re
from typing import Any

from runbook.steps.traits import Fields
from runbook.templating.render import is_template

_SELECT = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_ALL_OF = re.compile(r"\*|\btable\b", re.IGNORECASE)
"""What stands for columns that only the database knows: `*` and `TABLE name`. It may also be a product."""
_NAMED = re.compile(r"\bas\s+\"?(\w+)", re.IGNORECASE)
_MADE = frozenset(
    {"int2", "int4", "int8", "float4", "float8", "bool", "varchar", "bpchar", "timestamp", "timestamptz", "timetz"}
    | {"btrim", "ltrim", "rtrim", "date_part", "timezone", "pg_collation_for", "column1", "column2", "?column?"}
)
"""What PostgreSQL calls columns without a name for what it makes of other words: of `'1'::bigint` it is int8."""
_MOST_ALIKE = 9
"""Columns of one name that are counted on: the second is called `name_2`."""


def columns_of(query: Any) -> Fields:
    """Every name that a column of it could have: a word of its text, or made by PostgreSQL."""
    if not isinstance(query, str) or is_template(query) or not _SELECT.match(query):
        return Fields(open=True)
    if _ALL_OF.search(query.replace("(*)", "")):
        return Fields(open=True)
    words = set(re.findall(r"\w+", query))
    names = words | {word.lower() for word in words} | _MADE
    perhaps = frozenset(names | {f"{name}_{number}" for name in names for number in range(2, _MOST_ALIKE + 1)})
    return Fields(frozenset(_NAMED.findall(query)), perhaps=perhaps)
