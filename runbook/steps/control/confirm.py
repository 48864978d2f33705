"""A check that a person makes: the operator answers yes, no, or not applicable, with a comment.

The answer is kept with name and time. It is asked once a run; with `each_host` once for each host. Where nobody can be
asked the step is `waiting`, and so is the run; `--answer NUMBER=yes` gives the answer beforehand.

In a branch that repairs, "no" leaves the host alone: no further branch is tried. `on_no: next` goes on to the next one.

Outcome: `answer` (yes, no, na), `by`, `at` (seconds since the epoch), `comment`.

```yaml
- name: The dashboard shows new records
  confirm: Open http://localhost:8000/dashboard. Are there new records?
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.runs.events import Outcome, Status
from runbook.steps.base import Args, Context, Question
from runbook.steps.traits import Fields

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "A check that a person makes.",
    "additionalProperties": False,
    "required": ["question"],
    "properties": {
        "question": {"type": "string", "minLength": 1, "description": "What to look at, and what to answer yes to."},
        "each_host": {"type": "boolean", "default": False, "description": "Ask for each host."},
        "on_no": {
            "enum": ["stop", "next"],
            "default": "stop",
            "description": "In a branch that repairs, after a no: leave the host alone, or try the next branch.",
        },
    },
}
SHORT = "question"
FIELDS = Fields(frozenset({"answer", "by", "at", "comment"}))
ASKS_PERSON = True
TELLING = True
_STATUS = {"yes": Status.PASSED, "no": Status.FAILED, "na": Status.SKIPPED}


def changes(_args: Args) -> bool:
    return False


def plan(args: Args) -> str:
    return f"asks: {args.get('question', '')}"


def checks(_args: Args) -> bool:
    return True


def run(args: Args, context: Context) -> Outcome:
    host = context.host.name if args["each_host"] else ""
    answer = context.ask(Question(context.number, host, args["question"]))
    if answer is None:
        return Outcome(Status.WAITING, f"{args['question']} – answer with --answer {context.number}=yes")
    said = f"{answer.value} – {answer.by}" + (f": {answer.comment}" if answer.comment else "")
    data = {"answer": answer.value, "by": answer.by, "at": answer.at, "comment": answer.comment}
    refused = answer.by or "a person" if answer.value == "no" and args["on_no"] == "stop" else ""
    return Outcome(_STATUS[answer.value], said, data, refused=refused)
