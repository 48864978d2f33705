"""What `command`, `shell` and `script` share: guards, and the outcome of a command."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from typing import Any

from runbook.events import Evidence, Outcome, changed, failed, passed
from runbook.steps.base import Args, Context
from runbook.transports.base import CommandResult

TAIL = 4000
"""Characters of output that are kept as evidence of a failure."""

OPTIONS: Mapping[str, Any] = {
    "chdir": {"type": "string", "description": "Folder on the host to run it in."},
    "stdin": {"type": "string", "description": "Text for its standard input; it gets nothing else."},
    "creates": {"type": "string", "description": "Path on the host; when it is there, nothing is run."},
    "removes": {"type": "string", "description": "Path on the host; when it is not there, nothing is run."},
}


def run_guarded(script: str, args: Args, context: Context, shown: str) -> Outcome:
    """Run it, unless `creates` or `removes` says that there is nothing to do."""
    if reason := _nothing_to_do(args, context):
        return passed(reason, rc=0, stdout="", stderr="", stdout_lines=[], stderr_lines=[], cmd=shown, elapsed=0.0)
    started = time.monotonic()
    result = context.command(script, stdin=str(args.get("stdin", "")).encode(), chdir=args.get("chdir"), live=True)
    return outcome(result, shown, time.monotonic() - started)


def outcome(result: CommandResult, shown: str, elapsed: float) -> Outcome:
    """A command's result as an outcome: failed when its exit code is not 0."""
    data: dict[str, Any] = {
        "rc": result.exit_code,
        "stdout": result.out,
        "stderr": result.err,
        "stdout_lines": result.out.splitlines(),
        "stderr_lines": result.err.splitlines(),
        "cmd": shown,
        "elapsed": round(elapsed, 3),
    }
    if result.ok:
        return changed(_last_line(result.out), **data)
    return failed(_explain(result), evidence(result), **data)


def evidence(result: CommandResult) -> tuple[Evidence, ...]:
    """The ends of both streams, where there is something on them."""
    streams = (("stderr", result.err), ("stdout", result.out))
    return tuple(Evidence(name, text[-TAIL:], language="log") for name, text in streams if text.strip())


def _explain(result: CommandResult) -> str:
    line = _last_line(result.err) or _last_line(result.out)
    if result.exit_code == 127 and "not found" in line:
        return f"exit code 127: there is no such program on the host: {line}"
    if result.exit_code > 128:
        return f"ended by signal {result.exit_code - 128}" + (f": {line}" if line else "")
    return f"exit code {result.exit_code}" + (f": {line}" if line else "")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def _nothing_to_do(args: Args, context: Context) -> str:
    for option, wanted in (("creates", True), ("removes", False)):
        if path := args.get(option):
            there = _exists(str(path), args, context)
            if there is wanted:
                return f"nothing to do: {path} {'is there' if there else 'is not there'}"
    return ""


def _exists(path: str, args: Args, context: Context) -> bool:
    word = shlex.quote(path)
    return context.command(f"[ -e {word} ] || [ -L {word} ]", chdir=args.get("chdir")).ok
