"""Holds data against a JSON Schema and says what is wrong in the user's words, each at its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runbook.common.spelling import nearest
from runbook.model import NAMES_A_HOST, VARIABLE_NAME
from runbook.source.document import Place, Problem
from runbook.templating.render import is_template

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema_rs import Draft202012Validator as Validator

Schema = Mapping[str, Any]

TEMPLATE = {"type": "string", "pattern": r"\{[{%]"}
"""A text that is a template: what it gives is checked again when it is rendered."""

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


def check(schema: Schema, value: Any, place: Place) -> list[Problem]:
    """Every problem of a value, in the user's words."""
    if _nothing_wrong(schema, value):
        return []
    errors = list(_validator(id(schema), _Held(schema)).iter_errors(value))
    # Of what is not even the right form, nothing else is to be said.
    formless = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    return [
        problem
        for error in errors
        if error.validator == "type" or tuple(error.absolute_path) not in formless
        for problem in _problems(error, place)
    ]


def templated(schema: Schema) -> dict[str, Any]:
    """The same schema, but wherever something else than free text is asked for, a template may stand instead."""
    out = dict(schema)
    for key in ("properties", "patternProperties", "$defs"):
        if key in out:
            out[key] = {name: templated(inner) for name, inner in out[key].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(out.get(key), Mapping):
            out[key] = templated(out[key])
    for key in ("anyOf", "oneOf"):
        if key in out:
            out["anyOf"] = [templated(inner) for inner in out.pop(key)]
    return out if _takes_any_text(out) else _or_template(out)


def with_defaults(schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    """Options with the schema's defaults for those that are not there."""
    defaults = {k: p["default"] for k, p in schema.get("properties", {}).items() if "default" in p}
    return {**defaults, **value}


def _or_template(schema: dict[str, Any]) -> dict[str, Any]:
    moved: dict[str, Any] = {
        key: schema.pop(key) for key in ("description", "default", "title", "examples") if key in schema
    }
    return {**moved, "anyOf": [schema, TEMPLATE]}


def _takes_any_text(schema: Schema) -> bool:
    if "anyOf" in schema:
        return True  # each of its branches has been widened
    kinds = schema.get("type")
    has_string = kinds is None or kinds == "string" or (isinstance(kinds, list) and "string" in kinds)
    return has_string and not any(key in schema for key in ("enum", "pattern", "format", "const"))


class _Held:
    """Keeps a schema alive as long as its validator is cached, and hashes by identity."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.schema is self.schema


def _nothing_wrong(schema: Schema, value: Any) -> bool:
    """The quick answer. What is wrong, and everything that is not JSON, is for `jsonschema`, which explains."""
    try:
        return _quick(id(schema), _Held(schema)).is_valid(value)
    except (ValueError, TypeError):
        return False


@lru_cache(maxsize=512)
def _quick(_identity: int, held: _Held) -> Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(dict(held.schema))


@lru_cache(maxsize=512)
def _validator(_identity: int, held: _Held) -> Draft202012Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    validator: Draft202012Validator = extend(Draft202012Validator, {"pattern": _pattern})(held.schema)  # type: ignore[no-untyped-call] # its stubs say nothing of it
    return validator


def _pattern(_validator: Any, pattern: str, value: Any, schema: Schema) -> Iterator[ValidationError]:  # noqa: ARG001 - the signature of jsonschema
    """By the same engine as the quick answer, which no pattern keeps busy for ever."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not _nothing_wrong({"type": "string", "pattern": pattern}, value):
        yield ValidationError("does not match")


def _problems(error: ValidationError, place: Place) -> Iterator[Problem]:
    here = place
    for key in error.absolute_path:
        here = here / key
    yield from _explain(error, here)


def _explain(error: ValidationError, here: Place) -> Iterator[Problem]:
    value: Any = error.instance
    limit: Any = error.validator_value
    rule = str(error.validator)
    match rule:
        case "additionalProperties":
            yield from _unknown_keys(error, here)
        case "required":
            missing = [key for key in limit if key not in value]
            yield here.problem(f"missing key {missing[0]!r}", rule="missing-key", at_key=True)
        case "type":
            yield here.problem(f"must be {_type_words(limit)}, not {describe(value)}", _type_hint(limit, value), "type")
        case "enum":
            names = ", ".join(map(str, limit))
            yield here.problem(f"must be one of {names}, not {value!r}", nearest(str(value), map(str, limit)), "value")
        case "not":  # the schema that forbids something says why
            schema: Any = error.schema
            yield here.problem(schema.get("description", "is not allowed here"), rule="value", at_key=True)
        case "anyOf" | "oneOf":
            yield from _alternatives(error, here)
        case "pattern" if limit == VARIABLE_NAME:
            yield here.problem(f"{value!r} is no name of a variable: letters, digits and _", rule="value")
        case "pattern" if limit == NAMES_A_HOST:
            yield here.problem("it names no host", "write `all` where every host is meant", "value")
        case "minItems" if error.schema.get("items", {}).get("pattern") == NAMES_A_HOST:  # type: ignore[union-attr] # a list's
            yield here.problem("it names no host", "write `all` where every host is meant", "value")
        case _:
            yield here.problem(
                _SENTENCES.get(rule, "is not right: {error}").format(limit=limit, error=error.message), rule="value"
            )


_SENTENCES = {
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "exclusiveMaximum": "must be less than {limit}",
    "minLength": "must not be empty",
    "minItems": "needs at least {limit} item(s)",
    "maxItems": "may have at most {limit} item(s)",
    "minProperties": "must not be empty",
    "maxProperties": "takes only {limit} of these keys",
    "pattern": "does not have the right form (expected: {limit})",
    "uniqueItems": "an item stands twice",
    "const": "must be {limit}",
}


def _unknown_keys(error: ValidationError, here: Place) -> Iterator[Problem]:
    schema: Any = error.schema
    known = list(schema.get("properties", {}))
    instance: Any = error.instance
    for key in instance:
        if key not in known:
            hint = nearest(str(key), known) or f"known here: {', '.join(sorted(known))}"
            yield (here / key).problem(f"unknown key {str(key)!r}", hint, "unknown-key", at_key=True)


def _alternatives(error: ValidationError, here: Place) -> Iterator[Problem]:
    """Of several allowed forms, speak of the one that the user seems to have meant."""
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    meant = [group for group in branches.values() if not _wrong_form(group, error)]
    if len(meant) == 1 or (meant and error.validator == "anyOf"):
        best = min(meant, key=lambda group: (_is_template_branch(group), len(group)))
        if not _is_template_branch(best):
            for inner in best:
                place = here
                for key in inner.relative_path:
                    place = place / key
                yield from _explain(inner, place)
            return
    allowed: Any = error.validator_value
    words = " or ".join(dict.fromkeys(_form(branch) for branch in allowed if branch != TEMPLATE))
    yield here.problem(f"must be {words}, not {describe(error.instance)}", rule="type")


def _wrong_form(group: list[ValidationError], error: ValidationError) -> bool:
    """Did the value miss this branch by its very form?"""
    return any(e.validator == "type" and not e.relative_path and e.instance is error.instance for e in group)


def _is_template_branch(group: list[ValidationError]) -> bool:
    return any(e.schema == TEMPLATE for e in group)


def _form(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_form(branch) for branch in schema["anyOf"] if branch != TEMPLATE))
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    return _type_words(schema.get("type", "object"))


def _type_words(kinds: str | Iterable[str]) -> str:
    return " or ".join(_WORDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _type_hint(kinds: Any, value: Any) -> str:
    if isinstance(value, bool) and kinds == "string":
        return "YAML reads yes, no, on, off as true or false: put it in quotes"
    if isinstance(value, str) and is_template(value):
        return ""
    if isinstance(value, int | float) and kinds == "string":
        return "put it in quotes"
    return ""


def describe(value: Any) -> str:
    """A value in words: `the text 'abc'`, `a list`, `nothing`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "a mapping"
