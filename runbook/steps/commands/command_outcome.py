"""What `command`, `shell` and `script` share: guards, and the outcome of a command."""

from __future__ import annotations

import re
import shlex
import signal
import time
from collections.abc import Mapping
from typing import Any

from runbook.common.frozen import replace
from runbook.runs.events import Evidence, Outcome, Status, failed, passed
from runbook.steps.base import Args, Context, Detail, StepError
from runbook.steps.commands.parsed_output import FORMS, NotParsed, parsed
from runbook.steps.json_text import parse_json
from runbook.steps.traits import Fields
from runbook.transports.base import CommandResult, CommandTimeout

TAIL = 4000
"""Characters of output that are kept as evidence of a failure."""

OPTIONS: Mapping[str, Any] = {
    "chdir": {"type": "string", "description": "Folder on the host to run it in."},
    "stdin": {"type": ["string", "integer"], "description": "Text for its standard input; it gets nothing else."},
    "creates": {
        "type": "string",
        "description": "Path on the host (or a pattern with *, ?); if there, nothing is run.",
    },
    "removes": {"type": "string", "description": "Path on the host (or a pattern); if not there, nothing is run."},
    "parse": {
        "enum": [*FORMS],
        "description": "What its output must be, given as `parsed`: json, kv (`key=value` lines), lines, or table "
        "(a head and rows); else the step fails.",
    },
}
_STREAMS = ("stdout", "stderr", "stdout_lines", "stderr_lines")
OUTCOME_FIELDS = Fields(frozenset({"rc", *_STREAMS, "json", "parsed", "cmd", "elapsed"}))
NOT_FOUND = 127
"""The exit code of every shell for a program that is not there."""
_NOT_FOUND = re.compile(r"not found|[Nn]o such file")


def runs_at_once(args: Args) -> bool:
    """Is it run without a look at the host first, and judged by its exit code alone?"""
    return not any(args.get(option) for option in ("creates", "removes", "parse"))


def script_detail(args: Args, option: str) -> tuple[Detail, ...]:
    """Shell text of several lines, and what it reads."""
    text = str(args.get(option, ""))
    own = (Detail("", text, "sh", (option,)),) if "\n" in text.strip() else ()
    return (*own, *stdin_detail(args))


def stdin_detail(args: Args) -> tuple[Detail, ...]:
    text = str(args.get("stdin", ""))
    return (Detail("standard input", text, "", ("stdin",)),) if "\n" in text.strip() else ()


def run_guarded(script: str, args: Args, context: Context, shown: str, program: str = "") -> Outcome:
    """Run it, unless `creates` or `removes` says that there is nothing to do.

    `program` is the one whose absence the exit code 127 means; empty where it may be any.
    """
    if reason := _nothing_to_do(args, context):
        return _not_run(reason, shown)
    started = time.monotonic()
    result = context.command(script, stdin=str(args.get("stdin", "")).encode(), chdir=args.get("chdir"), live=True)
    made = outcome(result, shown, time.monotonic() - started, program)
    return _with_parsed(made, args["parse"]) if "parse" in args and result.ok else made


def would_run(args: Args, context: Context, shown: str, program: str = "") -> Outcome:
    """What a check can say of a command: `creates` and `removes` are looked at, and whether it could begin at all.

    `program` is the one that is run; empty where it may be any. The rest nobody can know.
    """
    if reason := _nothing_to_do(args, context):
        return _not_run(reason, shown)
    if wrong := _cannot_begin(args, context, program):
        return failed(wrong)
    return Outcome(Status.UNKNOWN, f"would run: {shown}")


def _cannot_begin(args: Args, context: Context, program: str) -> str:
    """Why it would fail before it does anything; empty where it would not."""
    if not program and not args.get("chdir"):
        return ""
    found = f"command -v -- {shlex.quote(program)} >/dev/null || exit 44" if program else ":"
    try:
        result = context.command(found, chdir=args.get("chdir"))
    except CommandTimeout:
        return ""  # whether it is there was not seen
    if result.exit_code == 44:
        return f"there is no program {program!r} on the host; give its whole path, or install it"
    return "" if result.ok else _explain(result, "")


