"""Lines of a log that match, since some moment.

The log is a `file`, a systemd `unit`, a `compose` service or a `pm2` application. `since` is a mark (the registered
outcome of a `mark` step), a duration before now (`10m`), or `start`, the start of the run; without it the last `lines`,
or all that is there. With both, the last `lines` of what is new.

A mark on a file survives its rotation: older files beside it are read too, by number or by date, also packed ones.
Durations and `start` go by the time stamps of a file's lines (ISO 8601, also behind a level or in JSON; syslog; those
of web servers; without a zone, the host's or UTC, whichever agrees with the file). A line without one belongs to the
line before it. Where it cannot be known what is new – no time stamps, a file that is not there, more than 32 MiB – the
step fails, and never says "no lines".

By itself it only reads: judge it with `expect`, or with `state`: `present` wants a line that matches, `absent` wants
none, and that no line was lost.

Outcome: `count` (how many lines match), `matched` (are there any?), `lines` (the first 1,000 of them), `read` (how many
lines were looked at), `complete` (false when lines are known to be lost: a log was truncated), `path` (the file, or the
name of the log).

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

from runbook.runs.events import Evidence, Outcome, failed, passed
from runbook.steps.base import Args, Context, StepError
from runbook.steps.logs import log_lines
from runbook.steps.quoted_text import shown
from runbook.steps.traits import Fields
from runbook.steps.weaker import ANYTHING, turned

MAX_LINES, MAX_WIDTH = 1000, 10_000
SHOWN, SHOWN_WIDTH = 50, 500

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Lines of a log.",
    "additionalProperties": False,
    "properties": {
        **log_lines.SOURCE_OPTIONS,
        "since": {
            "type": ["string", "number", "object"],
            "description": "A mark, a duration such as 10m, or `start` for the start of the run.",
        },
        "lines": {"type": "integer", "minimum": 1, "description": "Look only at the last lines."},
        "pattern": {"type": "string", "description": "Regular expression that lines must match."},
        "exclude": {"type": "string", "description": "Regular expression of lines that do not count."},
        "ignore_case": {"type": "boolean", "default": False, "description": "Upper and lower case are the same."},
        "state": {
            "enum": ["present", "absent", "any"],
            "default": "any",
            "description": "What makes the step pass: that a line matches, that none does, or either.",
        },
    },
}
SHORT = "file"
FIELDS = Fields(frozenset({"count", "matched", "lines", "read", "complete", "path"}))
OWN_VERDICT = ("count",)


def changes(_args: Args) -> bool:
    return False


def plan(args: Args) -> str:
    name = next((name for name in log_lines.SOURCES if name in args), "")
    parts = [f"{name} {args.get(name, '')}"]
    since = args.get("since")
    if since is not None:
        parts.append(f"since {since.get('type', 'the mark') if isinstance(since, Mapping) else since}")
    parts += [f"{key} {shown(args[key])}" for key in ("lines", "pattern", "exclude") if key in args]
    if args.get("state", "any") != "any":
        parts.append(f"must be {args['state']}")
    return ", ".join(parts)


def checks(args: Args) -> bool:
    return bool(args.get("state", "any") != "any")


def weaker(before: Args, after: Args) -> tuple[str, ...]:
    return (ANYTHING,) if turned(before, after, "state", "any", usual="any") else ()


def run(args: Args, context: Context) -> Outcome:
    flags = re.IGNORECASE if args["ignore_case"] else 0
    pattern, exclude = _pattern(args.get("pattern"), flags), _pattern(args.get("exclude"), flags)
    seen = log_lines.found(args, context)
    lines = seen.lines[-args["lines"] :] if "lines" in args else seen.lines
    found = [
        line
        for line in lines
        if (pattern is None or pattern.search(line)) and not (exclude is not None and exclude.search(line))
    ]
    shown = "\n".join(line[:SHOWN_WIDTH] for line in found[-SHOWN:])
    evidence = (Evidence("lines", shown, language="log"),) if found else ()
    said = f"{len(found)} of {len(lines)} lines" + (f" ({seen.note})" if seen.note else "")
    data: dict[str, Any] = {
        "count": len(found),
        "matched": bool(found),
        "lines": [line[:MAX_WIDTH] for line in found[:MAX_LINES]],
        "read": len(lines),
        "complete": seen.complete,
        "path": str(args[log_lines.source(args)]),
    }
    wrong = _wrong(args["state"], bool(found), seen.complete)
    return failed(f"{said}: {wrong}", evidence, **data) if wrong else passed(said, evidence, **data)


def _wrong(wanted: str, matched: bool, complete: bool) -> str:
    if wanted == "present" and not matched:
        return "no line matches"
    if wanted == "absent" and matched:
        return "there should be none that matches"
    if wanted == "absent" and not complete:
        return "whether none matched cannot be known"
    return ""


def _pattern(text: str | None, flags: int) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text, flags)
    except re.error as error:
        raise StepError(f"{text!r} is not a regular expression: {error}") from None
