"""Runs a program with its arguments, without a shell.

No pipes, redirections or variables: what is written is what the program gets. `cmd` is split into words as a shell
would, `argv` is a list of words as they are. Only its exit code judges it: 0 is good. Write `changes: false` on the
step when it only looks.

Outcome: `rc`, `stdout`, `stderr`, `stdout_lines`, `stderr_lines`, `cmd`, `elapsed` (seconds).

```yaml
- name: The kernel is new enough
  command: uname -r
  changes: false
  expect: stdout is version('4.0', '>=')
```
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from runbook.events import Outcome
from runbook.steps._commands import OPTIONS, run_guarded
from runbook.steps.base import Args, Context, StepError

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A program with its arguments, without a shell.",
    "additionalProperties": False,
    "properties": {
        "cmd": {"type": "string", "minLength": 1, "description": "Program and arguments, split as a shell would."},
        "argv": {
            "type": "array",
            "minItems": 1,
            "items": {"type": ["string", "number", "boolean"]},
            "description": "Program and arguments as a list of words; instead of `cmd`.",
        },
        **OPTIONS,
    },
}
SHORT = "cmd"


def changes(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    return shlex.join(map(str, args["argv"])) if "argv" in args else str(args.get("cmd", ""))


def run(args: Args, context: Context) -> Outcome:
    words = _words(args)
    return run_guarded("exec " + shlex.join(words), args, context, shlex.join(words))


def _words(args: Args) -> list[str]:
    if ("cmd" in args) == ("argv" in args):
        raise StepError("command takes either `cmd` or `argv`")
    if "argv" in args:
        return [str(word) for word in args["argv"]]
    try:
        words = shlex.split(args["cmd"])
    except ValueError as error:
        raise StepError(f"cmd cannot be split into words: {error}") from None
    if not words:
        raise StepError("cmd is empty")
    return words
