"""Runs a file of the controller on the host, and leaves nothing behind.

The file goes over the connection into a folder of its own that is removed when the script ends, or is ended because its
time is over. Without `executable` its first line (`#!`) says what runs it, else `/bin/sh`. Its exit code
judges it.

Outcome: `rc`, `stdout`, `stderr`, `stdout_lines`, `stderr_lines`, `json` (what was printed, where it is JSON), `parsed`
(as `parse` says), `cmd`, `elapsed` (seconds).

```yaml
- name: Collect numbers
  script:
    src: scripts/collect.py
    executable: python3
    args: --since 10m
  changes: false
```
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runbook.runs.events import Outcome
from runbook.steps.base import Args, Context, StepError
from runbook.steps.commands.command_outcome import OPTIONS, OUTCOME_FIELDS, run_guarded, words, would_run
from runbook.steps.traits import SourceFile
from runbook.transports.base import CommandTimeout, Unreachable

CLEAN_UP_SECONDS = 10.0

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A file of the controller, run on the host.",
    "additionalProperties": False,
    "required": ["src"],
    "properties": {
        "src": {"type": "string", "minLength": 1, "description": "File on the controller, relative to the playbook."},
        "args": {"type": "string", "description": "Arguments, split as a shell would."},
        "executable": {"type": "string", "minLength": 1, "description": "Interpreter on the host, such as python3 -u."},
        **OPTIONS,
    },
}
SHORT = "src"
FIELDS = OUTCOME_FIELDS
OWN_VERDICT = ("rc",)
CHECKED_BY = ("parse",)
PLACES = '"${TMPDIR:-/tmp}" /var/tmp "$HOME"'
"""Where a script may lie while it runs, as sh words: the first that can be written to."""


def changes(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    words = (args.get("executable", ""), args.get("src", ""), args.get("args", ""))
    return " ".join(str(word) for word in words if word)


def files(args: Args) -> tuple[SourceFile, ...]:
    return (SourceFile(args.get("src"), ("src",), "sh"),)


def run(args: Args, context: Context) -> Outcome:
    data = _read(context.base / args["src"], args["src"])
    interpreter = _interpreter(args, data)
    given = words(args["args"], "args") if args.get("args", "").strip() else []
    folder = f"runbook-{secrets.token_hex(16)}"
    script = _SCRIPT.format(
        folder=folder,
        places=PLACES,
        name=shlex.quote(Path(args["src"]).name),
        data=base64.encodebytes(data).decode(),
        run=shlex.join(interpreter),
        words=shlex.join(given),
    )
    try:
        return run_guarded(script, args, context, plan(args), interpreter[0])
    except CommandTimeout:
        with contextlib.suppress(CommandTimeout, Unreachable):
            context.command(f'for d in {PLACES}; do rm -rf -- "$d/{folder}"; done', timeout=CLEAN_UP_SECONDS)
        raise


def preview(args: Args, context: Context) -> Outcome:
    data = _read(context.base / args["src"], args["src"])
    return would_run(args, context, plan(args), _interpreter(args, data)[0])


def _read(path: Path, shown: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StepError(f"{shown} cannot be read beside the playbook: {error.strerror}") from None
    except ValueError as error:  # a NUL in its name
        raise StepError(f"{shown!r} cannot be a file's name: {error}") from None


def _interpreter(args: Args, data: bytes) -> list[str]:
    return words(args["executable"], "executable") if "executable" in args else _shebang(data)


def _shebang(data: bytes) -> list[str]:
    first = data.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    told = first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []
    return told or ["/bin/sh"]


# The folder's name cannot be guessed, and mkdir takes no other's folder for it. A script that did not arrive whole (no
# room) is never run.
_SCRIPT = """\
for place in {places}; do
folder=$place/{folder}
(umask 077; mkdir -- "$folder") 2>/dev/null && break
folder=
done
[ -n "$folder" ] || {{ echo "no folder can be made in any of" {places} >&2; exit 1; }}
trap 'rm -rf -- "$folder"' EXIT
file=$folder/{name}
base64 -d > "$file" <<'DATA' || {{ echo "the script could not be stored in $folder" >&2; exit 1; }}
{data}DATA
{run} "$file" {words}
"""
