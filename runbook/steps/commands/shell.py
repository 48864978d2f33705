"""Runs text through `/bin/sh` on the host.

Pipes, redirections and variables work; quote what comes from a variable with `| quote`. Only the exit code judges it.
`executable` names another shell, such as bash. Write `changes: false` on the step when it only looks.

Outcome: `rc`, `stdout`, `stderr`, `stdout_lines`, `stderr_lines`, `json` (what was printed, where it is JSON), `parsed`
(as `parse` says), `cmd`, `elapsed` (seconds).

```yaml
- name: The disk has room
  shell: df -P / | awk 'NR == 2 {sub("%", "", $5); print $5}'
  changes: false
  expect: stdout | int < 90
```
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from runbook.runs.events import Outcome
from runbook.steps.base import Args, Context, Detail
from runbook.steps.commands.command_outcome import (
    OPTIONS,
    OUTCOME_FIELDS,
    run_guarded,
    runs_at_once,
    script_detail,
    words,
    would_run,
)
from runbook.steps.traits import CommandLine

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Text for /bin/sh on the host.",
    "additionalProperties": False,
    "required": ["cmd"],
    "properties": {
        "cmd": {"type": "string", "minLength": 1, "description": "Shell text; any length, any number of lines."},
        "executable": {
            "type": "string",
            "minLength": 1,
            "description": "Another shell on the host, with its options, such as `bash -o pipefail`.",
        },
        **OPTIONS,
    },
}
SHORT = "cmd"
FIELDS = OUTCOME_FIELDS
OWN_VERDICT = ("rc",)
CHECKED_BY = ("parse",)
IN_LINE = ("cmd",)
COMMAND_LINE = CommandLine("cmd", by_shell=True)
BY_EXIT_CODE = True


def changes(_args: Args) -> bool:
    return True


def asks_once(args: Args) -> bool:
    return runs_at_once(args)


def plan(args: Args) -> str:
    return str(args.get("cmd", ""))


def detail(args: Args) -> tuple[Detail, ...]:
    return script_detail(args, "cmd")


def run(args: Args, context: Context) -> Outcome:
    cmd = args["cmd"]
    if "executable" not in args:
        return run_guarded(cmd, args, context, cmd)
    shell = words(args["executable"], "executable")
    return run_guarded(_by(shell, cmd), args, context, cmd, shell[0])


def preview(args: Args, context: Context) -> Outcome:
    program = words(args["executable"], "executable")[0] if "executable" in args else ""
    return would_run(args, context, plan(args), program)


def _by(shell: list[str], text: str) -> str:
    """The text read by another shell from a file descriptor: of any length, and in no list of processes."""
    end = "END"
    while end in text:
        end += "_"
    return f"exec {shlex.join(shell)} /dev/fd/3 3<<'{end}'\n{text}\n{end}\n"
