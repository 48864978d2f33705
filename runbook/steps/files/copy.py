"""Puts a file on the host, when it is not there as it should be.

The file is written whole or not at all, with its mode and owner kept unless they are given. A second run changes
nothing. `dest` that ends in `/` or is a folder gets the name of `src`. A link is followed. `validate` checks the new
file before it takes the old one's place.

Outcome: `path`, `changed`, `backup` (path of the copy of what was there, or empty), `size`.

```yaml
- name: The message of the day
  copy:
    dest: /etc/motd
    content: |
      Welcome
    mode: "0644"
```
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runbook.runs.events import Outcome
from runbook.steps.base import Args, Context, Detail
from runbook.steps.files.put_file import OPTIONS, OUTCOME_FIELDS, put, source
from runbook.steps.traits import SourceFile

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A file of the controller, or a text, as a file on the host.",
    "additionalProperties": False,
    "required": ["dest"],
    "properties": {
        "src": {"type": "string", "minLength": 1, "description": "File on the controller, relative to the playbook."},
        "content": {"type": ["string", "integer"], "description": "The file's text; instead of `src`."},
        **OPTIONS,
    },
    "anyOf": [{"required": ["src"]}, {"required": ["content"]}],
    "allOf": [
        {"not": {"required": ["src", "content"]}, "description": "has both `src` and `content`: it takes one of them"},
    ],
}
SHORT = ""
FIELDS = OUTCOME_FIELDS
CHECKED_BY = ("validate",)


def changes(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    what = args.get("src") or f"{len(str(args.get('content', '')))} characters of text"
    return f"{what} → {args.get('dest', '')}"


def detail(args: Args) -> tuple[Detail, ...]:
    text = str(args.get("content", ""))
    return (Detail(f"text of {args.get('dest', '')}", text, "", ("content", "dest")),) if text else ()


def files(args: Args) -> tuple[SourceFile, ...]:
    return (SourceFile(args.get("src"), ("src",)),)


def run(args: Args, context: Context) -> Outcome:
    return put(*_what(args, context), args, context)


def preview(args: Args, context: Context) -> Outcome:
    """Would it be written, and what would change? Fails where writing would; `validate` is asked too."""
    return put(*_what(args, context), args, context, write=False)


def _what(args: Args, context: Context) -> tuple[bytes, str]:
    """The bytes, and the name that they have at home."""
    if "content" in args:
        return str(args["content"]).encode("utf-8", "surrogatepass"), ""
    return source(context, args["src"]), Path(args["src"]).name
