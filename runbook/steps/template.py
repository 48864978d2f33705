"""Puts a rendered template on the host, when it is not there as it should be.

The template is a file of the controller; it sees every variable that the step sees. An undefined name is an error, and
the host is not touched. Otherwise as `copy`.

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

from runbook.events import Outcome
from runbook.steps._put import OPTIONS, put
from runbook.steps.base import Args, Context, StepError

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A rendered template as a file on the host.",
    "additionalProperties": False,
    "required": ["src", "dest"],
    "properties": {
        "src": {"type": "string", "description": "Template on the controller, relative to the playbook."},
        **OPTIONS,
    },
}
SHORT = ""


def changes(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    return f"{args.get('src', '')} → {args.get('dest', '')}"


def run(args: Args, context: Context) -> Outcome:
    try:
        text = (context.base / args["src"]).read_text(encoding="utf-8")
    except OSError as error:
        raise StepError(f"{args['src']} cannot be read beside the playbook: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StepError(f"{args['src']} is not UTF-8 text") from None
    name = Path(args["src"]).name.removesuffix(".j2")
    return put(context.render(text, args["src"]).encode(), name, args, context)
