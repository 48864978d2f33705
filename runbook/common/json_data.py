"""Frozen dataclasses as JSON and back, and the JSON Schema of what that gives.

Knows what our stored forms are made of: texts, numbers, truths, tuples, dataclasses, and `Json`. A field's description
stands beside its type: `Annotated[str, "what it is"]`.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, NewType, TypeVar, get_args, get_origin, get_type_hints

Json = NewType("Json", str)
"""Any JSON value as its text: so that what holds it can be compared and hashed."""

T = TypeVar("T")
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
_PLAIN: Mapping[Any, str] = {str: "string", int: "integer", bool: "boolean"}


def canonical(value: Any) -> str:
    """The one text that a JSON value has, whatever the order of its keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def as_json(value: Any) -> Json:
    """A value as `Json`: keys keep their order, what JSON does not have becomes text."""
    return Json(_ENCODER.encode(value))


def encode(value: Any) -> Any:
    """A dataclass as dictionaries and lists."""
    return _encode(type(value), value)


def _encode(hint: Any, value: Any) -> Any:
    hint = _bare(hint)
    if hint is Json:
        return json.loads(value)
    if _is_ours(hint):
        return {name: _encode(kind, getattr(value, name)) for name, kind in _fields(hint).items()}
    if get_origin(hint) is tuple:
        return [_encode(get_args(hint)[0], item) for item in value]
    return value


def decode(kind: type[T], data: Any, where: str = "") -> T:
    """A dataclass from its JSON. Raises ValueError, with the place, for what is not that."""
    return _decode(kind, data, where)  # type: ignore[no-any-return] # it is a `kind`


def _decode(hint: Any, data: Any, where: str) -> Any:
    hint = _bare(hint)
    if hint is Json:
        return as_json(data)
    if _is_ours(hint):
        fields = _fields(hint)
        if not isinstance(data, dict) or set(data) != set(fields):
            raise ValueError(f"{where or 'it'} must be a mapping with the keys {', '.join(fields)}")
        return hint(**{name: _decode(one, data[name], f"{where}.{name}".lstrip(".")) for name, one in fields.items()})
    if get_origin(hint) is tuple:
        if not isinstance(data, list):
            raise ValueError(f"{where} must be a list")
        return tuple(_decode(get_args(hint)[0], item, f"{where}[{index}]") for index, item in enumerate(data))
    if type(data) is not hint:
        raise ValueError(f"{where} must be of the type {_PLAIN[hint]}")
    return data


def schema(kind: type) -> dict[str, Any]:
    """The JSON Schema of a dataclass, each class under `$defs`."""
    defs: dict[str, Any] = {}
    _define(kind, defs)
    return {"$ref": f"#/$defs/{kind.__name__}", "$defs": defs}


def _define(kind: type, defs: dict[str, Any]) -> None:
    if kind.__name__ in defs:
        return
    defs[kind.__name__] = {}
    fields = _fields(kind)
    defs[kind.__name__] = {
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "type": "object",
        "additionalProperties": False,
        "required": list(fields),
        "properties": {name: _schema_of(hint, defs) for name, hint in fields.items()},
    }


def _schema_of(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:
    said = {"description": get_args(hint)[1]} if get_origin(hint) is Annotated else {}
    hint = _bare(hint)
    if hint is Json:
        return said
    if _is_ours(hint):
        _define(hint, defs)
        return {**said, "$ref": f"#/$defs/{hint.__name__}"}
    if get_origin(hint) is tuple:
        return {**said, "type": "array", "items": _schema_of(get_args(hint)[0], defs)}
    return {**said, "type": _PLAIN[hint]}


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _is_ours(hint: Any) -> bool:
    return dataclasses.is_dataclass(hint)


@cache
def _fields(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {one.name: hints[one.name] for one in dataclasses.fields(kind)}
