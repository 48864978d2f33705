"""Runs text through `/bin/sh` on the host.

Pipes, redirections and variables work; quote what comes from a variable with `| quote`. Only the exit code judges it.
Write `changes: false` on the step when it only looks.

Outcome: `rc`, `stdout`, `stderr`, `stdout_lines`, `stderr_lines`, `cmd`, `elapsed` (seconds).

```yaml
- name: The disk has room
  shell: df -P / | awk 'NR == 2 {sub("%", "", $5); print $5}'
  changes: false
  expect: stdout | int < 90
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.events import Outcome
from runbook.steps._commands import OPTIONS, run_guarded
from runbook.steps.base import Args, Context

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Text for /bin/sh on the host.",
    "additionalProperties": False,
    "required": ["cmd"],
    "properties": {
        "cmd": {"type": "string", "minLength": 1, "description": "Shell text; any length, any number of lines."},
        **OPTIONS,
    },
}
SHORT = "cmd"


def changes(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    return str(args.get("cmd", ""))


def run(args: Args, context: Context) -> Outcome:
    return run_guarded(args["cmd"], args, context, args["cmd"])
