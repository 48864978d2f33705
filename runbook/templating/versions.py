"""The test `version`: versions compared part by part, under the rules that one asks for."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
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


def version(
    value: Any, version: Any, operator: str = "eq", strict: bool | None = None, version_type: str | None = None
) -> bool:
    """Compares versions, numbers as numbers: 1.10 is newer than 1.9. The operator is `==`, `!=`, `<`, `<=`, `>`, `>=`
    or eq, ne, lt, le, gt, ge; `version_type` is loose (the default), strict, semver or pep440.
    """
    if strict is not None and version_type is not None:
        raise ValueError("version: `strict` and `version_type` say the same: write one of them")
    if not value or not version:
        raise ValueError("version: one of the versions is empty")
    rules = version_type or ("strict" if strict else "loose")
    if rules not in _RULES:
        raise ValueError(f"version: {rules!r} is not one of {', '.join(_RULES)}")
    if operator not in _COMPARE:
        raise ValueError(f"version: {operator!r} is not one of {', '.join(_COMPARE)}")
    left, right = str(value), str(version)
    try:
        return bool(_COMPARE[operator](_RULES[rules](left), _RULES[rules](right)))
    except TypeError:
        raise ValueError(f"version: {left!r} and {right!r} cannot be compared: a number meets a word") from None


def _loose(text: str) -> list[int | str]:
    """Numbers and words, as they come."""
    parts = [part for part in re.split(r"(\d+|[a-z]+|\.)", text) if part and part != "."]
    return [int(part) if part.isdigit() else part for part in parts]


def _strict(text: str) -> tuple[Any, ...]:
    """Two or three numbers, and `a1` or `b2` behind them."""
    found = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", text, re.ASCII)
    if not found:
        raise ValueError(f"version: {text!r} is not a strict version, such as 1.2.3 or 1.2b1")
    major, minor, patch, letter, number = found.groups()
    return int(major), int(minor), int(patch or 0), letter or "z", int(number or 0)


_NUMBER = r"(0|[1-9]\d*)"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)


def _semver(text: str) -> tuple[Any, ...]:
    """As https://semver.org orders them: what comes before a release is older, what is built counts for nothing."""
    found = _SEMVER.fullmatch(text)
    if not found:
        raise ValueError(f"version: {text!r} is not a semantic version, such as 1.2.3-rc.1")
    before = [(0, int(one), "") if one.isdigit() else (1, 0, one) for one in (found[4] or "").split(".") if one]
    return int(found[1]), int(found[2]), int(found[3]), not before, before


def _pep440(text: str) -> Any:
    from packaging.version import Version

    return Version(text)


_RULES: Mapping[str, Callable[[str], Any]] = {
    "loose": _loose,
    "strict": _strict,
    "semver": _semver,
    "semantic": _semver,
    "pep440": _pep440,
}
