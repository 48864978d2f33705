"""What a template gives, as plain data: lists for whatever is read bit by bit, and nothing in it that is not there."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Set, ValuesView
from typing import Any

from runbook.templating.sandbox import limits
from runbook.templating.sandbox.limits import bounded, made, too_large
from runbook.templating.sandbox.partly_read import PartlyRead
from runbook.templating.sandbox.undefined import refuse

_SCALARS = frozenset({str, int, float, bool, type(None)})


def settled(value: Any) -> Any:
    """The result of one operation: its characters counted; a list for what is read bit by bit."""
    if isinstance(value, str):
        made(len(value))
        return value if type(value) is str else str.__str__(value)
    return bounded(value) if isinstance(value, Iterator) else value


def native(value: Any) -> Any:
    """Raises TemplateError for what is too large or too deep, UndefinedError for what is not there."""
    return _native(value, [limits.MAX_ITEMS], 0)


def _native(value: Any, left: list[int], depth: int) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Iterator | KeysView | ItemsView | ValuesView | range | Set | tuple):
        value = bounded(value)
    if isinstance(value, list | dict):
        left[0] -= len(value)
        if left[0] < 0 or depth > limits.MAX_DEPTH:
            too_large(deep=depth > limits.MAX_DEPTH)
        if isinstance(value, dict):
            return {_key(key): _native(item, left, depth + 1) for key, item in value.items()}
        return [_native(item, left, depth + 1) for item in value]
    refuse(value)
    if isinstance(value, PartlyRead):
        value.refuse()
    return str.__str__(value) if isinstance(value, str) else value


def _key(key: Any) -> Any:
    refuse(key)
    return key
