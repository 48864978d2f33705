"""Lines of a log that match, since some moment.

The log is a `file`, a systemd `unit`, a `compose` service or a `pm2` application. `since` is a mark (the registered
outcome of a `mark` step), a duration before now (`10m`), or `start`, the start of the run; without it the last `lines`,
or all that is there. With both, the last `lines` of what is new.

A mark on a file survives its rotation. Durations and `start` go by the time stamps at the beginning of a file's lines
(ISO 8601 or syslog; without a zone, the host's). Where it cannot be known what is new – no time stamps, a file that is
not there, more than 32 MiB – the step fails, and never says "no lines".

By itself it only reads: judge it with `expect`.

Outcome: `count` (how many lines match), `lines` (the first 1,000 of them), `read` (how many lines were looked at),
`path` (the file, or the name of the log).

```yaml
- name: No errors since the restart
  log:
    file: /var/log/app.log
    since: start
    pattern: '\\b(ERROR|CRITICAL)\\b'
  expect: count == 0
```
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runbook.events import Evidence, Outcome, passed
from runbook.steps import _logs
from runbook.steps.base import Args, Context, StepError

MAX_LINES = 1000
SHOWN, SHOWN_WIDTH = 50, 500

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Lines of a log.",
    "additionalProperties": False,
    "properties": {
        **_logs.SOURCE_OPTIONS,
        "since": {
            "type": ["string", "number", "object"],
            "description": "A mark, a duration such as 10m, or `start` for the start of the run.",
        },
        "lines": {"type": "integer", "minimum": 1, "description": "Look only at the last lines."},
        "pattern": {"type": "string", "description": "Regular expression that lines must match."},
        "exclude": {"type": "string", "description": "Regular expression of lines that do not count."},
        "ignore_case": {"type": "boolean", "default": False, "description": "Upper and lower case are the same."},
    },
}
SHORT = "file"


def changes(_args: Args) -> bool:
    return False


def plan(args: Args) -> str:
    name = next((name for name in _logs.SOURCES if name in args), "")
    parts = [f"{name} {args.get(name, '')}"]
    since = args.get("since")
    if since is not None:
        parts.append(f"since {since.get('type', 'the mark') if isinstance(since, Mapping) else since}")
    parts += [f"{key} {args[key]!r}" for key in ("lines", "pattern", "exclude") if key in args]
    return ", ".join(parts)


def run(args: Args, context: Context) -> Outcome:
    flags = re.IGNORECASE if args["ignore_case"] else 0
    pattern, exclude = _pattern(args.get("pattern"), flags), _pattern(args.get("exclude"), flags)
    seen = _logs.found(args, context)
    lines = seen.lines[-args["lines"] :] if "lines" in args else seen.lines
    found = [
        line
        for line in lines
        if (pattern is None or pattern.search(line)) and not (exclude is not None and exclude.search(line))
    ]
    shown = "\n".join(line[:SHOWN_WIDTH] for line in found[-SHOWN:])
    evidence = (Evidence("lines", shown, language="log"),) if found else ()
    said = f"{len(found)} of {len(lines)} lines" + (f" ({seen.note})" if seen.note else "")
    path = str(args[_logs.source(args)])
    return passed(said, evidence, count=len(found), lines=found[:MAX_LINES], read=len(lines), path=path)


def _pattern(text: str | None, flags: int) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text, flags)
    except re.error as error:
        raise StepError(f"{text!r} is not a regular expression: {error}") from None
