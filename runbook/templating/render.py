"""Values with templates in them, rendered. Jinja is imported only when there is a template.

`render` treats text as a template, `evaluate` as a bare expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.runs.events import Condition
from runbook.source.document import Place, Span
from runbook.templating.errors import OMIT


def is_template(value: Any) -> bool:
    """Would rendering change this text?"""
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


def render(value: Any, scope: Mapping[str, Any], place: Place | Span | None = None) -> Any:
    """A value with every text in it rendered. A text that is one whole `{{ … }}` keeps its native type."""
    if isinstance(value, str):
        return _text(value, scope, place) if is_template(value) else value
    if isinstance(value, Mapping):
        return _render_mapping(value, scope, place)
    if isinstance(value, list | tuple):
        rendered = [render(item, scope, _below(place, index)) for index, item in enumerate(value)]
        return [item for item in rendered if item is not OMIT]
    return value


def _render_mapping(value: Mapping[Any, Any], scope: Mapping[str, Any], place: Place | Span | None) -> dict[Any, Any]:
    out = {}
    for key, item in value.items():
        rendered = render(item, scope, _below(place, key))
        if rendered is not OMIT:
            out[render(key, scope, place) if is_template(key) else key] = rendered
    return out


def evaluate(text: str, scope: Mapping[str, Any], place: Place | Span | None = None) -> Any:
    """The value of a bare expression."""
    from runbook.templating.environment import expression

    return expression(text, scope, place)


def holds(text: str, scope: Mapping[str, Any], place: Place | Span | None = None) -> bool:
    """Does a bare expression hold? Raises TemplateError where what decides is neither true nor false."""
    from runbook.templating.environment import condition

    return condition(text, scope, place)


def free_names(text: str, *, bare: bool) -> frozenset[str]:
    """The variables that a template reads. The syntax must be right."""
    if not (bare or is_template(text)):
        return frozenset()
    from runbook.templating.syntax import names_in

    return names_in(text, bare=bare)


def syntax_error(text: str, *, bare: bool) -> tuple[str, str] | None:
    """What is wrong with a template's syntax, and a hint; None when it can be compiled."""
    from runbook.templating.syntax import objection

    return objection(text, bare=bare)


def judge(text: str, scope: Mapping[str, Any], place: Place | Span | None = None, keyword: str = "expect") -> Condition:
    """Does an expression hold, and with which values? Raises TemplateError when it cannot be computed."""
    from runbook.templating.conditions import judged

    return judged(text, scope, place, keyword)


def _text(text: str, scope: Mapping[str, Any], place: Place | Span | None) -> Any:
    from runbook.templating.environment import render_text

    return render_text(text, scope, place)


def _below(place: Place | Span | None, key: Any) -> Place | Span | None:
    return place / key if isinstance(place, Place) else place
