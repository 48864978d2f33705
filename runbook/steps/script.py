"""Runs a file of the controller on the host, and leaves nothing behind.

The file goes over the connection to the interpreter; it is not stored on the host unless the interpreter needs a file
(then in a temporary one that is removed). Without `executable` its first line (`#!`) decides, else `/bin/sh`.

Outcome: `rc`, `stdout`, `stderr`, `stdout_lines`, `stderr_lines`, `cmd`, `elapsed` (seconds).

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
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runbook.events import Outcome
from runbook.steps._commands import OPTIONS, run_guarded
from runbook.steps.base import Args, Context, StepError

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A file of the controller, run on the host.",
    "additionalProperties": False,
    "required": ["src"],
    "properties": {
        "src": {"type": "string", "minLength": 1, "description": "File on the controller, relative to the playbook."},
        "args": {"type": "string", "description": "Arguments, split as a shell would."},
        "executable": {"type": "string", "description": "Interpreter on the host, such as python3."},
        **OPTIONS,
    },
}
SHORT = "src"


def changes(_args: Args) -> bool:
    return True


def plan(args: Args) -> str:
    words = (args.get("executable", ""), args.get("src", ""), args.get("args", ""))
    return " ".join(str(word) for word in words if word)


def run(args: Args, context: Context) -> Outcome:
    path = context.base / args["src"]
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StepError(f"{args['src']} cannot be read beside the playbook: {error.strerror}") from None
    interpreter = args.get("executable") or _shebang(data)
    words = shlex.split(args.get("args", ""))
    script = _SCRIPT.format(
        data=base64.b64encode(data).decode(),
        suffix=shlex.quote(Path(args["src"]).name),
        run=interpreter,
        words=shlex.join(words),
    )
    return run_guarded(script, args, context, plan(args))


def _shebang(data: bytes) -> str:
    first = data.split(b"\n", 1)[0]
    return first[2:].decode("utf-8", "replace").strip() if first.startswith(b"#!") else "/bin/sh"


_SCRIPT = """\
folder=$(mktemp -d) || exit 1
trap 'rm -rf -- "$folder"' EXIT
file=$folder/{suffix}
base64 -d > "$file" <<'DATA'
{data}
DATA
{run} "$file" {words}
"""
