"""The reference of the kinds of step as Markdown, made of their docstrings and schemas."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from runbook.steps import KINDS


def steps_page() -> str:
    """`docs/steps.md`: all kinds on one page."""
    head = (
        "# Kinds of step\n\n"
        "<!-- Made by `make schemas` from the files in runbook/steps; do not edit. -->\n\n"
        "Every step has exactly one of these keys. The keys that all steps share are in [language.md](language.md).\n\n"
    )
    contents = "\n".join(f"- [`{kind}`](#{kind})" for kind in KINDS)
    return head + contents + "\n\n" + "\n".join(page(kind) for kind in KINDS)


def page(kind: str) -> str:
    """One kind: its docstring, and a table of its options."""
    module: Any = KINDS[kind]
    rows = "\n".join(_rows(module.SCHEMA, module.SHORT))
    table = f"\n| option | takes | what it is |\n| --- | --- | --- |\n{rows}\n" if rows else ""
    return f"## {kind}\n\n{inspect.getdoc(module)}\n{table}"


def _rows(schema: Mapping[str, Any], short: str) -> Iterator[str]:
    required = set(schema.get("required", ()))
    for name, option in schema.get("properties", {}).items():
        marks = [mark for mark, on in (("required", name in required), ("bare value", name == short)) if on]
        note = f" ({', '.join(marks)})" if marks else ""
        default = f" Default: `{option['default']}`." if "default" in option else ""
        yield f"| `{name}`{note} | {_takes(option)} | {_cell(option.get('description', ''))}{default} |"


def _takes(option: Mapping[str, Any]) -> str:
    if "enum" in option:
        return _cell(" or ".join(f"`{value}`" for value in option["enum"]))
    if alternatives := option.get("anyOf") or option.get("oneOf"):
        return " or ".join(dict.fromkeys(_takes(inner) for inner in alternatives))
    kinds = option.get("type", "anything")
    return " or ".join([kinds] if isinstance(kinds, str) else kinds)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
