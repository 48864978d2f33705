"""What went wrong in a template, in the user's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, UndefinedError

from runbook.common.spelling import nearest
from runbook.source.document import Span
from runbook.templating.errors import TemplateError
from runbook.templating.sandbox.undefined import MAX_SHOWN, NotThere


def not_there(error: UndefinedError, text: str, scope: Mapping[str, Any], span: Span | None) -> TemplateError:
    """The error of a name or a key that is not there, with the nearest ones that are."""
    if not isinstance(error, NotThere) or error.said:
        return TemplateError(str(error), span)
    name = str(error.name)
    if error.is_variable:
        hint = nearest(name, scope) or "define it in `vars` or the inventory, or give it with -e"
        return TemplateError(f"{name!r} is not defined", span, hint, name)
    if not isinstance(error.owner, Mapping):
        return TemplateError(str(error), span)
    keys = error.keys()
    return TemplateError(f"there is no {name!r} in {_owner(text, name)}", span, nearest(name, keys) or _listed(keys))


def _owner(text: str, key: str) -> str:
    """How the text names the mapping whose key it asks for, where that is plain to see."""
    found = re.search(rf"([\w.\[\]'\"]+?)(?:\.{re.escape(key)}\b|\[['\"]{re.escape(key)}['\"]\])", text)
    return f"`{found[1]}`" if found else "the mapping"


def _listed(keys: list[str]) -> str:
    if not keys:
        return "it is empty"
    more = f" and {len(keys) - MAX_SHOWN} more" if len(keys) > MAX_SHOWN else ""
    return f"there: {', '.join(keys[:MAX_SHOWN])}{more}"


def syntax_message(error: TemplateSyntaxError, text: str, bare: bool) -> tuple[str, str]:
    """A message and a hint."""
    message = f"template syntax: {error.message}"
    if bare and ("{{" in text or "{%" in text):
        return message, "a bare expression stands here: write it without {{ }}"
    if "{{." in text or "{{ ." in text:
        return message, "text for another program's templates: put it between {% raw %} and {% endraw %}"
    if "{#" in text:
        return message, "`{#` begins a comment: put it between {% raw %} and {% endraw %}"
    return message, f"in: {short(text)}"


def short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 70 else line[:67] + "..."
