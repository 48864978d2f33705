"""Ansible's everyday filters and tests under their names, with its results.

FILTERS and TESTS are added to Jinja's own.
"""

from __future__ import annotations

import base64
import hashlib
import json
import operator
import posixpath
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest
from typing import Any

import yaml


def to_bool(value: Any) -> bool:
    """Ansible's `bool`: yes, on, true, 1 (any case) are true; everything else is false."""
    return str(value).strip().lower() in {"1", "yes", "on", "true", "y", "t"} if not isinstance(value, bool) else value


def regex_search(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> str | None:
    found = re.search(pattern, str(value), _flags(ignorecase, multiline))
    return found.group(0) if found else None


def regex_replace(value: Any, pattern: str, replacement: str = "", ignorecase: bool = False) -> str:
    return re.sub(pattern, replacement, str(value), flags=_flags(ignorecase, False))


def regex_findall(value: Any, pattern: str, multiline: bool = False, ignorecase: bool = False) -> list[Any]:
    return re.findall(pattern, str(value), _flags(ignorecase, multiline))


def combine(*values: Mapping[str, Any], recursive: bool = False) -> dict[str, Any]:
    """Mappings laid over each other, the later winning; `recursive` goes into inner mappings."""
    out: dict[str, Any] = {}
    for value in values:
        for key, item in value.items():
            both = recursive and isinstance(out.get(key), Mapping) and isinstance(item, Mapping)
            out[key] = combine(out[key], item, recursive=True) if both else item
    return out


def flatten(values: Iterable[Any], levels: int | None = None) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple) and levels != 0:
            out += flatten(value, None if levels is None else levels - 1)
        elif value is not None:
            out.append(value)
    return out


def unique(values: Iterable[Any]) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if value not in out:
            out.append(value)
    return out


def dict2items(value: Mapping[str, Any], key_name: str = "key", value_name: str = "value") -> list[dict[str, Any]]:
    return [{key_name: key, value_name: item} for key, item in value.items()]


def items2dict(values: Iterable[Mapping[str, Any]], key_name: str = "key", value_name: str = "value") -> dict[Any, Any]:
    return {item[key_name]: item[value_name] for item in values}


def ternary(value: Any, true: Any, false: Any, none: Any = None) -> Any:
    if value is None and none is not None:
        return none
    return true if bool(value) else false


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "eq": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "ne": operator.ne,
    "<": operator.lt,
    "lt": operator.lt,
    "<=": operator.le,
    "le": operator.le,
    ">": operator.gt,
    "gt": operator.gt,
    ">=": operator.ge,
    "ge": operator.ge,
}


def version(value: Any, other: Any, compare: str = "==", strict: bool = False) -> bool:  # noqa: ARG001 - Ansible's signature
    """Compares versions part by part, numbers as numbers: 1.10 is newer than 1.9. Raises ValueError for an operator."""
    if compare not in _COMPARE:
        raise ValueError(f"version: {compare!r} is not one of {', '.join(_COMPARE)}")
    return _COMPARE[compare](_order(_parts(value), _parts(other)), 0)


def _parts(value: Any) -> list[tuple[int, int, str]]:
    found = re.findall(r"\d+|[a-zA-Z]+", str(value))
    return [(1, int(part), "") if part.isdigit() else (0, 0, part.lower()) for part in found]


def _order(left: list[tuple[int, int, str]], right: list[tuple[int, int, str]]) -> int:
    for one, other in zip_longest(left, right, fillvalue=(1, -1, "")):
        if one != other:
            return -1 if one < other else 1
    return 0


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
    "b64decode": lambda value: base64.b64decode(str(value)).decode(),
    "b64encode": lambda value: base64.b64encode(str(value).encode()).decode(),
    "basename": lambda value: posixpath.basename(str(value)),
    "combine": combine,
    "dict2items": dict2items,
    "difference": lambda a, b: [value for value in unique(a) if value not in b],
    "dirname": lambda value: posixpath.dirname(str(value)),
    "flatten": flatten,
    "from_json": json.loads,
    "from_yaml": yaml.safe_load,
    "hash": lambda value, kind="sha1": hashlib.new(kind, str(value).encode()).hexdigest(),
    "intersect": lambda a, b: [value for value in unique(a) if value in b],
    "items2dict": items2dict,
    "mandatory": lambda value: value,  # an undefined value is an error already
    "quote": lambda value: shlex.quote(str(value)),
    "regex_escape": lambda value: re.escape(str(value)),
    "regex_findall": regex_findall,
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "split": lambda value, separator=None: str(value).split(separator),
    "splitlines": lambda value: str(value).splitlines(),
    "symmetric_difference": lambda a, b: [v for v in unique([*a, *b]) if (v in a) != (v in b)],
    "ternary": ternary,
    "to_json": _to_json,
    "to_nice_json": lambda value, indent=4: json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=True),
    "to_nice_yaml": lambda value: yaml.safe_dump(value, allow_unicode=True, default_flow_style=False),
    "to_yaml": lambda value: yaml.safe_dump(value, allow_unicode=True),
    "type_debug": lambda value: type(value).__name__,
    "union": lambda a, b: unique([*a, *b]),
    "unique": unique,
}
TESTS: dict[str, Any] = {
    "changed": _flag("changed"),
    "contains": lambda values, value: value in values,
    "superset": lambda a, b: all(value in a for value in b),
    "subset": lambda a, b: all(value in b for value in a),
    "all": all,
    "any": any,
    "version": version,
    "failed": _flag("failed"),
    "match": _match,
    "regex": _search,
    "search": _search,
    "skipped": _flag("skipped"),
    "succeeded": lambda value: not _flag("failed")(value),
    "success": lambda value: not _flag("failed")(value),
    "unreachable": _flag("unreachable"),
}
