"""The syntax of the templates and expressions in a playbook's values: what is wrong, at its place, before any run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runbook.source.document import Place, Problem
from runbook.templating.render import is_template, syntax_error


def wrong_templates(value: Any, place: Place) -> Iterator[Problem]:
    """Of every template in a value."""
    if isinstance(value, str):
        if is_template(value):
            yield from _wrong(value, place, bare=False)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from wrong_templates(item, place / key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from wrong_templates(item, place / index)


def wrong_expressions(value: Any, place: Place) -> Iterator[Problem]:
    """Of a bare expression, or a list of them."""
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        at = place / index if isinstance(value, list) else place
        yield from _wrong(as_expression(item), at, bare=True)


def as_expression(value: Any) -> str:
    """An expression as text: YAML's own true and false are Jinja's."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong(text: str, place: Place, *, bare: bool) -> Iterator[Problem]:
    if found := _objection(text, bare=bare):
        yield place.problem(found[0], found[1], "template")


def _objection(text: str, *, bare: bool) -> tuple[str, str] | None:
    """What is wrong, also where Jinja and Python have no words for it."""
    try:
        return syntax_error(text, bare=bare)
    except (RecursionError, MemoryError, SyntaxError):
        return "template syntax: it is nested too deeply", "set parts of it as variables"
