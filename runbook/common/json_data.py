"""Frozen classes as JSON and back, and the JSON Schema of what that gives: msgspec's, with the house's `Json`.

A field's description stands beside its type: `Annotated[str, doc("What it is.")]`.
"""

from __future__ import annotations

import inspect
import json
from typing import Any, TypeVar

import msgspec

from runbook.common.frozen import Frozen


class Json(str):
    """Any JSON value as its text: so that what holds it can be compared and hashed. In JSON it is the value."""

    __slots__ = ()


class Exact(Frozen, forbid_unknown_fields=True):
    """Frozen, and read only from a mapping that has no other keys."""


T = TypeVar("T")
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


def doc(text: str) -> msgspec.Meta:
    """A field's description in the JSON Schema."""
    return msgspec.Meta(description=text)


def canonical(value: Any) -> str:
    """The one text that a JSON value has, whatever the order of its keys: digests of plan files are made of it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def as_json(value: Any) -> Json:
    """A value as `Json`: keys keep their order, what JSON does not have becomes text."""
    return Json(_ENCODER.encode(value))


def encode(value: Any) -> Any:
    """A frozen class as dictionaries and lists."""
    return msgspec.to_builtins(value, enc_hook=_plain)


def json_text(value: Any) -> str:
    """The same as a text over many lines."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain), indent=1).decode()


def decode(kind: type[T], data: Any) -> T:
    """A frozen class from its JSON. Raises ValueError, with the place, for what is not that."""
    try:
        return msgspec.convert(data, kind, dec_hook=_made)
    except msgspec.ValidationError as error:
        raise ValueError(placed(error)) from None


def placed(error: Exception) -> str:
    """What is wrong, behind its place: ``stages[0].name: expected `str`, got `int` ``."""
    said, _, place = str(error).partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    return f"{place}: {said[:1].lower()}{said[1:]}" if place else said


def schema(kind: type) -> dict[str, Any]:
    """The JSON Schema of a frozen class as `encode` writes it, each class under `$defs`: every key is there."""
    made = msgspec.json.schema(kind, schema_hook=lambda _json: {})
    return {**made, "$defs": {name: _as_written(one) for name, one in made["$defs"].items()}}


_ORDER = ("description", "type", "additionalProperties", "required", "properties", "enum")


def _as_written(definition: dict[str, Any]) -> dict[str, Any]:
    """Where a reader may leave a field out, msgspec says its default; a writer leaves none out."""
    made = {**definition, "description": inspect.cleandoc(definition.get("description", ""))}
    if properties := definition.get("properties"):
        made["required"] = list(properties)
        for field in properties.values():
            field.pop("default", None)
    return {key: made[key] for key in _ORDER if key in made}


def _plain(value: Any) -> Any:
    if isinstance(value, Json):
        return json.loads(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


def _made(kind: type, data: Any) -> Any:
    if kind is Json:
        return as_json(data)
    raise TypeError(f"{kind.__name__} has no JSON")
