"""Ansible's everyday filters and tests under their names, with its results.

FILTERS and TESTS are added to Jinja's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


def to_bool(value: Any) -> bool:
    """Ansible's `bool`: yes, on, true, 1 (any case) are true; everything else is false."""
    return str(value).strip().lower() in {"1", "yes", "on", "true", "y", "t"} if not isinstance(value, bool) else value


def mandatory(value: Any) -> Any:
    return value


def regex_search(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> str | None:
    found = re.search(pattern, str(value), _flags(ignorecase, multiline))
    return found.group(0) if found else None


def regex_replace(value: Any, pattern: str, replacement: str = "", ignorecase: bool = False) -> str:
    return re.sub(pattern, replacement, str(value), flags=_flags(ignorecase, False))


def combine(*values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item for value in values for key, item in value.items()}


def _flags(ignorecase: bool, multiline: bool) -> int:
    return (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)


def _match(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    return re.match(pattern, str(value), _flags(ignorecase, multiline)) is not None


def _search(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    return re.search(pattern, str(value), _flags(ignorecase, multiline)) is not None


def _flag(name: str) -> Any:
    def test(value: Any) -> bool:
        return bool(value.get(name)) if isinstance(value, Mapping) else False

    return test


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


FILTERS: dict[str, Any] = {
    "bool": to_bool,
    "combine": combine,
    "from_json": json.loads,
    "mandatory": mandatory,
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "to_json": _to_json,
}
TESTS: dict[str, Any] = {
    "changed": _flag("changed"),
    "failed": _flag("failed"),
    "match": _match,
    "search": _search,
    "skipped": _flag("skipped"),
    "succeeded": lambda value: not _flag("failed")(value),
    "success": lambda value: not _flag("failed")(value),
    "unreachable": _flag("unreachable"),
}
