"""The inputs of a playbook: each a piece of JSON Schema that the user wrote, so it is looked at before it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.model import Input
from runbook.playbook.nodes import Builder
from runbook.playbook.schema import loading
from runbook.playbook.schema_check import check
from runbook.source.document import Place, Problem

_OURS = frozenset({"default", "description", "secret", "env", "required"})
_REFERENCES = frozenset({"$ref", "$dynamicRef", "$id", "$schema", "$anchor", "$dynamicAnchor"})
"""Words of JSON Schema that lead elsewhere, even to other machines."""


def inputs(builder: Builder, data: Any, place: Place) -> dict[str, Input]:
    """The inputs that are right. What is wrong with the others, and with defaults, is told to the builder."""
    found = {}
    for name, raw in (data if isinstance(data, Mapping) else {}).items():
        here = place / name
        if not isinstance(raw, Mapping):
            hint = f"such as `{name}: {{type: string, default: x}}`"
            builder.add(here.problem("an input is a mapping", hint, "type"))
            continue
        schema = {key: value for key, value in raw.items() if key not in _OURS}
        wrong = [*check(loading("input"), raw, here)] or [*_no_schema(schema, here)]
        if not wrong and "default" in raw:
            builder.templates(raw["default"], here / "default")
            wrong += check(schema, raw["default"], here / "default")
        builder.problems += wrong
        found[str(name)] = _input(str(name), raw, schema, here)
    return found


def _input(name: str, raw: Mapping[str, Any], schema: Mapping[str, Any], place: Place) -> Input:
    return Input(
        name=name,
        schema=schema,
        place=place,
        default=raw.get("default"),
        has_default="default" in raw,
        description=str(raw.get("description", "")),
        secret=raw.get("secret") is True,
        env=str(raw.get("env", "")),
        required=raw.get("required") is not False,
    )


def _no_schema(schema: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    """What keeps it from being a JSON Schema that can be used here."""
    if not {"pattern", "items"} & set(schema):  # the others have been checked by our own schema
        return
    import jsonschema_rs
    from jsonschema import Draft202012Validator, SchemaError

    for where, word in _words(schema, ()):
        if word in _REFERENCES:
            yield _at(place, where).problem(f"{word!r} cannot be used in an input", "write what it stands for", "value")
            return
    try:
        Draft202012Validator.check_schema(dict(schema))
        jsonschema_rs.Draft202012Validator(dict(schema))
    except SchemaError as error:
        yield _at(place, tuple(error.absolute_path)).problem(
            f"{error.instance!r} cannot stand here in a JSON Schema", rule="value"
        )
    except ValueError:
        at = place / "pattern" if "pattern" in schema else place / "items"
        yield at.problem("it holds a regular expression that cannot be read", rule="value")


def _words(data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every key at any depth, with the path to it."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield (*path, key), str(key)
            yield from _words(value, (*path, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _words(item, (*path, index))


def _at(place: Place, path: tuple[str | int, ...]) -> Place:
    for key in path:
        place = place / key
    return place
