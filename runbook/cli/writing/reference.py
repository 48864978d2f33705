"""The reference of the kinds of step as Markdown, made of their docstrings and schemas."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

from runbook.steps import KINDS

HEAD = """\
# Kinds of step

<!-- Made by `make schemas` from the files in runbook/steps; do not edit. -->

Every step has exactly one of these keys. The keys that all steps share – `when`, `register`, `expect`, `retries`,
`diagnose`, `remediate` and so on – are in [the language](language.md). `runbook doc KIND` shows a page in the terminal.

- *Bare value*: the option that may stand alone. `command: uptime` is `command: {cmd: uptime}`.
- Every option's value may be a template: `port: "{{ app_port }}"`.
- *Outcome*: the fields that `expect`, `until`, `failed_when` and `changed_when` see by these names, and that `register`
  keeps: `register: look` gives `look.rc`, and `look.changed`, `look.failed`, `look.skipped`, `look.msg`.
- *Changes the host*: `--check` and `verify` do not run such a step. `changes: true` or `false` on a step overrides it.

"""
WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "array": "list",
    "object": "mapping",
    "null": "nothing",
}
"""JSON Schema's types, as who writes YAML calls them."""


def steps_page() -> str:
    """`docs/steps.md`: all kinds on one page."""
    rows = "\n".join(f"| [`{kind}`](#{kind}) | {_cell(summary(kind))} | {_changes(kind)} |" for kind in KINDS)
    contents = f"| kind | what it does | changes the host |\n| --- | --- | --- |\n{rows}\n\n"
    return HEAD + contents + "\n".join(page(kind) for kind in KINDS)


def summary(kind: str) -> str:
    """The first sentence of the kind's reference, on one line."""
    return " ".join((inspect.getdoc(KINDS[kind]) or "").split("\n\n")[0].split())


def page(kind: str) -> str:
    """One kind: its docstring, and a table of its options."""
    module = KINDS[kind]
    rows = "\n".join(_rows(module.SCHEMA, module.SHORT))
    table = f"\n| option | takes | what it is |\n| --- | --- | --- |\n{rows}\n" if rows else ""
    return f"## {kind}\n\n{inspect.getdoc(module)}\n\nChanges the host: {_changes(kind)}.\n{table}"


def _changes(kind: str) -> str:
    """What the kind itself answers for its defaults, and the option values for which it answers otherwise."""
    module = KINDS[kind]
    options: Mapping[str, Any] = module.SCHEMA.get("properties", {})
    usual = {name: option["default"] for name, option in options.items() if "default" in option}
    answer = module.changes(usual)
    others = []
    for name, option in options.items():
        values = option.get("enum", (True, False) if option.get("type") == "boolean" else ())
        if odd := [_value(value) for value in values if module.changes({**usual, name: value}) != answer]:
            others.append(f"`{name}` {', '.join(odd)}")
    if not others:
        return "yes" if answer else "no"
    return f"{'yes, but not' if answer else 'no, only'} with {' or '.join(others)}"


def _rows(schema: Mapping[str, Any], short: str = "", prefix: str = "") -> Iterator[str]:
    required = set(schema.get("required", ()))
    for name, option in schema.get("properties", {}).items():
        marks = [mark for mark, on in (("required", name in required), ("bare value", name == short)) if on]
        note = f" ({', '.join(marks)})" if marks else ""
        default = f" Default: `{_value(option['default'])}`." if option.get("default", "") != "" else ""
        yield f"| `{prefix}{name}`{note} | {_takes(option)} | {_cell(option.get('description', ''))}{default} |"
        yield from _rows(option, prefix=f"{prefix}{name}.")


def _takes(option: Mapping[str, Any]) -> str:
    if "enum" in option:
        return _cell(" or ".join(f"`{_value(value)}`" for value in option["enum"]))
    if alternatives := option.get("anyOf") or option.get("oneOf"):
        return " or ".join(dict.fromkeys(_takes(inner) for inner in alternatives))
    kinds = option.get("type", "anything")
    return " or ".join(WORDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _value(value: object) -> str:
    """As it is written in YAML."""
    return value if isinstance(value, str) else json.dumps(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
