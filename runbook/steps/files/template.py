"""Puts a rendered template on the host, when it is not there as it should be.

The template is a file of the controller; it sees every variable that the step sees, and includes no other. An undefined
name is an error with its line, and the host is not touched. A line that holds only a block tag leaves no line; line
ends stay those of the template. What a variable holds is data, and is not rendered again. Otherwise as `copy`.

Outcome: `path`, `changed`, `backup` (path of the copy of what was there, or empty), `size`.

```yaml
- name: Settings of the application
  template:
    src: templates/app.conf.j2
    dest: /etc/app.conf
    validate: app --check-config %s
```
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runbook.runs.events import Outcome
from runbook.steps.base import Args, Context, StepError
from runbook.steps.files.put_file import OPTIONS, OUTCOME_FIELDS, put, source
from runbook.steps.traits import SourceFile

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A rendered template as a file on the host.",
    "additionalProperties": False,
    "required": ["src", "dest"],
    "properties": {
        "src": {
            "type": "string",
            "minLength": 1,
            "description": "Template on the controller, relative to the playbook.",
        },
        **OPTIONS,
    },
}
SHORT = ""
FIELDS = OUTCOME_FIELDS
CHECKED_BY = ("validate",)


def changes(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    return f"{args.get('src', '')} → {args.get('dest', '')}"


def files(args: Args) -> tuple[SourceFile, ...]:
    return (SourceFile(args.get("src"), ("src",), "template", rendered=True),)


def run(args: Args, context: Context) -> Outcome:
    return put(*_what(args, context), args, context)


def preview(args: Args, context: Context) -> Outcome:
    """Would it be written, and what would change? Fails where writing would; `validate` is asked too."""
    return put(*_what(args, context), args, context, write=False)


def _what(args: Args, context: Context) -> tuple[bytes, str]:
    """The bytes, and the name of the template without its ending."""
    src = args["src"]
    try:
        text = source(context, src).decode()
    except UnicodeDecodeError as error:
        raise StepError(f"{src} is not UTF-8 text: {error}") from None
    name = Path(src).name.removesuffix(".j2")
    return _render(text, src, context).encode("utf-8", "surrogatepass"), name


def _render(text: str, src: str, context: Context) -> str:
    """The rendered text with the line ends of the template; Jinja would make newlines of them all."""
    rendered = context.render(text, src)
    ends_in_crlf = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    return rendered.replace("\r\n", "\n").replace("\n", "\r\n") if ends_in_crlf else rendered
