"""Runs a program with its arguments, without a shell.

No pipes, redirections or variables: what is written is what the program gets. `cmd` is split into words as a shell
would, `argv` is a list of words as they are. Only its exit code judges it: 0 is good. Write `changes: false` on the
step when it only looks.

Outcome: `rc`, `stdout`, `stderr`, `stdout_lines`, `stderr_lines`, `json` (what was printed, where it is JSON), `parsed`
(as `parse` says), `cmd`, `elapsed` (seconds).

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

from runbook.runs.events import Outcome
from runbook.steps.base import Args, Context, Detail, StepError
from runbook.steps.commands.command_outcome import (
    OPTIONS,
    OUTCOME_FIELDS,
    run_guarded,
    runs_at_once,
    stdin_detail,
    words,
    would_run,
)
from runbook.steps.traits import CommandLine

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
    "anyOf": [{"required": ["cmd"]}, {"required": ["argv"]}],
    "allOf": [
        {"not": {"required": ["cmd", "argv"]}, "description": "has both `cmd` and `argv`: it takes one of them"},
    ],
}
SHORT = "cmd"
FIELDS = OUTCOME_FIELDS
OWN_VERDICT = ("rc",)
CHECKED_BY = ("parse",)
IN_LINE = ("cmd", "argv")
COMMAND_LINE = CommandLine("cmd", by_shell=False, words="argv")
BY_EXIT_CODE = True


def changes(_args: Args) -> bool:
    return True


def asks_once(args: Args) -> bool:
    return runs_at_once(args)


def plan(args: Args) -> str:
    argv = args.get("argv")
    if isinstance(argv, list):
        return shlex.join(map(_word, argv))
    return str(args.get("cmd", "") if argv is None else argv)


def detail(args: Args) -> tuple[Detail, ...]:
    return stdin_detail(args)


def run(args: Args, context: Context) -> Outcome:
    argv = _argv(args)
    if not argv[0] or argv[0].startswith("-"):
        raise StepError(
            f"{argv[0]!r} is not the name of a program; for a file of this name give its path, such as ./-x"
        )
    return run_guarded("exec " + shlex.join(argv), args, context, shlex.join(argv), argv[0])


def preview(args: Args, context: Context) -> Outcome:
    return would_run(args, context, plan(args), _argv(args)[0])


def _word(value: Any) -> str:
    """A word as it stands in YAML: true is `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _argv(args: Args) -> list[str]:
    if "argv" in args:  # the schema has seen to it that there is one of the two
        return [_word(word) for word in args["argv"]]
    return words(args["cmd"], "cmd")
