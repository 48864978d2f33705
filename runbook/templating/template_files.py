"""Template files: as other templates, but what cannot be rendered is told with its line in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateSyntaxError

from runbook.source.document import Span
from runbook.templating.environment import render_whole
from runbook.templating.errors import TemplateError


def render_file(text: str, scope: Mapping[str, Any], name: str) -> str:
    """The rendered text of a file. `name` stands in the messages. Raises TemplateError with the place in the file."""
    start = Span(name, 1, 1)
    try:
        return render_whole(text, scope, start)
    except TemplateError as error:
        if error.span != start:  # it is in a variable that the file uses, and tells its own place
            raise
        span = _place(text, _line(error.__context__), error.name, name)
        line = text.split("\n")[span.line - 1].strip()
        hint = error.hint if error.hint and not error.hint.startswith("in: ") else f"in: {line}"
        raise TemplateError(error.message, span, hint, error.name) from None


def _line(error: BaseException | None) -> int:
    """The line of the template at which an error came up, from 1."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line, frame = 1, error.__traceback__ if error else None
    whole: Any = None
    while frame is not None:
        template: Any = frame.tb_frame.f_globals.get("__jinja_template__")
        whole = whole or template  # the outermost; variables that it reads may be templates themselves
        if template is not None and template is whole:
            line = template.get_corresponding_lineno(frame.tb_lineno)
        frame = frame.tb_next
    return line


def _place(text: str, line: int, undefined: str, name: str) -> Span:
    """The undefined name on that line or soon after it (an expression may be long), else the first tag of the line."""
    lines = text.split("\n")
    line = min(max(line, 1), len(lines))
    for number in range(line, min(line + 20, len(lines)) + 1):
        found = re.search(rf"\b{re.escape(undefined)}\b", lines[number - 1]) if undefined else None
        if found:
            return Span(name, number, found.start() + 1, len(undefined))
    tag = re.search(r"\{[{%]", lines[line - 1])
    return Span(name, line, tag.start() + 1 if tag else 1)
