"""Fails, with a message: where a playbook has found out by itself that it must not go on.

With `when` it fails where that holds.

```yaml
- name: Stop before the second half
  fail: The replica is {{ lag }} s behind; nothing was switched over
  when: lag > 30
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.runs.events import Outcome, failed
from runbook.steps.base import Args, Context
from runbook.steps.traits import NO_FIELDS

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A failure with a message.",
    "additionalProperties": False,
    "required": ["message"],
    "properties": {"message": {"type": "string", "minLength": 1, "description": "Why it fails."}},
}
SHORT = "message"
FIELDS = NO_FIELDS


def changes(_args: Args) -> bool:
    return False


def plan(args: Args) -> str:
    return f"fail: {args.get('message', '')}"


def checks(_args: Args) -> bool:
    return True


def run(args: Args, context: Context) -> Outcome:
    del context  # nothing is asked of the host
    return failed(args["message"])
