"""Mappings: laying over each other, as lists of pairs, by another key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runbook.templating.filters.lists import flatten
from runbook.templating.sandbox.limits import spend

_MERGES = ("replace", "keep", "append", "prepend", "append_rp", "prepend_rp")


def combine(*mappings: Any, recursive: bool = False, list_merge: str = "replace") -> dict[Any, Any]:
    """Mappings laid over each other, the later winning. `recursive` goes into inner mappings; `list_merge` says what
    becomes of two lists: replace, keep, append, prepend, append_rp or prepend_rp (without what stands in both).

    `{'a': 1, 'b': 1} | combine({'b': 2})` → `{"a": 1, "b": 2}`
    """
    if list_merge not in _MERGES:
        raise ValueError(f"combine: list_merge is one of {', '.join(_MERGES)}, not {list_merge!r}")
    each = flatten(mappings, levels=1)
    for one in each:
        if not isinstance(one, Mapping):
            raise TypeError(f"combine needs mappings, not {type(one).__name__}")
    if not each:
        return {}
    result = each[-1]
    for lower in reversed(each[:-1]):
        result = _merged(lower, result, recursive, list_merge)
    return dict(result)


def _merged(low: Mapping[Any, Any], high: Mapping[Any, Any], recursive: bool, list_merge: str) -> dict[Any, Any]:
    spend()
    if low == high:  # then lists are not appended to themselves: Ansible's way
        return dict(high)
    out = dict(low)
    for key, value in high.items():
        out[key] = _one(out[key], value, recursive, list_merge) if key in out else value
    return out


def _one(low: Any, high: Any, recursive: bool, list_merge: str) -> Any:
    if isinstance(low, Mapping) and isinstance(high, Mapping):
        return _merged(low, high, recursive, list_merge) if recursive else high
    if not (isinstance(low, list) and isinstance(high, list)):
        return high
    spend(len(low) + len(high))
    match list_merge:
        case "keep":
            return low
        case "append":
            return low + high
        case "prepend":
            return high + low
        case "append_rp":
            return [value for value in low if value not in high] + high
        case "prepend_rp":
            return high + [value for value in low if value not in high]
    return high


def dict2items(value: Any, key_name: str = "key", value_name: str = "value") -> list[dict[str, Any]]:
    """A mapping as a list of `key` and `value`.

    `{'a': 1} | dict2items` → `[{"key": "a", "value": 1}]`
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"dict2items needs a mapping, not {type(value).__name__}")
    return [{key_name: key, value_name: item} for key, item in value.items()]


def items2dict(values: Any, key_name: str = "key", value_name: str = "value") -> dict[Any, Any]:
    """A list of `key` and `value` as a mapping.

    `[{'key': 'a', 'value': 1}] | items2dict` → `{"a": 1}`
    """
    if not isinstance(values, list | tuple):
        raise TypeError(f"items2dict needs a list, not {type(values).__name__}")
    wrong = [item for item in values if not (isinstance(item, Mapping) and {key_name, value_name} <= set(item))]
    if wrong:
        raise TypeError(f"items2dict needs mappings with {key_name!r} and {value_name!r}")
    return {item[key_name]: item[value_name] for item in values}


def rekey_on_member(data: Any, key: str, duplicates: str = "error") -> dict[Any, Any]:
    """Mappings by what each has under a key. `duplicates` is error or overwrite.

    `[{'name': 'a', 'port': 1}] | rekey_on_member('name')` → `{"a": {"name": "a", "port": 1}}`
    """
    if duplicates not in ("error", "overwrite"):
        raise ValueError(f"rekey_on_member: duplicates is error or overwrite, not {duplicates!r}")
    items: Iterable[Any] = data.values() if isinstance(data, Mapping) else data
    if isinstance(data, str) or not isinstance(items, Iterable):
        raise TypeError("rekey_on_member needs a list or a mapping of mappings")
    out: dict[Any, Any] = {}
    for item in items:
        if not isinstance(item, Mapping):
            raise TypeError("rekey_on_member needs mappings")
        if key not in item:
            raise ValueError(f"rekey_on_member: there is no {key!r} in {', '.join(map(str, item))}")
        if item[key] in out and duplicates == "error":
            raise ValueError(f"rekey_on_member: {item[key]!r} stands twice")
        out[item[key]] = item
    return out