def _not_run(reason: str, shown: str) -> Outcome:
    return passed(reason, rc=0, stdout="", stderr="", stdout_lines=[], stderr_lines=[], cmd=shown, elapsed=0.0)


def outcome(result: CommandResult, shown: str, elapsed: float, program: str = "") -> Outcome:
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
    gaps = dict.fromkeys(_STREAMS, f"{result.dropped} bytes of the output were not kept") if result.dropped else {}
    found = parse_json(result.out)
    if found.wrong:
        gaps["json"] = f"the output is no JSON: {found.wrong}"
    else:
        data["json"] = found.value
    cut = f" (its output went on for {result.dropped} bytes that were not kept)" if result.dropped else ""
    if result.ok:
        return Outcome(Status.CHANGED, _last_line(result.out) + cut, data, gaps=gaps)
    return Outcome(Status.FAILED, _explain(result, program) + cut, data, evidence(result), gaps=gaps)


def _with_parsed(made: Outcome, form: str) -> Outcome:
    """With the output as data; failed where it is not what the step says, or was not all kept."""
    if "stdout" in made.gaps:
        return replace(made, status=Status.FAILED, message=f"parse: {form}: {made.gaps['stdout']}")
    try:
        return replace(made, data={**made.data, "parsed": parsed(form, made.data["stdout"])})
    except NotParsed as error:
        tail = Evidence("stdout", made.data["stdout"][-TAIL:], language="log")
        shown = (tail,) if made.data["stdout"].strip() else ()
        return replace(made, status=Status.FAILED, message=f"parse: {form}: {error}", evidence=(*made.evidence, *shown))


def evidence(result: CommandResult) -> tuple[Evidence, ...]:
    """The ends of both streams, where there is something on them."""
    streams = (("stderr", result.err), ("stdout", result.out))
    return tuple(Evidence(name, text[-TAIL:], language="log") for name, text in streams if text.strip())


def words(text: str, option: str) -> list[str]:
    """A text split into words as a shell would. Raises StepError when it cannot be, or holds none."""
    try:
        found = shlex.split(text)
    except ValueError as error:
        raise StepError(f"{option} cannot be split into words: {error}") from None
    if not found:
        raise StepError(f"{option} is empty")
    return found


def _explain(result: CommandResult, program: str) -> str:
    code, line = result.exit_code, _last_line(result.err) or _last_line(result.out)
    if code == NOT_FOUND and program and _NOT_FOUND.search(result.err):
        return f"exit code {code}: there is no program {program!r} on the host; give its whole path, or install it"
    said = f": {line}" if line else ""
    return f"exit code {code}{_signal(code)}{said}"


def _signal(code: int) -> str:
    """The signal that an exit code over 128 stands for, by its name, where there is such a signal."""
    try:
        return f" ({signal.Signals(code - 128).name})"
    except ValueError:
        return ""


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
    """Is something there by this name, or by this pattern? A link that leads nowhere is something too."""
    tests = [f'for f in {word}; do [ -e "$f" ] || [ -L "$f" ] && exit 0; done' for word in _patterns(path)]
    result = context.command("\n".join([*tests, "exit 1"]), chdir=args.get("chdir"))
    if result.exit_code not in (0, 1):  # such as a `chdir` that is not there
        raise StepError(result.err or f"{path} cannot be looked for: exit code {result.exit_code}")
    return result.ok


def _patterns(path: str) -> list[str]:
    """The path as it is, and as a pattern where it may be one: all but `*`, `?` and brackets is quoted."""
    exact = shlex.quote(path)
    if not re.search(r"[*?[]", path):
        return [exact]
    parts = re.split(r"([*?\[\]]+)", path)
    return [exact, "".join(part if index % 2 else shlex.quote(part) for index, part in enumerate(parts) if part)]
