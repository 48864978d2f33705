"""What templates come to, here and in Ansible, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from runbook.templating.errors import OMIT, TemplateError
from runbook.templating.render import render
from runbook.templating.scope import Layer, Scope

REFUSED = "(refused)"


def scope(written: dict[str, Any] | None = None, **data: Any) -> Scope:
    return Scope((Layer(written or {}, templates=True), Layer({"omit": OMIT, **data})))


def ours(text: str, variables: Mapping[str, Any]) -> Any:
    """What the text comes to with plain data, or REFUSED."""
    try:
        return plain(render(text, scope(**variables)))
    except TemplateError:
        return REFUSED


def theirs(answer: Mapping[str, Any]) -> Any:
    """The same of an answer of the oracle's."""
    return REFUSED if "error" in answer else answer["value"]


def plain(value: Any) -> Any:
    """As the oracle tells values: see `oracle_templates.py`."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return {"is": "other", "text": str(value)} if isinstance(value, date) else value


def typed(value: Any) -> Any:
    """The value with its types, so that 1, 1.0 and true are not taken for each other."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    return [typed(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)
