"""Expressions that must all hold.

`that` is one bare expression or a list of them. The failure shows the value of every operand.

```yaml
- name: Enough hosts take part
  assert:
    that: groups['web'] | length >= 2
    fail_msg: At least two web hosts are needed
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.runs.events import Evidence, Outcome, failed, passed
from runbook.steps.base import Args, Context
from runbook.steps.traits import NO_FIELDS, Conditions

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Expressions that must all hold.",
    "additionalProperties": False,
    "required": ["that"],
    "properties": {
        "that": {
            "anyOf": [
                {"type": ["string", "boolean"]},
                {"type": "array", "minItems": 1, "items": {"type": ["string", "boolean"]}},
            ],
            "description": "Bare expression, or a list of them.",
        },
        "fail_msg": {"type": "string", "description": "What to say when one does not hold."},
        "success_msg": {"type": "string", "description": "What to say when all hold."},
    },
}
SHORT = "that"
FIELDS = NO_FIELDS


def changes(_args: Args) -> bool:
    return False


def plan(args: Args) -> str:
    return "; ".join(_texts(args))


def conditions(_args: Args) -> tuple[Conditions, ...]:
    return (Conditions(("that",)),)


def checks(_args: Args) -> bool:
    return True


def run(args: Args, context: Context) -> Outcome:
    conditions = context.judge(_texts(args), {})
    false = [condition for condition in conditions if not condition.holds]
    if not false:
        return passed(args.get("success_msg", f"{len(conditions)} held"))
    values = "\n".join("\n    ".join([c.text, *(f"{name} = {value}" for name, value in c.values)]) for c in false)
    return failed(args.get("fail_msg") or f"does not hold: {false[0].text}", (Evidence("what does not hold", values),))


def _texts(args: Args) -> list[str]:
    that = args.get("that", [])
    return [str(item) for item in (that if isinstance(that, list) else [that])]
