"""Filters that ask data by a query: `json_query`."""

from __future__ import annotations

from typing import Any

from runbook.templating.sandbox.native_values import native


def json_query(value: Any, expr: str) -> Any:
    """What a JMESPath expression (https://jmespath.org) finds in data.

    `[{'name': 'a', 'up': true}, {'name': 'b', 'up': false}] | json_query('[?up].name')` → `["a"]`
    """
    import jmespath

    try:
        return jmespath.search(expr, native(value))
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"json_query: {' '.join(str(error).split())}") from None
